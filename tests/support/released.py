"""The releases that proposals make of a generated world: `python -m tests.support.released FOLDER` prints their digest.

In the folder are the proposals' bytes, `0`, `1`, ... in the order of their releases; the world is that of `tests.support.cubes`.
"""

import hashlib
import sys
from pathlib import Path

from ledger.statistics.proposal import decode_proposal
from ledger.statistics.verify import Published, verify
from tests.support.cubes import World, calibrated


def world() -> World:
    """Of eight participants, some of whose parcels become known late."""
    return calibrated(1, parcels=400, participants=8).late(1, stage=1, blocks=6, parcels=4)


def digest(folder: Path) -> str:
    """Of all files of all releases."""
    trade = world()
    earlier: tuple[Published, ...] = ()
    found = hashlib.sha256()
    for file in sorted(folder.iterdir(), key=lambda file: int(file.name)):
        proposal = decode_proposal(file.read_bytes())
        made = verify(earlier, trade.cube(proposal.period, int(proposal.revision > 0)), proposal)
        found.update(made.json + made.csv)
        earlier = (*earlier, Published(made.cube, proposal))
    return found.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest(Path(sys.argv[1])))
