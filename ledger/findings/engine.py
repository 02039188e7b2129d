"""One block's findings: what the day brings, then what follows from each record. The only place that knows all rules."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from ledger.bodies import (
    EVIDENCE_EQUIVOCATION,
    PARTICIPANT_WITHDRAW,
    PLENARY_PROPOSE,
    PRODUCTION_REPORT,
    RETURN_FILE,
    SEALED_FAULT,
    STOCK_DECLARE,
    TECHNICAL_ISSUE,
)
from ledger.entries import Head
from ledger.findings import conduct, exposure, goods, numbers, outcomes, pace, pairs, returns, stocks, taint, timing
from ledger.findings.book import Book, Memory
from ledger.findings.change import Change, change_of
from ledger.overlay import Overlay
from ledger.record import Record
from ledger.rules.common import View
from ledger.store import Reads

CHANGES: Final[tuple[Callable[[Book, Change], None], ...]] = (
    timing.late_issue,
    timing.unconfirmed,
    outcomes.discrepancy,
    outcomes.drift,
    outcomes.no_receipt_code,
    outcomes.quick_transit,
    outcomes.never_a_discrepancy,
    numbers.number_gap,
    pace.splitting,
    pace.rush,
    goods.circular_custody,
    goods.origin_balance,
    exposure.of_certificate,
    stocks.negative_stock,
    pairs.bilateral_gap,
    numbers.number_range,
    timing.post_verification,
    taint.tainted,
    returns.mismatch,
)
"""Asked of each change of a certificate, in this order, which is that of the serials."""

OTHERS: Final[Mapping[str, tuple[Callable[[Book, Record], None], ...]]] = MappingProxyType(
    {
        TECHNICAL_ISSUE: (numbers.technical, taint.technical),
        PLENARY_PROPOSE: (pace.proposed, exposure.proposed),
        PARTICIPANT_WITHDRAW: (exposure.withdrawn,),
        STOCK_DECLARE: (goods.opening, stocks.opening),
        PRODUCTION_REPORT: (returns.filed, stocks.produced),
        RETURN_FILE: (returns.filed,),
        SEALED_FAULT: (conduct.sealed_fault,),
        EVIDENCE_EQUIVOCATION: (conduct.equivocation,),
    }
)
"""Asked of each record of a kind that changes no certificate."""

DUE: Final[Mapping[str, Callable[[Book, str], None]]] = MappingProxyType(
    {one.LETTER: one.look_again for one in (timing, numbers, exposure, stocks, pairs, taint)}
)
"""Asked of what stands on the agenda, by the letter under which the rule has put it there."""


class Findings:
    """What one block finds. Made before its first record, written into its overlay after the last."""

    __slots__ = ("_book",)

    def __init__(self, view: View, overlay: Overlay, store: Reads, before: Head, memory: Memory) -> None:
        self._book = Book(view, overlay, store, before, memory)

    def due(self) -> None:
        """What the block's day brings, before any of its records."""
        returns.look(self._book)
        for letter, subject in self._book.due():
            DUE[letter](self._book, subject)

    def observe(self, record: Record) -> None:
        """What follows from an accepted record, after its effect."""
        change = change_of(self._book, record)
        if change is not None:
            for rule in CHANGES:
                rule(self._book, change)
        for look in OTHERS.get(record.kind, ()):
            look(self._book, record)

    def write(self) -> None:
        """Hands findings, notes and agenda to the block's overlay."""
        self._book.write()

    def remember(self) -> None:
        """The block's batch is in the store: what it has read stays decoded for the next one."""
        self._book.remember()
