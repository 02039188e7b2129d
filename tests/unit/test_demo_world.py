"""Generated trade against the real figures, against itself (same seed, same bytes) and against a real ledger."""

import csv
import hashlib
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest

import api.demo
from api.demo.burst import burst
from api.demo.network import Seat, make_network
from api.demo.shipments import plan
from api.demo.trade import make_trade
from api.demo.world import MEAN_CARATS, MEAN_VALUE, load_world
from ledger.bodies import IssueBody
from ledger.errors import Code, Refusal
from ledger.record import parse_submission, verify_records
from ledger.state import Block, Ledger
from ledger.store import Store
from ledger.units import DAY_MS, HOUR_MS, block_date
from ledger.unsealing import check_values, open_envelope

DATA = Path(__file__).parents[1] / "data"
NOW = 1_795_466_113_000  # Monday 2026-11-23, 20:35 UTC
HUBS = {"AE": 0.05, "EU": 0.05, "IN": 0.06}
"""Importers whose share is tested, with the tolerance that a week of 1,000 parcels of very different size leaves."""


def network(seed=b"world"):
    codes = ("BW", "RU", "EU", "AE")
    return make_network(
        [Seat(code, f"127.0.0.1:{8700 + n}", b"\x30\x02a" + bytes([n])) for n, code in enumerate(codes)], NOW, seed=seed
    )


@pytest.fixture(scope="module")
def net():
    return network()


@pytest.fixture(scope="module")
def week(net):
    return make_trade(net.genesis, net.keys, NOW)


@pytest.fixture(scope="module")
def shipments(week):
    return week.shipments


def share(shipments, key, measure=lambda shipment: shipment.points):
    found = Counter()
    for shipment in shipments:
        found[key(shipment)] += measure(shipment)
    whole = sum(found.values())
    return {code: amount / whole for code, amount in found.items()}


def rows(name):
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


# --- calibration ----------------------------------------------------------------------------------------------------


def test_a_mean_certificate(shipments):
    assert len(shipments) == 1_000
    assert sum(s.points for s in shipments) / 100 / 1_000 == pytest.approx(MEAN_CARATS, rel=0.001)
    assert sum(s.cents for s in shipments) / 100 / 1_000 == pytest.approx(MEAN_VALUE, rel=0.001)
    assert (MEAN_CARATS, MEAN_VALUE) == (8_700, 650_000)


def test_exporters_have_their_share_of_world_carats(shipments):
    """Volumes of 2022 over the world's: 331 million carats (89.4 being 27 % of them)."""
    exports = {
        r["iso2"]: float(r["mcarats"])
        for r in rows("trade_points_2022_2024.csv")
        if (r["year"], r["flow"]) == ("2022", "export")
    }
    assert len(exports) == 8
    made = share(shipments, lambda s: s.issuer)
    for code, carats in exports.items():
        assert made[code] == pytest.approx(carats / 331, rel=0.02), code


def test_smaller_producers_export_what_they_mine(shipments):
    mined = {r["iso2"]: float(r["production_kcarats"]) for r in rows("production_2023.csv")}
    made = share(shipments, lambda s: s.issuer)
    for code in ("AO", "ZW", "NA", "LS", "SL", "TZ"):
        assert made[code] == pytest.approx(mined[code] / 331_000, rel=0.02), code
    artisanal = sum(made[code] for code in ("GN", "BR", "CF", "GH", "GY", "LR", "CG", "CM", "CI"))
    assert artisanal == pytest.approx(mined["OTH"] / 331_000, rel=0.02)


def test_prices_stand_to_one_another_as_in_2023(shipments):
    """US$ per carat of a producer over that of BW; the level of all prices is that of 2006."""
    price = {r["iso2"]: float(r["usd_per_carat"]) for r in rows("production_2023.csv") if r["usd_per_carat"]}
    points, cents = defaultdict(int), defaultdict(int)
    for shipment in shipments:
        points[shipment.issuer] += shipment.points
        cents[shipment.issuer] += shipment.cents
    for code in ("RU", "CA", "AO", "NA", "ZA", "ZW", "LS", "SL", "CD", "TZ"):
        made = cents[code] / points[code] / (cents["BW"] / points["BW"])
        assert made == pytest.approx(price[code] / price["BW"], rel=0.01), code


