"""What a record made of a certificate: as it was, as it is.

One place knows the kinds of records that change certificates. A rule sees what is true before and after, and asks for the
record only where it wants what that one states (`outcome`, `stated`).
"""

from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from ledger.bodies import CloseBody, ConfirmBody, IssueBody, Line, PaperConfirmBody, PaperImportBody, StatedBody
from ledger.entries import GOODS_REMAIN, CertificateEntry, issuer_of
from ledger.errors import StoreError
from ledger.findings.book import LOT, Book
from ledger.findings.entries import Lot
from ledger.record import Record
from ledger.units import day_number

ZONE: Final = "/"
"""Between a country and its zone."""

_ABOUT_CERTIFICATES: Final = StatedBody | ConfirmBody | PaperConfirmBody | PaperImportBody | CloseBody


@dataclass(frozen=True, slots=True)
class Change:
    """A certificate before and after a record.

    Attributes:
        number, issuer: of the certificate.
        record: the one that changed it.
        entry: the certificate as the state has it now.
        before: as findings last saw it; None when this record opened it.
        after: as it is.
    """

    number: str
    issuer: str
    record: Record
    entry: CertificateEntry
    before: Lot | None
    after: Lot

    @property
    def stated(self) -> StatedBody | None:
        """What the issuer states by this record, at first or anew."""
        return self.record.body if isinstance(self.record.body, StatedBody) else None

    @property
    def outcome(self) -> ConfirmBody | PaperConfirmBody | None:
        """The outcome that this record states, at first or corrected."""
        return self.record.body if isinstance(self.record.body, ConfirmBody | PaperConfirmBody) else None

    @property
    def opened(self) -> bool:
        """Whether the issuer opened it by this record."""
        return isinstance(self.record.body, IssueBody)


def change_of(book: Book, record: Record) -> Change | None:
    """The change that an accepted record has made, which becomes what was before the next one; None for other records.

    Raises:
        StoreError: findings do not know a certificate that is on the ledger.
    """
    body = record.body
    if not isinstance(body, _ABOUT_CERTIFICATES):
        return None
    entry = book.view.state.certificate(body.number)
    if isinstance(body, IssueBody | PaperImportBody):
        book.opened(body.number)
    before: Lot | None = book.note(LOT, body.number)
    if entry is None or (before is None and not isinstance(body, IssueBody | PaperImportBody)):
        raise StoreError(f"nothing is kept for findings of {body.number}")
    after = _after(book, before, entry, record)
    book.keep(LOT, body.number, after)
    return Change(body.number, issuer_of(body.number), record, entry, before, after)


def _after(book: Book, before: Lot | None, entry: CertificateEntry, record: Record) -> Lot:
    body = record.body
    if isinstance(body, StatedBody):
        same = before is not None and before.destination == body.destination
        return Lot(
            since=before.since if before is not None and same else book.today,
            destination=body.destination,
            issued=day_number(body.issued),
            validated=day_number(body.validated),
            points=body.points,
            origins=_origins(body.lines),
            paper=False,
            exported=True,
            sources=tuple((source.number, source.points) for source in body.sources),
        )
    if isinstance(body, PaperImportBody):
        return Lot(
            since=book.today,
            destination=record.author,
            issued=day_number(body.issued),
            validated=day_number(body.issued),
            points=body.points,
            origins=_origins(body.lines),
            paper=True,
            exported=False,
            outcome="confirmed",
            measured=body.points,
            received=day_number(body.received),
        )
    assert before is not None, "only what opens a certificate has none before"
    if isinstance(body, CloseBody):
        kept = entry.state not in GOODS_REMAIN
        return replace(before, exported=kept, sources=before.sources if kept else ())
    assert isinstance(body, ConfirmBody | PaperConfirmBody), "no other kind changes a certificate"
    heard = isinstance(body, PaperConfirmBody)
    received = day_number(body.received)
    return replace(before, outcome=str(body.outcome), heard=heard, measured=entry.measured, received=received)


def _origins(lines: tuple[Line, ...]) -> tuple[tuple[tuple[str, ...], int], ...]:
    sums: dict[tuple[str, ...], int] = {}
    for line in lines:
        origin = (line.origin[0] + ZONE + line.zone,) if line.zone and len(line.origin) == 1 else line.origin
        sums[origin] = sums.get(origin, 0) + line.points
    return tuple(sorted(sums.items()))
