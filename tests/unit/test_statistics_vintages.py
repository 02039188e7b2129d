"""ledger/statistics/vintages.py: no two releases differ by a few certificates, whatever is revised how often."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.statistics.cells import all_figures
from ledger.statistics.proposal import Proposal
from ledger.statistics.release import write_release
from ledger.statistics.tables import Block, BlockKey, Cube, Entry, Need, Source
from ledger.statistics.vintages import apply_vintages, changed_codes

LEAST = 3
KEY = BlockKey("BW", "export", "2026Q1")
GEMS, BORT = "710231", "710221"


def block(*entries, key=KEY, source=Source.RETURN, certificates=None, record=b"r" * 32, **counts):
    """Entries (partner, HS code, points, cents, certificates); all of a code's, `gems` and `bort`, with its first partner if not said."""
    by_hs = {code: counts[name] for name, code in (("bort", BORT), ("gems", GEMS)) if counts.get(name)}
    total = sum(by_hs.values()) if certificates is None else certificates
    left, made = dict(by_hs), []
    for partner, hs, points, cents, *known in entries:
        made.append(Entry(partner, hs, points, cents, known[0] if known else left.pop(hs, 0)))
    assert all(sum(one.certificates for one in made if one.hs == hs) == count for hs, count in by_hs.items())
    return Block(key, source, record, total, tuple(made))


def cube(*blocks, period="2026Q1", height=9, least=LEAST):
    return Cube(period, height, height * 10, {}, {one.key: one for one in blocks}, {}, 15, least)


def released(*cubes):
    """What is released of a sequence of cubes, and what is held each time."""
    shown, held = [], []
    for one in cubes:
        after, kept = apply_vintages(shown, one)
        shown.append(after)
        held.append(kept)
    return shown, held


TEN = block(("AE", GEMS, 1_000, 10_000), ("EU", GEMS, 500, 6_000), ("AE", BORT, 70, 80), gems=10, bort=4)


def test_the_first_release_is_taken_as_it_is():
    assert apply_vintages([], cube(TEN)) == (cube(TEN), ())


@pytest.mark.parametrize(
    ("after", "taken"),
    [
        (block(("AE", GEMS, 1_100, 11_000), *TEN.entries[1:], gems=11, bort=4), False),
        (block(("AE", GEMS, 1_200, 12_000), *TEN.entries[1:], gems=12, bort=4), False),
        (block(("AE", GEMS, 1_300, 13_000), *TEN.entries[1:], gems=13, bort=4), True),
        (block(("AE", GEMS, 700, 7_000), *TEN.entries[1:], gems=7, bort=4), True),
        (block(("AE", GEMS, 1_300, 13_000), ("EU", GEMS, 500, 6_000), ("AE", BORT, 71, 80), gems=13, bort=5), False),
        (block(("AE", GEMS, 1_300, 13_000), ("EU", GEMS, 500, 6_000), ("AE", BORT, 71, 81), gems=13, bort=7), True),
        (block(("AE", GEMS, 1_001, 10_000), *TEN.entries[1:], gems=10, bort=4), False),
        (block(("AE", GEMS, 1_000, 10_001), *TEN.entries[1:], gems=10, bort=4), False),
        (block(("AE", GEMS, 900, 9_000), ("EU", GEMS, 600, 7_000), TEN.entries[2], gems=10, bort=4), False),
        (block(*TEN.entries, gems=10, bort=4, certificates=15), True),
        (block(*TEN.entries[:2], gems=10), True),
        (block(TEN.entries[2], bort=4), True),
    ],
    ids=[
        "one late certificate",
        "two",
        "three",
        "three fewer",
        "three, and one of another code",
        "three of each",
        "a point more, as many certificates",
        "a cent more",
        "moved between partners",
        "only certificates without carats",
        "four of a code gone",
        "ten of a code gone",
    ],
)
def test_a_revision_takes_steps_of_three_certificates_and_more(after, taken):
    wanted = (after, ()) if taken else (TEN, (KEY,))
    shown, held = apply_vintages([cube(TEN)], cube(after, height=12))
    assert (shown.blocks[KEY], held) == wanted
    assert (shown.height, shown.tree_size) == (12, 120)


