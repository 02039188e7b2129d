"""The log's Merkle tree: leaves appended a second, and the time of one inclusion proof, at two sizes."""

import hashlib
import random
import statistics
import time
from pathlib import Path

from ledger.log import Log
from ledger.store import Store
from tests.bench.figures import Figure, Report

SIZES = (10_000, 1_000_000)
_BLOCK = 1_000
_APPEND_GOAL = 100_000.0
_PROOFS = 500


def measure(directory: Path, sizes: tuple[int, ...], report: Report) -> None:
    """Grows one log to each of the sizes (ascending), blocks of 1,000 leaves, tiles written as a node writes them."""
    store = Store.open(directory / "tree")
    log = Log(store.get, 0)
    draw = random.Random(1)
    hashing = _hashing()
    for size in sizes:
        spent = 0.0
        before = log.size
        for start in range(before, size, _BLOCK):
            leaves = [hashlib.sha256(b"%d" % leaf).digest() for leaf in range(start, min(start + _BLOCK, size))]
            started = time.thread_time()
            writes = log.append(leaves)
            spent += time.thread_time() - started
            store.write(writes.puts, sync=False)
            log.commit(writes)
        rate = (size - before) / spent
        against = "one hash a leaf, one core"
        report.add(Figure("tree", f"leaves appended up to {size:,}", rate, "/s", hashing, against, _APPEND_GOAL / hashing))
        times = []
        for _ in range(_PROOFS):
            started = time.perf_counter()
            log.inclusion_proof(draw.randrange(size), size)
            times.append(time.perf_counter() - started)
        report.add(
            Figure(
                "tree", f"inclusion proof at {size:,}", statistics.median(times) * 1e6, "us", 1_000.0, "the design's bound", 1.0
            )
        )
    store.close()


def _hashing() -> float:
    """Inner nodes hashed a second on one core: an append needs one a leaf."""
    left = right = bytes(32)
    started = time.thread_time()
    for _ in range(100_000):
        hashlib.sha256(b"\x01" + left + right).digest()
    return 100_000 / (time.thread_time() - started)
