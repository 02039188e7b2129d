"""Many inputs for one decoder, or one batch of them down the road; what fails is made smaller."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from node.logs import configure
from tests.fuzz.decoders import Decoder, FuzzError
from tests.fuzz.mutate import Mutator
from tests.fuzz.road import HOSTILE, Attacker, target
from tests.fuzz.shrink import smaller_bytes, smaller_sequence

MEASURED_EVERY = 50
"""One input of so many is decoded with its memory measured."""
TOGETHER = 20
"""So many frames come before anything else happens."""
BATCH_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Found:
    """A failure.

    Attributes:
        where: the decoder, or `road`.
        what: the error's text.
        inputs: what fails, made smaller.
    """

    where: str
    what: str
    inputs: tuple[bytes, ...]


def decode_many(decoder: Decoder, inputs: int, seed: str) -> tuple[int, Found | None]:
    """So many spoilt inputs; how many of them were taken, and the first failure."""
    random = Random(f"{seed} {decoder.name}")
    mutator, taken = Mutator(random, list(decoder.seeds)), 0
    for number in range(inputs):
        data = mutator.spoilt(mutator.any())
        try:
            good = (decoder.check if number % MEASURED_EVERY else decoder.measured)(data)
        except FuzzError as error:
            return taken, _found(decoder, data, error)
        if good and len(data) < 100_000:
            mutator.learn(data)  # taken, though spoilt: a place to go on from
        taken += good
    return taken, None


def _found(decoder: Decoder, data: bytes, error: FuzzError) -> Found:
    like = _kind(error)
    return Found(decoder.name, str(error), (smaller_bytes(data, lambda less: _fails(decoder, less) == like),))


def _kind(error: FuzzError) -> str:
    """The words of an error before its figures end: enough to tell it from another."""
    return "".join(letter for letter in str(error).split(":")[0] if not letter.isdigit())[:40]


def _fails(decoder: Decoder, data: bytes) -> str:
    try:
        decoder.measured(data)
    except FuzzError as error:
        return _kind(error)
    return ""


REPLAYS: Final = 3
"""So often frames are sent again until they count as harmless: what a node is at when it gets them differs from run to run."""


def road_batch(inputs: int, seed: str) -> tuple[dict[str, int], Found | None]:
    """A new node and so many frames of a hostile peer; what was refused, by reason, and the failure."""
    configure(participant="BW", level="critical")
    sent: list[bytes] = []
    try:
        return asyncio.run(_attack(inputs, seed, sent)), None
    except Exception as error:  # noqa: BLE001 - whatever comes out of the node is what is looked for
        text = f"{type(error).__name__}: {error}"[:500]
    less = smaller_sequence(sent, lambda some: any(replay(some).split(":")[0] == text.split(":")[0] for _ in range(REPLAYS)))
    return {}, Found("road", text, tuple(less))


def replay(frames: Sequence[bytes]) -> str:
    """What a new node fails with when AE sends these; empty when it does not."""

    async def whole() -> None:
        with tempfile.TemporaryDirectory() as folder:
            async with asyncio.timeout(BATCH_SECONDS), target(Path(folder)) as at:
                await at.progress()
                for number, frame in enumerate(frames):
                    await at.receive(HOSTILE, frame)
                    if number % TOGETHER == 0:
                        await at.exchange()
                await at.progress()

    try:
        asyncio.run(whole())
    except Exception as error:  # noqa: BLE001 - see `road_batch`
        return f"{type(error).__name__}: {error}"
    return ""


async def _attack(inputs: int, seed: str, sent: list[bytes]) -> dict[str, int]:
    random = Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        async with asyncio.timeout(BATCH_SECONDS), target(Path(folder)) as at:
            attacker = Attacker(random, at)
            await at.progress()
            for number in range(inputs):
                frame = attacker.frame()
                sent.append(frame)
                await at.receive(HOSTILE, frame)
                if number % TOGETHER == 0:
                    await at.exchange()
                if random.random() < 0.01:
                    await at.tick()
            await at.progress()
            return at.refused()
