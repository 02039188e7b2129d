"""Cells with their figures, which of them are unsafe, the proposal's bytes, and the released files."""

import csv
import hashlib
import io
import json
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.limits import MAX_PROPOSAL_BYTES
from ledger.statistics.cells import Figures, all_figures, certificates, mirror_of
from ledger.statistics.errors import Objection, ObjectionCode
from ledger.statistics.model import Variable, build, required
from ledger.statistics.proposal import Concession, Proposal, Witness, decode_proposal, encode_proposal
from ledger.statistics.release import COLUMNS, release_name, unit_value, write_release
from ledger.statistics.tables import ALL, WORLD, Block, BlockKey, Cell, Cube, Entry, Need, Production, Source
from ledger.statistics.targets import ask
from ledger.statistics.unsafe import largest_need, unsafe_cells

ROUGH, FINE = "710210", "710231"
NAMES = {"AE": "United Arab Emirates", "BW": "Botswana", "EU": "European Union", "RU": "=Russia"}


def block(author, flow, quarter, entries, source=Source.COUNTERSIGNED, needs=None, annual=None) -> Block:
    made = tuple(Entry(*entry, certificates=1) for entry in entries)
    return Block(
        key=BlockKey(author, flow, quarter),
        source=source,
        record=b"r",
        certificates=len(made),
        entries=made,
        needs=needs or {},
        annual=annual or {},
    )


def cube(period, *blocks, names=None) -> Cube:
    reports = (
        Production("BW", "2026H1", b"p", ((ROUGH, 300, 6_000), (FINE, 1, 50))),
        Production("RU", "2026H2", b"p", ((ROUGH, 7, 5),)),
    )
    return Cube(
        period=period,
        height=77,
        tree_size=990,
        names=names or NAMES,
        blocks={one.key: one for one in blocks},
        production={(one.author, one.half): one for one in reports if period in {one.half, "2026"}},
        percent=15,
        least_change=3,
    )


SAFE = Need(3, 0, 0)
FIRST = block("BW", "export", "2026Q1", [("AE", ROUGH, 100, 1_000), ("EU", ROUGH, 50, 700), ("EU", FINE, 9, 90)])
SECOND = block("BW", "export", "2026Q2", [("AE", FINE, 40, 0)], Source.LEDGER)
OTHER = block("AE", "import", "2026Q1", [("BW", ROUGH, 99, 1_010)])


def test_a_quarter_shows_every_participant_and_hs_code():
    figures = all_figures(cube("2026Q1", FIRST, OTHER))
    assert len(figures) == 2 * (len(NAMES) + 1) * 4
    assert list(figures) == sorted(figures)
    assert figures["2026Q1", "export", "BW", ALL, ""] == Figures(159, 1_790)
    assert figures["2026Q1", "export", WORLD, ROUGH, ""] == Figures(150, 1_700)
    assert figures["2026Q1", "import", WORLD, ALL, ""] == Figures(99, 1_010)
    assert figures["2026Q1", "import", "BW", ALL, ""] == Figures(0, 0)


def test_a_year_shows_partners_and_production_too():
    figures = all_figures(cube("2026", FIRST, SECOND, OTHER))
    assert figures["2026", "export", "BW", ALL, "AE"] == Figures(140, 1_000, missing=True)
    assert figures["2026", "export", "BW", ALL, "EU"] == Figures(59, 790)
    assert figures["2026", "import", "AE", ALL, "BW"] == Figures(99, 1_010)
    assert ("2026", "export", WORLD, ALL, "EU") not in figures
    assert figures["2026", "production", WORLD, ALL, ""] == Figures(308, 6_055)
    assert mirror_of(Cell("2026", "import", "AE", ALL, "BW")) == Cell("2026", "export", "BW", ALL, "AE")
    assert mirror_of(Cell("2026", "export", "BW", ALL, "AE")) == Cell("2026", "import", "AE", ALL, "BW")


def test_a_half_shows_production_alone():
    figures = all_figures(cube("2026H1"))
    assert {cell.flow for cell in figures} == {"production"}
    assert figures["2026H1", "production", "BW", ALL, ""] == Figures(301, 6_050)


