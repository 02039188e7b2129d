"""A body out of the JSON that shows it (`ledger.jsonform.body_to_json`), for every kind without a sealed part.

One reader for all kinds, made of their schemas: an officer writes what `/v1/records/{id}` would show. `carats` and `value` are
decimal text, bytes lower-case hex, an optional member may be left out. Read strictly; what the schema allows and the rules do
not is refused by the ledger.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect

from ledger import codec
from ledger.bodies import KINDS, Body
from ledger.errors import Code, Refusal
from ledger.limits import MAX_OFFICER_FILE_BYTES, MAX_RECORD_BYTES
from ledger.schema import check, shorten
from ledger.strict_json import Cursor, load
from ledger.units import parse_carats, parse_value

_UNITS: Final[Mapping[str, tuple[str, Callable[[object, str], int]]]] = {
    "points": ("carats", parse_carats),
    "cents": ("value", parse_value),
}


def body_from_json(kind: str, data: bytes) -> Body:
    """The body of a record of this kind.

    Raises:
        Refusal: UNKNOWN_KIND, also for a kind with a sealed part, which is made of a draft; the first member that does not fit.
    """
    found = KINDS.get(kind)
    if found is None or found.sealed:
        open_kinds = " ".join(name for name, entry in KINDS.items() if not entry.sealed)
        raise Refusal(Code.UNKNOWN_KIND, "kind", given=shorten(kind), expected=open_kinds)
    info = inspect.type_info(found.body)
    assert isinstance(info, inspect.StructType), "bodies are structs"
    plain = _struct(info, load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES))
    check(info, plain, "")
    return _built(found.body, plain)


def _built(body: type[Body], plain: dict[str, Any]) -> Body:
    """The struct; its own checks (dates of the calendar) raise their Refusal inside the decoder."""
    try:
        return msgspec.msgpack.decode(codec.encode(plain), type=body)
    except msgspec.ValidationError as error:
        raise error.__cause__ if isinstance(error.__cause__, Refusal) else Refusal(Code.BAD_VALUE, reason=str(error)) from None


def _struct(info: inspect.StructType, given: Cursor) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for field in info.fields:
        name, parse = _UNITS.get(field.encode_name, (field.encode_name, None))
        member = given.member(name) if field.required else given.optional(name)
        if member is None:
            continue
        content = _value(field.type, member) if parse is None else parse(member.value, member.path)
        if field.required or content != field.default:
            plain[field.encode_name] = content
    given.close()
    return plain


def _value(info: inspect.Type, given: Cursor) -> Any:
    match info:
        case inspect.Metadata(type=inner):
            return _value(inner, given)
        case inspect.StructType():
            return _struct(info, given)
        case inspect.VarTupleType(item_type=element):
            return [_value(element, item) for item in given.items()]
        case inspect.TupleType(item_types=elements):
            items = given.items(len(elements), len(elements))
            return [_value(element, item) for element, item in zip(elements, items, strict=True)]
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
            return given.text(0)
