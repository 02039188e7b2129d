"""ledger/rules/statistics.py: every refusal, who may publish when, and how verdicts decide."""

import pytest

from ledger import keys
from ledger.bodies import STATISTICS_PUBLISH
from ledger.errors import Code
from ledger.limits import MAX_RELEASES_A_YEAR, MAX_UNDECIDED_DAYS
from ledger.overlay import Reader
from ledger.release_entries import Released, ReleaseEntry, ReleaseState, YearEntry
from ledger.release_views import FORMS
from tests.support.releases import CHAIR, DIGEST, PERIOD, appoint, attach, publish, tell_of_releases, verdict
from tests.support.reports import APRIL
from tests.support.told import Told
from tests.support.world import DAY_MS, START, World, genesis
from tests.unit.refusals import expect_acceptance, expect_refusal

CLOSES = 1_772_409_600_000
"""2 March 2026, 0:00 UTC: 60 days after the year."""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return Told(tmp_path_factory.mktemp("story"), tell_of_releases, genesis(parameters={"plenary-support": 2}))


@pytest.fixture
def world(told):
    with told.copy() as held:
        yield held


@pytest.fixture
def parts(told):
    return [told.records[name] for name in ("a0", "a1", "a2")]


def state_of(world):
    return Reader(world.store.get, world.ledger._standing.rolls)


def entry_of(world, record):
    return world.ledger.release(record.id)[1].entry


def released(world, parts, **changes):
    """A release that three of the four validators agree with."""
    record = publish(world, parts, **changes)
    world.accept(record)
    world.accept(*(verdict(world, record, code) for code in ("BW", "RU", "AE")))
    assert entry_of(world, record).state == "released"
    return record


def refused(world, bad, code, field, /, **details):
    problem = {"error": str(code), "field": field, **details}
    expect_refusal(world, bad, {"change": {}, "refused": problem}, {})


PUBLISHING = [
    ("a participant that is not the chair", {"author": "BW"}, Code.NOT_STATISTICS_CHAIR, "author"),
    ("a quarter that is not over", {"period": "2026Q2"}, Code.PERIOD_NOT_CLOSED, "period"),
    ("a quarter that is over and has not closed", {"period": "2026Q1"}, Code.PERIOD_NOT_CLOSED, "period"),
    ("a year that has just begun", {"period": "2026"}, Code.PERIOD_NOT_CLOSED, "period"),
    ("a height that is not executed", {"height": 4}, Code.HEIGHT_OUTSIDE, "height"),
    ("a height before the closing", {"height": 1}, Code.HEIGHT_OUTSIDE, "height"),
    ("the second revision before the first", {"revision": 1}, Code.REVISION_NOT_NEXT, "revision"),
    ("another length", {"length": 15}, Code.ATTACHMENT_LENGTH, "length"),
]


@pytest.mark.parametrize(("case", "changes", "code", "field"), PUBLISHING, ids=[case[0] for case in PUBLISHING])
def test_publish_is_refused(world, parts, case, changes, code, field):
    record = publish(world, parts, **changes)
    expected = {"error": str(code), "field": field}
    with_details = {
        Code.HEIGHT_OUTSIDE: {"given": changes.get("height"), "limit": 3, "least": 0, "closes": CLOSES},
        Code.NOT_STATISTICS_CHAIR: {"given": "BW", "limit": "secretariat RU"},
        Code.PERIOD_NOT_CLOSED: {"given": changes.get("period"), "limit": "*"},
        Code.REVISION_NOT_NEXT: {"given": 1, "limit": 0},
        Code.ATTACHMENT_LENGTH: {"given": 15, "limit": 16},
    }[code]
    expect_refusal(world, record, {"change": {}, "refused": expected | with_details}, {})


@pytest.mark.parametrize(
    ("names", "code", "field"),
    [
        (("a0", "a1"), None, ""),
        (("a1",), Code.ATTACHMENT_ORDER, "attachment[0]"),
        (("a0", "a2"), Code.ATTACHMENT_ORDER, "attachment[1]"),
        (("a0", "a1", "a1"), Code.ATTACHMENT_ORDER, "attachment[2]"),
        (("a0", "b0"), Code.ATTACHMENT_ORDER, "attachment[1]"),
        (("c0",), Code.ATTACHMENT_OF_ANOTHER, "attachment[0]"),
    ],
)
def test_the_parts_are_of_one_attachment_in_order(world, told, names, code, field):
    """That the last part is there only who decodes the whole can see."""
    record = publish(world, [told.records[name] for name in names])
    if code is None:
        world.accept(record)
    elif code == Code.ATTACHMENT_ORDER:
        refused(world, record, code, field, given="*", limit="*", attachment="*")
    else:
        refused(world, record, code, field, given="*", limit="*")


def test_a_part_that_is_not_there(world, told, parts):
    missing = publish(world, parts).id
    record = publish(world, parts, attachment=(parts[0].id, missing))
    refused(world, record, Code.ATTACHMENT_UNKNOWN, "attachment[1]", given=missing.hex())


