"""An authority's desk in a program: turns planned shipments and arrivals into sealed and signed submissions.

Rules:
- All randomness comes from one seeded stream, so that the same seed gives the same bytes. On a test network, whose keys this
  program made, nothing is lost by that; a real desk draws from the operating system.
- Readers of an envelope are issuer, destination and secretariat, each at its newest sealing key (3-confidentiality.md).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from api.demo.people import People
from api.demo.shipments import Arrival, Goods, Shipment
from ledger.bodies import CERTIFICATE_ISSUE, IMPORT_CONFIRM, Body, SealedBody, Source
from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft, make_confirm, make_issue
from ledger.envelope import Reader, Rng
from ledger.genesis import Genesis
from ledger.record import build_statement, encode_submission, record_id, sign_statement
from ledger.register import Register
from ledger.units import Cents, Ms, Points

Keys = Mapping[str, Mapping[str, bytes]]
"""Secret seeds by participant and name, as `network.Network.keys` or `network.read_keys` give them."""

_CHUNK = 1 << 16
_FIRST_AUTHORITY_OF_256 = 160
"""How often a participant's first authority signs when it has several."""


class Stream:
    """Seeded bytes (SHAKE-256 in counter mode) in the place of a random source."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._counter = 0
        self._rest = b""

    def __call__(self, length: int) -> bytes:
        """The next `length` bytes."""
        while len(self._rest) < length:
            block = hashlib.shake_256(self._seed + self._counter.to_bytes(8, "big")).digest(_CHUNK)
            self._counter, self._rest = self._counter + 1, self._rest + block
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken


@dataclass(frozen=True, slots=True)
class Draft:
    """A body with its envelope, not yet signed; a certificate's with the code for inside its container."""

    kind: str
    author: str
    at: int
    body: SealedBody
    envelope: bytes
    receipt_code: bytes = b""


@dataclass(frozen=True, slots=True)
class Made:
    """A submission, its record's bytes and id."""

    submission: bytes
    record: bytes
    id: bytes


class Office:
    """Drafts and signs for every participant whose keys it holds."""

    def __init__(self, genesis: Genesis, keys: Keys, stream: Stream, people: People) -> None:
        self.genesis = genesis
        self.keys = keys
        self.stream = stream
        self._people = people
        self._register = Register(genesis)

    def issue(self, shipment: Shipment, *, readers: Sequence[Reader] | None = None, rid: bytes = b"") -> Draft:
        """`certificate.issue` of a shipment; other readers and an old rid are what a forger asks for."""
        draft = IssueDraft(
            number=shipment.number,
            type="re-export" if shipment.reexport else "export",
            issued=shipment.issued,
            validated=shipment.validated,
            expires=shipment.expires,
            destination=shipment.destination,
            parcels=shipment.parcels,
            lines=tuple(_line(line) for line in shipment.goods),
            sources=tuple(Source(source, Points(points)) for source, points in shipment.sources),
            sealed=self._people.papers(shipment.issuer, shipment.destination),
        )
        readers = readers or self.readers(shipment.issuer, shipment.destination, shipment.at)
        made = make_issue(self.genesis.ledger_id, draft, readers, _first_drawn(rid, self.stream))
        return Draft(CERTIFICATE_ISSUE, shipment.issuer, shipment.at, made.body, made.envelope, made.receipt_code)

    def confirm(self, shipment: Shipment, arrival: Arrival, answers: bytes, receipt_code: bytes) -> Draft:
        """`import.confirm` of a shipment's arrival; `answers` is the id of the certificate's newest record."""
        draft = ConfirmDraft(
            number=shipment.number,
            outcome=arrival.outcome,
            received=arrival.received,
            parcels=arrival.parcels,
            lines=tuple(_line(line) for line in arrival.goods),
            inspection=arrival.inspection,
            seals=arrival.seals,
            receipt_code=receipt_code if arrival.with_code else None,
            answers=answers,
            sealed={"remarks": arrival.note},
        )
        readers = self.readers(shipment.issuer, shipment.destination, arrival.at)
        made = make_confirm(self.genesis.ledger_id, draft, readers, self.stream)
        return Draft(IMPORT_CONFIRM, shipment.destination, arrival.at, made.body, made.envelope)

    def statement(self, kind: str, author: str, at: int, body: Body, role: str) -> Made:
        """A signed record of a kind without a sealed part."""
        record = sign_statement(self.genesis.ledger_id, self.keys[author][role], build_statement(kind, author, at, body))
        return Made(encode_submission(record), record, record_id(record))

    def sign(self, draft: Draft, seed: bytes | None = None) -> Made:
        """Signs with this seed, by default that of one of the author's authorities with the kind's role."""
        statement = build_statement(draft.kind, draft.author, draft.at, draft.body)
        record = sign_statement(self.genesis.ledger_id, seed or self._seed(draft), statement)
        return Made(encode_submission(record, draft.envelope), record, record_id(record))

    def readers(self, issuer: str, destination: str, at: int) -> tuple[Reader, ...]:
        """Who must be able to open: code, key epoch, public key; epoch 0 and None for who has no sealing key."""
        return self._register.readers(issuer, destination, Ms(at))

    def _seed(self, draft: Draft) -> bytes:
        role = "issue" if draft.kind == CERTIFICATE_ISSUE else "confirm"
        seeds = self.keys[draft.author]
        further = [name for name in seeds if name.startswith(role + "-")]
        draw = self.stream(2)
        if not further or draw[0] < _FIRST_AUTHORITY_OF_256:
            return seeds[role]
        return seeds[further[draw[1] % len(further)]]


def _line(goods: Goods) -> DraftLine:
    return DraftLine(goods.hs, Points(goods.points), Cents(goods.cents), goods.origin, goods.zone)


def _first_drawn(rid: bytes, stream: Stream) -> Rng:
    """The stream, after `rid` where one is given: a draft's rid is what is drawn first."""
    if not rid:
        return stream
    given = iter((rid,))
    return lambda length: next(given, None) or stream(length)
