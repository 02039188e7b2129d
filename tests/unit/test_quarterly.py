"""ledger/quarterly.py: sums of a quarter, forth and back; what a block changes stays apart until its end."""

import random

import pytest
from nacl import bindings

from ledger import keys, quarterly
from ledger.bodies import ConfirmLine
from ledger.commitments import IDENTITY, L, commit, opens, sum_points
from ledger.entries import HS_CODES
from ledger.errors import Code, Refusal, StoreError
from ledger.overlay import Overlay, Reader
from ledger.periods import day_after, is_over, quarter_of
from ledger.quarterly import Cell, Quarter, Quarterly, Trade, sum_lines
from ledger.record import parse_record, verify_records
from ledger.rules.effects import Writer
from ledger.totals import Totals
from tests.outside import pedersen
from tests.support.script import script
from tests.support.world import START, World

RECORD, LATER = b"r" * 32, b"l" * 32


class Held(dict):
    """A store of bytes, and the writes of a block into it."""

    def block(self, *moves):
        sums = Quarterly(self.get)
        for sign, trade in moves:
            (sums.count if sign > 0 else sums.discount)(trade)
        self.write(sums)
        return sums

    def write(self, sums):
        sums.write(self.__setitem__, self.__delitem__)


def value(cents, blinding=5):
    return commit(cents, blinding.to_bytes(32, "little"))


def trade(*lines, flow="export", date="2026-02-27", partner="AE", record=RECORD):
    return Trade("BW", flow, date, partner, sum_lines(ConfirmLine(*line) for line in lines), record)


def line(points, cents=100, hs="710231"):
    return value(cents), hs, points


def test_quarters_are_those_of_the_calendar():
    firsts = {f"2026-{month:02}-01": f"2026Q{1 + (month - 1) // 3}" for month in range(1, 13)}
    assert {date: quarter_of(date) for date in firsts} == firsts
    assert quarter_of("2026-03-31") == "2026Q1"
    ends = {
        "2026Q1": "2026-04-01",
        "2026Q3": "2026-10-01",
        "2026Q4": "2027-01-01",
        "2026H1": "2026-07-01",
        "2026H2": "2027-01-01",
    }
    assert {period: day_after(period) for period in ends} == ends
    april = START + 31 * 86_400_000 - 12 * 3_600_000
    assert [is_over("2026Q1", april - 14 * 3_600_000 - before) for before in (0, 1)] == [True, False]


def test_what_is_counted_and_taken_back_leaves_nothing(tmp_path):
    store, one = Held(), trade(line(9_000), line(3_000, 50, "710221"), line(1, 0))
    store.block((1, one))
    sums = Quarterly(store.get)
    assert sums.quarter("BW", "export", "2026Q1") == Quarter(1, 2, RECORD)
    cell = sums.cell("BW", "export", "2026Q1", "AE", "710231")
    assert (cell.points, cell.certificates) == (9_001, 1)
    assert opens(cell.commitment, 100, (10).to_bytes(32, "little"))
    assert sums.cell("BW", "export", "2026Q1", "AE", "710210") == Cell()
    store.block((-1, Trade(one.author, one.flow, one.date, one.partner, one.lines, LATER)))
    assert store == {keys.quarter("BW", "e", "2026Q1"): bytes(16) + LATER}
    assert Quarterly(store.get).quarter("BW", "export", "2026Q1") == Quarter(0, 0, LATER)


def test_within_one_block_it_leaves_nothing_either():
    store, one = Held(), trade(line(5))
    sums = store.block((1, one), (-1, one))
    assert list(store) == [keys.quarter("BW", "e", "2026Q1")]
    store.clear()
    sums = store.block((1, one))
    held = dict(store)
    sums = store.block((-1, one), (1, one))
    assert store == held
    assert sums.cell("BW", "export", "2026Q1", "AE", "710231").certificates == 1


def test_an_amended_line_moves_between_cells_and_quarters():
    store = Held()
    before = trade(line(5, 100), line(7, 20, "710221"))
    after = trade(line(6, 130), date="2026-04-01", partner="EU", record=LATER)
    store.block((1, before))
    store.block((-1, Trade("BW", "export", before.date, "AE", before.lines, LATER)), (1, after))
    sums = Quarterly(store.get)
    assert sums.quarter("BW", "export", "2026Q1") == Quarter(0, 0, LATER)
    assert sums.quarter("BW", "export", "2026Q2") == Quarter(1, 1, LATER)
    assert sums.cell("BW", "export", "2026Q2", "EU", "710231") == Cell(6, 1, value(130))


