"""An audit of a whole export, as an auditor runs it: a process of its own, its seconds, processor time and memory.

The ledger is made here: certificates of two lines and their confirmations, half and half, in full blocks that three of four
validators have really signed. What nobody can skip is one signature check a record and one point addition a line, on all cores.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

from ledger.checkpoint import Checkpoint
from ledger.genesis import Genesis
from ledger.note import Note, SignatureType, Signer
from node.audit import frames, serving
from node.files import write_atomic
from tests.bench.figures import Figure, Report
from tests.bench.limit import Limit
from tests.bench.machine import CORES, resident_mb
from tests.support.agreed import Agreed, genesis_text
from tests.support.world import VALIDATORS, World, genesis, seed

SIZES = (2_000, 10_000)
"""Certificates; each has a confirmation, so twice as many records."""

_PAIRS = (("BW", "AE"), ("RU", "EU"), ("AE", "BW"), ("EU", "RU"))
_BLOCK = 500
_LINES = 2
_GOAL = 100_000 / 60
_MEMORY_MB = 250.0
_POLL_SECONDS = 0.05

T = TypeVar("T")


def measure(directory: Path, sizes: tuple[int, ...], limit: Limit, report: Report) -> None:
    """Audits exports of ledgers of these sizes."""
    for size in sizes:
        export = directory / f"export-{size}"
        build(directory / f"ledger-{size}", export, size)
        audited = audit(export)
        records, seconds = audited["records"], audited["seconds"]
        against = f"cryptography, {CORES} cores"
        rate = records / seconds
        name = f"{records:,} records audited"
        report.add(Figure("audit", name, rate, "/s", limit.rate(1, _LINES), against))
        report.add(
            Figure(
                "audit", "the same by processor time", CORES * records / audited["cpu"], "/s", limit.rate(1, _LINES), "the same"
            )
        )
        report.add(
            Figure("audit", "certificates with their confirmations", size / seconds, "/s", _GOAL, "100,000 in 60 s", 1.0)
        )
        report.add(
            Figure("audit", "memory of the process that applies", audited["mb"], "MB", _MEMORY_MB, "the design's bound", 1.0)
        )
        report.add(Figure("audit", "bytes of the export", audited["bytes"] / records, "B/record"))


def audit(export: Path) -> dict[str, float]:
    """Runs the verb; what it reports, the processor seconds and the memory that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [sys.executable, "-m", "node.cli", "audit", "verify", str(export), "--json", "--scratch", str(export.parent)]
    most = 0.0
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            most = max(most, resident_mb(process.pid))
            time.sleep(_POLL_SECONDS)
        assert process.stdout is not None
        found = json.loads(process.stdout.read())
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    size = sum(file.stat().st_size for file in export.rglob("*") if file.is_file())
    return {"records": found["records"], "seconds": found["seconds"], "cpu": cpu, "mb": most, "bytes": size}


def build(store: Path, export: Path, certificates: int) -> None:
    """A ledger with so many certificates and as many confirmations, and its export."""
    text = genesis_text(genesis(parameters={"daily-records": 10**7}))
    with World.make(store, Genesis.from_json(text)) as world:
        agreed = Agreed(world)
        for start in range(0, certificates, _BLOCK):
            numbers = range(start, min(start + _BLOCK, certificates))
            pairs = [_PAIRS[number % len(_PAIRS)] for number in numbers]
            issued = [
                world.issue(number=f"{issuer}{1 + number // len(_PAIRS):07d}", destination=destination)
                for number, (issuer, destination) in zip(numbers, pairs, strict=True)
            ]
            agreed.block(*issued)
            agreed.block(*(world.confirm(one) for one in issued))
        _write(world, export, text)


def _write(world: World, export: Path, text: bytes) -> None:
    """The export as `node.audit.export` writes it, without a listener in between."""
    (export / frames.BLOCKS_FOLDER).mkdir(parents=True)
    ledger = world.ledger
    head, height = ledger.head, 1
    while data := _run(serving.final_blocks(ledger, height)):
        write_atomic(export / frames.BLOCKS_FOLDER / frames.segment_name(height), frames.BLOCKS + data)
        height += sum(1 for _ in frames.split(data))
    found, after = [frames.FINDINGS], ""
    while page := ledger.findings_by_name(after):
        found += [frames.framed(frames.encode(one)) for one in page]
        after = page[-1].name
    checkpoint = Checkpoint(ledger.origin, head.tree_size, head.root).text()
    log = Signer.from_seed(ledger.origin, SignatureType.ED25519, seed("BW/log"))
    witnesses = [Signer.from_seed(f"{code}/witness", SignatureType.COSIGNATURE, seed(f"{code}/cosign")) for code in VALIDATORS]
    note = Note(checkpoint, (log.sign(checkpoint), *(one.sign(checkpoint, int(time.time())) for one in witnesses)))
    manifest = frames.Manifest(
        frames.FORMAT, ledger.ledger_id.hex(), ledger.origin, head.height, head.tree_size, len(found) - 1
    )
    for name, content in (
        (frames.GENESIS_FILE, text),
        (frames.FINDINGS_FILE, b"".join(found)),
        (frames.CHECKPOINT_FILE, note.encode()),
        (frames.MANIFEST_FILE, frames.encode_manifest(manifest)),
    ):
        write_atomic(export / name, content)


def _run(steps: Generator[None, None, T]) -> T:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
