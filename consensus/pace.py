"""Timers of the current view (R2) and who was heard when.

Timers are armed when there is work, counted from then, and cancelled when there is none. They grow by half with every view
that was nullified in a row, except where the leader was skipped because it had long been silent.
"""

from consensus.limits import CERTIFICATE_TIMEOUT_MS, LEADER_TIMEOUT_MS, MAX_BACKOFF_PERMILLE, SILENT_LEADER_MS
from consensus.quorum import Committee

_MAX_STEPS = 32
"""More nullified views than this change nothing: 1.5^6 is past the limit already."""


def backoff_permille(nullified: int) -> int:
    """min(1.5^k, 8) in thousandths, in integers."""
    steps = min(nullified, _MAX_STEPS)
    grown: int = 1_000 * 3**steps // 2**steps
    return min(grown, MAX_BACKOFF_PERMILLE)


class Pace:
    """Timers of one view after the other; times in milliseconds of the driver's monotonic clock.

    Attributes:
        armed_at: since when there is work in this view, None while there is none.
        nullified: k of R2.
    """

    __slots__ = ("armed_at", "nullified")

    def __init__(self, nullified: int) -> None:
        self.armed_at: int | None = None
        self.nullified = nullified

    def work(self, there_is: bool, now: int) -> None:
        """Arms the timers or cancels them."""
        if not there_is:
            self.armed_at = None
        elif self.armed_at is None:
            self.armed_at = now

    def deadline(self, proposed: bool) -> int | None:
        """When the view times out: the leader's time without a proposal, the certificate's with one."""
        if self.armed_at is None:
            return None
        base = CERTIFICATE_TIMEOUT_MS if proposed else LEADER_TIMEOUT_MS
        return self.armed_at + base * backoff_permille(self.nullified) // 1_000


class Hearing:
    """When each peer was last heard, and how far it says it is."""

    __slots__ = ("_committee", "_heard", "_heights", "_start")

    def __init__(self, committee: Committee, now: int) -> None:
        self._committee = committee
        self._start = now
        self._heard: dict[bytes, int] = {}
        self._heights: dict[int, int] = {}

    def heard(self, peer: bytes, now: int) -> None:
        """Something came from this peer. The driver admits registered nodes only, so there are few."""
        self._heard[peer] = now

    def stands_at(self, validator: int, height: int) -> None:
        """A validator's `Status`."""
        self._heights[validator] = height

    def ahead(self, height: int) -> bool:
        """Whether f+1 validators, so one correct one, say that they are above this height (R12)."""
        return sum(1 for other in self._heights.values() if other > height) > self._committee.faulty

    def silent_at(self, validator: int) -> int:
        """From when on this validator counts as silent if nothing more comes from it."""
        return self._heard.get(self._committee.keys[validator], self._start) + SILENT_LEADER_MS

    def skips(self, leader: int, now: int) -> bool:
        """Whether this leader has been silent for long while q-1 others, not counting this node, were heard (R2)."""
        me = self._committee.me
        if leader == me or now < self.silent_at(leader):
            return False
        others = [one for one in range(self._committee.n) if one not in {me, leader}]
        alive = [one for one in others if self._committee.keys[one] in self._heard and now < self.silent_at(one)]
        return len(alive) >= self._committee.quorum - 1

    def candidates(self, now: int) -> list[bytes]:
        """Whom to ask: validators heard lately, then other nodes, in a fixed order; all known ones if nobody was."""
        me = self._committee.me
        validators = [key for index, key in enumerate(self._committee.keys) if index != me]
        others = [key for key in self._heard if self._committee.index(key) is None]
        everybody = validators + others
        lately = [key for key in everybody if now < self._heard.get(key, self._start - SILENT_LEADER_MS) + SILENT_LEADER_MS]
        return lately or everybody