def test_three_of_a_code_that_had_fewer_are_a_step_when_there_were_none():
    few = block(*TEN.entries[:2], ("AE", BORT, 70, 80), gems=10, bort=2)
    gone = block(*TEN.entries[:2], gems=10)
    assert apply_vintages([cube(few)], cube(gone))[1] == (KEY,)


def test_a_large_step_up_and_another_one_down_are_a_small_step():
    """Fourteen after ten is taken, eleven after fourteen would be: but it is one more than ten, which is known, too."""
    fourteen = block(("AE", GEMS, 1_400, 14_000), gems=14)
    eleven = block(("AE", GEMS, 1_100, 11_000), gems=11)
    ten = block(("AE", GEMS, 1_000, 10_000), gems=10)
    shown, held = released(cube(ten), cube(fourteen), cube(eleven), cube(ten))
    assert [one.blocks[KEY] for one in shown] == [ten, fourteen, fourteen, ten]
    assert held == [(), (), (KEY,), ()]


def test_what_is_stated_may_improve_while_figures_stay():
    counted = block(("AE", GEMS, 1_000, 0), gems=10, source=Source.LEDGER, record=b"")
    filed = block(("AE", GEMS, 1_000, 9_000), gems=10)
    signed = replace(filed, source=Source.COUNTERSIGNED, needs={"all": Need(1, 150, 1_350)})
    shown, held = released(cube(counted), cube(filed), cube(signed))
    assert [one.blocks[KEY] for one in shown] == [counted, filed, signed]
    assert held == [(), (), ()]
    assert changed_codes(counted, filed) == ()


def test_values_that_come_with_other_carats_wait():
    counted = block(("AE", GEMS, 1_000, 0), gems=10, source=Source.LEDGER, record=b"")
    filed = block(("AE", GEMS, 1_100, 9_900), gems=11)
    assert apply_vintages([cube(counted)], cube(filed)) == (cube(counted), (KEY,))


def test_a_block_that_appears_or_goes_is_a_step_from_or_to_nothing():
    other = block(("RU", GEMS, 5, 50), key=KEY._replace(author="AE"), gems=2)
    many = block(("RU", GEMS, 5, 50), key=KEY._replace(author="AE"), gems=3)
    shown, held = apply_vintages([cube(TEN)], cube(TEN, other))
    assert (shown.blocks, held) == ({KEY: TEN}, (other.key,))
    assert apply_vintages([cube(TEN)], cube(TEN, many))[1] == ()
    shown, held = apply_vintages([cube(TEN, other)], cube(TEN))
    assert (shown.blocks, held) == ({other.key: other, KEY: TEN}, (other.key,))
    assert list(shown.blocks) == sorted(shown.blocks)
    assert apply_vintages([cube(TEN, many)], cube(TEN)) == (cube(TEN), ())


def test_who_has_no_newer_figures_is_named_still():
    """A single certificate voided: the block is held, and its release can be written."""
    alone = block(("RU", GEMS, 5, 50), key=KEY._replace(author="AE"), gems=2)
    before = replace(cube(TEN, alone), names={"AE": "Emirates", "BW": "Botswana", "EU": "Union", "RU": "Russia", "ZA": "South"})
    after = replace(cube(TEN), names={"BW": "Botswana", "AE": "Emirates", "EU": "Union"})
    shown, held = apply_vintages([before], after)
    assert held == (alone.key,)
    assert shown.names == {"AE": "Emirates", "BW": "Botswana", "EU": "Union", "RU": "Russia"}
    assert list(shown.names) == sorted(shown.names)
    nobody = replace(cube(), names={})
    shown, _ = apply_vintages([before], nobody)
    proposal = Proposal("2026Q1", 1, 9, (), (KEY, alone.key), ())
    rows = write_release(shown, all_figures(shown), proposal, None).csv.decode().splitlines()
    assert any(row.startswith("2026Q1,2026,1,export,AE,Emirates,AE,all,,0.05,0.50") for row in rows)


