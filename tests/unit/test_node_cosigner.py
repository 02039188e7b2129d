"""`node.cosigner`: one root a size over the key's whole life, durable first; peers that lie, flood, come early or late."""

import asyncio
import errno
from pathlib import Path
from typing import Self

import pytest

from ledger.network import of_genesis
from ledger.note import parse_note
from ledger.policy import accept
from node import cosigner as module
from node import guard as guard_module
from node.cosigner import Cosigner
from node.errors import Exit, FatalError, PeerError, WalFailedError
from node.keyring import policy
from node.limits import CHECKPOINTS_EARLY, CHECKPOINTS_KEPT, REFRESH_SECONDS
from node.refusals import Refusals
from node.wire import Cosigned, decode_frame, encode_frame, encode_item
from tests.simulation.disk import MemoryDisk
from tests.support.parts import (
    cosigned,
    cosigned_head,
    memory,
    new_wal,
    node_keys,
    node_of,
    running,
    settled,
    until,
    with_nodes,
)
from tests.support.world import VALIDATORS, World

ME = "BW"


class Signing:
    """A cosigner of BW, what it sends, and the sizes that became final."""

    def __init__(self, world: World, disk: MemoryDisk | None = None) -> None:
        self.world = world
        self.disk = disk or memory()
        self.events: list[str] = []
        self.sent: list[bytes] = []
        self.final: list[int] = []
        self.refusals = Refusals()
        self.guard = new_wal(self.disk, world.ledger.ledger_id)
        self.cosigner = Cosigner(ME, world.ledger, node_keys(ME), self.guard, self._send, self.refusals)
        self.cosigner.on_quorum = self.final.append
        self.disk.before = self.events.append

    def _send(self, item: bytes) -> None:
        self.events.append("send")
        self.sent.append(item)

    async def __aenter__(self) -> Self:
        self._running = running(self.cosigner.run())
        self.tasks = await self._running.__aenter__()
        await until(lambda: self.sent or self.cosigner.guard.signed()[0] > self.world.ledger.head.tree_size)
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._running.__aexit__(None, None, None)
        finally:
            self.cosigner.close()

    async def grow(self, *numbers: str) -> None:
        """A block, and the signature over its head."""
        before = len(self.sent)
        self.cosigner.executed(self.world.accept(*(self.world.issue(number=number) for number in numbers)).head)
        await until(lambda: len(self.sent) > before)

    @property
    def own(self) -> tuple[int, bytes]:
        assert self.cosigner.own is not None
        return self.cosigner.own.size, self.cosigner.own.root

    def node(self, code: str):
        return self.world.ledger.genesis.node(code)

    def receive(self, code: str, time: int = 1_000) -> None:
        """A sound cosignature of the head."""
        self.cosigner.received(self.node(code), cosigned_head(self.world, code, time=time))

    def signers(self, size: int | None = None) -> list[str]:
        """Whose cosignatures the note carries."""
        note = self.cosigner.quorum_checkpoint(size)
        assert note is not None
        return [signature.name.removesuffix("/witness") for signature in parse_note(note.encode()).signatures[1:]]


def run(work) -> None:
    asyncio.run(work)


def test_signs_the_head_at_start_and_each_growth_once(tmp_path: Path) -> None:
    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                assert signing.own == (0, world.ledger.head.root)
                await signing.grow("BW0000001")
                await signing.grow("BW0000002", "BW0000003")
                assert signing.own == (3, world.ledger.head.root)
                signing.cosigner.executed(world.block().head)  # a block without records changes no size
                await settled()
                assert len(signing.sent) == 3
                assert signing.sent[-1] == encode_item(signing.cosigner.own)
                assert cosigned_head(world, ME, time=signing.cosigner.own.time) == signing.cosigner.own

    run(play())


def test_a_quorum_of_validators_makes_a_checkpoint_that_verifies(tmp_path: Path) -> None:
    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                await signing.grow("BW0000001")
                assert signing.cosigner.quorum_checkpoint() is None
                assert signing.cosigner.quorum_size == -1
                signing.receive("RU")
                assert (signing.final, signing.cosigner.quorum_size) == ([], -1)
                signing.receive("EU")
                assert (signing.final, signing.cosigner.quorum_size) == ([1], 1)
                signing.receive("AE")
                assert signing.final == [1]
                genesis = world.ledger.genesis
                note = signing.cosigner.quorum_checkpoint()
                accepted = accept(policy(genesis.origin, of_genesis(genesis), {ME: ""}), note.encode())
                assert len(accepted.witnesses) == 4
                checkpoint = accepted.checkpoint
                assert (checkpoint.size, checkpoint.root) == (1, world.ledger.head.root)
                assert signing.cosigner.quorum_checkpoint(1) == note
                assert signing.cosigner.quorum_checkpoint(0) is None

    run(play())


