"""Cases about many certificates of a pair, or of one issuer."""

from ledger.bodies import PLENARY_PROPOSE, ProposeBody
from ledger.units import DAY_MS
from tests.acceptance.cases import Case
from tests.acceptance.members import RUSHED, SPARED, SUSPENDED, WITHDRAWN, today
from tests.acceptance.stage import Stage

MANY = 50
"""The default of `splitting-certificates` and of `unbroken-confirmations`."""

YEAR_DAYS = 365


class Splitting:
    """Fifty certificates of a pair on one day; 49, or 50 of which one is void before the last, or 54 on two days."""

    rule = "splitting"

    def plant(self, stage: Stage, i: int) -> None:
        def act() -> None:
            pair = stage.pair()
            stage.truth.planted[self.rule].add(self._about(stage, pair))
            self._issue(stage, pair, MANY + (0, 0, 3)[i % 3])

        stage.on(stage.draw_day(30), act)

    def near_miss(self, stage: Stage, i: int) -> None:
        def act() -> None:
            pair = stage.pair()
            stage.truth.near[self.rule].append(self._about(stage, pair))
            if i % 3 == 1:
                stage.close(stage.issue(pair, 1_000).body.number)
            self._issue(stage, pair, MANY - 1)
            if i % 3 == 2:
                stage.later(1, lambda: self._issue(stage, pair, 5))

        stage.on(stage.draw_day(30), act)

    @staticmethod
    def _about(stage: Stage, pair: tuple[str, str]) -> str:
        return f"{pair[0]}-{pair[1]}/{stage.date}"

    @staticmethod
    def _issue(stage: Stage, pair: tuple[str, str], count: int) -> None:
        """One arrives with a parcel more, and before all others."""
        made = [stage.issue(pair, 1_000 + 10 * place) for place in range(count)]
        stage.later(2, lambda: stage.miscount(made[0]))
        for place, issue in enumerate(made[1:]):
            stage.later(3 + place % 9, lambda issue=issue: stage.confirm(issue))


class NeverADiscrepancy:
    """Fifty confirmations and none that differs; 49, or one that differs before the fiftieth confirms."""

    rule = "never-a-discrepancy"

    def plant(self, stage: Stage, i: int) -> None:
        self._trade(stage, MANY + i % 3, -1, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        if i % 2:
            self._trade(stage, MANY - 1, -1, planted=False)
        else:
            self._trade(stage, MANY + 5, i, planted=False)

    def _trade(self, stage: Stage, count: int, differs: int, *, planted: bool) -> None:
        pair = stage.pair()
        about = f"{pair[0]}-{pair[1]}"
        if planted:
            stage.truth.planted[self.rule].add(about)
        else:
            stage.truth.near[self.rule].append(about)

        def issue(place: int) -> None:
            made = stage.issue(pair)
            stage.later(3, lambda: stage.miscount(made) if place == differs else stage.confirm(made))

        pace = 3
        first = stage.draw_day(pace * count + 10)
        for place in range(count):
            stage.on(first + pace * place, lambda place=place: issue(place))


class Drift:
    """A year's carats light (or heavy) by more than a thousandth; by a thousandth, in fewer outcomes, both ways, or in two
    outcomes alone.
    """

    rule = "discrepancy-drift"
    points = 100_000

    def plant(self, stage: Stage, i: int) -> None:
        sign = -1 if i % 3 else 1
        count = (20, 24, 40)[i % 3]
        self._trade(stage, [sign * 210 if place % 2 else 0 for place in range(count)], planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        sign = -1 if i % 10 < 5 else 1
        differences = (
            [sign * 200 if place % 2 else 0 for place in range(20)],
            [sign * 1_000] * 19,
            [300, -300] * 12,
            [sign * 190 if place % 2 else 0 for place in range(30)],
            [sign * 9_000 if place in {5, 11} else 0 for place in range(25)],
        )[i % 5]
        self._trade(stage, differences, planted=False)

    def _trade(self, stage: Stage, differences: list[int], *, planted: bool) -> None:
        """A certificate every third day within one calendar year, each differing by so many points."""
        pair, pace = stage.pair(), 3
        years = range(max(1, stage.days // YEAR_DAYS))
        first = stage.rng.choice(years) * YEAR_DAYS + stage.rng.randrange(10, YEAR_DAYS - pace * len(differences) - 10)
        about = f"{pair[0]}-{pair[1]}/{today(first)[:4]}"
        if planted:
            stage.truth.planted[self.rule].add(about)
        else:
            stage.truth.near[self.rule].append(about)

        def issue(difference: int) -> None:
            made = stage.issue(pair, self.points)
            stage.later(2, lambda: stage.differ(made, difference) if difference else stage.confirm(made))

        for place, difference in enumerate(differences):
            stage.on(first + pace * place, lambda difference=difference: issue(difference))


class Rush:
    """Between a proposal to suspend and its effect, more than three times a usual week; three times, few, or before and after.

    Those to be suspended issue nothing else. Thirteen weeks of one or two certificates go before each proposal, which finds
    no support and is turned down two weeks later. Nobody's cases overlap.
    """

    rule = "rush"
    points = 20_000
    weeks = 13
    span = 7 * (weeks + 5)

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def plant(self, stage: Stage, i: int) -> None:
        usual, rush, factor = ((2, 7, 1), (1, 5, 1), (2, 5, 2))[i % 3]
        self._play(stage, usual, [1] * rush, [factor * self.points] * rush, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        usual, days = ((2, [1] * 6), (1, [1] * 4), (1, [16] * 8), (1, [-2] * 8))[i % 4]
        self._play(stage, usual, days, [self.points] * len(days), planted=False)

    def _play(self, stage: Stage, usual: int, days: list[int], points: list[int], *, planted: bool) -> None:
        """`days`: when, counted from the proposal, the certificates of the rush come, and what each weighs."""
        issuer = min(RUSHED, key=lambda code: self._taken.get(code, 0))
        start = self._taken.get(issuer, 0)
        if start + self.span > stage.days:
            raise AssertionError("no room for another rush")
        self._taken[issuer] = start + self.span
        proposed = start + 7 * self.weeks + 3
        for week in range(self.weeks):
            day = proposed - 7 * week - 5
            stage.on(day, lambda: [self._issue(stage, issuer, self.points) for _ in range(usual)])
        stage.on(proposed, lambda: self._propose(stage, issuer, planted=planted))
        for day, weight in zip(days, points, strict=True):
            stage.on(proposed + day, lambda weight=weight: self._issue(stage, issuer, weight))

    def _propose(self, stage: Stage, issuer: str, *, planted: bool) -> None:
        body = ProposeBody(
            closes=stage.world.now + 14 * DAY_MS,
            decision="suspend",
            effective=stage.coming(20),
            procedure="written",
            subject=issuer,
            title="Suspension",
        )
        about = f"{issuer}/{stage.put(stage.world.sign(PLENARY_PROPOSE, body, 'BW')).id.hex()}/0"
        if planted:
            stage.truth.planted[self.rule].add(about)
        else:
            stage.truth.near[self.rule].append(about)

    @staticmethod
    def _issue(stage: Stage, issuer: str, points: int) -> None:
        known = sorted(stage.world.ledger.register.participants)
        destinations = [code for code in known if code not in {issuer, SUSPENDED, SPARED, WITHDRAWN}]
        issue = stage.issue((issuer, stage.rng.choice(destinations)), points)
        stage.later(3, lambda: stage.confirm(issue))


def pairs() -> tuple[Case, ...]:
    """For one run: `Rush` remembers whose time is taken."""
    return (Splitting(), NeverADiscrepancy(), Drift(), Rush())
