"""Disks that fail at every point: what was durable comes back or is refused, and the network goes on."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from consensus.core import Core
from consensus.events import Config, Tip
from node import wal
from node.errors import WalDamagedError, WalMissingError
from node.wal import Wal
from tests.simulation import points, shrink
from tests.simulation.disk import MemoryDisk
from tests.simulation.log import DIRECTORY
from tests.simulation.options import Fault
from tests.simulation.report import run
from tests.simulation.signatures import scheme
from tests.simulation.simulation import LEDGER_ID, Simulation

EACH = 250
CHUNK = 25
KINDS = {"boundary", "blackout", "broken", "full", "torn", "flip", "stale", "snapshot", "lost"}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("first", range(0, EACH, CHUNK))
def test_a_point(seed: int, first: int) -> None:
    for fault in points.points(seed, every_byte=False)[first : first + CHUNK]:
        run(points.options(seed, fault))


@pytest.mark.parametrize("seed", [0, 1])
def test_the_points_cover_what_they_are_for(seed: int) -> None:
    """Every kind of fault, every node, every kind of operation; torn writes at each byte and flips at each bit in the long run."""
    operations = points.operations(seed)
    assert {operation.name for operation in operations} >= {"write", "sync", "synced", "rename", "sync_directory", "create"}
    chosen = Counter((fault.kind, fault.nodes) for fault in points.points(seed, every_byte=False)[:EACH])
    assert {kind for kind, _ in chosen} == KINDS
    assert {nodes for _, nodes in chosen} == {(node,) for node in range(points.VALIDATORS)}
    every = Counter(fault.kind for fault in points.points(seed))
    assert every["torn"] == sum(one.unsynced + 1 for one in operations if one.name == "sync" and one.unsynced)
    assert every["flip"] == sum(8 * one.durable for one in operations if one.name == "write")
    assert every["boundary"] == every["blackout"] == len(operations)


@dataclass(frozen=True, slots=True)
class Frame:
    """A write that no fsync has covered yet, and what the disk held besides.

    Attributes:
        durable: bytes by file name, without the frame.
        name: of the file that it is appended to.
        data: the frame.
        tip: what the node had executed.
    """

    durable: dict[str, bytes]
    name: str
    data: bytes
    tip: Tip

    def torn(self, keep: int) -> dict[str, bytes]:
        """The disk after a crash that left this much of the frame."""
        return {**self.durable, self.name: self.durable[self.name] + self.data[:keep]}


class Written:
    """All frames of one node's log in a quiet run."""

    def __init__(self, seed: int, node: int) -> None:
        simulation = Simulation(points.quiet(seed))
        self.machine = simulation.machines[node]
        self.frames: list[Frame] = []
        before = self.machine.disk.before

        def watch(name: str) -> None:
            if name == "sync":
                self._take()
            before(name)

        self.machine.disk.before = watch
        simulation.prepare()
        simulation.chaos()
        self._config = Config(LEDGER_ID, 0, tuple(simulation.keys), simulation.keys[node])
        self._scheme = scheme("fast", simulation.keys[node], simulation.secrets, lambda *_: None)

    def _take(self) -> None:
        files = self.machine.disk._files
        durable = {path.name: bytes(file.data[: file.durable]) for path, file in files.items()}
        for path, file in files.items():
            if path.suffix == ".log" and len(file.data) > file.durable:
                tip = self.machine.chain.tips[-1]
                self.frames.append(Frame(durable, path.name, bytes(file.data[file.durable :]), tip))

    def state(self, records: list[bytes], tip: Tip) -> tuple[object, ...]:
        """What the core is after recovery."""
        core, _ = Core.recover(self._config, self._scheme, records, tip, 0)
        return core.snapshot(), core.view, core.floor_view, core.delivered


