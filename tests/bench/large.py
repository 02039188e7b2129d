"""What readers get of a large ledger: `python -m tests.bench.large [--records 1000000] [--dir DIR] [--seconds 10]`.

The ledger is that of `growth`, served by the node's own app on the node's own server, in a process of its own (`serving`).
Certificates are drawn from all of it, so most are in no cache. *Half load*: others ask for certificates at half of the rate at
which this machine was found to answer them; then blocks are applied meanwhile, too, `_APPLIED` records a second, which is more
in a day than the world's trade makes in a century.

Making a million records takes a quarter of an hour; `--dir` keeps the ledger, and uses it again. `make bench` runs 20,000.
A node runs for months: before anything is measured certificates are asked for as long as for two figures, so that most pages of
the tables have been touched once, which costs a process that has just begun a fifth of its reads.

Latency and rates are by the clock. Beside them, "with a core", stands what is left without the time in which the node's event
loop, or the one who asks, was ready to run and had no core: nearer to what a machine shows that has nothing else to do. It is
still too much where requests have queued up meanwhile.
"""

import argparse
import contextlib
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from tests.bench.asker import Asker, certificate
from tests.bench.figures import Figure, Report
from tests.bench.growth import CODES, WARM, apply, blocks, open_world
from tests.bench.machine import Watch, own_mb, waited_seconds
from tests.bench.serving import AHEAD, LEDGER, TOKEN, Ahead, encode_ahead

_QUICK, _QUICK_SECONDS = 20_000, 2.0
_AHEAD_BLOCKS = 300
_APPLIED = 400
_LISTS = 60
_ROUNDS = 5
_WARM_FIGURES = 2
_EXPORT_SECONDS = 45.0
_CERTIFICATE_MS, _LIST_MS, _EXPORT_RATE = 10.0, 50.0, 20_000.0
_ASKED = "asked of the interface"
_STATES = ("", "&state=open", "&state=confirmed")


def make(directory: Path, records: int) -> None:
    """A ledger of so many records in a directory, and blocks that may follow; what was begun there and cut off goes on.

    The last thing written is `ahead`.
    """
    with open_world(directory / LEDGER) as world:
        follow = blocks(world)
        for _ in range(world.ledger.head.height):
            next(follow)
        while world.ledger.head.tree_size < max(WARM, records):
            apply(world, next(follow))
        ahead = [(next(follow), world.now) for _ in range(_AHEAD_BLOCKS)]
    (directory / AHEAD).write_bytes(encode_ahead([Ahead(now, [record.raw for record in made]) for made, now in ahead]))


