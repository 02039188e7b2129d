"""Cases about what participants report: returns that are missing or overtaken, stocks that cannot be.

Honest returns: everybody files both flows of every quarter on the 45th day after it, and a production report of every half-year.
A case that wants another day for one of them says so before the first day comes.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import count

from ledger import keys
from ledger.bodies import PRODUCTION_REPORT, RETURN_FILE, ProductionBody
from ledger.bodies.reports import ProductionLine
from ledger.commitments import L, opens
from ledger.entries import GOODS_REMAIN
from ledger.findings.book import STOCK
from ledger.findings.entries import Stocks
from ledger.periods import day_after, quarter_of
from ledger.record import Record
from ledger.report_entries import PRODUCTION, decode_filing
from ledger.units import Cents, Points, day_number
from tests.acceptance.cases import Case
from tests.acceptance.cases_chains import tell
from tests.acceptance.members import FIRST_DAY, MINORS, RUSHED
from tests.acceptance.stage import Stage
from tests.support.reports import BLINDING, CENTS, Opened, annual_of, return_body

HONEST_DAY, DUE_DAY = 45, 61
"""Days after a quarter: when honest returns are filed; from when on one is late."""

GAP_LEAST = 10
"""Certificates of a pair in a quarter before a gap counts."""

_LAST_MS = 86_399_000
"""Within its day, a return goes after everything else."""

Key = tuple[str, str, str]
"""Author, flow, quarter."""


class Returns:
    """Who files which return when."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.days: dict[Key, int | None] = {}
        codes = sorted(stage.world.ledger.genesis.participants)
        self.quarters = [quarter for quarter in quarters(stage) if over(quarter) + DUE_DAY < stage.days]
        self._free = [(code, flow, quarter) for code in codes for flow in ("export", "import") for quarter in self.quarters]
        for key in self._free:
            self.days[key] = over(key[2]) + HONEST_DAY
        stage.rng.shuffle(self._free)

    def draw(self, codes: Sequence[str] = (), flow: str = "") -> Key:
        """A return that no other case is about; of one of these participants, of this flow, where they are given."""
        found = next(
            place
            for place in reversed(range(len(self._free)))
            if (not codes or self._free[place][0] in codes) and flow in {"", self._free[place][1]}
        )
        return self._free.pop(found)

    def schedule(self) -> None:
        """Puts all of them on the stage."""
        for key, day in sorted(self.days.items()):
            if day is not None:
                self._stage.on(day, lambda key=key: self.file(key), _LAST_MS)

    def file(self, key: Key) -> None:
        """Files what the ledger holds of a quarter before today."""
        author, flow, quarter = key
        ledger = self._stage.world.ledger
        view = ledger.quarter(author, flow, quarter)
        lines: list[Opened] = []
        for partner, hs, cell in view.cells:
            rest = _lines(cell.commitment) - 1
            lines += [(partner, hs, 0, CENTS, BLINDING)] * rest + [(partner, hs, cell.points, CENTS, BLINDING)]
        revision = len(view.revisions) + 1
        annual = annual_of(self._stage.world, author, flow, quarter)
        body = return_body(flow, lines, view.counts.certificates, view.counts.last or None, quarter, revision, annual=annual)
        self._stage.put(self._stage.world.sign(RETURN_FILE, body, author))


