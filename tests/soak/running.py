"""Runs parts side by side for a given time and keeps count.

The parts advance together, each by the same share of its whole, so that an hour sees something of everything. When the time is over, or on
an interrupt, what is under way is given a moment, and the rest is left.
"""

import contextlib
import importlib.util
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.simulation import mutants
from tests.soak.parts import Chunk, Failure, Program, Runs

ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / ".soak"
SHRUNK = 5
"""Where a part has so many failures, no further one is shrunk: only its number is told. Nor is a second one of the same chunk."""
MOST_FAILURES = 100
"""A part with so many ends."""
GRACE_SECONDS = 60.0
_POLL_SECONDS = 0.5


@dataclass(slots=True)
class Row:
    """What became of a part.

    Attributes:
        part: which one.
        total: runs that belong to it.
        started, done: of them.
        seconds: of processor time, a program's of wall time.
        state: how it stands, for the summary.
    """

    part: Runs | Program
    total: int
    started: int = 0
    done: int = 0
    seconds: float = 0.0
    failures: list[Failure] = field(default_factory=list)
    state: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more is to be started."""
        return self.started >= self.total or len(self.failures) >= MOST_FAILURES


def _prepare(mutant: str) -> None:
    """A worker: interrupts are its parent's matter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if mutant:
        getattr(mutants, mutant)(pytest.MonkeyPatch())


def _work(chunk: Chunk, numbers: Sequence[int], small: bool, mutant: str) -> tuple[list[Failure], float]:
    started = time.process_time()
    return chunk(numbers, small, mutant), time.process_time() - started


class Soak:
    """One long run.

    Attributes:
        rows: by part, in the table's order.
    """

    def __init__(self, parts: Sequence[Runs | Program], seconds: float, jobs: int, seed: int, mutant: str = "") -> None:
        self.rows = [Row(part, _total(part)) for part in parts]
        self._until = time.monotonic() + seconds
        self._jobs = jobs
        self._seed = seed
        self._mutant = mutant
        self._futures: dict[Future[tuple[list[Failure], float]], tuple[Row, range]] = {}
        self._programs: dict[subprocess.Popen[bytes], tuple[Row, float, Path]] = {}

    def run(self) -> None:
        """Until all is done, the time is over, or an interrupt."""
        LOGS.mkdir(exist_ok=True)
        pool = ProcessPoolExecutor(self._jobs, initializer=_prepare, initargs=(self._mutant,))
        try:
            while time.monotonic() < self._until and self._start(pool):
                self._collect(min(_POLL_SECONDS, max(0.0, self._until - time.monotonic())))
        except KeyboardInterrupt:
            print("interrupted", flush=True)
        finally:
            self._end(pool)

    # --- starting ---------------------------------------------------------------------------------------------------

    def _start(self, pool: ProcessPoolExecutor) -> bool:
        """Fills what is free; False when there is nothing left to do."""
        programs = [row for row in self.rows if isinstance(row.part, Program) and not row.over]
        while programs and len(self._programs) < max(1, self._jobs // 2):
            self._start_program(programs.pop(0))
        runs = [row for row in self.rows if isinstance(row.part, Runs)]
        free = max(1, self._jobs - len(self._programs))
        while len(self._futures) < free and (left := [row for row in runs if not row.over]):
            self._start_chunk(pool, min(left, key=lambda row: row.started / row.total))
        return bool(self._futures or self._programs)

    def _start_chunk(self, pool: ProcessPoolExecutor, row: Row) -> None:
        part = row.part
        numbers = range(self._seed + row.started, self._seed + min(row.started + part.size, row.total))
        row.started += len(numbers)
        small = len(row.failures) < SHRUNK
        self._futures[pool.submit(_work, part.chunk, numbers, small, self._mutant)] = row, numbers

    def _start_program(self, row: Row) -> None:
        part = row.part
        row.started = 1
        if importlib.util.find_spec(part.module) is None:
            row.state = "missing"
            self._failed(row, Failure(0, "missing", f"there is no {part.module}"))
            return
        path = LOGS / f"{part.name}.log"
        with path.open("wb") as log:
            command = [sys.executable, "-m", part.module, *part.arguments]
            process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._programs[process] = row, time.monotonic(), path

    # --- collecting -------------------------------------------------------------------------------------------------

    def _collect(self, seconds: float) -> None:
        self._collect_runs(seconds)
        for process in [process for process in self._programs if process.poll() is not None]:
            self._take_program(process)

    def _collect_runs(self, seconds: float) -> None:
        if self._futures:
            done, _ = wait(self._futures, timeout=seconds, return_when=FIRST_COMPLETED)
            for future in done:
                self._take(future)
        else:
            time.sleep(seconds)

    def _take(self, future: Future[tuple[list[Failure], float]]) -> None:
        row, numbers = self._futures.pop(future)
        try:
            failures, seconds = future.result()
        except BrokenProcessPool:
            raise
        except Exception as error:  # noqa: BLE001 - a defect of the part itself is a failure too
            failures, seconds = [Failure(numbers[0], type(error).__name__, f"runs {numbers}: {error}")], 0.0
        row.done += len(numbers)
        row.seconds += seconds
        for failure in failures:
            self._failed(row, failure)

    def _take_program(self, process: subprocess.Popen[bytes], ended: str = "") -> None:
        row, started, path = self._programs.pop(process)
        row.seconds = time.monotonic() - started
        if ended:
            row.state = ended
            return
        row.done = 1
        if process.returncode:
            tail = path.read_text(encoding="utf-8", errors="replace").splitlines()[-40:]
            self._failed(row, Failure(0, f"exit code {process.returncode}", "\n".join([f"log: {path}", *tail])))

    def _failed(self, row: Row, failure: Failure) -> None:
        row.failures.append(failure)
        print(f"{row.part.name} {failure.number} FAILED: {failure.rule}\n{failure.text}\n", flush=True)

    # --- ending -----------------------------------------------------------------------------------------------------

    def _end(self, pool: ProcessPoolExecutor) -> None:
        """Gives what is under way a moment; leaves no process behind. A program that had no time has not failed."""
        for future in [future for future in self._futures if future.cancel()]:
            row, numbers = self._futures.pop(future)
            row.started -= len(numbers)
        for process in self._programs:
            process.send_signal(signal.SIGINT)
        workers = list((pool._processes or {}).values())
        until = time.monotonic() + GRACE_SECONDS
        with contextlib.suppress(KeyboardInterrupt, BrokenProcessPool):
            while self._futures and time.monotonic() < until:
                self._collect_runs(_POLL_SECONDS)
        pool.shutdown(wait=not self._futures, cancel_futures=True)
        for worker in workers:
            if worker.is_alive():
                worker.terminate()
        for process in list(self._programs):
            try:
                process.wait(max(1.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._take_program(process, "time was over")


def _total(part: Runs | Program) -> int:
    if isinstance(part, Program):
        return 1
    return part.total if isinstance(part.total, int) else part.total()
