"""Tells a scenario file of tests/data/cases, step by step, on a ledger of its own, and compares what it ends in.

A file is TOML. `case`, `title`, `year`, `happened`, `source` say what happened, `caught` what would have caught it here. Then:

`[participants.XX]`  who takes part beside Botswana, Russia, the EU and the United Arab Emirates: `name`, and where they differ
    from "since 2003, no end, issues and confirms here from then on": `since`, `until`, `issues_from`, `confirms_from` (empty: not
    here), `ranges` ([[year, first, last], ...]), `suspensions` ([[from, until, zone], ...]), `zones` (compliant ones).
`[parameters]`  those of the genesis that are not the defaults.
`[[step]]`  one record, alone in its block at noon of its `day`: `who` signs which `kind`, and the members of an officer's file
    (`tests.support.offices` says what may be left out). `name` lets a later step refer to it. A step that names `refused` is
    refused exactly so, `"*"` standing for any value; every other one is accepted. `kind = "nothing"` lets a day come.
`[[finding]]`  a finding of the ledger: `rule`, `about`, and whichever of `status`, `severity`, `subjects`, `numbers` matter; or
    `found = false`: there is none.
`[[sealed]]`  a finding that a `reader` makes of what is sealed to it (`ledger.appraisal`): the same members.
`[[chain]]`  the chain of custody of a `certificate`: `up`, the numbers of it and of those it comes from, and its `origins`: at
    least, at most and pro rata, in carats.
`[[certificate]]`  a certificate as it stands at the end: `number`, and members of a row of the list; `on_ledger = false`: never
    issued here.
`[[outside]]`  a figure that others publish, held against a sum of this ledger: `what`, `figure`, `sum` and what to sum up
    (`Sums`); `ledger` and `difference` (the ledger's less the other) are what must come out of it.
`[[inspection]]`  how a `participant` inspected what it received: how many `opened`, `risk-selected`, `not-opened`.
`[[inquiry]]`  a question to a `participant` about a `finding`, and its `state`.
`[[remark]]`  what a `reader` finds when it opens a `certificate`: the remarks that were `issued` with it, and those of who
    `measured`, with the values of both.

Days, numbers and carats that a source does not tell are examples.
"""

import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from msgspec.structs import asdict

from ledger.appraisal import Gathering, appraise
from ledger.composition import compose
from ledger.custody import finish
from ledger.errors import Refusal
from ledger.participants import (
    SECRETARIAT,
    Authority,
    CompliantZone,
    NumberRange,
    Participant,
    Role,
    RoleKey,
    Secretariat,
    Suspension,
)
from ledger.record import Submission, parse_record
from ledger.report_entries import InquiryState
from ledger.units import DAY_MS, carats, day_number, value
from tests.support.cases import matches
from tests.support.offices import Offices
from tests.support.world import ROLES, VALIDATORS, World, genesis, public, seal_key

FOLDER = Path(__file__).resolve().parents[1] / "data" / "cases"
NOON_MS = DAY_MS // 2
_BEGIN = "2003-01-01"


def load(file: Path) -> dict:
    """A scenario."""
    return tomllib.loads(file.read_text(encoding="utf-8"))


def make(path: Path, scenario: dict) -> World:
    """The ledger of a scenario, on the day of its first step."""
    named = {code: {"name": code} for code in VALIDATORS} | scenario.get("participants", {})
    first = _noon(scenario["step"][0]["day"])
    made_of = genesis(
        participants=tuple(_participant(code, **about) for code, about in named.items()),
        secretariat=Secretariat(public(f"{SECRETARIAT}/root"), _keys(SECRETARIAT, (Role.AUDIT,)), (seal_key(SECRETARIAT),)),
        time=first - 1_000,
        parameters=scenario.get("parameters", {}),
    )
    world = World.make(path, made_of)
    world.now = first
    return world


def _participant(code: str, **about: object) -> Participant:
    since = about.get("since", _BEGIN)
    return Participant(
        code=code,
        name=about["name"],
        countries=("BE", "DE") if code == "EU" else (code,),
        root=public(f"{code}/root"),
        since=since,
        until=about.get("until", ""),
        issues_from=about.get("issues_from", since),
        confirms_from=about.get("confirms_from", since),
        suspensions=tuple(Suspension(*span) for span in about.get("suspensions", ())),
        compliant_zones=tuple(CompliantZone(zone) for zone in about.get("zones", ())),
        validity_days=0,
        authorities=(Authority(f"Authority of {code}", _keys(code, ROLES)),),
        seals=(seal_key(code),),
        ranges=tuple(NumberRange(*span) for span in about.get("ranges", ())),
    )


