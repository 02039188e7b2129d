"""A small ledger for tests: a mini genesis whose every key is known, records signed and sealed, blocks one after the other.

    with World.make(path) as world:
        issue = world.issue()                     # BW to AE, 120.00 ct, two lines; any body field can be given
        world.block(issue)
        world.block(world.confirm(issue))         # AE confirms exactly that
        world.ledger.certificate("BW0000001")

Everything is a function of the arguments and of how many records were made before: two worlds do the same. Records carry the hash of an
envelope that is not there unless `sealed=True` asks for it (sealing costs ten times the rest).
"""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from nacl import bindings

from ledger import envelope
from ledger.bodies import (
    AUTHORITY_SET,
    BILATERAL_ACCEPT,
    CERTIFICATE_AMEND,
    CERTIFICATE_CLOSE,
    CERTIFICATE_ISSUE,
    EVIDENCE_EQUIVOCATION,
    IMPORT_CONFIRM,
    IMPORT_CORRECT,
    INQUIRY_ANSWER,
    INQUIRY_CLOSE,
    INQUIRY_OPEN,
    KEY_ADD,
    KEY_REVOKE,
    MISSION_REPORT,
    NODE_READY,
    NODE_SET,
    PAPER_CONFIRM,
    PAPER_IMPORT,
    PARTICIPANT_WITHDRAW,
    PARTICIPATION_SET,
    PLENARY_POSITION,
    PLENARY_PROPOSE,
    PRODUCTION_REPORT,
    RANGE_COMMIT,
    RETURN_COUNTERSIGN,
    RETURN_FILE,
    SEALED_FAULT,
    SEALED_SHARE,
    STATISTICS_ATTACH,
    STATISTICS_PUBLISH,
    STOCK_DECLARE,
    TECHNICAL_ISSUE,
    TRANSIT_NOTICE,
    Body,
    ConfirmBody,
    ConfirmLine,
    EquivocationBody,
    IssueBody,
    Line,
    NodeReadyBody,
    NodeSetBody,
    Source,
)
from ledger.commitments import commit
from ledger.genesis import Genesis, make_genesis
from ledger.hashing import labelled_hash
from ledger.participants import (
    SECRETARIAT,
    Authority,
    CompliantZone,
    Node,
    NumberRange,
    Participant,
    Role,
    RoleKey,
    SealKey,
    Secretariat,
    Suspension,
)
from ledger.record import Record, Submission, build_statement, parse_record, sign_statement
from ledger.state import Applied, Block, Ledger
from ledger.store import Store
from ledger.tiles import decode_bundle, new_bundles

DAY_MS = 86_400_000
START = 1_772_366_400_000
"""2026-03-01 12:00 UTC, the time of the genesis."""
TODAY = "2026-03-01"
EPOCH = 2026

_SIGNS = {
    PAPER_IMPORT: "confirm",
    PAPER_CONFIRM: "issue",
    TECHNICAL_ISSUE: "issue",
    TRANSIT_NOTICE: "confirm",
    CERTIFICATE_AMEND: "issue",
    CERTIFICATE_CLOSE: "issue",
    IMPORT_CORRECT: "confirm",
    CERTIFICATE_ISSUE: "issue",
    IMPORT_CONFIRM: "confirm",
    NODE_SET: "root",
    PARTICIPATION_SET: "root",
    PARTICIPANT_WITHDRAW: "govern",
    RANGE_COMMIT: "issue",
    AUTHORITY_SET: "root",
    KEY_ADD: "root",
    KEY_REVOKE: "root",
    PLENARY_PROPOSE: "govern",
    PLENARY_POSITION: "govern",
    MISSION_REPORT: "audit",
    BILATERAL_ACCEPT: "govern",
}
"""The key that signs each kind; any other is signed by the node."""