def opened(content: dict[str, bytes]) -> list[bytes]:
    disk = MemoryDisk(Random(1))
    for name, data in content.items():
        disk.put(DIRECTORY / name, data)
    return Wal.open(DIRECTORY, LEDGER_ID, disk).records


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("node", range(points.VALIDATORS))
def test_torn_at_each_byte_it_is_the_state_before_or_all_of_it(node: int) -> None:
    written = Written(0, node)
    assert len(written.frames) > 10
    for frame in written.frames:
        before, after = opened(frame.durable), opened(frame.torn(len(frame.data)))
        assert before == after[: len(before)]
        assert len(before) < len(after)
        state = written.state(before, frame.tip)
        for keep in range(len(frame.data)):
            records = opened(frame.torn(keep))
            assert records == before
            if keep % 16 == 0:
                assert written.state(records, frame.tip) == state


@pytest.mark.parametrize("seed", [0, 1])
def test_each_flipped_bit_of_what_is_durable_is_refused_but_in_the_last_frame(seed: int) -> None:
    """There it cannot be told from a torn write: the frame is cut off, and nothing else ever passes for it.

    A vote in it may be forgotten so; the others hold it and say so (`Seen`), see `test_a_stale_log_retires_its_key`.
    """
    frames = Written(seed, 0).frames
    frame = frames[len(frames) // 2 - 1]
    before, after = opened(frame.durable), opened(frame.torn(len(frame.data)))
    whole = frame.torn(len(frame.data))
    last = 8 * len(frame.durable[frame.name])
    assert last > 8 * 56
    for bit in range(8 * len(whole[frame.name])):
        content = {frame.name: flipped(whole[frame.name], bit)}
        if bit < last:
            with pytest.raises(WalDamagedError):
                opened(content)
        else:
            assert opened(content) == before != after


def test_a_log_that_is_gone_is_missed() -> None:
    with pytest.raises(WalMissingError):
        opened({})
    with pytest.raises(WalMissingError):
        opened({"wal-0000000009.new": b"unfinished"})


def last_sync(seed: int, node: int) -> int:
    """The step of a late moment after an fsync."""
    return [one.step for one in points.operations(seed) if one.node == node and one.name == "synced"][-4]


@pytest.mark.parametrize("keep", [0, 1])
def test_who_lost_the_log_follows_and_signs_nothing(keep: int) -> None:
    """With `keep` all that it had executed is lost too, and comes back from the others."""
    fault = Fault(-1, "lost", (2,), 0, step=last_sync(0, 2), keep=keep)
    simulation = run(points.options(0, fault))
    machine = simulation.machines[2]
    assert machine.retired
    assert len(machine.chain.blocks) == len(simulation.machines[0].chain.blocks) > points.BLOCKS
    assert simulation.checker._retired == {2}


@pytest.mark.parametrize("kind", ["stale", "snapshot"])
@pytest.mark.parametrize("node", range(points.VALIDATORS))
def test_a_stale_log_retires_its_key(kind: str, node: int) -> None:
    """The others hold votes that it has forgotten, and say so: it alarms before the run is over, and has signed nothing twice."""
    fault = Fault(-1, kind, (node,), 0, step=last_sync(0, node), keep=8)
    simulation = run(points.options(0, fault))
    machine = simulation.machines[node]
    assert simulation.checker.traitors == {node}
    assert machine.core.alarm is not None
    assert machine.application.alarms != []
    assert all(not convicted for convicted in simulation.checker.convicted)


def test_a_log_that_takes_what_is_damaged_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search of the points is worth something: a log that stops reading at the first damage, whatever is behind it."""
    parse = wal._parse

    def lenient(data: bytes, ledger_id: bytes, path: Path) -> list[bytes]:
        for end in range(len(data), 0, -1):
            try:
                return parse(data[:end], ledger_id, path)
            except WalDamagedError:
                continue
        return parse(data, ledger_id, path)

    monkeypatch.setattr(wal, "_parse", lenient)
    flips = [fault for fault in points.points(0, every_byte=False) if fault.kind == "flip"]
    assert "damage" in {shrink.failure(points.options(0, fault)) for fault in flips[:20]}
