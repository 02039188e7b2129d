"""What a schema (a `msgspec.Struct`) says about a decoded value, at leisure: the wrong field, what was given, what is allowed.

The fast reader in `codec` only knows that something is wrong. Two rules of its own: a schema's fields stand in ascending
order (then encoding it needs no sorting), and a text that no pattern confines to ASCII is listed by `free_texts`.
Wrong shape (type, missing or unknown field) is MALFORMED, a value outside its bounds is BAD_VALUE.
"""

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final, get_origin

from msgspec import inspect

from ledger.errors import Code, Refusal
from ledger.units import carats

ASCII: Final = {"ascii": True}
"""`Meta(extra=ASCII)` marks a text whose form is checked elsewhere and lies in ASCII (dates)."""

Collect = Callable[[Any, list[str]], None]
_PATH_CHARACTERS = 120


def inside(path: str, name: str) -> str:
    """The path of a field: `lines[0]` and `points` give `lines[0].points`."""
    return f"{path}.{name}" if path else name


def item(path: str, position: int) -> str:
    """The path of an array's element."""
    return f"{path}[{position}]"


def shorten(text: str) -> str:
    """Text from outside as an error may show it: at most 120 characters."""
    return text if len(text) <= _PATH_CHARACTERS else text[: _PATH_CHARACTERS - 1] + "…"


def of(struct_type: type) -> inspect.Type:
    """The schema of a struct.

    Raises:
        TypeError: fields not in canonical order, or a type without canonical form.
    """
    info = inspect.type_info(struct_type)
    _confirm(info)
    return info


def _parts(info: inspect.Type) -> tuple[inspect.Type, ...]:
    match info:
        case inspect.StructType(fields=fields):
            return tuple(field.type for field in fields)
        case inspect.VarTupleType(item_type=element):
            return (element,)
        case inspect.TupleType(item_types=elements):
            return elements
        case inspect.UnionType(types=types):
            return types
        case inspect.Metadata(type=inner):
            return (inner,)
        case _:
            return ()


_LEAVES = (inspect.IntType, inspect.StrType, inspect.BytesType, inspect.BoolType, inspect.LiteralType, inspect.NoneType)
_NODES = (inspect.StructType, inspect.VarTupleType, inspect.TupleType, inspect.UnionType, inspect.Metadata)


def _confirm(info: inspect.Type) -> None:
    if not isinstance(info, _LEAVES + _NODES):
        raise TypeError(f"{info} has no canonical form")
    if isinstance(info, inspect.StructType) and not info.array_like:
        names = [field.encode_name for field in info.fields]
        if names != sorted(names, key=str.encode):
            raise TypeError(f"fields of {info.cls.__name__} are not in canonical order")
        config = (get_origin(info.cls) or info.cls).__struct_config__
        if not config.omit_defaults and not all(field.required for field in info.fields):
            raise TypeError(f"{info.cls.__name__} has two forms for an optional field: left out, and written")
    for part in _parts(info):
        _confirm(part)


def free_texts(info: inspect.Type) -> Collect | None:
    """A function that lists, of a decoded struct, the texts that may lie outside ASCII; None if there are none."""
    match info:
        case inspect.StrType(pattern=None):
            return lambda value, found: found.append(value)
        case inspect.Metadata(extra={"ascii": True}):
            return None
        case inspect.StructType(fields=fields):
            return _fields_texts(fields)
        case inspect.VarTupleType(item_type=element):
            return _elements_texts(free_texts(element))
        case inspect.TupleType(item_types=elements):
            return _positions_texts([free_texts(element) for element in elements])
        case inspect.UnionType(types=types):
            return _optional_texts(types)
        case inspect.Metadata(type=inner):
            return free_texts(inner)
        case _:
            return None


def _fields_texts(fields: tuple[inspect.Field, ...]) -> Collect | None:
    steps = [(attrgetter(field.name), collect) for field in fields if (collect := free_texts(field.type)) is not None]
    if not steps:
        return None

    def each(value: Any, found: list[str]) -> None:
        for get, collect in steps:
            collect(get(value), found)

    return each


def _elements_texts(collect: Collect | None) -> Collect | None:
    if collect is None:
        return None

    def each(value: Any, found: list[str]) -> None:
        for element in value:
            collect(element, found)

    return each


def _positions_texts(collects: list[Collect | None]) -> Collect | None:
    steps = [(position, collect) for position, collect in enumerate(collects) if collect is not None]
    if not steps:
        return None

    def each(value: Any, found: list[str]) -> None:
        for position, collect in steps:
            collect(value[position], found)

    return each


