"""`node.export`: a node's log as static files, fetched over real HTTP; every damage to the files is found from the files alone."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.app import create_app
from api.auth import TokenBook
from ledger.errors import BadTileError, LogSignatureMissingError, ProofError, QuorumNotMetError, RootMismatchError
from ledger.policy import parse_policy
from node.client import Client, ProblemError
from node.errors import FatalError
from node.export import Exported, export_log, verify_log
from tests.support.http import running
from tests.support.port import SEATS, LocalPort
from tests.support.world import World, seed

KEYS = {code: {name: seed(f"{code}/{name}") for name in ("log", "cosign")} for code in SEATS}


class Served:
    """The world's log behind HTTP, cosigned."""

    def __init__(self, world: World) -> None:
        self.world = world
        network = SimpleNamespace(genesis=world.ledger.genesis, keys=KEYS)
        self.port = LocalPort(world.ledger, network, TokenBook(None), clock=world.now)
        self.token = self.port.tokens.issue("auditor", world.now)
        self.policy = parse_policy(self.port.policy().encode())
        self.app = create_app(self.port)

    def grow(self, size: int) -> None:
        """Adds leaves up to this size, in one block, and a quorum's checkpoint."""
        first = self.world.ledger.head.tree_size
        self.world.accept(*(self.world.issue(number=f"BW{number:07d}") for number in range(first + 1, size + 1)))
        self.port.cosign()

    async def export(self, directory: Path, token: str | None = None) -> Exported:
        async with (
            running(self.app, self.port.limits) as at,
            Client(f"http://127.0.0.1:{at}", self.token if token is None else token) as client,
        ):
            return await export_log(client, directory, self.policy)

    def verify(self, directory: Path) -> tuple[int, list[tuple[int, int]]]:
        told: list[tuple[int, int]] = []
        accepted = verify_log(directory, self.policy, lambda done, size: told.append((done, size)))
        assert accepted.checkpoint.root == self.world.ledger.root_at(accepted.checkpoint.size)
        return accepted.checkpoint.size, told


def files(directory: Path) -> dict[str, bytes]:
    return {str(file.relative_to(directory)): file.read_bytes() for file in sorted(directory.rglob("*")) if file.is_file()}


def play(tmp_path: Path, work: Callable[[Served], object]) -> None:
    async def whole(world: World) -> None:
        async with asyncio.timeout(60):
            await work(Served(world))

    with World.make(tmp_path / "ledger") as world:
        asyncio.run(whole(world))


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257])
def test_every_size_is_exported_whole(tmp_path: Path, size: int) -> None:
    async def work(served: Served) -> None:
        if size:
            served.grow(size)
        exported = await served.export(tmp_path / "log")
        assert (exported.checkpoint.size, exported.kept) == (size, 0)
        assert exported.fetched == len(files(tmp_path / "log")) - 1
        checked, told = served.verify(tmp_path / "log")
        assert checked == size
        assert (told[-1] if told else (0, 0)) == (size, size)

    play(tmp_path, work)


def test_again_costs_only_what_is_new(tmp_path: Path) -> None:
    async def work(served: Served) -> None:
        served.grow(257)
        first = await served.export(tmp_path / "log")
        again = await served.export(tmp_path / "log")
        assert (again.fetched, again.kept) == (0, first.fetched)
        served.grow(300)
        grown = await served.export(tmp_path / "log")
        assert grown.checkpoint.size == 300
        assert grown.kept == 3  # the full tile and bundle, and the tile above them
        assert served.verify(tmp_path / "log")[0] == 300
        assert await served.export(tmp_path / "fresh")
        assert served.verify(tmp_path / "fresh")[0] == 300

    play(tmp_path, work)


def test_interrupted_it_has_no_checkpoint_and_goes_on(tmp_path: Path) -> None:
    async def work(served: Served) -> None:
        served.grow(257)
        real, left = Client.get_bytes, [3]

        async def cut(client: Client, path: str) -> bytes:
            left[0] -= 1
            if left[0] < 0:
                await asyncio.sleep(0.2)  # what was under way arrives
                raise FatalError("cut", "off", "again")
            return await real(client, path)

        with pytest.MonkeyPatch.context() as patch, pytest.raises(FatalError):
            patch.setattr(Client, "get_bytes", cut)
            await served.export(tmp_path / "log")
        assert not (tmp_path / "log" / "checkpoint").exists()
        exported = await served.export(tmp_path / "log")
        assert exported.kept >= 1
        assert served.verify(tmp_path / "log")[0] == 257

    play(tmp_path, work)


def test_entries_are_for_readers_only(tmp_path: Path) -> None:
    async def work(served: Served) -> None:
        served.grow(1)
        with pytest.raises(ProblemError) as caught:
            await served.export(tmp_path / "log", token="")
        assert caught.value.status == 401
        assert not (tmp_path / "log" / "checkpoint").exists()

    play(tmp_path, work)


