"""The audit of an export, from top to bottom.

1. The manifest, the genesis (the ledger's id), and the form of the checkpoint.
2. Each block in order: its frame, its records' bytes and form (`reader`); what it must be on its parent (`chain`); the votes
   that made it final and its records' signatures (`signatures`); then it is applied, by the rules that every node has, to a
   ledger that begins empty in a temporary directory; and each judgement is compared with what the node says.
3. That the last block is final and leads to where the manifest says; the checkpoint; the findings (`closing`).

The first thing that does not hold ends the audit with an `AuditError` that says where. Memory does not grow with the ledger:
blocks are read one after the other, a few batches of them wait for their signatures, and what the rules need is in the
temporary store.
"""

import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from consensus.evidence import check_equivocation
from ledger.errors import ProtocolError
from ledger.genesis import Genesis
from ledger.network import Network
from ledger.policy import Policy
from ledger.state import Block, Judgement, Ledger
from ledger.store import Store
from node.audit.chain import Chain
from node.audit.closing import compare_checkpoint, compare_findings, read_checkpoint
from node.audit.errors import (
    ExtentError,
    JudgementError,
    NotFinalError,
    Place,
    QuorumError,
    RecordSignatureError,
    RulesError,
)
from node.audit.frames import MANIFEST_FILE
from node.audit.reader import Export, Final
from node.audit.report import Report
from node.audit.serving import judgement_entry
from node.audit.signatures import Checkers, Verdict, Work
from node.limits import AUDIT_AHEAD, AUDIT_ALONE_BYTES, AUDIT_BATCH_BLOCKS, AUDIT_BATCH_RECORDS
from node.scheme import verify_vote

Progress = Callable[[int, int], None]
"""Called with the blocks done, and all."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the auditor has from elsewhere; an export must agree with it.

    Attributes:
        genesis: the text of `genesis.json`, None to take the export's.
        policy: by which the checkpoint must be accepted, beside what the ledger itself says.
    """

    genesis: bytes | None = None
    policy: Policy | None = None


def verify_export(
    directory: Path,
    trusted: Trusted,
    progress: Progress,
    scratch: Path | None = None,
    processes: int | None = None,
    finish: Callable[[Ledger], None] | None = None,
) -> Report:
    """Audits an export.

    Args:
        directory: as `node.audit.export` made it.
        trusted: what it must agree with.
        progress: is told how far it is.
        scratch: where the temporary ledger goes; it takes about twice the export's size. None: the system's place.
        processes: that check signatures beside this one; None: as many as there are further cores.
        finish: is given the ledger once all of it holds, before it goes: what else is to be made of it.

    Raises:
        AuditError: something does not hold; its class says what, its place where.
        StoreError, OSError: the temporary ledger could not be written, or a file not be read.
    """
    began = time.monotonic()
    export = Export(directory)
    genesis = export.genesis(trusted.genesis)
    if processes is None:
        processes = max(1, (os.cpu_count() or 1) - 1) if export.size >= AUDIT_ALONE_BYTES else 0
    with tempfile.TemporaryDirectory(prefix="kpledger-audit-", dir=scratch) as place, Checkers(processes) as checkers:
        store = _Scratch.open(Path(place) / "ledger")
        try:
            ledger = Ledger.open(store, genesis, _convicted)
            report = _Audit(export, genesis, ledger, checkers, max(1, processes) * AUDIT_AHEAD).run(trusted, progress)
            if finish is not None:
                finish(ledger)
        finally:
            store.close()
    report.seconds = round(time.monotonic() - began, 3)
    return report


