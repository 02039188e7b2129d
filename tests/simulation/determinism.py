"""The same seed gives the same trace, whatever the interpreter's hash seed: half of the seeds with traitors."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

HASH_SEEDS = ("0", "1", "4242")
_PROGRAM = """
import sys
from tests.simulation import byzantine
from tests.simulation.options import from_seed
from tests.simulation.simulation import Simulation
for seed in map(int, sys.argv[1:]):
    options = byzantine.options_from_seed(seed) if seed % 2 else from_seed(seed)
    print(Simulation(options).run().trace)
"""


def traces(seeds: Sequence[int], hash_seed: str) -> list[str]:
    """The trace of each run, by an interpreter of its own.

    Raises:
        subprocess.CalledProcessError: a run failed.
    """
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *map(str, seeds)],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.split()


def compare(seeds: Sequence[int]) -> tuple[list[int], list[str]]:
    """The seeds whose traces differ between `HASH_SEEDS`, and the traces under the first of these."""
    found = [traces(seeds, hash_seed) for hash_seed in HASH_SEEDS]
    each = list(zip(*found, strict=True))
    return [seed for seed, same in zip(seeds, each, strict=True) if len(set(same)) > 1], found[0]
