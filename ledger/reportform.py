"""Figures as JSON, as an officer writes them or `kpledger return prepare` does: returns, production, opening stock.

    {"flow": "export", "quarter": "2026Q1", "revision": 1, "certificates": 12, "last": "(id of the newest record)",
     "cells": [{"partner": "AE", "hs": "710231", "carats": "1200.50", "value": "240100.00", "blinding": "(64 hex digits)"}],
     "protection": [{"hs": "710231", "traders": 3, "carats": "0.00", "value": "0.00"}]}

    {"half": "2026H1", "revision": 1, "lines": [{"hs": "710231", "carats": "1200.50", "value": "240100.00", "zone": "Jwaneng"}]}

    {"date": "2026-02-28", "lines": [{"hs": "710231", "carats": "1200.50"}]}

Read strictly, as every officer's file (`ledger.jsonform`); `last` is left out while nothing has counted, `zone` where none is
named.
"""

from typing import Any, Final, TypeVar

from ledger import codec
from ledger.bodies import ProductionBody, ReturnBody, StockBody
from ledger.errors import Code, Refusal
from ledger.jsonform import JsonValue, body_to_json
from ledger.limits import MAX_CELLS, MAX_OFFICER_FILE_BYTES, MAX_PRODUCTION_LINES
from ledger.strict_json import Cursor, load
from ledger.units import parse_carats, parse_value

B = TypeVar("B")

_return: Final = codec.typed(ReturnBody)
_production: Final = codec.typed(ProductionBody)
_stock: Final = codec.typed(StockBody)


_FIELDS: Final = {"carats": "points", "value": "cents"}


def return_to_json(body: ReturnBody) -> dict[str, JsonValue]:
    """The file's content."""
    return {name: content for name, content in body_to_json(body).items() if content is not None}


def return_from_json(data: bytes) -> ReturnBody:
    """The return in a file.

    Raises:
        Refusal: BAD_VALUE with the member, as JSON names it.
    """
    root = load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES)
    last = root.optional("last")
    plain = {
        "cells": [
            _row(cell, "partner", "hs", "carats", "value", "blinding") for cell in root.member("cells").items(0, MAX_CELLS)
        ],
        "certificates": root.member("certificates").integer(),
        "flow": root.member("flow").text(),
        "last": None if last is None else last.hexadecimal(32, 32),
        "protection": [_row(entry, "hs", "traders", "carats", "value") for entry in root.member("protection").items()],
        "quarter": root.member("quarter").text(),
        "revision": root.member("revision").integer(),
    }
    root.close()
    return _bounded(_return, plain)


def production_from_json(data: bytes) -> ProductionBody:
    """The production report in a file; errors as `return_from_json`."""
    root = load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES)
    plain = {
        "half": root.member("half").text(),
        "lines": [_line(line, "value") for line in root.member("lines").items(0, MAX_PRODUCTION_LINES)],
        "revision": root.member("revision").integer(),
    }
    root.close()
    return _bounded(_production, plain)


def stock_from_json(data: bytes) -> StockBody:
    """The opening stock in a file; errors as `return_from_json`."""
    root = load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES)
    plain = {"date": root.member("date").text(), "lines": [_line(line) for line in root.member("lines").items()]}
    root.close()
    return _bounded(_stock, plain)


def _bounded(body: codec.Typed[B], plain: dict[str, Any]) -> B:
    """The body, when every member lies within its bounds; raises Refusal BAD_VALUE."""
    try:
        return body.decode(codec.encode(plain))
    except Refusal as refusal:
        field = refusal.field.replace("points", "carats").replace("cents", "value")
        raise Refusal(Code.BAD_VALUE, field, **refusal.details) from None


def _line(cursor: Cursor, *more: str) -> dict[str, str | int | bytes]:
    """A line with HS code and carats, and what else it has."""
    line = {_FIELDS.get(name, name): _member(cursor.member(name), name) for name in ("hs", "carats", *more)}
    if more and (zone := cursor.optional("zone")) is not None:
        line["zone"] = zone.text()
    cursor.close()
    return line


def _row(cursor: Cursor, *names: str) -> list[str | int | bytes]:
    """One row in the order of its fields."""
    row = [_member(cursor.member(name), name) for name in names]
    cursor.close()
    return row


def _member(cursor: Cursor, name: str) -> str | int | bytes:
    match name:
        case "carats":
            return parse_carats(cursor.value, cursor.path)
        case "value":
            return parse_value(cursor.value, cursor.path)
        case "blinding":
            return cursor.hexadecimal(32, 32)
        case "traders":
            return cursor.integer()
        case _:
            return cursor.text()
