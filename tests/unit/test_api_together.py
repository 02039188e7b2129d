"""What is made in steps, for however many ask: live figures and the status file are made once, and all who asked get that."""

import asyncio

import pytest

import api.pages.live
from api.app import create_app
from api.gate import Gate
from api.limits import MAX_WAITING_CHAINS, ApiLimits
from api.log import _StatusFiles
from api.pages.live import Live
from api.pages.live import read_live as read
from ledger.policy import parse_policy
from ledger.status import read_status
from tests.support.http import ask, running
from tests.support.port import NOW, local_port
from tests.support.trade import Trader

READERS = 64
HOLDERS = 40
CARATS = [("710231", "1.00", ["BW"])]

assert MAX_WAITING_CHAINS < HOLDERS < READERS


@pytest.fixture
def begun(monkeypatch):
    """The readings of live figures that were begun."""
    seen = []

    def counted(ledger):
        seen.append(ledger.head.height)
        return read(ledger)

    monkeypatch.setattr(api.pages.live, "read_live", counted)
    return seen


def played(tmp_path, story):
    """Runs `story(port, trader)` on a ledger of some days' certificates."""

    async def run():
        with local_port(tmp_path) as port:
            trader = Trader(port.network, NOW)
            for n in range(1, 4):
                await port.submit(trader.issue(f"BW{n:07}", "EU", CARATS).raw, wait=False)
            await story(port, trader)

    asyncio.run(run())


def test_the_front_page_is_for_all_who_ask_first(tmp_path, begun):
    async def story(port, _trader):
        async with running(create_app(port), ApiLimits()) as number:
            replies = await asyncio.gather(*(ask(number, "GET", "/") for _ in range(READERS)))
        assert {reply.status for reply in replies} == {200}
        assert len({reply.body for reply in replies}) == 1
        assert len(begun) == 1

    played(tmp_path, story)


def test_whoever_goes_away_while_he_reads_the_first_figures_spoils_nothing(tmp_path, begun):
    async def story(port, _trader):
        live = Live(port, Gate())
        asked = [asyncio.ensure_future(live.dataset()) for _ in range(READERS)]
        await passed(3)
        assert len(begun) == 1
        first, *others = await without_two(asked)
        assert first.height == 3
        assert all(figures is first for figures in others)
        assert len(begun) == 2, "by the first, and by whoever was next"

    played(tmp_path, story)


def test_whoever_goes_away_while_he_reads_them_anew_leaves_those_before(tmp_path, begun):
    async def story(port, trader):
        live = Live(port, Gate())
        before = await live.dataset()
        await port.submit(trader.issue("BW0000009", "EU", CARATS).raw, wait=False)
        port.clock += 6_000
        gone = asyncio.ensure_future(live.dataset())
        await passed(3)
        assert await live.dataset() is before
        gone.cancel()
        await asyncio.wait([gone])
        assert len(begun) == 2
        asked = await asyncio.gather(*(live.dataset() for _ in range(READERS)))
        assert {figures.height for figures in asked} == {3, 4}, "one reads, the others have what there is"
        assert (await live.dataset()).height == 4
        assert len(begun) == 3

    played(tmp_path, story)


async def without_two(asked):
    """What the others get when the first two go away, of whom one makes it for all."""
    for gone in asked[:2]:
        gone.cancel()
    found = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 60)
    assert all(isinstance(one, asyncio.CancelledError) for one in found[:2])
    assert not [one for one in found[2:] if isinstance(one, BaseException)]
    return found[2:]


async def passed(count):
    """So many passes of the event loop."""
    for _ in range(count):
        await asyncio.sleep(0)


class Counted:
    """How often lists for a status file were begun; they take some passes, as those of many certificates do."""

    def __init__(self, ledger, monkeypatch):
        self.begun = 0
        own = ledger.status

        def status(*arguments):
            self.begun += 1
            lists = yield from own(*arguments)
            for _ in range(50):
                yield
            return lists

        monkeypatch.setattr(ledger, "status", status)


def height_of(port, file):
    """The height that a status file tells of."""
    return read_status(file, parse_policy(port.policy().encode())).height


def test_the_status_file_is_for_all_who_ask(tmp_path, monkeypatch):
    async def story(port, trader):
        counted, token = Counted(port.ledger, monkeypatch), port.tokens.issue("participant:AE", NOW)
        async with running(create_app(port), ApiLimits()) as number:

            async def all_of_them():
                bearer = f"Bearer {token}"
                found = await asyncio.gather(*(ask(number, "GET", "/log/status", Authorization=bearer) for _ in range(HOLDERS)))
                assert {reply.status for reply in found} == {200}
                (file,) = {reply.body for reply in found}
                return file

            first = await all_of_them()
            assert counted.begun == 1
            assert await all_of_them() == first
            assert counted.begun == 1
            await port.submit(trader.issue("BW0000009", "EU", CARATS).raw, wait=False)
            second = await all_of_them()
            assert counted.begun == 2
            assert (height_of(port, first), height_of(port, second)) == (3, 4)

    played(tmp_path, story)


def test_whoever_goes_away_while_he_makes_the_status_file_spoils_nothing(tmp_path, monkeypatch):
    async def story(port, _trader):
        counted, files = Counted(port.ledger, monkeypatch), _StatusFiles(port)
        asked = [asyncio.ensure_future(files.newest()) for _ in range(HOLDERS)]
        await passed(3)
        assert counted.begun == 1
        assert len(set(await without_two(asked))) == 1
        assert counted.begun == 2, "by the first, and by whoever was next"

    played(tmp_path, story)


def test_a_block_that_comes_while_the_file_is_made_is_in_the_next_one(tmp_path, monkeypatch):
    """Whoever asks after it gets a file of it, though it was not in the one under way."""

    async def story(port, trader):
        counted, files = Counted(port.ledger, monkeypatch), _StatusFiles(port)
        early = asyncio.ensure_future(files.newest())
        await passed(3)
        assert not early.done()
        await port.submit(trader.issue("BW0000009", "EU", CARATS).raw, wait=False)
        late = [asyncio.ensure_future(files.newest()) for _ in range(HOLDERS)]
        found = {height_of(port, file) for file in await asyncio.gather(*late)}
        assert found == {4}
        assert height_of(port, await early) == 3
        assert counted.begun == 2

    played(tmp_path, story)
