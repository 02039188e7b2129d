"""Findings after any history: the same on every node, however often it was stopped; the same however a day's records are split into
blocks; and what is open is what a count over the certificates as they stand gives.
"""

from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.units import day_number
from tests.support.findings import finding_world
from tests.support.state_model import Model
from tests.support.world import DAY_MS, World
from tests.unit.test_state_model import action, numbers, record_of

THRESHOLDS = {
    "splitting_certificates": 3, "unbroken_confirmations": 2, "drift_outcomes": 2, "drift_same_way": 1, "confirmation_days": 5, "number_gap_days": 3,
    "confirmation_working_days_eu": 2, "quick_transit_days": 3,
}  # fmt: skip
KINDS = {"issue", "amend", "confirm", "correct", "close"}
BEGINNING = [
    [("issue", "BW0000000", "AE", 100, []), ("issue", "EU0000000", "AE", 150, []), ("issue", "BW0000001", "EU", 100, [])],
    [("confirm", "BW0000000", "AE", 100, "confirmed"), ("confirm", "EU0000000", "AE", 100, "discrepancy")],
]
KNOWN = numbers(3)
days = st.tuples(st.integers(0, 4), st.integers(0, 2**32), st.integers(0, 8))
histories = st.lists(days, max_size=6)
"""Days that pass, what the day's records are drawn from, how many there are."""


def drawn(model, seed, count):
    """So many actions, each drawn when the model knows the one before."""
    random = Random(seed)
    while count:
        one = action(random.choice, KNOWN, model)
        if one[0] in KINDS:
            count -= 1
            yield one


def tell(world, history, *, split=0, restarts=False):
    """Each day's records in one block, or `split` of them in each; from then on the worlds have the same records."""
    model, made, heads = Model(), {}, {}
    day = world.now // DAY_MS
    told = [(0, iter(actions)) for actions in BEGINNING] + [(pause, drawn(model, *rest)) for pause, *rest in history]
    for step, (pause, actions) in enumerate(told):
        day += pause
        world.now = day * DAY_MS + DAY_MS // 2 + (step + 1) * 60_000
        records = []
        for wanted in actions:
            kind, number, *_ = wanted
            record = record_of(world, made, heads, wanted)
            records.append(record)
            if getattr(model, kind)(*wanted[1:]) is None:
                heads[number] = record.id
                if kind == "issue":
                    made[number] = record
        for part in [records[at : at + split] for at in range(0, len(records), split)] if split and records else [records]:
            world.now += 1_000
            world.block(*part)
            if restarts:
                world = again(world)
    return world


def again(world):
    world.store.close()
    reopened = World.make(world.path, world.ledger.genesis)
    reopened.now, reopened.made, reopened.names = world.now, world.made, world.names
    return reopened


def derived(world):
    """All that is kept of findings."""
    return dict(world.store.iterate(b"k/"))


def findings(world):
    """Without the heights, which are those of the blocks."""
    skipped = {"first_seen", "height"}
    return [
        tuple(getattr(one, field) for field in one.__struct_fields__ if field not in skipped)
        for one in world.ledger.findings().rows
    ]


def opened(world, rule):
    return {one.about for one in world.ledger.findings(rule=rule).rows if one.status == "open"}


@given(histories)
@settings(max_examples=40)
def test_the_same_blocks_leave_the_same_findings_on_every_node(history):
    with TemporaryDirectory() as folder:
        for name in ("one", "other"):
            (Path(folder) / name).mkdir()
        one = tell(finding_world(Path(folder) / "one", **THRESHOLDS), history)
        other = tell(finding_world(Path(folder) / "other", **THRESHOLDS), history, restarts=True)
        with one, other:
            assert one.ledger.head == other.ledger.head
            assert derived(one) == derived(other)


@given(histories, st.integers(1, 3))
@settings(max_examples=40)
def test_how_a_days_records_are_split_into_blocks_does_not_matter(history, split):
    with TemporaryDirectory() as folder:
        for name in ("one", "other"):
            (Path(folder) / name).mkdir()
        one = tell(finding_world(Path(folder) / "one", **THRESHOLDS), history)
        other = tell(finding_world(Path(folder) / "other", **THRESHOLDS), history, split=split)
        with one, other:
            assert one.ledger.head.root == other.ledger.head.root
            assert findings(one) == findings(other)


@given(histories)
@settings(max_examples=40)
def test_what_is_open_is_what_a_count_gives(history):
    with TemporaryDirectory() as folder, tell(finding_world(Path(folder), **THRESHOLDS), history) as world:
        views = {row.number: world.ledger.certificate(row.number) for row in world.ledger.certificates().rows}
        exported = [one.row for one in views.values() if one.row.state not in {"void", "returned", "replaced"}]
        arrived = [one for one in views.values() if one.row.state in {"confirmed", "discrepancy"}]
        assert opened(world, "discrepancy") == {one.row.number for one in arrived if one.row.state == "discrepancy"}
        assert opened(world, "quick-transit") == {
            one.row.number for one in arrived if day_number(one.outcome.received) - day_number(one.issue.validated) < 3
        }
        same_day = Counter(f"{row.issuer}-{row.destination}/{row.issued}" for row in exported)
        assert opened(world, "splitting") == {about for about, count in same_day.items() if count >= 3}
        pairs = {}
        for one in arrived:
            pairs.setdefault(f"{one.row.issuer}-{one.row.destination}", []).append(one.row)
        assert opened(world, "never-a-discrepancy") == {
            pair for pair, rows in pairs.items() if len(rows) >= 2 and {row.state for row in rows} == {"confirmed"}
        }
        sums = {pair: (sum(r.points for r in rows), sum(r.measured for r in rows), len(rows)) for pair, rows in pairs.items()}
        assert opened(world, "discrepancy-drift") == {
            f"{pair}/2026"
            for pair, (points, measured, count) in sums.items()
            if count >= 2 and abs(measured - points) * 1_000 > points
        }
        assert opened(world, "origin-balance") == short(views, exported, arrived)


def short(views, exported, arrived):
    """Participants and countries, not their own, of which more was exported than came in."""
    balance = Counter()
    for row in exported:
        for line in views[row.number].issue.lines:
            balance[row.issuer, line.origin[0]] += line.points
    for one in arrived:
        for line in one.issue.lines:
            balance[one.row.destination, line.origin[0]] -= min(line.points, one.row.measured)
    return {f"{code}/{country}" for (code, country), points in balance.items() if points > 0 and code != country}
