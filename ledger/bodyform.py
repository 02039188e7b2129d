"""A body out of the JSON that shows it (`ledger.jsonform.body_to_json`), for every kind without a sealed part.

One reader for all kinds, made of their schemas: an officer writes what `/v1/records/{id}` would show. `carats` and `value` are
decimal text, bytes lower-case hex; a member that is optional, or null, may be left out. Read strictly, for instance:

    {"flow": "export", "quarter": "2026Q1", "revision": 1, "certificates": 12, "last": "(id of the newest record)",
     "cells": [{"partner": "AE", "hs": "710231", "carats": "1200.50", "value": "240100.00", "blinding": "(64 hex digits)"}],
     "protection": [{"hs": "710231", "traders": 3, "carats": "0.00", "value": "0.00"},
                    {"hs": "all", "traders": 3, "carats": "0.00", "value": "0.00"}]}

What the schema allows and the rules do not is refused by the ledger.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, cast

from msgspec import inspect

from ledger import codec
from ledger.bodies import KINDS, Body
from ledger.errors import Code, Refusal
from ledger.limits import MAX_OFFICER_FILE_BYTES, MAX_RECORD_BYTES
from ledger.schema import shorten
from ledger.strict_json import Cursor, load
from ledger.units import parse_carats, parse_value

B = TypeVar("B", bound=Body)

_UNITS: Final[Mapping[str, tuple[str, Callable[[object, str], int]]]] = {
    "points": ("carats", parse_carats),
    "cents": ("value", parse_value),
}
_READERS: Final[Mapping[type, codec.Typed[Any]]] = {
    kind.body: codec.Typed(kind.body) for kind in KINDS.values() if not kind.sealed
}


def body_from_json(kind: str, data: bytes) -> Body:
    """The body of a record of this kind.

    Raises:
        Refusal: UNKNOWN_KIND, also for a kind with a sealed part, which is made of a draft; as `parse_body`.
    """
    found = KINDS.get(kind)
    if found is None or found.sealed:
        open_kinds = " ".join(name for name, entry in KINDS.items() if not entry.sealed)
        raise Refusal(Code.UNKNOWN_KIND, "kind", given=shorten(kind), expected=open_kinds)
    return parse_body(found.body, data)


def parse_body(body: type[B], data: bytes) -> B:
    """A body of a type without a sealed part.

    Raises:
        Refusal: BAD_VALUE with the first member that does not fit, as JSON names it.
    """
    info = inspect.type_info(body)
    assert isinstance(info, inspect.StructType), "bodies are structs"
    plain = _struct(info, load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES))
    try:
        return cast("B", _READERS[body].decode(codec.encode(plain)))
    except Refusal as refusal:
        field = refusal.field.replace("points", "carats").replace("cents", "value")
        raise Refusal(Code.BAD_VALUE, field, **refusal.details) from None


def _struct(info: inspect.StructType, given: Cursor) -> dict[str, Any] | list[Any]:
    plain: dict[str, Any] = {}
    for field in info.fields:
        name, parse = _UNITS.get(field.encode_name, (field.encode_name, None))
        left_out = not field.required or _may_be_null(field.type)
        member = given.optional(name) if left_out else given.member(name)
        if member is None:
            if field.required:
                plain[field.encode_name] = None
            continue
        content = _value(field.type, member) if parse is None else parse(member.value, member.path)
        if field.required or content not in (field.default, []):
            plain[field.encode_name] = content
    given.close()
    return list(plain.values()) if info.array_like else plain


def _may_be_null(info: inspect.Type) -> bool:
    return isinstance(info, inspect.UnionType) and any(isinstance(part, inspect.NoneType) for part in info.types)


def _value(info: inspect.Type, given: Cursor) -> Any:
    match info:
        case inspect.Metadata(type=inner):
            return _value(inner, given)
        case inspect.StructType():
            return _struct(info, given)
        case inspect.VarTupleType(item_type=element):
            return [_value(element, item) for item in given.items()]
        case inspect.UnionType(types=types):
            if given.value is None:
                return None
            return _value(next(part for part in types if not isinstance(part, inspect.NoneType)), given)
        case inspect.BytesType():
            return given.hexadecimal(0, MAX_RECORD_BYTES)
        case inspect.BoolType():
            return given.boolean()
        case inspect.IntType():
            return given.integer()
        case _:
            return given.text(0, MAX_OFFICER_FILE_BYTES)
