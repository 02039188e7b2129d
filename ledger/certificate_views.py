"""What the ledger answers about certificates, read from one state of the store.

Lists are read off one ordered index, as `ledger.views` says; a certificate is shown with all its records.
"""

import heapq
from collections.abc import Callable
from itertools import islice

from ledger import entries, keys, totals
from ledger.answers import CertificateRow, CertificateView, Claim, Page
from ledger.bodies import Body, ConfirmBody, PaperImportBody, StatedBody
from ledger.entries import STATE_NUMBER, STATES, CertificateEntry, CertificateState, Head, issuer_of
from ledger.errors import StoreError
from ledger.findings import views as finding_views
from ledger.limits import MAX_PAGE, MAX_SHOWN_FINDINGS
from ledger.store import Reads
from ledger.units import Points


def read_one(at: Reads, head: Head, number: str, said_by: Callable[[bytes], Body]) -> CertificateView | None:
    """Everything about the certificate of this number, None where there is none; `said_by` has what a record says."""
    data = at.get_likely(keys.certificate(number))
    if data is None:
        return None
    entry = entries.decode_certificate(data)
    bodies = [said_by(record_id) for record_id in entry.records]
    return CertificateView(
        head=head,
        row=_row(number, entry),
        issue=next((body for body in reversed(bodies) if isinstance(body, StatedBody)), None),
        paper=next((body for body in bodies if isinstance(body, PaperImportBody)), None),
        beside=_beside(at, number),
        outcome=next((body for body in reversed(bodies) if isinstance(body, ConfirmBody)), None),
        records=entry.records,
        heights=entry.heights,
        claims=_claims(at, number) if entry.claimed else (),
        findings=finding_views.read_certificate(at, head, number, None, MAX_SHOWN_FINDINGS),
    )


def read_page(
    at: Reads,
    head: Head,
    issuer: str,
    destination: str,
    state: CertificateState | None,
    cursor: int | None,
    limit: int,
    *,
    newest_first: bool,
) -> Page:
    """A page of the certificates that pass the filters (empty: any), in the log's order."""
    limit = max(1, min(limit, MAX_PAGE))
    after = b"" if cursor is None else keys.position(cursor)
    # a list that is empty costs most: its end is found behind all that was taken off the list that follows
    numbers = (STATE_NUMBER[state],) if state else [number for number in range(len(STATES)) if _count(at, number)]
    prefixes = [keys.listing(issuer, destination, number) for number in numbers]
    lists = [at.iterate(prefix, after=after, reverse=newest_first) for prefix in prefixes]
    merged = list(islice(lists[0] if state else heapq.merge(*lists, reverse=newest_first), limit + 1))
    rows = tuple(_listed(at, number.decode()) for _, number in merged[:limit])
    return Page(head, rows, rows[-1].index if len(merged) > limit else None)


def _count(at: Reads, state: int) -> int:
    """How many certificates are in a state."""
    return totals.read_count(at.get(keys.count(state)))


def _listed(at: Reads, number: str) -> CertificateRow:
    data = at.get_likely(keys.certificate(number))
    if data is None:
        raise StoreError(f"{number} is on a list and has no entry")
    return _row(number, entries.decode_certificate(data))


def _claims(at: Reads, number: str) -> tuple[Claim, ...]:
    found = at.iterate(keys.claims(number), limit=MAX_PAGE)
    return tuple(Claim(key.decode(), Points(int.from_bytes(value, "big"))) for key, value in found)


def _beside(at: Reads, number: str) -> tuple[bytes, ...]:
    """The newest records beside a certificate, in the log's order."""
    prefix = keys.beside(number)
    if not at.holds(prefix):
        return ()
    newest = at.iterate(prefix, limit=MAX_PAGE, reverse=True)
    return tuple(record_id for _, record_id in newest)[::-1]


def _row(number: str, entry: CertificateEntry) -> CertificateRow:
    arrived = entry.state in entries.SOURCE_STATES
    return CertificateRow(
        number=number,
        issuer=issuer_of(number),
        destination=entry.destination,
        state=entry.state,
        type=entry.kind,
        issued=entry.issued,
        expires=entry.expires,
        parcels=entry.parcels,
        points=Points(sum(entry.points)),
        measured=Points(entry.measured) if arrived else None,
        claimed=Points(entry.claimed),
        late=entry.late,
        index=entry.index,
    )
