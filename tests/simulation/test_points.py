"""Disks that fail at every point: what was durable comes back or is refused, and the network goes on."""

from collections import Counter
from pathlib import Path

import pytest

from node import wal
from node.errors import WalDamagedError, WalMissingError
from tests.simulation import points, shrink, written
from tests.simulation.options import Fault
from tests.simulation.report import run

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
    assert every["flip"] == points.FLIPS * sum(one.durable > 0 for one in operations if one.name == "write")
    assert every["boundary"] == every["blackout"] == len(operations)


@pytest.mark.parametrize("node", range(points.VALIDATORS))
def test_torn_at_each_byte_it_is_the_state_before_or_all_of_it(node: int) -> None:
    log = written.Written(0, node)
    assert len(log.frames) > 10
    for frame in log.frames:
        written.check_torn(log, frame)


@pytest.mark.parametrize("seed", [0, 1])
def test_each_flipped_bit_of_what_is_durable_is_refused_but_in_the_last_frame(seed: int) -> None:
    """There it cannot be told from a torn write: the frame is cut off, and nothing else ever passes for it.

    A vote in it may be forgotten so; the others hold it and say so (`Seen`), see `test_a_stale_log_retires_its_key`.
    """
    frames = written.Written(seed, 0).frames
    written.check_flipped(frames[len(frames) // 2 - 1])


def test_a_log_that_is_gone_is_missed() -> None:
    with pytest.raises(WalMissingError):
        written.opened({})
    with pytest.raises(WalMissingError):
        written.opened({"wal-0000000009.new": b"unfinished"})


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