def test_certificates_are_counted_by_flow_and_participant():
    assert certificates(cube("2026", FIRST, SECOND, OTHER)) == {
        ("export", "BW"): 4, ("export", WORLD): 4, ("import", "AE"): 1, ("import", WORLD): 1,
    }  # fmt: skip


def test_a_countersigned_return_is_believed_and_nothing_else():
    needs = {ROUGH: SAFE, FINE: Need(3, 0, 1), ALL: Need(2, 0, 0)}
    stated = replace(FIRST, needs=needs)
    own = [cell for cell in unsafe_cells(cube("2026Q1", stated)) if cell.participant == "BW"]
    assert own == [Cell("2026Q1", "export", "BW", FINE), Cell("2026Q1", "export", "BW", ALL)]
    unsafe = unsafe_cells(cube("2026Q1", replace(stated, source=Source.RETURN)))
    assert unsafe["2026Q1", "export", "BW", ROUGH, ""] == Need(1, 23, 255)
    silent = unsafe_cells(cube("2026Q1", replace(stated, needs={ALL: SAFE})))
    assert silent["2026Q1", "export", "BW", FINE, ""] == Need(1, 2, 14)


def test_the_world_has_participants_as_contributors():
    sizes = {"AE": 1_000, "BW": 900, "EU": 100, "RU": 60}
    blocks = [
        block(name, "export", "2026Q1", [("AE" if name != "AE" else "BW", ROUGH, size, size)], needs={ROUGH: SAFE, ALL: SAFE})
        for name, size in sizes.items()
    ]
    assert unsafe_cells(cube("2026Q1", *blocks)) == {}
    unsafe = unsafe_cells(cube("2026Q1", *blocks[:3]))
    assert unsafe["2026Q1", "export", WORLD, ROUGH, ""] == Need(3, 50, 50)
    assert unsafe_cells(cube("2026Q1", *blocks[:2]))["2026Q1", "export", WORLD, ALL, ""] == Need(2, 150, 150)


def test_both_cells_of_a_pair_are_unsafe_together():
    last = block("BW", "export", "2026Q4", [("AE", ROUGH, 100, 1_000)], annual={ROUGH: SAFE, ALL: SAFE, "AE": Need(1, 15, 150)})
    buys = block("AE", "import", "2026Q4", [("BW", ROUGH, 90, 1_100)], annual={ROUGH: SAFE, ALL: SAFE, "BW": SAFE})
    unsafe = unsafe_cells(cube("2026", last, buys))
    assert unsafe["2026", "import", "AE", ALL, "BW"] == SAFE
    assert ("2026", "import", "AE", ALL, "BW") not in unsafe_cells(
        cube("2026", buys, replace(last, annual={**last.annual, "AE": SAFE}))
    )
    assert ("2026", "export", "BW", ALL, "AE") in unsafe_cells(cube("2026", last))


def test_what_is_stated_of_a_year_says_nothing_of_values_that_are_not_shown():
    """A return states the need of all its year's values: what is left of them without a quarter may be two traders'."""
    told = {ROUGH: Need(2, 7, 130), FINE: SAFE, ALL: SAFE}
    first = replace(FIRST, needs=told)
    last = block("BW", "export", "2026Q4", [("EU", ROUGH, 60, 600)], needs={ROUGH: SAFE, ALL: SAFE})
    last = replace(last, annual={ROUGH: SAFE, FINE: SAFE, ALL: SAFE, "AE": SAFE, "EU": SAFE})
    assert unsafe_cells(cube("2026", first, last)).keys() == {
        ("2026", "export", WORLD, code, "") for code in (ROUGH, FINE, ALL)
    }
    unsafe = unsafe_cells(cube("2026", first, block("BW", "export", "2026Q2", [("AE", ROUGH, 40, 0)], Source.LEDGER), last))
    own = {cell: need for cell, need in unsafe.items() if cell.participant == "BW"}
    assert own == {
        Cell("2026", "export", "BW", ROUGH): Need(3, 0, 130),
        Cell("2026", "export", "BW", ALL, "AE"): Need(1, 21, 150),
    }
    by_two = replace(last, needs={ROUGH: Need(2, 0, 0), ALL: SAFE})
    unsafe = unsafe_cells(cube("2026", first, block("BW", "export", "2026Q2", [("AE", ROUGH, 40, 0)], Source.LEDGER), by_two))
    assert unsafe["2026", "export", "BW", ROUGH, ""] == Need(2, 0, 130)
    silent = block("BW", "export", "2026Q1", [("EU", ROUGH, 40, 0)], Source.LEDGER)
    assert ("2026", "export", "BW", ROUGH, "") not in unsafe_cells(cube("2026", silent, replace(last, entries=())))


