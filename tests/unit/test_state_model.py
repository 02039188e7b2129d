"""The ledger against a model of it: any sequence of certificates, of what changes them and of outcomes is judged alike, and leaves the
same sums and lists.

The model knows numbers, parties, states and carats, and is written from the table of kinds, not from the code.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from ledger.bodies import AmendBody, CloseBody, ConfirmLine, CorrectBody, Source
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
closings = st.tuples(
    st.just("close"),
    st.sampled_from(NUMBERS),
    st.sampled_from(CODES),
    st.sampled_from(("void", "lost", "stolen", "returned-unused", "replaced-by")),
)
amendments = issues.map(lambda action: ("amend", *action[1:]))
corrections = outcomes.map(lambda action: ("correct", *action[1:]))
histories = st.lists(st.lists(issues | outcomes | amendments | closings | corrections, max_size=8), max_size=8)

BEGINNING = [
    [("issue", "BW0000000", "AE", 100, []), ("issue", "EU0000000", "AE", 150, []), ("issue", "BW0000001", "EU", 100, [])],
    [("confirm", "BW0000000", "AE", 100, "confirmed"), ("confirm", "EU0000000", "AE", 100, "discrepancy")],
]
"""So that there is something to take carats from."""


@dataclass
class Certificate:
    destination: str
    points: int
    sources: list
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
        refused = self.stated(number, destination, points, sources, {})
        if refused is None:
            self.claim(sources, 1)
            self.held[number] = Certificate(destination, points, sources)
            self.add(number[:2], "export", points)
        return refused

    def stated(self, number, destination, points, sources, own):
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
            if found.claimed - own.get(source, 0) + taken > found.measured:
                return "carats-exceed-source"
        return "sources-exceed-certificate" if sum(taken for _, taken in sources) > points else None

    def claim(self, sources, sign):
        for source, taken in sources:
            self.held[source].claimed += sign * taken

    def amend(self, number, destination, points, sources):
        if number not in self.held:
            return "certificate-unknown"
        found = self.held[number]
        if found.state != "open":
            return "certificate-closed"
        refused = self.stated(number, destination, points, sources, dict(found.sources))
        if refused is None:
            self.claim(found.sources, -1)
            self.claim(sources, 1)
            self.add(number[:2], "export", found.points, -1)
            self.add(number[:2], "export", points)
            found.destination, found.points, found.sources = destination, points, sources
        return refused

    def close(self, number, author, reason):
        if number not in self.held:
            return "certificate-unknown"
        found = self.held[number]
        if author != number[:2]:
            return "not-issuer"
        if found.state not in ("open", "refused"):
            return "certificate-closed"
        found.state = {"returned-unused": "returned", "replaced-by": "replaced"}.get(reason, reason)
        if reason not in ("lost", "stolen"):
            self.claim(found.sources, -1)
            self.add(author, "export", found.points, -1)
            found.sources = []
        return None

    def confirm(self, number, author, points, outcome):
        return self.judge(number, author, points, outcome, ("open",), "certificate-closed")

    def correct(self, number, author, points, outcome):
        return self.judge(number, author, points, outcome, ("confirmed", "discrepancy", "refused"), "no-outcome")

    def judge(self, number, author, points, outcome, states, otherwise):
        if number not in self.held:
            return "certificate-unknown"
        found = self.held[number]
        if author != found.destination:
            return "wrong-destination"
        if found.state not in states:
            return otherwise
        if outcome == "confirmed" and points != found.points:
            return "confirmed-but-differs"
        left = 0 if outcome == "refused" else points
        if left < found.claimed:
            return "corrected-below-claimed"
        if found.state in ("confirmed", "discrepancy"):
            self.add(author, "import", found.measured, -1)
        found.state, found.measured = outcome, left
        if outcome != "refused":
            self.add(author, "import", points)
        return None

    def add(self, participant, flow, points, sign=1):
        held = self.sums.pop((participant, flow), (0, 0))
        after = (held[0] + sign * points, held[1] + sign)
        if after != (0, 0):
            self.sums[participant, flow] = after


def record_of(world, made, heads, action):
    """The record of an action; it answers the certificate's newest record as it is when the action is made."""
    kind, number, code, *more = action
    head = heads.get(number, bytes(32))
    if kind == "close":
        (reason,) = more
        replacement = f"{number[:2]}9999999" if reason == "replaced-by" else ""
        world.rng(1)  # no two records are the same bytes: what was accepted once would be skipped
        body = CloseBody(number=number, reason=reason, replacement=replacement)
        return world.sign("certificate.close", body, code, at=world.now - world.made)
    points, last = more
    if kind in ("issue", "amend"):
        sources = tuple(Source(source, taken) for source, taken in last)
        stated = {"number": number, "destination": code, "lines": (world.line(points),), "sources": sources}
        if kind == "issue":
            return world.issue(**stated)
        return world.sign("certificate.amend", AmendBody(answers=head, **asdict(world.issue_body(**stated))), number[:2])
    issue = made.get(number) or world.issue(number=number, destination=code)
    lines = (ConfirmLine(world.commitment(), "710231", points),)
    body = world.confirm_body(issue, lines=lines, outcome=last, answers=head)
    if kind == "confirm":
        return world.sign("import.confirm", body, code)
    return world.sign("import.correct", CorrectBody(**asdict(body)), code)


@given(histories)
def test_ledger_and_model_agree(history):
    with TemporaryDirectory() as folder, World.make(Path(folder) / "db") as world:
        model, made, heads = Model(), {}, {}
        for actions in BEGINNING + history:
            records, expected = [], []
            for action in actions:
                kind, number, *_ = action
                record = record_of(world, made, heads, action)
                code = getattr(model, kind)(*action[1:])
                if code is None:
                    heads[number] = record.id
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