@pytest.mark.parametrize("seed", range(5))
def test_hubs_import_their_share(seed):
    """IN takes 40 to 42 % of the world's carats (2023, 2024); AE and EU as `world.csv` says."""
    shares = {r["year"]: r["note"] for r in rows("trade_points_2022_2024.csv") if (r["iso2"], r["flow"]) == ("IN", "import")}
    assert [text[:3] for text in shares.values()] == ["42%", "40%"]
    world = load_world()
    made = share(plan(world, random.Random(seed), NOW, 7, 1_000), lambda s: s.destination)
    assert made["IN"] == pytest.approx(0.41, abs=HUBS["IN"])
    imports = sum(trader.imports for trader in world.traders.values())
    for code, tolerance in HUBS.items():
        assert made[code] == pytest.approx(world.traders[code].imports / imports, abs=tolerance), code


def test_certificates_by_issuer(shipments):
    made = share(shipments, lambda s: s.issuer, lambda _: 1)
    assert made["IN"] == pytest.approx(3_129 / 55_000, rel=0.05), "issued for export in 2014"
    handled = made["EU"] + share(shipments, lambda s: s.destination, lambda _: 1)["EU"]
    assert 0.4 < handled < 0.6, "Antwerp handles about half"


def test_flows_agree_with_their_margins():
    world = load_world()
    exports = sum(trader.exports for trader in world.exporters)
    imports = sum(trader.imports for trader in world.traders.values())
    columns = Counter()
    for code, row in world.flows.items():
        assert code not in row, "nobody exports to itself"
        assert sum(row.values()) == pytest.approx(world.traders[code].exports / exports, rel=1e-6)
        columns.update(row)
    for code, flow in columns.items():
        assert flow == pytest.approx(world.traders[code].imports / imports, rel=0.01), code
    assert "EU" not in world.flows["RU"]


def test_every_figure_says_where_it_comes_from():
    with (Path(api.demo.__file__).parent / "data/world.csv").open(encoding="utf-8") as lines:
        assert all(row["basis"] for row in csv.DictReader(lines))


def test_goods_are_of_three_kinds(shipments):
    made = Counter()
    for shipment in shipments:
        for line in shipment.goods:
            made[line.hs] += line.points
    whole = sum(made.values())
    assert 0.55 < made["710231"] / whole < 0.9
    assert 0.05 < made["710221"] / whole < 0.35
    assert 0.02 < made["710210"] / whole < 0.2


def test_origins(shipments):
    mined = [s for s in shipments if not s.reexport]
    assert all(line.origin == (s.issuer,) for s in mined for line in s.goods)
    hubs = [line.origin for s in shipments if s.reexport for line in s.goods]
    assert sum(not origin for origin in hubs) > 0.5 * len(hubs), "most of what a hub sends is mixed"
    assert any(len(origin) > 1 for origin in hubs)
    assert any(len(origin) == 1 for origin in hubs)
    assert all(list(origin) == sorted(set(origin)) for origin in hubs)


# --- custody --------------------------------------------------------------------------------------------------------


def test_sources_are_confirmed_before_and_never_over_claimed(shipments):
    by_number = {s.number: s for s in shipments}
    assert len(by_number) == len(shipments)
    claimed = Counter()
    for shipment in shipments:
        for number, points in shipment.sources:
            source = by_number[number]
            assert source.destination == shipment.issuer
            assert source.arrival.outcome in ("confirmed", "discrepancy")
            assert source.arrival.at < shipment.at
            claimed[number] += points
        assert sum(points for _, points in shipment.sources) <= shipment.points
    assert all(points <= sum(line.points for line in by_number[number].arrival.goods) for number, points in claimed.items())
    citing = [s for s in shipments if s.sources]
    assert len(citing) > 150
    assert max(len(s.sources) for s in citing) > 4
    assert any(by_number[number].sources for s in citing for number, _ in s.sources), "chains of more than one hop"


def test_a_hub_names_origins_only_out_of_its_sources(shipments):
    by_number = {s.number: s for s in shipments}
    for shipment in shipments:
        if shipment.reexport:
            named = {country for line in shipment.goods for country in line.origin}
            known = {c for number, _ in shipment.sources for line in by_number[number].goods for c in line.origin}
            assert named <= known, shipment.number


# --- arrivals -------------------------------------------------------------------------------------------------------