ROLES = (Role.ISSUE, Role.CONFIRM, Role.REPORT, Role.GOVERN, Role.AUDIT)
REPORTING = {
    PRODUCTION_REPORT: Role.REPORT,
    STOCK_DECLARE: Role.REPORT,
    RETURN_FILE: Role.REPORT,
    RETURN_COUNTERSIGN: Role.AUDIT,
    INQUIRY_OPEN: Role.AUDIT,
    INQUIRY_ANSWER: Role.REPORT,
    INQUIRY_CLOSE: Role.AUDIT,
    SEALED_SHARE: Role.AUDIT,
    SEALED_FAULT: Role.AUDIT,
    STATISTICS_ATTACH: Role.AUDIT,
    STATISTICS_PUBLISH: Role.AUDIT,
}
"""Which role signs figures, inquiries and what readers say of sealed parts."""
VALIDATORS = ("BW", "RU", "EU", "AE")


def seed(name: str) -> bytes:
    """The 32-byte seed of a named key, for instance `BW/issue`."""
    return hashlib.sha256(b"kpledger test key " + name.encode()).digest()


def public(name: str) -> bytes:
    """The Ed25519 public key of a named key."""
    return bindings.crypto_sign_seed_keypair(seed(name))[0]


def seal_secret(code: str, epoch: int = EPOCH) -> bytes:
    """The X25519 secret key of a reader."""
    return seed(f"{code}/seal/{epoch}")


def certificate(name: str) -> bytes:
    """What passes for a TLS certificate in DER, another one for each name."""
    return b"\x30\x10" + hashlib.sha256(name.encode()).digest()[:16]


def equivocation(ledger_id: bytes, epoch: int, validators: tuple[bytes, ...], first: bytes, second: bytes) -> int:
    """A stand-in for the consensus' verifier, which the ledger does not know: both votes are `signer index, any byte`."""
    assert len(ledger_id) == 32
    assert epoch >= 0
    if first == second:
        raise ValueError("the votes do not conflict")
    if first[:1] != second[:1] or first[0] >= len(validators):
        raise ValueError("the votes are not of one validator")
    return first[0]


def seal_key(code: str, epoch: int = EPOCH) -> SealKey:
    """The registered half of a reader's sealing key."""
    return SealKey(epoch, bindings.crypto_scalarmult_base(seal_secret(code, epoch)))


def _participant(code: str, **changes: object) -> Participant:
    keys = tuple(RoleKey(public(f"{code}/{role}"), (role,), "2026-01-01") for role in ROLES)
    fields: dict[str, object] = {
        "code": code,
        "name": f"Country {code}",
        "countries": (code,),
        "root": public(f"{code}/root"),
        "since": "2003-01-01",
        "until": "",
        "issues_from": "2026-01-01",
        "confirms_from": "2026-01-01",
        "suspensions": (),
        "compliant_zones": (),
        "validity_days": 60,
        "authorities": (Authority(f"Authority of {code}", keys),),
        "seals": (seal_key(code),),
        "ranges": (),
    }
    return Participant(**(fields | changes))


def participants() -> tuple[Participant, ...]:
    """Those whose cases the rules tell apart; each one's peculiarity is in its name."""
    dated = (
        RoleKey(public("ZA/issue"), (Role.ISSUE,), "2026-01-01", "2026-02-15"),
        RoleKey(public("ZA/later"), (Role.ISSUE,), "2026-03-20"),
        RoleKey(public("ZA/both"), (Role.ISSUE, Role.CONFIRM), "2026-01-01"),
    )
    return (
        _participant("BW", name="Botswana, plain"),
        _participant("RU", name="Russia, plain"),
        _participant("AE", name="United Arab Emirates, plain"),
        _participant("EU", name="European Union, of two countries", countries=("BE", "DE")),
        _participant(
            "AO",
            name="Angola, with committed numbers",
            ranges=(NumberRange(2025, 400, 499), NumberRange(2026, 100, 199), NumberRange(2026, 300, 310)),
        ),
        _participant(
            "NA",
            name="Namibia, validity of 30 days, two sealing keys",
            validity_days=30,
            seals=(seal_key("NA", 2025), seal_key("NA")),
        ),
        _participant("ZA", name="South Africa, keys with dates", authorities=(Authority("Board", dated),)),
        _participant(
            "CF",
            name="Central African Republic, suspended but for Boda",
            suspensions=(Suspension("2013-05-23", "", ""),),
            compliant_zones=(CompliantZone("Boda"),),
        ),
        _participant(
            "CI", name="Côte d'Ivoire, suspended until 20 February", suspensions=(Suspension("2025-06-01", "2026-02-20", ""),)
        ),
        _participant("CD", name="Congo, one zone suspended", suspensions=(Suspension("2026-02-01", "", "Kasai"),)),
        _participant("LB", name="Lebanon, suspended from 1 March", suspensions=(Suspension("2026-03-01", "", ""),)),
        _participant(
            "MZ",
            name="Mozambique, takes part from 10 February",
            since="2026-02-10",
            issues_from="2026-02-10",
            confirms_from="2026-02-10",
        ),
        _participant("VE", name="Venezuela, took part until 10 February", until="2026-02-10"),
        _participant("LR", name="Liberia, neither issues nor confirms here", issues_from="", confirms_from=""),
        _participant(
            "GN",
            name="Guinea, issues and confirms from 25 February, no sealing key",
            issues_from="2026-02-25",
            confirms_from="2026-02-25",
            seals=(),
        ),
    )