def test_a_year_that_nobody_states_has_what_its_quarters_have():
    first = replace(FIRST, needs={ROUGH: Need(3, 5, 0), FINE: SAFE, ALL: SAFE})
    blocks = (first, block("BW", "export", "2026Q3", [("EU", FINE, 60, 600)], needs={FINE: SAFE, ALL: SAFE}))
    unsafe = unsafe_cells(cube("2026", *blocks))
    assert unsafe["2026", "export", "BW", ROUGH, ""] == Need(3, 5, 0)
    assert ("2026", "export", "BW", FINE, "") not in unsafe
    assert unsafe["2026", "export", "BW", ALL, "EU"] == Need(1, 18, 209)
    assert unsafe_cells(cube("2026", *blocks, SECOND))["2026", "export", "BW", FINE, ""] == Need(3, 6, 0)


@given(st.lists(st.lists(st.integers(0, 10**6), min_size=6, max_size=6), min_size=1, max_size=4))
def test_needs_of_quarters_are_enough_for_the_year(quarters):
    year = [sum(parts) for parts in zip(*quarters, strict=True)]
    assert largest_need(year, 15) <= sum(largest_need(parts, 15) for parts in quarters)


def test_the_need_is_what_lacks_after_the_two_largest():
    assert largest_need([100, 90, 15], 15) == 0
    assert largest_need([101, 90, 15], 15) == 1
    assert largest_need([7], 15) == 2


def test_an_entry_is_one_variable_for_both_sides_and_all_releases():
    sent = block("BW", "export", "2026Q1", [("AE", ROUGH, 100, 1_000), ("EU", FINE, 1, 3)])
    changed = block("BW", "export", "2026Q1", [("AE", ROUGH, 81, 1_300), ("EU", FINE, 1, 3)])
    model = build([cube("2026Q1", sent, OTHER), cube("2026", changed, OTHER)])
    assert model.variables == (Variable("BW", "AE", ROUGH, "2026Q1"), Variable("BW", "EU", FINE, "2026Q1"))
    assert [system.bounds for system in model.systems] == [(40, 0), (500, 1)]
    points, cents = model.systems
    assert (
        points.releases[1]["2026", "export", "BW", ALL, "AE"] == points.releases[1]["2026", "import", "AE", ALL, "BW"] == (0,)
    )
    assert ("2026Q1", "export", "BW", FINE, "") not in points.releases[0]
    assert cents.releases[0]["2026Q1", "export", "BW", ALL, ""] == (0, 1)
    assert len(points.parts[0][0]) == 8
    assert len(points.parts[1][0]) == 10


@given(st.lists(st.integers(0, 9), min_size=5, max_size=5), st.sets(st.integers(0, 4)), st.sets(st.integers(0, 4)))
def test_reach_is_what_tables_without_releases_can_do(bounds, own, known):
    blocks = [
        block("BW", "export", "2026Q1", [(name, ROUGH, 2 * size + 1, 0)]) for name, size in zip("ABCDE", bounds, strict=True)
    ]
    entries = tuple(entry for one in blocks for entry in one.entries)
    system = build([cube("2026Q1", replace(blocks[0], entries=entries))]).systems[0]
    assert system.bounds == tuple(bounds)
    assert system.reach(own) == sum(bounds[place] for place in own)
    shared = sum(bounds[place] for place in own & known)
    beside = sum(bounds[place] for place in known - own)
    assert system.reach_beside(own, known) == sum(bounds[place] for place in own - known) + min(shared, beside)


