"""Cases about single certificates: how to plant one, and how to come near to one without.

`i` counts the cases of a rule; it chooses among the ways in which a case can look. Each is put on a day of its own within the
whole time, and says what is true of it when its certificate gets its number.
"""

from typing import Protocol

from ledger.bodies import TECHNICAL_ISSUE, ConfirmLine, TechnicalBody
from ledger.record import Record
from tests.acceptance.stage import Stage


class Case(Protocol):
    """What the acceptance asks of a rule of findings."""

    rule: str

    def plant(self, stage: Stage, i: int) -> None:
        """Something that must be found."""

    def near_miss(self, stage: Stage, i: int) -> None:
        """Something that is just not it."""


def answer_some_day(stage: Stage, issue: Record, most: int = 9) -> None:
    """An ordinary answer, some days from now."""
    stage.later(stage.rng.randrange(1, most), lambda: stage.confirm(issue))


class LateIssue:
    """Issued more than seven days before it reaches the ledger; seven at most."""

    rule = "late-issue"

    def plant(self, stage: Stage, i: int) -> None:
        age = (8, 9, 14, 29, 30)[i % 5]
        stage.on(stage.draw_day(40, 31), lambda: stage.truth.planted[self.rule].add(self._issue(stage, age)))

    def near_miss(self, stage: Stage, i: int) -> None:
        age = (7, 7, 6, 7)[i % 4]
        stage.on(stage.draw_day(40, 31), lambda: stage.truth.near[self.rule].append(self._issue(stage, age)))

    def _issue(self, stage: Stage, age: int) -> str:
        issue = stage.issue(stage.shared_pair(), issued=stage.past(age))
        answer_some_day(stage, issue)
        return issue.body.number


class Unconfirmed:
    """An answer that never comes, or on the day after the last one; one that comes on the last day."""

    rule = "unconfirmed"
    pace = (("", 30), ("US", 15), ("EU", 10))
    """Destination, and days for an answer: the European Union's are working days."""

    def plant(self, stage: Stage, i: int) -> None:
        def act() -> None:
            issue, last = self._issue(stage, i)
            stage.truth.planted[self.rule].add(issue.body.number)
            if i % 2 and i % 5 == 4:
                stage.truth.honest["discrepancy"].add(issue.body.number)
                stage.on(last + 1, lambda: stage.confirm(issue, outcome="discrepancy"))
            elif i % 2:
                stage.on(last + 1, lambda: stage.confirm(issue))

        stage.on(stage.draw_day(70), act)

    def near_miss(self, stage: Stage, i: int) -> None:
        def act() -> None:
            issue, last = self._issue(stage, i)
            stage.truth.near[self.rule].append(issue.body.number)
            if i % 4 == 3:
                stage.on(last, lambda: stage.close(issue.body.number))
            elif i % 4 == 2:
                stage.on(last, lambda: stage.confirm(issue, outcome="refused", lines=(), parcels=0))
            else:
                stage.on(last, lambda: stage.confirm(issue))

        stage.on(stage.draw_day(70), act)

    def _issue(self, stage: Stage, i: int) -> tuple[Record, int]:
        """The certificate, and the last day for its answer."""
        destination, days = self.pace[i % 3]
        issuer, other = stage.shared_pair()
        last = stage.working_day(days) if destination == "EU" else stage.day + days
        changes: dict[str, object] = {}
        if i % 5 == 4:  # it expires sooner than an answer is owed
            last = min(last, stage.day + 9)
            changes["expires"] = stage.coming(9)
        return stage.issue((issuer, destination or other), **changes), last


class Discrepancy:
    """Carats, parcels or HS codes that differ; the same goods told in other lines, goods that are sent back, the last day."""

    rule = "discrepancy"

    def plant(self, stage: Stage, i: int) -> None:
        def act() -> None:
            issue = stage.issue(stage.shared_pair(), 100_000, parcels=2)
            stage.truth.planted[self.rule].add(issue.body.number)
            commitment, more = stage.world.commitment(), (-1, 1, 0, -2_000)[i % 4]
            lines = (ConfirmLine(commitment, "710231", 100_000 + more),)
            if i % 5 == 4:
                lines = (ConfirmLine(commitment, "710221", 1), ConfirmLine(commitment, "710231", 99_999))
            parcels = 1 if more == 0 else 2
            stage.later(3, lambda: stage.confirm(issue, outcome="discrepancy", lines=lines, parcels=parcels))

        stage.on(stage.draw_day(10), act)

    def near_miss(self, stage: Stage, i: int) -> None:
        def act() -> None:
            issue = stage.issue(stage.shared_pair(), 100_000, parcels=2)
            stage.truth.near[self.rule].append(issue.body.number)
            line = stage.world.confirm_body(issue).lines[0]
            halves = tuple(ConfirmLine(line.commitment, line.hs, 50_000) for _ in range(2))
            changes: dict[str, object] = ({"lines": halves}, {"outcome": "refused", "lines": (), "parcels": 0}, {})[i % 3]
            days = 3 if i % 3 < 2 else 9
            stage.later(days, lambda: stage.confirm(issue, **changes))

        stage.on(stage.draw_day(10), act)