def genesis(**changes: object) -> Genesis:
    """The mini genesis; `changes` replace arguments of `make_genesis`."""
    return Genesis.from_json(genesis_text(**changes))


def validators(codes: Sequence[str]) -> tuple[Node, ...]:
    """A voting node of each of these participants, its keys by their names."""
    return tuple(
        Node(
            participant=code,
            address=f"127.0.0.1:{8700 + place}",
            consensus=public(f"{code}/consensus"),
            log=public(f"{code}/log"),
            cosign=public(f"{code}/cosign"),
            tls=certificate(code),
            validator=True,
        )
        for place, code in enumerate(codes)
    )


def genesis_text(**changes: object) -> bytes:
    """Its file."""
    keys = tuple(RoleKey(public(f"{SECRETARIAT}/{role}"), (role,), "2026-01-01") for role in (Role.AUDIT, Role.ISSUE))
    arguments: dict[str, object] = {
        "network": "dev",
        "origin": "kpledger.example/test",
        "time": START,
        "parameters": {},
        "participants": participants(),
        "nodes": validators(VALIDATORS),
        "secretariat": Secretariat(public(f"{SECRETARIAT}/root"), keys, (seal_key(SECRETARIAT),)),
        "chair": "BW",
    }
    return make_genesis(**(arguments | changes))


@lru_cache
def _plain_genesis() -> Genesis:
    return genesis()


def receipt_code(number: str) -> bytes:
    """The ten bytes that the issuer prints inside the parcel."""
    return hashlib.sha256(b"code" + number.encode()).digest()[:10]