def _keys(code: str, roles: tuple[Role, ...]) -> tuple[RoleKey, ...]:
    return tuple(RoleKey(public(f"{code}/{role}"), (role,), _BEGIN) for role in roles)


def _noon(day: str) -> int:
    return day_number(day) * DAY_MS + NOON_MS


def tell(world: World, scenario: dict) -> Offices:
    """Takes each step; asserts of each what the file says of it."""
    offices = Offices(world)
    for number, step in enumerate(scenario["step"], 1):
        given = dict(step)
        day, who, kind = given.pop("day"), given.pop("who", ""), given.pop("kind")
        name, refused = given.pop("name", f"step {number}"), given.pop("refused", None)
        world.now = max(world.now, _noon(day))
        if kind == "nothing":
            world.block()
            continue
        made = offices.write(kind, who, day, given)
        problem = _take(world, made)
        where = f"step {number} ({kind} of {who}, {datetime.fromtimestamp(world.now / 1_000, UTC):%Y-%m-%d})"
        if refused is None:
            assert problem is None, f"{where} is refused: {problem}"
            offices.ids[name] = made.record.id.hex()
        else:
            assert problem is not None, f"{where} is accepted"
            assert matches(problem, refused), f"{where} is refused so: {problem}"
    return offices


def _take(world: World, made: Submission) -> dict | None:
    """Asks for admission, then applies a block with it: both say the same. The problem, None when it is accepted."""
    world.ledger.keep_bodies([made])
    try:
        world.ledger.check(made.record, world.now)
    except Refusal as refusal:
        problem = refusal.problem()
    else:
        problem = None
    (judgement,) = world.block(made.record).judgements
    assert (judgement.refusal and judgement.refusal.problem()) == problem
    return problem


# --- what it ends in --------------------------------------------------------------------------------------------------


def compare(world: World, offices: Offices, scenario: dict) -> int:
    """Asserts all that the file says of the end; how many things that were."""
    told = {"finding": _finding, "certificate": _certificate, "chain": _chain, "inspection": _inspection, "inquiry": _inquiry}
    for section, judge in told.items():
        for expected in scenario.get(section, ()):
            judge(world, dict(expected))
    for expected in scenario.get("outside", ()):
        _outside(Sums(world), dict(expected))
    for expected in scenario.get("remark", ()):
        _remark(world, offices, **expected)
    for expected in scenario.get("sealed", ()):
        _sealed(world, offices, dict(expected))
    refusals = sum("refused" in step for step in scenario["step"])
    return refusals + sum(len(scenario.get(section, ())) for section in (*told, "outside", "remark", "sealed"))


def _finding(world: World, expected: dict) -> None:
    rule, about = expected.pop("rule"), expected.pop("about")
    _, found = world.ledger.finding(rule, about)
    if not expected.pop("found", True):
        assert found is None, f"{rule}/{about} was found"
        return
    assert found is not None, f"{rule}/{about} was not found, but {[row.name for row in world.ledger.findings().rows]}"
    shown = asdict(found) | {"subjects": list(found.subjects)}
    numbers = expected.pop("numbers", {})
    assert {name: shown[name] for name in expected} == expected
    assert {name: found.numbers.get(name) for name in numbers} == numbers, found.numbers


def _certificate(world: World, expected: dict) -> None:
    held = world.ledger.certificate(expected.pop("number"))
    if not expected.pop("on_ledger", True):
        assert held is None
        return
    row = held.row
    shown = {name: getattr(row, name) for name in row.__slots__}
    shown |= {"carats": carats(row.points), "measured": carats(row.measured or 0), "claimed": carats(row.claimed)}
    shown |= {"records": len(held.records), "beside": len(held.beside)}
    assert {name: shown[name] for name in expected} == expected


def _inspection(world: World, expected: dict) -> None:
    who = expected.pop("participant")
    rows = world.ledger.certificates(destination=who).rows
    outcomes = [held.outcome for row in rows if (held := world.ledger.certificate(row.number)).outcome is not None]
    assert Counter(outcome.inspection for outcome in outcomes) == Counter(expected)


def _inquiry(world: World, expected: dict) -> None:
    page = world.ledger.inquiries(InquiryState(expected["state"]), participant=expected["participant"])
    bodies = [parse_record(world.ledger.record(row.id)[0]).body for row in page.rows]
    assert expected["finding"] in [body.finding for body in bodies]


