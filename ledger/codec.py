"""Canonical MessagePack: one byte string for each value, and nothing else is read.

- Values: nil, booleans, integers of 64 bits, text in NFC (`ledger.texts`), bytes, arrays, maps with text keys.
- Maps in ascending UTF-8 byte order of their keys, without duplicates; every length and integer in its shortest form.
- No floats, extension types or timestamps; at most `MAX_DEPTH` arrays and maps inside one another.
- Reading is strict: what does not encode to the same bytes again is refused.

`decode` reads any value. `typed` reads one schema, fast: the decoder builds the struct directly, the bytes are compared with
their re-encoding, and only texts that may lie outside ASCII are checked. The precise reason of a refusal is found
afterwards, by the slow way. Reference: design 2-records.md, "Encoding and signature".
"""

from typing import Any, Final, Generic, TypeVar

import msgspec

from ledger import schema
from ledger.errors import Code, Refusal
from ledger.limits import MAX_DEPTH, MAX_RECORD_BYTES, MAX_SUBMISSION_BYTES
from ledger.schema import inside, item
from ledger.texts import is_known, is_text

T = TypeVar("T")

_MIN_INT: Final = -(2**63)
_MAX_INT: Final = 2**64 - 1
_CONTAINERS: Final = (dict, list, tuple)
_EXPLAINED_BYTES: Final = MAX_SUBMISSION_BYTES

_encode_sorted: Final = msgspec.msgpack.Encoder(order="sorted").encode
encode_plain: Final = msgspec.msgpack.Encoder().encode
"""Encodes checked structs, whose fields stand in canonical order."""

_decode_any: Final = msgspec.msgpack.Decoder().decode


def encode(value: Any) -> bytes:
    """The one canonical encoding of a value.

    Raises:
        Refusal: MALFORMED, NOT_CANONICAL or TOO_DEEP, what has no canonical form, with its field.
    """
    _check(value)
    return _encode_sorted(value)


def decode(data: bytes, limit: int = MAX_RECORD_BYTES) -> Any:
    """The value whose canonical encoding is `data`; `limit` in bytes.

    Raises:
        Refusal: TOO_LARGE, TOO_DEEP, MALFORMED or NOT_CANONICAL, with the field where there is one.
    """
    if len(data) > limit:
        raise Refusal(Code.TOO_LARGE, given=len(data), limit=limit)
    try:
        value = _decode_any(data)
    except RecursionError:
        raise Refusal(Code.TOO_DEEP, limit=MAX_DEPTH) from None
    except UnicodeDecodeError:
        raise Refusal(Code.MALFORMED, reason="text that is not UTF-8") from None
    except (ValueError, OverflowError) as error:
        raise Refusal(Code.MALFORMED, reason=str(error)) from None
    _check(value)
    again = _encode_sorted(value)
    if again != data:
        pairs = enumerate(zip(data, again, strict=False))
        raise Refusal(Code.NOT_CANONICAL, byte=next((place for place, (left, right) in pairs if left != right), len(again)))
    return value


def _check(value: Any) -> None:
    """Everything about a value that its re-encoding does not show.

    Raises:
        Refusal: MALFORMED, NOT_CANONICAL or TOO_DEEP, with the field.
    """
    if not _is_sound(value):
        _check_at(value, "", 0)


def _is_sound(value: Any) -> bool:
    """Whether `_check_at` would pass, level by level and without paths: a tenth of its time."""
    level, depth = [value], 0
    while level:
        below: list[Any] = []
        for element in level:
            kind = type(element)
            if kind is str:
                if not is_text(element):
                    return False
            elif kind in _CONTAINERS:
                if depth == MAX_DEPTH:
                    return False
                below += element
                if kind is dict:
                    below += element.values()
                    if any(type(key) is not str for key in element):
                        return False
            elif kind is int:
                if not _MIN_INT <= element <= _MAX_INT:
                    return False
            elif element is not None and kind is not bytes and kind is not bool:
                return False
        level, depth = below, depth + 1
    return True


