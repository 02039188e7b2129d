"""The limit: the cryptography that nobody can skip, on one core. Every other figure is measured against it.

A node checks one signature a record and one point addition a line. With all nodes of a network on this machine,
records/s = cores / (nodes x (check + lines x addition)). Times are processor time, so that others' load does not lower the
limit; the fastest of several rounds counts.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ledger.commitments import check_point
from ledger.record import Record, verify_records
from tests.bench.figures import Figure, Report
from tests.bench.machine import CORES

_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Limit:
    """Processor seconds on one core: of one signature check, of one point addition."""

    check: float
    addition: float

    def per_record(self, lines: int = 1) -> float:
        """Processor seconds that one node cannot do without for one record."""
        return self.check + lines * self.addition

    def rate(self, nodes: int, lines: int = 1, cores: float = CORES) -> float:
        """Records per second that `nodes` nodes on `cores` cores cannot exceed."""
        return cores / (nodes * self.per_record(lines))


def measure(ledger_id: bytes, records: list[Record], report: Report) -> Limit:
    """Measures with records of one line, as a node does it."""
    points = [line.commitment for record in records for line in record.body.lines]
    whole = _best(lambda: verify_records(ledger_id, records)) / len(records)
    addition = _best(lambda: deque(map(check_point, points), maxlen=0)) / len(points)
    limit = Limit(whole - addition, addition)
    report.add(Figure("limit", "signature check, one core", limit.check * 1e6, "us"))
    report.add(Figure("limit", "point addition, one core", limit.addition * 1e6, "us"))
    for nodes in (4, 1):
        report.add(Figure("limit", f"records of one line, {nodes} nodes on {CORES} cores", limit.rate(nodes), "/s"))
    return limit


def _best(work: Callable[[], object]) -> float:
    """Processor seconds of the fastest round, on this thread."""
    times = []
    for _ in range(_ROUNDS):
        started = time.thread_time()
        work()
        times.append(time.thread_time() - started)
    return min(times)
