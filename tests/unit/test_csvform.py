"""ledger/csvform.py: a table says the same as JSON files do; every fault is found with its row, its column and what to write."""

import contextlib
import csv
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import limits
from ledger.csvform import COLUMNS, REQUIRED, read_sheet
from ledger.errors import Code, Refusal
from ledger.jsonform import issue_from_json
from node.cli.sheets import template

FIRST = {
    "number": "BW0012345", "type": "export", "issued": "2026-11-23", "validated": "2026-11-23", "expires": "2027-01-20",
    "destination": "AE", "parcels": "1", "hs": "710231", "origin": "BW", "zone": "", "carats": "12.34", "value": "2500.00",
}  # fmt: skip
SECOND = {"number": "BW0012345", "hs": "710221", "origin": "AO;CD", "carats": "1", "value": "0"}
OTHER = FIRST | {"number": "BW0012346", "sources": "RU0000042:10.00; RU0000043:2.34", "exporter_name": "Kgalagadi Stones"}


def sheet(*rows, columns=tuple(COLUMNS), separator=",", encoding="utf-8"):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(columns)
    writer.writerows([row.get(name, "") for name in columns] for row in rows)
    return text.getvalue().encode(encoding)


def faults_of(data):
    return [(fault.row, fault.column) for fault in read_sheet(data)[1]]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_rows_of_one_number_are_its_lines(separator, encoding):
    certificates, faults = read_sheet(sheet(FIRST, SECOND, OTHER, separator=separator, encoding=encoding))
    assert faults == []
    first, other = certificates
    assert (first.rows, other.rows) == ((2, 3), (4,))
    assert issue_from_json(first.text) == first.draft
    assert [(line.hs, line.points, line.cents, line.origin) for line in first.draft.lines] == [
        ("710231", 1_234, 250_000, ("BW",)),
        ("710221", 100, 0, ("AO", "CD")),
    ]
    assert [(source.number, source.points) for source in other.draft.sources] == [("RU0000042", 1_000), ("RU0000043", 234)]
    assert other.draft.sealed == {"exporter": {"name": "Kgalagadi Stones", "address": "", "licence": ""}}


def test_the_template_is_a_table(capsys):
    template()
    certificates, faults = read_sheet(capsys.readouterr().out.encode())
    assert faults == []
    assert [(one.draft.number, len(one.draft.lines), one.draft.type) for one in certificates] == [
        ("BW0012345", 2, "export"),
        ("BW0012346", 1, "re-export"),
    ]
    assert certificates[0].draft.sealed["seals"] == ["S-101", "S-102"]
    assert certificates[0].draft.sealed["exporter"]["address"] == "Plot 17, Gaborone"


def test_empty_rows_short_rows_and_any_order_of_columns():
    columns = tuple(reversed(COLUMNS))
    data = sheet({}, FIRST, {}, SECOND, columns=columns).rstrip(b",\r\n") + b"\r\n,,,\r\n"
    certificates, faults = read_sheet(data)
    assert faults == []
    assert certificates[0].rows == (3, 5)


