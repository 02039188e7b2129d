"""What a revision of statistics takes over: figures change only where a difference of two releases tells of no single shipment.

Whoever holds two releases subtracts one from the other: what one late certificate brought then stands there as if it had been
published. So:

1. a block's HS code has *changed* between two vintages when its trade with any partner differs, in points or, where both know
   them, in cents;
2. a block takes its new figures only when, against each earlier vintage of it (not only the last: a large step up and another
   one down are a small step), every HS code that has changed differs by at least `least_change` certificates;
3. else it is *held*: the newest earlier vintage stays, the whole block with its source, certificates and needs;
4. a release that covers a block's quarter and has no such block has released nothing of it: that is a vintage, too.

What is stated of protection, and where figures come from, may change without the figures: such a block is taken. Production is
its participant's own published report and is never held. Pure functions. Reference: 6-statistics.md, "Disclosure control".
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from ledger.entries import HS_CODES
from ledger.statistics.periods import quarters_covered
from ledger.statistics.tables import Block, BlockKey, Cube, Source

_Trade: TypeAlias = dict[str, tuple[int, int | None]]
"""Points and cents by partner, of one HS code; cents are None while nobody has stated them."""


def apply_vintages(earlier: Sequence[Cube], current: Cube) -> tuple[Cube, tuple[BlockKey, ...]]:
    """The cube that may be released, and the blocks of it that are held, ascending.

    Args:
        earlier: every earlier release of a period that shares quarters with this one, in the order of their release, each with
            its vintages as it was released; others do no harm.
        current: as `ledger.statistics.cube` reads it.
    """
    blocks, held = dict(current.blocks), []
    for key in sorted({*current.blocks, *(key for cube in earlier for key in cube.blocks if _covers(current, key))}):
        vintages = [cube.blocks.get(key) for cube in earlier if _covers(cube, key)]
        if not all(_may_follow(before, current.blocks.get(key), current.least_change) for before in vintages):
            held.append(key)
            _put(blocks, key, vintages[-1])
    kept = _codes(held, blocks)
    names = {code: name for cube in earlier for code, name in cube.names.items() if code in kept}
    shown = dict(sorted((names | dict(current.names)).items()))
    return replace(current, names=shown, blocks=dict(sorted(blocks.items()))), tuple(held)


def changed_codes(before: Block | None, after: Block | None) -> tuple[str, ...]:
    """The HS codes in which two vintages of a block differ; None is a block of which nothing is known."""
    known = _knows_values(before) and _knows_values(after)
    return tuple(hs for hs in HS_CODES if _trade(before, hs, known=known) != _trade(after, hs, known=known))


def _may_follow(before: Block | None, after: Block | None, least: int) -> bool:
    return all(abs(_count(after, hs) - _count(before, hs)) >= least for hs in changed_codes(before, after))


def _covers(cube: Cube, key: BlockKey) -> bool:
    return key.quarter in quarters_covered(cube.period)


def _knows_values(block: Block | None) -> bool:
    return block is not None and block.source != Source.LEDGER


def _trade(block: Block | None, hs: str, *, known: bool) -> _Trade:
    entries = () if block is None else block.entries
    return {entry.partner: (entry.points, entry.cents if known else None) for entry in entries if entry.hs == hs}


def _count(block: Block | None, hs: str) -> int:
    counts: Mapping[str, int] = {} if block is None else block.counts
    return counts.get(hs, 0)


def _codes(keys: Sequence[BlockKey], blocks: Mapping[BlockKey, Block]) -> set[str]:
    """Who stands in these blocks, as author or partner: all are named, also who has no newer figures."""
    held = [blocks[key] for key in keys if key in blocks]
    return {block.key.author for block in held} | {entry.partner for block in held for entry in block.entries}


def _put(blocks: dict[BlockKey, Block], key: BlockKey, block: Block | None) -> None:
    if block is None:
        blocks.pop(key, None)
    else:
        blocks[key] = block
