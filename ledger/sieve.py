"""Which keys are surely not in the store, told from memory: a Bloom filter over the families that are mostly asked for in vain.

A rule asks whether an id, a rid or a number is taken and whether a finding is there, and nearly always it is not. LevelDB
finds that out table by table, and counts each table that it looked into and that did not answer against that table, until it
is merged into those below: the look-ups of what is not there would cost more than all other upkeep of a large ledger.

Rules:
1. What was ever written passes; what passes need not be there (about one in a hundred): the store is asked then. Nothing that
   is read depends on this filter, only how soon.
2. Of a store that held something when it was opened nothing is said before all its keys of these families were learnt.
3. It grows by layers, each four times as large as the one before; 16 to 21 bits a key.

One key sets four bits of one word. References: Bloom (1970); Putze, Sanders, Singler (2007), blocked filters; Almeida et al.
(2007), layers.
"""

from array import array
from collections.abc import Iterable
from functools import cache
from hashlib import blake2b, shake_128
from threading import Lock
from typing import Final

_KEYS_A_WORD: Final = 4
_FIRST_WORDS: Final = 1 << 14
_GROWTH: Final = 4
_HASH_BYTES: Final = 8
_PATTERNS: Final = 1 << 12
_PATTERN_SHIFT: Final = 8 * _HASH_BYTES - 12
_BITS: Final = 4
_WORD_BITS: Final = 64


class Sieve:
    """Keys written so far. Any number of threads ask and add.

    Attributes:
        complete: whether every key of the store was added, so that `lacks` may say yes.
    """

    __slots__ = ("_adding", "_layers", "_patterns", "_room", "complete")

    def __init__(self, *, complete: bool) -> None:
        self.complete = complete
        self._adding = Lock()
        self._patterns = _patterns()
        self._layers: list[tuple[array[int], int]] = []
        self._room = 0

    def lacks(self, key: bytes) -> bool:
        """Whether this key was surely never added."""
        if not self.complete:
            return False
        place = int.from_bytes(blake2b(key, digest_size=_HASH_BYTES).digest(), "little")
        pattern = self._patterns[place >> _PATTERN_SHIFT]
        for words, mask in self._layers:  # noqa: SIM110 - a third of the time that `all` takes, seven times a record
            if words[place & mask] & pattern == pattern:
                return False
        return True

    def add(self, keys: Iterable[bytes]) -> None:
        """Adds keys; before they are written, or somebody could be told that they are not there."""
        patterns = self._patterns
        with self._adding:
            for key in keys:
                if not self._room:
                    self._grow()
                words, mask = self._layers[-1]
                place = int.from_bytes(blake2b(key, digest_size=_HASH_BYTES).digest(), "little")
                words[place & mask] |= patterns[place >> _PATTERN_SHIFT]
                self._room -= 1

    @property
    def size(self) -> int:
        """Bytes of memory."""
        return sum(len(words) * words.itemsize for words, _ in self._layers)

    def _grow(self) -> None:
        count = _FIRST_WORDS * _GROWTH ** len(self._layers)
        self._layers.append((array("Q", bytes(count * _WORD_BITS // 8)), count - 1))
        self._room = count * _KEYS_A_WORD


@cache
def _patterns() -> tuple[int, ...]:
    """Words with four bits drawn by lot, always the same."""
    drawn = shake_128(b"kpledger sieve").digest(_PATTERNS * _BITS)
    return tuple(sum({1 << byte % _WORD_BITS for byte in drawn[at : at + _BITS]}) for at in range(0, len(drawn), _BITS))
