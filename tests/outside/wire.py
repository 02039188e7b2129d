"""Bytes every outside program starts from: canonical MessagePack, labelled BLAKE2b, the RFC 6962 leaf hash.

Written from the format pages alone, with `msgpack` and `hashlib`; nothing here knows the product. One error type for all
outside programs: a short stable code and a sentence.
"""

import hashlib
import struct
import unicodedata
from collections.abc import Iterable
from typing import Any

import msgpack

MAX_DEPTH = 16
MAX_RECORD = 32 * 1024
MAX_ENVELOPE = 24 * 1024
INT_MIN, INT_MAX = -(2**63), 2**64 - 1


class CheckFailedError(Exception):
    """A check did not hold; `code` names which one."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


def need(holds: object, code: str, detail: str = "") -> None:
    """Raise the named failure unless the condition holds."""
    if not holds:
        raise CheckFailedError(code, detail)


def ordered(value: Any, depth: int = 0) -> Any:
    """The same value with every map in ascending UTF-8 byte order, or the failure that makes it unfit.

    Depth counts containers: a scalar alone has depth 0, `[]` depth 1.
    """
    match value:
        case None | bool():
            return value
        case int():
            need(INT_MIN <= value <= INT_MAX, "int-range", str(value))
            return value
        case bytes():
            return value
        case str():
            return text(value)
        case list() | tuple():
            need(depth < MAX_DEPTH, "too-deep")
            return [ordered(item, depth + 1) for item in value]
        case dict():
            need(depth < MAX_DEPTH, "too-deep")
            need(all(isinstance(key, str) for key in value), "map-key", "keys are text")
            pairs = sorted(((text(key), item) for key, item in value.items()), key=lambda pair: pair[0].encode())
            return {key: ordered(item, depth + 1) for key, item in pairs}
    raise CheckFailedError("bad-type", type(value).__name__)


def text(value: str) -> str:
    """The text itself when it is NFC and has a UTF-8 form."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise CheckFailedError("bad-text", "a lone surrogate") from error
    need(unicodedata.is_normalized("NFC", value), "not-nfc", repr(value))
    return value


def canonical(value: Any) -> bytes:
    """The one encoding of a value."""
    return bytes(msgpack.packb(ordered(value), use_bin_type=True))


def _pairs(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    result: dict[Any, Any] = {}
    for key, item in pairs:
        need(isinstance(key, str), "map-key", "keys are text")
        need(key not in result, "duplicate-key", str(key))
        result[key] = item
    return result


def decode(data: bytes, limit: int = MAX_RECORD) -> Any:
    """The value of canonical bytes; everything that would not re-encode to the same bytes fails."""
    need(len(data) <= limit, "too-large", f"{len(data)} over {limit}")
    try:
        value = msgpack.unpackb(data, raw=False, object_pairs_hook=_pairs, strict_map_key=False, timestamp=0)
    except CheckFailedError:
        raise
    except (ValueError, msgpack.exceptions.UnpackException, RecursionError) as error:
        raise CheckFailedError("malformed", type(error).__name__) from error
    need(canonical(value) == data, "not-canonical")
    return value


def fields(value: Any, names: Iterable[str], optional: Iterable[str] = (), where: str = "") -> dict[str, Any]:
    """The map itself when it has exactly these keys."""
    need(isinstance(value, dict), "schema", f"{where} is a map")
    required, allowed = set(names), set(optional)
    need(required <= value.keys() <= required | allowed, "schema", f"{where} has {sorted(value)}")
    return dict(value)


def fixed(value: Any, length: int, where: str) -> bytes:
    """The bytes themselves when they have that length."""
    need(isinstance(value, bytes) and len(value) == length, "schema", f"{where} is bin{length}")
    return bytes(value)


def whole(value: Any, low: int, where: str, high: int = INT_MAX) -> int:
    """The integer itself when it is within the bounds; a boolean is none."""
    need(isinstance(value, int) and not isinstance(value, bool) and low <= value <= high, "schema", where)
    return int(value)


def hashed(label: str, *parts: bytes) -> bytes:
    """H(label, part, ...): BLAKE2b-256, personalised by the label, each part behind its u32 big-endian length."""
    state = hashlib.blake2b(digest_size=32, person=label.encode("ascii"))
    for part in parts:
        state.update(struct.pack(">I", len(part)) + part)
    return state.digest()


def leaf_hash(record: bytes) -> bytes:
    """RFC 6962 leaf hash, which is also a record's id."""
    return hashlib.sha256(b"\0" + record).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()
