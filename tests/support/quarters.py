"""Random trade over a year with all that changes a quarter's figures, late and early; and the figures counted again from the records.

    with World.make(path, made_of()) as world:
        told = tell(world, seed, blocks)          # what was accepted, block by block
        recount(told, world, "2026Q1", height)    # the cube, by a program that knows nothing of the ledger's sums

Every line is worth a dollar with the blinding 7 (`World.commitment`), and a certificate has at most one line of an HS code, so a cell is
worth as many dollars as it has certificates. `python -m tests.support.quarters SEED BLOCKS` prints figures of all periods as one hash.
"""

import hashlib
import random
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ledger.bodies import PRODUCTION_REPORT, RETURN_FILE, ConfirmLine, ProductionBody, Protection, ReturnBody, ReturnCell
from ledger.bodies.reports import ProductionLine
from ledger.commitments import L
from ledger.genesis import Genesis
from ledger.record import Record
from ledger.statistics.tables import Block, BlockKey, Cube, Entry, Need, Production, Source
from ledger.units import date_of, day_number
from tests.support import changes, reports
from tests.support.world import DAY_MS, World, genesis

CODES = ("AE", "BW", "EU", "RU")
HS = ("710210", "710221", "710231")
DAYS = 4
LEAST = 2
PERIODS = ("2026Q1", "2026Q2", "2026Q3", "2026Q4", "2026H1", "2026H2", "2026")
ENDS = {
    "2026Q1": "2026-04-01",
    "2026Q2": "2026-07-01",
    "2026Q3": "2026-10-01",
    "2026Q4": "2027-01-01",
    "2026H1": "2026-07-01",
    "2026H2": "2027-01-01",
    "2026": "2027-01-01",
}
"""The first day after each period."""


def made_of() -> Genesis:
    """Periods close four days after their end, so that much comes late."""
    return genesis(parameters={"statistics-days": DAYS, "revision-certificates": LEAST, "p-percent": 12})


@dataclass
class Told:
    """What happened: accepted records with their heights; time and log size after each height; figures when they were new."""

    records: list[tuple[int, Record]] = field(default_factory=list)
    moments: dict[int, tuple[int, int]] = field(default_factory=dict)
    fresh: dict[tuple[str, int], Cube] = field(default_factory=dict)


