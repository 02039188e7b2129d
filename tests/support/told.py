"""Worlds in which a story of `tests.support.story` has been told, one for each test, without telling it again each time."""

import shutil
from collections.abc import Callable
from pathlib import Path

from ledger.genesis import Genesis
from tests.support.story import Records, tell
from tests.support.world import World


class Told:
    """Tells the story once in a folder; hands out copies."""

    def __init__(self, folder: Path, story: Callable[[World], Records] = tell, genesis: Genesis | None = None) -> None:
        self._folder = folder
        self._genesis = genesis
        self._copies = 0
        with World.make(folder / "told", genesis) as world:
            self.records: Records = story(world)
            self._made = world.made
            self._names = dict(world.names)

    def copy(self) -> World:
        """A world of its own that continues where the story ends."""
        self._copies += 1
        name = f"copy{self._copies}"
        shutil.copytree(self._folder / "told", self._folder / name)
        world = World.make(self._folder / name, self._genesis)
        world.made = self._made
        world.names = dict(self._names)
        return world