def test_what_cannot_be_had_is_not_asked_for():
    assert [required(need, 10) for need in (0, 1, 10, 11, 99)] == [1, 1, 10, 5, 5]
    assert [required(9, reach) for reach in (0, 1, 2, 3)] == [0, 1, 1, 1]


PLACES = st.builds(
    Cell,
    st.sampled_from(["2026", "2026Q1"]),
    st.just("export"),
    st.sampled_from(["BW", WORLD]),
    st.just(ALL),
    st.sampled_from(["", "AE"]),
)
MOVES = st.dictionaries(st.integers(0, 9_000), st.integers(-(2**62), 2**62).filter(bool), max_size=6)
PROPOSALS = st.builds(
    Proposal,
    st.just("2026"), st.integers(0, 9), st.integers(0, 2**40),
    st.lists(PLACES, max_size=4).map(tuple),
    st.lists(st.just(BlockKey("BW", "export", "2026Q1")), max_size=2).map(tuple),
    st.lists(st.builds(Witness, st.sampled_from([0, 1]), MOVES.map(lambda moves: tuple(sorted(moves.items())))), max_size=3).map(tuple),
    st.lists(st.builds(
        Concession, st.sampled_from([0, 1]), st.tuples(st.integers(0, 9), PLACES), st.none() | st.tuples(st.integers(0, 9), PLACES),
        st.integers(1, 60), st.lists(st.tuples(st.integers(0, 9), PLACES, st.integers(-60, 60)), max_size=3).map(tuple),
    ), max_size=2).map(tuple),
)  # fmt: skip


@settings(max_examples=60)
@given(PROPOSALS)
def test_a_proposal_comes_back_from_its_bytes(proposal):
    data = encode_proposal(proposal)
    assert decode_proposal(data) == proposal
    assert encode_proposal(decode_proposal(data)) == data


PROPOSAL = Proposal("2026Q1", 0, 7, (Cell("2026Q1", "export", "BW", ALL),), (), (Witness(1, ((0, 5), (3, -5))),))


def test_other_bytes_are_no_proposal():
    data = encode_proposal(PROPOSAL)
    for spoilt in (
        data[:-1],
        data + b"\0",
        b"",
        data.replace(b"\x94\x00\x05\x02\xfb", b"\x93\x00\x05\x02"),
        bytes(MAX_PROPOSAL_BYTES + 1),
    ):
        with pytest.raises(Objection) as found:
            decode_proposal(spoilt)
        assert found.value.code == ObjectionCode.MALFORMED
    with pytest.raises(Objection):
        encode_proposal(replace(PROPOSAL, revision=-1))


def released(before=None, names=None, hidden=()):
    figures = cube("2026", FIRST, SECOND, OTHER, names=names)
    proposal = Proposal("2026", 1 if before else 0, 77, tuple(sorted(hidden)), (BlockKey("BW", "export", "2026Q1"),), ())
    return write_release(figures, all_figures(figures), proposal, before)


def rows(release):
    return {(row["flow"], row["participant"], row["hs"], row["partner"]): row for row in json.loads(release.json)["rows"]}


def test_files_are_tidy_and_name_each_other():
    release = released()
    content = json.loads(release.json)
    assert release.json == json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert release.digest == hashlib.sha256(release.json).digest()
    assert content["csv_sha256"] == hashlib.sha256(release.csv).hexdigest()
    table = list(csv.DictReader(io.StringIO(release.csv.decode(), newline="")))
    assert [row["country"].lstrip("'") for row in table] == [row["country"] for row in content["rows"]]
    assert [{**row, "country": ""} for row in table] == [{**row, "country": ""} for row in content["rows"]]
    assert tuple(table[0]) == COLUMNS == tuple(content["columns"])
    assert {row["country"] for row in table if row["participant"] == "RU"} == {"'=Russia"}
    assert content["held"] == ["BW/export/2026Q1"]
    assert (content["height"], content["tree_size"], content["period"], content["release"]) == ("77", "990", "2026", "2026")
    assert "height 77" in content["citation"]