@dataclass
class World(AbstractContextManager["World"]):
    """A ledger under test and the hands that write to it. `now` is the time of the next record and block."""

    path: Path
    ledger: Ledger
    store: Store
    now: int = START + 1_000
    made: int = 0
    parties: dict[str, str] = field(default_factory=lambda: {"exporter": "Debswana Canary", "importer": "Almas Canary"})
    names: dict[bytes, str] = field(default_factory=dict)

    @classmethod
    def make(cls, path: Path, made_of: Genesis | None = None) -> "World":
        """Opens, or makes, the ledger in this directory."""
        store = Store.open(path)
        try:
            ledger = Ledger.open(store, made_of or _plain_genesis(), equivocation)
        except BaseException:
            store.close()
            raise
        return cls(path, ledger, store, now=max(START, ledger.head.time) + 1_000)

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def rng(self, size: int) -> bytes:
        """Bytes that no other call gave."""
        self.made += 1
        return hashlib.shake_128(b"world %d" % self.made).digest(size)

    # --- records ------------------------------------------------------------------------------------------------------

    def issue_body(self, **changes: object) -> IssueBody:
        """A certificate that every rule accepts: BW0000001 to AE, 120.00 ct; `changes` replace fields of the body."""
        number = str(changes.get("number", "BW0000001"))
        lines = (self.line(9_000, "710231", ("BW",)), self.line(3_000, "710221", ("BW",)))
        lines = changes.pop("lines", lines)
        fields: dict[str, object] = {
            "destination": "AE",
            "expires": "2026-04-15",
            "issued": "2026-02-27",
            "lines": lines,
            "number": number,
            "parcels": 2,
            "points": sum(line.points for line in lines),
            "receipt_hash": labelled_hash(b"kpl/receipt", number.encode(), receipt_code(number)),
            "rid": self.rng(16),
            "sealed": self.rng(32),
            "sources": (),
            "type": "export",
            "validated": "2026-02-28",
            "verdict_hash": self.rng(32),
        }
        return IssueBody(**(fields | changes))

    def confirm_body(self, issue: Record, **changes: object) -> ConfirmBody:
        """The destination confirms exactly what was issued; `changes` replace fields of the body."""
        body = issue.body
        assert isinstance(body, IssueBody)
        lines = changes.pop("lines", tuple(ConfirmLine(self.commitment(), line.hs, line.points) for line in body.lines))
        fields: dict[str, object] = {
            "answers": issue.id,
            "inspection": "opened",
            "lines": lines,
            "number": body.number,
            "outcome": "confirmed",
            "parcels": body.parcels,
            "points": sum(line.points for line in lines),
            "receipt_code": receipt_code(body.number),
            "received": TODAY,
            "rid": self.rng(16),
            "sealed": self.rng(32),
            "seals": "intact",
        }
        return ConfirmBody(**(fields | changes))

    def line(self, points: int, hs: str = "710231", origin: tuple[str, ...] = ("BW",), zone: str = "") -> Line:
        """One line of a certificate."""
        return Line(self.commitment(), hs, origin, points, zone)

    def commitment(self) -> bytes:
        """A value commitment to 1 dollar; its point is the same every time, which saves a millisecond a record."""
        return _COMMITMENT

    def sign(self, kind: str, body: Body, author: str, key: str = "", at: int | None = None) -> Record:
        """A record of this body; `key` names the signing key, by default the author's for the kind."""
        statement = build_statement(kind, author, self.now if at is None else at, body)
        return parse_record(sign_statement(self.ledger.ledger_id, seed(key or self._key(kind, author)), statement))

    def _key(self, kind: str, author: str) -> str:
        """The name of the author's key for a kind."""
        if kind in _SIGNS | REPORTING:
            return f"{author}/{(_SIGNS | REPORTING)[kind]}"
        node = self.ledger.network.node(author)
        return f"{author}/consensus" if node is None else self.names.get(node.consensus, f"{author}/consensus")

    def issue(self, author: str = "", key: str = "", at: int | None = None, **changes: object) -> Record:
        """A signed certificate; its author is the number's prefix unless said otherwise."""
        body = self.issue_body(**changes)
        return self.sign("certificate.issue", body, author or body.number[:2], key, at)

    def confirm(self, issue: Record, author: str = "", key: str = "", at: int | None = None, **changes: object) -> Record:
        """A signed outcome; its author is the certificate's destination unless said otherwise."""
        assert isinstance(issue.body, IssueBody)
        body = self.confirm_body(issue, **changes)
        return self.sign("import.confirm", body, author or issue.body.destination, key, at)

    def reexport(self, number: str, sources: dict[str, int], **changes: object) -> Record:
        """A re-export of 100.00 ct that takes points from sources."""
        taken = tuple(Source(source, points) for source, points in sources.items())
        fields = {"destination": "EU", "type": "re-export", "lines": (self.line(10_000, "710231", ()),), "sources": taken}
        return self.issue(number=number, **(fields | changes))

    def node_set(self, code: str, version: str = "", key: str = "", at: int | None = None, **changes: object) -> Record:
        """A participant's node: all keys named by `version` (as `2` for `BW/consensus/2`), or as they are; `changes` replace fields."""
        held = None if version else self.ledger.network.node(code)
        if held is None:
            names = {name: f"{code}/{name}" + f"/{version}" * bool(version) for name in ("consensus", "cosign", "log")}
            fields: dict[str, object] = {name: self.named(text) for name, text in names.items()}
            fields |= {"tls": certificate(f"{code}/tls" + f"/{version}" * bool(version)), "validator": True}
            fields["address"] = f"{code.lower()}{version}.example:8700"
        else:
            fields = {name: getattr(held, name) for name in ("address", "consensus", "cosign", "log", "tls", "validator")}
        return self.sign(NODE_SET, NodeSetBody(**(fields | changes)), code, key, at)

    def named(self, name: str) -> bytes:
        """The public key of this name; `node_ready` and `evidence` know the name once it is a node's consensus key."""
        self.names[public(name)] = name
        return public(name)

    def node_ready(self, code: str, key: str = "", at: int | None = None, **changes: object) -> Record:
        """A participant's node is ready for what is pending; `changes` replace fields of the body."""
        network = self.ledger.network
        fields: dict[str, object] = {"epoch": network.epoch.number + 1, "validators": network.pending or bytes(32)}
        return self.sign(NODE_READY, NodeReadyBody(**(fields | changes)), code, key, at)

    def evidence(self, code: str, signer: int, key: str = "", at: int | None = None, **changes: object) -> Record:
        """Evidence against the validator at this index of the epoch, as `equivocation` understands it."""
        fields: dict[str, object] = {
            "epoch": self.ledger.network.epoch.number,
            "first": bytes((signer,)) + b"yes",
            "second": bytes((signer,)) + b"no",
        }
        return self.sign(EVIDENCE_EQUIVOCATION, EquivocationBody(**(fields | changes)), code, key, at)

    def sealed(self, record: Record, **changes: object) -> Submission:
        """The record's body signed again with a real envelope for its readers; `changes` replace them (`readers=[(code, epoch), ...]`)."""
        body = record.body
        issuer = body.number[:2]
        destination = body.destination if isinstance(body, IssueBody) else record.author
        default = [(code, EPOCH if self.public_seal(code, EPOCH) else 0) for code in (issuer, destination, SECRETARIAT)]
        readers = changes.get("readers", default)
        values = [[100, _BLINDING] for _ in body.lines]
        party = {"address": "1 Main Mall", "licence": "L-1"}
        fields = {name: party | {"name": text} for name, text in self.parties.items()} | {"values": values}
        given = [(code, epoch, self.public_seal(code, epoch)) for code, epoch in readers]
        made = envelope.seal(self.ledger.ledger_id, body.rid, fields, given, self.rng)
        body = type(body)(**{name: getattr(body, name) for name in body.__struct_fields__} | {"sealed": made.hash})
        again = self.sign(record.kind, body, record.author, at=record.at)
        return Submission(again, made.envelope, envelope.check_envelope(made.envelope, made.hash, body.rid))

    def public_seal(self, code: str, epoch: int) -> bytes | None:
        """A reader's registered sealing key."""
        entry = self.ledger.genesis.participants.get(code) or self.ledger.genesis.secretariat
        return entry.seal(epoch)

    # --- blocks -------------------------------------------------------------------------------------------------------

    def block(
        self, *records: Record, time: int | None = None, extra: dict[bytes, bytes] | None = None, ends_for: bytes = b""
    ) -> Applied:
        """Keeps the records' bytes and applies them as the next block; `ends_for` is its `next`."""
        self.ledger.keep_bodies([Submission(record) for record in records])
        height = self.ledger.head.height + 1
        when = self.now if time is None else time
        digest = hashlib.sha256(b"block %d" % height).digest()
        epoch = self.ledger.network.epoch.number
        applied = self.ledger.apply(Block(height, when, digest, records, epoch, ends_for), extra or {})
        self.now = when + 1_000
        return applied

    def log(self) -> list[Record]:
        """Every record of the log, in its order."""
        raws = []
        for tile in new_bundles(0, self.ledger.head.tree_size):
            raws += decode_bundle(self.ledger.entries(tile.n, tile.width), tile.width)
        return [parse_record(raw) for raw in raws]

    def accept(self, *records: Record) -> Applied:
        """As `block`, when none of the records may be refused."""
        applied = self.block(*records)
        assert [judgement.refusal for judgement in applied.judgements] == [None] * len(records), applied.judgements
        return applied


_BLINDING = (7).to_bytes(32, "little")
_COMMITMENT = commit(100, _BLINDING)
