"""The figures of a period as every node reads them, as of a height that it has executed.

1. A period can be read from the block on that closed it (`ledger.statistics.closing`): from then on what changes is kept.
2. A block's figures are those of its newest return that was countersigned up to the height; else those of the newest return
   filed up to it; else the ledger's own carats as of the height, with no values.
3. There is a block where a return says so, or the ledger counts a certificate.
4. What a fourth quarter's return states of its year is dropped from a year's cube when the year's figures are not those that it
   knew: something counted in an earlier quarter since, or had counted and is not in that quarter's return.
5. Production is the newest report up to the height, its zones added up.
6. Parameters have the value of the height's day. Names never change, and are given of all participants that stand in a block or
   in production, as author or partner.

So the cube of a height is the same whenever and wherever it is read. It is read from one state of the store; a year of 60
participants, 8,000 cells, takes about a tenth of a second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from ledger import entries, keys, quarterly, units
from ledger.bodies import ProductionBody, ReturnBody
from ledger.custody import Steps, finish
from ledger.entries import HS_CODES
from ledger.errors import PeriodOpenError, StoreError
from ledger.leaves import read_accepted, read_head
from ledger.register import Register
from ledger.report_entries import COUNTERSIGNED, PRODUCTION, ReturnEntry, decode_return
from ledger.shelf import read_judgement
from ledger.statistics.closing import Moment, closes_at, moment
from ledger.statistics.older import read_as_of
from ledger.statistics.periods import check_period, halves_covered, quarters_covered
from ledger.statistics.tables import Block, BlockKey, Cube, Entry, Need, Production, Source
from ledger.store import Reads
from ledger.units import Ms

_FLOWS: Final = ("export", "import")


def read_cube(at: Reads, register: Register, period: str, height: int) -> Cube:
    """The figures of a closed period as of a height.

    Args:
        at: one state of the store, at the height or later.
        register: of that state, or a later one.
        period: `2026Q1`, `2026H1` or `2026`.
        height: from the one that closed the period on.

    Raises:
        PeriodError: no period.
        HeightNotExecutedError: the height is beyond that state.
        PeriodOpenError: the period was still open after that block.
        StoreError: what is stored is damaged.
    """
    closes = closes_at(register, period)
    when = moment(at, height)
    if when.time < closes:
        raise PeriodOpenError(
            f"{period} closes on {units.block_date(closes)}; height {height} was on {units.block_date(Ms(when.time))}"
        )
    return finish(_read(at, register, period, when))


def read_live_cube(at: Reads, register: Register, period: str) -> Steps[Cube]:
    """The figures of a period as they stand now, closed or not: not for release, since no later reading gives them again.

    Read in steps, since readers ask for them again and again: one for each participant's flow.

    Raises:
        PeriodError: no period.
        StoreError: what is stored is damaged.
    """
    check_period(period)
    return (yield from _read(at, register, period, moment(at, read_head(at).height)))


def _read(at: Reads, register: Register, period: str, when: Moment) -> Steps[Cube]:
    codes = sorted(register.participants)
    blocks: dict[BlockKey, Block] = {}
    for code, flow in ((code, flow) for code in codes for flow in _FLOWS):
        blocks.update(_trade(at, code, flow, quarters_covered(period), when.height))
        yield
    halves = [(code, half) for code in codes for half in halves_covered(period)]
    production = {key: report for key in halves if (report := _production(at, *key, when.height)) is not None}
    named = {code for code, _ in production} | {key.author for key in blocks}
    named |= {entry.partner for block in blocks.values() for entry in block.entries}
    date = units.block_date(Ms(when.time))
    return Cube(
        period=period,
        height=when.height,
        tree_size=when.tree_size,
        names={code: register.participants[code].name for code in codes if code in named},
        blocks=blocks,
        production=production,
        percent=register.parameter("p-percent", date),
        least_change=register.parameter("revision-certificates", date),
    )


# --- trade ------------------------------------------------------------------------------------------------------------


def _trade(at: Reads, author: str, flow: str, quarters: Sequence[str], height: int) -> dict[BlockKey, Block]:
    """The blocks of a participant's flow, ascending."""
    blocks: dict[BlockKey, Block] = {}
    lasts: list[bytes] = []
    for quarter in quarters:
        key = BlockKey(author, flow, quarter)
        block, last = _block(at, key, height)
        lasts.append(last)
        if block is not None:
            blocks[key] = block
    fourth = blocks.get(BlockKey(author, flow, quarters[-1])) if len(quarters) > 1 else None
    if fourth is not None and fourth.annual and _return(at, fourth.record).year != tuple(lasts):
        blocks[fourth.key] = replace(fourth, annual={})
    return blocks


