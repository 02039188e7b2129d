"""A certificate's receipt in a log of many leaves, cosigned by any number of nodes: what a proof on paper is made of."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from ledger.bodies import IssueBody, Line
from ledger.checkpoint import Checkpoint
from ledger.commitments import commit
from ledger.log import Log
from ledger.note import Note, SignatureType, Signer
from ledger.policy import Policy, PolicyLog, PolicyWitness, ledger_policy
from ledger.receipt import make_receipt
from ledger.record import build_statement, record_id, sign_statement
from tests.support.world import START, seed

ORIGIN = "kpledger.example/test"
CODES = ("BW", "RU", "EU", "AE", "ZA", "CA", "AU", "NA", "AO", "IN", "US", "CN", "JP")
LEDGER = hashlib.sha256(b"ledger").digest()
LOG = Signer.from_seed(ORIGIN, SignatureType.ED25519, seed("BW/log"))
NODES = {code: Signer.from_seed(f"{code}/witness", SignatureType.COSIGNATURE, seed(f"{code}/cosign")) for code in CODES}
WHEN = START // 1_000


def policy(codes=CODES[:4], threshold=3) -> Policy:
    """The policy of a ledger with these validators."""
    return ledger_policy([PolicyLog(LOG.key)], [PolicyWitness(code, NODES[code].key) for code in codes], (), threshold)


def random(name: str, size: int) -> bytes:
    return hashlib.shake_128(name.encode()).digest(size)


def body(number="BW0012345", destination="AE", lines=2, **changes) -> IssueBody:
    """A certificate of so many lines, with commitments as random as real ones."""
    made = tuple(
        Line(
            commit(100_000 + n, random(f"blinding {n}", 31) + b"\0"),
            ("710231", "710221", "710210")[n % 3],
            ("BW",),
            12_345 + n,
        )
        for n in range(lines)
    )
    fields = {
        "destination": destination,
        "expires": "2026-04-15",
        "issued": "2026-02-27",
        "lines": made,
        "number": number,
        "parcels": 2,
        "points": sum(line.points for line in made),
        "receipt_hash": random("receipt", 32),
        "rid": random("rid", 16),
        "sealed": random("sealed", 32),
        "sources": (),
        "type": "export",
        "validated": "2026-02-28",
        "verdict_hash": random("verdict", 32),
    }
    return IssueBody(**(fields | changes))


def record_of(stated, kind="certificate.issue", author="BW", role="issue") -> bytes:
    """The author's signed record."""
    return sign_statement(LEDGER, seed(f"{author}/{role}"), build_statement(kind, author, START, stated))


@dataclass(frozen=True)
class Placed:
    """A record in a log."""

    record: bytes
    index: int
    size: int
    log: Log

    def note(self, codes=CODES[:4], when=WHEN, by_log=True) -> Note:
        text = Checkpoint(ORIGIN, self.size, self.log.root_at(self.size)).text()
        lines = [NODES[code].sign(text, when + at) for at, code in enumerate(codes)]
        return Note(text, (*((LOG.sign(text),) if by_log else ()), *lines))

    def path(self) -> list[bytes]:
        return self.log.inclusion_proof(self.index, self.size)

    def receipt(self, codes=CODES[:4], **options) -> bytes:
        return make_receipt(self.record, self.index, self.path(), self.note(codes, **options).encode()).encode()


def placed(record: bytes, size: int = 300, index: int = 41) -> Placed:
    """The record at this place of a log of this size."""
    log = _log(record, size, index)
    return Placed(record, index, size, log)


@lru_cache(maxsize=4)
def _log(record: bytes, size: int, index: int) -> Log:
    leaves = [hashlib.sha256(n.to_bytes(8, "big")).digest() for n in range(size)]
    leaves[index] = record_id(record)
    store: dict[bytes, bytes] = {}
    log = Log(store.get, 0)
    writes = log.append(leaves)
    store.update(writes.puts)
    log.commit(writes)
    return log
