"""ledger/views.py: look-ups, lists and pages, and that none of them scans."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import msgpack
import pytest

import ledger.certificate_views
from ledger import entries, keys
from ledger.entries import CertificateState
from ledger.errors import OutOfRangeError, StoreError
from ledger.shelf import place_of
from ledger.state import Claim
from ledger.store import Reads
from tests.support.story import tell
from tests.support.world import World

FILTERS = [
    {},
    {"issuer": "RU"},
    {"destination": "AE"},
    {"issuer": "RU", "destination": "AE"},
    {"state": CertificateState.OPEN},
    {"state": CertificateState.CONFIRMED, "issuer": "RU"},
    {"state": CertificateState.VOID},
    {"issuer": "AE"},
    {"issuer": "EU"},
    {"issuer": "TW"},
    {"destination": "B"},
    {"issuer": "RU\x00\x00"},
]


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    with World.make(tmp_path_factory.mktemp("views") / "db") as world:
        world.records = tell(world)
        yield world


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def numbers(page):
    return [row.number for row in page.rows]


def pages(ask, limit):
    """All rows of a list, page by page."""
    found, cursor = [], None
    while True:
        page = ask(cursor, limit)
        assert len(page.rows) <= limit
        found += page.rows
        if page.cursor is None:
            return found
        assert page.rows
        cursor = page.cursor


def test_a_certificate_shows_both_sides(told):
    view = told.ledger.certificate("RU0000043")
    assert view.row.state == "discrepancy"
    assert (view.row.issuer, view.row.destination, view.row.type) == ("RU", "AE", "export")
    assert (view.row.points, view.row.measured, view.row.claimed, view.row.late) == (12_000, 10_000, 0, False)
    assert (view.issue, view.outcome.outcome) == (told.records["RU0000043"].body, "discrepancy")
    assert [line.points for line in view.outcome.lines] == [7_000, 3_000]
    assert view.records[0] == told.records["RU0000043"].id
    assert view.heights == (1, 2)
    for record_id, height in zip(view.records, view.heights, strict=True):
        assert told.ledger.record(record_id)[2] == height


def test_an_open_and_a_refused_certificate_have_measured_nothing(told):
    assert told.ledger.certificate("RU0000045").outcome is None
    assert told.ledger.certificate("RU0000045").row.measured is None
    assert told.ledger.certificate("RU0000044").row.measured is None
    assert told.ledger.certificate("RU0000044").outcome.outcome == "refused"


def test_what_is_not_there(told):
    ledger = told.ledger
    assert ledger.certificate("RU0000099") is None
    assert ledger.certificate("") is None
    unknown = bytes(32)
    assert (ledger.record(unknown), ledger.judgement(unknown), ledger.body(unknown), ledger.envelope(unknown)) == (None,) * 4
    with pytest.raises(OutOfRangeError):
        ledger.inclusion_proof(0, 1_000)
    with pytest.raises(OutOfRangeError):
        ledger.consistency_proof(1, 1_000)
    with pytest.raises(OutOfRangeError):
        ledger.root_at(1_000)
    assert ledger.tile(0, 0, 256) is None
    assert ledger.entries(0, 256) is None
    assert ledger.entries(0, ledger.head.tree_size) is not None


@pytest.mark.parametrize("filters", FILTERS, ids=str)
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_lists_are_what_a_scan_would_find(told, filters, limit):
    every = [entries.decode_certificate(value) for _, value in told.store.iterate(keys.CERTIFICATE)]
    by_number = dict(zip([key.decode() for key, _ in told.store.iterate(keys.CERTIFICATE)], every, strict=True))
    expected = [
        number
        for number, entry in sorted(by_number.items(), key=lambda item: item[1].index)
        if filters.get("issuer", number[:2]) == number[:2]
        and filters.get("destination", entry.destination) == entry.destination
        and filters.get("state", entry.state) == entry.state
    ]
    found = pages(lambda cursor, limit: told.ledger.certificates(cursor, limit, **filters), limit)
    assert [row.number for row in found] == expected
    backwards = pages(lambda cursor, limit: told.ledger.certificates(cursor, limit, newest_first=True, **filters), limit)
    assert [row.number for row in backwards] == expected[::-1]


def test_limits_of_a_page(told):
    assert len(told.ledger.certificates(limit=0).rows) == 1
    assert len(told.ledger.certificates(limit=10**9).rows) == 12
    assert [told.ledger.certificates(limit=limit).cursor is None for limit in (11, 12, 13)] == [False, True, True]
    assert numbers(told.ledger.certificates(cursor=10**6)) == []
    assert numbers(told.ledger.certificates(cursor=0, newest_first=True)) == []


def test_the_register_of_open_confirmations(told):
    opened = numbers(told.ledger.open_confirmations())
    assert opened == ["RU0000045", "RU0000047", "RU0000048", "RU0000049", "RU0000050", "RU0000051", "AE0000001"]
    assert numbers(told.ledger.open_confirmations("AE")) == ["RU0000045", "RU0000049"]
    first = told.ledger.open_confirmations(limit=2)
    assert numbers(told.ledger.open_confirmations(cursor=first.cursor, limit=2)) == opened[2:4]
    assert numbers(told.ledger.open_confirmations("BW")) == []


def test_an_outcome_moves_a_certificate_between_lists(world):
    issue = world.issue()
    world.accept(issue)
    assert numbers(world.ledger.open_confirmations("AE")) == ["BW0000001"]
    world.accept(world.confirm(issue))
    for filters in ({}, {"issuer": "BW"}, {"destination": "AE"}, {"issuer": "BW", "destination": "AE"}):
        assert numbers(world.ledger.certificates(state=CertificateState.OPEN, **filters)) == []
        assert numbers(world.ledger.certificates(state=CertificateState.CONFIRMED, **filters)) == ["BW0000001"]
        assert numbers(world.ledger.certificates(**filters)) == ["BW0000001"]


def test_who_took_carats(world):
    issue = world.issue()
    world.accept(issue, world.confirm(issue))
    world.accept(*(world.reexport(f"AE000000{digit}", {"BW0000001": digit * 100}) for digit in (3, 1, 2)))
    every = (Claim("AE0000001", 100), Claim("AE0000002", 200), Claim("AE0000003", 300))
    view = world.ledger.certificate("BW0000001")
    assert (view.claims, view.row.claimed) == (every, 600)
    assert world.ledger.certificate("AE0000001").claims == ()


def test_a_page_reads_as_little_in_a_large_ledger(world, monkeypatch):
    """Rows of other states are never stepped over: counted at the store, with 300 certificates in the way."""
    issues = [world.issue(number=f"BW{digit:07}") for digit in range(300)]
    world.accept(*issues)
    world.accept(*(world.confirm(issue) for issue in issues[:299]))
    steps = []
    real = Reads.iterate

    def counting(reads, *arguments, **options):
        for item in real(reads, *arguments, **options):
            steps.append(item)
            yield item

    monkeypatch.setattr(Reads, "iterate", counting)
    assert numbers(world.ledger.open_confirmations("AE")) == ["BW0000299"]
    assert len(steps) == 1
    steps.clear()
    assert len(world.ledger.certificates(limit=10).rows) == 10
    assert len(steps) <= 10 + 1 + 1 + len(CertificateState)
    steps.clear()
    assert world.ledger.figures().open == 1
    assert len(steps) == len(world.ledger.totals()) < 10


def test_a_page_is_of_one_block_though_another_is_applied_meanwhile(world, monkeypatch):
    """Between two of the lists that a page is merged of; the certificate would stand in both, or in none."""
    issues = [world.issue(number=f"BW000000{digit}") for digit in range(3)]
    world.accept(*issues)
    world.accept(world.confirm(issues[0]))
    outcome, begun, real = world.confirm(issues[1]), [], Reads.iterate

    def slow(reads, prefix, **options):
        begun.append(prefix)
        if len(begun) == 2:
            world.accept(outcome)
        yield from real(reads, prefix, **options)

    monkeypatch.setattr(Reads, "iterate", slow)
    page = world.ledger.certificates()
    states = ("confirmed", "open", "open")
    assert [(row.number, row.state) for row in page.rows] == [
        (issue.body.number, state) for issue, state in zip(issues, states, strict=True)
    ]
    assert (page.head.height, world.ledger.head.height) == (2, 3)
    monkeypatch.undo()
    after = world.ledger.certificates()
    assert [row.state for row in after.rows] == ["confirmed", "confirmed", "open"]
    assert after.head == world.ledger.head


def test_a_certificate_is_shown_as_of_one_block(world, monkeypatch):
    issue = world.issue()
    world.accept(issue, world.confirm(issue))
    onward, real = world.reexport("AE0000001", {"BW0000001": 500}), ledger.log_views.read_accepted

    def slow(at, record_id):
        if world.ledger.head.height == 1:
            world.accept(onward)
        return real(at, record_id)

    monkeypatch.setattr(ledger.log_views, "read_accepted", slow)
    view = world.ledger.certificate("BW0000001")
    assert (view.head.height, view.row.claimed, view.claims) == (2, 500, (Claim("AE0000001", 500),)), "read once more"
    monkeypatch.undo()
    assert world.ledger.certificate("BW0000001") == view


def test_a_list_that_names_what_is_not_there_is_damage(world):
    world.accept(world.issue())
    world.store.write({keys.certificate("BW0000001"): None}, sync=True)
    with pytest.raises(StoreError, match="BW0000001"):
        world.ledger.certificates()


@pytest.mark.parametrize("value", [b"", b"\x90", b"\xc0", b"\x93\x01\x02\x03"])
def test_a_damaged_entry_is_an_error_of_the_store(world, value):
    issue = world.issue()
    world.accept(issue)
    world.store.write({keys.certificate("BW0000001"): value, keys.judgement(place_of(world.store, issue.id)): value}, sync=True)
    for read in (lambda: world.ledger.certificate("BW0000001"), lambda: world.ledger.judgement(issue.id)):
        with pytest.raises(StoreError, match="damaged"):
            read()


@pytest.mark.parametrize(
    "value",
    [
        [1, None, None, "", {}],
        [1, 0, "number-used", "", {}],
        [1, None, "no-such-word", "", {}],
        [1, None, "number-used", "", {"given": [1]}],
    ],
)
def test_a_judgement_that_no_block_can_have_given(world, value):
    place = keys.position(0)
    world.store.write({keys.record(bytes(32)): place, keys.judgement(place): msgpack.packb(value)}, sync=True)
    with pytest.raises(StoreError, match="damaged"):
        world.ledger.judgement(bytes(32))


def test_a_body_that_is_not_its_record_is_noticed_when_read(world):
    issue = world.issue()
    world.accept(issue)
    world.store.write({keys.BODY + place_of(world.store, issue.id): world.issue(number="BW0000002").raw}, sync=True)
    for read in (
        lambda: world.ledger.record(issue.id),
        lambda: world.ledger.entries(0, 1),
        lambda: world.ledger.certificate("BW0000001"),
    ):
        with pytest.raises(StoreError, match="damaged"):
            read()


def test_nothing_is_seen_of_a_block_before_its_head_is(world, monkeypatch):
    """Between the write of a block and the head that follows from it: or whoever saw the new height could see the old one later."""
    first, second = world.issue(number="BW0000001"), world.issue(number="BW0000002")
    world.accept(first)
    store, seen = type(world.ledger._store), []
    write = store.write

    def written(self, writes, *, sync):
        write(self, writes, sync=sync)
        if sync:
            seen.append(shown(world.ledger, second))

    monkeypatch.setattr(store, "write", written)
    world.accept(second)
    assert seen == [(1, None, 1, ["BW0000001"], 1, None)]
    assert shown(world.ledger, second) == (2, 2, 2, ["BW0000001", "BW0000002"], 2, 2)


def shown(ledger, record):
    """Heights that readings name, and what they have, of a certificate that is in the newest block or not yet there."""
    found, page, row = ledger.certificate(record.body.number), ledger.certificates(), ledger.record(record.id)
    return (
        ledger.head.height,
        found and found.head.height,
        page.head.height,
        numbers(page),
        ledger.figures().head.height,
        row and row[2],
    )


def test_a_snapshot_that_is_ahead_of_the_head_is_not_read(world, monkeypatch):
    """The block is written between the look at whether one is, and the snapshot."""
    first, second = world.issue(number="BW0000001"), world.issue(number="BW0000002")
    world.accept(first)
    store, go, written, read = world.ledger._store, Event(), Event(), Event()
    write, snapshot = type(store).write, type(store).snapshot

    def writing(self, writes, *, sync):
        write(self, writes, sync=sync)
        if sync:
            written.set()
            assert read.wait(10)

    def late(self):
        go.set()
        assert written.wait(10)
        return snapshot(self)

    def apply():
        assert go.wait(10)
        world.accept(second)

    monkeypatch.setattr(type(store), "write", writing)
    monkeypatch.setattr(type(store), "snapshot", late)
    with ThreadPoolExecutor(1) as thread:
        applied = thread.submit(apply)
        page = world.ledger.certificates()
        read.set()
        applied.result(10)
    assert (page.head.height, numbers(page)) == (1, ["BW0000001"])
    assert world.ledger.certificates().head.height == 2


def test_readers_beside_a_thread_that_applies_never_go_back(world):
    """Whatever is asked of whichever look-up, no height is lower than one that was seen before."""
    issues = [world.issue(number=f"BW{digit:07}") for digit in range(1, 41)]
    asked = (
        lambda record: world.ledger.head.height,
        lambda record: (found := world.ledger.certificate(record.body.number)) and found.head.height,
        lambda record: world.ledger.certificates(limit=1).head.height,
        lambda record: (row := world.ledger.record(record.id)) and row[2],
    )
    with ThreadPoolExecutor(1) as thread:
        applying = thread.submit(lambda: [world.accept(issue) for issue in issues])
        newest = turns = 0
        while not applying.done() or turns < 100:
            for ask in asked:
                height = ask(issues[turns % len(issues)])
                if height is not None and ask is not asked[3]:
                    assert height >= newest
                newest = max(newest, height or 0)
            turns += 1
        applying.result()
    assert 0 < newest <= world.ledger.head.height == len(issues)
