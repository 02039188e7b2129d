"""The node behind the HTTP interface, in one process: a real ledger, every submission a block of its own, checkpoints really signed.

What consensus and peers do is left out, nothing else: signatures, rules, envelopes, log, cosignatures and receipts are the real ones.
"""

import asyncio
import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from nacl import bindings
from prometheus_client import CollectorRegistry

from api.auth import TokenBook
from api.demo import network as demo
from api.demo.network import Network, Seat, make_network
from api.errors import NotReady, Overloaded
from api.growth import Growth
from api.limits import ApiLimits
from api.port import NodeStatus, PeerStatus, ReadyCheck, Submitted, Validator
from api.reading.workbook import WorkBook
from ledger.checkpoint import Checkpoint
from ledger.errors import Refusal
from ledger.genesis import Genesis
from ledger.note import Note, SignatureType, Signer
from ledger.policy import PolicyLog, PolicyWitness, ledger_policy
from ledger.receipt import make_receipt
from ledger.record import parse_submission, verify_records
from ledger.state import Block, Ledger
from ledger.statistics.basis import encode_basis, read_basis
from ledger.statistics.review import Reviewer
from ledger.status import sign_status
from ledger.store import Store
from node.audit import serving
from node.witness import Witness
from tests.support.world import equivocation

NOW = 1_790_000_000_000
"""21 September 2026, 14:13 UTC."""

SEATS = ("BW", "RU", "EU", "AE")


