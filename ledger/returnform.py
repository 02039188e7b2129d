"""A quarterly return as JSON: what `kpledger return prepare` writes for an officer to look at, and `return file` reads.

    {"flow": "export", "quarter": "2026Q1", "revision": 1, "certificates": 12, "last": "(id of the newest record)",
     "cells": [{"partner": "AE", "hs": "710231", "carats": "1200.50", "value": "240100.00", "blinding": "(64 hex digits)"}],
     "protection": [{"hs": "710231", "traders": 3, "carats": "0.00", "value": "0.00"}]}

Read strictly, as every officer's file (`ledger.jsonform`); `last` is left out while nothing has counted.
"""

from typing import Final

from ledger import codec
from ledger.bodies import ReturnBody
from ledger.errors import Code, Refusal
from ledger.jsonform import JsonValue, body_to_json
from ledger.limits import MAX_CELLS, MAX_OFFICER_FILE_BYTES
from ledger.strict_json import Cursor, load
from ledger.units import parse_carats, parse_value

_body: Final = codec.typed(ReturnBody)


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
    try:
        return _body.decode(codec.encode(plain))
    except Refusal as refusal:
        field = refusal.field.replace("points", "carats").replace("cents", "value")
        raise Refusal(Code.BAD_VALUE, field, **refusal.details) from None


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
