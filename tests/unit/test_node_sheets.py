"""node/sheets.py: a table is made as a whole or not at all; what was made stays as it is; what each answer of a node comes to."""

import asyncio

import pytest

from api.demo.network import Seat, make_network
from ledger.csvform import read_sheet
from node.client import ProblemError, Taken
from node.office import Office
from node.sheets import BATCH_RECORDS, Ready, Standing, batches, make_ready, send
from tests.support.port import NOW
from tests.unit.test_csvform import FIRST, SECOND, sheet

NETWORK = make_network([Seat("BW", "127.0.0.1:8700", b"\x30\x02BW")], NOW, seed=b"sheets")


@pytest.fixture
def office():
    return Office(NETWORK.genesis, "BW", NETWORK.keys["BW"]["issue"])


def certificates(*rows):
    found, faults = read_sheet(sheet(*rows))
    assert faults == []
    return found


def numbered(count):
    return [FIRST | {"number": f"BW{10_000 + place}"} for place in range(count)]


def test_what_is_made_is_kept_with_codes_and_made_once(office, tmp_path):
    table = certificates(FIRST, SECOND, *numbered(2))
    ready, faults = make_ready(office, table, tmp_path)
    assert faults == []
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(
        f"{number}{ending}"
        for number in ("BW0012345", "BW10000", "BW10001")
        for ending in (".codes.json", ".draft.json", ".submission")
    )
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    again, _ = make_ready(office, table, tmp_path)
    assert [one.submission for one in again] == [one.submission for one in ready]
    assert [one.before for one in again] == [False] * 3


@pytest.mark.parametrize(
    ("change", "column", "word"),
    [
        ({"number": "RU0012345"}, "number", "number-prefix"),
        ({"destination": "XX"}, "destination", "destination-unknown"),
        ({"remarks": "r" * 4_000, "route": "r" * 1_000, "seals": ";".join(["s" * 199] * 60)}, "remarks", "too-large"),
    ],
)
def test_what_cannot_be_made_stops_all(office, tmp_path, change, column, word):
    ready, (fault,) = make_ready(office, certificates(*numbered(2), FIRST | change), tmp_path)
    assert (fault.row, fault.column) == (4, column)
    assert word in fault.what
    assert len(ready) == 2
    assert list(tmp_path.iterdir()) == []


def test_another_text_under_a_number_that_was_made_is_a_fault(office, tmp_path):
    make_ready(office, certificates(*numbered(2)), tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    first, second = numbered(2)
    _, (fault,) = make_ready(office, certificates(first, second | {"parcels": "2"}, FIRST), tmp_path)
    assert (fault.row, fault.column, fault.certificate) == (3, "number", "BW10001")
    assert "made of another text" in fault.what
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


class Answering:
    """A node's answers, one for each submission."""

    def __init__(self, *answers):
        self.answers, self.asked = answers, []

    async def submit_many_until_final(self, raws, seconds):
        self.asked = list(raws)
        return list(self.answers)


def test_what_each_answer_comes_to(office, tmp_path):
    ready, _ = make_ready(office, certificates(*numbered(4)), tmp_path)
    there = Ready(ready[3].certificate, ready[3].submission, before=True)
    final = Taken("ab" * 32, 7, 3, "c2sp.org/tlog-proof@v1")
    node = Answering(final, ProblemError(422, {"error": "number-used"}), None, final)
    outcomes = asyncio.run(send(node, [*ready[:3], there], tmp_path, 1))
    assert node.asked == [one.submission for one in ready]
    assert [one.standing for one in outcomes] == [
        Standing.ACCEPTED,
        Standing.REFUSED,
        Standing.NOT_FINAL,
        Standing.THERE_ALREADY,
    ]
    assert (tmp_path / "BW10000.tlog-proof").read_text(encoding="utf-8") == final.receipt
    assert (tmp_path / "BW10001.codes.json.refused").exists()
    assert not (tmp_path / "BW10001.submission").exists()
    assert (tmp_path / "BW10002.submission").exists()
    again, _ = make_ready(office, certificates(*numbered(4)), tmp_path)
    assert [one.before for one in again] == [True, False, False, True]
    assert again[1].submission != ready[1].submission, "what was refused is made anew"


def test_batches_are_bounded_in_number_and_bytes(office):
    (one,) = certificates(FIRST)
    many = [Ready(one, bytes(10), before=False)] * (BATCH_RECORDS * 2 + 1)
    assert [len(batch) for batch in batches(many)] == [BATCH_RECORDS, BATCH_RECORDS, 1]
    large = [Ready(one, bytes(900_000), before=False)] * 5
    assert [len(batch) for batch in batches(large)] == [2, 2, 1]
    assert list(batches([])) == []
