"""Findings, notes and agenda as one block leaves them: read through from the store, kept decoded, written at its end.

Rules:
1. A finding is written only when something of it changes; its serial is given when it is found first, in the block's order.
2. A *note* is what a rule keeps from record to record. Each sort of note has one letter and one type.
3. The *agenda* names by day at what a rule looks again. It is taken up in order, at most `MAX_DUE_FINDINGS` a block; what is
   put on it is of a later day than the block's, so nothing is put before the place up to which it is done.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ledger import entries, keys, quarterly
from ledger.entries import Head
from ledger.errors import StoreError
from ledger.findings.entries import (
    RULES,
    Finding,
    Footprint,
    Lot,
    Origins,
    Outcomes,
    Severity,
    Status,
    Stocks,
    Sums,
    Taint,
    Watch,
    Weighed,
    decode_finding,
)
from ledger.findings.lists import places
from ledger.limits import MAX_DUE_FINDINGS, MAX_HELD_NOTES
from ledger.overlay import Overlay
from ledger.rules.common import View
from ledger.store import Reads
from ledger.units import DAY_MS

_COUNT_BYTES: Final = 8
_DONE: Final = b"\xff"
"""Behind every entry of a day: no rule's letter is so high."""


class Sort(Struct, frozen=True):
    """A sort of note: its letter in keys, its decoder, what stands for none."""

    letter: str
    decoder: Any
    none: Any


def _sort(letter: str, kind: Any, none: Any = None) -> Sort:
    return Sort(letter, msgspec.msgpack.Decoder(kind), none)


LOT: Final = _sort("c", Lot)
DRIFT: Final = _sort("d", Weighed, Weighed())
PAIR: Final = _sort("p", Outcomes, Outcomes())
SAME_DAY: Final = _sort("s", Sums, Sums())
ISSUED: Final = _sort("i", Sums, Sums())
FIRST_DAY: Final = _sort("f", int, -1)
WATCH: Final = _sort("r", Watch)
ORIGINS: Final = _sort("o", Origins, Origins())
MISSING: Final = _sort("g", str, "")
"""Of a number in a gap that was found: what that finding is about."""

STOCK: Final = _sort("h", Stocks, Stocks())
FOOTPRINT: Final = _sort("e", Footprint, Footprint())
"""Of a certificate with sources; any other's is that of its lines."""

OWN_TAINT: Final = _sort("u", Taint)
TAINT: Final = _sort("t", Taint)
"""What a certificate has from its sources; `OWN_TAINT`: what others have from it."""

GAP: Final = _sort("b", Sums, Sums())
CALENDAR: Final = _sort("q", str, "")
"""The first whole quarter of the ledger."""

COMING: Final = _sort("z", str, "")
"""The quarter whose returns are due next."""


_HELD: Final = frozenset(
    sort.letter.encode() for sort in (DRIFT, PAIR, SAME_DAY, ISSUED, FIRST_DAY, WATCH, ORIGINS, STOCK, GAP, CALENDAR, COMING)
)
"""Sorts of participants, pairs and days: few, and asked for by every record."""

_HELD_RULES: Final = frozenset(("bilateral-gap", "discrepancy-drift", "negative-stock", "never-a-discrepancy", "splitting"))
"""Rules of participants and pairs that are asked at each of their records, and mostly find nothing."""

_SORT: Final = slice(len(keys.FINDING_NOTES), len(keys.FINDING_NOTES) + 1)


class Memory:
    """Notes, and findings by name, that one block leaves decoded for the next; only what the store has (None: nothing)."""

    __slots__ = ("findings", "notes")

    def __init__(self) -> None:
        self.notes: dict[bytes, Any] = {}
        self.findings: dict[str, Finding | None] = {}

    def take(self, notes: Mapping[bytes, Any], findings: Mapping[str, Finding | None]) -> None:
        """What a block has read and written, once its batch is in the store."""
        for held in (self.notes, self.findings):
            if len(held) > MAX_HELD_NOTES:
                held.clear()
        self.notes.update((key, value) for key, value in notes.items() if key[_SORT] in _HELD)
        self.findings.update((name, found) for name, found in findings.items() if name.partition("/")[0] in _HELD_RULES)


