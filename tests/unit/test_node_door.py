"""`node.door`: whoever comes, there is room for those who are known, and never more connections than were planned for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import uvloop

from node import door as module
from node.door import Door
from node.keys import write_secret
from node.tasks import Tasks
from node.tls import contexts, make_certificate, to_pem
from tests.support.parts import until

LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


class Hall(asyncio.Protocol):
    """Answers everything with the same in capital letters, and knows who is in."""

    inside: set["Hall"]

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.inside.add(self)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data.upper())

    def connection_lost(self, _error: Exception | None) -> None:
        self.inside.remove(self)


class House:
    """A door, two certificates that it knows and one that it does not."""

    def __init__(self, folder: Path) -> None:
        pinned = []
        for name in ("own", "peer", "other", "stranger"):
            key, der = make_certificate(name, None)
            write_secret(folder / f"{name}.key", key, None)
            (folder / f"{name}.crt").write_text(to_pem(der), encoding="ascii")
            pinned += [der] if name != "stranger" else []
        self._tls = {
            name: contexts(folder / f"{name}.key", folder / f"{name}.crt", None, pinned)
            for name in ("own", "peer", "other", "stranger")
        }
        self.inside: set[Hall] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.tasks = Tasks()
        self.refused: list[tuple[bytes | None, str]] = []
        self.door = Door(type("Here", (Hall,), {"inside": self.inside}), self._tls["own"][0], self.tasks, self._refuse)

    def _refuse(self, certificate: bytes | None, reason: str) -> None:
        self.refused.append((certificate, reason))

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        self.door.open("127.0.0.1", 0)
        try:
            yield
        finally:
            await self.tasks.stop()
            self.door.close()
            for transport in [writer.transport for writer in self._writers] + [hall.transport for hall in self.inside]:
                transport.abort()
            await until(lambda: not self.inside)
            await asyncio.sleep(0.01)

    @property
    def port(self) -> int:
        assert self.door._listener is not None
        return self.door._listener.getsockname()[1]

    async def _connect(self, **more: object) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, **more)
        self._writers.append(writer)
        return reader, writer

    async def knock(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that says nothing."""
        return await self._connect()

    async def visit(self, name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection that shows this certificate."""
        return await self._connect(ssl=self._tls[name][1], server_hostname="node")


async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: bytes = b"hello") -> bytes:
    writer.write(text)
    return await reader.readexactly(len(text))


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the other end closes it soon."""
    try:
        async with asyncio.timeout(3):
            return await reader.read(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


async def ended_after_words(reader: asyncio.StreamReader) -> bool:
    """The same, where something (a TLS alert) may be said before."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(3):
            await reader.read()
    return True


def play(tmp_path: Path, loop: Callable[[], asyncio.AbstractEventLoop], work: Callable[[House], Awaitable[None]]) -> None:
    async def whole() -> None:
        house = House(tmp_path)
        async with asyncio.timeout(30), house.opened():
            await work(house)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(whole())


@pytest.mark.parametrize("loop", LOOPS)
def test_who_is_known_comes_in_and_leaves(tmp_path: Path, loop) -> None:
    async def work(house: House) -> None:
        guests = [await house.visit(name) for name in ("peer", "other", "peer")]
        for reader, writer in guests:
            assert await talk(reader, writer) == b"HELLO"
            assert await talk(reader, writer, b"x" * 300_000) == b"X" * 300_000
        assert len(house.inside) == 3
        assert sorted(house.door._open.values()) == [1, 2]
        for _, writer in guests:
            writer.close()
        await until(lambda: not house.inside and not house.door._open)
        assert not house.door._strangers
        assert house.door.refused == 0

    play(tmp_path, loop, work)


@pytest.mark.parametrize("loop", LOOPS)
def test_what_follows_the_handshake_at_once_is_not_lost(tmp_path: Path, loop) -> None:
    async def work(house: House) -> None:
        for _ in range(20):
            reader, writer = await house.visit("peer")
            writer.write(b"a")
            writer.write(b"b")
            assert await reader.readexactly(2) == b"AB"
            writer.close()
            await until(lambda: not house.inside)

    play(tmp_path, loop, work)


@pytest.mark.parametrize("loop", LOOPS)
def test_an_unknown_certificate_stays_outside(tmp_path: Path, loop) -> None:
    async def work(house: House) -> None:
        with contextlib.suppress(OSError):
            reader, writer = await house.visit("stranger")
            writer.write(b"hello")
            assert await ended(reader)
        await until(lambda: not house.door._strangers)
        assert not house.inside
        assert not house.door._open

    play(tmp_path, loop, work)


@pytest.mark.parametrize("loop", LOOPS)
def test_a_crowd_at_the_door_keeps_nobody_out(tmp_path: Path, loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRANGERS", 5)

    async def work(house: House) -> None:
        crowd = [await house.knock() for _ in range(12)]
        await until(lambda: house.door.refused >= 7)
        assert set(house.refused) == {(None, "too-many-strangers")}
        assert len(house.door._strangers) <= 5
        assert all([await ended(reader) for reader, _ in crowd[:7]])
        guest = await house.visit("peer")
        assert await talk(*guest) == b"HELLO"
        assert len(house.door._strangers) <= 5

    play(tmp_path, loop, work)


@pytest.mark.parametrize("loop", LOOPS)
def test_silence_and_rubbish_are_shown_out(tmp_path: Path, loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HANDSHAKE_SECONDS", 0.2)

    async def work(house: House) -> None:
        silent, _ = await house.knock()
        rude, writer = await house.knock()
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await ended_after_words(rude)
        assert await ended(silent)
        await until(lambda: not house.door._strangers)
        assert house.refused == [(None, "no-tls")] * 2
        await until(lambda: len(house.tasks) == 1)

    play(tmp_path, loop, work)


@pytest.mark.parametrize("loop", LOOPS)
def test_one_certificate_has_a_few_connections_and_takes_no_others_place(
    tmp_path: Path, loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECTIONS_PER_PEER", 2)

    async def work(house: House) -> None:
        guests = [await house.visit("peer") for _ in range(4)]
        await until(lambda: house.door.refused == 2)
        assert [(bool(shown), reason) for shown, reason in house.refused] == [(True, "too-many-connections")] * 2
        other = await house.visit("other")
        assert await talk(*other) == b"HELLO"
        assert len(house.inside) == 3
        for _, writer in guests:
            writer.close()
        await until(lambda: len(house.inside) == 1)
        again = await house.visit("peer")
        assert await talk(*again) == b"HELLO"

    play(tmp_path, loop, work)
