"""Days for a `World`: records dated from the world's own day, and the findings that stand after a block.

days.at(world, "2026-07-01")              # noon of that day; the next block is of it
issue = days.issue(world, "BW0000001")    # issued and validated that day, valid for 50 days
world.accept(issue)
world.accept(days.confirm(world, issue))  # received that day
days.found(world, "discrepancy")          # {"BW0000001": Finding(...)}
"""

from ledger.findings import Finding, Status
from ledger.record import Record
from ledger.units import DAY_MS, block_date, date_of, day_number
from tests.support.world import World

_NOON = DAY_MS // 2
_VALID_DAYS = 50


def at(world: World, date: str) -> None:
    """The world's next record and block are of noon of this day, or of later on it when it is that day already."""
    world.now = max(world.now, day_number(date) * DAY_MS + _NOON)


def pass_to(world: World, date: str) -> None:
    """An empty block of this day."""
    at(world, date)
    world.block()


def today(world: World) -> str:
    """The world's day."""
    return block_date(world.now)


def issue(world: World, number: str, points: int = 12_000, origin: tuple[str, ...] = ("BW",), **changes: object) -> Record:
    """A certificate of the world's day with one line."""
    zone = str(changes.pop("zone", ""))
    fields: dict[str, object] = {
        "issued": today(world),
        "validated": today(world),
        "expires": date_of(day_number(today(world)) + _VALID_DAYS),
        "lines": (world.line(points, "710231", origin, zone),),
    }
    if changes.get("sources"):
        fields["type"] = "re-export"
    return world.issue(number=number, **(fields | changes))


def confirm(world: World, of: Record, **changes: object) -> Record:
    """Its outcome, received on the world's day."""
    return world.confirm(of, **({"received": today(world)} | changes))


def trade(world: World, number: str, points: int = 12_000, origin: tuple[str, ...] = ("BW",), **changes: object) -> Record:
    """A certificate that is issued and confirmed within two blocks of a day."""
    made = issue(world, number, points, origin, **changes)
    world.accept(made)
    world.accept(confirm(world, made))
    return made


def found(world: World, rule: str, status: Status | None = Status.OPEN) -> dict[str, Finding]:
    """The findings of a rule in this status (None: any) by what they are about."""
    rows: list[Finding] = []
    page = world.ledger.findings(rule=rule, status=status)
    rows += page.rows
    while page.cursor is not None:
        page = world.ledger.findings(page.cursor, rule=rule, status=status)
        rows += page.rows
    return {row.about: row for row in rows}