def test_arrivals(shipments):
    arrived = [s for s in shipments if s.arrival]
    outcomes = Counter(s.arrival.outcome for s in arrived)
    assert 0.65 < len(arrived) / len(shipments) < 0.85, "the rest is open when the week ends"
    assert 0.005 <= outcomes["discrepancy"] / len(arrived) <= 0.02
    assert outcomes["refused"] >= 2
    assert any(s.arrival.note == "confirmed late" for s in arrived)
    assert any(s.arrival.note == "arrived after expiry" and s.arrival.outcome == "discrepancy" for s in arrived)
    assert any(s.note and not s.arrival for s in shipments), "some are overdue"
    assert 0 < sum(not s.arrival.with_code for s in arrived) < 0.1 * len(arrived)


def test_the_week_lies_within_what_the_ledger_admits(week):
    assert min(step.at for step in week.steps if step.expect is None) >= NOW - 7 * DAY_MS + 2 * HOUR_MS
    assert max(step.at for step in week.steps) <= NOW
    assert [step.at for step in week.steps] == sorted(step.at for step in week.steps)


# --- reproducible ---------------------------------------------------------------------------------------------------


def digest(trade):
    return hashlib.sha256(b"".join(hashlib.sha256(step.submission).digest() for step in trade.steps)).hexdigest()


def test_same_seed_same_bytes(net, week):
    assert make_trade(net.genesis, net.keys, NOW).steps == week.steps
    few = {"certificates": 60}
    first = digest(make_trade(net.genesis, net.keys, NOW, **few))
    assert digest(make_trade(net.genesis, net.keys, NOW, **few)) == first
    assert digest(make_trade(net.genesis, net.keys, NOW, seed=1, **few)) != first
    assert digest(make_trade(net.genesis, net.keys, NOW + DAY_MS, **few)) != first


def test_another_ledger_another_week(week):
    other = network(b"elsewhere")
    steps = make_trade(other.genesis, other.keys, NOW, certificates=60).steps
    assert not {step.submission for step in steps} & {step.submission for step in week.steps}


def test_weeks_of_different_days_share_no_number(net, week):
    other = make_trade(net.genesis, net.keys, NOW + DAY_MS, certificates=200, forgeries=False)
    assert not {s.number for s in other.shipments} & {s.number for s in week.shipments}


# --- the ledger's own word ------------------------------------------------------------------------------------------


def judge(ledger, step, now):
    """The code with which a node would refuse the submission, and the record if it would not."""
    try:
        submission = parse_submission(step.submission)
        refusal = verify_records(ledger.ledger_id, [submission.record])[0]
        if refusal:
            raise refusal
        ledger.check_sealed(submission, now)
        ledger.check(submission.record, now)
    except Refusal as refused:
        return refused.code, None
    return None, submission.record


def replay(path, genesis, groups, now=NOW, *, clock=False):
    """Applies groups of steps, a block each; what was judged other than expected, and the ledger's totals.

    With `clock` the blocks' time follows the steps.
    """
    store = Store.open(path)
    ledger = Ledger.open(store, genesis)
    wrong = []
    for group in groups:
        accepted = []
        now = max(group[-1].at, ledger.head.time) if clock else now
        for step in group:
            code, record = judge(ledger, step, now)
            if code != step.expect:
                wrong.append((step.note, step.expect, code))
            elif record:
                accepted.append(record)
        if accepted:
            height = ledger.head.height + 1
            applied = ledger.apply(Block(height, now + height, bytes([height % 256]) * 32, accepted))
            wrong += [judgement.refusal for judgement in applied.judgements if judgement.refusal]
    totals = {(t.participant, t.flow, t.hs): (t.points, t.certificates) for t in ledger.totals()}
    size = ledger.head.tree_size
    store.close()
    return wrong, totals, size


def test_every_step_meets_its_judgement_in_time_order(net, tmp_path):
    trade = make_trade(net.genesis, net.keys, NOW, seed=7, certificates=250)
    wrong, _, size = replay(tmp_path / "db", net.genesis, [[step] for step in trade.steps])
    assert wrong == []
    assert size == sum(step.expect is None for step in trade.steps)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_every_step_meets_its_judgement_by_waves(net, week, tmp_path, seed):
    trade = week if seed == 0 else make_trade(net.genesis, net.keys, NOW, seed=seed, certificates=300)
    waves = trade.waves()
    assert sum(map(len, waves)) == len(trade.steps)
    for wave in waves:
        random.Random(seed).shuffle(wave)
    wrong, totals, size = replay(tmp_path / "db", net.genesis, waves)
    assert wrong == []
    assert size == sum(step.expect is None for step in trade.steps)
    exports = Counter()
    for shipment in trade.shipments:
        exports[shipment.issuer] += shipment.points
    for code, points in exports.items():
        assert totals[code, "export", ""][0] == points