class _Scratch(Store):
    """A store that nobody needs after a crash: nothing is synced."""

    __slots__ = ()

    def write(self, writes: Mapping[bytes, bytes | None] | Iterable[tuple[bytes, bytes | None]], *, sync: bool) -> None:
        """All of it or nothing, as any store; `sync` asks for what is not needed here."""
        del sync
        super().write(writes, sync=False)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Blocks that were read, and what is wrong with their signatures, to come."""

    items: list[Final]
    verdicts: "Future[list[Verdict]]"

    @property
    def closes(self) -> bool:
        """Whether it ends an epoch: who votes on the next block is known when this one is applied."""
        return bool(self.items[-1].block.payload.next)


class _Audit:
    """One audit under way."""

    def __init__(self, export: Export, genesis: Genesis, ledger: Ledger, checkers: Checkers, ahead: int) -> None:
        self._export = export
        self._ledger = ledger
        self._checkers = checkers
        self._ahead = ahead
        self._chain = Chain(ledger)
        self._report = Report(genesis.ledger_id.hex(), genesis.origin)
        self._note = export.checkpoint()
        self._size = read_checkpoint(self._note, genesis.origin).size
        self._networks: dict[int, Network] = {}

    def run(self, trusted: Trusted, progress: Progress) -> Report:
        """Everything; raises AuditError."""
        last = self._export.manifest.height
        self._note_network()
        for item, verdict in self._checked():
            self._block(item, verdict)
            progress(item.block.height, last)
        self._end(trusted)
        return self._report

    def _checked(self) -> Iterator[tuple[Final, Verdict]]:
        """Each block with what is wrong with its signatures; batches are read ahead, as far as one epoch goes."""
        waiting: deque[_Batch] = deque()
        items = self._export.blocks(self._ledger.ledger_id)
        while True:
            while len(waiting) < self._ahead and not (waiting and waiting[-1].closes) and (batch := _batch(items)):
                waiting.append(_Batch(batch, self._checkers.begin(self._work(batch))))
            if not waiting:
                return
            done = waiting.popleft()
            yield from zip(done.items, done.verdicts.result(), strict=True)

    def _work(self, items: list[Final]) -> Work:
        blocks = tuple((item.frame.final, item.frame.records) for item in items)
        return Work(self._ledger.ledger_id, self._ledger.network.epoch.keys, blocks)

    def _block(self, item: Final, verdict: Verdict) -> None:
        block, report = item.block, self._report
        self._chain.check(item)
        if verdict.final:
            raise QuorumError(item.place, verdict.final)
        if verdict.record is not None:
            position, wrong = verdict.record
            raise RecordSignatureError(item.at(position), f"{item.records[position].id.hex()}: {wrong}")
        payload = block.payload
        try:
            applied = self._ledger.apply(
                Block(block.height, payload.time, item.digest, item.records, block.epoch, payload.next)
            )
        except ProtocolError as error:
            raise RulesError(item.place, str(error)) from error
        for position, judgement in enumerate(applied.judgements):
            self._judged(item, position, judgement)
        self._chain.applied(item)
        self._note_network()
        report.blocks += 1
        report.records += len(item.records)
        report.finals += item.final is not None
        report.votes += verdict.votes

    def _judged(self, item: Final, position: int, judgement: Judgement) -> None:
        """Compares a judgement with what the node says, and counts it."""
        report, refusal = self._report, judgement.refusal
        own, stated = judgement_entry(judgement), item.frame.judgements[position]
        if stated != own and not (stated is None and refusal is not None):
            told = "nothing" if stated is None else _words(stated.index, stated.refusal())
            what = f"{judgement.id.hex()}: the node says {told}; by the rules it is {_words(judgement.index, refusal)}"
            raise JudgementError(item.at(position), what)
        report.unstated += stated is None
        report.judgements += stated is not None
        if refusal is not None:
            report.refused += 1
            report.refusals[str(refusal.code)] = report.refusals.get(str(refusal.code), 0) + 1
        elif judgement.height == item.block.height:
            report.accepted += 1
        else:
            report.repeated += 1

    def _note_network(self) -> None:
        """Remembers whose cosignatures count while the log has the checkpoint's size."""
        if self._ledger.head.tree_size == self._size:
            network = self._ledger.network
            self._networks[network.epoch.number] = network

    def _end(self, trusted: Trusted) -> None:
        report, ledger, manifest = self._report, self._ledger, self._export.manifest
        head, place = ledger.head, Place(MANIFEST_FILE)
        if self._chain.unproven:
            raise NotFinalError(
                Place(MANIFEST_FILE, height=head.height), f"{self._chain.unproven} blocks at the end have no FINAL"
            )
        if (manifest.height, manifest.tree_size) != (head.height, head.tree_size):
            told = f"height {manifest.height} and {manifest.tree_size} entries"
            raise ExtentError(place, f"it says {told}; the blocks make {head.height} and {head.tree_size}")
        checkpoint, accepted = compare_checkpoint(ledger, self._note, list(self._networks.values()), trusted.policy)
        report.findings, report.newer = compare_findings(ledger, self._export)
        report.height, report.time, report.tree_size = head.height, head.time, head.tree_size
        report.root, report.state = head.root.hex(), head.state.hex()
        report.epochs, report.marks = ledger.network.epoch.number + 1, self._chain.marks
        report.checkpoint_size, report.policy = checkpoint.size, trusted.policy is not None
        report.witnesses = [witness.name for witness in accepted.witnesses]


def _batch(items: Iterator[Final]) -> list[Final]:
    """The next blocks that are checked together: so many records, and none behind the end of an epoch."""
    batch: list[Final] = []
    records = 0
    for item in items:
        batch.append(item)
        records += len(item.records)
        if records >= AUDIT_BATCH_RECORDS or len(batch) >= AUDIT_BATCH_BLOCKS or item.block.payload.next:
            break
    return batch


def _convicted(ledger_id: bytes, epoch: int, validators: tuple[bytes, ...], first: bytes, second: bytes) -> int:
    return check_equivocation(ledger_id, epoch, validators, first, second, verify_vote)


def _words(index: int | None, refusal: object) -> str:
    return f"refused, {refusal}" if refusal is not None else f"accepted as entry {index}"
