"""Virtual time: one queue of actions, ordered by time, rank and number."""

import heapq
from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulation.invariants import Violation

if TYPE_CHECKING:
    from tests.simulation.machine import Machine

MAX_STEPS = 1_500_000
FAULT, CLIENT, OTHER = range(3)
"""Ranks: of what is due at the same time, faults come first, then clients, whenever they were put into the queue."""


class Clock:
    """See the module's docstring.

    Attributes:
        now: virtual ms.
    """

    def __init__(self) -> None:
        self.now = 0
        self._queue: list[tuple[int, int, int, Machine | None, int, Callable[[], None]]] = []
        self._number = 0
        self._steps = 0

    def at(self, time: int, machine: "Machine | None", action: Callable[[], None], rank: int = OTHER) -> None:
        """Calls `action` then; that of a machine only while the process that is meant still runs, and not while it pauses."""
        self._number += 1
        life = machine.life if machine else 0
        heapq.heappush(self._queue, (time, rank, self._number, machine, life, action))

    def run_until(self, end: int) -> None:
        """Does what is due until then."""
        while self._queue and self._queue[0][0] <= end:
            self._step()
        self.now = end

    @property
    def over(self) -> bool:
        """Whether nothing will ever happen again."""
        return not self._queue

    def guarded(self, machine: "Machine", action: Callable[[], None]) -> None:
        """Runs a machine's action."""
        raise NotImplementedError

    def _step(self) -> None:
        time, _, _, machine, life, action = heapq.heappop(self._queue)
        self.now = time
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise Violation("runaway", f"{MAX_STEPS} actions by {time} ms")
        if machine is None:
            action()
        elif machine.up and machine.life == life:
            if machine.paused_until > time:
                self.at(machine.paused_until, machine, action)
            else:
                self.guarded(machine, action)
