"""`node.driver` with real cores, real signatures and real logs: what a node says is in its log before anybody hears it."""

import asyncio
import errno
import hashlib
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import pytest

from consensus.core import Core
from consensus.events import AppCall, Applied, Build, Built, Check, Checked, Config, Connected, Deliver, Received, Tip, Work
from consensus.limits import MAX_HEADERS
from consensus.messages import (
    Block,
    Certificate,
    GetHeaders,
    Headers,
    Mark,
    Message,
    Payload,
    Proposal,
    Vote,
    decode,
    encode,
)
from node.driver import Driver, Epoch, monotonic_ms
from node.errors import WalFailedError
from node.scheme import Ed25519Scheme
from node.wal import Wal
from node.wire import Consensus, decode_frame, encode_frame
from tests.simulation.disk import MemoryDisk
from tests.support.parts import node_keys, running, until
from tests.support.world import VALIDATORS

LEDGER = hashlib.sha256(b"driver").digest()
GENESIS = Tip(0, 0, LEDGER, 1_000)
LOG = Path("/log")
MARK = Mark(0, 0, bytes(32), bytes(32))


def durable(disk: MemoryDisk) -> list[bytes]:
    """The records that a power cut at this moment would leave."""
    copy = MemoryDisk(Random(0))
    for path, file in disk._durable.items():
        copy.put(path, bytes(file.data[: file.durable]))
    return Wal.open(LOG, LEDGER, copy).records


class Member:
    """One validator: core, driver and log; its application has a record to propose whenever it is asked."""

    def __init__(self, net: "Net", code: str, disk: MemoryDisk | None = None, tip: Tip = GENESIS) -> None:
        self.net, self.code = net, code
        self.keys = node_keys(code)
        self.disk = disk or MemoryDisk(Random(1))
        wal = Wal.open(LOG, LEDGER, self.disk) if self.disk.content() else Wal.create(LOG, LEDGER, self.disk)
        validators = tuple(node_keys(one).consensus.public for one in net.codes)
        config = Config(LEDGER, 0, validators, self.keys.consensus.public)
        core, first = Core.recover(config, Ed25519Scheme(self.keys.consensus), wal.records, tip, monotonic_ms())
        self.driver = Driver(Epoch(core, wal, first), lambda: None, self._send, self._application)
        self.tip = tip
        self.heights: list[int] = []
        self.digests: dict[int, bytes] = {}
        self.final: list[tuple[Block, Certificate | None]] = []
        self.sent: list[Message] = []
        self.synced_before: list[int] = []

    def _send(self, to: bytes | None, item: bytes) -> None:
        (carried,) = decode_frame(encode_frame([item]))
        assert isinstance(carried, Consensus)
        message = decode(carried.message)
        self.sent.append(message)
        self._must_be_durable(message)
        self.net.carry(self.code, to, message)

    def _must_be_durable(self, message: Message) -> None:
        records = durable(self.disk)
        if isinstance(message, Proposal):
            message = message.vote
        if isinstance(message, Vote | Certificate):
            assert encode(message) in records, f"{self.code} said what it may forget: {message}"

    def _application(self, call: AppCall) -> None:
        match call:
            case Build(view=view, parent=parent):
                payload = Payload(parent.time + 1, MARK, b"", (hashlib.sha256(b"%d" % view).digest(),))
                self.driver.post_now(Built(view, parent.digest, payload))
            case Check(digest=digest):
                self.driver.post_now(Checked(digest, valid=True))
            case Deliver(block=block, digest=digest, final=final):
                self.final.append((block, final))
                self.tip = Tip(block.view, block.height, digest, block.payload.time)
                self.heights.append(block.height)
                self.digests[block.height] = digest
                self.driver.post_now(Applied(block.height))
                self.driver.post_now(Work(pending=True, due=False))

    def headers(self, first: int) -> Headers | None:
        """Final blocks from this height on, as a node answers out of its store."""
        stretch = [(block, final) for block, final in self.final if block.height >= first][:MAX_HEADERS]
        while stretch and stretch[-1][1] is None:
            stretch.pop()
        return Headers(tuple(block for block, _ in stretch), stretch[-1][1]) if stretch else None

    def greet(self) -> None:
        for code in self.net.codes:
            if code != self.code:
                self.driver.post_now(Connected(node_keys(code).consensus.public))
        self.driver.post_now(Work(pending=True, due=False))


