"""What the ledger answers about findings: pages in the order in which they were first seen, the newest at the top.

A page is read off the ordered indexes of the filters given (`lists`), one for each status and severity that it may hold: it
costs the same at any size of the ledger. What names a certificate is one list, and is not filtered.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from ledger import keys
from ledger.entries import Head
from ledger.errors import StoreError
from ledger.findings import lists
from ledger.findings.entries import Finding, Severity, Status, decode_finding
from ledger.limits import MAX_PAGE
from ledger.store import Reads


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Findings of a list at one head, and the `cursor` that asks for what follows; None at the end."""

    head: Head
    rows: tuple[Finding, ...]
    cursor: int | None


def read_page(
    at: Reads,
    head: Head,
    rule: str,
    participant: str,
    status: Status | None,
    severity: Severity | None,
    cursor: int | None,
    limit: int,
) -> FindingPage:
    """A page of the findings that pass the filters (empty: any), those before the serial `cursor`.

    Raises:
        StoreError: what is read is damaged.
    """
    return _page(at, head, lists.prefixes(rule, participant, status, severity), cursor, limit)


def read_certificate(at: Reads, head: Head, number: str, cursor: int | None, limit: int) -> FindingPage:
    """The same of the findings that name a certificate; most have none."""
    if not at.holds(keys.certificate_findings(number)):
        return FindingPage(head, (), None)
    return _page(at, head, (keys.certificate_findings(number),), cursor, limit)


def read_by_name(at: Reads, after: str, limit: int) -> list[Finding]:
    """Findings whose names follow this one, in the order of their names: each once, whatever becomes of it meanwhile."""
    rows = at.iterate(keys.FINDINGS, after=after.encode(), limit=max(1, min(limit, MAX_PAGE)))
    return [decode_finding(data) for _, data in rows]


def read_one(at: Reads, name: str) -> Finding | None:
    """The finding of this name (`rule/about`), None where there is none."""
    data = at.get(keys.finding(name))
    return None if data is None else decode_finding(data)


def _page(at: Reads, head: Head, prefixes: Sequence[bytes], cursor: int | None, limit: int) -> FindingPage:
    limit = max(1, min(limit, MAX_PAGE))
    after = b"" if cursor is None else keys.position(cursor)
    found = [at.iterate(prefix, after=after, reverse=True) for prefix in prefixes]
    merged = found[0] if len(found) == 1 else heapq.merge(*found, reverse=True)
    names = [name.decode() for _, name in islice(merged, limit + 1)]
    rows = tuple(_listed(at, name) for name in names[:limit])
    return FindingPage(head, rows, rows[-1].serial if len(names) > limit else None)


def _listed(at: Reads, name: str) -> Finding:
    found = read_one(at, name)
    if found is None:
        raise StoreError(f"{name} is on a list of findings and has no entry")
    return found
