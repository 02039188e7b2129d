"""A wide-area network on virtual time: regions, distances, and the line of each node.

Nodes stand round robin over the regions of `aws_latency.csv` (the order of the regions follows the seed). A message takes half
the round trip between two regions, and up to `JITTER` more, drawn anew each time; within a link nothing overtakes.

A node's line carries so many bits a second in each direction. What it sends leaves one after the other, one copy a peer: a
broadcast of a certificate to 63 peers occupies the line. Records (bulk) go in rounds of one frame of at most `BULK_FRAME_BYTES` a link, as in
`node.links`; votes go before them, but not into a round that has begun: all its frames are in the sockets' buffers by then.
What arrives passes the receiver's line in the order of its arrival. TCP's slow start and loss are not modelled.
"""

import csv
import heapq
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from functools import cache
from random import Random

from node.limits import BULK_FRAME_BYTES
from tests.conftest import shared

JITTER = 0.05
ROUND_TRIPS = "data/aws_latency.csv"

Distances = dict[tuple[str, str], float]


@cache
def distances() -> Distances:
    """Microseconds one way between two regions: half the median round trip."""
    with shared(ROUND_TRIPS).open(newline="") as file:
        return {(row["from"], row["to"]): float(row["rtt_p50_ms"]) * 500 for row in csv.DictReader(file)}


class Queue:
    """What will happen, by time in microseconds and then in the order in which it was put in."""

    def __init__(self) -> None:
        self.now = 0
        self._heap: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._number = 0

    def at(self, time: int, action: Callable[..., None], *arguments: object) -> None:
        """Calls `action` then."""
        self._number += 1
        heapq.heappush(self._heap, (time, self._number, action, arguments))

    def run(self, until: int, done: Callable[[], bool] = lambda: False) -> None:
        """Lets time pass, until `done` or until then."""
        heap = self._heap
        while heap and heap[0][0] <= until and not done():
            self.now, _, action, arguments = heapq.heappop(heap)
            action(*arguments)


class Line:
    """One node's connection to the network, both directions.

    Attributes:
        sent: bytes that left, headers included.
        copies: messages that left, one a peer.
    """

    def __init__(self, queue: Queue, mbit: int) -> None:
        self.sent = 0
        self.copies = 0
        self._queue = queue
        self._mbit = mbit
        self._sending = 0
        self._receiving = 0
        self._bulk: dict[int, deque[tuple[int, Callable[[int, int], None]]]] = defaultdict(deque)
        self._round = False

    def leave(self, time: int, size: int, pause: int) -> int:
        """When a message that is handed over at `time` begins to leave; the next one follows by `pause` at least."""
        begins = max(time, self._sending)
        self._sending = begins + max(size * 8 // self._mbit, pause)
        self.sent += size
        self.copies += 1
        return begins

    def leave_later(self, time: int, peer: int, size: int, left: Callable[[int, int], None]) -> None:
        """Queues a bulk item to a peer; `left(time, size)` is called when it begins to leave."""
        self._bulk[peer].append((size, left))
        if not self._round:
            self._round = True
            self._queue.at(time, self._next_round)

    def _next_round(self) -> None:
        now = self._queue.now
        if self._sending > now:
            self._queue.at(self._sending, self._next_round)
            return
        for items in list(self._bulk.values()):
            size = 0
            while items and size < BULK_FRAME_BYTES:
                more, left = items.popleft()
                size += more
                left(self.leave(now, more, 0), more)
        self._bulk = defaultdict(deque, {peer: items for peer, items in self._bulk.items() if items})
        self._round = bool(self._bulk)
        if self._round:
            self._queue.at(self._sending, self._next_round)

    def arrive(self, size: int) -> int:
        """When a message whose first byte comes now has come whole."""
        self._receiving = max(self._queue.now, self._receiving) + size * 8 // self._mbit
        return self._receiving


class Wan:
    """Where the nodes stand, and how long it takes from one to another."""

    def __init__(self, queue: Queue, random: Random, nodes: int, mbit: int) -> None:
        table = distances()
        regions = sorted({region for region, _ in table})
        random.shuffle(regions)
        self.regions = [regions[node % len(regions)] for node in range(nodes)]
        self.lines = [Line(queue, mbit) for _ in range(nodes)]
        self.order = [random.sample(range(nodes), nodes) for _ in range(nodes)]
        self._queue = queue
        self._random = random.random
        self._delays = [[int(table[here, there]) for there in self.regions] for here in self.regions]
        self._last = [[0] * nodes for _ in range(nodes)]

    def send(
        self, time: int, sender: int, receivers: Sequence[int], size: int, pause: int, action: Callable[..., None], item: object
    ) -> None:
        """One copy to each; `action(sender, receiver, size, item)` when it begins to arrive."""
        line, delays, last, draw, at = (
            self.lines[sender],
            self._delays[sender],
            self._last[sender],
            self._random,
            self._queue.at,
        )
        for receiver in receivers:
            delay = delays[receiver]
            arrival = line.leave(time, size, pause) + delay + int(delay * JITTER * draw())
            if arrival <= last[receiver]:
                arrival = last[receiver] + 1
            last[receiver] = arrival
            at(arrival, action, sender, receiver, size, item)

    def send_bulk(
        self, time: int, sender: int, receivers: Sequence[int], size: int, action: Callable[..., None], item: object
    ) -> None:
        """Records, behind everything else."""

        def to(receiver: int) -> Callable[[int, int], None]:
            delay = self._delays[sender][receiver]

            def left(at: int, size: int) -> None:
                arrival = max(at + delay + int(delay * JITTER * self._random()), self._last[sender][receiver] + 1)
                self._last[sender][receiver] = arrival
                self._queue.at(arrival, action, sender, receiver, size, item)

            return left

        for receiver in receivers:
            self.lines[sender].leave_later(time, receiver, size, to(receiver))
