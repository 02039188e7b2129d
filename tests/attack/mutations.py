"""A good proposal with one thing missing: a suppression, a witness, a release of its history, a held block; and what notices.

The verifier objects, or what it lets pass must withstand the attacker. Apart from that the attacker looks at each pattern with one suppression
less, as if it had been published: where it finds something the suppression was needed, and then the verifier must have objected.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from ledger.statistics.errors import Objection
from ledger.statistics.proposal import Proposal, Witness
from ledger.statistics.tables import Cell
from ledger.statistics.verify import Published, verify
from node.disclosure.propose import propose
from tests.attack.cubes import cube
from tests.attack.judge import CELL, OUTSIDE, judge
from tests.attack.naive import release_of
from tests.attack.product import Played
from tests.attack.truth import Place
from tests.attack.worlds import World

SUPPRESSION: Final = "suppression"
WITNESS: Final = "witness"
MOVE: Final = "move of a witness"
HISTORY: Final = "history"
SORTS: Final = (SUPPRESSION, WITNESS, MOVE, HISTORY)


class Mutant(NamedTuple):
    """What was changed, and the proposal that came of it."""

    sort: str
    what: str
    proposal: Proposal


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a mutant: what the verifier objected, and whether the attacker finds something in the files."""

    mutant: Mutant
    objection: str
    found: bool

    @property
    def noticed(self) -> bool:
        return bool(self.objection) or self.found


def mutants(world: World, played: Played, stage: int, seed: int, each: int) -> Iterator[Mutant]:
    """Some mutants of the proposal that a release was made by, of each sort at most so many."""
    draw = random.Random(f"{world.kind}/{world.seed}/{stage}/{seed}")
    good = played.published[stage].proposal
    earlier = played.published[:stage]
    for cell in draw.sample(good.confidential, min(each, len(good.confidential))):
        yield Mutant(SUPPRESSION, "/".join(cell), replace(good, confidential=_without(good.confidential, cell)))
    for number in draw.sample(range(len(good.witnesses)), min(each, len(good.witnesses))):
        left = good.witnesses[:number] + good.witnesses[number + 1 :]
        yield Mutant(WITNESS, str(number), replace(good, witnesses=left))
        spoilt = _spoil(draw, good.witnesses[number])
        yield Mutant(
            MOVE, str(number), replace(good, witnesses=(*good.witnesses[:number], spoilt, *good.witnesses[number + 1 :]))
        )
    for number in range(min(each, len(earlier))):
        forgotten = earlier[:number] + earlier[number + 1 :]
        proposal = propose(forgotten, played.published[stage].cube)
        yield Mutant(HISTORY, f"without release {number}", replace(proposal, revision=good.revision, held=good.held))


def _without(cells: Sequence[Cell], cell: Cell) -> tuple[Cell, ...]:
    return tuple(one for one in cells if one != cell)


def _spoil(draw: random.Random, witness: Witness) -> Witness:
    """One move is another one."""
    number = draw.randrange(len(witness.moves))
    place, move = witness.moves[number]
    other = draw.choice((move + 1, move - 1, 2 * move, -move))
    return replace(witness, moves=(*witness.moves[:number], (place, other or 2), *witness.moves[number + 1 :]))


def fate(world: World, played: Played, stage: int, mutant: Mutant) -> Fate:
    """Asks the verifier, and the attacker about what it lets pass."""
    earlier: Sequence[Published] = played.published[:stage]
    try:
        release = verify(earlier, cube(world, world.releases[stage], stage), mutant.proposal)
    except Objection as objection:
        return Fate(mutant, objection.code, found=False)
    return Fate(mutant, "", _attacked(world, played, stage, release.json))


def needed(world: World, played: Played, stage: int, mutant: Mutant) -> bool:
    """Whether the attacker finds something when a release is published with this pattern."""
    text = release_of(world, played.releases[stage], {Place(*cell) for cell in mutant.proposal.confidential})
    return _attacked(world, played, stage, text)


def _attacked(world: World, played: Played, stage: int, text: bytes) -> bool:
    score = judge(world, played.releases[: stage + 1], [*played.texts[:stage], text], traders=False)
    return bool(score.failures(OUTSIDE, CELL) or score.bare or score.mismatches)