def _block(at: Reads, key: BlockKey, height: int) -> tuple[Block | None, bytes]:
    """A block, None where there is none, and the record that counted last in its figures, empty where none did."""
    for filed in _revisions(at, COUNTERSIGNED[key.flow], key.author, key.quarter):
        entry = _return(at, filed)
        if _height(at, entry.countersigned) <= height:
            return _stated(at, key, filed, entry, Source.COUNTERSIGNED)
    for filed in _revisions(at, keys.FLOW_LETTERS[key.flow], key.author, key.quarter):
        if _height(at, filed) <= height:
            return _stated(at, key, filed, _return(at, filed), Source.RETURN)
    return _counted(at, key, height)


def _stated(at: Reads, key: BlockKey, filed: bytes, entry: ReturnEntry, source: Source) -> tuple[Block, bytes]:
    """The figures of a return."""
    body = read_accepted(at, filed).body
    if not isinstance(body, ReturnBody):
        raise StoreError(f"{filed.hex()} is filed as a return and is none")
    if len(entry.counts) != len(body.cells):
        raise StoreError(f"the return {filed.hex()} has {len(body.cells)} cells and {len(entry.counts)} counts")
    entries = tuple(
        Entry(cell.partner, cell.hs, cell.points, cell.cents, count)
        for cell, count in zip(body.cells, entry.counts, strict=True)
    )
    block = Block(
        key=key,
        source=source,
        record=filed,
        certificates=body.certificates,
        entries=entries,
        needs={row.hs: Need(row.traders, row.points, row.cents) for row in body.protection},
        annual={row.of: Need(row.traders, row.points, row.cents) for row in body.annual},
    )
    return block, body.last or b""


def _counted(at: Reads, key: BlockKey, height: int) -> tuple[Block | None, bytes]:
    """The ledger's own sums; None where nothing counts."""
    stored = dict(read_as_of(at, keys.quarter(key.author, keys.FLOW_LETTERS[key.flow], key.quarter), height))
    whole = quarterly.read_counts(stored.get(b""))
    if not whole.certificates:
        return None, whole.last
    found = tuple(Entry(partner, hs, cell.points, 0, cell.certificates) for partner, hs, cell in quarterly.read(stored.items()))
    return Block(key, Source.LEDGER, b"", whole.certificates, found), whole.last


def _return(at: Reads, filed: bytes) -> ReturnEntry:
    data = at.get(keys.filed_return(filed))
    if data is None:
        raise StoreError(f"{filed.hex()} is on a list of returns and has no entry")
    return decode_return(data)


# --- production -------------------------------------------------------------------------------------------------------


def _production(at: Reads, author: str, half: str, height: int) -> Production | None:
    for filed in _revisions(at, PRODUCTION, author, half):
        if _height(at, filed) <= height:
            return _reported(at, author, half, filed)
    return None


def _reported(at: Reads, author: str, half: str, filed: bytes) -> Production:
    body = read_accepted(at, filed).body
    if not isinstance(body, ProductionBody):
        raise StoreError(f"{filed.hex()} is filed as production and is none")
    sums = {hs: [0, 0] for hs in HS_CODES}
    for line in body.lines:
        sums[line.hs][0] += line.points
        sums[line.hs][1] += line.cents
    return Production(author, half, filed, tuple((hs, points, cents) for hs, (points, cents) in sums.items() if points))


# --- revisions --------------------------------------------------------------------------------------------------------


def _revisions(at: Reads, sort: str, author: str, period: str) -> Iterator[bytes]:
    """The newest first: none is read that is older than what is asked for."""
    return (record_id for _, record_id in at.iterate(keys.revisions(sort, author, period), reverse=True))


def _height(at: Reads, record_id: bytes) -> int:
    """The block that accepted a record."""
    data = read_judgement(at, record_id)
    if data is None:
        raise StoreError(f"{record_id.hex()} is on a list and has no judgement")
    return entries.decode_judgement(data).height
