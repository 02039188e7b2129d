"""Signature checks beside the event loop: every caller gets its own results, in order, whatever goes on at the same time."""

import asyncio
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from ledger.errors import Code
from ledger.record import Record
from node import verifier as module
from node.limits import VERIFY_AT_ONCE, VERIFY_CHUNK
from node.verifier import Verifier
from tests.support.world import World


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with World.make(tmp_path_factory.mktemp("world") / "store") as made:
        yield made


@pytest.fixture(scope="module")
def ledger_id(world: World) -> bytes:
    return world.ledger.ledger_id


@pytest.fixture(scope="module")
def records(world: World) -> list[Record]:
    """Sound ones, and between them such whose signature is another record's."""
    sound = [world.issue() for _ in range(8)]
    return [replace(record, sig=sound[0].sig) if place % 2 else record for place, record in enumerate(sound)]


def check(results: list[object], count: int, shift: int = 0) -> None:
    assert len(results) == count
    for place, refusal in enumerate(results):
        forged = (place + shift) % 2 == 1
        assert (refusal is not None) == forged, f"result {place}"
        if refusal is not None:
            assert refusal.code is Code.BAD_SIGNATURE


@pytest.mark.parametrize(
    "count", [0, 1, VERIFY_AT_ONCE, VERIFY_AT_ONCE + 1, VERIFY_CHUNK, VERIFY_CHUNK + 1, 3 * VERIFY_CHUNK + 7]
)
def test_results_in_order(records: list[Record], ledger_id: bytes, count: int) -> None:
    async def run() -> None:
        verifier = Verifier(ledger_id)
        check(await verifier.verify((records * count)[:count]), count)
        verifier.close()

    asyncio.run(run())


def test_many_callers_at_once_none_forgotten(records: list[Record], ledger_id: bytes) -> None:
    """Also those with nothing to check, while all threads are busy."""

    async def run() -> None:
        verifier = Verifier(ledger_id)
        sizes = [2 * VERIFY_CHUNK, 0, 1, 33, 0, VERIFY_CHUNK, 7, 0, 61]
        calls = [verifier.verify((records * size)[place % 2 : place % 2 + size]) for place, size in enumerate(sizes)]
        async with asyncio.timeout(30):
            found = await asyncio.gather(*calls)
        for place, (results, size) in enumerate(zip(found, sizes, strict=True)):
            check(results, size, shift=place % 2)
        verifier.close()

    asyncio.run(run())


def test_a_caller_that_goes_takes_nobody_with_it(records: list[Record], ledger_id: bytes) -> None:
    async def run() -> None:
        verifier = Verifier(ledger_id)
        leaving = asyncio.ensure_future(verifier.verify(records * 40))
        staying = asyncio.ensure_future(verifier.verify(records * 10))
        await asyncio.sleep(0)
        leaving.cancel()
        check(await staying, 80)
        assert leaving.cancelled()
        verifier.close()

    asyncio.run(run())


def test_a_failure_reaches_the_caller(records: list[Record], ledger_id: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise MemoryError

    async def run() -> None:
        verifier = Verifier(ledger_id)
        monkeypatch.setattr(module, "verify_records", broken)
        with pytest.raises(MemoryError):
            await verifier.verify(records * 2)
        monkeypatch.undo()
        check(await verifier.verify(records * 2), 16)
        verifier.close()

    asyncio.run(run())


def test_chunks_are_bounded(records: list[Record], ledger_id: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    real = module.verify_records

    def counting(ledger: bytes, chunk: list[Record]) -> list[object]:
        sizes.append(len(chunk))
        return real(ledger, chunk)

    async def run() -> None:
        verifier = Verifier(ledger_id)
        monkeypatch.setattr(module, "verify_records", counting)
        await asyncio.gather(*(verifier.verify((records * 40)[:size]) for size in (250, 20, 30, 5, 60)))
        verifier.close()

    asyncio.run(run())
    assert max(sizes) <= VERIFY_CHUNK
    assert sum(sizes) == 365
    assert len(sizes) < 8, "small jobs that wait behind one another go together"
