"""The workbook: each office its own, lists in the order of the work list, bounds, what a restart finds."""

import sqlite3

import pytest

from api.limits import MAX_NOTES_OF_FINDING, MAX_SAVED_FILTERS
from api.reading.workbook import Note, SavedFilter, Work, WorkBook, WorkBookFullError, WorkStatus

AUDITOR, BW = "auditor", "participant:BW"


@pytest.fixture
def book():
    book = WorkBook()
    yield book
    book.close()


def line(serial, status=WorkStatus.IN_PROGRESS, assignee="Ana"):
    return Work(f"discrepancy/BW{serial:07}", serial, status, assignee, 1_790_000_000_000 + serial)


def test_a_line_is_kept_and_replaced(book):
    one = line(4)
    assert book.work(AUDITOR, [one.finding]) == {}
    book.set(AUDITOR, one)
    assert book.work(AUDITOR, ["x", one.finding]) == {one.finding: one}
    other = line(4, WorkStatus.DONE, "")
    book.set(AUDITOR, other)
    assert book.work(AUDITOR, [one.finding]) == {one.finding: other}
    assert book.work(AUDITOR, []) == {}


def test_an_office_sees_its_own_only(book):
    book.set(AUDITOR, line(1))
    book.add_note(AUDITOR, line(1).finding, Note("Ana", "seen", 5))
    book.save_filter(AUDITOR, "grave", "severity=high")
    assert book.work(BW, [line(1).finding]) == {}
    assert book.lines(BW, None, 10, assignee="Ana") == []
    assert (book.notes(BW, line(1).finding), book.filters(BW), book.assignees(BW)) == ([], [], [])
    book.remove_filter(BW, book.filters(AUDITOR)[0].id)
    assert len(book.filters(AUDITOR)) == 1


def test_lists_are_paged_newest_first(book):
    for serial in (3, 9, 1, 7, 5):
        book.set(AUDITOR, line(serial))
    book.set(AUDITOR, line(8, WorkStatus.DONE, "Ben"))
    first = book.lines(AUDITOR, None, 2, assignee="Ana")
    assert [one.serial for one in first] == [9, 7]
    assert [one.serial for one in book.lines(AUDITOR, 7, 9, assignee="Ana")] == [5, 3, 1]
    assert [one.serial for one in book.lines(AUDITOR, None, 9, status="done")] == [8]
    assert book.assignees(AUDITOR) == ["Ana", "Ben"]


def test_lists_are_read_off_an_index(book):
    for column in ("assignee", "status"):
        plan = book._base.execute(
            f"EXPLAIN QUERY PLAN SELECT finding FROM work WHERE office = ? AND {column} = ? AND serial < ? ORDER BY serial DESC",
            ("a", "b", 3),
        ).fetchall()
        assert [f"work_by_{column}" in row[3] and "SCAN" not in row[3] for row in plan] == [True]


def test_notes_stay_in_order_up_to_a_bound(book):
    for at in range(MAX_NOTES_OF_FINDING):
        book.add_note(AUDITOR, "a/b", Note("Ana", f"note {at}", at))
    assert [note.written_ms for note in book.notes(AUDITOR, "a/b")] == list(range(MAX_NOTES_OF_FINDING))
    with pytest.raises(WorkBookFullError) as full:
        book.add_note(AUDITOR, "a/b", Note("Ana", "one more", 0))
    assert (full.value.what, full.value.limit) == ("notes", MAX_NOTES_OF_FINDING)
    book.add_note(AUDITOR, "a/c", Note("Ana", "elsewhere", 0))


def test_filters_by_name_up_to_a_bound(book):
    for at in range(MAX_SAVED_FILTERS):
        book.save_filter(AUDITOR, f"filter {at:02}", f"rule={at}")
    book.save_filter(AUDITOR, "filter 00", "severity=low")
    assert book.filters(AUDITOR)[0].query == "severity=low"
    with pytest.raises(WorkBookFullError):
        book.save_filter(AUDITOR, "another", "")
    gone = book.filters(AUDITOR)[3]
    book.remove_filter(AUDITOR, gone.id)
    assert gone not in book.filters(AUDITOR)
    book.save_filter(AUDITOR, "another", "")
    assert isinstance(book.filters(AUDITOR)[0], SavedFilter)


def test_text_is_text(book):
    hostile = "'); DROP TABLE note; -- <script>"
    book.add_note(hostile, hostile, Note(hostile, hostile, 1))
    assert book.notes(hostile, hostile) == [Note(hostile, hostile, 1)]


def test_a_file_of_the_owner_alone_that_a_restart_finds(tmp_path):
    path = tmp_path / "workbook.db"
    book = WorkBook(path)
    assert path.stat().st_mode & 0o777 == 0o600
    book.set(AUDITOR, line(1))
    book.close()
    again = WorkBook(path)
    assert again.work(AUDITOR, [line(1).finding]) == {line(1).finding: line(1)}
    again.close()


def test_what_is_no_workbook_is_told(tmp_path):
    path = tmp_path / "workbook.db"
    path.write_bytes(b"not a database, but long enough to be read as one" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        WorkBook(path)
