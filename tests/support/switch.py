"""A network switch in a process: carries IP packets between TUN devices, and loses, delays or cuts as it is told.

    python -m tests.support.switch SEED LAST:DESCRIPTOR...

Each port is a device's descriptor with the last byte of the IPv4 address behind it. Standard input takes one JSON list a line: all
rules in force from now on, `[from, to, loss, delay, jitter]` by last bytes, loss as a share of packets (1: a cut), times in
seconds. Pairs without a rule are carried at once. Each line is answered by `[carried, lost]` when its rules are in force, the
packets carried and lost on purpose since the line before. Ends with its standard input.

Why not netem: many small kernels have none, and a process of forty lines is the same everywhere. Delay with jitter reorders
packets, as on real roads.
"""

import contextlib
import heapq
import itertools
import json
import os
import random
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import IO

from tests.support.namespaces import MTU, ROOT, Namespace

Rule = tuple[int, int, float, float, float]
_DESTINATION = 19
"""Where the last byte of an IPv4 header's destination is."""


class Switch:
    """The process as its parent sees it."""

    def __init__(self, seed: int, ports: Sequence[Namespace]) -> None:
        words = [f"{last_byte(port.address)}:{port.tun}" for port in ports]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.switch", str(seed), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[port.tun for port in ports],
            cwd=ROOT,
        )
        self.carried = self.lost = 0
        self.set([])

    def set(self, rules: Sequence[Rule]) -> tuple[int, int]:
        """Puts these rules in force, and no others; packets carried and lost under the former ones."""
        self._pipe(self._process.stdin).write(json.dumps(rules) + "\n")
        self._pipe(self._process.stdin).flush()
        answer = self._pipe(self._process.stdout).readline()
        if not answer:
            raise RuntimeError(f"the switch has ended: {self._process.poll()}")
        carried, lost = json.loads(answer)
        self.carried += carried
        self.lost += lost
        return carried, lost

    def stop(self) -> None:
        """Ends it; nothing is carried any more."""
        self._pipe(self._process.stdin).close()
        self._process.wait(5)
        self._pipe(self._process.stdout).close()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def last_byte(address: str) -> int:
    """By which a port is known."""
    return int(address.rpartition(".")[2])


def serve(seed: str, ports: dict[int, int]) -> None:
    """Carries packets until standard input ends; `ports`: descriptors by last byte."""
    draw = random.Random(seed)
    origins = {descriptor: last for last, descriptor in ports.items()}
    rules: dict[tuple[int, int], tuple[float, float, float]] = {}
    waiting: list[tuple[float, int, int, bytes]] = []
    serial = itertools.count()
    poll = select.epoll()
    for descriptor in (0, *origins):
        poll.register(descriptor, select.EPOLLIN)
    commands, carried, lost = b"", 0, 0
    while True:
        timeout = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for descriptor, _ in poll.poll(timeout):
            if descriptor == 0:
                if not (data := os.read(0, 65_536)):
                    return
                *lines, commands = (commands + data).split(b"\n")
                for line in lines:
                    rules = {(origin, to): (loss, delay, jitter) for origin, to, loss, delay, jitter in json.loads(line)}
                    os.write(1, json.dumps([carried, lost]).encode() + b"\n")
                    carried = lost = 0
                continue
            for packet in _packets(descriptor):
                to = packet[_DESTINATION]
                if packet[0] >> 4 != 4 or to not in ports:
                    continue
                loss, delay, jitter = rules.get((origins[descriptor], to), (0.0, 0.0, 0.0))
                if loss and draw.random() < loss:
                    lost += 1
                elif delay or jitter:
                    due = time.monotonic() + delay + draw.uniform(-jitter, jitter)
                    heapq.heappush(waiting, (due, next(serial), ports[to], packet))
                else:
                    _write(ports[to], packet)
                    carried += 1
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, descriptor, packet = heapq.heappop(waiting)
            _write(descriptor, packet)
            carried += 1


def _packets(descriptor: int) -> list[bytes]:
    """What waits at a port, not more than a fair share at a time."""
    packets: list[bytes] = []
    with contextlib.suppress(BlockingIOError):
        while len(packets) < 64:
            packets.append(os.read(descriptor, MTU + 100))
    return packets


def _write(descriptor: int, packet: bytes) -> None:
    with contextlib.suppress(OSError):  # a full queue: lost, as at any router
        os.write(descriptor, packet)


if __name__ == "__main__":
    serve(sys.argv[1], {int(last): int(descriptor) for last, descriptor in (word.split(":") for word in sys.argv[2:])})