CELLS = [
    ("number", "", "number"), ("number", "BW1", "number"), ("number", "bw0012345", "number"), ("number", "BW00 12345", "number"),
    ("type", "", "type"), ("type", "Export", "type"), ("type", "import", "type"),
    ("issued", "", "issued"), ("issued", "23/11/2026", "issued"), ("issued", "2026-02-30", "issued"), ("issued", "46350", "issued"),
    ("validated", "2026-11-22", "validated"), ("expires", "2026-11-22", "expires"), ("expires", "2026-1-1", "expires"),
    ("destination", "", "destination"), ("destination", "ARE", "destination"), ("destination", "BW", "destination"),
    ("parcels", "", "parcels"), ("parcels", "0", "parcels"), ("parcels", "1.0", "parcels"), ("parcels", "-1", "parcels"),
    ("parcels", "9" * 30, "parcels"), ("hs", "", "hs"), ("hs", "7102.31", "hs"), ("hs", "710239", "hs"),
    ("origin", "XX", "origin"), ("origin", "BWA", "origin"), ("origin", "BW CD", "origin"), ("zone", "z" * 61, "zone"),
    ("carats", "", "carats"), ("carats", "0", "carats"), ("carats", "1.234", "carats"), ("carats", "1,234", "carats"), ("carats", "1,2.5", "carats"), ("carats", "1.20.30,5", "carats"),
    ("carats", "1e3", "carats"), ("carats", "-1", "carats"), ("carats", "9" * 20, "carats"),
    ("value", "", "value"), ("value", "$5", "value"), ("value", "5.005", "value"),
    ("sources", "RU0000042", "sources"), ("sources", "RU0000042:", "sources"), ("sources", "RU1:1.00", "sources"),
    ("sources", "RU0000042:1;RU0000042:1", "sources"), ("sources", "BW0012345:1", "sources"),
    ("sources", "RU0000042:99.00", "sources"), ("exporter_name", "n" * 301, "exporter_name"),
    ("importer_licence", "n" * 301, "importer_licence"), ("invoice", "n" * 201, "invoice"), ("remarks", "two\nlines", "remarks"),
    ("seals", "s" * 201, "seals"), ("exporter_address", "\u200b\x07", "exporter_address"),
]  # fmt: skip


@pytest.mark.parametrize(("column", "cell", "named"), CELLS)
def test_a_bad_cell_is_named_and_the_good_rows_are_read(column, cell, named):
    certificates, (fault,) = read_sheet(sheet(OTHER, FIRST | {column: cell}))
    assert (fault.row, fault.column) == (3, named)
    assert fault.step.endswith(".")
    assert [one.draft.number for one in certificates] == ["BW0012346"]


@pytest.mark.parametrize(
    ("cell", "points"),
    [
        ("1200,5", 120_050), ("1 200,50", 120_050), ("1\N{NARROW NO-BREAK SPACE}200.50", 120_050), ("1,200.50", 120_050),
        ("1.200,50", 120_050), ("1,234,567.8", 123_456_780), ("0,01", 1),
    ],
)  # fmt: skip
def test_amounts_are_read_as_spreadsheets_write_them_where_there_is_one_way(cell, points):
    (one,), faults = read_sheet(sheet(FIRST | {"carats": cell, "value": cell}))
    assert (faults, one.draft.lines[0].points, one.draft.lines[0].cents) == ([], points, points)


@pytest.mark.parametrize(
    "data", [b"PK\x03\x04\x14\0\x06\0", b"%PDF-1.7\n", b"\xd0\xcf\x11\xe0\xa1", sheet(FIRST, encoding="utf-16")]
)
def test_a_spreadsheet_itself_is_no_table_and_one_reason_says_so(data):
    with pytest.raises(Refusal) as caught:
        read_sheet(data)
    assert "save the table as CSV UTF-8" in caught.value.details["reason"]


@pytest.mark.parametrize("column", ["hs", "origin", "carats", "value"])
def test_a_bad_line_is_named_by_its_own_row(column):
    assert faults_of(sheet(FIRST, SECOND | {column: "?"}, OTHER)) == [(3, column)]


@pytest.mark.parametrize(
    "column", [name for name in COLUMNS if name not in {"number", "hs", "origin", "zone", "carats", "value"}]
)
def test_what_holds_for_the_whole_is_said_once(column):
    assert faults_of(sheet(FIRST, SECOND | {column: "something else"})) == [(3, column)]
    assert faults_of(sheet(OTHER, OTHER | {"carats": "1.00"})) == []


def test_every_certificate_has_its_first_fault_named():
    bad = [FIRST | {"number": f"BW00000{n}", "hs": "1"} for n in range(10, 40)]
    assert faults_of(sheet(*bad)) == [(row, "hs") for row in range(2, 32)]


def test_rows_of_one_number_stand_together():
    assert faults_of(sheet(FIRST, OTHER, SECOND)) == [(4, "number")]