def test_rows_say_what_is_known():
    found = rows(released(hidden=[Cell("2026", "export", "BW", ALL, "EU")]))
    pair = found["export", "BW", ALL, "EU"]
    assert (pair["carats"], pair["value"], pair["unit_value"], pair["status"], pair["certificates"]) == ("", "", "", "c", "")
    whole = found["export", "BW", ALL, ""]
    assert (whole["carats"], whole["value"], whole["unit_value"], whole["status"]) == ("1.99", "17.90", "", "m")
    assert whole["certificates"] == "4"
    rough = found["export", "BW", ROUGH, ""]
    assert (rough["carats"], rough["value"], rough["unit_value"], rough["status"]) == ("1.50", "17.00", "11.33", "")
    nothing = found["export", "EU", ALL, ""]
    assert (nothing["carats"], nothing["value"], nothing["status"], nothing["iso"], nothing["certificates"]) == (
        "0.00",
        "0.00",
        "",
        "",
        "0",
    )
    assert found["export", WORLD, ALL, ""]["country"] == "World"
    assert found["production", "BW", ALL, ""]["certificates"] == ""
    assert (whole["year"], whole["quarter"], whole["iso"]) == ("2026", "", "BW")


def test_a_value_of_which_nothing_is_known_is_empty():
    figures = cube("2026Q2", SECOND)
    release = write_release(figures, all_figures(figures), Proposal("2026Q2", 0, 77, (), (), ()), None)
    row = rows(release)["export", "BW", FINE, ""]
    assert (row["carats"], row["value"], row["status"], row["quarter"]) == ("0.40", "", "m", "2")


def test_dollars_a_carat_are_rounded_half_up():
    assert unit_value(Figures(150, 1_700)) == "11.33"
    assert unit_value(Figures(200, 1)) == "0.01"
    assert unit_value(Figures(201, 1)) == "0.00"
    assert unit_value(Figures(0, 5)) == ""


def test_what_changed_is_restated_beside_what_was_shown():
    old = cube("2026", replace(FIRST, entries=FIRST.entries[:2]), OTHER)
    hidden = Cell("2026", "export", WORLD, ALL)
    before = (old, Proposal("2026", 0, 50, (hidden,), (), ()))
    release = released(before)
    found = rows(release)
    whole = found["export", "BW", ALL, ""]
    assert (whole["earlier_carats"], whole["earlier_value"]) == ("1.50", "17.00")
    assert found["export", "BW", ROUGH, ""]["earlier_carats"] == ""
    assert found["export", WORLD, ALL, ""]["earlier_carats"] == ""
    content = json.loads(release.json)
    assert content["restated"] == sum(bool(row["earlier_carats"]) for row in content["rows"]) > 0
    assert content["release"] == release_name("2026", 1) == "2026-r1"
    conf = rows(released(before, hidden=[Cell("2026", "export", "BW", ALL)]))["export", "BW", ALL, ""]
    assert (conf["earlier_carats"], conf["carats"]) == ("", "")


def test_codes_are_words_of_their_own():
    for one, other in combinations(ObjectionCode, 2):
        assert one != other
    assert str(Objection(ObjectionCode.HEIGHT, "height", 7)) == "height at height: 7"


def test_a_cell_that_nothing_can_move_is_no_target():
    tiny = cube(
        "2026Q1", block("BW", "export", "2026Q1", [("AE", ROUGH, 1, 900)], needs={ROUGH: Need(1, 1, 135), ALL: Need(1, 1, 135)})
    )
    points, cents = build([tiny]).systems
    unsafe = unsafe_cells(tiny)
    assert ("2026Q1", "export", "BW", ROUGH, "") in unsafe
    assert ask(points, [unsafe], 0).targets == ()
    assert [(target.moved, target.need) for target in ask(cents, [unsafe], 1).targets] == [((0,), 135)]
    assert [insider.moved for insider in ask(cents, [unsafe], 1).insiders] == [(0,)]
