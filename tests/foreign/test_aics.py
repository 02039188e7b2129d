"""`aics-tlog` from PyPI, as released, on a Python 3.12: it accepts our receipts at k of n and our exported logs, and refuses damage."""

import json
import subprocess
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.foreign.receipts import LEAVES, TAMPERINGS, Receipts
from tests.foreign.static import ORIGIN, StaticLog
from tests.foreign.tools import aics_python
from tests.support.world import World

pytestmark = pytest.mark.timeout(300)


def ask(*questions: dict) -> list[bool]:
    """Its answers."""
    program = [aics_python(), "-I", Path(__file__).with_name("aics.py")]
    run = subprocess.run(program, input=json.dumps(questions), capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout)


def about(receipts: Receipts, text: str, threshold: int, record: bytes) -> dict:
    return {
        "text": text,
        "threshold": threshold,
        "record": b64encode(record).decode(),
        "origin": receipts.ledger.origin,
        "log": str(receipts.log.key),
        "witnesses": [str(witness.key) for witness in receipts.witnesses],
    }


def test_receipts_at_every_threshold_and_what_is_wrong_with_others(tmp_path: Path) -> None:
    with World.make(tmp_path) as world:
        receipts = Receipts(world)
        cases = [
            (index, cosigners, threshold) for index in (0, 9, LEAVES - 1) for cosigners in range(5) for threshold in range(5)
        ]
        sound = [
            about(receipts, receipts.receipt(index, cosigners), threshold, receipts.records[index])
            for index, cosigners, threshold in cases
        ]
        text = receipts.receipt(9, 4)
        spoilt = {what: about(receipts, tamper(text), 3, receipts.records[9]) for what, tamper in TAMPERINGS.items()}
        spoilt["another record"] = about(receipts, text, 3, receipts.records[8])
    answers = ask(*sound, *spoilt.values())
    assert answers[: len(cases)] == [cosigners >= threshold for _, cosigners, threshold in cases]
    taken = [what for what, answer in zip(spoilt, answers[len(cases) :], strict=True) if answer]
    assert not taken


def flip(folder: Path, pattern: str, at: int | None = None) -> None:
    (file,) = folder.glob(pattern)
    data = bytearray(file.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1
    file.write_bytes(data)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "a hash tile": lambda folder: flip(folder, "tile/0/000"),
    "a hash tile above": lambda folder: flip(folder, "tile/1/000.p/*"),
    "the right edge": lambda folder: flip(folder, "tile/0/001.p/*"),
    "a bundle of entries": lambda folder: flip(folder, "tile/entries/000"),
    "the last bundle": lambda folder: flip(folder, "tile/entries/001.p/*"),
    "the checkpoint": lambda folder: flip(folder, "checkpoint", 30),
    "a tile that is gone": lambda folder: (folder / "tile/0/000").unlink(),
    "a bundle that is gone": lambda folder: (folder / "tile/entries/000").unlink(),
}


def test_exported_logs_are_whole_and_damage_is_found(tmp_path: Path) -> None:
    aics_python()
    questions = []
    for size in (1, 255, 256, 257):
        log = StaticLog(size)
        log.export(tmp_path / str(size))
        questions.append({"folder": str(tmp_path / str(size)), "log": str(log.signer.key), "origin": ORIGIN})
    for what, damage in DAMAGES.items():
        StaticLog(257).export(tmp_path / what)
        damage(tmp_path / what)
        questions.append(questions[3] | {"folder": str(tmp_path / what)})
    answers = ask(*questions, questions[3] | {"origin": "another.example/log"})
    assert answers == [True] * 4 + [False] * (len(DAMAGES) + 1), [*DAMAGES]
