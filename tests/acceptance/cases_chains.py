"""Cases about goods that are in question: tainted, of a suspended country, on paper, from a compliant zone, under a sealed complaint."""

from ledger.bodies import PARTICIPANT_WITHDRAW, ConfirmLine, WithdrawBody
from ledger.entries import issuer_of
from ledger.record import Record
from tests.acceptance.cases import Case, answer_some_day
from tests.acceptance.members import RANGED, SPARED, SPARED_ZONE, WITHDRAWN, WITHDRAWN_ON, first_number
from tests.acceptance.stage import Stage
from tests.support import reports
from tests.support.changes import corrected, paper, technical


def tell(stage: Stage, rule: str, about: str, *, planted: bool) -> None:
    """What is true of a case."""
    if planted:
        stage.truth.planted[rule].add(about)
    else:
        stage.truth.near[rule].append(about)


class Tainted:
    """Goods corrected to a discrepancy, seized or sent back after others took of them; confirmed anew, before that, or a sample."""

    rule = "tainted"
    points = 6_000

    def plant(self, stage: Stage, i: int) -> None:
        self._chain(stage, ("corrected", "seized", "returned")[i % 3], depth=1 + i % 2, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        self._chain(stage, ("anew", "research", "other", "more")[i % 4], depth=1, planted=False)

    def _chain(self, stage: Stage, way: str, depth: int, *, planted: bool) -> None:
        first, second, third = stage.rng.sample(stage.minors, 3)

        def begin() -> None:
            issue = stage.issue((first, second), lines=stage.lines(2 * self.points, ()))
            stage.later(3, lambda: arrive(issue))

        def arrive(issue: Record) -> None:
            stated = stage.differ(issue, -10) if way == "more" else stage.confirm(issue)
            stage.later(2, lambda: go(issue, 0))
            stage.later(30, lambda: undo(issue, stated))

        def go(source: Record, done: int) -> None:
            pair = (second, third) if done == 0 else (third, first)
            sources = {source.body.number: self.points}
            if way == "other":
                issue = stage.issue(pair, type="re-export", lines=stage.lines(self.points, ()))
            else:
                issue = stage.reexport(pair, sources)
            stage.truth.possible["circular-custody"].add(issue.body.number)
            if done + 1 == depth:
                tell(stage, self.rule, issue.body.number, planted=planted)
                answer_some_day(stage, issue)
            else:
                if planted:
                    stage.truth.honest[self.rule].add(issue.body.number)
                stage.later(2, lambda: stage.confirm(issue))
                stage.later(4, lambda: go(issue, done + 1))

        def undo(issue: Record, stated: Record) -> None:
            number = issue.body.number
            if way in {"seized", "returned", "research"}:
                under = stage.number(second)
                stage.put(technical(stage.world, under, link=number, reason=way, issued=stage.date, destination=first))
            elif way in {"corrected", "other"}:
                line = ConfirmLine(stage.world.commitment(), "710231", 2 * self.points - 20)
                stage.truth.honest["discrepancy"].add(number)
                stage.put(corrected(stage.world, stated, author=second, outcome="discrepancy", lines=(line,)))
            elif way == "more":
                line = ConfirmLine(stage.world.commitment(), "710231", 2 * self.points - 5)
                stage.put(corrected(stage.world, stated, author=second, lines=(line,)))
            else:
                stage.put(corrected(stage.world, stated, author=second, inspection="not-opened"))

        stage.on(stage.draw_day(60), begin)


class NumberRange:
    """Paper certificates of other years' numbers; of the right year's."""

    rule = "number-range"

    def plant(self, stage: Stage, i: int) -> None:
        self._import(stage, i, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        self._import(stage, i, planted=False)

    def _import(self, stage: Stage, i: int, *, planted: bool) -> None:
        def act() -> None:
            year = int(stage.date[:4])
            serial = first_number(year) + 8_000 + i
            if planted:
                serial = (first_number(year - 1) + 7_000 + i, first_number(year + 1) + 7_000 + i)[i % 2]
            number = f"{RANGED}{serial:06}"
            tell(stage, self.rule, number, planted=planted)
            lines = stage.lines(900, ())
            importer = stage.rng.choice(stage.minors)
            dates = {"issued": stage.date, "received": stage.date, "reason": "outage"}
            stage.put(paper(stage.world, number, importer, lines=lines, **dates))

        stage.on(stage.draw_day(5), act)


class PostVerification:
    """Goods of a compliant zone of a participant that is suspended as a whole; of one of which only another zone is."""

    rule = "post-verification"

    def plant(self, stage: Stage, i: int) -> None:
        self._issue(stage, i, SPARED, SPARED_ZONE, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        self._issue(stage, i, "CF", "Boda", planted=False)

    def _issue(self, stage: Stage, i: int, issuer: str, zone: str, *, planted: bool) -> None:
        def act() -> None:
            lines = (stage.world.line(7_000, "710231", (issuer,), zone),)
            issue = stage.issue((issuer, stage.rng.choice(stage.minors)), lines=lines)
            tell(stage, self.rule, issue.body.number, planted=planted)
            stage.later(5, lambda: stage.differ(issue, -100) if planted and i % 3 == 1 else stage.confirm(issue))

        stage.on(stage.draw_day(10), act)


class SealedFault:
    """A reader complains about a sealed part; a reader hands its key on instead."""

    rule = "sealed-fault"

    def plant(self, stage: Stage, i: int) -> None:
        self._complain(stage, i, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        self._complain(stage, i, planted=False)

    def _complain(self, stage: Stage, i: int, *, planted: bool) -> None:
        def act() -> None:
            issue = stage.issue(stage.shared_pair())
            reader = (issue.body.destination, issuer_of(issue.body.number))[i % 2]
            tell(stage, self.rule, f"{issue.body.rid.hex()}/{reader}", planted=planted)
            answer_some_day(stage, issue)
            if planted:
                stage.later(1, lambda: stage.put(reports.fault(stage.world, issue, reader)))
            else:
                stage.later(1, lambda: stage.put(reports.share(stage.world, issue, reader, "BW")))

        stage.on(stage.draw_day(12), act)


class OriginExposure:
    """Goods of a country that has withdrawn, in a hub's parcel; too little of them, the day before, or others' goods."""

    rule = "origin-exposure"
    points = 50_000

    def __init__(self) -> None:
        self._withdrawing = False

    def plant(self, stage: Stage, i: int) -> None:
        self._mix(stage, self.points // (1 + i % 3), WITHDRAWN_ON + 3 * i, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        taken, day = ((self.points, WITHDRAWN_ON - 1), (49, WITHDRAWN_ON + 5), (0, WITHDRAWN_ON + 7))[i % 3]
        self._mix(stage, taken, day + (2 * i if i % 3 else 0), planted=False)

    def _mix(self, stage: Stage, taken: int, day: int, *, planted: bool) -> None:
        """On this day, so many points of the country's goods are in the hub's parcel."""
        if not self._withdrawing:
            self._withdrawing = True
            body = WithdrawBody(stage.date_of(WITHDRAWN_ON))
            stage.on(WITHDRAWN_ON - 8, lambda: stage.put(stage.world.sign(PARTICIPANT_WITHDRAW, body, WITHDRAWN)))
        hub, onward = stage.rng.sample(stage.minors, 2)

        def arrive() -> None:
            stage.truth.honest[self.rule].add(f"{hub}/{WITHDRAWN}")
            bad = stage.issue((WITHDRAWN, hub), self.points)
            good = stage.issue((onward, hub), lines=stage.lines(self.points, ()))
            for issue in (bad, good):
                stage.later(4, lambda issue=issue: stage.confirm(issue))
            stage.on(day, lambda: leave(bad, good))

        def leave(bad: Record, good: Record) -> None:
            sources = {good.body.number: self.points - taken} if taken < self.points else {}
            sources |= {bad.body.number: taken} if taken else {}
            issue = stage.reexport(
                (hub, stage.rng.choice([code for code in stage.minors if code not in (hub, onward)])), sources
            )
            tell(stage, self.rule, issue.body.number, planted=planted)
            answer_some_day(stage, issue)

        stage.on(stage.rng.randrange(200, WITHDRAWN_ON - 20), arrive)


def chains() -> tuple[Case, ...]:
    """For one run: `OriginExposure` lets a country withdraw once."""
    return (Tainted(), NumberRange(), PostVerification(), SealedFault(), OriginExposure())
