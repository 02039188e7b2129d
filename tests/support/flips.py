"""Random bits of a store's files flipped, one at a time, and what came of each: `python -m tests.support.flips --flips 10000`.

The store holds some hundred records with envelopes, part of it in tables, part in LevelDB's log file. A flip is *found* when
opening the ledger or one scrub says that the store is damaged; *harmless* when all that is stored reads as it was (bits of old
files, padding); *forgotten* when LevelDB takes the end of its log for a write that a power cut has ended, and the ledger stands
at an earlier block, whole: the sign guards, which are other files, know better, and the others have the rest. Anything else is
*missed*.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from ledger.entries import Head
from ledger.errors import StoreError
from ledger.scrub import scrub
from ledger.state import Ledger
from ledger.store import Store
from tests.support import days
from tests.support.world import World, genesis

Kept = dict[bytes, bytes]
_GENESIS = genesis()
_BLOCKS = 12
_RECORDS = 6


def make(path: Path) -> dict[bytes, Kept]:
    """A store in this directory; what it held after each block, by the head's root and digest."""
    held: dict[bytes, Kept] = {}
    number = 0
    for _ in range(2):  # what was in the log file goes into a table when it is opened again
        with World.make(path) as world:
            world.made = 1_000_000 * number
            for _ in range(_BLOCKS):
                submissions = []
                for _ in range(_RECORDS):
                    number += 1
                    submissions.append(world.sealed(days.issue(world, f"BW{number:07}")))
                world.ledger.keep_bodies(submissions)
                world.accept(*(submission.record for submission in submissions))
                held[_name(world.ledger.head)] = dict(world.store.iterate(b""))
    return held


def flip(path: Path, draw: random.Random) -> str:
    """Flips one bit in a file of the store, a larger one more often; the file's name."""
    files = [file for file in sorted(path.iterdir()) if file.name not in {"LOCK", "LOG", "LOG.old"} and file.stat().st_size]
    (file,) = draw.choices(files, [one.stat().st_size for one in files])
    data = bytearray(file.read_bytes())
    bit = draw.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    file.write_bytes(data)
    return file.name


def judge(path: Path, held: dict[bytes, Kept], newest: bytes) -> str:
    """What comes of opening and scrubbing a store."""
    try:
        store = Store.open(path)
    except StoreError as error:
        return "found" if error.damaged else "missed"
    try:
        ledger = Ledger.open(store, _GENESIS, _nobody)
        for _ in scrub(store, ledger.head):
            pass
        name, content = _name(ledger.head), dict(store.iterate(b""))
    except StoreError as error:
        return "found" if error.damaged else "missed"
    finally:
        store.close()
    if name == newest:
        return "harmless" if content == held[newest] else "missed"
    known = held.get(name)
    return "forgotten" if known is not None and known.items() <= content.items() else "missed"


def count(flips: int, seed: int) -> Counter[str]:
    """So many flips, each in a fresh copy; how many came to what."""
    draw, found = random.Random(seed), Counter[str]()
    with tempfile.TemporaryDirectory() as scratch:
        whole, spoilt = Path(scratch) / "whole", Path(scratch) / "spoilt"
        held = make(whole)
        newest = list(held)[-1]
        for _ in range(flips):
            shutil.copytree(whole, spoilt)
            name = flip(spoilt, draw)
            outcome = judge(spoilt, held, newest)
            found[outcome] += 1
            if outcome == "missed":
                found[f"missed in {name}"] += 1
            shutil.rmtree(spoilt)
    return found


def _name(head: Head) -> bytes:
    return head.root + head.state


def _nobody(ledger_id: bytes, epoch: int, validators: tuple[bytes, ...], first: bytes, second: bytes) -> int:
    raise ValueError("no votes here")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.support.flips", description="Flipped bits in a store's files.")
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    found = count(arguments.flips, arguments.seed)
    print(", ".join(f"{outcome} {number}" for outcome, number in sorted(found.items())))
    return 1 if found["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
