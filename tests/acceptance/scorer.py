"""Compares what the ledger found with what was made to happen."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ledger.findings import Finding
from ledger.limits import MAX_PAGE
from ledger.state import Ledger
from tests.acceptance.stage import Stage


@dataclass(frozen=True, slots=True)
class Row:
    """One rule's score; `missed` and `false` name the findings."""

    rule: str
    planted: int
    found: int
    near: int
    near_found: int
    honest: int
    honest_found: int
    missed: tuple[str, ...]
    false: tuple[str, ...]


def all_findings(ledger: Ledger) -> Iterator[Finding]:
    """Every finding there ever was, resolved ones too, page by page."""
    cursor = None
    while True:
        page = ledger.findings(cursor=cursor, limit=MAX_PAGE)
        yield from page.rows
        if page.cursor is None:
            return
        cursor = page.cursor


def score(stage: Stage, rules: Iterable[str]) -> list[Row]:
    """A row for each of these rules."""
    found: dict[str, set[str]] = defaultdict(set)
    for finding in all_findings(stage.world.ledger):
        found[finding.rule].add(finding.about)
    rows = []
    for rule in rules:
        truth, abouts = stage.truth, found[rule]
        planted, honest, near = truth.planted[rule], truth.honest[rule], set(truth.near[rule])
        false = abouts - planted - honest - truth.possible[rule]
        rows.append(
            Row(
                rule,
                len(planted),
                len(planted & abouts),
                len(truth.near[rule]),
                len(near & false),
                len(honest),
                len(honest & abouts),
                tuple(sorted((planted | honest) - abouts)),
                tuple(sorted(false)),
            )
        )
    return rows
