"""The forger's bench: takes sound material of generated trade, breaks it in one place, says with which code it must be refused.

What is forged stands in `forged_issues` and `forged_confirmations`. No forgery depends on what else stands in its wave.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from api.demo.numbers import Numbers
from api.demo.office import Draft, Made, Office
from api.demo.shipments import VALIDITY_DAYS, Goods, Shipment
from ledger.bodies import SealedBody
from ledger.errors import Code
from ledger.record import encode_submission, parse_record, record_id
from ledger.units import Ms, block_date, date_of, day_number

HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Planted:
    """A submission that must be refused with `expect`; `rests_on` names certificates whose steps must come before."""

    at: int
    kind: str
    author: str
    number: str
    submission: bytes
    id: bytes | None
    expect: Code
    note: str
    rests_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subjects:
    """The sound trade around the forgeries: shipments; by number the record of issue, and the receipt code."""

    end: Ms
    shipments: tuple[Shipment, ...]
    issued: Mapping[str, Made]
    codes: Mapping[str, bytes]

    def rid(self, number: str) -> bytes:
        """The rid of a certificate's issue."""
        body = parse_record(self.issued[number].record).body
        assert isinstance(body, SealedBody)
        return body.rid


class NoSubjectError(Exception):
    """The trade is too small to hold what this forger needs."""


class Bench:
    """Material for one forger after another."""

    def __init__(self, office: Office, numbers: Numbers, subjects: Subjects, rng: random.Random) -> None:
        self.office = office
        self.numbers = numbers
        self.subjects = subjects
        self._rng = rng
        claimed = {number for shipment in subjects.shipments for number, _ in shipment.sources}
        arrived = [shipment for shipment in subjects.shipments if shipment.arrival]
        self._settled = self._shuffled(
            s for s in arrived if s.arrival and s.arrival.outcome == "confirmed" and s.number not in claimed
        )
        self._open = self._shuffled(s for s in subjects.shipments if not s.arrival and not s.note and s.expires >= self.date())
        self._expired = self._shuffled(s for s in subjects.shipments if not s.arrival and s.expires < self.date())

    def _shuffled(self, shipments: Iterator[Shipment]) -> list[Shipment]:
        found = list(shipments)
        self._rng.shuffle(found)
        return found

    def settled(self) -> Shipment:
        """A confirmed shipment that nobody cites; another one each time."""
        return self._take(self._settled)

    def open(self) -> Shipment:
        """A shipment that stays open to the end; another one each time."""
        return self._take(self._open)

    def expired(self) -> Shipment:
        """An open shipment whose certificate has expired."""
        return self._take(self._expired)

    def _take(self, found: list[Shipment]) -> Shipment:
        if not found:
            raise NoSubjectError
        return found.pop()

    def date(self, days: int = 0) -> str:
        """The last day of the trade, and some days on."""
        return date_of(day_number(block_date(self.subjects.end)) + days)

    def shipment(self, issuer: str = "AE", destination: str = "IN", number: str = "", points: int = 0) -> Shipment:
        """A sound new re-export (of a mine: export) of one line, issued on the last day but one."""
        issued = self.date(-1)
        points = points or self._rng.randrange(5_000, 900_000)
        reexport = issuer in ("AE", "EU", "IN", "IL")
        return Shipment(
            issuer=issuer,
            destination=destination,
            reexport=reexport,
            at=self.moment(),
            issued=issued,
            validated=issued,
            expires=date_of(day_number(issued) + VALIDITY_DAYS),
            parcels=1,
            goods=(Goods("710231", points, points * 70, () if reexport else (issuer,)),),
            number=number or self.numbers.next(issuer, issued),
        )

    def moment(self, after: int = 0) -> Ms:
        """An instant of the last hours, after a given one."""
        return Ms(self._rng.randrange(max(after, self.subjects.end - 20 * HOUR_MS) + 1, self.subjects.end + 1))

    def issue(self, shipment: Shipment) -> Draft:
        """The shipment's certificate, drafted as it should be."""
        return self.office.issue(shipment)

    def planted(
        self, draft: Draft, expect: Code, note: str, *, seed: bytes | None = None, rests_on: Sequence[Shipment] = ()
    ) -> Planted:
        """Signs a broken draft; `rests_on` are the shipments that must stand on the ledger before."""
        newest = max((s.arrival.at if s.arrival else s.at for s in rests_on), default=0)
        if draft.at <= newest:
            draft = replace(draft, at=self.moment(newest))
        made = self.office.sign(draft, seed)
        numbers = tuple(shipment.number for shipment in rests_on)
        return Planted(draft.at, draft.kind, draft.author, draft.body.number, made.submission, made.id, expect, note, numbers)

    def tampered(
        self, draft: Draft, expect: Code, note: str, record: Callable[[bytes], bytes], envelope: bytes | None
    ) -> Planted:
        """Signs a sound draft, then changes the record's bytes and puts another envelope (None: none) beside them."""
        raw = record(self.office.sign(draft).record)
        submission = encode_submission(raw, envelope)
        return Planted(draft.at, draft.kind, draft.author, draft.body.number, submission, record_id(raw), expect, note, ())


Forger = Callable[[Bench], Planted]


def plant(forgers: Sequence[Forger], bench: Bench) -> list[Planted]:
    """One submission of each forger that finds a subject."""
    found = []
    for forger in forgers:
        try:
            found.append(forger(bench))
        except NoSubjectError:
            continue
    return found
