"""What a revision of statistics takes over: figures change only where a difference of two releases tells of no single shipment.

Whoever holds two releases subtracts one from the other: what one late certificate brought then stands there as if it had been
published. So:

1. a block's HS code has *changed* between two vintages when its trade with any partner differs, in points or, where both know
   them, in cents;
2. a block takes its new figures only when, against each earlier vintage of it (not only the last: a large step up and another
   one down are a small step), every HS code that has changed differs by at least `least_change` certificates;
3. a year shows pairs, too: in a revision of a year, against that year's earlier releases, the same holds of the trade with each
   partner, by the HS code in which its certificates differ most;
4. else it is *held*: the newest earlier vintage stays (in a revision of a year that of the year: a quarter's newer one was
   never held against pairs), the whole block with its source, certificates and needs;
5. a release that covers a block's quarter and has no such block has released nothing of it: that is a vintage, too;
6. in a revision of a year a participant's four blocks of one flow stay as that year's earlier release had them while the return
   of the fourth quarter says nothing of the newer figures (`Block.annual`): what was published of the year as safe could not be
   protected any more. A return that is filed anew ends that;
7. what a return states of a year is of the newest figures, or of those that it was shown with: where a year's release shows
   other blocks beside it, nothing is stated (`ledger.statistics.unsafe` then takes the quarters' needs).

What is stated of protection, and where figures come from, may change without the figures: such a block is taken. Production is
its participant's own published report and is never held. Pure functions. Reference: 6-statistics.md, "Disclosure control".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from ledger.entries import HS_CODES
from ledger.statistics.periods import is_year, quarters_covered
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
        years = [cube.blocks.get(key) for cube in earlier if cube.period == current.period and is_year(cube.period)]
        now, least = current.blocks.get(key), current.least_change
        whole = _may_follow(vintages, now, least, changed_codes, _step_of_code)
        if not whole or not _may_follow(years, now, least, changed_partners, _step_of_pair):
            held.append(key)
            _put(blocks, key, (years or vintages)[-1])
    held = sorted({*held, *_keep_years(earlier, current.period, blocks)})
    if is_year(current.period):
        _leave_unstated(earlier, current, blocks)
    kept = _codes(held, blocks)
    names = {code: name for cube in earlier for code, name in cube.names.items() if code in kept}
    shown = dict(sorted((names | dict(current.names)).items()))
    return replace(current, names=shown, blocks=dict(sorted(blocks.items()))), tuple(held)


def changed_codes(before: Block | None, after: Block | None) -> tuple[str, ...]:
    """The HS codes in which two vintages of a block differ; None is a block of which nothing is known."""
    known = _knows_values(before) and _knows_values(after)
    return tuple(hs for hs in HS_CODES if _trade(before, hs, known=known) != _trade(after, hs, known=known))


def changed_partners(before: Block | None, after: Block | None) -> tuple[str, ...]:
    """The partners with whom trade, in all HS codes together, differs between two vintages of a block."""
    known = _knows_values(before) and _knows_values(after)
    sums = [_by_partner(before, known=known), _by_partner(after, known=known)]
    return tuple(partner for partner in sorted({*sums[0], *sums[1]}) if sums[0].get(partner) != sums[1].get(partner))


def _keep_years(earlier: Sequence[Cube], period: str, blocks: dict[BlockKey, Block]) -> list[BlockKey]:
    """Puts back the blocks of whoever has stated what a year needs, and has not of its newer figures; which they are."""
    before = next((cube for cube in reversed(earlier) if cube.period == period), None)
    if before is None or not is_year(period):
        return []
    found = []
    for key in (key for key, block in before.blocks.items() if block.annual):
        now = blocks.get(key)
        if now is None or not now.annual:
            for own in (key._replace(quarter=quarter) for quarter in quarters_covered(period)):
                if blocks.get(own) != before.blocks.get(own):
                    _put(blocks, own, before.blocks.get(own))
                    found.append(own)
    return found


def _leave_unstated(earlier: Sequence[Cube], current: Cube, blocks: dict[BlockKey, Block]) -> None:
    """Takes out what is stated of the year where a participant's blocks are not all of one vintage."""
    shown = [current, *(cube for cube in earlier if cube.period == current.period)]
    for key, block in list(blocks.items()):
        if block.annual:
            own = [key._replace(quarter=quarter) for quarter in quarters_covered(current.period)]
            if not any(all(blocks.get(one) == cube.blocks.get(one) for one in own) for cube in shown):
                blocks[key] = replace(block, annual={})


def _may_follow(
    vintages: Sequence[Block | None],
    after: Block | None,
    least: int,
    changed: Callable[[Block | None, Block | None], tuple[str, ...]],
    steps: Callable[[Block | None, Block | None, str], int],
) -> bool:
    return all(steps(before, after, one) >= least for before in vintages for one in changed(before, after))


def _covers(cube: Cube, key: BlockKey) -> bool:
    return key.quarter in quarters_covered(cube.period)


def _knows_values(block: Block | None) -> bool:
    return block is not None and block.source != Source.LEDGER


def _trade(block: Block | None, hs: str, *, known: bool) -> _Trade:
    entries = () if block is None else block.entries
    return {entry.partner: (entry.points, entry.cents if known else None) for entry in entries if entry.hs == hs}


def _by_partner(block: Block | None, *, known: bool) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for entry in () if block is None else block.entries:
        points, cents = found.get(entry.partner, (0, 0))
        found[entry.partner] = points + entry.points, cents + (entry.cents if known else 0)
    return found


def _step_of_code(before: Block | None, after: Block | None, hs: str) -> int:
    return abs(_count(after, hs) - _count(before, hs))


def _step_of_pair(before: Block | None, after: Block | None, partner: str) -> int:
    """By the HS code in which certificates differ most: one certificate can have lines of several."""
    return max(abs(_count(after, hs, partner) - _count(before, hs, partner)) for hs in HS_CODES)


def _count(block: Block | None, hs: str, partner: str = "") -> int:
    """Certificates with lines of an HS code, to one partner or to all."""
    entries = () if block is None else block.entries
    return sum(entry.certificates for entry in entries if entry.hs == hs and partner in {"", entry.partner})


def _codes(keys: Sequence[BlockKey], blocks: Mapping[BlockKey, Block]) -> set[str]:
    """Who stands in these blocks, as author or partner: all are named, also who has no newer figures."""
    held = [blocks[key] for key in keys if key in blocks]
    return {block.key.author for block in held} | {entry.partner for block in held for entry in block.entries}


def _put(blocks: dict[BlockKey, Block], key: BlockKey, block: Block | None) -> None:
    if block is None:
        blocks.pop(key, None)
    else:
        blocks[key] = block