def test_followers_enter_the_note_and_never_the_quorum(tmp_path: Path) -> None:
    followers = [node_of(code, validator=False) for code in ("NA", "AO", "ZA")]
    genesis = with_nodes(*followers, *(node_of(code) for code in VALIDATORS))

    async def play() -> None:
        with World.make(tmp_path, genesis) as world:
            async with Signing(world) as signing:
                for code in ("NA", "AO", "ZA", "RU"):
                    signing.receive(code)
                assert signing.final == []
                signing.receive("AE")
                assert signing.final == [0]
                assert signing.signers() == ["BW", "RU", "AE", "AO", "NA", "ZA"]

    run(play())


def test_the_guard_is_durable_before_the_signature_leaves(tmp_path: Path) -> None:
    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                await signing.grow("BW0000001")
                assert signing.events == ["write", "sync", "send", "write", "sync", "send"]

    run(play())


@pytest.mark.parametrize("operation", ["write", "sync"])
def test_a_failing_guard_ends_the_node_and_nothing_is_sent(tmp_path: Path, operation: str) -> None:
    async def play(signing: Signing, world: World) -> None:
        def fail(name: str) -> None:
            if name == operation:
                raise OSError(errno.EIO, "broken disk")

        async with signing:
            signing.disk.before = fail
            signing.cosigner.executed(world.accept(world.issue()).head)
            await until(signing.tasks[0].done)

    with World.make(tmp_path) as world:
        signing = Signing(world)
        with pytest.raises(WalFailedError):
            run(play(signing, world))
        assert len(signing.sent) == 1


def test_never_a_smaller_size_after_a_restart_with_an_older_store(tmp_path: Path) -> None:
    """The store came back from a backup: silent until it has caught up, then the same root and what follows it."""
    disk = memory()

    async def first() -> None:
        with World.make(tmp_path / "now") as world:
            async with Signing(world, disk) as signing:
                for number in ("BW0000001", "BW0000002", "BW0000003"):
                    await signing.grow(number)

    async def second() -> None:
        with World.make(tmp_path / "backup") as world:
            world.accept(world.issue(number="BW0000001"))
            signing = Signing(world, disk)
            async with signing:
                signing.cosigner.executed(world.accept(world.issue(number="BW0000002")).head)
                await settled()
                assert signing.sent == []
                assert signing.cosigner.own is None
                await signing.grow("BW0000003")
                assert [item.size for item in [signing.cosigner.own]] == [3]
                await signing.grow("BW0000004")
                assert signing.own == (4, world.ledger.head.root)

    run(first())
    run(second())


def test_of_many_heads_at_once_only_those_from_the_signed_size_on_are_signed(tmp_path: Path) -> None:
    """The store catches up in one go: what it passes on the way was signed by the process before, or never will be."""
    disk = memory()

    async def first() -> None:
        with World.make(tmp_path / "now") as world:
            async with Signing(world, disk) as signing:
                for number in ("BW0000001", "BW0000002", "BW0000003"):
                    await signing.grow(number)

    async def second() -> None:
        with World.make(tmp_path / "backup") as world:
            async with Signing(world, disk) as signing:
                for number in ("BW0000001", "BW0000002", "BW0000003", "BW0000004"):
                    signing.cosigner.executed(world.accept(world.issue(number=number)).head)
                await until(lambda: len(signing.sent) == 2)
                await settled()
                sizes = [item.size for sent in signing.sent for item in decode_frame(encode_frame([sent]))]
                assert sizes == [3, 4]

    run(first())
    run(second())


def test_no_second_root_for_a_size(tmp_path: Path) -> None:
    disk = memory()

    async def play(name: str, *numbers: str) -> None:
        with World.make(tmp_path / name) as world:
            world.accept(*(world.issue(number=number) for number in numbers))
            signing = Signing(world, disk)
            async with running(signing.cosigner.run()) as tasks:
                await until(lambda: signing.sent or tasks[0].done())

    run(play("one", "BW0000001", "BW0000002"))
    with pytest.raises(FatalError) as caught:
        run(play("other", "BW0000008", "BW0000009"))
    assert caught.value.code is Exit.REFUSED
    assert str(caught.value).count("\n") == 2