def _check_at(value: Any, path: str, depth: int) -> None:
    kind = type(value)
    if kind is str:
        _check_text(value, path)
    elif kind in _CONTAINERS:
        if depth >= MAX_DEPTH:
            raise Refusal(Code.TOO_DEEP, schema.shorten(path), limit=MAX_DEPTH)
        if kind is dict:
            for key, element in value.items():
                if type(key) is not str:
                    raise Refusal(Code.MALFORMED, schema.shorten(path), reason="map key that is not text")
                _check_text(key, path)
                _check_at(element, inside(path, key), depth + 1)
        else:
            for position, element in enumerate(value):
                _check_at(element, item(path, position), depth + 1)
    elif kind is int:
        if not _MIN_INT <= value <= _MAX_INT:
            raise Refusal(Code.MALFORMED, schema.shorten(path), reason="integer of more than 64 bits")
    elif value is not None and kind is not bytes and kind is not bool:
        raise Refusal(Code.MALFORMED, schema.shorten(path), reason="float, extension or other type without canonical form")


def _check_text(text: str, path: str) -> None:
    if not is_known(text):
        raise Refusal(Code.MALFORMED, schema.shorten(path), reason="text with a character that Unicode 14.0 does not know")
    if not is_text(text):
        raise Refusal(Code.NOT_CANONICAL, schema.shorten(path), reason="text that is not in NFC")


class Typed(Generic[T]):
    """Reader and writer of one schema, a frozen `msgspec.Struct` whose fields stand in ascending order."""

    __slots__ = ("_decode", "_limit", "_schema", "_texts")

    def __init__(self, struct_type: type[T], limit: int = MAX_RECORD_BYTES) -> None:
        self._schema = schema.of(struct_type)
        self._texts = schema.free_texts(self._schema)
        self._decode = msgspec.msgpack.Decoder(struct_type).decode
        self._limit = limit

    def decode(self, data: bytes) -> T:
        """The struct whose canonical encoding is `data`.

        Raises:
            Refusal: TOO_LARGE, TOO_DEEP, MALFORMED (also: not the schema), NOT_CANONICAL, BAD_VALUE, with the field.
        """
        if len(data) > self._limit:
            raise Refusal(Code.TOO_LARGE, given=len(data), limit=self._limit)
        try:
            value = self._decode(data)
        except (ValueError, OverflowError, RecursionError) as error:
            raise self._reason(data, str(error)) from None
        if encode_plain(value) != data:
            raise self._reason(data, "not in canonical form")
        if self._texts is not None:
            found: list[str] = []
            self._texts(value, found)
            if not all(map(is_text, found)):
                raise self._reason(data, "text that is not in NFC")
        return value

    def read(self, data: bytes) -> T:
        """The struct in `data`, in whatever form it stands there; for looking into what is not yet, or no longer, checked.

        Raises:
            ValueError: no such struct.
        """
        try:
            return self._decode(data)
        except (OverflowError, RecursionError) as error:
            raise ValueError(str(error)) from error

    def encode(self, value: T) -> bytes:
        """The canonical encoding of a struct; it is checked as if it had come from outside.

        Raises:
            Refusal: as `decode`.
        """
        try:
            data = encode_plain(value)
        except (TypeError, ValueError, OverflowError) as error:
            raise Refusal(Code.MALFORMED, reason=str(error)) from None
        self.decode(data)
        return data

    def _reason(self, data: bytes, reason: str) -> Refusal:
        """Why `data` was refused, as precisely as the slow way can tell; a sender must not make us take it for megabytes."""
        if len(data) > _EXPLAINED_BYTES:
            return Refusal(Code.MALFORMED, reason=reason)
        try:
            schema.check(self._schema, decode(data, self._limit), "")
        except Refusal as refusal:
            return refusal
        return Refusal(Code.MALFORMED, reason=reason)


def typed(struct_type: type[T], limit: int = MAX_RECORD_BYTES) -> Typed[T]:
    """The reader and writer of one schema; `limit` is the largest encoding in bytes.

    Raises:
        TypeError: the schema's fields are not in canonical order, or of a type without canonical form.
    """
    return Typed(struct_type, limit)
