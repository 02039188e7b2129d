"""The chain of custody of a certificate: upstream where its carats came from, downstream who took carats from it.

Rules:
1. A chain is a directed acyclic graph of certificates. A *taking* is one of its edges: points that a certificate took from one
   of its sources. Upstream ends at certificates without sources (production, or goods of which no source is named),
   downstream at those from which nobody took anything.
2. What no source of a certificate covers is its *unattributed* rest.
3. A chain is followed nearest first, and no further than `MAX_CHAIN_CERTIFICATES` and `MAX_CHAIN_TAKINGS` reach. What was not
   followed is told for each certificate, in points, and the chain is marked as cut: nothing is left out in silence.
4. All of it is read from one state of the store.

Reading a chain takes about 25 us a certificate, so a long one is followed in steps: between two, others may work. Sources are
read from the issue's record: an index of them would save half of that and cost every block. Reference: 2-records.md,
"Custody and the carat balance".
"""

from collections import deque
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from msgspec import Struct

from ledger import entries, keys
from ledger.bodies import Line, PaperImportBody, Source, StatedBody
from ledger.entries import CertificateEntry, CertificateState, Head, issuer_of
from ledger.errors import StoreError
from ledger.leaves import read_accepted, read_head
from ledger.limits import MAX_CHAIN_CERTIFICATES, MAX_CHAIN_TAKINGS
from ledger.store import Reads
from ledger.units import Points

_LOOKS_A_STEP: Final = 100
"""Neighbours looked at between two steps: about 2 ms."""

T = TypeVar("T")


class Direction(StrEnum):
    """Which way a chain is followed."""

    UP = "up"
    DOWN = "down"


class Link(Struct, frozen=True, gc=False):
    """A certificate of a chain; weights in points.

    Attributes:
        state: what became of it: points that were claimed by a certificate that is void do not travel.
        type: `export`, `re-export` or `paper`.
        points: weight as issued.
        measured: weight that arrived, None without an outcome that counts.
        claimed: weight that later certificates took from it, in this chain or not.
        index: leaf of its issue.
        level: takings between it and the certificate asked for, by the shortest way.
        lines: what its issuer states of it.
        sources: what it took from earlier certificates, in this chain or not.
    """

    number: str
    issuer: str
    destination: str
    state: CertificateState
    type: str
    issued: str
    points: Points
    measured: Points | None
    claimed: Points
    index: int
    level: int
    lines: tuple[Line, ...]
    sources: tuple[Source, ...]

    @property
    def unattributed(self) -> Points:
        """The weight that none of its sources covers."""
        return Points(self.points - sum(source.points for source in self.sources))


class Taking(Struct, frozen=True, gc=False):
    """Points that the certificate `number` took from the certificate `source`."""

    source: str
    number: str
    points: Points


@dataclass(frozen=True, slots=True)
class Chain:
    """A certificate's chain in one direction.

    Attributes:
        links: the certificate asked for, then the others, the nearest first.
        takings: between links of this chain, in the order in which they were followed.
        beyond: by number the points that a link took (upstream), or that were taken from it (downstream), by takings that are
            not in this chain; only links that have such.
    """

    direction: Direction
    links: tuple[Link, ...]
    takings: tuple[Taking, ...]
    beyond: Mapping[str, Points]

    @property
    def cut(self) -> bool:
        """Whether the chain goes on where this one ends."""
        return bool(self.beyond)


@dataclass(frozen=True, slots=True)
class Custody:
    """A certificate's chains at one head, of the directions asked for."""

    head: Head
    number: str
    up: Chain | None
    down: Chain | None


Steps = Generator[None, None, T]
"""Work that may be interrupted wherever it yields, and returns a T."""


def finish(steps: "Steps[T]") -> T:
    """The work without interruption."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result


def follow(at: Reads, number: str, *, up: bool = True, down: bool = True) -> "Steps[Custody | None]":
    """A certificate's chains, None where there is no such certificate.

    Raises:
        StoreError: what is read is damaged.
    """
    head = read_head(at)
    if at.get(keys.certificate(number)) is None:
        return None
    above = (yield from _follow(at, number, Direction.UP)) if up else None
    below = (yield from _follow(at, number, Direction.DOWN)) if down else None
    return Custody(head, number, above, below)


def _follow(at: Reads, number: str, direction: Direction) -> Steps[Chain]:
    links = {number: _link(at, number, 0)}
    takings: list[Taking] = []
    beyond: dict[str, Points] = {}
    coming = deque(links.values())
    left = MAX_CHAIN_TAKINGS
    while coming:
        here = coming.popleft()
        taken = 0
        for other, points in _neighbours(at, here, direction, left):
            left -= 1
            if left % _LOOKS_A_STEP == 0:
                yield
            if other not in links:
                if len(links) == MAX_CHAIN_CERTIFICATES:
                    continue
                links[other] = _link(at, other, here.level + 1)
                coming.append(links[other])
            takings.append(_taking(here.number, other, points, direction))
            taken += points
        rest = (here.points - here.unattributed if direction is Direction.UP else here.claimed) - taken
        if rest > 0:
            beyond[here.number] = Points(rest)
    return Chain(direction, tuple(links.values()), tuple(takings), beyond)


def _neighbours(at: Reads, link: Link, direction: Direction, limit: int) -> Iterable[tuple[str, int]]:
    """The certificates next to one in a direction, with the points that were taken; at most so many."""
    if direction is Direction.UP:
        return ((source.number, source.points) for source in link.sources[:limit])
    claims = at.iterate(keys.claims(link.number), limit=limit)
    return ((number.decode(), int.from_bytes(points, "big")) for number, points in claims)


def _taking(here: str, other: str, points: int, direction: Direction) -> Taking:
    source, number = (other, here) if direction is Direction.UP else (here, other)
    return Taking(source, number, Points(points))


def _link(at: Reads, number: str, level: int) -> Link:
    data = at.get(keys.certificate(number))
    if data is None:
        raise StoreError(f"{number} is a source or a claim and has no entry")
    entry = entries.decode_certificate(data)
    lines, sources = _stated(at, entry)
    return Link(
        number=number,
        issuer=issuer_of(number),
        destination=entry.destination,
        state=entry.state,
        type=entry.kind,
        issued=entry.issued,
        points=Points(sum(entry.points)),
        measured=Points(entry.measured) if entry.state in entries.SOURCE_STATES else None,
        claimed=Points(entry.claimed),
        index=entry.index,
        level=level,
        lines=lines,
        sources=sources,
    )


def _stated(at: Reads, entry: CertificateEntry) -> tuple[tuple[Line, ...], tuple[Source, ...]]:
    """What the issuer states of goods and sources; raises StoreError when that record is missing or damaged."""
    for record_id in reversed(entry.records):
        body = read_accepted(at, record_id).body
        if isinstance(body, StatedBody):
            return body.lines, () if entry.state in entries.GOODS_REMAIN else body.sources
        if isinstance(body, PaperImportBody):
            return body.lines, ()
    return (), ()