def _optional_texts(types: tuple[inspect.Type, ...]) -> Collect | None:
    collects = [collect for collect in map(free_texts, types) if collect is not None]
    if not collects:
        return None
    if len(types) != 2 or not any(isinstance(part, inspect.NoneType) for part in types):
        raise TypeError("a union with texts may only be `T | None`")

    def each(value: Any, found: list[str]) -> None:
        if value is not None:
            collects[0](value, found)

    return each


def check(info: inspect.Type, value: Any, path: str) -> None:
    """Compare a decoded value with a schema.

    Raises:
        Refusal: MALFORMED or BAD_VALUE at the first field that does not fit.
    """
    match info:
        case inspect.Metadata(type=inner):
            check(inner, value, path)
        case inspect.StructType():
            _check_struct(info, value, path)
        case inspect.VarTupleType(item_type=element):
            _expect(list, value, path)
            _within(path, len(value), info.min_length, info.max_length)
            for position, one in enumerate(value):
                check(element, one, item(path, position))
        case inspect.TupleType(item_types=elements):
            _expect(list, value, path)
            _within(path, len(value), len(elements), len(elements))
            for position, (element, one) in enumerate(zip(elements, value, strict=True)):
                check(element, one, item(path, position))
        case inspect.UnionType():
            _check_union(info, value, path)
        case inspect.LiteralType(values=values):
            if not any(type(value) is type(allowed) and value == allowed for allowed in values):
                raise Refusal(Code.BAD_VALUE, path, given=_show(value), expected=", ".join(map(str, values)))
        case _:
            _check_leaf(info, value, path)


def _check_struct(info: inspect.StructType, value: Any, path: str) -> None:
    if info.array_like:
        _expect(list, value, path)
        _within(path, len(value), len(info.fields), len(info.fields))
        value = dict(zip((field.encode_name for field in info.fields), value, strict=True))
    _expect(dict, value, path)
    known = {field.encode_name for field in info.fields}
    for name in value:
        if name not in known:
            raise Refusal(Code.MALFORMED, shorten(inside(path, name)), reason="unknown field")
    for field in info.fields:
        where = inside(path, field.encode_name)
        if field.encode_name not in value:
            if field.required:
                raise Refusal(Code.MALFORMED, where, reason="missing")
            continue
        given = value[field.encode_name]
        if not field.required and given in (field.default, [] if field.default == () else field.default):
            raise Refusal(Code.NOT_CANONICAL, where, reason="an empty optional field is left out")
        check(field.type, given, where)


def _check_union(info: inspect.UnionType, value: Any, path: str) -> None:
    if value is None and any(isinstance(part, inspect.NoneType) for part in info.types):
        return
    for part in info.types:
        if not isinstance(part, inspect.NoneType):
            check(part, value, path)


def _check_leaf(info: inspect.Type, value: Any, path: str) -> None:
    match info:
        case inspect.IntType(gt=gt, ge=ge, lt=lt, le=le):
            _expect(int, value, path)
            low = ge if ge is not None else None if gt is None else gt + 1
            high = le if le is not None else None if lt is None else lt - 1
            _within(path, value, low, high)
        case inspect.BytesType(min_length=low, max_length=high):
            _expect(bytes, value, path)
            _within(path, len(value), low, high)
        case inspect.BoolType():
            _expect(bool, value, path)
        case inspect.StrType(min_length=low, max_length=high, pattern=pattern):
            _expect(str, value, path)
            _within(path, len(value), low, high)
            if pattern is not None and re.search(pattern, value) is None:
                expected = pattern.removeprefix("^").removesuffix(r"\Z")
                raise Refusal(Code.BAD_VALUE, path, given=_show(value), expected=expected)
        case _:
            _expect(type(None), value, path)


_NAMES = {dict: "map", list: "array", int: "integer", str: "text", bytes: "bytes", bool: "boolean", type(None): "nil"}


def _expect(kind: type, value: Any, path: str) -> None:
    if type(value) is not kind:
        raise Refusal(Code.MALFORMED, path, given=_NAMES.get(type(value), "other"), expected=_NAMES[kind])


def _within(path: str, given: int, low: int | None, high: int | None) -> None:
    show: Callable[[int], str | int] = carats if path.endswith("points") else int
    if low is not None and given < low:
        raise Refusal(Code.BAD_VALUE, path, given=show(given), limit=show(low))
    if high is not None and given > high:
        raise Refusal(Code.BAD_VALUE, path, given=show(given), limit=show(high))


def _show(value: Any) -> str | int:
    if type(value) is int:
        return value
    return shorten(value) if isinstance(value, str) else _NAMES.get(type(value), "other")
