"""node/scrubbing.py: whole passes, the share of a core they take, and damage that ends them."""

import asyncio

import pytest

from ledger import keys
from ledger.errors import StoreError
from ledger.shelf import place_of
from node import scrubbing
from node.limits import SCRUB_PAUSE_SECONDS, SCRUB_SHARE
from node.scrubbing import Scrubber
from tests.support import days
from tests.support.world import World


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        for number in range(5):
            held.accept(*(days.issue(held, f"BW{number * 100 + place:07}") for place in range(100)))
        yield held


class EnoughError(Exception):
    """Ends what has no end."""


def run(monkeypatch, ledger, passes):
    """So many passes; the scrubber, seconds that its steps took, seconds that it waited after them."""
    spent, waited, step = [], [], scrubbing._step

    def timed(steps):
        found = step(steps)
        spent.extend([found[1]] if found else [])
        return found

    async def sleep(seconds):
        if seconds == SCRUB_PAUSE_SECONDS:
            if scrubber.passes == passes:
                raise EnoughError
        else:
            waited.append(seconds)

    monkeypatch.setattr(scrubbing, "_step", timed)
    monkeypatch.setattr(scrubbing.asyncio, "sleep", sleep)
    scrubber = Scrubber(ledger)
    try:
        with pytest.raises(EnoughError):
            asyncio.run(scrubber.run())
    finally:
        scrubber.close()
    return scrubber, spent, waited


def test_after_each_step_it_waits_for_what_its_share_asks(world, monkeypatch):
    scrubber, spent, waited = run(monkeypatch, world.ledger, 2)
    stored = sum(1 for _ in world.store.iterate(b""))
    assert (scrubber.passes, scrubber.read) == (2, world.ledger.head.tree_size + stored)
    assert len(waited) == len(spent) > 10
    assert min(spent) > 0
    assert sum(spent) <= SCRUB_SHARE * sum(waited) * 1.000_001
    assert scrubber.spent == sum(spent)
    assert SCRUB_SHARE < 0.02


def test_damage_ends_it(world, monkeypatch):
    first = world.ledger.tile(0, 0, 1)
    world.store.write({keys.BODY + place_of(world.store, first): b"nonsense"}, sync=False)
    scrubber = Scrubber(world.ledger)
    with pytest.raises(StoreError, match="damaged") as caught:
        asyncio.run(scrubber.run())
    scrubber.close()
    assert caught.value.damaged
    assert scrubber.passes == 0