class Book:
    """One block's findings.

    Attributes:
        view: the state as the records so far have left it.
        height: of the block.
        today: its day.
        day_before: the day of the block before.
    """

    __slots__ = (
        "_changed",
        "_count",
        "_findings",
        "_memory",
        "_new",
        "_notes",
        "_overlay",
        "_parameters",
        "_store",
        "_stored",
        "day_before",
        "height",
        "today",
        "view",
    )

    def __init__(self, view: View, overlay: Overlay, store: Reads, before: Head, memory: Memory) -> None:
        self.view = view
        self.height = before.height + 1
        self.day_before = before.time // DAY_MS
        self.today = view.now // DAY_MS
        self._overlay = overlay
        self._store = store
        self._stored: dict[str, Finding | None] = {}
        self._findings: dict[str, Finding] = {}
        self._memory = memory
        self._new: set[str] = set()
        self._notes: dict[bytes, Any] = {}
        self._changed: dict[bytes, bool] = {}
        self._parameters: dict[str, int] = {}
        self._count = -1

    # --- findings -----------------------------------------------------------------------------------------------------

    def find(
        self,
        rule: str,
        about: str,
        severity: Severity,
        subjects: tuple[str, ...],
        inputs: tuple[bytes, ...],
        **numbers: int | str,
    ) -> None:
        """This is so: found for the first time, again, or with other figures."""
        held, version, figures = self.finding(rule, about), RULES[rule].version, dict(sorted(numbers.items()))
        serial, first_seen = (self._next(), self.height) if held is None else (held.serial, held.first_seen)
        height = self.height if held is None else held.height
        found = Finding(rule, about, version, height, severity, subjects, inputs, figures, first_seen, Status.OPEN, serial)
        if found != held:
            self._findings[found.name] = replace(found, height=self.height)

    def clear(self, rule: str, about: str, **numbers: int | str) -> None:
        """This is not so (any more): a finding that says so is resolved; figures may be brought up to date."""
        held = self.finding(rule, about)
        if held is not None and held.status is Status.OPEN:
            figures = dict(sorted({**held.numbers, **numbers}.items()))
            self._findings[held.name] = replace(held, status=Status.RESOLVED, height=self.height, numbers=figures)

    def finding(self, rule: str, about: str) -> Finding | None:
        """The finding of a rule about something, None where there never was one."""
        name = f"{rule}/{about}"
        found = self._findings.get(name)
        if found is not None:
            return found
        if name in self._memory.findings:
            self._stored[name] = self._memory.findings[name]
        elif name not in self._stored:
            data = None if about in self._new else self._overlay.get(keys.finding(name))
            self._stored[name] = None if data is None else decode_finding(data)
        return self._stored[name]

    # --- notes --------------------------------------------------------------------------------------------------------

    def note(self, sort: Sort, subject: str) -> Any:
        """What is kept of this sort about a subject; what the sort has for none where nothing is."""
        key = keys.finding_note(sort.letter, subject)
        if key in self._notes:
            return self._notes[key]
        if key in self._memory.notes:
            value = self._memory.notes[key]
        else:
            data = None if subject in self._new and sort is not MISSING else self._overlay.get(key)
            value = sort.none if data is None else entries.decode_with(sort.decoder, data)
        self._notes[key] = value
        return value

    def opened(self, number: str) -> None:
        """This block opens a certificate: of its number nothing was found or kept yet, but that it was missing."""
        self._new.add(number)

    def keep(self, sort: Sort, subject: str, value: Any) -> None:
        """Keep this from now on; what the sort has for none is not kept."""
        key = keys.finding_note(sort.letter, subject)
        self._notes[key] = value
        self._changed[key] = value != sort.none

    # --- the agenda ---------------------------------------------------------------------------------------------------

    def remind(self, day: int, letter: str, subject: str) -> None:
        """A rule looks at this again on a later day."""
        self._overlay.put(keys.finding_agenda(max(day, self.today + 1), letter, subject), b"")

    def due(self) -> Iterator[tuple[str, str]]:
        """Rule's letter and subject of what the day brings, in order; taken off the agenda."""
        done, end = self._overlay.get(keys.FINDING_DONE) or b"", keys.day(self.today) + _DONE
        if done >= end:
            return
        taken = 0
        for key, _ in self._store.iterate(keys.FINDING_AGENDA, after=done, limit=MAX_DUE_FINDINGS):
            if key >= end:
                break
            taken += 1
            done = key
            self._overlay.delete(keys.FINDING_AGENDA + key)
            rest = key[keys.DAY_BYTES :].decode()
            yield rest[:1], rest[1:]
        self._overlay.put(keys.FINDING_DONE, done if taken == MAX_DUE_FINDINGS else end)

    # --- figures of the state -----------------------------------------------------------------------------------------

    def quarter(self, code: str, flow: str, quarter: str) -> tuple[int, int]:
        """Certificates and points of a quarter's trade before this block's records: asked for by what a day brings."""
        key = keys.quarter(code, keys.FLOW_LETTERS[flow], quarter)
        cells = quarterly.read(self._store.iterate(key))
        return self.view.state.trade.quarter(code, flow, quarter).certificates, sum(cell.points for _, _, cell in cells)

    def takers(self, number: str) -> tuple[str, ...]:
        """The certificates that have taken carats from one, ascending; costs what the block has written so far."""
        prefix = keys.claims(number)
        found = {key for key, _ in self._store.iterate(prefix)}
        for key, value in self._overlay.writes():
            if key.startswith(prefix):
                (found.discard if value is None else found.add)(key[len(prefix) :])
        return tuple(key.decode() for key in sorted(found))

    # --- parameters ---------------------------------------------------------------------------------------------------

    def parameter(self, name: str) -> int:
        """A threshold's value on the block's day."""
        value = self._parameters.get(name)
        if value is None:
            value = self._parameters[name] = self.view.parameter(name)
        return value

    # --- the end ------------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Hands everything to the block's overlay."""
        put, delete = self._overlay.put, self._overlay.delete
        for key, something in self._changed.items():
            if something:
                put(key, entries.encode(self._notes[key]))
            else:
                delete(key)
        for name, found in self._findings.items():
            before = self._stored.get(name)
            if before is None or _listing(before) != _listing(found):
                for place in () if before is None else places(before):
                    delete(place)
                for place in places(found):
                    put(place, name.encode())
            put(keys.finding(name), entries.encode(found))
        if self._count >= 0:
            put(keys.FINDING_COUNT, self._count.to_bytes(_COUNT_BYTES, "big"))

    def remember(self) -> None:
        """The block's batch is in the store."""
        self._memory.take(self._notes, self._stored | self._findings)

    def _next(self) -> int:
        if self._count < 0:
            data = self._overlay.get(keys.FINDING_COUNT)
            if data is not None and len(data) != _COUNT_BYTES:
                raise StoreError(f"a count of findings of {len(data)} bytes")
            self._count = 0 if data is None else int.from_bytes(data, "big")
        self._count += 1
        return self._count - 1


def _listing(finding: Finding) -> tuple[Status, Severity, tuple[str, ...]]:
    """What its places in the lists depend on."""
    return finding.status, finding.severity, finding.subjects
