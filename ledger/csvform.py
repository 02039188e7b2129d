"""Many certificates out of one table that an officer keeps in a spreadsheet: CSV, a row a line of a certificate.

Rules, in order:
1. The table is text in UTF-8 of at most `MAX_SHEET_BYTES`, its cells separated by what the header
   uses: commas, semicolons or tabs.
2. The header names columns of `COLUMNS`, each once, in any order; those of `REQUIRED` must be there.
3. The rows of one certificate stand together, and each has its number. What is said of a certificate as a whole stands in its
   first row; further rows leave it empty or say the same.
4. Several origins, sources (`RU0000042:120.00`) or seals in one cell are separated by `;`. No origin: mixed, not stated.
5. Each certificate is then read as the JSON file of one is (`ledger.jsonform`), and makes the same draft.

Nothing stops at the first fault: each certificate's first one is found, with row (1 is the header), column and what to write.
What only the ledger knows it says when it gets the record.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Literal, TypeAlias, cast

from ledger.bodies import CERTIFICATE_ISSUE, Hs, IssueBody, Line
from ledger.drafts import IssueDraft
from ledger.errors import Code, Refusal
from ledger.jsonform import issue_from_json
from ledger.limits import MAX_SHEET_BYTES, MAX_SHEET_ROWS
from ledger.record import build_statement
from ledger.rules import certificate
from ledger.schema import shorten
from ledger.units import Points

_DATE: Final = "a date as 2026-11-23 (in a spreadsheet, format the column as text)"
_AMOUNT: Final = "with a point or a comma, at most two digits behind it and no other sign, as 1200.50"
_PARTY: Final = "at most 300 characters"
_WHOLE: Final[Mapping[str, str]] = {
    "number": "your code and 4 to 10 digits, as BW0012345, in every row of the certificate",
    "type": "export or re-export",
    "issued": _DATE,
    "validated": f"{_DATE}, not before issued",
    "expires": f"{_DATE}, not before validated",
    "destination": "the code of another participant, as AE",
    "parcels": "a whole number from 1",
}
_LINE: Final[Mapping[str, str]] = {
    "hs": "710210 unsorted, 710221 industrial or 710231 non-industrial",
    "origin": "country codes separated by ; as BW or AO;CD; empty: mixed, not stated",
    "zone": "a zone of the one origin, at most 60 characters, or empty",
    "carats": f"carats {_AMOUNT}",
    "value": f"US dollars {_AMOUNT}",
}
_REST: Final[Mapping[str, str]] = {
    "sources": "certificates that you confirmed, each once, with the carats taken, separated by ; as RU0000042:120.00",
    **{f"{party}_{part}": _PARTY for party in ("exporter", "importer") for part in ("name", "address", "licence")},
    "invoice": "at most 200 characters",
    "route": "at most 1000 characters",
    "remarks": "at most 4000 characters; all that is sealed together at most 16 KiB",
    "seals": "seal numbers separated by ;",
}
COLUMNS: Final[Mapping[str, str]] = {**_WHOLE, **_LINE, **_REST}
"""Every column, with what is to be written in it."""

REQUIRED: Final = (*_WHOLE, "hs", "origin", "carats", "value")
_TEXTS: Final = ("invoice", "route", "remarks")
_PLACE: Final = re.compile(r"lines\[(\d+)\](?:\.(\w+))?")
_NAMES: Final[Mapping[str, str]] = {"points": "carats", "cents": "value", "commitment": "value", "fields": "remarks"}
_DIGITS: Final = re.compile(r"[0-9]{1,18}")
_OTHERS: Final = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0")
"""How the files begin that are given for a table most often: spreadsheets themselves, prints of them."""

_COMMA: Final = re.compile(r"[0-9]+,[0-9]{1,2}")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{1,2}")
_GROUPED_BY_POINTS: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]{1,2}")

_Row: TypeAlias = "tuple[int, dict[str, str]]"
"""Its place in the table, and its cells by column, without white space around them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in a table.

    Attributes:
        row: 1 is the header.
        column: its name; empty for the row as a whole.
        certificate: the number that the row has.
        what: what is there.
        step: what to write instead.
    """

    row: int
    column: str
    certificate: str
    what: str
    step: str


@dataclass(frozen=True, slots=True)
class SheetCertificate:
    """A certificate of a table.

    Attributes:
        draft: what it says.
        text: the same as an officer's JSON file.
        rows: the places of its lines.
    """

    draft: IssueDraft
    text: bytes
    rows: tuple[int, ...]

    def fault(self, refusal: Refusal) -> Fault:
        """Where in the table a refusal of this certificate's draft or record points to."""
        return _fault(self.draft.number, self.rows, refusal)