def test_only_secretariat_and_chair_attach(world):
    refused(world, attach(world, "b", 0, "BW"), Code.NOT_STATISTICS_CHAIR, "author", given="BW", limit="secretariat RU")
    expect_acceptance(world, attach(world, "c", 0, CHAIR), {"change": {}}, {})
    good = expect_acceptance(world, attach(world, "a", 1), {"change": {}}, {})
    entry = state_of(world).part(good.id)
    assert (entry.author, entry.place, entry.length) == ("secretariat", 1, 6)


def test_the_chair_waits_for_thirty_days(tmp_path):
    opens = CLOSES + 30 * DAY_MS
    with World.make(tmp_path / "db", genesis(parameters={"plenary-support": 2})) as world:
        appoint(world)
        world.now = opens - DAY_MS
        part = attach(world, "c", 0, CHAIR)
        world.accept(part)
        early = publish(world, [part], CHAIR)
        world.now = opens - 1
        assert world.block(early).judgements[0].refusal.details == {"given": CHAIR, "limit": opens}
        world.now = opens
        world.accept(early)


def test_the_chair_publishes_only_what_is_not_there(told, world):
    part = told.records["c0"]
    opens = CLOSES + 30 * DAY_MS
    assert opens < APRIL
    record = publish(world, [part], CHAIR)
    expect_acceptance(world, record, {"change": {}}, {})
    world.accept(*(verdict(world, record, code) for code in ("BW", "RU", "AE")))
    again = publish(world, [part], CHAIR, revision=1)
    refused(world, again, Code.CHAIR_TOO_SOON, "author", given=CHAIR, limit=opens)


def test_what_is_kept_of_a_release(world, parts):
    good = expect_acceptance(world, publish(world, parts), {"change": {}}, {})
    head = world.ledger.head
    expected = ReleaseEntry(ReleaseState.UNDECIDED, "secretariat", PERIOD, 0, 3, DIGEST, head.time, head.tree_size - 1)
    assert state_of(world).release(good.id) == expected
    assert state_of(world).release_year("2025") == YearEntry((), good.id)
    assert state_of(world).undecided() == (good.id,)
    assert [row.id for row in world.ledger.releases(ReleaseState.UNDECIDED).rows] == [good.id]
    assert world.ledger.newest_releases().rows == ()
    assert len(world.store.get(keys.release(good.id))) < 150


def test_one_release_of_a_year_is_judged_at_a_time(world, told, parts):
    first = publish(world, parts)
    world.accept(first)
    for period in (PERIOD, "2025", "2025H2"):
        record = publish(world, [told.records["b0"]], period=period)
        details = {"given": period, "record": first.id.hex(), "limit": PERIOD}
        refused(world, record, Code.RELEASE_UNDECIDED, "period", **details)


def test_what_nobody_decides_is_replaced_after_a_while(world, told, parts):
    first = publish(world, parts)
    world.accept(first)
    opened = entry_of(world, first).opened
    world.accept(verdict(world, first, "BW"))
    world.now = opened + MAX_UNDECIDED_DAYS * DAY_MS - 1
    other = publish(world, [told.records["b0"]], period="2025")
    assert world.block(other).judgements[0].refusal.code == Code.RELEASE_UNDECIDED
    world.now = opened + MAX_UNDECIDED_DAYS * DAY_MS
    other = publish(world, [told.records["b0"]], period="2025")
    world.accept(other)
    assert (entry_of(world, first).state, entry_of(world, first).decided) == ("withdrawn", world.ledger.head.height)
    assert state_of(world).release_year("2025") == YearEntry((), other.id)
    assert state_of(world).undecided() == (other.id,)
    refused(world, verdict(world, first, "RU"), Code.RELEASE_DECIDED, "release", given=first.id.hex(), state="withdrawn")


def test_a_quorum_releases(world, parts):
    record = publish(world, parts)
    world.accept(record)
    world.accept(world.node_set("ZA", validator=False))
    refused(world, verdict(world, record, "ZA"), Code.NOT_VALIDATOR, "author", given="ZA", epoch=0)
    world.accept(verdict(world, record, "BW"), verdict(world, record, "RU"))
    refused(world, verdict(world, record, "RU"), Code.VERDICT_GIVEN, "author", given="RU", record="*")
    assert entry_of(world, record).state == "undecided"
    world.accept(verdict(world, record, "EU", "figures", "2025Q4/export/BW/all"))
    assert entry_of(world, record).state == "undecided"
    world.accept(verdict(world, record, "AE"))
    entry = entry_of(world, record)
    assert (entry.state, entry.decided) == ("released", world.ledger.head.height)
    assert [(one.participant, one.agree) for one in entry.verdicts] == [
        ("BW", True),
        ("RU", True),
        ("EU", False),
        ("AE", True),
    ]
    assert state_of(world).release_year("2025") == YearEntry((Released(PERIOD, 0, 3, record.id),))
    assert state_of(world).undecided() == ()
    assert [row.id for row in world.ledger.newest_releases().rows] == [record.id]
    state = {"given": record.id.hex(), "state": "released"}
    refused(world, verdict(world, record, "EU"), Code.RELEASE_DECIDED, "release", **state)


