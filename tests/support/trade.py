"""Signed and sealed records of a test network for whoever needs a few: `Trader.issue`, `Trader.confirm`."""

import hashlib
from dataclasses import dataclass, field

from api.demo.network import Network
from ledger.bodies import ConfirmBody, ConfirmLine, IssueBody, Line, PaperImportBody, Source
from ledger.commitments import commit, draw_blinding
from ledger.envelope import seal
from ledger.hashing import labelled_hash
from ledger.participants import SECRETARIAT
from ledger.record import build_statement, encode_submission, record_id, sign_statement
from ledger.units import block_date, date_of, day_number, parse_carats


@dataclass(frozen=True, slots=True)
class Made:
    """A submission that was built."""

    raw: bytes
    record: bytes
    id: bytes
    envelope: bytes
    body: IssueBody | ConfirmBody
    receipt_code: bytes | None = None
    verdict_code: bytes | None = None


@dataclass(slots=True)
class Trader:
    """Builds records of this network at an instant (ms); the same calls give the same bytes."""

    network: Network
    now_ms: int
    drawn: int = field(default=0)

    def issue(
        self, number, destination, lines, *, sources=(), parcels=1, days_ago=3, valid_days=50, secrets=None, kind=""
    ) -> Made:
        """`lines`: (hs, carats, origins); `sources`: (number, carats). Dates count back from `now_ms`."""
        rid, code = self.random(16), self.random(10)
        issued = date_of(day_number(self.today) - days_ago)
        amounts = [(hs, parse_carats(carats), tuple(sorted(origin))) for hs, carats, origin in lines]
        values, commitments = self._values([points * 10_000 for _, points, _ in amounts])
        sealed = self._seal(number[:2], destination, rid, secrets or _parties(number), values)
        body = IssueBody(
            destination=destination,
            expires=date_of(day_number(issued) + valid_days),
            issued=issued,
            lines=tuple(Line(c, hs, origin, points) for c, (hs, points, origin) in zip(commitments, amounts, strict=True)),
            number=number,
            parcels=parcels,
            points=sum(points for _, points, _ in amounts),
            receipt_hash=labelled_hash(b"kpl/receipt", number.encode(), code),
            rid=rid,
            sealed=sealed.hash,
            sources=tuple(Source(source, parse_carats(carats)) for source, carats in sources),
            type=kind or ("re-export" if sources else "export"),
            validated=issued,
            verdict_hash=labelled_hash(b"kpl/verdict", number.encode(), printed := self.random(10)),
        )
        return self._made("certificate.issue", number[:2], "issue", body, sealed.envelope, code, printed)

    def confirm(
        self, issued: Made, *, outcome="confirmed", lines=None, parcels=None, days_ago=1, code=None, without_code=False
    ) -> Made:
        """The destination's answer; `lines` (hs, carats) as measured, as issued without."""
        rid, origin = self.random(16), issued.body
        amounts = [(hs, parse_carats(carats)) for hs, carats in lines] if lines is not None else _by_hs(origin)
        values, commitments = self._values([points * 10_000 for _, points in amounts])
        sealed = self._seal(origin.number[:2], origin.destination, rid, _parties(origin.number), values)
        body = ConfirmBody(
            answers=issued.id,
            inspection="opened",
            lines=tuple(ConfirmLine(c, hs, points) for c, (hs, points) in zip(commitments, amounts, strict=True)),
            number=origin.number,
            outcome=outcome,
            parcels=origin.parcels if parcels is None else parcels,
            points=sum(points for _, points in amounts),
            receipt_code=None if without_code else code or issued.receipt_code,
            received=date_of(day_number(self.today) - days_ago),
            rid=rid,
            sealed=sealed.hash,
            seals="intact",
        )
        return self._made("import.confirm", origin.destination, "confirm", body, sealed.envelope, None)

    def paper(self, number, importer, weight) -> Made:
        """An import under a paper certificate, of goods of its issuer's country, although that one may issue here."""
        rid, points = self.random(16), parse_carats(weight)
        values, (commitment,) = self._values([points * 10_000])
        sealed = self._seal(number[:2], importer, rid, _parties(number), values)
        issued, received = (date_of(day_number(self.today) - days) for days in (3, 1))
        body = PaperImportBody(
            issued=issued,
            lines=(Line(commitment, "710231", (number[:2],), points),),
            number=number,
            parcels=1,
            points=points,
            reason="outage",
            received=received,
            rid=rid,
            sealed=sealed.hash,
        )
        return self._made("paper.import", importer, "confirm", body, sealed.envelope, None)

    def statement(self, kind, body, author, role) -> Made:
        """A record without a sealed part."""
        return self._made(kind, author, role, body, None, None)

    @property
    def today(self) -> str:
        """Date of `now_ms`."""
        return block_date(self.now_ms)

    def random(self, size: int) -> bytes:
        """The next `size` bytes of a fixed sequence."""
        self.drawn += 1
        return hashlib.shake_256(self.drawn.to_bytes(8, "big")).digest(size)

    def _values(self, cents):
        blindings = [draw_blinding(self.random) for _ in cents]
        return (
            [[value, blinding] for value, blinding in zip(cents, blindings, strict=True)],
            [commit(value, blinding) for value, blinding in zip(cents, blindings, strict=True)],
        )

    def _seal(self, issuer, destination, rid, fields, values):
        genesis = self.network.genesis
        participants = [(code, genesis.participants[code].seals[-1]) for code in (issuer, destination)]
        readers = [(code, key.epoch, key.key) for code, key in [*participants, (SECRETARIAT, genesis.secretariat.seals[-1])]]
        return seal(genesis.ledger_id, rid, {**fields, "values": values}, readers, self.random)

    def _made(self, kind, author, role, body, envelope, code, printed=None) -> Made:
        statement = build_statement(kind, author, self.now_ms, body)
        record = sign_statement(self.network.genesis.ledger_id, self.network.keys[author][role], statement)
        return Made(encode_submission(record, envelope), record, record_id(record), envelope, body, code, printed)


def _by_hs(body: IssueBody):
    sums: dict[str, int] = {}
    for line in body.lines:
        sums[line.hs] = sums.get(line.hs, 0) + line.points
    return sorted(sums.items())


def _parties(number: str) -> dict[str, object]:
    return {
        "exporter": {"address": "1 Canary Wharf", "licence": "L-1", "name": f"Canary Exporter {number}"},
        "importer": {"address": "2 Canary Street", "licence": "L-2", "name": f"Canary Importer {number}"},
        "invoice": f"INV-CANARY-{number}",
    }
