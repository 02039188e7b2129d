"""`node.garbage`: a search through everything waits for a moment in which no record does, and Python's own bounds come back."""

import asyncio
import gc
import weakref

import pytest

import node.garbage
from node.garbage import NEVER, Garbage


class Cycle:
    """Freed by a search alone."""

    def __init__(self):
        self.itself = self


@pytest.fixture(autouse=True)
def as_it_was():
    """In a test nothing is searched for but by what it tests; whatever becomes of it, this process then searches as it did."""
    before = gc.get_threshold()
    gc.disable()
    yield
    gc.enable()
    gc.set_threshold(*before)
    gc.unfreeze()


class Hand:
    """A clock set by hand, and whether records wait."""

    def __init__(self):
        self.now, self.busy = 1000.0, False
        self.garbage = Garbage(lambda: self.busy, lambda: self.now)

    def look(self, seconds):
        """What a look so long after the last search says, when there is garbage; it tells the truth."""
        self.now += seconds
        gone = weakref.ref(Cycle())
        said = self.garbage.look()
        assert (gone() is None) is said
        return said


def test_not_before_a_minute():
    hand = Hand()
    assert [hand.look(seconds) for seconds in (0, 59.9, 0.1)] == [False, False, True]
    assert [hand.look(seconds) for seconds in (0, 0.25, 59.7, 0.1)] == [False, False, False, True]


def test_not_while_records_wait_and_as_soon_as_none_does():
    hand = Hand()
    hand.busy = True
    assert [hand.look(seconds) for seconds in (60, 200, 300)] == [False, False, False]
    hand.busy = False
    assert hand.look(0.25)
    assert not hand.look(59)


def test_at_ten_minutes_though_records_wait():
    hand = Hand()
    hand.busy = True
    assert [hand.look(seconds) for seconds in (599.9, 0.1, 0, 599.9, 0.1)] == [False, True, False, False, True]


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(node.garbage, "SETTLED_SECONDS", 0.02)
    monkeypatch.setattr(node.garbage, "LOOK_SECONDS", 0.005)


async def until(true):
    """Waits for it."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.002)


async def end(task):
    """Cancels it and waits."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_what_a_node_has_made_is_left_out_and_python_searches_the_youngest_alone(soon):
    async def story():
        before, gone = gc.get_threshold(), weakref.ref(Cycle())
        running = asyncio.ensure_future(Garbage(lambda: False).run())
        await asyncio.sleep(0)
        assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0), "not before it has settled"
        await until(lambda: gc.get_threshold() != before)
        assert gc.get_threshold() == (*before[:2], NEVER)
        assert gc.get_freeze_count() > 10_000
        assert gone() is None, "no garbage is kept for ever"
        await end(running)
        assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)

    asyncio.run(story())


def test_who_stops_before_it_has_settled_changes_nothing():
    async def story():
        before = gc.get_threshold()
        running = asyncio.ensure_future(Garbage(lambda: False).run())
        await asyncio.sleep(0.01)
        await end(running)
        assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)

    asyncio.run(story())


def test_it_looks_again_and_again(soon):
    """By a clock that goes a minute a look, with records that wait at times."""

    async def story():
        now, busy, asked = 0.0, True, 0

        def clock():
            nonlocal now
            now += 60
            return now

        def waits():
            nonlocal asked
            asked += 1
            return busy

        running = asyncio.ensure_future(Garbage(waits, clock).run())
        await until(lambda: gc.get_threshold()[2] == NEVER)
        gone = weakref.ref(Cycle())
        seen = asked
        await until(lambda: asked >= seen + 2)
        busy = False
        await until(lambda: gone() is None)
        first = weakref.ref(Cycle())
        await until(lambda: first() is None)
        await end(running)

    asyncio.run(story())
