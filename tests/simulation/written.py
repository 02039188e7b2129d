"""A log byte by byte: every prefix that a crash may leave of a frame, every bit that may turn in what was durable."""

from dataclasses import dataclass
from random import Random

from consensus.core import Core
from consensus.events import Config, Tip
from node.errors import WalDamagedError
from node.wal import Wal
from tests.simulation import points
from tests.simulation.disk import MemoryDisk
from tests.simulation.invariants import Violation
from tests.simulation.log import DIRECTORY
from tests.simulation.signatures import scheme
from tests.simulation.simulation import Simulation
from tests.simulation.stage import LEDGER_ID

_EVERY = 16
"""At so many of the prefixes the core is recovered too; the records are compared at each."""


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


def check_torn(log: Written, frame: Frame) -> None:
    """Each prefix of the frame brings back the state before it, the whole of it the state after.

    Raises:
        Violation: it does not.
    """
    before, after = opened(frame.durable), opened(frame.torn(len(frame.data)))
    if before != after[: len(before)] or len(before) == len(after):
        raise Violation("torn", "the whole frame does not follow on what was there before")
    state = log.state(before, frame.tip)
    for keep in range(len(frame.data)):
        records = opened(frame.torn(keep))
        if records != before:
            raise Violation("torn", f"{keep} of {len(frame.data)} bytes of a frame brought back other records")
        if keep % _EVERY == 0 and log.state(records, frame.tip) != state:
            raise Violation("torn", f"{keep} of {len(frame.data)} bytes of a frame brought back another state")


def check_flipped(frame: Frame) -> None:
    """Each bit of the segment with this frame as its last: refused ahead of the frame, and in it cut off with it.

    Raises:
        Violation: it was taken for good.
    """
    before, whole = opened(frame.durable), frame.torn(len(frame.data))[frame.name]
    last = 8 * len(frame.durable[frame.name])
    for bit in range(8 * len(whole)):
        try:
            records = opened({frame.name: flipped(whole, bit)})
        except WalDamagedError:
            if bit >= last:
                raise Violation("flip", f"bit {bit} is in the last frame, which begins at {last}") from None
            continue
        if bit < last or records != before:
            raise Violation("flip", f"bit {bit} of {8 * len(whole)} was taken for good")


def check_every_byte(log: Written) -> None:
    """Both for all frames of a log.

    Raises:
        Violation: one fails.
    """
    for frame in log.frames:
        check_torn(log, frame)
        check_flipped(frame)