def test_a_certificate_has_so_many_lines():
    full = [FIRST, *[SECOND] * (limits.MAX_LINES - 1)]
    assert faults_of(sheet(*full)) == []
    assert faults_of(sheet(*full, SECOND)) == [(limits.MAX_LINES + 2, "")]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_column(name):
    assert faults_of(sheet(FIRST, columns=[column for column in COLUMNS if column != name])) == [(1, name)]


def test_headers_that_are_none():
    assert faults_of(sheet(FIRST, columns=[*COLUMNS, "Carats"])) == [(1, "carats")]
    assert faults_of(sheet(FIRST, columns=[*COLUMNS, "price"])) == [(1, "price")]
    assert faults_of(sheet(FIRST, columns=[*COLUMNS, ""])) == [(1, "")]
    assert faults_of(b"") == [(1, name) for name in REQUIRED]
    assert faults_of(sheet()) == [(2, "")]
    assert faults_of(sheet(FIRST).replace(b"2500.00", b"2500.00,,,,,,,,,,,,,,,,,,,,,,,,,")) == [(2, "")]


@pytest.mark.parametrize(
    "data",
    [sheet(FIRST, encoding="utf-16"), "é".encode("latin-1"), sheet(FIRST) + b'"open', b"\xff", b"a\0b,\n"],
)
def test_what_is_no_table(data):
    with contextlib.suppress(Refusal):
        certificates, faults = read_sheet(data)
        assert certificates == []
        assert faults


def test_bounds(monkeypatch):
    with pytest.raises(Refusal) as caught:
        read_sheet(b" " * (limits.MAX_SHEET_BYTES + 1))
    assert caught.value.code == Code.TOO_LARGE
    monkeypatch.setattr("ledger.csvform.MAX_SHEET_ROWS", 3)
    read_sheet(sheet(FIRST, SECOND, SECOND))
    with pytest.raises(Refusal) as caught:
        read_sheet(sheet(FIRST, SECOND, SECOND, SECOND))
    assert caught.value.code == Code.TOO_LARGE


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_get_an_answer(data):
    for begun in (data, sheet(FIRST) + data, sheet() + data):
        with contextlib.suppress(Refusal):
            read_sheet(begun)


AMOUNT = st.integers(1, 10**12).map(lambda points: f"{points // 100}.{points % 100:02}")
NAME = st.text(st.characters(categories=["L", "N", "P", "Zs"], max_codepoint=0x2FF), max_size=20).map(str.strip)


@given(
    lines=st.lists(
        st.tuples(
            st.sampled_from(["710210", "710221", "710231"]), st.sets(st.sampled_from(["AO", "BW", "CD"])), AMOUNT, AMOUNT
        ),
        min_size=1,
        max_size=6,
    ),
    texts=st.fixed_dictionaries(dict.fromkeys(("exporter_name", "importer_address", "invoice", "remarks"), NAME)),
    separator=st.sampled_from(",;\t"),
)
def test_whatever_json_says_a_table_says(lines, texts, separator):
    rows = [
        (FIRST | texts if place == 0 else {"number": FIRST["number"]})
        | {"hs": hs, "origin": ";".join(origin), "carats": weight, "value": price}
        for place, (hs, origin, weight, price) in enumerate(lines)
    ]
    content = {name: FIRST[name] for name in ("number", "type", "issued", "validated", "expires", "destination")}
    content |= {
        "parcels": 1,
        "lines": [
            {"hs": hs, "origin": sorted(origin), "carats": weight, "value": price} for hs, origin, weight, price in lines
        ],
        "sealed": {name: texts[name] for name in ("invoice", "remarks") if texts[name]},
    }
    for party, part in (("exporter", "name"), ("importer", "address")):
        if texts[f"{party}_{part}"]:
            content["sealed"][party] = {"name": "", "address": "", "licence": ""} | {part: texts[f"{party}_{part}"]}
    (one,), faults = read_sheet(sheet(*rows, separator=separator))
    assert faults == []
    assert one.draft == issue_from_json(json.dumps(content).encode())


def test_the_template_shows_every_column(capsys):
    template()
    header, *rows = csv.reader(io.StringIO(capsys.readouterr().out))
    assert header == list(COLUMNS)
    assert {len(row) for row in rows} == {len(header)}