def test_random_histories_are_the_sums_of_what_remains():
    """Counted again, from the trades that are still there."""
    rng, store, remain = random.Random(4), Held(), []
    for _ in range(40):
        moves = []
        for _ in range(rng.randrange(1, 6)):
            if remain and rng.random() < 0.4:
                moves.append((-1, remain.pop(rng.randrange(len(remain)))))
            else:
                lines = [line(rng.randrange(1, 99), rng.randrange(3), rng.choice(HS_CODES)) for _ in range(rng.randrange(4))]
                flow, partner = rng.choice(("export", "import")), rng.choice(("AE", "EU"))
                moves.append((1, trade(*lines, flow=flow, partner=partner, date=rng.choice(("2026-03-31", "2026-04-01")))))
                remain.append(moves[-1][1])
        store.block(*moves)
    for flow, letter in keys.FLOW_LETTERS.items():
        for quarter in ("2026Q1", "2026Q2"):
            here = [one for one in remain if one.flow == flow and quarter_of(one.date) == quarter]
            cells = {}
            for one in here:
                for each in one.lines:
                    cells.setdefault((one.partner, each.hs), []).append((one, each))
            prefix = keys.quarter("BW", letter, quarter)
            stored = sorted((key[len(prefix) :], data) for key, data in store.items() if key.startswith(prefix))
            found = {(partner, hs): cell for partner, hs, cell in quarterly.read(stored)}
            assert found.keys() == cells.keys()
            for name, lines in cells.items():
                total = sum_points(each.commitment for _, each in lines)
                certificates = len({id(one) for one, _ in lines})
                assert found[name] == Cell(sum(each.points for _, each in lines), certificates, total)
            counts = Quarterly(store.get).quarter("BW", flow, quarter)
            assert (counts.certificates, counts.cells) == (len(here), len(cells))


def test_lines_that_cancel_leave_the_identity():
    store = Held()
    up, down = value(0, 7), value(0, L - 7)
    store.block((1, trade((up, "710231", 1), (down, "710231", 2))))
    cell = Quarterly(store.get).cell("BW", "export", "2026Q1", "AE", "710231")
    assert cell == Cell(3, 1, IDENTITY)
    assert opens(cell.commitment, 0, bytes(32))
    store.block((1, trade(line(1, 100))))
    assert Quarterly(store.get).cell("BW", "export", "2026Q1", "AE", "710231") == Cell(4, 2, value(100))


@pytest.mark.parametrize(
    "wrong",
    [
        trade(line(5, 101)),
        trade(line(4)),
        trade(line(6)),
        trade(line(5), line(5)),
        trade(line(5), partner="EU"),
        trade(line(5), date="2026-04-01"),
        trade(line(5, hs="710221")),
    ],
    ids=["value", "less", "more", "twice", "partner", "quarter", "code"],
)
def test_taking_back_what_never_counted_is_an_error(wrong):
    """Damage, or a fault of the rules: the block must not be written."""
    store = Held()
    store.block((1, trade(line(5))))
    with pytest.raises(StoreError):
        store.block((-1, wrong))


@pytest.mark.parametrize(("flow", "hs"), [("export", "710231"), ("import", "710221")])
def test_damaged_sums_are_an_error(tmp_path, flow, hs):
    with World.make(tmp_path / "db") as world:
        world.accept(world.issue())
        place = keys.quarter("BW", keys.FLOW_LETTERS[flow], "2026Q1")
        for key, data in ((place, bytes(47)), (place + b"AE" + hs.encode(), bytes(55)), (place + b"AE" + b"710239", bytes(56))):
            before = world.store.get(key)
            world.store.write({key: data}, sync=True)
            with pytest.raises(StoreError):
                world.ledger.quarter("BW", flow, "2026Q1")
            world.store.write({key: before}, sync=True)


def test_a_commitment_that_is_no_point_is_refused_before_it_could_be_summed(tmp_path):
    """Not canonical, not on the curve, the identity: `verify_records` says so, and no sum takes what is no point."""
    high = (2**255 - 18).to_bytes(32, "little")
    with World.make(tmp_path / "db") as world:
        for bad in (high, b"\2" + bytes(31), IDENTITY, b"\xff" * 32):
            record = world.issue(lines=(type(world.line(1))(bad, "710231", ("BW",), 1),))
            (refusal,) = verify_records(world.ledger.ledger_id, [record])
            assert (refusal.code, refusal.field) == (Code.BAD_COMMITMENT, "lines[0].commitment")
    for combine in ("count", "discount"):
        sums = Quarterly({}.get)
        sums.count(trade(line(1)))
        with pytest.raises(Refusal):
            getattr(sums, combine)(trade((b"\2" + bytes(31), "710231", 1)))


def writer_of(world):
    """What a later kind of record, in a block of its own, has at hand."""
    overlay, sums = Overlay(world.store.get, world.ledger._standing.rolls), Totals()
    return overlay, sums, Writer(overlay, sums)


def finish(world, overlay, sums):
    sums.write(overlay)
    overlay.trade.write(overlay.put, overlay.delete)
    world.store.write(overlay.writes(), sync=True)