@dataclass
class LocalPort:
    """A `NodePort`. `cosigning`: whether each block is cosigned at once; `trouble`: what submissions raise."""

    ledger: Ledger
    network: Network
    tokens: TokenBook
    limits: ApiLimits = field(default_factory=ApiLimits)
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    public_url: str = "http://node.test"
    finalizing: bool = False
    clock: int = NOW
    cosigning: bool = True
    trouble: Exception | None = None
    checks: tuple[ReadyCheck, ...] = (ReadyCheck("store", True, "open"), ReadyCheck("peers", True, "3 of 3"))
    notes: dict[int, str] = field(default_factory=dict)
    submissions: int = 0
    witness: Witness | None = None
    workbook: WorkBook = field(default_factory=WorkBook)
    growth: Growth = field(default_factory=Growth)

    def __post_init__(self) -> None:
        self._quorum = asyncio.Event()
        if self.cosigning:
            self.cosign()

    # --- what a node offers

    @property
    def validators(self):
        return tuple(Validator(code, str(self._log_signer(code).key), str(self._witness(code).key)) for code in SEATS)

    @property
    def quorum(self) -> int:
        return self.network.genesis.quorum

    def now_ms(self) -> int:
        return self.clock

    async def submit(self, raw: bytes, wait: bool) -> Submitted:
        self.submissions += 1
        if self.trouble is not None:
            raise self.trouble
        submission = parse_submission(raw)
        record = submission.record
        (wrong,) = verify_records(self.ledger.ledger_id, [record])
        if wrong is not None:
            raise wrong
        self.ledger.check_sealed(submission, self.clock)
        self.ledger.check(record, self.clock)
        judgement = self.ledger.judgement(record.id)
        if judgement is None or judgement.index is None:
            self.ledger.keep_bodies([submission])
            head = self.ledger.head
            time = max(self.clock, head.time + 1)
            (judgement,) = self.ledger.apply(Block(head.height + 1, time, record.id, [record])).judgements
            if judgement.refusal is not None:
                raise judgement.refusal
            self.growth.tell()
            if self.cosigning:
                self.cosign()
            if not wait:
                return Submitted(record.id)
        if wait:
            try:
                async with asyncio.timeout(self.limits.final_wait_s):
                    while self.receipt(record.id) is None:
                        self._quorum.clear()
                        await self._quorum.wait()
            except TimeoutError:
                return Submitted(record.id, judgement.index, judgement.height)
        receipt = self.receipt(record.id)
        return Submitted(record.id, judgement.index, judgement.height, receipt)

    async def submit_many(self, raws, wait):
        if self.trouble is not None:
            raise self.trouble
        outcomes = []
        for raw in raws:
            try:
                outcomes.append(await self.submit(raw, wait))
            except (Refusal, Overloaded, NotReady) as error:
                outcomes.append(error)
        return outcomes

    def receipt(self, record_id: bytes) -> str | None:
        found = self.ledger.record(record_id)
        if found is None or not self.notes or found[1] >= (size := max(self.notes)):
            return None
        return make_receipt(found[0], found[1], self.ledger.inclusion_proof(found[1], size), self.notes[size].encode())

    def quorum_checkpoint(self, size: int | None = None) -> str | None:
        return self.notes.get(max(self.notes, default=0) if size is None else size)

    def policy(self) -> str:
        witnesses = [PolicyWitness(f"{code}/witness", self._witness(code).key) for code in SEATS]
        log = PolicyLog(self._log_signer("BW").key, self.public_url)
        return ledger_policy([log], witnesses, [], self.quorum).format()

    async def release_basis(self, period: str, height: int) -> bytes:
        return encode_basis(read_basis(Reviewer(self.ledger), self.ledger.cube(period, height)))

    def final_blocks(self, first: int):
        return serving.final_blocks(self.ledger, first)

    def findings(self, after: str) -> bytes:
        return serving.findings(self.ledger, after)

    def sign_status(self, status) -> bytes:
        public, secret = bindings.crypto_sign_seed_keypair(self.network.keys["BW"]["cosign"])
        return sign_status(status, public, lambda message: bindings.crypto_sign(message, secret)[:64])

    def status(self) -> NodeStatus:
        return NodeStatus(
            participant="BW",
            validator=True,
            view=self.ledger.head.height + 1,
            epoch=0,
            syncing=False,
            pending=0,
            started_ms=NOW,
            peers=tuple(PeerStatus(code, "127.0.0.1:1", True, self.ledger.head.height) for code in SEATS[1:]),
            checks=self.checks,
        )

    async def add_checkpoint(self, body: bytes) -> str:
        assert self.witness is not None
        return await self.witness.add_checkpoint(body)

    def witnessed(self, origin_hash: bytes) -> str | None:
        return None if self.witness is None else self.witness.checkpoint(origin_hash)

    # --- what a test does

    def cosign(self, count: int = 3) -> None:
        """Signs the head with so many validators, as a quorum does."""
        head = self.ledger.head
        log = self._log_signer("BW")
        checkpoint = Checkpoint(self.ledger.origin, head.tree_size, head.root)
        text = checkpoint.text()
        lines = [self._witness(code).sign(text, self.clock // 1000) for code in SEATS[:count]]
        note = Note(text, (log.sign(text), *lines))
        self.notes[head.tree_size] = note.encode().decode()
        self._quorum.set()

    def _log_signer(self, code: str) -> Signer:
        return Signer.from_seed(self.ledger.origin, SignatureType.ED25519, self.network.keys[code]["log"])

    def _witness(self, code: str) -> Signer:
        return Signer.from_seed(f"{code}/witness", SignatureType.COSIGNATURE, self.network.keys[code]["cosign"])


@cache
def _network(name: str, _daily_records: int) -> Network:
    """Sixty participants with all their keys take a tenth of a second to make and to check; nobody changes them."""
    seats = [Seat(code, f"127.0.0.1:{8700 + at}", b"\x30\x02" + code.encode()) for at, code in enumerate(SEATS)]
    return make_network(seats, NOW - 30 * 86_400_000, name=name, seed=b"test")


@cache
def on_paper(*codes: str) -> Network:
    """The same network, but that these participants do not confirm on its ledger."""
    network = _network("dev", demo.DAILY_RECORDS)
    told = json.loads(network.genesis_json)
    for row in told["participants"]:
        if row["code"] in codes:
            row["confirms_from"] = ""
    text = json.dumps(told).encode()
    return Network(text, Genesis.from_json(text), network.keys)


@contextmanager
def local_port(folder: Path, *, name: str = "dev", network: Network | None = None, verifier=equivocation, **options):
    """A port over a new ledger in `folder`; `verifier` judges evidence."""
    network = network or _network(name, demo.DAILY_RECORDS)
    store = Store.open(folder / "ledger")
    try:
        port = LocalPort(Ledger.open(store, network.genesis, verifier), network, TokenBook(None), **options)
        yield port
        port.workbook.close()
    finally:
        store.close()