class Net:
    """Members that hear each other at once."""

    def __init__(self, codes: tuple[str, ...] = VALIDATORS) -> None:
        self.codes = codes
        self.members = {code: Member(self, code) for code in codes}
        self.tasks: set[asyncio.Task[None]] = set()

    def carry(self, sender: str, to: bytes | None, message: Message) -> None:
        key = node_keys(sender).consensus.public
        for code, member in self.members.items():
            if code == sender or to not in {None, member.keys.consensus.public}:
                continue
            if not isinstance(message, GetHeaders):
                self._post(member, key, message)
            elif answer := member.headers(message.first):
                self._post(self.members[sender], member.keys.consensus.public, answer)

    def _post(self, member: Member, sender: bytes, message: Message) -> None:
        task = asyncio.ensure_future(member.driver.post(Received(sender, message)))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def up(self, stack: AsyncExitStack, *codes: str) -> None:
        for code in codes or self.codes:
            member = self.members[code]
            await stack.enter_async_context(running(member.driver.run()))
            member.greet()

    def close(self) -> None:
        for member in self.members.values():
            member.driver.close()


def play(work: Callable[[Net, AsyncExitStack], object], codes: tuple[str, ...] = VALIDATORS) -> Net:
    async def whole() -> Net:
        net = Net(codes)
        try:
            async with asyncio.timeout(60), AsyncExitStack() as stack:
                await work(net, stack)
        finally:
            for task in net.tasks:
                task.cancel()
            net.close()
        return net

    return asyncio.run(whole())


@pytest.mark.parametrize("codes", [("BW",), VALIDATORS], ids=["alone", "four"])
def test_nothing_is_said_that_a_power_cut_could_take_back(codes: tuple[str, ...]) -> None:
    """Checked at every single send, against what is durable at that moment."""

    async def work(net: Net, stack: AsyncExitStack) -> None:
        await net.up(stack)
        await until(lambda: all(len(member.heights) >= 6 for member in net.members.values()), 50)

    net = play(work, codes)
    for member in net.members.values():
        assert member.heights == list(range(1, len(member.heights) + 1))
        assert {Vote, Certificate} <= {type(message) for message in member.sent}
    common = min(len(member.heights) for member in net.members.values())
    assert len({tuple(member.digests[height] for height in range(1, common + 1)) for member in net.members.values()}) == 1


@pytest.mark.parametrize("operation", ["write", "sync"])
@pytest.mark.parametrize("after", [0, 1, 5])
def test_a_failing_disk_silences_the_node(operation: str, after: int) -> None:
    silent_from = []

    async def work(net: Net, stack: AsyncExitStack) -> None:
        member, left = net.members["RU"], [after]

        def fail(name: str) -> None:
            if name == operation:
                left[0] -= 1
                if left[0] < 0:
                    silent_from.append(len([one for one in member.sent if isinstance(one, Vote | Proposal)]))
                    raise OSError(errno.EIO, "broken")

        member.disk.before = fail
        await net.up(stack, "BW", "EU", "AE")
        await net.up(stack, "RU")
        await until(lambda: silent_from)
        await until(lambda: len(net.members["BW"].heights) >= len(member.heights) + 3, 30)
        assert len([one for one in member.sent if isinstance(one, Vote | Proposal)]) == silent_from[0]

    with pytest.raises(WalFailedError):
        play(work)


def test_a_member_comes_back_with_its_log_and_says_nothing_else_than_before() -> None:
    """Its power goes in the middle; what it signed before and after may not contradict."""

    async def work(net: Net, stack: AsyncExitStack) -> None:
        await net.up(stack, "RU", "EU", "AE")
        before = net.members["BW"]
        async with AsyncExitStack() as first:
            await net.up(first, "BW")
            await until(lambda: len(before.heights) >= 3, 30)
        away_at = net.members["RU"].tip.height
        await until(lambda: net.members["RU"].tip.height > away_at + 3, 30)
        before.driver.close()
        before.disk.crash()
        again = net.members["BW"] = Member(net, "BW", before.disk, before.tip)
        await net.up(stack, "BW")
        for code in ("RU", "EU", "AE"):
            net.members[code].greet()
        await until(lambda: len(again.heights) >= 3, 50)
        said: dict[tuple[int, int], bytes] = {}
        for message in (*before.sent, *again.sent):
            vote = message.vote if isinstance(message, Proposal) else message
            if isinstance(vote, Vote):
                assert said.setdefault((vote.kind, vote.view), vote.digest) == vote.digest
        assert again.heights[0] == before.tip.height + 1

    play(work)


def test_many_outputs_share_one_sync_and_keep_their_order() -> None:
    """While the disk is slow events pile up; they are then handled together, and said in the order of the log."""

    async def work(net: Net, stack: AsyncExitStack) -> None:
        await net.up(stack)
        await until(lambda: all(len(member.heights) >= 5 for member in net.members.values()), 50)

    net = play(work)
    for member in net.members.values():
        log = durable(member.disk)
        votes = [
            encode(one.vote if isinstance(one, Proposal) else one) for one in member.sent if isinstance(one, Vote | Proposal)
        ]
        first_said = list(dict.fromkeys(votes))
        assert [log.index(vote) for vote in first_said] == sorted(log.index(vote) for vote in first_said)
        assert member.driver.fsyncs < len(log)
