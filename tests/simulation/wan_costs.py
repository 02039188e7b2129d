"""What a node's work costs in microseconds of its one core; `python -m tests.simulation.wan_costs` measures the messages here.

Signatures: Ed25519 of libsodium. Records: one signature, one point addition, canonical form and envelope when it comes, its share
of the commit when it is executed (measured in tests/bench). Messages: opening the frame, decoding, `Core.handle` without its
signatures. Sockets: WebSocket, TLS and system call, for each copy that leaves or comes.
"""

import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field

from consensus.core import Core
from consensus.events import Event, Output, Received
from consensus.messages import decode, encode
from node.wire import Consensus, decode_frame, encode_frame, encode_item


@dataclass(frozen=True, slots=True)
class Costs:
    """Microseconds each; `mbit` is what a node's line carries each way.

    Attributes:
        verify, sign: one signature.
        message: taking a consensus message in, by its type, sockets and signatures apart.
        other: the same for any other message.
        own: an event of the node's own application.
        socket: one copy out or in.
        check, execute: one record, when it comes and when its block is executed.
        block: executing a block without its records.
        fsync: until a write is durable; the core waits, the processor does not.
    """

    verify: int = 60
    sign: int = 25
    message: dict[str, int] = field(default_factory=lambda: {"Vote": 35, "Certificate": 15, "Proposal": 100, "Status": 15})
    other: int = 60
    own: int = 30
    socket: int = 15
    check: int = 120
    execute: int = 50
    block: int = 300
    fsync: int = 2_000
    mbit: int = 100


MEASURED = Costs()
"""A node on one core of the machine that the figures in README.md are from, with a line of 100 Mbit/s."""

FREE = Costs(0, 0, {}, 0, 0, 0, 0, 0, 0, 0, 1_000_000)
"""Machines that cost nothing: what remains is distance and protocol, the least that any machine could reach."""


def measure(nodes: int = 64, records: int = 40) -> dict[str, float]:
    """Microseconds a message, by its type, of this machine's processor: frame, decoding and `Core.handle`."""
    from tests.simulation.scale import Run, Scenario  # noqa: PLC0415 - they need the costs above

    spent: dict[str, list[int]] = defaultdict(list)
    handle, clock = Core.handle, time.process_time_ns

    def timed(core: Core, event: Event, now: int) -> Output:
        name, taken = type(event).__name__, 0
        if isinstance(event, Received):
            name = type(event.message).__name__
            frame = encode_frame([encode_item(Consensus(encode(event.message)))])
            begun = clock()
            (item,) = decode_frame(frame)
            decode(item.message)
            taken = clock() - begun
        begun = clock()
        output = handle(core, event, now)
        spent[name].append(clock() - begun + taken)
        return output

    Core.handle = timed
    try:
        Run(Scenario("costs", nodes, records=records), 0).run()
    finally:
        Core.handle = handle
    return {name: sum(each) / len(each) / 1_000 for name, each in sorted(spent.items())}


if __name__ == "__main__":
    for name, microseconds in measure().items():
        sys.stdout.write(f"{name:<16} {microseconds:7.1f} us\n")