def read_sheet(data: bytes) -> tuple[list[SheetCertificate], list[Fault]]:
    """The certificates of a table, and what is wrong with it; whoever finds a fault must send nothing.

    Raises:
        Refusal: it is no table at all (BAD_VALUE), or too large.
    """
    table = _table(data)
    header = [name.strip().casefold() for name in next(table, [])]
    faults = list(_header_faults(header))
    if faults:
        return [], faults
    rows: list[_Row] = []
    for place, cells in enumerate(table, 2):
        if not any(map(str.strip, cells)):
            continue
        if len(cells) > len(header):
            faults.append(_wide(place, cells, header))
        elif len(rows) == MAX_SHEET_ROWS:
            raise Refusal(Code.TOO_LARGE, "rows", limit=MAX_SHEET_ROWS, reason="split the table into several files")
        else:
            padded = [*map(str.strip, cells), *[""] * (len(header) - len(cells))]
            rows.append((place, dict(zip(header, padded, strict=True))))
    if not rows and not faults:
        faults.append(Fault(2, "", "", "there is no row", "A row for each line of each certificate."))
    certificates: list[SheetCertificate] = []
    seen: dict[str, int] = {}
    for number, group in groupby(rows, lambda row: row[1]["number"]):
        found = _certificate(number, list(group), seen)
        if isinstance(found, Fault):
            faults.append(found)
        else:
            certificates.append(found)
    return certificates, sorted(faults, key=lambda fault: fault.row)


def plain_amount(text: str) -> str:
    """An amount as a person or a spreadsheet writes it, with a point and nothing else, where there is one way to read it.

    `1 200,50`, `1,200.50` and `1.200,50` have one; `1,200` and `1.200` have two, and stay as they are.
    """
    plain = "".join(text.split())
    if _COMMA.fullmatch(plain):
        return plain.replace(",", ".")
    if _GROUPED.fullmatch(plain):
        return plain.replace(",", "")
    return plain.replace(".", "").replace(",", ".") if _GROUPED_BY_POINTS.fullmatch(plain) else plain


def check_alone(draft: IssueDraft) -> None:
    """What a certificate must fulfil whatever stands on the ledger.

    Its form is that of a record which says the same, with empty bytes where sealing will put some.

    Raises:
        Refusal: the first that it does not.
    """
    body = IssueBody(
        destination=draft.destination,
        expires=draft.expires,
        issued=draft.issued,
        lines=tuple(Line(bytes(32), cast("Hs", line.hs), line.origin, line.points, line.zone) for line in draft.lines),
        number=draft.number,
        parcels=draft.parcels,
        points=Points(sum(line.points for line in draft.lines)),
        receipt_hash=bytes(32),
        rid=bytes(16),
        sealed=bytes(32),
        sources=draft.sources,
        type=cast("Literal['export', 're-export']", draft.type),
        validated=draft.validated,
        verdict_hash=bytes(32),
    )
    build_statement(CERTIFICATE_ISSUE, "XX", 0, body)
    certificate.check_alone(body)


def _table(data: bytes) -> Iterator[list[str]]:
    """The rows; raises Refusal for what is no table."""
    if len(data) > MAX_SHEET_BYTES:
        raise Refusal(Code.TOO_LARGE, given=len(data), limit=MAX_SHEET_BYTES, reason="split the table into several files")
    if data.startswith(_OTHERS) or b"\0" in data:
        raise Refusal(Code.BAD_VALUE, reason="a spreadsheet or another file, no text: save the table as CSV UTF-8")
    try:
        text = unicodedata.normalize("NFC", data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refusal(Code.BAD_VALUE, reason="not text in UTF-8: save the table as CSV UTF-8") from None
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        return iter(list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)))
    except csv.Error as error:
        raise Refusal(Code.BAD_VALUE, reason=f"no CSV: {error}") from None


