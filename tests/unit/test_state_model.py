"""The ledger against a model of it: any sequence of certificates and outcomes is judged alike, and leaves the same sums and lists.

The model knows numbers, parties, states and carats, and is written from the table of kinds, not from the code.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from ledger.bodies import ConfirmLine, Source
from ledger.composition import compose
from ledger.custody import finish
from ledger.totals import ALL_HS
from tests.support.world import World

CODES = ("BW", "AE", "EU")
NUMBERS = tuple(f"{code}{digit:07}" for code in CODES for digit in range(3))
CARATS = st.sampled_from((1, 50, 100, 150))

issues = st.tuples(
    st.just("issue"),
    st.sampled_from(NUMBERS),
    st.sampled_from(CODES),
    CARATS,
    st.lists(st.tuples(st.sampled_from(NUMBERS), CARATS), max_size=2),
)
outcomes = st.tuples(
    st.just("confirm"),
    st.sampled_from(NUMBERS),
    st.sampled_from(CODES),
    CARATS,
    st.sampled_from(("confirmed", "discrepancy", "refused")),
)
histories = st.lists(st.lists(issues | outcomes, max_size=8), max_size=8)

BEGINNING = [
    [("issue", "BW0000000", "AE", 100, []), ("issue", "EU0000000", "AE", 150, []), ("issue", "BW0000001", "EU", 100, [])],
    [("confirm", "BW0000000", "AE", 100, "confirmed"), ("confirm", "EU0000000", "AE", 100, "discrepancy")],
]
"""So that there is something to take carats from."""


@dataclass
class Certificate:
    destination: str
    points: int
    state: str = "open"
    measured: int = 0
    claimed: int = 0


class Model:
    """What the table of kinds says about numbers, parties and carats."""

    def __init__(self):
        self.held = {}
        self.sums = {}

    def issue(self, number, destination, points, sources):
        if number in self.held:
            return "number-used"
        if destination == number[:2]:
            return "destination-is-issuer"
        seen = []
        for source, taken in sources:
            if source in seen:
                return "source-repeated"
            seen.append(source)
            if source == number:
                return "source-is-self"
            if source not in self.held:
                return "source-unknown"
            found = self.held[source]
            if found.destination != number[:2] or found.state not in ("confirmed", "discrepancy"):
                return "source-not-confirmed-here"
            if found.claimed + taken > found.measured:
                return "carats-exceed-source"
        if sum(taken for _, taken in sources) > points:
            return "sources-exceed-certificate"
        for source, taken in sources:
            self.held[source].claimed += taken
        self.held[number] = Certificate(destination, points)
        self.add(number[:2], "export", points)
        return None

    def confirm(self, number, author, points, outcome):
        if number not in self.held:
            return "certificate-unknown"
        found = self.held[number]
        if author != found.destination:
            return "wrong-destination"
        if found.state != "open":
            return "certificate-closed"
        if outcome == "confirmed" and points != found.points:
            return "confirmed-but-differs"
        found.state = outcome
        if outcome != "refused":
            found.measured = points
            self.add(author, "import", points)
        return None

    def add(self, participant, flow, points):
        held = self.sums.get((participant, flow), (0, 0))
        self.sums[participant, flow] = (held[0] + points, held[1] + 1)


def record_of(world, made, action):
    kind, number, code, points, more = action
    if kind == "issue":
        sources = tuple(Source(source, taken) for source, taken in more)
        return world.issue(number=number, destination=code, lines=(world.line(points),), sources=sources)
    issue = made.get(number) or world.issue(number=number, destination=code)
    lines = (ConfirmLine(world.commitment(), "710231", points),)
    return world.confirm(issue, author=code, lines=lines, outcome=more)


@given(histories)
def test_ledger_and_model_agree(history):
    with TemporaryDirectory() as folder, World.make(Path(folder) / "db") as world:
        model, made = Model(), {}
        for actions in BEGINNING + history:
            records, expected = [], []
            for action in actions:
                kind, number, *_ = action
                record = record_of(world, made, action)
                code = model.issue(*action[1:]) if kind == "issue" else model.confirm(*action[1:])
                if kind == "issue" and code is None:
                    made[number] = record
                records.append(record)
                expected.append(code)
            judgements = world.block(*records).judgements
            assert [judgement.refusal and str(judgement.refusal.code) for judgement in judgements] == expected
        rows = {row.number: row for row in world.ledger.certificates().rows}
        assert rows.keys() == model.held.keys()
        for number, held in model.held.items():
            row = rows[number]
            assert (row.destination, row.points, row.state, row.claimed) == (
                held.destination,
                held.points,
                held.state,
                held.claimed,
            )
            assert (row.measured or 0) == held.measured
            assert held.claimed <= held.measured
        margins = {
            (row.participant, row.flow): (row.points, row.certificates) for row in world.ledger.totals() if row.hs == ALL_HS
        }
        assert margins == model.sums
        opened = {number for number, held in model.held.items() if held.state == "open"}
        assert {row.number for row in world.ledger.open_confirmations().rows} == opened
        assert world.ledger.figures().open == len(opened)
        owed = {one.destination: one.all.certificates for one in world.ledger.ageing().owed}
        assert owed == Counter(model.held[number].destination for number in opened)
        for code in {participant for participant, _ in margins}:
            total = world.ledger.stock(code).total
            assert (total.imports, total.import_certificates) == margins.get((code, "import"), (0, 0))
            assert (total.exports, total.export_certificates) == margins.get((code, "export"), (0, 0))
        for number, held in model.held.items():
            chains = finish(world.ledger.custody(number))
            assert sum(one.points for one in chains.down.takings if one.source == number) == held.claimed
            assert not chains.up.cut
            assert not chains.down.cut
            for one in chains.up.links[1:]:
                assert number in {link.number for link in finish(world.ledger.custody(one.number, up=False)).down.links}
            found = finish(compose(chains.up))
            parts = [share.pro_rata for share in found.shares if not share.zone] + [mixed.pro_rata for mixed in found.mixed]
            assert sum(parts) == found.points == held.points
            assert all(share.lowest <= share.pro_rata <= share.highest for share in found.shares)
