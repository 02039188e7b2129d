"""What the sums of closed quarters were: kept when a block changes them, so that they can be read as of any height since.

A quarter is closed for a block when the block before it closed it, or an earlier one did. What such a block changes is rare: a
late record, a correction. Under `keys.older` stands what there was before, with the block's height; empty where there was
nothing. As of a height a key's value is the first one kept by a later block, else the one that stands there now.
"""

from collections.abc import Callable, Iterable, Iterator

from ledger import keys
from ledger.errors import StoreError
from ledger.register import Register
from ledger.statistics.closing import instant
from ledger.store import Reads

_AUTHOR_AND_FLOW = len(keys.QUARTERS) + 3
_QUARTER = slice(_AUTHOR_AND_FLOW, _AUTHOR_AND_FLOW + 6)


class Older:
    """Keeps what one block is about to change under `keys.quarter`."""

    __slots__ = ("_before_ms", "_closed", "_get", "_height", "_put", "_register")

    def __init__(
        self,
        register: Register,
        before_ms: int,
        height: int,
        get: Callable[[bytes], bytes | None],
        put: Callable[[bytes, bytes], None],
    ) -> None:
        """Of a block.

        Args:
            register: as the block finds it.
            before_ms: time of the block before it.
            height: its own.
            get: what stands there before it.
            put: writes with it.
        """
        self._register, self._before_ms, self._height = register, before_ms, height.to_bytes(keys.HEIGHT_BYTES, "big")
        self._get, self._put = get, put
        self._closed: dict[bytes, bool] = {}

    def keep(self, place: bytes) -> None:
        """The block will change what stands here."""
        quarter = place[_QUARTER]
        closed = self._closed.get(quarter)
        if closed is None:
            closed = self._closed[quarter] = instant(self._register, quarter.decode()) <= self._before_ms
        if closed:
            self._put(keys.older(place) + self._height, self._get(place) or b"")


def read_as_of(at: Reads, place: bytes, height: int) -> Iterator[tuple[bytes, bytes]]:
    """What `at.iterate(place)` gave after a block, for the key of a closed quarter."""
    found = dict(at.iterate(place))
    for name, value in _first_after(at.iterate(keys.older(place)), height):
        if value:
            found[name] = value
        else:
            found.pop(name, None)
    yield from sorted(found.items())


def _first_after(kept: Iterable[tuple[bytes, bytes]], height: int) -> Iterator[tuple[bytes, bytes]]:
    """Of each key the first value that a later block kept; heights ascend."""
    seen: set[bytes] = set()
    for key, value in kept:
        if len(key) < keys.HEIGHT_BYTES:
            raise StoreError(f"an older sum under the key {key.hex()}")
        name, changed = key[: -keys.HEIGHT_BYTES], int.from_bytes(key[-keys.HEIGHT_BYTES :], "big")
        if changed > height and name not in seen:
            seen.add(name)
            yield name, value
