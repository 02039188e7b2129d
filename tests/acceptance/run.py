"""One run: the three years, then the same blocks again from their bytes alone."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.findings import Finding
from ledger.record import parse_record, verify_records
from ledger.state import Block, Head, Ledger
from ledger.store import Store
from tests.acceptance import refusals
from tests.acceptance.cases import SINGLE, Case
from tests.acceptance.cases_chains import chains
from tests.acceptance.cases_goods import GOODS
from tests.acceptance.cases_pairs import pairs
from tests.acceptance.cases_periods import PeriodChange, tell
from tests.acceptance.cases_reports import BilateralGap, reports, true_gaps
from tests.acceptance.honest import DIFFERING, populate, shipments_of
from tests.acceptance.members import world_genesis
from tests.acceptance.scorer import Row, all_findings, score
from tests.acceptance.stage import Stage, Verdicts
from tests.support.world import equivocation

DAYS = 3 * 365
MOST_FALSE = 1
"""In a thousand certificates."""

LEAST_RECALL = 99
"""In a hundred planted cases of all rules together; honest events count as well."""

_SAMPLE = 2_000
"""Signatures that are checked for the figure."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        clean: certificates of honest trade.
        certificates: those and the planted ones.
        records: accepted and refused.
        rows: by rule of findings.
        verdicts: what was to be refused.
        same: whether the blocks again gave the same head and findings.
        apply: processor seconds of the ledger, `again`: of reading and applying everything again, `signature`: of one check.
    """

    clean: int
    certificates: int
    records: int
    rows: Sequence[Row]
    verdicts: Verdicts
    same: bool
    apply: float
    again: float
    signature: float

    @property
    def recall(self) -> float:
        """Of what must be found, in a hundred."""
        wanted = sum(row.planted + row.honest for row in self.rows)
        return 100 * sum(row.found + row.honest_found for row in self.rows) / wanted

    @property
    def false(self) -> float:
        """Findings of what is not so, in a thousand clean certificates."""
        return 1_000 * sum(len(row.false) for row in self.rows) / self.clean

    def failures(self) -> list[str]:
        """What the acceptance does not allow; empty: it passes."""
        found = [f"verdict: {text}" for text in self.verdicts.wrong]
        found += [
            f"{code}: not every planted record refused"
            for code, n in self.verdicts.planted.items()
            if self.verdicts.refused[code] != n
        ]
        found += [] if self.recall >= LEAST_RECALL else [f"recall {self.recall:.2f} %"]
        found += [
            f"{row.rule}: {row.planted - row.found} planted cases missed: {row.missed[:5]}"
            for row in self.rows
            if row.found < row.planted * LEAST_RECALL / 100
        ]
        found += [] if self.false <= MOST_FALSE else [f"{self.false:.2f} false findings in 1,000 clean certificates"]
        found += [] if self.same else ["the same blocks gave another head or other findings"]
        return found


def play(certificates: int, planted: int, near: int, *, seed: int = 0, days: int = DAYS, differing: int = DIFFERING) -> Outcome:
    """Lets the years pass, with so many honest certificates, and so many plants and near misses of each rule."""
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder) / "ledger", seed, days) as stage:
        populate(stage, shipments_of(seed, days, certificates, differing))
        reported, returns = reports(stage)
        played: tuple[Case, ...] = (*SINGLE, *pairs(), *GOODS, *chains(), *reported, PeriodChange())
        for case in played:
            for i in range(planted):
                case.plant(stage, i)
            for i in range(near):
                case.near_miss(stage, i)
        refusals.plant_all(stage, planted, near)
        returns.schedule()
        stage.run()
        gaps = true_gaps(stage) - stage.truth.planted[BilateralGap.rule] - set(stage.truth.near[BilateralGap.rule])
        stage.truth.honest[BilateralGap.rule] |= gaps
        tell(stage, near)
        ledger = stage.world.ledger
        again, head, findings = _again(stage, Path(folder) / "again")
        return Outcome(
            clean=certificates,
            certificates=stage.certificates,
            records=sum(len(block.records) for block in stage.blocks),
            rows=score(stage, [case.rule for case in played]),
            verdicts=stage.verdicts,
            same=head == ledger.head and findings == list(all_findings(ledger)),
            apply=stage.seconds,
            again=again,
            signature=_signature(stage),
        )


def _again(stage: Stage, path: Path) -> tuple[float, Head, list[Finding]]:
    """Seconds, head and findings of a ledger that gets the same blocks, its records read from their bytes."""
    written = [(block, [record.raw for record in block.records]) for block in stage.blocks]
    store = Store.open(path)
    try:
        ledger = Ledger.open(store, world_genesis(), equivocation)
        started = time.process_time()
        for block, raws in written:
            ledger.apply(Block(block.height, block.time, block.digest, [parse_record(raw) for raw in raws], block.epoch))
        return time.process_time() - started, ledger.head, list(all_findings(ledger))
    finally:
        store.close()


def _signature(stage: Stage) -> float:
    records = [record for block in stage.blocks for record in block.records][:_SAMPLE]
    started = time.process_time()
    verify_records(stage.world.ledger.ledger_id, records)
    return (time.process_time() - started) / len(records)
