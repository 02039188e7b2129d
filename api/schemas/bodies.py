"""Bodies of records as JSON, one model a kind, made out of the ledger's own schemas, so that no answer can differ from them.

The rules are those of `ledger.jsonform`: `carats` for `points`, `value` for `cents`, hex for bytes. An optional field that is
not there is shown as empty. `shown` is a body as its model has it.
"""

from collections.abc import Callable, Sequence
from functools import cache, reduce
from operator import or_
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Struct, inspect
from msgspec.structs import fields as struct_fields
from pydantic import Field, create_model

from api.schemas.base import Answer, Carats, Hex, Value
from api.schemas.plain import plain
from ledger.bodies import KINDS, Body, ConfirmBody, IssueBody, PaperImportBody
from ledger.units import carats, value

_UNITS = {"points": ("carats", Carats), "cents": ("value", Value)}
_TEXTS: dict[str, Callable[[int], str]] = {"carats": carats, "value": value}


def _model(info: inspect.StructType) -> type[Answer]:
    fields: dict[str, Any] = {}
    for field in info.fields:
        name, kind = _UNITS.get(field.encode_name, (field.encode_name, None))
        fields[name] = (kind or _type(field.type), ... if field.required else _shown(field.default))
    name = info.cls.__name__  # the ledger's own: the answers' names end otherwise, and one name is one model of the document
    documented = (info.cls.__doc__ or "").partition("\n")[0]
    return create_model(name, __base__=Answer, __doc__=documented, **fields)


def _type(info: inspect.Type) -> Any:
    match info:
        case inspect.Metadata(type=inner):
            return _type(inner)
        case inspect.StructType():
            return _model(info)
        case inspect.VarTupleType(item_type=element):
            return list[_type(element)]  # type: ignore[misc]  # made at run time
        case inspect.TupleType(item_types=elements):
            return list[_any_of(elements)]  # type: ignore[misc]  # made at run time
        case inspect.UnionType(types=types):
            return _any_of(types)
        case inspect.LiteralType(values=values):
            return Literal[values]
        case inspect.BytesType():
            return Hex
        case inspect.BoolType():
            return bool
        case inspect.IntType():
            return Annotated[int, Field(ge=0)]
        case inspect.NoneType():
            return NoneType
        case _:
            return str


def _shown(default: Any) -> Any:
    """What stands for "not given" in an answer, which has every member."""
    if isinstance(default, bytes):
        return default.hex()
    return list(default) if isinstance(default, tuple) else default


def shown(body: Struct) -> dict[str, Any]:
    """A body's members as its model has them, every one."""
    return {
        name: text(content) if text is not None else _content(content)
        for name, text, content in ((name, text, getattr(body, field)) for field, name, text in _members(type(body)))
    }


@cache  # one for each schema of the ledger
def _members(kind: type[Struct]) -> tuple[tuple[str, str, Callable[[int], str] | None], ...]:
    """Field, the member's name, and what makes a text of a number that has a unit."""
    names = [
        (field.name, _UNITS[field.name][0] if field.name in _UNITS else field.encode_name) for field in struct_fields(kind)
    ]
    return tuple((field, name, _TEXTS[name] if field in _UNITS else None) for field, name in names)


def _content(content: Any) -> Any:
    kind = type(content)
    if kind is bytes:
        return content.hex()
    if kind is tuple:
        return [_content(element) for element in content]
    return shown(content) if isinstance(content, Struct) else content


def _any_of(types: Sequence[inspect.Type]) -> Any:
    return reduce(or_, map(_type, types))


def _made(body: type[Struct]) -> type[Answer]:
    info = inspect.type_info(body)
    assert isinstance(info, inspect.StructType)
    return _model(info)


BODIES: dict[type[Body], type[Answer]] = {
    kind.body: _made(kind.body) for kind in KINDS.values() if kind.body not in (IssueBody, ConfirmBody)
}
"""The model of each kind's body; certificates and their outcomes have their own (`api.schemas.records`)."""

PLAIN_BODIES: dict[type[Body], type[Answer]] = {kind: plain(model) for kind, model in BODIES.items()}
"""The same without checks, for what the ledger holds."""

if TYPE_CHECKING:
    BodyAnswer = Answer
    PaperAnswer = Answer
else:
    BodyAnswer = reduce(or_, BODIES.values())
    PaperAnswer = BODIES[PaperImportBody]
