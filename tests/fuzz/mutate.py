"""Changes to valid bytes: blind ones, and ones that know MessagePack, also where it is nested in byte strings.

A mutator is a function of its random source and of the bytes that it was given: one seed, one sequence of inputs.
"""

import contextlib
import struct
from collections.abc import Callable
from random import Random
from typing import Any

import msgpack

_EDGES = (0, 1, 2, 63, 64, 65, 127, 128, 255, 256, 2**16, 2**31, 2**32, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1, -1, -(2**63))
_ODD = (None, True, False, float("nan"), -0.0, "", "vote", "\ud7ff", b"", b"\x00" * 32, [], [[]], {}, {"a": 1}, 2**64 - 1)
_LONGEST = 1 << 20
"""No input is made larger than this many bytes."""


class Mutator:
    """Spoils bytes.

    Attributes:
        pool: further valid bytes, of which parts are put in; a ring of the last `keep`.
    """

    def __init__(self, random: Random, pool: list[bytes], keep: int = 400) -> None:
        self.random = random
        self.pool = list(pool)
        self._keep = keep
        self._at = 0

    def learn(self, data: bytes) -> None:
        """Adds valid bytes to the pool, in the place of older learnt ones once there are many."""
        if len(self.pool) < self._keep:
            self.pool.append(data)
        else:
            self.pool[self._at % self._keep] = data
            self._at += 1

    def any(self) -> bytes:
        """Bytes of the pool, as they are."""
        return self.random.choice(self.pool)

    def spoilt(self, data: bytes) -> bytes:
        """The bytes after one to four changes."""
        for _ in range(1 + min(self.random.getrandbits(3), self.random.getrandbits(2))):
            change = self._structure if self.random.random() < 0.7 else self._bytes
            data = change(data)[:_LONGEST]
        return data

    # --- blind --------------------------------------------------------------------------------------------------------

    def _bytes(self, data: bytes) -> bytes:
        random = self.random
        at = random.randrange(len(data) + 1)
        end = min(len(data), at + random.choice((1, 1, 2, 4, 9, 33, 500)))
        match random.randrange(8):
            case 0 if data:
                at = min(at, len(data) - 1)
                return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]
            case 1:
                return data[:at] + random.randbytes(end - at) + data[end:]
            case 2:
                return data[:at] + data[end:]
            case 3:
                return data[:at] + random.randbytes(random.choice((1, 2, 5, 33))) + data[at:]
            case 4:
                return data[:at]
            case 5:
                return data[:end] + data[at:end] * random.choice((1, 2, 50)) + data[end:]
            case 6:
                return data[:at] + random.choice(_PREFIXES) + data[at:]
            case _:
                other = self.any()
                return data[:at] + other[random.randrange(len(other) + 1) :]

    # --- with the structure -------------------------------------------------------------------------------------------

    def _structure(self, data: bytes) -> bytes:
        tree = _tree(data)
        if tree is None:
            return self._bytes(data)
        return self._encoded(self._change(tree))

    def _change(self, value: Any) -> Any:
        """This value with one change at a place that is drawn anew at every depth."""
        random = self.random
        if isinstance(value, list) and value and random.random() < 0.85:
            at = random.randrange(len(value))
            return [*value[:at], self._change(value[at]), *value[at + 1 :]]
        if isinstance(value, dict) and value and random.random() < 0.85:
            at = random.choice(sorted(value, key=repr))
            return {**value, at: self._change(value[at])}
        if isinstance(value, bytes) and len(value) > 40 and random.random() < 0.9:
            tree = _tree(value)
            if tree is not None:
                return self._encoded(self._change(tree))
        return self._replaced(value)

    def _replaced(self, value: Any) -> Any:
        random = self.random
        if random.random() < 0.08:
            return random.choice(_ODD)
        match value:
            case bool() | None | float():
                return random.choice(_ODD)
            case int():
                near = value + random.choice((-64, -2, -1, 1, 2, 64))
                return random.choice((near, near, near, random.choice(_EDGES)))
            case bytes():
                return self._bytes(value) if random.random() < 0.5 else self._like(value)
            case str():
                return random.choice(
                    (value[:-1], value + "x", value.upper(), value * 300, "\u00e9" + value, random.choice(_WORDS))
                )
            case list():
                return self._list(value)
            case dict():
                return dict(random.sample(sorted(value.items(), key=repr), len(value))[: random.choice((0, 1, 99))])
            case _:
                return random.choice(_ODD)

    def _like(self, value: bytes) -> bytes:
        """Other bytes of this length, most often such as stand elsewhere in valid bytes."""
        other = self.any()
        start = self.random.randrange(max(1, len(other) - len(value)))
        piece = other[start : start + len(value)]
        return piece if len(piece) == len(value) and self.random.random() < 0.7 else self.random.randbytes(len(value))

    def _list(self, value: list[Any]) -> list[Any]:
        random = self.random
        at = random.randrange(len(value) + 1)
        piece = value[at : at + 1] or value[:1] or [0]
        tree = _tree(self.any())
        return random.choice(
            (
                value[:at] + value[at + 1 :],
                value[:at] + piece + value[at:],
                value[:at] + piece * random.choice((2, 30, 1_001, 5_000)) + value[at:],
                value[::-1],
                [value],
                [*value, random.choice(_ODD)],
                value[:at] + (tree if isinstance(tree, list) else [tree]) + value[at:],
                random.sample(value, len(value)),
            )
        )

    def _encoded(self, tree: Any) -> bytes:
        """MessagePack, seldom in another than the shortest form; what it cannot hold is left to chance."""
        with contextlib.suppress(ValueError, OverflowError, TypeError):
            data = bytes(msgpack.packb(tree, strict_types=False))
            return data if self.random.random() < 0.97 else _lengthened(data)
        return self.random.randbytes(20)


_PREFIXES = (
    b"\xdd\xff\xff\xff\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xdb\x7f\xff\xff\xff",
    b"\x91" * 3_000,
    b"\x81\xa1a" * 3_000,
    b"\xc1",
    b"\xd4\x00\x00",
    b"\xcf" + b"\xff" * 8,
    b"\xdc\x0f\xff" + b"\xc0" * 0xFFF,
)
_WORDS = (
    "hello",
    "proof",
    "consensus",
    "records",
    "get-records",
    "pending",
    "cosigned",
    "vote",
    "certificate",
    "proposal",
    "status",
)
_WORDS += ("get-block", "block", "get-certificates", "get-headers", "headers", "seen", "equivocation", "certificate.issue")


def _tree(data: bytes) -> Any:
    """The value that MessagePack bytes stand for; None where they are none."""
    try:
        return msgpack.unpackb(data, strict_map_key=False)
    except (ValueError, msgpack.UnpackException, TypeError, RecursionError):
        return None


def _lengthened(data: bytes) -> bytes:
    """The same value with a longer head of its outermost list or map."""
    heads: dict[int, Callable[[int], bytes]] = {
        0x90: lambda count: b"\xdc" + struct.pack(">H", count),
        0x80: lambda count: b"\xde" + struct.pack(">H", count),
    }
    make = heads.get(data[0] & 0xF0)
    return make(data[0] & 0x0F) + data[1:] if make else data