@dataclass(frozen=True, slots=True)
class _Node:
    """The serving process.

    Attributes:
        places: serial numbers of each issuer that are surely there.
    """

    process: "subprocess.Popen[bytes]"
    port: int
    places: int

    def apply(self, rate: float) -> None:
        """Blocks are applied at so many records a second from now on."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"%f\n" % rate)
        self.process.stdin.flush()

    def waited(self) -> tuple[float, float]:
        """Seconds for which the node's event loop, and this process, had no core so far."""
        return waited_seconds(self.process.pid), waited_seconds(os.getpid())

    def asker(self) -> Asker:
        return Asker(self.port, TOKEN)

    @contextlib.contextmanager
    def asked(self, rate: float, counts: list[int]) -> Iterator[None]:
        """Others ask for certificates meanwhile, from a process of their own; `counts` gets how many they had."""
        command = [sys.executable, "-m", "tests.bench.asker", str(self.port), TOKEN, str(self.places), str(rate)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as others:
            time.sleep(1.0)  # until it has begun
            yield
            counted, _ = others.communicate()
        counts.append(int(counted))


@contextlib.contextmanager
def _serving(directory: Path) -> Iterator[_Node]:
    command = [sys.executable, "-m", "tests.bench.serving", str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with Asker(port, TOKEN) as asker:
            newest = asker.ask("/v1/certificates?order=newest&limit=1&issuer=BW")
        places = int(newest.partition(b'"number":"BW')[2][:7]) - 1
        yield _Node(process, port, places)
        process.communicate()


@contextlib.contextmanager
def _nothing() -> Iterator[_Node]:
    """A process that serves nothing in particular."""
    command = [sys.executable, "-m", "tests.bench.bare"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield _Node(process, int(process.stdout.readline()), 0)
        process.terminate()


def _more(before: tuple[float, float], after: tuple[float, float]) -> float:
    """What was waited for a core meanwhile, at least: both may have waited at once."""
    return max(later - earlier for earlier, later in zip(before, after, strict=True))


class _Times:
    """Milliseconds of answers: by the clock, and less what was waited for a core."""

    def __init__(self) -> None:
        self._clock: list[float] = []
        self._alone: list[float] = []

    def take(self, node: _Node, asker: Asker, path: str) -> None:
        """One answer."""
        waited, started = node.waited(), time.perf_counter()
        asker.ask(path)
        seconds = time.perf_counter() - started
        self._clock.append(seconds * 1e3)
        self._alone.append((seconds - _more(waited, node.waited())) * 1e3)

    def report(self, what: str, limit: float, report: Report) -> None:
        for times, how in ((self._clock, ""), (self._alone, ", with a core")):
            ordered = sorted(times)
            p99 = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
            report.add(Figure("large", f"{what}, p50{how}", statistics.median(ordered), "ms", limit, _ASKED))
            report.add(Figure("large", f"{what}, p99{how}", p99, "ms", limit, _ASKED, 1.0))


def measure(directory: Path, seconds: float, report: Report) -> None:
    """Reads, so many seconds for each figure of certificates, what `make` made."""
    with _serving(directory) as node:
        with node.asked(0, []):
            time.sleep(_WARM_FIGURES * seconds)
        rate = _capacity(node, seconds, report)
        _certificates(node, seconds, "undisturbed", report)
        with node.asked(rate / 2, []):
            _certificates(node, seconds, "half load", report)
            node.apply(_APPLIED)
            _certificates(node, seconds, f"half load, {_APPLIED} records a second applied", report)
        node.apply(0)
        _lists(node, report)
        _exports(node, report)
    (directory / AHEAD).unlink()  # most of them are applied now


def _capacity(node: _Node, seconds: float, report: Report) -> float:
    """Certificates a second by the clock, as fast as they are answered; beside them, in turn, a handler that does nothing."""
    by_clock, by_core, bare = [], [], []
    with _nothing() as other:
        for _ in range(_ROUNDS):
            for asked, rates in ((other, bare), (node, by_core)):
                counts: list[int] = []
                started, watch = time.perf_counter(), Watch([asked.process.pid])
                with asked.asked(0, counts):
                    time.sleep(seconds / _ROUNDS)
                rates.append(counts[0] / watch.stop().cpu)
            by_clock.append(counts[0] / (time.perf_counter() - started))
    limit = statistics.median(bare)
    report.add(Figure("large", "bare handler", limit, "/s/core"))
    against = "bare handler, same server"
    report.add(Figure("large", "certificates, drawn from all", statistics.median(by_core), "/s/core", limit, against, 0.7))
    return statistics.median(by_clock)


def _certificates(node: _Node, seconds: float, when: str, report: Report) -> None:
    """One certificate after the other on a connection of one's own, at leisure."""
    draw, times = random.Random(when), _Times()
    with node.asker() as asker:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            times.take(node, asker, certificate(draw, node.places))
            time.sleep(draw.random() * 0.01)
    times.report(f"a certificate, {when}", _CERTIFICATE_MS, report)


def _lists(node: _Node, report: Report) -> None:
    """Lists of 500 by all sorts of filters, from all over the ledger."""
    draw, times, before = random.Random("lists"), _Times(), Watch([node.process.pid])
    with node.asker() as asker:
        for _ in range(_LISTS):
            codes = draw.sample(CODES, 2)
            filters = draw.choice(
                (f"issuer={codes[0]}", f"destination={codes[0]}", f"issuer={codes[0]}&destination={codes[1]}")
            )
            path = f"/v1/certificates?limit=500&{filters}{draw.choice(_STATES)}&order={draw.choice(('oldest', 'newest'))}"
            times.take(node, asker, path)
    spent = before.stop()
    times.report("a filtered list of 500", _LIST_MS, report)
    report.add(Figure("large", "a filtered list of 500, of processor", spent.cpu / _LISTS * 1e3, "ms", _LIST_MS, _ASKED))


def _exports(node: _Node, report: Report) -> None:
    pid = node.process.pid
    for name, path in (("JSON lines", "/v1/export"), ("CSV", "/v1/export.csv")):
        lines, before, most = 0, own_mb(pid), 0.0
        watch, waited, until = Watch([pid]), node.waited(), time.monotonic() + _EXPORT_SECONDS
        with node.asker() as asker:
            for count, piece in enumerate(asker.follow(path)):
                lines += piece.count(b'"record":' if name == "JSON lines" else b"\n")
                most = max(most, own_mb(pid)) if not count % 64 else most
                if time.monotonic() > until:
                    break  # so far it was as fast as it will be
        spent, lost = watch.stop(), _more(waited, node.waited())
        report.add(Figure("large", f"export as {name}", lines / spent.seconds, "/s", _EXPORT_RATE, _ASKED, 1.0))
        alone = lines / max(spent.cpu, spent.seconds - lost)
        report.add(Figure("large", f"export as {name}, with a core", alone, "/s", _EXPORT_RATE, _ASKED, 1.0))
        report.add(Figure("large", f"export as {name}, its core alone", lines / spent.cpu, "/s/core", _EXPORT_RATE, _ASKED))
        report.add(Figure("large", f"export as {name}, memory more", max(0.0, most - before), "MB"))


def quick(scratch: Path, report: Report) -> None:
    """What `make bench` has time for."""
    make(scratch, _QUICK)
    measure(scratch, _QUICK_SECONDS, report)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.large", description="What readers get of a large ledger.")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each figure of certificates (default: 10)")
    parser.add_argument("--dir", type=Path, help="keep the ledger in this directory, and use the one that is there")
    arguments = parser.parse_args()
    report = Report({"records": arguments.records})
    with tempfile.TemporaryDirectory() as scratch:
        directory: Path = arguments.dir or Path(scratch)
        if not (directory / AHEAD).exists():
            make(directory, arguments.records)
        measure(directory, arguments.seconds, report)
    report.print(Console(width=150))
    return 0


if __name__ == "__main__":
    sys.exit(main())