def test_a_year_holds_what_its_quarters_have_released():
    """And a quarter's revision what the year has."""
    eleven = block(("AE", GEMS, 1_100, 11_000), *TEN.entries[1:], gems=11, bort=4)
    second = block(("AE", GEMS, 9, 9), key=KEY._replace(quarter="2026Q2"), gems=1)
    year = cube(eleven, second, period="2026", height=20)
    shown, held = apply_vintages([cube(TEN)], year)
    assert (shown.blocks[KEY], shown.blocks[second.key], held) == (TEN, second, (KEY,))
    thirteen = block(("AE", GEMS, 1_300, 13_000), *TEN.entries[1:], gems=13, bort=4)
    both = [cube(TEN), replace(year, blocks={KEY: thirteen, second.key: second})]
    fourteen = block(("AE", GEMS, 1_400, 14_000), *TEN.entries[1:], gems=14, bort=4)
    assert apply_vintages(both, cube(fourteen, height=30)) == (cube(thirteen, height=30), (KEY,))


def test_a_year_stays_as_it_was_while_nothing_is_stated_of_its_newer_figures():
    """Three late certificates of the first quarter: its revision shows them, that of the year when the fourth's return knows them."""
    fourth_key, needs = KEY._replace(quarter="2026Q4"), {"AE": Need(3, 0, 0), "all": Need(3, 0, 0)}
    fourth = replace(block(("AE", GEMS, 40, 40), key=fourth_key, gems=4), source=Source.COUNTERSIGNED, annual=needs)
    other = block(("AE", GEMS, 40, 40), key=fourth_key._replace(author="RU"), gems=4)
    thirteen = block(("AE", GEMS, 1_300, 13_000), *TEN.entries[1:], gems=13, bort=4)
    silent = replace(fourth, annual={})
    first, quarter = cube(TEN, fourth, other, period="2026"), cube(thirteen, height=10)
    again = cube(thirteen, silent, block(("AE", GEMS, 90, 90), key=other.key, gems=9), period="2026", height=11)
    informed = cube(thirteen, replace(fourth, record=b"s" * 32), other, period="2026", height=12)
    shown, held = released(first, quarter, again, informed)
    assert held == [(), (), (KEY, fourth_key), ()]
    assert shown[1].blocks[KEY] == thirteen
    assert (shown[2].blocks[KEY], shown[2].blocks[fourth_key]) == (TEN, fourth)
    assert shown[2].blocks[other.key].entries == (Entry("AE", GEMS, 90, 90, 9),)
    assert shown[3].blocks[KEY] == thirteen
    gone = cube(thirteen, period="2026", height=13)
    assert apply_vintages([first], gone)[0].blocks[fourth_key] == fourth
    assert apply_vintages([quarter], again)[1] == (), "the first release of a year has published nothing of it"


def pairs(*counts, period="2026"):
    """A year of two quarters: gems to AE and EU, each certificate of 10 points, and of a cent; certificates by partner and quarter."""
    keys = [KEY, KEY._replace(quarter="2026Q2")]
    blocks = []
    for key, by in zip(keys, counts, strict=True):
        entries = [(partner, GEMS, 10 * many, many, many) for partner, many in zip(("AE", "EU"), by, strict=True)]
        blocks.append(block(*entries, key=key, gems=sum(by)))
    return cube(*blocks, period=period)


@pytest.mark.parametrize(
    ("after", "held"),
    [
        (((11, 12), (5, 5)), (KEY,)),
        (((12, 11), (5, 5)), (KEY,)),
        (((13, 10), (5, 5)), ()),
        (((13, 13), (5, 5)), ()),
        (((13, 13), (6, 7)), (KEY._replace(quarter="2026Q2"),)),
    ],
)
def test_a_revision_of_a_year_takes_steps_of_three_certificates_of_each_pair(after, held):
    """Three late certificates of one HS code to two partners are a step of the code, and tell of each by the pairs."""
    before = pairs((10, 10), (5, 5))
    assert apply_vintages([before], pairs(*after))[1] == held
    quarter = replace(before, period="2026Q1", blocks={KEY: before.blocks[KEY]})
    assert apply_vintages([quarter], pairs(*after))[1] == (), "a quarter shows no pairs"


def test_a_year_holds_what_the_year_showed():
    """What a quarter's revision took, three certificates of a code, may be less than three of a pair."""
    before, after = pairs((10, 10), (5, 5)), pairs((12, 11), (5, 5))
    quarter = replace(after, period="2026Q1", blocks={KEY: after.blocks[KEY]})
    shown, held = released(before, quarter, pairs((12, 11), (5, 5)))
    assert held == [(), (), (KEY,)]
    assert (shown[1].blocks[KEY], shown[2].blocks[KEY]) == (after.blocks[KEY], before.blocks[KEY])