def _chain(world: World, expected: dict) -> None:
    chain = finish(world.ledger.custody(expected["certificate"], down=False)).up
    assert [link.number for link in chain.links] == expected["up"], [link.number for link in chain.links]
    found = finish(compose(chain))
    shares = {
        share.country: [carats(points) for points in (share.lowest, share.highest, share.pro_rata)]
        for share in found.shares
        if not share.zone
    }
    assert shares == expected["origins"], shares


def _sealed(world: World, offices: Offices, expected: dict) -> None:
    gathering, reader = Gathering(), expected.pop("reader")
    for record in world.log():
        try:
            _, fields, cents = offices.opened(reader, record.id)
        except Refusal:
            fields, cents = None, None
        gathering.take(record, fields, cents)
    found = {
        (one.rule, one.about): one
        for one in appraise(gathering.consignments.values(), gathering.production, world.ledger.genesis.parameters)
    }
    rule, about = expected.pop("rule"), expected.pop("about")
    if not expected.pop("found", True):
        assert (rule, about) not in found
        return
    one = found[rule, about]
    numbers = expected.pop("numbers", {})
    shown = {"severity": str(one.severity), "subjects": list(one.subjects)}
    assert {name: shown[name] for name in expected} == expected
    assert {name: one.numbers.get(name) for name in numbers} == numbers, one.numbers


def _remark(world: World, offices: Offices, reader: str, certificate: str, **expected: str) -> None:
    issue, outcome = (offices.opened(reader, record_id) for record_id in world.ledger.certificate(certificate).records)
    shown = {"issued": issue[1]["remarks"], "measured": outcome[1]["remarks"]}
    shown |= {"issued_value": value(sum(issue[2])), "measured_value": value(sum(outcome[2]))}
    assert shown == expected


class Sums:
    """What the ledger adds up to, for comparison with others' figures. Each takes what the file names beside it.

    | sum | of |
    |---|---|
    | carats, certificates | a participant's running sums of a flow (`export`, `import`) and a year, quarter by quarter |
    | value | the values of its returns of that year, which every node has proven |
    | carats with others | all carats of that flow and year whose partner is no participant |
    | carats issued, carats measured | one certificate, as the issuer states and as the destination measured |
    | stock | carats of a participant: opening stock, production and imports less exports |
    """

    def __init__(self, world: World) -> None:
        self.world = world

    def of(self, name: str, about: dict) -> int:
        """The sum in points, cents or certificates."""
        return getattr(self, name.replace(" ", "_"))(**about)

    def carats(self, participant: str, flow: str, year: int) -> int:
        return sum(cell.points for quarter in self._quarters(participant, flow, year) for _, _, cell in quarter.cells)

    def certificates(self, participant: str, flow: str, year: int) -> int:
        return sum(quarter.counts.certificates for quarter in self._quarters(participant, flow, year))

    def value(self, participant: str, flow: str, year: int) -> int:
        filed = [quarter.revisions[-1] for quarter in self._quarters(participant, flow, year) if quarter.revisions]
        bodies = [parse_record(self.world.ledger.record(record_id)[0]).body for record_id in filed]
        return sum(cell.cents for body in bodies for cell in body.cells)

    def carats_with_others(self, flow: str, year: int) -> int:
        known = self.world.ledger.register.participants
        quarters = [quarter for code in known for quarter in self._quarters(code, flow, year)]
        return sum(cell.points for quarter in quarters for partner, _, cell in quarter.cells if partner not in known)

    def carats_issued(self, certificate: str) -> int:
        return self.world.ledger.certificate(certificate).row.points

    def carats_measured(self, certificate: str) -> int:
        return self.world.ledger.certificate(certificate).row.measured

    def stock(self, participant: str) -> int:
        return self.world.ledger.stock(participant).total.stock

    def _quarters(self, participant: str, flow: str, year: int) -> Iterator:
        return (self.world.ledger.quarter(participant, flow, f"{year}Q{number}") for number in range(1, 5))


def _outside(sums: Sums, expected: dict) -> None:
    assert expected.pop("what")
    name, figure = expected.pop("sum"), expected.pop("figure")
    stated, difference = expected.pop("ledger"), expected.pop("difference")
    text = {"value": value, "certificates": str}.get(name, carats)
    found = sums.of(name, expected)
    assert text(found) == stated, f"{name}: {text(found)}"
    assert text(found - _number(figure, name)) == difference


def _number(figure: str, name: str) -> int:
    if name == "certificates":
        return int(figure)
    whole, _, part = figure.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)