def test_so_many_objections_that_no_quorum_can_agree_withdraw(world, parts):
    record = publish(world, parts)
    world.accept(record)
    world.accept(verdict(world, record, "BW", "digest"))
    assert entry_of(world, record).state == "undecided"
    world.accept(verdict(world, record, "EU", "digest"))
    assert entry_of(world, record).state == "withdrawn"
    assert state_of(world).release_year("2025") == YearEntry()
    assert [row.id for row in world.ledger.releases(ReleaseState.WITHDRAWN).rows] == [record.id]
    again = released(world, parts)
    assert [row.id for row in world.ledger.releases().rows] == [again.id, record.id]


def test_a_new_epoch_counts_anew(world, parts):
    """BW, RU and EU are said to agree in an epoch of five, of which four decide; then EU's node does not vote any more."""
    record = publish(world, parts)
    world.accept(world.node_set("ZA"))
    world.accept(*(world.node_ready(code) for code in ("AE", "BW", "RU", "EU")))
    world.block(ends_for=world.ledger.scheduled)
    assert world.ledger.network.quorum == 4
    world.accept(record)
    world.accept(*(verdict(world, record, code) for code in ("BW", "RU", "AE")))
    assert entry_of(world, record).state == "undecided"
    world.accept(world.node_set("ZA", validator=False))
    world.accept(*(world.node_ready(code) for code in ("AE", "BW", "RU")))
    world.block(ends_for=world.ledger.scheduled)
    entry = entry_of(world, record)
    assert (entry.state, entry.decided) == ("released", world.ledger.head.height)


def test_a_former_validator_counts_no_longer(world, parts):
    """BW, RU and ZA agree in an epoch of five; in the next one, of four, ZA has no vote, and two are too few."""
    record = publish(world, parts)
    world.accept(world.node_set("ZA"))
    world.accept(*(world.node_ready(code) for code in ("AE", "BW", "RU", "EU")))
    world.block(ends_for=world.ledger.scheduled)
    world.accept(record)
    world.accept(*(verdict(world, record, code) for code in ("BW", "RU", "ZA")))
    world.accept(world.node_set("ZA", validator=False))
    world.accept(*(world.node_ready(code) for code in ("AE", "BW", "RU")))
    world.block(ends_for=world.ledger.scheduled)
    assert world.ledger.network.quorum == 3
    assert entry_of(world, record).state == "undecided"
    world.accept(verdict(world, record, "AE"))
    assert entry_of(world, record).state == "released"


def test_revisions_and_the_heights_of_a_year(world, told, parts):
    first = released(world, parts)
    second = released(world, parts, revision=1)
    assert entry_of(world, second).height > entry_of(world, first).height
    least = entry_of(world, second).height
    early = publish(world, [told.records["b0"]], period="2025", height=least - 1)
    figures = {"given": least - 1, "limit": world.ledger.head.height, "least": least, "closes": CLOSES}
    refused(world, early, Code.HEIGHT_OUTSIDE, "height", **figures)
    whole = released(world, [told.records["b0"]], period="2025")
    rows = world.ledger.newest_releases().rows
    assert [(row.id, row.replaced) for row in rows] == [(second.id, False), (whole.id, False)]
    pages = world.ledger.releases(ReleaseState.RELEASED, limit=2)
    assert [(row.id, row.replaced) for row in pages.rows] == [(whole.id, False), (second.id, False)]
    rest = world.ledger.releases(ReleaseState.RELEASED, pages.cursor, 2)
    assert [(row.id, row.replaced) for row in rest.rows] == [(first.id, True)]
    assert rest.cursor is None


def test_a_year_has_room_for_so_many(world, parts, monkeypatch):
    monkeypatch.setattr("ledger.rules.statistics.MAX_RELEASES_A_YEAR", 1)
    assert MAX_RELEASES_A_YEAR == 200
    released(world, parts)
    record = publish(world, parts, revision=1)
    refused(world, record, Code.TOO_MANY, "period", given=2, limit=1)


def test_a_verdict_on_nothing(world, parts):
    record = publish(world, parts)
    refused(world, verdict(world, record, "BW"), Code.RELEASE_UNKNOWN, "release", given=record.id.hex())


def test_files_are_kept_beside_the_state(world, parts):
    record = publish(world, parts)
    before = world.ledger.head
    world.ledger.keep_release(record.id, {"json": b"{}", "csv": b"a\n"})
    assert [world.ledger.release_file(record.id, form) for form in FORMS] == [b"{}", b"a\n"]
    assert world.ledger.release_file(bytes(32), "json") is None
    assert world.ledger.head == before
    assert record.kind == STATISTICS_PUBLISH
    assert START < CLOSES < APRIL
