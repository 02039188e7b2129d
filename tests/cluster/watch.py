"""Looks at every node from inside its namespace, as its operator can (view, height, what waits, who is connected); and keeps time.

What it sees is for people who read the history of a failed run. The time is that of a machine which is the run's alone: an
instant in which other programs hold half of the processors counts half. A bound in seconds that is kept on an idle machine would
otherwise be broken by whatever else runs beside it; on an idle one this time is the usual one.
"""

import bisect
import contextlib
import json
import os
import threading
import time
import urllib.request
from http.client import HTTPException
from pathlib import Path

from tests.cluster.history import History
from tests.support.fleet import ADMIN_PORT, Fleet, Node

EVERY_SECONDS = 0.25
_TICKS = os.sysconf("SC_CLK_TCK")
_CORES = os.cpu_count() or 1


class OwnTime:
    """Seconds of a machine without other programs, over the clock's. In a process namespace, whose `/proc` shows it alone."""

    def __init__(self) -> None:
        self._at = [time.monotonic()]
        self._own = [0.0]
        self._ours: dict[str, int] = {}
        self._ours_before()
        self._busy = _machine_ticks()

    def look(self) -> None:
        """To be called several times a second."""
        now, busy, ours = time.monotonic(), _machine_ticks(), self._ours_before()
        passed = now - self._at[-1]
        others = max(0.0, (busy - self._busy - ours) / _TICKS / _CORES)
        self._busy = busy
        self._own.append(self._own[-1] + max(0.0, passed - others))
        self._at.append(now)

    def at(self, instant: float) -> float:
        """Own seconds at an instant of the clock (`time.monotonic`), up to the last look; between two looks in proportion."""
        place = bisect.bisect_right(self._at, instant)
        if place in {0, len(self._at)}:
            return self._own[0 if place == 0 else -1]
        begin, end = self._at[place - 1], self._at[place]
        return self._own[place - 1] + (self._own[place] - self._own[place - 1]) * (instant - begin) / (end - begin)

    def _ours_before(self) -> int:
        """Ticks that our processes have used since the last call."""
        used = 0
        seen: dict[str, int] = {}
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):  # it has just ended
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                seen[process.name] = int(fields[11]) + int(fields[12])
                used += max(0, seen[process.name] - self._ours.get(process.name, 0))
        self._ours = seen
        return used


def _machine_ticks() -> int:
    """Ticks that all processors were busy, or kept from us, since the machine started."""
    user, nice, system, _, _, irq, softirq, steal, *_ = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:])
    return user + nice + system + irq + softirq + steal


class Watch:
    """Threads that look, until stopped.

    Attributes:
        time: own time.
    """

    def __init__(self, fleet: Fleet, history: History) -> None:
        self.time = OwnTime()
        self._history = history
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._look, args=(node,), daemon=True) for node in fleet.nodes]
        self._threads.append(threading.Thread(target=self._keep_time, daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Looks no more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _look(self, node: Node) -> None:
        node.namespace.enter()
        before = ""
        while not self._stop.wait(EVERY_SECONDS):
            now = _status(node)
            if now != before:
                self._history.note(f"{node.code}: {now}")
            before = now

    def _keep_time(self) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            self.time.look()


def _status(node: Node) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{ADMIN_PORT}/admin/status", timeout=2) as answer:
            told = json.load(answer)
    except (OSError, HTTPException, ValueError):  # it may end in the middle of an answer
        return "no answer" if node.running else "down"
    peers = " ".join(peer["participant"] for peer in told["peers"] if peer["connected"])
    syncing = ", syncing" if told["syncing"] else ""
    return f"view {told['view']}, height {told['height']}, {told['pending']} pending, links to {peers or 'nobody'}{syncing}"
