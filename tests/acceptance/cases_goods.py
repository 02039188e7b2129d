"""Cases about where goods come from, and about nodes."""

from ledger.errors import Code
from ledger.record import Record
from tests.acceptance.cases import Case, answer_some_day
from tests.acceptance.members import MINORS, RUSHED, VALIDATORS
from tests.acceptance.stage import Stage
from tests.support.world import public

CIRCLE_DAYS = 180


class CircularCustody:
    """Goods that come back within 180 days, over up to three participants; on the day after, to another, from other sources."""

    rule = "circular-custody"

    def plant(self, stage: Stage, i: int) -> None:
        self._circle(stage, 2 + i % 3, (CIRCLE_DAYS, 30, 90)[i % 3], "", planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        way = ("late", "other", "sources")[i % 3]
        self._circle(stage, 2 + i % 3, CIRCLE_DAYS + 1 if way == "late" else 60, way, planted=False)

    def _circle(self, stage: Stage, length: int, days: int, way: str, *, planted: bool) -> None:
        """Of as many participants; the last one's certificate is issued so many days after the first one's."""
        names = stage.rng.sample(MINORS, length + 1)
        around, stranger = names[:length], names[length]
        step = days // length
        issued = [step * place for place in range(length - 1)] + [days]

        def go(place: int, source: Record | None) -> None:
            last = place == length - 1
            back = stranger if way == "other" else around[0]
            pair = (around[place], back if last else around[place + 1])
            if source is None:
                issue = stage.issue(pair, lines=stage.lines(5_000, ()))
            elif last and way == "sources":
                issue = stage.issue(pair, type="re-export", lines=stage.lines(5_000, ()))
            else:
                issue = stage.reexport(pair, {source.body.number: 5_000})
            if last:
                about = issue.body.number
                if planted:
                    stage.truth.planted[self.rule].add(about)
                else:
                    stage.truth.near[self.rule].append(about)
                answer_some_day(stage, issue)
                return
            stage.later(2, lambda: stage.confirm(issue))
            stage.later(issued[place + 1] - issued[place], lambda: go(place + 1, issue))

        stage.on(stage.draw_day(days + 15), lambda: go(0, None))


class OriginBalance:
    """A point more of an origin leaves than came; exactly as much, as much as was measured, or under a union of origins."""

    rule = "origin-balance"
    points = 40_000

    def plant(self, stage: Stage, i: int) -> None:
        self._hub(stage, i, 1, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        self._hub(stage, i, 0, planted=False)

    def _hub(self, stage: Stage, i: int, more: int, *, planted: bool) -> None:
        pair = stage.minor_pair()
        home, hub = pair
        onward = stage.rng.choice(RUSHED)  # no hub of these cases: what arrives there counts in none of their balances
        about = f"{hub}/{home}"
        (stage.truth.planted[self.rule].add if planted else stage.truth.near[self.rule].append)(about)

        def arrive() -> None:
            issue = stage.issue(pair, self.points)
            stage.later(4, lambda: stage.differ(issue, -100) if i % 3 == 1 else stage.confirm(issue))
            stage.later(10, leave)

        def leave() -> None:
            points = self.points + more - (100 if i % 3 == 1 else 0)
            origin = tuple(sorted((home, "BW"))) if i % 3 == 2 and not planted else (home,)
            issue = stage.issue((hub, onward), type="re-export", lines=stage.lines(points, origin))
            answer_some_day(stage, issue)

        stage.on(stage.draw_day(30), arrive)


class Equivocation:
    """Two votes that contradict each other; two that do not, which is refused."""

    rule = "equivocation"

    def plant(self, stage: Stage, i: int) -> None:
        code = VALIDATORS[i % len(VALIDATORS)]
        stage.truth.planted[self.rule].add(f"0/{public(f'{code}/consensus').hex()}")
        stage.on(stage.draw_day(1), lambda: stage.put(stage.world.evidence("BW", i % len(VALIDATORS))))

    def near_miss(self, stage: Stage, i: int) -> None:
        signer = 10 + i % (len(VALIDATORS) - 10)
        about = f"0/{public(f'{VALIDATORS[signer]}/consensus').hex()}"
        stage.truth.near[self.rule].append(about)
        same = bytes((signer,)) + b"%d" % i
        changes = {"first": same, "second": same if i % 2 else bytes(((signer + 1) % len(VALIDATORS),)) + b"no"}

        def act() -> None:
            stage.put(stage.world.evidence("BW", signer, **changes), refused=Code.EVIDENCE_INVALID)

        stage.on(stage.draw_day(1), act)


GOODS: tuple[Case, ...] = (CircularCustody(), OriginBalance(), Equivocation())
