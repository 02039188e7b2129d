"""`python -m tests.fuzz [--inputs N] [--seed S]`: a third of the inputs down the whole road, the others to every decoder in turn."""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.decoders import all_decoders
from tests.fuzz.run import Found, decode_many, replay, road_batch

BATCH = 2_000
"""Frames that one node gets before another takes its place."""


def main(argv: list[str] | None = None) -> int:
    """Fuzzes; 0 when nothing failed, 1 with the smallest input that did, printed and kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="altogether")
    parser.add_argument("--seed", default="0", help="of all that is drawn")
    parser.add_argument("--only", default="", help="one decoder by name, or `road`")
    parser.add_argument("--keep", type=Path, default=Path(".fuzz"), help="directory for inputs that fail")
    parser.add_argument("--replay", type=Path, nargs="+", help="frames of a failure on the road, in order")
    arguments = parser.parse_args(argv)
    if arguments.replay:
        failure = replay([file.read_bytes() for file in arguments.replay])
        print(failure or "does not fail")
        return bool(failure)
    started = time.monotonic()
    found = []
    decoders = [one for one in all_decoders() if arguments.only in {"", one.name}]
    on_road = arguments.inputs // (1 if arguments.only == "road" else 3) if arguments.only in {"", "road"} else 0
    share = (arguments.inputs - on_road) // max(1, len(decoders))
    for decoder in decoders:
        taken, failure = decode_many(decoder, share, arguments.seed)
        print(f"{decoder.name:12} {share} inputs, {taken} taken", flush=True)
        found += [failure] if failure else []
    reasons: Counter[str] = Counter()
    for batch in range(0, on_road, BATCH):
        refused, failure = road_batch(min(BATCH, on_road - batch), f"{arguments.seed} {batch}")
        reasons.update(refused)
        found += [failure] if failure else []
    if on_road:
        print(f"{'road':12} {on_road} inputs, refused: {dict(reasons.most_common())}", flush=True)
    for number, failure in enumerate(found):
        _tell(failure, arguments.keep, f"{arguments.seed}-{number}")
    print(f"seed {arguments.seed}: {len(found)} failures in {time.monotonic() - started:.0f} s")
    return 1 if found else 0


def _tell(found: Found, folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    print(f"FAILED {found.where}: {found.what}")
    for number, data in enumerate(found.inputs):
        file = folder / f"{found.where}-{name}-{number:04d}"
        file.write_bytes(data)
        print(f"  {file}: {len(data)} bytes, {data[:120].hex()}")


if __name__ == "__main__":
    sys.exit(main())