def test_a_checkpoint_without_a_quorum_is_not_written(tmp_path: Path) -> None:
    async def work(served: Served) -> None:
        served.grow(1)
        served.port.cosign(count=2)
        with pytest.raises(QuorumNotMetError):
            await served.export(tmp_path / "log")
        assert not (tmp_path / "log").exists()

    play(tmp_path, work)


def test_a_node_that_is_away_is_told(tmp_path: Path) -> None:
    async def work(served: Served) -> None:
        async with Client("http://127.0.0.1:9") as client:
            with pytest.raises(FatalError):
                await export_log(client, tmp_path / "log", served.policy)

    play(tmp_path, work)


def flip(data: bytes, place: int) -> bytes:
    place %= len(data)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def swap_entries(data: bytes) -> bytes:
    """The first two entries of a bundle, in the other order."""
    sizes = [int.from_bytes(data[:2])]
    sizes.append(int.from_bytes(data[2 + sizes[0] :][:2]))
    first, second = data[: 2 + sizes[0]], data[2 + sizes[0] :][: 2 + sizes[1]]
    return second + first + data[len(first) + len(second) :]


SPOILT: dict[str, tuple[str, Callable[[bytes], bytes | None], type[Exception]]] = {
    "an entry changed": ("tile/entries/000", lambda data: flip(data, 500), BadTileError),
    "the last entry changed": ("tile/entries/001.p/4", lambda data: flip(data, -1), BadTileError),
    "two entries swapped": ("tile/entries/000", swap_entries, BadTileError),
    "an entry too many": ("tile/entries/001.p/4", lambda data: data + b"\x00\x01x", BadTileError),
    "an entry cut": ("tile/entries/001.p/4", lambda data: data[:-1], BadTileError),
    "a bundle gone": ("tile/entries/001.p/4", lambda _data: None, FileNotFoundError),
    "a hash changed": ("tile/0/000", lambda data: flip(data, 99), BadTileError),
    "a hash too few": ("tile/0/001.p/4", lambda data: data[:-32], BadTileError),
    "a hash too many": ("tile/0/001.p/4", lambda data: data + bytes(32), BadTileError),
    "a tile gone": ("tile/0/000", lambda _data: None, FileNotFoundError),
    "an upper tile changed": ("tile/1/000.p/1", lambda data: flip(data, 0), BadTileError),
    "another size": ("checkpoint", lambda data: data.replace(b"\n260\n", b"\n259\n"), ProofError),
    "another root": ("checkpoint", lambda data: flip(data, data.index(b"\n260\n") + 8), ProofError),
    "no signatures": ("checkpoint", lambda data: data[: data.index(b"\n\n") + 2], ProofError),
    "the log's line gone": (
        "checkpoint",
        lambda data: b"\n".join(line for at, line in enumerate(data.split(b"\n")) if at != 4),
        LogSignatureMissingError,
    ),
    "no checkpoint": ("checkpoint", lambda _data: None, FileNotFoundError),
    "a checkpoint of megabytes": ("checkpoint", lambda data: data + b"x" * 2_000_000, ProofError),
}


def test_every_damage_is_found_from_the_files_alone(tmp_path: Path) -> None:
    async def work(served: Served) -> None:
        served.grow(260)
        directory = tmp_path / "log"
        await served.export(directory)
        assert served.verify(directory)[0] == 260
        for what, (name, spoil, error) in SPOILT.items():
            file = directory / name
            intact = file.read_bytes()
            spoilt = spoil(intact)
            assert spoilt != intact, what
            if spoilt is None:
                file.unlink()
            else:
                file.write_bytes(spoilt)
            with pytest.raises(error):
                served.verify(directory)
                pytest.fail(what)
            file.write_bytes(intact)
        assert served.verify(directory)[0] == 260

    play(tmp_path, work)


def test_entries_and_tiles_of_another_log_do_not_make_this_root(tmp_path: Path) -> None:
    """Consistent among themselves, under this log's checkpoint."""

    async def work(served: Served) -> None:
        served.grow(3)
        await served.export(tmp_path / "log")
        with World.make(tmp_path / "other") as world:
            other = Served(world)
            world.accept(*(world.issue(number=f"BW{number:07d}") for number in (7, 8, 9)))
            other.port.cosign()
            await other.export(tmp_path / "theirs")
        (tmp_path / "theirs" / "checkpoint").write_bytes((tmp_path / "log" / "checkpoint").read_bytes())
        with pytest.raises(RootMismatchError):
            served.verify(tmp_path / "theirs")

    play(tmp_path, work)
