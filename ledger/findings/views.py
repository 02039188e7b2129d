"""What the ledger answers about findings: pages in the order in which they were first seen, the newest at the top.

A page is read off one ordered index of the filters given, or two when the status does not matter: it costs the same at any size
of the ledger.
"""

import heapq
from dataclasses import dataclass
from itertools import islice

from ledger import keys
from ledger.entries import Head
from ledger.errors import StoreError
from ledger.findings.entries import STATUSES, Finding, Status, decode_finding
from ledger.limits import MAX_PAGE
from ledger.store import Reads


@dataclass(frozen=True, slots=True)
class FindingPage:
    """Findings of a list at one head, and the `cursor` that asks for what follows; None at the end."""

    head: Head
    rows: tuple[Finding, ...]
    cursor: int | None


def read_page(
    at: Reads, head: Head, rule: str, participant: str, status: Status | None, cursor: int | None, limit: int
) -> FindingPage:
    """A page of the findings that pass the filters (empty: any), those before the serial `cursor`.

    Raises:
        StoreError: what is read is damaged.
    """
    limit = max(1, min(limit, MAX_PAGE))
    after = b"" if cursor is None else keys.position(cursor)
    numbers = range(len(STATUSES)) if status is None else (STATUSES.index(status),)
    lists = [at.iterate(keys.findings(rule, participant, number), after=after, reverse=True) for number in numbers]
    names = [name.decode() for _, name in islice(heapq.merge(*lists, reverse=True), limit + 1)]
    rows = tuple(_listed(at, name) for name in names[:limit])
    return FindingPage(head, rows, rows[-1].serial if len(names) > limit else None)


def read_by_name(at: Reads, after: str, limit: int) -> list[Finding]:
    """Findings whose names follow this one, in the order of their names: each once, whatever becomes of it meanwhile."""
    rows = at.iterate(keys.FINDINGS, after=after.encode(), limit=max(1, min(limit, MAX_PAGE)))
    return [decode_finding(data) for _, data in rows]


def read_one(at: Reads, name: str) -> Finding | None:
    """The finding of this name (`rule/about`), None where there is none."""
    data = at.get(keys.finding(name))
    return None if data is None else decode_finding(data)


def _listed(at: Reads, name: str) -> Finding:
    found = read_one(at, name)
    if found is None:
        raise StoreError(f"{name} is on a list of findings and has no entry")
    return found