class ReturnLate:
    """A return that never comes, or comes the day after its time; on the last day of it."""

    rule = "return-late"

    def __init__(self, returns: Returns) -> None:
        self._returns = returns

    def plant(self, stage: Stage, i: int) -> None:
        self._file(stage, None if i % 2 else DUE_DAY, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        self._file(stage, DUE_DAY - 1, planted=False)

    def _file(self, stage: Stage, days: int | None, *, planted: bool) -> None:
        key = self._returns.draw()
        self._returns.days[key] = None if days is None else over(key[2]) + days
        tell(stage, self.rule, "/".join(key), planted=planted)


class ReturnMismatch:
    """A certificate of the quarter that comes after its return; just before it, or of the next quarter."""

    rule = "return-mismatch"

    def __init__(self, returns: Returns) -> None:
        self._returns = returns

    def plant(self, stage: Stage, i: int) -> None:
        self._issue(stage, filed=12, issued=13 + i % 9, day=-1, planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        if i % 2:
            self._issue(stage, filed=23, issued=22, day=-1, planted=False)
        else:
            self._issue(stage, filed=12, issued=14, day=0, planted=False)

    def _issue(self, stage: Stage, filed: int, issued: int, day: int, *, planted: bool) -> None:
        """`filed`, `issued`: days after the quarter; `day`: of issue, counted from the quarter's end (-1: its last)."""
        key = self._returns.draw(MINORS, "export")
        author, _, quarter = key
        ended = over(quarter)
        self._returns.days[key] = ended + filed
        tell(stage, self.rule, "/".join(key), planted=planted)
        others = [code for code in MINORS if code != author]

        def act() -> None:
            when = stage.date_of(ended + day)
            stage.certificates += 1
            pair = author, stage.rng.choice(others)
            issue = stage.put(stage.world.issue(**stage.body(pair, lines=stage.lines(5_000, ()), issued=when)))
            if issued - day > 7:
                stage.truth.honest["late-issue"].add(issue.body.number)
            stage.later(2, lambda: stage.confirm(issue))

        stage.on(ended + issued, act)


class NegativeStock:
    """Production that turns out a point too little for what was exported; exactly enough, or more."""

    rule = "negative-stock"
    points = 60_000_000

    def __init__(self) -> None:
        self._codes = [*RUSHED, *MINORS]

    def plant(self, stage: Stage, i: int) -> None:
        code = self._codes.pop()

        def export() -> None:
            issue = stage.issue((code, "CN"), lines=stage.lines(self.points, ()))
            stage.later(3, lambda: stage.confirm(issue))

        stage.on(500 + i, export)
        stage.on(stage.days - 30 + i % 20, lambda: self._report(stage, code, -1, planted=True))

    def near_miss(self, stage: Stage, i: int) -> None:
        code = self._codes[i % len(self._codes)]
        stage.on(stage.days - 30 + i // len(self._codes), lambda: self._report(stage, code, i % 3, planted=False))

    def _report(self, stage: Stage, code: str, more: int, *, planted: bool) -> None:
        """The participant restates its production of 2025: just what it needs, and so much more."""
        needed = _needed(stage, code)
        if planted:
            assert needed > 1, f"{code} has imported more than it exported"
        lines = (ProductionLine(Cents(1), "710231", Points(max(needed + more, 1))),)
        held = stage.world.store.get(keys.filing(PRODUCTION, code, "2025H2"))
        assert held is not None, "it has reported that half-year"
        revision = decode_filing(held).revision + 1
        tell(stage, self.rule, code, planted=planted)
        stage.put(stage.world.sign(PRODUCTION_REPORT, ProductionBody("2025H2", lines, revision), code))


class BilateralGap:
    """A tenth of a pair's quarter that never arrives, or a little from each; few, a twentieth, or in the last days."""

    rule = "bilateral-gap"
    points = 100_000

    def plant(self, stage: Stage, i: int) -> None:
        if i % 2:
            self._quarter(stage, [-5_100] * 10, planted=True)
        else:
            self._quarter(stage, [0] * 9 + [None], planted=True)

    def near_miss(self, stage: Stage, i: int) -> None:
        quarters: tuple[list[int | None], ...] = ([0] * 8 + [None], [0] * 19 + [None], [-5_000] * 10, [0] * 10)
        self._quarter(stage, quarters[i % 4], planted=False, last=i % 4 == 3)

    def _quarter(self, stage: Stage, differences: list[int | None], *, planted: bool, last: bool = False) -> None:
        """Certificates of a pair, each differing by so many points, None: without an answer; `last`: one on the last day."""
        pair = stage.pair()
        quarter = stage.rng.choice([one for one in quarters(stage) if over(one) + DUE_DAY < stage.days][1:])
        tell(stage, self.rule, f"{pair[0]}-{pair[1]}/{quarter}", planted=planted)

        def issue(place: int, difference: int | None) -> None:
            made = stage.issue(pair, self.points)
            if difference is None:
                stage.truth.honest["unconfirmed"].add(made.body.number)
            elif last and place == 0:
                stage.truth.honest["unconfirmed"].add(made.body.number)
                stage.on(over(quarter) + DUE_DAY - 1, lambda: late(made))
            else:
                stage.later(2, lambda: stage.differ(made, difference) if difference else stage.confirm(made))

        def late(made: Record) -> None:
            stage.truth.honest["discrepancy"].add(made.body.number)  # it has expired meanwhile
            stage.confirm(made, outcome="discrepancy")

        for place, difference in enumerate(differences):
            day = over(quarter) - 90 + 3 * place
            stage.on(day, lambda place=place, difference=difference: issue(place, difference))


def true_gaps(stage: Stage) -> set[str]:
    """Pairs' quarters that have a gap in the end, whoever brought it about: every certificate is looked at once more."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    cursor = None
    while True:
        page = stage.world.ledger.certificates(cursor=cursor)
        for row in page.rows:
            if row.type == "paper" or row.state in GOODS_REMAIN:
                continue
            quarter = quarter_of(row.issued)
            if over(quarter) + DUE_DAY > stage.day:
                continue
            held = sums[f"{row.issuer}-{row.destination}/{quarter}"]
            held[0] += 1
            held[1] += row.points
            held[2] += row.measured or 0
        if page.cursor is None:
            break
        cursor = page.cursor
    return {about for about, (n, sent, came) in sums.items() if n >= GAP_LEAST and abs(sent - came) * 20 > sent}


def _lines(commitment: bytes) -> int:
    """How many lines of the world a cell's commitment is the sum of."""
    return next(n for n in count(1) if opens(commitment, CENTS * n, (BLINDING * n % L).to_bytes(32, "little")))


def _needed(stage: Stage, code: str) -> int:
    """Points that a participant exported more than it had and imported, by the end of the newest half-year that is judged."""
    stored = stage.world.store.get(keys.finding_note(STOCK.letter, code))
    stocks: Stocks = STOCK.none if stored is None else STOCK.decoder.decode(stored)
    judged = [sums for half, sums in stocks.halves.items() if over(half) + DUE_DAY <= stage.day]
    return sum(sums.exports - sums.imports for sums in judged) - (stocks.opening or 0)


def reports(stage: Stage) -> tuple[tuple[Case, ...], Returns]:
    """For one run; the returns are to be scheduled once all cases are planted."""
    returns = Returns(stage)
    return (ReturnLate(returns), ReturnMismatch(returns), NegativeStock(), BilateralGap()), returns


def quarters(stage: Stage) -> list[str]:
    """Those that end within the run."""
    found, quarter = [], quarter_of(stage.date_of(0))
    while over(quarter) < stage.days:
        found.append(quarter)
        quarter = quarter_of(day_after(quarter))
    return found


def over(quarter: str) -> int:
    """The first day after a quarter, counted from the first one."""
    return day_number(day_after(quarter)) - FIRST_DAY
