"""Findings on the ledger of `tests.support.world`: days that pass, thresholds that are small, what is found.

with finding_world(path, drift_outcomes=3) as world:
    first = issue(world, "BW0000001")         # today, to AE, 100.00 ct of BW in one line
    world.accept(first)
    pass_days(world, 31)
    state(world, "unconfirmed/BW0000001")      # ("medium", "open")
"""

from msgspec.structs import asdict

from ledger.bodies import (
    ConfirmLine,
    CorrectBody,
    PositionBody,
    ProposeBody,
    StockBody,
)
from ledger.bodies.reports import StockLine
from ledger.findings import Finding
from ledger.record import Record
from ledger.units import block_date, date_of, day_number
from tests.support import changes as changes_of
from tests.support.world import DAY_MS, START, World, genesis


def finding_world(path, participants=None, **parameters: int) -> World:
    """A new ledger with these parameters (`drift_outcomes` for `drift-outcomes`); two adopt a proposal."""
    given = {name.replace("_", "-"): value for name, value in ({"plenary_support": 2} | parameters).items()}
    changes = {} if participants is None else {"participants": participants}
    return World.make(path / "db", genesis(parameters=given, **changes))


# --- days ---------------------------------------------------------------------------------------------------------------------


def today(world: World) -> str:
    return block_date(world.now)


def begin(world: World, date: str) -> None:
    """From now on it is noon of this day; nothing is written."""
    world.now = day_number(date) * DAY_MS + START % DAY_MS + 2_000


def pass_days(world: World, days: int) -> None:
    """So many days later there is a block without records."""
    begin(world, date_of(day_number(today(world)) + days))
    world.block()


# --- records ------------------------------------------------------------------------------------------------------------------


def issue(world: World, number: str = "BW0000001", *, points: int = 10_000, days_ago: int = 0, **changes: object) -> Record:
    """A certificate of today, valid for 45 days, of one line of the issuer's own goods."""
    day = day_number(today(world)) - days_ago
    origin = changes.pop("origin", (number[:2],))
    fields = {
        "number": number,
        "issued": date_of(day),
        "validated": date_of(day),
        "expires": date_of(day + 45),
        "lines": (world.line(points, "710231", origin),),
        "type": "re-export" if changes.get("sources") else "export",
    }
    return world.issue(**(fields | changes))


def outcome(world: World, issued: Record, points: int | None = None, **changes: object) -> Record:
    """The destination's outcome of today; `discrepancy` where it measured other points than were issued."""
    fields: dict[str, object] = {"received": today(world)}
    if points is not None and points != issued.body.points:
        fields |= {"lines": (ConfirmLine(world.commitment(), "710231", points),), "outcome": "discrepancy"}
    return world.confirm(issued, **(fields | changes))


def arrive(world: World, number: str, points: int = 10_000, measured: int | None = None, **changes: object) -> Record:
    """Issues a certificate and, the day after, takes it in; gives the issue."""
    issued = issue(world, number, points=points, **changes)
    world.accept(issued)
    begin(world, date_of(day_number(today(world)) + 1))
    world.accept(outcome(world, issued, measured))
    return issued


def amend(world: World, issued: Record, answers: Record | None = None, /, **changes: object) -> Record:
    """All of a certificate anew, with these changes; it answers the certificate's newest record."""
    return changes_of.amended(world, issued, (answers or issued).id, **changes)


def correct(world: World, issued: Record, answers: Record, points: int | None = None, /, **changes: object) -> Record:
    """The outcome anew."""
    body = asdict(outcome(world, issued, points, **changes).body) | {"answers": answers.id}
    return world.sign("import.correct", CorrectBody(**body), issued.body.destination)


def close(world: World, number: str, reason: str = "void") -> Record:
    return changes_of.closed(world, number, reason, f"{number[:2]}9999999" if reason == "replaced-by" else "")


def paper_import(world: World, number: str, importer: str, points: int = 10_000, **changes: object) -> Record:
    """An import on paper of today, of the issuer's goods, although that one issues here."""
    lines = (world.line(points, "710231", (number[:2],)),)
    fields = {"issued": today(world), "received": today(world), "lines": lines, "reason": "outage"}
    return changes_of.paper(world, number, importer, **(fields | changes))


def paper_confirm(world: World, issued: Record, points: int | None = None, **changes: object) -> Record:
    """An outcome that came back on paper today, by the issuer."""
    fields = {"received": today(world)} | ({} if points is None else {"outcome": "discrepancy", "points": points})
    return changes_of.mailed(world, issued, **(fields | changes))


def technical(world: World, number: str, **changes: object) -> Record:
    return changes_of.technical(world, number, **({"destination": "AE", "issued": today(world)} | changes))


def stock(world: World, author: str, points: int) -> Record:
    return world.sign("stock.declare", StockBody("2026-02-28", (StockLine("710231", points),)), author)


# --- decisions ----------------------------------------------------------------------------------------------------------------


def propose(world: World, decision: str, days: int, **changes: object) -> Record:
    """A proposal of BW's that closes in a second, or with `closes_in` days, and holds from `days` later on."""
    closes_in = changes.pop("closes_in", 0)
    fields = {
        "closes": world.now + 1_000 + closes_in * DAY_MS,
        "decision": decision,
        "effective": date_of(day_number(today(world)) + days),
        "procedure": "plenary",
        "title": "A proposal",
    }
    return world.sign("plenary.propose", ProposeBody(**(fields | changes)), "BW")


def support(world: World, proposal: Record, *supporters: str) -> list[Record]:
    """What it takes to adopt it; BW and RU support it, unless others are named."""
    return [world.sign("plenary.position", PositionBody("support", proposal.id), code) for code in supporters or ("BW", "RU")]


def set_parameter(world: World, name: str, value: int, days: int = 0) -> None:
    """The Plenary sets it from so many days later on."""
    proposal = propose(world, "set-parameter", days, parameter=name, value=value)
    world.accept(proposal, *support(world, proposal))
    world.block()
    world.block()
    held = world.ledger.register.parameter(name, date_of(day_number(today(world)) + days))
    assert held == value


# --- what is found ------------------------------------------------------------------------------------------------------------


def finding(world: World, name: str) -> Finding | None:
    """The finding of this name; it stands in the lists as it is."""
    rule, _, about = name.partition("/")
    head, found = world.ledger.finding(rule, about)
    assert head == world.ledger.head
    if found is not None:
        listed = world.ledger.findings(rule=rule, status=found.status, severity=found.severity).rows
        assert found in listed
    return found


def state(world: World, name: str) -> tuple[str, str] | None:
    """Severity and status, None where it was never found."""
    found = finding(world, name)
    return None if found is None else (str(found.severity), str(found.status))


def names(world: World, rule: str = "", **filters: object) -> list[str]:
    """Names of what is found, in the order of being found."""
    return [found.name for found in world.ledger.findings(rule=rule or None, **filters).rows][::-1]