def test_what_is_stated_of_a_year_is_not_believed_of_blocks_of_other_vintages():
    """A late certificate that is held may be the third trader of what is shown without it."""
    fourth_key, needs = KEY._replace(quarter="2026Q4"), {"AE": Need(3, 0, 0), "all": Need(3, 0, 0)}
    fourth = replace(block(("AE", GEMS, 40, 40), key=fourth_key, gems=4), source=Source.COUNTERSIGNED, annual=needs)
    eleven = block(("AE", GEMS, 1_100, 11_000), *TEN.entries[1:], gems=11, bort=4)
    year = cube(eleven, fourth, period="2026")
    assert apply_vintages([], year)[0].blocks[fourth_key].annual == needs
    shown, held = apply_vintages([cube(TEN)], year)
    assert held == (KEY,)
    assert shown.blocks == {KEY: TEN, fourth_key: replace(fourth, annual={})}
    before = cube(TEN, fourth, period="2026")
    kept, _ = apply_vintages([before], cube(TEN, replace(fourth, annual={}), period="2026"))
    assert kept.blocks[fourth_key].annual == needs, "the blocks that it was stated of are shown"


def test_releases_of_other_periods_do_no_harm():
    others = [cube(period="2025Q1"), cube(period="2026Q2"), cube(period="2026H1"), cube(period="2025")]
    assert apply_vintages(others, cube(TEN)) == (cube(TEN), ())


def test_the_step_is_the_parameter_of_the_newest_release():
    eleven = block(("AE", GEMS, 1_100, 11_000), *TEN.entries[1:], gems=11, bort=4)
    assert apply_vintages([cube(TEN)], cube(eleven, least=1)) == (cube(eleven, least=1), ())


# --- any history ------------------------------------------------------------------------------------------------------


@st.composite
def histories(draw):
    """Cubes of a quarter and its year one after the other, in which a block's figures are those of how many certificates it has."""
    keys = [KEY, KEY._replace(flow="import"), KEY._replace(quarter="2026Q2")]
    cubes = []
    for height in range(draw(st.integers(2, 7))):
        period = draw(st.sampled_from(("2026Q1", "2026Q2", "2026")))
        blocks = []
        for key in keys:
            gems, bort, moved = draw(st.integers(0, 14)), draw(st.integers(0, 8)), draw(st.integers(0, 3))
            entries = [("AE", BORT, bort * 7, bort)] * bool(bort) + [("AE", GEMS, gems * 10 + moved, gems)] * bool(gems)
            if entries and period in ("2026", key.quarter):
                source = draw(st.sampled_from(tuple(Source)))
                blocks.append(block(*entries, key=key, source=source, gems=gems, bort=bort))
        cubes.append(cube(*blocks, period=period, height=height))
    return cubes


@given(histories())
def test_between_no_two_releases_a_few_certificates_can_be_read(cubes):
    shown, _ = released(*cubes)
    for before, after in combinations(shown, 2):
        common = set(quarters(before)) & set(quarters(after))
        for key in (key for key in before.blocks.keys() | after.blocks.keys() if key.quarter in common):
            first, second = before.blocks.get(key), after.blocks.get(key)
            for hs in changed_codes(first, second):
                counts = [
                    sum(line.certificates for line in one.entries if line.hs == hs) if one else 0 for one in (first, second)
                ]
                assert abs(counts[0] - counts[1]) >= LEAST


@given(histories())
def test_blocks_are_taken_or_held_whole(cubes):
    shown, held = released(*cubes)
    for place, (raw, after, kept) in enumerate(zip(cubes, shown, held, strict=True)):
        for key in raw.blocks.keys() | after.blocks.keys():
            earlier = [one.blocks.get(key) for one in shown[:place] if key.quarter in quarters(one)]
            years = [one.blocks.get(key) for one in shown[:place] if one.period == raw.period == "2026"]
            assert after.blocks.get(key) == ((years or earlier)[-1] if key in kept else raw.blocks.get(key))
        assert apply_vintages(shown[: place + 1], after) == (after, ())


def quarters(one):
    return [f"2026Q{n}" for n in range(1, 5)] if one.period == "2026" else [one.period]
