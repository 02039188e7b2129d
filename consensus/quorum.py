"""Who votes, how many it takes, who leads: arithmetic of one epoch's validators.

With n validators at most f = (n-1)//3 are faulty; a quorum is q = (n+f)//2 + 1. Two quorums share more than f validators and
the correct ones alone make a quorum, for every n >= 1 (P12: also where n is not 3f+1).
"""

import hashlib

from consensus.events import Config
from consensus.limits import MAX_VALIDATORS


def max_faulty(n: int) -> int:
    """The most validators out of n that may be Byzantine."""
    return (n - 1) // 3


def quorum(n: int) -> int:
    """The votes out of n that make a certificate."""
    return (n + max_faulty(n)) // 2 + 1


def leader_order(config: Config) -> tuple[int, ...]:
    """Indices of the validators in the order in which they lead: by SHA-256(ledger id || epoch u64 || key)."""

    def rank(index: int) -> bytes:
        return hashlib.sha256(config.ledger_id + config.epoch.to_bytes(8, "big") + config.validators[index]).digest()

    return tuple(sorted(range(len(config.validators)), key=rank))


class Committee:
    """The validators of one epoch.

    Attributes:
        keys: consensus public keys; a vote's `signer` indexes them.
        n: how many; `faulty`: f; `quorum`: q.
        me: own index, None for a node that follows without voting.
    """

    __slots__ = ("_index", "_leaders", "faulty", "keys", "me", "n", "quorum")

    def __init__(self, config: Config) -> None:
        """Takes the epoch's validators.

        Raises:
            ValueError: none, too many, or one of them twice.
        """
        self.keys = config.validators
        self.n = len(config.validators)
        self._index = {key: index for index, key in enumerate(config.validators)}
        if not 1 <= self.n <= MAX_VALIDATORS or len(self._index) != self.n:
            raise ValueError(f"{self.n} validators, {len(self._index)} of them distinct; 1 to {MAX_VALIDATORS} distinct ones")
        self.faulty = max_faulty(self.n)
        self.quorum = quorum(self.n)
        self.me = self._index.get(config.me)
        self._leaders = leader_order(config)

    def index(self, key: bytes) -> int | None:
        """The validator with this key, None if there is none."""
        return self._index.get(key)

    def leader(self, view: int) -> int:
        """The validator that proposes in this view."""
        return self._leaders[view % self.n]
