"""node/client against what is no node: no answer fills the memory, leads elsewhere, names a file, or ends a program without a reason."""

import asyncio
import gzip
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.statistics.basis import Basis, encode_basis
from node.cli import statistics
from node.client import Client, ProblemError, connection
from node.errors import Exit, FatalError
from node.release_export import export_releases
from tests.unit.test_statistics_release import FIRST, cube

DEEP = b"[" * 100_000
BOMB = gzip.compress(b" " * 20_000_000)
ID = "ab" * 32
PAGE = {"read_at_height": 1, "next": None}


class Impostor:
    """A server that gives prepared answers: body, status, headers by the path's beginning.

    Attributes:
        asked: the first lines and heads of all requests.
    """

    def __init__(self, answers: Mapping[str, tuple[bytes, int, str]]) -> None:
        self.asked: list[str] = []
        self._answers = answers

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head)
        path = head.split()[1]
        found = (answer for start, answer in self._answers.items() if path.startswith(start))
        body, status, fields = next(found, (b"{}", 404, ""))
        writer.write(
            f"HTTP/1.1 {status} Said\r\n{fields}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def impostor(answers: Mapping[str, tuple[bytes, int, str]]):
    there = Impostor(answers)
    server = await asyncio.start_server(there, "127.0.0.1", 0)
    async with server, asyncio.timeout(20):
        yield there, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def ask(body: bytes, work: Callable[[Client], Awaitable[Any]], status: int = 200, fields: str = "") -> Any:
    async def story() -> Any:
        async with impostor({"/": (body, status, fields)}) as (_, url), Client(url, "token") as client:
            return await work(client)

    return asyncio.run(story())


def is_no_node(body: bytes, work: Callable[[Client], Awaitable[Any]], says: str = "", fields: str = "") -> None:
    with pytest.raises(FatalError, match=says) as caught:
        ask(body, work, fields=fields)
    assert caught.value.code is Exit.BAD_DATA


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[]", b"1", DEEP])
def test_what_is_no_json_object_is_said_to_be_none(body: bytes) -> None:
    is_no_node(body, lambda client: client.get_json("/v1/network"), "/v1/network")
    is_no_node(body, lambda client: client.submit(b"record", wait=True), "/v1/records")


def test_an_answer_has_a_bounded_size_also_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CLIENT_ANSWER_BYTES", 1_000_000)
    is_no_node(b" " * 1_000_001, lambda client: client.get_bytes("/v1/x"), "longer than 1000000 bytes")
    is_no_node(BOMB, lambda client: client.get_bytes("/v1/x"), "longer than 1000000 bytes", "Content-Encoding: gzip\r\n")
    assert ask(gzip.compress(b"x" * 1_000_000), lambda client: client.get_bytes("/"), fields="Content-Encoding: gzip\r\n") == (
        b"x" * 1_000_000
    )


@pytest.mark.parametrize("body", [b"", b"<html>", DEEP, b"[]", b" " * 2_000_000])
def test_a_refusal_needs_no_sound_document(body: bytes) -> None:
    with pytest.raises(ProblemError) as caught:
        ask(body, lambda client: client.get_json("/v1/network"), 409)
    assert (caught.value.status, caught.value.problem["error"]) == (409, "status 409")


def test_nobody_is_followed_to_another_address() -> None:
    async def story() -> None:
        async with impostor({"/": (b'{"taken": 1}', 200, "")}) as (other, elsewhere):
            moved = (b"", 307, f"Location: {elsewhere}/v1/network\r\n")
            async with impostor({"/": moved}) as (_, url), Client(url, "secret") as client:
                for work in (client.get_json("/v1/network"), client.submit(b"record", wait=True)):
                    with pytest.raises(ProblemError, match="307"):
                        await work
                with pytest.raises(FatalError, match="no path"):
                    await client.get_bytes(f"@{elsewhere.removeprefix('http://')}/x")
            assert other.asked == []

    asyncio.run(story())


@pytest.mark.parametrize(
    "page", [{}, {"items": None, "next": None}, {"items": {}, "next": None}, {"items": [], "next": 1}, {"items": [1]}]
)
def test_a_list_that_is_none(page: dict[str, Any]) -> None:
    async def work(client: Client) -> dict[str, Any]:
        return await client.get_list("/v1/certificates", {})

    if page == {"items": [1]}:
        assert ask(json.dumps(page).encode(), work)["items"] == [1]
    else:
        is_no_node(json.dumps(page).encode(), work, "no page of a list")


@pytest.mark.parametrize("answers", [[], [{"id": 1}], [{"id": ID}, {"id": ID}], [None], {"id": ID}])
def test_answers_to_a_batch_that_are_none(answers: Any) -> None:
    is_no_node(json.dumps(answers).encode(), lambda client: client.submit_many([b"record"], wait=False), "batch")


@pytest.mark.parametrize(
    "stream", [b"id: x\nevent: record\ndata: {}\n\n", b"id: 1\nevent: record\ndata: {}\n\n", b"event: record\ndata: \xff\n\n"]
)
def test_a_stream_of_what_are_no_records(stream: bytes) -> None:
    async def first(client: Client) -> object:
        return await anext(aiter(client.follow()))

    is_no_node(stream, first, "/v1/stream")


def test_an_event_without_an_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """Line after line of one event: nothing of it is kept for ever, and the node is as good as lost."""

    async def first(client: Client) -> object:
        return await anext(aiter(client.follow()))

    with pytest.raises(FatalError, match="longer than any record"):
        ask((b"data: " + b"x" * 500_000 + b"\n") * 3, first)


ROW = {"id": ID, "period": "2026Q1", "revision": 0, "digest": ID, "json_file": "/file.json", "csv_file": "/file.csv"}


@pytest.mark.parametrize(
    "change",
    [
        {"period": "../../outside"},
        {"period": "2026Q1/../../../outside"},
        {"period": "/tmp/outside"},
        {"period": 2026},
        {"revision": "1/../../outside"},
        {"revision": -1},
        {"revision": None},
        {"digest": "x"},
        {"id": ID + "\n"},
        {"json_file": None},
        {"json_file": "@elsewhere.example/file.json"},
        {"csv_file": 7},
    ],
)
def test_no_release_names_a_file_outside_its_folder(tmp_path: Path, change: dict[str, Any]) -> None:
    """What is written is what the node gives under a digest that the node gives: so its names must be those of releases."""
    text = json.dumps({"csv_sha256": hashlib.sha256(b"table").hexdigest(), "citation": "c"}).encode()
    row = {**ROW, "digest": hashlib.sha256(text).hexdigest(), **change}

    async def story() -> None:
        listed = json.dumps({**PAGE, "items": [row]}).encode()
        files = {"/v1/statistics/releases": (listed, 200, ""), "/file.json": (text, 200, ""), "/file.csv": (b"table", 200, "")}
        async with impostor(files) as (_, url), Client(url) as client:
            await export_releases(client, tmp_path / "a" / "b" / "releases", "origin")

    with pytest.raises(FatalError) as caught:
        asyncio.run(story())
    assert caught.value.code is Exit.BAD_DATA
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


def test_a_basis_of_another_period_names_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = encode_basis(Basis(cube("../../outside", FIRST), (), 0))

    async def story() -> None:
        async with impostor({"/": (data, 200, "")}) as (_, url):
            await asyncio.to_thread(statistics._of_node, url, "token", "2026Q1", None)

    monkeypatch.chdir(tmp_path)
    with pytest.raises(FatalError, match="outside"):
        asyncio.run(story())