@pytest.mark.parametrize("blocks", [[("BW0000008",), ("BW0000009",)], [("BW0000008", "BW0000009")]], ids=["through", "past"])
def test_no_log_that_does_not_continue_what_was_signed(tmp_path: Path, blocks: list[tuple[str, ...]]) -> None:
    """The guard holds size 1; another history goes through that size, or past it in one block: nothing of it may be signed."""
    disk = memory()

    async def first() -> None:
        with World.make(tmp_path / "one") as world:
            async with Signing(world, disk) as signing:
                await signing.grow("BW0000001")

    async def second(world: World, signing: Signing) -> None:
        async with running(signing.cosigner.run()) as tasks:
            await settled()
            for numbers in blocks:
                signing.cosigner.executed(world.accept(*(world.issue(number=number) for number in numbers)).head)
            await until(tasks[0].done)

    run(first())
    with World.make(tmp_path / "other") as world:
        signing = Signing(world, disk)
        with pytest.raises(FatalError, match="another root for size 1"):
            run(second(world, signing))
        assert signing.sent == []


def test_a_crash_between_guard_and_signature_costs_no_size(tmp_path: Path) -> None:
    """The guard may be ahead of what left the node, never behind; the same size and root are signed again after a restart."""
    disk = memory()

    async def play() -> None:
        with World.make(tmp_path / "node") as world:
            head = world.accept(world.issue()).head
            guard = new_wal(disk, world.ledger.ledger_id)
            guard.append([head.tree_size.to_bytes(8, "big") + head.root])
            guard.sync()
            async with Signing(world, disk) as signing:
                assert signing.own == (1, head.root)

    run(play())


def test_the_guard_stays_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "_ROTATE_BYTES", 300)
    disk = memory()

    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world, disk) as signing:
                for number in range(1, 30):
                    await signing.grow(f"BW{number:07d}")
                    assert signing.guard.size < 500
                last = signing.own
            assert Signing(world, disk).cosigner.guard.signed() == last

    run(play())


def test_an_unchanged_head_is_signed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FRESHNESS_SECONDS", 0.01)

    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                monkeypatch.setattr(module.time, "time", lambda: 5_000_000_000.0)
                await until(lambda: signing.cosigner.own.time == 5_000_000_000)
                assert signing.own == (0, world.ledger.head.root)
                assert signing.events.count("sync") == 1

    run(play())


def test_quorum_checkpoints_outlive_the_process(tmp_path: Path) -> None:
    disk = memory()

    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world, disk) as signing:
                await signing.grow("BW0000001")
                for code in ("RU", "EU"):
                    signing.receive(code)
                note = signing.cosigner.quorum_checkpoint()
        with World.make(tmp_path) as world:
            async with Signing(world, disk) as signing:
                assert signing.cosigner.quorum_size == 1
                assert signing.cosigner.quorum_checkpoint() == note

    run(play())


# --- peers ----------------------------------------------------------------------------------------------------------------


def test_a_fork_is_counted_and_never_merged(tmp_path: Path) -> None:
    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                genesis = world.ledger.genesis
                await signing.grow("BW0000001")
                signing.receive("EU")
                other = cosigned(genesis, "RU", 1, b"\xee" * 32)
                for _ in range(3):
                    signing.cosigner.received(signing.node("RU"), other)
                assert signing.refusals.refused.readings() == {("RU", "fork"): 1}
                assert signing.final == []
                signing.receive("AE")
                assert (signing.final, signing.signers()) == ([1], ["BW", "EU", "AE"])
                ahead = cosigned(genesis, "RU", 2, b"\xee" * 32)
                signing.cosigner.received(signing.node("RU"), ahead)
                await signing.grow("BW0000002")
                assert signing.refusals.refused.readings() == {("RU", "fork"): 2}
                for code in ("EU", "AE"):
                    signing.receive(code)
                assert signing.signers() == ["BW", "EU", "AE"]

    run(play())


def test_a_bad_cosignature_is_the_peers_fault(tmp_path: Path) -> None:
    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                good = cosigned_head(world, "EU")
                spoilt = [
                    Cosigned(good.size, good.root, good.time, bytes(64)),
                    Cosigned(good.size, good.root, good.time + 1, good.signature),
                    Cosigned(good.size, b"\x01" * 32, good.time, good.signature),
                    Cosigned(good.size, good.root, 2**63 - 1, good.signature),
                ]
                for item in spoilt:
                    with pytest.raises(PeerError):
                        signing.cosigner.received(signing.node("EU"), item)
                with pytest.raises(PeerError):  # another's signature
                    signing.cosigner.received(signing.node("RU"), good)
                assert signing.refusals.refused.of("EU", "fork") == 0
                signing.receive("RU")
                assert signing.final == []
                early = Cosigned(1, bytes(32), 7, bytes(64))
                signing.cosigner.received(signing.node("AE"), early)  # cannot be told from a sound one yet
                await signing.grow("BW0000001")
                assert signing.refusals.refused.readings() == {("AE", "bad-cosignature"): 1}
                signing.receive("EU")
                assert signing.final == []

    run(play())


