"""Worlds as the product's cubes, and the product's releases of them: the one place here that knows the product."""

from collections import defaultdict
from collections.abc import Iterable

from ledger.statistics import tables
from tests.attack.truth import need
from tests.attack.worlds import LEAST_CHANGE, PERCENT, QUARTERS, YEAR, Block, Held, Side, World

Traders = dict[str, tuple[int, int]]


def cube(world: World, period: str, stage: int) -> tables.Cube:
    """All figures that a release of this period, the one of this number in the world, is made of."""
    blocks = [block for block in world.blocks() if period in (block.quarter, YEAR)]
    return tables.Cube(
        period=period,
        height=1_000 + 100 * stage,
        tree_size=10_000 + 1_000 * stage,
        names={code: f"Country {code}" for code in world.participants},
        blocks={tables.BlockKey(*block): _block(world, block, stage) for block in blocks},
        production=_production(world, period),
        percent=PERCENT,
        least_change=LEAST_CHANGE,
    )


def _block(world: World, key: Block, stage: int) -> tables.Block:
    sides = {side: held for side, held in world.sides(stage).items() if side.block == key}
    source = world.sources.get(key, "countersigned")
    entries = tuple(
        _entry(side, held, source) for side, held in sorted(sides.items(), key=lambda item: (item[0].partner, item[0].hs))
    )
    needs, annual = {}, {}
    if source == "countersigned":
        needs = _needs((side.hs, held.traders) for side, held in sides.items())
        if key.quarter == QUARTERS[3]:
            annual = _annual(world, key, stage)
    record = b"" if source == "ledger" else repr((world.kind, world.seed, key, stage)).encode()
    return tables.Block(
        key=tables.BlockKey(*key),
        source=tables.Source(source),
        record=record,
        certificates=sum(held.certificates for held in sides.values()),
        entries=entries,
        needs=needs,
        annual=annual,
    )


def _entry(side: Side, held: Held, source: str) -> tables.Entry:
    points, cents = (sum(figure[measure] for figure in held.traders.values()) for measure in (0, 1))
    return tables.Entry(side.partner, side.hs, points, 0 if source == "ledger" else cents, held.certificates)


def _needs(parts: Iterable[tuple[str, Traders]]) -> dict[str, tables.Need]:
    """What a return states by these names, and for all together."""
    by: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for name, traders in parts:
        for trader, figures in traders.items():
            for row in (name, tables.ALL):
                had = by[row].setdefault(trader, [0, 0])
                had[0] += figures[0]
                had[1] += figures[1]
    return {
        row: tables.Need(min(3, len(traders)), *(need(figure[measure] for figure in traders.values()) for measure in (0, 1)))
        for row, traders in sorted(by.items())
    }


def _annual(world: World, key: Block, stage: int) -> dict[str, tables.Need]:
    """The year's needs, by HS code and by partner: what a participant learns of its traders by the end of the year."""
    sides = [
        (side, held.traders)
        for side, held in world.sides(stage).items()
        if side.flow == key.flow and side.block.author == key.author
    ]
    return _needs((side.hs, traders) for side, traders in sides) | _needs((side.partner, traders) for side, traders in sides)


def _production(world: World, period: str) -> dict[tuple[str, str], tables.Production]:
    """Clear official reports of every other participant."""
    halves = [half for half in (f"{YEAR}H1", f"{YEAR}H2") if period in (half, YEAR)]
    return {
        (author, half): tables.Production(author, half, b"report", (("710210", 1_000 + number, 70_000 + number),))
        for number, author in enumerate(world.participants[::2])
        for half in halves
    }
