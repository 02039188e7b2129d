"""ledger/totals.py: running sums equal the sums of what stands in the log."""

import pytest

from ledger import keys, totals
from ledger.bodies import ConfirmBody, ConfirmLine, IssueBody
from ledger.entries import STATE_NUMBER
from ledger.errors import StoreError
from ledger.limits import MAX_AMOUNT
from ledger.overlay import Overlay
from ledger.record import parse_record
from ledger.totals import ALL_HS, Total
from tests.support.script import script
from tests.support.world import World


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def table(world):
    return {(row.participant, row.flow, row.hs): (row.points, row.certificates) for row in world.ledger.totals()}


def test_nothing_yet(world):
    assert world.ledger.totals() == ()


def test_exports_count_when_issued_imports_as_measured(world):
    issues = [world.issue(number=f"BW000000{digit}") for digit in range(4)]
    world.accept(*issues)
    export = {
        ("BW", "export", ALL_HS): (48_000, 4),
        ("BW", "export", "710221"): (12_000, 4),
        ("BW", "export", "710231"): (36_000, 4),
    }
    assert table(world) == export
    less = (ConfirmLine(world.commitment(), "710210", 500), ConfirmLine(world.commitment(), "710210", 250))
    world.accept(
        world.confirm(issues[0]),
        world.confirm(issues[1], outcome="discrepancy", lines=less),
        world.confirm(issues[2], outcome="refused"),
        world.confirm(issues[3], outcome="discrepancy", lines=(), parcels=0),
    )
    assert table(world) == export | {
        ("AE", "import", ALL_HS): (12_750, 3),
        ("AE", "import", "710210"): (750, 1),
        ("AE", "import", "710221"): (3_000, 1),
        ("AE", "import", "710231"): (9_000, 1),
    }
    assert world.ledger.totals()[0] == Total("AE", "import", "", 12_750, 3)


def test_certificates_are_counted_by_state(world):
    def counts():
        return {state: totals.read_count(world.store.get(keys.count(number))) for state, number in STATE_NUMBER.items()}

    issues = [world.issue(number=f"BW000000{digit}") for digit in range(4)]
    world.accept(*issues[:3])
    assert (counts()["open"], world.ledger.figures().open) == (3, 3)
    world.accept(world.confirm(issues[0]), issues[3], world.confirm(issues[1], outcome="refused"))
    world.block(world.confirm(issues[1]), world.issue())
    assert {state: count for state, count in counts().items() if count} == {"open": 2, "confirmed": 1, "refused": 1}
    assert world.ledger.figures().open == 2
    world.store.write({keys.count(STATE_NUMBER["open"]): b"2"}, sync=True)
    with pytest.raises(StoreError, match="count"):
        world.ledger.figures()


def test_what_is_subtracted_leaves_what_was_before(world):
    world.accept(world.issue(), world.issue(number="BW0000002"))
    before = table(world)
    for flow, row in (("export", {}), ("import", {("BW", "import", ALL_HS): (5, 1), ("BW", "import", "710210"): (5, 1)})):
        overlay, sums = Overlay(world.store.get, world.ledger._standing.rolls), totals.Totals()
        sums.add("BW", flow, (5, 0, 0))
        sums.write(overlay)
        world.store.write(overlay.writes(), sync=True)
        if row:
            assert table(world) == before | row
        overlay, sums = Overlay(world.store.get, world.ledger._standing.rolls), totals.Totals()
        sums.subtract("BW", flow, (5, 0, 0))
        sums.write(overlay)
        world.store.write(overlay.writes(), sync=True)
        assert table(world) == before
        for wrong in ((5, 0, 0), (0, 0, 999_999)):
            sums = totals.Totals()
            sums.subtract("BW", flow, wrong)
            with pytest.raises(StoreError, match="running sum"):
                sums.write(Overlay(world.store.get, world.ledger._standing.rolls))


def test_refused_and_repeated_records_add_nothing(world):
    issue = world.issue()
    world.accept(issue)
    before = table(world)
    world.block(issue, world.issue(), world.issue(number="BW0000002", destination="BW"))
    assert table(world) == before


def test_the_sums_of_a_history_are_those_of_its_records(world):
    """Counted again from the log's entries and the judgements alone."""
    expected = {}

    def add(participant, flow, lines):
        by_hs = {ALL_HS: sum(line.points for line in lines)}
        for line in lines:
            by_hs[line.hs] = by_hs.get(line.hs, 0) + line.points
        for hs, points in by_hs.items():
            held = expected.get((participant, flow, hs), (0, 0))
            expected[participant, flow, hs] = (held[0] + points, held[1] + 1)

    for block in script(25):
        world.ledger.apply(block)
    size = world.ledger.head.tree_size
    for n in range(-(-size // 256)):
        ids = world.ledger.tile(0, n, min(256, size - n * 256))
        for at in range(0, len(ids), 32):
            record = parse_record(world.ledger.body(ids[at : at + 32]))
            if isinstance(record.body, IssueBody):
                add(record.author, "export", record.body.lines)
            elif isinstance(record.body, ConfirmBody) and record.body.outcome != "refused":
                add(record.author, "import", record.body.lines)
    assert table(world) == expected
    assert len(expected) > 8


def test_sums_outgrow_64_bits(world):
    """An issuer that writes absurd weights must not stop every node."""
    enough = 2**64 // MAX_AMOUNT + 2
    records = [world.issue(number=f"BW{digit:07}", lines=(world.line(MAX_AMOUNT),)) for digit in range(40)]
    world.accept(*records)
    held = totals.Totals()
    for _ in range(enough):
        held.add("BW", "export", (0, 0, MAX_AMOUNT))
    with World.make(world.path.parent / "other") as other:
        overlay = Overlay(other.store.get, other.ledger._standing.rolls)
        held.write(overlay)
        other.store.write(overlay.writes(), sync=True)
        assert other.ledger.totals()[0].points == enough * MAX_AMOUNT > 2**64
    assert table(world)["BW", "export", ALL_HS] == (40 * MAX_AMOUNT, 40)


@pytest.mark.parametrize(("key", "value"), [(b"BWx", bytes(24)), (b"BWe", bytes(23)), (b"", bytes(24)), (b"\xff\xffe", b"")])
def test_a_damaged_row_is_an_error(world, key, value):
    world.store.write({keys.TOTAL + key: value}, sync=True)
    with pytest.raises(StoreError):
        world.ledger.totals()