def _header_faults(header: Sequence[str]) -> Iterator[Fault]:
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            what = f"unknown column {shorten(name)!r}" if name else "a column without a name"
            yield Fault(1, shorten(name), "", what, f"One of: {' '.join(COLUMNS)}.")
        elif header.count(name) > 1:
            yield Fault(1, name, "", "the column stands twice", "Remove one of them.")
    for name in REQUIRED:
        if name not in header:
            yield Fault(1, name, "", "the column is missing", f"A column {name}: {COLUMNS[name]}.")


def _wide(place: int, cells: Sequence[str], header: Sequence[str]) -> Fault:
    what = f"{len(cells)} cells, the header has {len(header)}"
    return Fault(place, "", cells[0].strip()[:40], what, 'Put a cell that holds the separator in quotes, as "12, High Street".')


def _certificate(number: str, rows: Sequence[_Row], seen: dict[str, int]) -> SheetCertificate | Fault:
    places = tuple(map(itemgetter(0), rows))
    if not number:
        return Fault(places[0], "number", "", "empty", _step("number"))
    if number in seen:
        what = f"{shorten(number)} stands in row {seen[number]} already"
        return Fault(places[0], "number", shorten(number), what, "Put the rows of one certificate together.")
    seen[number] = places[0]
    whole = rows[0][1]
    for place, cells in rows[1:]:
        for name, given in cells.items():
            if name not in _LINE and given not in ("", whole[name]):
                what = f"{shorten(given)!r}, row {places[0]} has {shorten(whole[name])!r}"
                return Fault(place, name, shorten(number), what, "One for the whole certificate: leave the cell empty.")
    try:
        text = json.dumps(_content(rows), ensure_ascii=False, indent=1).encode() + b"\n"
        draft = issue_from_json(text)
        check_alone(draft)
    except Refusal as refusal:
        return _fault(number, places, refusal)
    return SheetCertificate(draft, text, places)


def _content(rows: Sequence[_Row]) -> dict[str, Any]:
    """A certificate as its JSON file has it. Cells stay as they are where they may be wrong: the reader of JSON says so."""
    whole = rows[0][1]
    content: dict[str, Any] = {name: whole[name] for name in _WHOLE}
    if _DIGITS.fullmatch(whole["parcels"]):
        content["parcels"] = int(whole["parcels"])
    content["lines"] = [_line(cells) for _, cells in rows]
    content["sources"] = [_source(text) for text in _several(whole.get("sources", ""))]
    sealed: dict[str, Any] = {}
    for party in ("exporter", "importer"):
        parts = {part: whole.get(f"{party}_{part}", "") for part in ("name", "address", "licence")}
        if any(parts.values()):
            sealed[party] = parts
    sealed |= {name: whole[name] for name in _TEXTS if whole.get(name)}
    if seals := _several(whole.get("seals", "")):
        sealed["seals"] = seals
    return content | {"sealed": sealed}


def _line(cells: Mapping[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {"hs": cells["hs"], "carats": plain_amount(cells["carats"]), "value": plain_amount(cells["value"])}
    line["origin"] = sorted(set(_several(cells["origin"])))
    return line | ({"zone": cells["zone"]} if cells.get("zone") else {})


def _source(text: str) -> dict[str, str]:
    number, _, weight = text.partition(":")
    return {"number": number.strip(), "carats": plain_amount(weight)}


def _several(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def _fault(number: str, rows: Sequence[int], refusal: Refusal) -> Fault:
    field = refusal.field.removeprefix("body.")
    row, name = rows[0], field
    if found := _PLACE.match(field):
        row, name = rows[min(int(found[1]), len(rows) - 1)], found[2] or ""
    elif field == "lines":
        row, name = rows[-1], ""
    elif field.startswith("sealed."):
        name = "_".join(field.split(".")[1:])
    name = name.partition(".")[0].partition("[")[0]
    column = _NAMES.get(name, name if name in COLUMNS else "")
    details = ", ".join(
        str(shown) if key == "reason" else f"{key} {shown}" for key, shown in refusal.details.items() if shown is not None
    )
    what = f"{refusal.code} ({details})" if details else str(refusal.code)
    return Fault(row, column, shorten(number), what, _step(column) if column else "See to the rows of this certificate.")


def _step(column: str) -> str:
    return f"Write {COLUMNS[column]}."