def test_an_hour_later_it_is_still_the_same(net, week, tmp_path):
    wrong, _, _ = replay(tmp_path / "db", net.genesis, week.waves(), NOW + HOUR_MS)
    assert wrong == []


@pytest.mark.parametrize("days", [38, 41, 44, 800])
def test_around_the_new_year_and_long_after_the_genesis(net, tmp_path, days):
    end = NOW + days * DAY_MS
    trade = make_trade(net.genesis, net.keys, end, certificates=120)
    wrong, _, _ = replay(tmp_path / "db", net.genesis, trade.waves(), end)
    assert wrong == []


def test_a_long_stretch_on_a_clock_that_follows_it(net, tmp_path):
    end = NOW + 120 * DAY_MS
    trade = make_trade(net.genesis, net.keys, end, certificates=250, days=110)
    wrong, _, _ = replay(tmp_path / "db", net.genesis, [[step] for step in trade.steps], clock=True)
    assert wrong == []


def test_forgeries_are_of_many_kinds(week):
    expected = Counter(step.expect for step in week.steps if step.expect)
    assert len(expected) >= 30
    assert sum(expected.values()) >= 35
    assert all(step.note for step in week.steps if step.expect)
    for code in (Code.NUMBER_OUT_OF_RANGE, Code.UNKNOWN_KEY, Code.CARATS_EXCEED_SOURCE, Code.CONFIRMED_BUT_EXPIRED):
        assert expected[code], code


def test_small_weeks_leave_out_what_has_no_subject(net):
    trade = make_trade(net.genesis, net.keys, NOW, certificates=1)
    assert len(trade.shipments) == len(load_world().exporters)
    clean = make_trade(net.genesis, net.keys, NOW, certificates=60, forgeries=False)
    assert all(step.expect is None for step in clean.steps)


def test_readers_can_open_and_values_are_those_committed_to(net, week):
    planned = {s.number: s for s in week.shipments}
    opened = 0
    for step in week.steps[:60]:
        if step.expect:
            continue
        submission = parse_submission(step.submission)
        issuer = step.number[:2]
        destination = planned[step.number].destination
        for code in (issuer, destination, "secretariat"):
            fields = open_envelope(net.genesis.ledger_id, submission.envelope, code, net.keys[code]["seal"])
            cents = check_values(fields, submission.record.body.lines)
            if isinstance(submission.record.body, IssueBody):
                assert cents == [line.cents for line in planned[step.number].goods]
                assert fields["exporter"]["name"].split()[-1].startswith(issuer)
            opened += 1
    assert opened > 100


# --- burst ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [1, 2])
def test_a_burst_is_sound_and_rests_on_nothing(net, tmp_path, lines):
    made = burst(net.genesis, net.keys, NOW, 40, lines=lines)
    submissions = [parse_submission(raw) for raw in made]
    random.Random(1).shuffle(submissions)
    store = Store.open(tmp_path / "db")
    ledger = Ledger.open(store, net.genesis)
    records = [submission.record for submission in submissions]
    assert verify_records(ledger.ledger_id, records) == [None] * 40
    for submission in submissions:
        ledger.check_sealed(submission, NOW)
    applied = ledger.apply(Block(1, NOW + 1, bytes(32), records))
    assert [judgement.refusal for judgement in applied.judgements] == [None] * 40
    assert {len(record.body.lines) for record in records} == {lines}
    assert Counter(record.author for record in records) == {"BW": 10, "RU": 10, "EU": 10, "AE": 10}
    assert ledger.head.tree_size == 40
    store.close()


def test_bursts_with_different_first_numbers_do_not_meet(net):
    one = burst(net.genesis, net.keys, NOW, 5, authors=["IN"])
    two = burst(net.genesis, net.keys, NOW, 5, authors=["IN"], first=5)
    bodies = [parse_submission(raw).record.body for raw in one + two]
    assert len({body.number for body in bodies}) == 10
    assert len({body.rid for body in bodies}) == 10
    assert burst(net.genesis, net.keys, NOW, 5, authors=["IN"]) == one
    assert {body.issued for body in bodies} == {block_date(NOW)}
