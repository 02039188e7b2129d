"""One traitor says to one core whatever could make it grow, as fast as it can, for a long virtual time; and what the core then holds.

The bound is that of 4-consensus.md: 3n votes for each retained view, a block and two or three certificates beside them, and what
waits for execution (`bound`). In bytes: each of these at its largest.
"""

import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from consensus.core import Core
from consensus.events import Config
from consensus.limits import CATCH_UP_BACKLOG, MAX_BLOCK_RECORDS
from consensus.messages import (
    Block,
    Certificate,
    GetBlock,
    GetCertificates,
    GotBlock,
    Headers,
    Mark,
    Message,
    Payload,
    Seen,
    Status,
    VoteKind,
)
from tests.simulation.application import EPOCH_MS
from tests.simulation.behaviour import Behaviour
from tests.simulation.byzantine import Named
from tests.simulation.inspection import bound, elements
from tests.simulation.invariants import Violation
from tests.simulation.lies import MOST
from tests.simulation.options import from_seed
from tests.simulation.simulation import Simulation

VOTE_BYTES = 1_000
"""What one vote takes in memory at most: its struct, digest and signature, and its places in two dictionaries."""

EVERY_MS = 20
WEIGH_MS = 1_000
BLOCK_BYTES = 100 * MAX_BLOCK_RECORDS + 4_000
"""A block of as many records as one may have."""


def bound_bytes(core: Core, n: int, unexecuted: int) -> int:
    """How many bytes: all those elements as votes, and two blocks for each view above the floor and for each unexecuted one."""
    blocks = 2 * (core.view - core.floor_view + 2) + unexecuted + CATCH_UP_BACKLOG
    return bound(core, n, unexecuted) * VOTE_BYTES + blocks * BLOCK_BYTES


def weight(thing: object) -> int:
    """Bytes of everything that hangs on an object of the consensus package, counted once."""
    total, seen, queue = 0, set(), deque([thing])
    while queue:
        one = queue.pop()
        if id(one) in seen or isinstance(one, type | Enum) or callable(one):
            continue
        seen.add(id(one))
        total += sys.getsizeof(one)
        if isinstance(one, dict):
            queue.extend(one.keys())
            queue.extend(one.values())
        elif isinstance(one, list | set | frozenset | deque | tuple):
            queue.extend(one)
        elif isinstance(one, Struct):
            queue.extend(getattr(one, name) for name in one.__struct_fields__)
        elif type(one).__module__.startswith("consensus.") and not isinstance(one, Config):
            names = [name for kind in type(one).__mro__ for name in getattr(kind, "__slots__", ())]
            queue.extend(getattr(one, name) for name in names if hasattr(one, name))
            queue.extend(getattr(one, "__dict__", {}).values())
    return total


class Floods(Behaviour):
    """All floods at once: votes of the past and the future, forged certificates, blocks, answers nobody asked for, places, requests."""

    def messages(self, view: int) -> Iterator[Message]:
        """One of each."""
        random, lies = self.random, self.lies
        kind = random.choice(tuple(VoteKind))
        for at in (max(1, view - random.randint(0, 80)), view, view + 1, view + random.randint(1, 10**6), MOST):
            yield lies.vote(kind, at, max(0, at - 1), random.randbytes(32))
        block = self._large_block(view + random.choice((-1, 0, 1, 1, 10**6)))
        yield lies.propose(block)
        yield GotBlock(replace(block, parent=random.randbytes(32)))
        yield from lies.forged(random.choice((view, view + 1, 10**9)))
        final = Certificate(VoteKind.FINALIZE, 0, view + 5, view, random.randbytes(32), b"\x0f", (bytes(64),) * 4)
        yield Headers((block,), final)
        yield Status(0, random.choice((0, view, MOST)), random.choice((0, 10**6, MOST)))
        yield GetBlock(0, random.randbytes(32))
        yield GetCertificates(0, random.randint(0, view), MOST)
        yield Seen(lies.vote(kind, view, max(0, view - 1), random.randbytes(32)))

    def _large_block(self, view: int) -> Block:
        records = tuple(self.random.randbytes(32) for _ in range(MAX_BLOCK_RECORDS))
        payload = Payload(EPOCH_MS + self.random.randrange(10**6), Mark(0, 0, bytes(32), bytes(32)), b"", records)
        return Block(1, 0, max(0, view), view + 1, max(0, view - 1), self.random.randbytes(32), payload)


@dataclass(frozen=True, slots=True)
class Peak:
    """The most that any core held at one time.

    Attributes:
        messages: that the traitor sent.
        elements, elements_bound: of containers, and how many were allowed then, where they came closest.
        bytes, bytes_bound: the same for memory.
        blocks: final ones at the end.
    """

    messages: int
    elements: int
    elements_bound: int
    bytes: int
    bytes_bound: int
    blocks: int


class Flooded(Simulation):
    """Four validators at work, one of which sends everything that it can think of to all others, every `EVERY_MS`."""

    def __init__(self, seed: int, seconds: int) -> None:
        calm = from_seed(seed).but(validators=4, followers=0, frozen=0, loss=0, duplication=0, delay_max=20, stragglers=0)
        super().__init__(
            calm.but(
                traitors=1,
                behaviours=("amnesia",),
                starved="",
                faults=(),
                chaos=1_000 * seconds,
                backlog=3,
                blocks=0,
                dropped=0,
            )
        )
        [self.traitor] = self.checker.traitors
        machine = self.machines[self.traitor]
        assert isinstance(machine, Named)
        self.behaviour = Floods(machine.lies)
        self.messages = 0
        self.peak = Peak(0, 0, 1, 0, 1, 0)

    def start(self) -> None:
        """The flood begins with the first second."""
        super().start()
        self.at(EVERY_MS, None, self._pour)
        self.at(WEIGH_MS, None, self._weigh)

    def _pour(self) -> None:
        for message in self.behaviour.messages(self.machines[self.traitor].core.view):
            self.transmit(self.traitor, None, message)
            self.messages += 1
        if self.healed_at is None:
            self.at(self.now + EVERY_MS, None, self._pour)

    def _weigh(self) -> None:
        """Compares; the next time a second later."""
        for machine in self.machines:
            if machine.honest:
                core, behind = machine.core, machine.core.delivered.height - (len(machine.chain.blocks) - 1)
                held, allowed = elements(core), bound(core, self.checker.n, behind)
                size, limit = weight(core), bound_bytes(core, self.checker.n, behind)
                if held > allowed or size > limit:
                    raise Violation("buffers", f"{held} elements, at most {allowed}; {size} bytes, at most {limit}")
                before = self.peak
                self.peak = Peak(
                    self.messages,
                    *max((held, allowed), (before.elements, before.elements_bound), key=lambda one: one[0] / one[1]),
                    *max((size, limit), (before.bytes, before.bytes_bound), key=lambda one: one[0] / one[1]),
                    self.checker.highest,
                )
        if self.healed_at is None:
            self.at(self.now + WEIGH_MS, None, self._weigh)