class _Hands:
    """What may be done next."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.rng = world, random.Random(seed)
        self.serial = 0
        self.heads: dict[str, Record] = {}
        self.open: dict[str, Record] = {}
        self.outcomes: dict[str, Record] = {}
        self.filed: list[Record] = []
        self.revisions: dict[tuple[str, ...], int] = {}

    def record(self) -> Record | None:
        makers = (self.issue, self.confirm, self.amend, self.close, self.correct, self.file, self.countersign, self.produce)
        return self.rng.choices(makers, weights=(8, 6, 2, 2, 3, 5, 3, 2))[0]()

    def learn(self, record: Record) -> None:
        kind, body = record.kind, record.body
        if kind in ("certificate.issue", "certificate.amend"):
            self.open[body.number] = self.heads[body.number] = record
        elif kind == "certificate.close":
            self.open.pop(body.number, None)
        elif kind in ("import.confirm", "import.correct"):
            self.open.pop(body.number, None)
            self.outcomes[body.number] = record
        elif kind == RETURN_FILE:
            self.filed.append(record)
            self.revisions[record.author, body.flow, body.quarter] = body.revision
        elif kind == PRODUCTION_REPORT:
            self.revisions[record.author, body.half] = body.revision

    @property
    def today(self) -> int:
        return self.world.now // DAY_MS

    def lines(self, make):
        chosen = sorted(self.rng.sample(HS, self.rng.choice((1, 1, 2, 3))))
        return tuple(make(hs, self.rng.randrange(1, 10_000)) for hs in chosen)

    def issue(self) -> Record:
        self.serial += 1
        issuer, destination = self.rng.sample(CODES, 2)
        issued = max(day_number("2026-01-01"), self.today - self.rng.randrange(30))
        lines = self.lines(lambda hs, points: self.world.line(points, hs))
        dates = {"issued": date_of(issued), "validated": date_of(issued), "expires": date_of(issued + 60)}
        return self.world.issue(number=f"{issuer}{self.serial:07}", destination=destination, lines=lines, **dates)

    def confirm(self) -> Record | None:
        if not self.open:
            return None
        issue = self.open[self.rng.choice(sorted(self.open))]
        return self.world.confirm(self._as_issue(issue), **self._outcome(issue))

    def correct(self) -> Record | None:
        if not self.outcomes:
            return None
        stated = self.outcomes[self.rng.choice(sorted(self.outcomes))]
        fields = self._outcome(self.heads[stated.body.number])
        fields.setdefault("lines", self._measured())
        return changes.corrected(self.world, stated, stated.author, **fields | {"outcome": "discrepancy"})

    def amend(self) -> Record | None:
        if not self.open:
            return None
        before = self.open[self.rng.choice(sorted(self.open))]
        lines = self.lines(lambda hs, points: self.world.line(points, hs))
        return changes.amended(self.world, self._as_issue(before), lines=lines)

    def close(self) -> Record | None:
        if not self.open:
            return None
        number = self.rng.choice(sorted(self.open))
        return changes.closed(self.world, number, self.rng.choice(("void", "returned-unused", "lost")))

    def file(self) -> Record | None:
        over = [period for period in PERIODS[:4] if day_number(ENDS[period]) <= self.today]
        if not over:
            return None
        author, flow, quarter = self.rng.choice(CODES), self.rng.choice(("export", "import")), self.rng.choice(over)
        revision = self.revisions.get((author, flow, quarter), 0) + 1
        return self.world.sign(RETURN_FILE, return_of(self.world, author, flow, quarter, revision, self.rng), author)

    def countersign(self) -> Record | None:
        newest = {(filed.author, filed.body.flow, filed.body.quarter): filed for filed in self.filed}
        return reports.countersign(self.world, self.rng.choice(list(newest.values()))) if newest else None

    def produce(self) -> Record | None:
        over = [period for period in PERIODS[4:6] if day_number(ENDS[period]) <= self.today]
        if not over:
            return None
        author, half = self.rng.choice(CODES), self.rng.choice(over)
        chosen = sorted(self.rng.sample([(hs, zone) for hs in HS for zone in ("", "North", "South")], self.rng.randrange(4)))
        rows = tuple(ProductionLine(self.rng.randrange(10**6), hs, self.rng.randrange(1, 10**5), zone) for hs, zone in chosen)
        revision = self.revisions.get((author, half), 0) + 1
        return self.world.sign(PRODUCTION_REPORT, ProductionBody(half, rows, revision), author)

    def _as_issue(self, record: Record) -> Record:
        """An amendment looks like an issue to who answers it."""
        if record.kind == "certificate.issue":
            return record
        fields = {name: getattr(record.body, name) for name in self.world.issue_body().__struct_fields__}
        body = self.world.issue_body(**fields)
        return Record(
            record.raw, record.id, record.key, record.sig, record.statement, record.kind, record.author, record.at, body
        )

    def _outcome(self, issue: Record) -> dict:
        received = self.rng.randrange(day_number(issue.body.issued), self.today + 1)
        fields = {
            "received": date_of(received),
            "outcome": self.rng.choice(("confirmed", "discrepancy", "discrepancy", "refused")),
        }
        return fields if fields["outcome"] == "confirmed" else fields | {"lines": self._measured()}

    def _measured(self):
        return self.lines(lambda hs, points: ConfirmLine(self.world.commitment(), hs, points))


def return_of(world: World, author: str, flow: str, quarter: str, revision: int, rng: random.Random) -> ReturnBody:
    """The return that the ledger accepts now, with some protection or other."""
    view = world.ledger.quarter(author, flow, quarter)
    cells = tuple(
        ReturnCell(
            partner,
            hs,
            cell.points,
            reports.CENTS * cell.certificates,
            (reports.BLINDING * cell.certificates % L).to_bytes(32, "little"),
        )
        for partner, hs, cell in view.cells
    )
    codes = sorted({cell.hs for cell in cells})
    return ReturnBody(
        annual=reports.annual_of(world, author, flow, quarter),
        cells=cells,
        certificates=view.counts.certificates,
        flow=flow,
        last=view.counts.last or None,
        protection=tuple(Protection(hs, rng.randrange(1, 4), rng.randrange(99), 7) for hs in [*codes, *["all"] * bool(codes)]),
        quarter=quarter,
        revision=revision,
    )


def tell(world: World, seed: int, blocks: int, days: int = 6) -> Told:
    """So many blocks, up to `days` days apart, each with a few records; some of them are refused, and stay out of what is told."""
    told, hands = Told(), _Hands(world, seed)
    told.moments[0] = (world.ledger.genesis.time, 0)
    for _ in range(blocks):
        world.now += hands.rng.randrange(DAY_MS // 2, days * DAY_MS)
        made = [hands.record() for _ in range(hands.rng.randrange(10))]
        chosen = list({record.id: record for record in made if record is not None}.values())
        applied = world.block(*chosen)
        head = applied.head
        told.moments[head.height] = (head.time, head.tree_size)
        for record, judgement in zip(chosen, applied.judgements, strict=True):
            if judgement.refusal is None:
                told.records.append((head.height, record))
                hands.learn(record)
        for period in PERIODS:
            if closed(told, period, head.height):
                told.fresh[period, head.height] = world.ledger.cube(period, head.height)
    return told


def closed(told: Told, period: str, height: int) -> bool:
    """Whether a period was closed after a block."""
    return told.moments[height][0] >= (day_number(ENDS[period]) + DAYS) * DAY_MS


# --- counted again ----------------------------------------------------------------------------------------------------


def recount(told: Told, world: World, period: str, height: int) -> Cube:
    """The figures of a period as of a height, from the plain records alone."""
    trade: dict[tuple[str, str], tuple] = {}
    lasts: dict[BlockKey, bytes] = {}
    returns: dict[BlockKey, list] = {}
    signed: set[bytes] = set()
    production: dict[tuple[str, str], Production] = {}
    for at, record in told.records:
        if at > height:
            break
        body, number = record.body, getattr(record.body, "number", "")
        flow = "import" if record.kind.startswith("import") else "export"
        touched = [trade.get((flow, number))] if number else []
        match record.kind:
            case "certificate.issue" | "certificate.amend":
                trade["export", number] = (record.author, body.issued, body.destination, body.lines)
            case "certificate.close":
                if body.reason != "lost":
                    del trade["export", number]
            case "import.confirm" | "import.correct":
                trade.pop(("import", number), None)
                if body.outcome != "refused":
                    trade["import", number] = (record.author, body.received, number[:2], body.lines)
            case "return.file":
                key = BlockKey(record.author, body.flow, body.quarter)
                year = tuple(lasts.get(key._replace(quarter=quarter), b"") for quarter in PERIODS[:4])
                returns.setdefault(key, []).append((record, _sums(trade, key), year))
            case "return.countersign":
                signed.add(body.filed)
            case "production.report":
                production[record.author, body.half] = _production(record)
        changed = [one for one in (*touched, trade.get((flow, number))) if one is not None]
        if record.kind != "certificate.close" or body.reason != "lost":
            lasts |= {_place(flow, one): record.id for one in changed if number}
    quarters = {"Q": (period,), "H": ()}.get(period[4:5], PERIODS[:4])
    halves = {"Q": (), "H": (period,)}.get(period[4:5], PERIODS[4:6])
    blocks = {}
    for key in (BlockKey(code, flow, quarter) for code in CODES for flow in ("export", "import") for quarter in quarters):
        block = _block(key, trade, returns.get(key, []), signed)
        if block is not None:
            blocks[key] = block if period != "2026" else _with_annual(block, blocks, returns, lasts)
    shown = {key: found for key, found in sorted(production.items()) if key[1] in halves}
    named = {key.author for key in blocks} | {code for code, _ in shown}
    named |= {entry.partner for block in blocks.values() for entry in block.entries}
    names = {code: world.ledger.genesis.participants[code].name for code in sorted(named)}
    return Cube(period, height, told.moments[height][1], names, blocks, shown, 12, LEAST)


def _block(key: BlockKey, trade: dict, filed: list, signed: set[bytes]) -> Block | None:
    source, chosen = Source.COUNTERSIGNED, [one for one in filed if one[0].id in signed][-1:]
    if not chosen:
        source, chosen = Source.RETURN, filed[-1:]
    certificates, sums = chosen[0][1] if chosen else _sums(trade, key)
    if chosen:
        record = chosen[0][0]
        needs = {row.hs: Need(row.traders, row.points, row.cents) for row in record.body.protection}
        annual = {row.of: Need(row.traders, row.points, row.cents) for row in record.body.annual}
        entries = tuple(Entry(*cell, points, 100 * many, many) for cell, (points, many) in sorted(sums.items()))
        return Block(key, source, record.id, certificates, entries, needs, annual)
    entries = tuple(Entry(*cell, points, 0, many) for cell, (points, many) in sorted(sums.items()))
    return Block(key, Source.LEDGER, b"", certificates, entries) if certificates else None


def _with_annual(block: Block, before: dict[BlockKey, Block], returns: dict, lasts: dict[BlockKey, bytes]) -> Block:
    """Without what it states of a year that looks otherwise in the blocks before it."""
    seen = []
    for quarter in PERIODS[:4]:
        key = block.key._replace(quarter=quarter)
        shown = block if key == block.key else before.get(key)
        filed = [one for one in returns.get(key, []) if shown is not None and one[0].id == shown.record]
        seen.append(filed[0][0].body.last or b"" if filed else lasts.get(key, b""))
    known = [year for record, _, year in returns.get(block.key, []) if record.id == block.record]
    return replace(block, annual={}) if block.annual and known != [tuple(seen)] else block


def _place(flow: str, counted: tuple) -> BlockKey:
    author, date = counted[:2]
    return BlockKey(author, flow, f"{date[:4]}Q{-(-int(date[5:7]) // 3)}")


def _sums(trade: dict, key: BlockKey) -> tuple[int, dict[tuple[str, str], tuple[int, int]]]:
    """Certificates of a block, points and certificates by cell."""
    sums, certificates = {}, 0
    for (flow, _), counted in trade.items():
        if _place(flow, counted) == key:
            *_, partner, lines = counted
            certificates += 1
            for line in lines:
                points, many = sums.get((partner, line.hs), (0, 0))
                sums[partner, line.hs] = points + line.points, many + 1
    return certificates, sums


def _production(record: Record) -> Production:
    sums: dict[str, tuple[int, int]] = {}
    for line in record.body.lines:
        points, cents = sums.get(line.hs, (0, 0))
        sums[line.hs] = points + line.points, cents + line.cents
    lines = tuple((hs, points, cents) for hs, (points, cents) in sorted(sums.items()))
    return Production(record.author, record.body.half, record.id, lines)


def digest(told: Told, world: World) -> str:
    """The figures of every seventh height, one hash: of their content and of its order."""
    whole = hashlib.sha256()
    for period in PERIODS:
        for height in list(told.moments)[:: len(PERIODS)]:
            if closed(told, period, height):
                whole.update(repr(world.ledger.cube(period, height)).encode())
    return whole.hexdigest()


if __name__ == "__main__":
    with TemporaryDirectory() as folder, World.make(Path(folder) / "db", made_of()) as opened:
        print(digest(tell(opened, int(sys.argv[1]), int(sys.argv[2])), opened))
