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
from ledger.bodies import CERTIFICATE_ISSUE, IMPORT_CONFIRM, Body, ConfirmBody, ConfirmLine, IssueBody, Line, Source
from ledger.commitments import commit, draw_blinding
from ledger.envelope import Reader, seal
from ledger.genesis import Genesis
from ledger.hashing import labelled_hash
from ledger.participants import SECRETARIAT
from ledger.record import build_statement, encode_submission, record_id, sign_statement
from ledger.units import Points

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
    """A body with its envelope, not yet signed."""

    kind: str
    author: str
    at: int
    body: Body
    envelope: bytes


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

    def issue(
        self, shipment: Shipment, receipt_code: bytes, *, readers: Sequence[Reader] | None = None, rid: bytes = b""
    ) -> Draft:
        """`certificate.issue` of a shipment; other readers and an old rid are what a forger asks for."""
        values, commitments = self._commitments(shipment.goods)
        rid = rid or self.stream(16)
        papers = {**self._people.papers(shipment.issuer, shipment.destination), "values": values}
        sealed = seal(
            self.genesis.ledger_id, rid, papers, readers or self.readers(shipment.issuer, shipment.destination), self.stream
        )
        number = shipment.number.encode()
        body = IssueBody(
            destination=shipment.destination,
            expires=shipment.expires,
            issued=shipment.issued,
            lines=tuple(
                Line(made, line.hs, line.origin, Points(line.points), line.zone)
                for made, line in zip(commitments, shipment.goods, strict=True)
            ),
            number=shipment.number,
            parcels=shipment.parcels,
            points=Points(shipment.points),
            receipt_hash=labelled_hash(b"kpl/receipt", number, receipt_code),
            rid=rid,
            sealed=sealed.hash,
            sources=tuple(Source(source, Points(points)) for source, points in shipment.sources),
            type="re-export" if shipment.reexport else "export",
            validated=shipment.validated,
            verdict_hash=labelled_hash(b"kpl/verdict", number, self.stream(10)),
        )
        return Draft(CERTIFICATE_ISSUE, shipment.issuer, shipment.at, body, sealed.envelope)

    def confirm(self, shipment: Shipment, arrival: Arrival, answers: bytes, receipt_code: bytes) -> Draft:
        """`import.confirm` of a shipment's arrival; `answers` is the id of the certificate's newest record."""
        values, commitments = self._commitments(arrival.goods)
        rid = self.stream(16)
        readers = self.readers(shipment.issuer, shipment.destination)
        sealed = seal(self.genesis.ledger_id, rid, {"remarks": arrival.note, "values": values}, readers, self.stream)
        body = ConfirmBody(
            answers=answers,
            inspection=arrival.inspection,
            lines=tuple(
                ConfirmLine(made, line.hs, Points(line.points)) for made, line in zip(commitments, arrival.goods, strict=True)
            ),
            number=shipment.number,
            outcome=arrival.outcome,
            parcels=arrival.parcels,
            points=Points(sum(line.points for line in arrival.goods)),
            receipt_code=receipt_code if arrival.with_code else None,
            received=arrival.received,
            rid=rid,
            sealed=sealed.hash,
            seals=arrival.seals,
        )
        return Draft(IMPORT_CONFIRM, shipment.destination, arrival.at, body, sealed.envelope)

    def sign(self, draft: Draft, seed: bytes | None = None) -> Made:
        """Signs with this seed, by default that of one of the author's authorities with the kind's role."""
        statement = build_statement(draft.kind, draft.author, draft.at, draft.body)
        record = sign_statement(self.genesis.ledger_id, seed or self._seed(draft), statement)
        return Made(encode_submission(record, draft.envelope), record, record_id(record))

    def readers(self, issuer: str, destination: str) -> tuple[Reader, ...]:
        """Who must be able to open: code, key epoch, public key; epoch 0 and None for who has no sealing key."""
        return tuple(self._reader(code) for code in (issuer, destination, SECRETARIAT))

    def _reader(self, code: str) -> Reader:
        participant = self.genesis.participants.get(code)
        seals = participant.seals if participant else self.genesis.secretariat.seals if code == SECRETARIAT else ()
        return (code, seals[-1].epoch, seals[-1].key) if seals else (code, 0, None)

    def _commitments(self, goods: Sequence[Goods]) -> tuple[list[list[int | bytes]], list[bytes]]:
        """The sealed `values` and the commitments to them, in the lines' order."""
        blindings = [draw_blinding(self.stream) for _ in goods]
        values: list[list[int | bytes]] = [[line.cents, blinding] for line, blinding in zip(goods, blindings, strict=True)]
        return values, [commit(line.cents, blinding) for line, blinding in zip(goods, blindings, strict=True)]

    def _seed(self, draft: Draft) -> bytes:
        role = "issue" if draft.kind == CERTIFICATE_ISSUE else "confirm"
        seeds = self.keys[draft.author]
        further = [name for name in seeds if name.startswith(role + "-")]
        draw = self.stream(2)
        if not further or draw[0] < _FIRST_AUTHORITY_OF_256:
            return seeds[role]
        return seeds[further[draw[1] % len(further)]]
