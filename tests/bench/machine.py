"""What the machine did meanwhile: processor time and memory of processes, time that others took (Linux, /proc)."""

import contextlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CORES = len(os.sched_getaffinity(0))
_BLOCK_BYTES = 512
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process with all its threads; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def waited_seconds(pid: int) -> float:
    """How long the first thread of a process, which is its event loop, was ready to run and had no core; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except OSError:
        return 0.0


def pin(pid: int, cores: set[int]) -> None:
    """A process with all its threads runs on these cores only."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), cores)


def resident_mb(pid: int) -> float:
    """Resident memory now, in MB of 10^6 bytes."""
    return _status_mb(pid, "VmRSS:")


def own_mb(pid: int) -> float:
    """Of that what is no page of a file: LevelDB maps its tables, whose pages the system takes back whenever it needs them."""
    return _status_mb(pid, "RssAnon:")


def _status_mb(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def busy_seconds() -> float:
    """Processor time that the whole machine has spent since it started, on all cores."""
    user, nice, system, _, _, irq, soft, steal, *_ = map(int, Path("/proc/stat").read_text(encoding="ascii").split()[1:11])
    return (user + nice + system + irq + soft + steal) / _TICKS


def stored_bytes(directory: Path) -> int:
    """Bytes of all files below a directory; those that vanish meanwhile do not count."""
    total = 0
    for file in directory.rglob("*"):
        try:
            total += file.stat().st_blocks * _BLOCK_BYTES
        except FileNotFoundError:
            continue
    return total


@dataclass(frozen=True, slots=True)
class Spent:
    """A stretch of time.

    Attributes:
        seconds: by the clock.
        cpu: processor seconds of the processes watched.
        others: share of the machine's cores that neither they nor this process used, yet somebody did.
    """

    seconds: float
    cpu: float
    others: float


class Watch:
    """Measures from its making until `stop`."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._pids = list(pids)
        self._started = time.monotonic(), busy_seconds(), time.process_time(), [cpu_seconds(pid) for pid in self._pids]

    def stop(self) -> Spent:
        clock, busy, own, before = self._started
        seconds = time.monotonic() - clock
        cpu = sum(cpu_seconds(pid) - old for pid, old in zip(self._pids, before, strict=True))
        others = busy_seconds() - busy - cpu - (time.process_time() - own)
        return Spent(seconds, cpu, max(0.0, others / (seconds * CORES)))