def test_a_certificate_that_is_void_or_amended_counts_no_longer_or_anew(tmp_path):
    """As the effects of such records do it: take back what counts, count what is said now, each in its own quarter."""
    with World.make(tmp_path / "db") as world:
        kept, gone, changed = (world.issue(number=f"BW000000{digit}") for digit in range(3))
        world.accept(kept, gone, changed)
        world.accept(world.confirm(kept))
        imports = world.ledger.quarter("AE", "import", "2026Q1").cells
        overlay, sums, writer = writer_of(world)
        writer.discount_trade("export", "BW0000001", LATER)
        writer.discount_trade("export", "BW0000002", LATER)
        writer.count_trade("export", "BW0000002", "BW", "2026-04-01", "EU", (world.line(7), world.line(4)), LATER)
        finish(world, overlay, sums)
        first, second = (world.ledger.quarter("BW", "export", quarter) for quarter in ("2026Q1", "2026Q2"))
        assert (first.counts, second.counts) == (Quarter(1, 2, LATER), Quarter(1, 1, LATER))
        assert [(partner, hs, cell.points) for partner, hs, cell in first.cells] == [
            ("AE", "710221", 3_000),
            ("AE", "710231", 9_000),
        ]
        assert second.cells == (("EU", "710231", Cell(11, 1, sum_points([world.commitment()] * 2))),)
        assert world.ledger.quarter("AE", "import", "2026Q1").cells == imports
        rows = {(row.flow, row.hs): (row.points, row.certificates) for row in world.ledger.totals() if row.participant == "BW"}
        assert rows == {("export", ""): (12_011, 2), ("export", "710221"): (3_000, 1), ("export", "710231"): (9_011, 2)}
        assert overlay.counted("export", "BW0000001") is None
        assert overlay.counted("import", "BW0000000").partner == "BW"


def test_what_counts_no_longer_is_taken_back_once(tmp_path):
    with World.make(tmp_path / "db") as world:
        issue = world.issue()
        world.accept(issue)
        overlay, sums, writer = writer_of(world)
        for _ in range(2):
            writer.discount_trade("export", "BW0000001", LATER)
        writer.discount_trade("import", "BW0000001", LATER)
        finish(world, overlay, sums)
        assert world.ledger.totals() == ()
        view = world.ledger.quarter("BW", "export", "2026Q1")
        assert (view.counts, view.cells) == (Quarter(0, 0, LATER), ())


def test_refused_goods_leave_nothing_to_take_back(tmp_path):
    with World.make(tmp_path / "db") as world:
        issue = world.issue()
        world.accept(issue)
        world.accept(world.confirm(issue, outcome="refused"))
        state = Reader(world.store.get, world.ledger._standing.rolls)
        assert state.counted("import", "BW0000001") is None
        held = state.counted("export", "BW0000001")
        assert (held.author, held.date, held.partner) == ("BW", "2026-02-27", "AE")
        assert [(line.hs, line.points) for line in held.sums] == [("710221", 3_000), ("710231", 9_000)]


def test_subtraction_is_libsodiums():
    left, right = value(70, 3), value(30, 9)
    assert bindings.crypto_core_ed25519_add(bindings.crypto_core_ed25519_sub(left, right), right) == left


def test_the_sums_of_a_history_are_those_of_its_log(tmp_path):
    """Counted again from the entries alone, by a program that knows nothing of the ledger."""
    cells, certificates, last = {}, {}, {}
    with World.make(tmp_path / "db") as world:
        for block in script(25):
            world.ledger.apply(block)
        size = world.ledger.head.tree_size
        for n in range(-(-size // 256)):
            ids = world.ledger.tile(0, n, min(256, size - n * 256))
            for at in range(0, len(ids), 32):
                record = parse_record(world.ledger.body(ids[at : at + 32]))
                body = record.body
                if record.kind == "import.confirm" and body.outcome == "refused":
                    continue
                export = record.kind == "certificate.issue"
                place = (record.author, "export", body.issued) if export else (record.author, "import", body.received)
                quarter = (*place[:2], f"{place[2][:4]}Q{-(-int(place[2][5:7]) // 3)}")
                certificates[quarter] = certificates.get(quarter, 0) + 1
                last[quarter] = record.id
                for each in body.lines:
                    partner = body.destination if export else body.number[:2]
                    cells.setdefault(quarter, {}).setdefault((partner, each.hs), []).append(each)
        assert len(cells) > 3
        for quarter, found in cells.items():
            view = world.ledger.quarter(*quarter)
            assert (view.counts.certificates, view.counts.last) == (certificates[quarter], last[quarter])
            shown = {(partner, hs): (cell.points, cell.commitment) for partner, hs, cell in view.cells}
            wanted = {
                name: (sum(each.points for each in lines), pedersen.add(each.commitment for each in lines))
                for name, lines in found.items()
            }
            assert shown == wanted
