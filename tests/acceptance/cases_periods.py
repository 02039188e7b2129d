"""Quarters that are unlike those before: a participant issues a hundred large certificates. And an oracle for all others.

What honest trade and other cases bring about is told by looking at every certificate once more, when all is over; the near
misses are the quarters that came nearest to the threshold without reaching it.
"""

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction

from ledger.bodies import PaperImportBody
from ledger.entries import GOODS_REMAIN
from ledger.periods import quarter_of
from tests.acceptance.cases_reports import DUE_DAY, over, quarters
from tests.acceptance.members import MINORS
from tests.acceptance.stage import SHARED_DESTINATIONS, Stage

FACTOR, LEAST, BEFORE = 3, 20, 4
"""Times the mean of so many quarters before, with so many certificates at least."""


@dataclass(frozen=True, slots=True)
class Change:
    """A quarter of a participant's flow: how many times more or less than the mean, and whether it is enough of anything."""

    about: str
    times: Fraction
    enough: bool

    @property
    def found(self) -> bool:
        """Whether it must be found."""
        return self.enough and self.times > FACTOR


class PeriodChange:
    """A hundred certificates of 20,000 ct in one quarter, of who issues smaller ones."""

    rule = "period-change"
    certificates = 100

    def plant(self, stage: Stage, i: int) -> None:
        code = MINORS[i % len(MINORS)]
        quarter = stage.rng.choice([one for one in quarters(stage) if over(one) + DUE_DAY < stage.days][BEFORE + 1 :])
        stage.truth.planted[self.rule].add(f"{code}/export/{quarter}")

        def issue(place: int) -> None:
            destination = SHARED_DESTINATIONS[place % len(SHARED_DESTINATIONS)]
            made = stage.issue((code, destination), lines=stage.lines(stage.rng.randrange(2_000_000, 2_100_000), ()))
            stage.later(2, lambda: stage.confirm(made))

        for place in range(self.certificates):
            stage.on(over(quarter) - 89 + place % 80, lambda place=place: issue(place))

    def near_miss(self, stage: Stage, i: int) -> None:
        """Found afterwards, see `tell`."""


def tell(stage: Stage, near: int) -> None:
    """What is true of all quarters: those that changed without a plant, so many that nearly did, and reports of production."""
    truth, rule = stage.truth, PeriodChange.rule
    changes = sorted(_changes(stage), key=lambda change: (-change.times, change.about))
    truth.honest[rule] |= {change.about for change in changes if change.found} - truth.planted[rule]
    truth.near[rule] += [change.about for change in changes if change.enough and not change.found][:near]
    for code in stage.world.ledger.genesis.participants:
        truth.possible[rule] |= {f"{code}/production/{year}H{half}" for year in range(2025, 2030) for half in (1, 2)}


def _changes(stage: Stage) -> list[Change]:
    sums = _sums(stage)
    found = []
    every = quarters(stage)
    for place, quarter in enumerate(every):
        if place < BEFORE or over(quarter) + DUE_DAY > stage.day:
            continue
        for code, flow in {key[:2] for key in sums}:
            now, *before = (sums.get((code, flow, one), (0, 0)) for one in (quarter, *every[place - BEFORE : place]))
            means = [sum(one[at] for one in before) // BEFORE for at in range(2)]
            times = max((_times(value, mean) for value, mean in zip(now, means, strict=True)), default=Fraction(1))
            found.append(Change(f"{code}/{flow}/{quarter}", times, max(now[0], means[0]) >= LEAST))
    return found


def _times(now: int, mean: int) -> Fraction:
    more, less = max(now, mean), min(now, mean)
    return Fraction(more, less) if less else Fraction(more and 10**9)


def _sums(stage: Stage) -> dict[tuple[str, str, str], tuple[int, int]]:
    """Certificates and points by participant, flow and quarter."""
    found: dict[tuple[str, str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))

    def add(code: str, flow: str, date: str, points: int) -> None:
        certificates, held = found[code, flow, quarter_of(date)]
        found[code, flow, quarter_of(date)] = certificates + 1, held + points

    ledger, cursor = stage.world.ledger, None
    while True:
        page = ledger.certificates(cursor=cursor)
        for row in page.rows:
            if row.type != "paper" and row.state not in GOODS_REMAIN:
                add(row.issuer, "export", row.issued, row.points)
            if row.measured is not None and row.state != "refused":
                view = ledger.certificate(row.number)
                outcome = view.paper if isinstance(view.paper, PaperImportBody) else view.outcome
                add(row.destination, "import", outcome.received, row.measured)
        if page.cursor is None:
            return found
        cursor = page.cursor
