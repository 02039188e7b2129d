"""`node.mempool`: bounded altogether and by author, fair between authors, and exact in its sums."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.record import Submission
from node import mempool as module
from node.mempool import Entry, Mempool
from tests.support import sealed

RECORD = sealed.issue().record
AUTHORS = ("BW", "RU", "EU")


def entry(number: int, author: str = "BW", size: int = 100) -> Entry:
    """A pending record of this id, author and size."""
    record = msgspec.structs.replace(RECORD, id=number.to_bytes(32), author=author)
    return Entry(Submission(record), bytes(size))


def key(number: int) -> bytes:
    return number.to_bytes(32)


def filled(*authors: str) -> Mempool:
    """One record for each, in this order, numbered from 0."""
    mempool = Mempool()
    for number, author in enumerate(authors):
        mempool.add(entry(number, author))
    return mempool


def numbers(ids: list[bytes]) -> list[int]:
    return [int.from_bytes(record_id) for record_id in ids]


def test_held_once_and_told_once() -> None:
    mempool, told = Mempool(), []
    mempool.on_arrival = told.append
    first = entry(1)
    mempool.add(first)
    mempool.add(entry(1, size=999))
    assert (len(mempool), mempool.size, told) == (1, 100, [first])
    assert mempool.get(key(1)) is first
    assert key(1) in mempool
    assert key(2) not in mempool
    assert mempool.get(key(2)) is None


def test_judged_ones_leave_and_are_remembered() -> None:
    mempool = filled("BW", "BW", "RU")
    mempool.judged([key(0), key(2), key(77)])
    assert (len(mempool), mempool.size) == (1, 100)
    assert [mempool.was_judged(key(number)) for number in (0, 1, 2, 77)] == [True, False, True, True]
    assert mempool.take((), 10, 10_000) == [key(1)]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    mempool = Mempool()
    mempool.judged(map(key, range(5)))
    assert [mempool.was_judged(key(number)) for number in range(5)] == [False, False, True, True, True]


def test_one_authors_flood_takes_no_turn_from_the_others() -> None:
    mempool = filled(*["BW"] * 50, "RU", "EU")
    assert numbers(mempool.take((), 5, 10_000)) == [0, 50, 51, 1, 2]


def test_the_next_leader_begins_with_another_author() -> None:
    mempool = filled(*AUTHORS * 3)
    assert [numbers(mempool.take((), 1, 10_000)) for _ in range(4)] == [[0], [1], [2], [0]]


def test_what_an_ancestor_holds_is_passed_over() -> None:
    mempool = filled("BW", "BW", "RU", "RU")
    assert numbers(mempool.take({key(0), key(2)}, 10, 10_000)) == [1, 3]
    assert mempool.take({key(number) for number in range(4)}, 10, 10_000) == []


@pytest.mark.parametrize(("size", "count"), [(0, 0), (99, 0), (100, 1), (299, 2), (300, 3), (10**9, 4)])
def test_no_more_bytes_than_asked(size: int, count: int) -> None:
    mempool = filled("BW", "RU", "BW", "EU")
    assert len(mempool.take((), 10, size)) == count


def test_oldest_first() -> None:
    mempool = filled("BW", "RU", "BW")
    assert numbers(mempool.oldest(2)) == [0, 1]
    mempool.judged([key(0)])
    assert numbers(mempool.oldest(9)) == [1, 2]


def test_an_author_at_its_limit_stops_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AUTHOR_RECORDS", 2)
    mempool = filled("BW", "BW", "RU")
    assert [mempool.room().take(author, 100) for author in ("BW", "RU", "EU")] == ["author", "", ""]
    mempool.judged([key(0)])
    assert mempool.room().take("BW", 100) == ""
    monkeypatch.setattr(module, "AUTHOR_BYTES", 100)
    assert [mempool.room().take(author, 100) for author in ("BW", "RU", "EU")] == ["author", "author", ""]


@pytest.mark.parametrize(("limit", "value"), [("MEMPOOL_RECORDS", 3), ("MEMPOOL_BYTES", 300)])
def test_a_node_at_its_limit(monkeypatch: pytest.MonkeyPatch, limit: str, value: int) -> None:
    monkeypatch.setattr(module, limit, value)
    mempool = filled("BW", "RU")
    assert mempool.room().take("EU", 100) == ""
    mempool.add(entry(9, "EU"))
    assert mempool.room().take("AE", 100) == "node"
    mempool.add(entry(10, "AE"))  # a block needs this very record
    assert len(mempool) == 4


def test_records_that_are_added_together_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AUTHOR_RECORDS", 3)
    monkeypatch.setattr(module, "AUTHOR_BYTES", 450)
    monkeypatch.setattr(module, "MEMPOOL_RECORDS", 6)
    mempool = filled("BW", "RU")
    room = mempool.room()
    assert [room.take("BW", 100) for _ in range(3)] == ["", "", "author"]
    assert [room.take("RU", size) for size in (351, 350, 1)] == ["author", "", "author"]
    assert [room.take("EU", 100) for _ in range(2)] == ["", "node"]
    assert mempool.room().take("BW", 100) == "", "what was not added takes no room"


@given(
    st.lists(st.tuples(st.sampled_from(["add", "judge"]), st.integers(0, 30), st.sampled_from(AUTHORS), st.integers(1, 500)))
)
def test_sums_and_turns_stay_exact(steps: list[tuple[str, int, str, int]]) -> None:
    mempool, model = Mempool(), {}
    for what, number, author, size in steps:
        if what == "add":
            mempool.add(entry(number, author, size))
            model.setdefault(key(number), (author, size))
        else:
            mempool.judged([key(number)])
            model.pop(key(number), None)
        assert (len(mempool), mempool.size) == (len(model), sum(size for _, size in model.values()))
    assert mempool.oldest(100) == list(model)
    taken = mempool.take((), 100, 10**9)
    assert sorted(taken) == sorted(model)
    assert set(mempool._authors) == {author for author, _ in model.values()}
    turns: Counter[str] = Counter()
    ranks = []
    for record_id in taken:
        ranks.append(turns[model[record_id][0]])
        turns[model[record_id][0]] += 1
    assert ranks == sorted(ranks)  # nobody's second before everybody's first