def test_the_newest_time_of_each_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REFRESH_SECONDS", 0.0)

    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                for code, time in (("RU", 50), ("EU", 60), ("RU", 40), ("EU", 70), ("EU", 70)):
                    signing.receive(code, time)
                lines = parse_note(signing.cosigner.quorum_checkpoint().encode()).signatures
                times = {line.name: int.from_bytes(line.value[:8], "big") for line in lines[2:]}
                assert times == {"RU/witness": 50, "EU/witness": 70}

    run(play())


def test_what_says_nothing_new_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                for code in ("RU", "EU", "AE"):
                    signing.receive(code)
                writes: list[object] = []
                monkeypatch.setattr(world.ledger, "keep_node_values", writes.append)
                for code in ("RU", "EU", "AE"):
                    signing.receive(code)
                    signing.receive(code, 900)
                assert writes == []
                monkeypatch.setattr(module, "REFRESH_SECONDS", 0.0)  # so much time has passed
                signing.receive("AE", 1_001)
                assert len(writes) == 1

    run(play())


def test_early_cosignatures_wait_until_their_size_is_executed(tmp_path: Path) -> None:
    async def play() -> None:
        with World.make(tmp_path / "ahead") as ahead, World.make(tmp_path / "here") as here:
            async with Signing(here) as signing:
                for number in ("BW0000001", "BW0000002"):
                    head = ahead.accept(ahead.issue(number=number)).head
                    for code in ("RU", "EU"):
                        signing.cosigner.received(signing.node(code), cosigned_head(ahead, code, head))
                assert signing.final == []
                await signing.grow("BW0000001")
                assert signing.final == [1]
                await signing.grow("BW0000002")
                assert signing.final == [1, 2]
                assert not any(signing.cosigner._early.values())

    run(play())


def test_a_flood_of_early_ones_takes_no_room_from_others(tmp_path: Path) -> None:
    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                liar = signing.node("RU")
                for size in range(1, 10 * CHECKPOINTS_EARLY):
                    signing.cosigner.received(liar, Cosigned(size, bytes(32), 1, bytes(64)))
                assert len(signing.cosigner._early[liar.participant]) == CHECKPOINTS_EARLY
                assert len(signing.cosigner._rounds) == 1
                for code in ("EU", "AE"):
                    signing.receive(code)
                assert signing.final == [0]
                await signing.grow("BW0000001")
                for code in ("EU", "AE"):
                    signing.receive(code)
                assert signing.final == [0, 1]

    run(play())


def test_however_far_ahead_the_others_are_what_they_signed_last_is_kept(tmp_path: Path) -> None:
    """It may be the last they say for a minute: a node that was away would catch up and have no checkpoint of its own."""

    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                for size in (5_000, 10**9, 2**63 - 1):
                    signing.cosigner.received(signing.node("RU"), Cosigned(size, bytes(32), 1, bytes(64)))
                assert list(signing.cosigner._early["RU"]) == [5_000, 10**9, 2**63 - 1]

    run(play())


def test_the_same_again_and_again_is_taken_twice_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert REFRESH_SECONDS == 30

    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                writes: list[object] = []
                monkeypatch.setattr(world.ledger, "keep_node_values", writes.append)
                for code in ("RU", "EU"):
                    signing.receive(code)
                for time in range(1_001, 1_200):
                    signing.receive("RU", time)
                assert len(writes) == 1
                monkeypatch.setattr(module, "REFRESH_SECONDS", 0.0)  # so much time has passed
                signing.receive("RU", 1_200)
                assert len(writes) == 2

    run(play())


def test_late_ones_make_a_note_fuller_and_forgotten_sizes_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINTS_KEPT", 3)
    assert CHECKPOINTS_KEPT > 3

    async def play() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world) as signing:
                heads = []
                for number in range(1, 6):
                    await signing.grow(f"BW{number:07d}")
                    heads.append(world.ledger.head)
                assert sorted(signing.cosigner._rounds) == [3, 4, 5]

                def receive(code: str, head) -> None:
                    signing.cosigner.received(signing.node(code), cosigned_head(world, code, head))

                for code in ("RU", "EU"):
                    receive(code, heads[4])
                assert signing.final == [5]
                for code in ("RU", "EU", "AE"):
                    receive(code, heads[2])
                assert signing.final == [5]
                assert signing.signers(3) == ["BW", "RU", "EU", "AE"]
                assert signing.signers() == ["BW", "RU", "EU"]
                for code in ("RU", "EU", "AE"):
                    receive(code, heads[0])
                assert signing.cosigner.quorum_checkpoint(1) is None
                assert not any(signing.cosigner._early.values())

    run(play())