class NoReceiptCode:
    """Goods arrive and the sealed code is not told; goods that were refused, or of which it is told although nobody opened."""

    rule = "no-receipt-code"

    def plant(self, stage: Stage, i: int) -> None:
        self._answer(stage, i, {"receipt_code": None, "inspection": ("opened", "not-opened")[i % 2]}, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        refused: dict[str, object] = {"receipt_code": None, "outcome": "refused", "lines": (), "parcels": 0}
        self._answer(stage, i, refused if i % 2 else {"inspection": "not-opened", "seals": "broken"}, planted=False)

    def _answer(self, stage: Stage, i: int, changes: dict[str, object], *, planted: bool) -> None:
        def act() -> None:
            issue = stage.issue(stage.shared_pair())
            if planted:
                stage.truth.planted[self.rule].add(issue.body.number)
            else:
                stage.truth.near[self.rule].append(issue.body.number)
            stage.later(2 + i % 7, lambda: stage.confirm(issue, **changes))

        stage.on(stage.draw_day(10), act)


class QuickTransit:
    """Received on the day of validation, or before it; on the day after."""

    rule = "quick-transit"

    def plant(self, stage: Stage, i: int) -> None:
        def act() -> None:
            issued = stage.past(i % 3)
            issue = stage.issue(stage.shared_pair(), issued=issued, validated=stage.date)
            stage.truth.planted[self.rule].add(issue.body.number)
            stage.later(i % 2, lambda: stage.confirm(issue, received=issue.body.validated if i % 3 else issued))

        stage.on(stage.draw_day(10, 3), act)

    def near_miss(self, stage: Stage, i: int) -> None:
        def act() -> None:
            issue = stage.issue(stage.shared_pair())
            stage.truth.near[self.rule].append(issue.body.number)
            received = stage.coming(1)
            if i % 4 == 3:
                stage.confirm(issue, outcome="refused", lines=(), parcels=0)
            else:
                stage.later(1 + i % 3, lambda: stage.confirm(issue, received=received))

        stage.on(stage.draw_day(10), act)


class NumberGap:
    """Numbers that never come in; that come in on the last day, are void, technical or on paper, or begin another series."""

    rule = "number-gap"

    def plant(self, stage: Stage, i: int) -> None:
        skipped = (1, 2, 3, 10, 50)[i % 5]

        def act() -> None:
            pair = stage.shared_pair()
            self._issue(stage, pair, i, 0)
            above = self._issue(stage, pair, i, 1 + skipped).body.number
            stage.truth.planted[self.rule].add(above)
            if i % 3 == 2:  # too late
                stage.later(31, lambda: self._issue(stage, pair, i, skipped))

        stage.on(stage.draw_day(45), act)

    def near_miss(self, stage: Stage, i: int) -> None:
        def act() -> None:
            pair = stage.shared_pair()
            self._issue(stage, pair, 100 + i, 0)
            skipped = 51 if i % 4 == 0 else 2
            stage.truth.near[self.rule].append(self._issue(stage, pair, 100 + i, 1 + skipped).body.number)
            if i % 4 == 1:
                stage.later(29, lambda: [self._issue(stage, pair, 100 + i, place) for place in (2, 1)])
            elif i % 4 == 2:
                stage.later(5, lambda: [self._technical(stage, pair, 100 + i, place) for place in (1, 2)])
            elif i % 4 == 3:
                void = [self._issue(stage, pair, 100 + i, place, answered=False).body.number for place in (1, 2)]
                stage.later(5, lambda: [stage.close(number) for number in void])

        stage.on(stage.draw_day(45), act)

    @staticmethod
    def _number(issuer: str, i: int, place: int) -> str:
        """A series of the case's own, in nine digits."""
        return f"{issuer}{100_000_000 + 1_000 * i + place}"

    def _issue(self, stage: Stage, pair: tuple[str, str], i: int, place: int, *, answered: bool = True) -> Record:
        issue = stage.issue(pair, number=self._number(pair[0], i, place))
        if answered:
            answer_some_day(stage, issue)
        return issue

    def _technical(self, stage: Stage, pair: tuple[str, str], i: int, place: int) -> None:
        body = TechnicalBody(
            destination=pair[1],
            issued=stage.date,
            lines=(ConfirmLine(stage.world.commitment(), "710231", 500),),
            number=self._number(pair[0], i, place),
            parcels=1,
            points=500,
            reason="research",
            rid=stage.world.rng(16),
            sealed=stage.world.rng(32),
        )
        stage.put(stage.world.sign(TECHNICAL_ISSUE, body, pair[0]))


SINGLE: tuple[Case, ...] = (LateIssue(), Unconfirmed(), Discrepancy(), NoReceiptCode(), QuickTransit(), NumberGap())
