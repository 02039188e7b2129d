"""`/log/...` as C2SP tlog-tiles has it, over HTTP: each size that was ever published can be rebuilt from what is served later."""

import asyncio

import pytest

from ledger.merkle import leaf_hash
from ledger.tiles import ENTRIES, TILE_WIDTH, Tile, TileTree, decode_bundle, new_bundles, new_tiles
from tests.foreign.static import StaticLog
from tests.support.http import ask

PUBLISHED = (1, 2, 100, 255, 256, 257, 300, 511, 512, 513, 600)


def play(work, size: int = PUBLISHED[-1]) -> None:
    log = StaticLog(size)

    async def whole() -> None:
        async with asyncio.timeout(60), log.served() as url:
            await work(log, int(url.rpartition(":")[2]))

    asyncio.run(whole())


def test_partial_tiles_of_every_published_size_stay() -> None:
    async def work(log: StaticLog, at: int) -> None:
        reader = {"authorization": f"Bearer {log.token}"}
        for size in PUBLISHED:
            held: dict[tuple[int, int], bytes] = {}
            for tile in new_tiles(0, size):
                reply = await ask(at, "GET", f"/log/{tile.path()}")
                assert (reply.status, len(reply.body)) == (200, tile.width * 32), (size, tile)
                assert reply.headers["content-type"] == "application/octet-stream"
                assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
                held[tile.level, tile.n] = reply.body
            for tile in new_bundles(0, size):
                reply = await ask(at, "GET", f"/log/{tile.path()}", **reader)
                assert (reply.status, reply.headers["content-type"]) == (200, "application/octet-stream")
                assert reply.headers["cache-control"] == "private, max-age=31536000, immutable"
                leaves = b"".join(map(leaf_hash, decode_bundle(reply.body, tile.width)))
                assert leaves == held[0, tile.n]
            tree = TileTree(lambda level, n, _width, held=held: held.get((level, n)), size)
            assert tree.root(size) == log.log.root_at(size), size

    play(work)


def test_the_checkpoint() -> None:
    async def work(log: StaticLog, at: int) -> None:
        reply = await ask(at, "GET", "/log/checkpoint")
        assert (reply.status, reply.body.decode()) == (200, log.note)
        assert reply.headers["content-type"] == "text/plain; charset=utf-8"
        assert reply.headers["cache-control"] == "no-store"
        assert "etag" not in reply.headers
        head = await ask_head(at, "/log/checkpoint")
        assert head.startswith(b"HTTP/1.1 200")

    play(work)


async def ask_head(at: int, path: str) -> bytes:
    """HEAD, as a mirror asks: the answer has no body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", at)
    writer.write(f"HEAD {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.endswith(b"\r\n\r\n")
    return answer


@pytest.mark.parametrize("size", [0, 1, 256])
def test_what_the_log_does_not_have_is_404_and_kept_by_no_cache(size: int) -> None:
    """Also a full tile before it is full, a level that the tree has not reached, and an empty tile."""

    async def work(log: StaticLog, at: int) -> None:
        there = {tile.path() for tile in new_tiles(0, size)} | {tile.path() for tile in new_bundles(0, size)}
        wanted = [
            Tile(level, n, width)
            for level in (ENTRIES, 0, 1, 2, 63)
            for n in (0, 1, 999, 1000)
            for width in (1, 255, TILE_WIDTH)
        ]
        for tile in wanted:
            reply = await ask(at, "GET", f"/log/{tile.path()}", authorization=f"Bearer {log.token}")
            earlier = any(
                one.level == tile.level and one.n == tile.n and tile.width < one.width
                for one in (*new_tiles(0, size), *new_bundles(0, size))
            )
            if tile.path() in there or earlier:
                assert reply.status == 200, tile
            else:
                assert (reply.status, reply.headers["cache-control"]) == (404, "no-store"), tile
        assert (await ask(at, "GET", "/log/tile/0/000.p/0")).status == 404

    play(work, size)
