"""Releases of statistics on the ledger of `tests.support.world`, and the story that is told before their refusals.

The story: the Plenary appoints RU statistics chair. Then it is 5 April 2026, noon UTC: 2025Q4, the second half of 2025 and the
year 2025 have closed (on 2 March), 2026Q1 has not. There are the parts of three attachments.

| record | what |
|---|---|
| a0, a1, a2 | the secretariat's first attachment, of three parts |
| b0 | the secretariat's second one, of one part |
| c0 | the chair's, of one part |

What the parts hold does not matter to the rules. Blocks: 1 (1 March), 2 (3 March, the appointment), 3 (5 April, the parts).
"""

import hashlib
from collections.abc import Sequence

from ledger.bodies import (
    STATISTICS_ATTACH,
    STATISTICS_PUBLISH,
    STATISTICS_VERDICT,
    AttachBody,
    PositionBody,
    ProposeBody,
    PublishBody,
    VerdictBody,
)
from ledger.participants import SECRETARIAT
from ledger.record import Record
from tests.support.reports import APRIL
from tests.support.story import Records
from tests.support.world import DAY_MS, START, World

CHAIR = "RU"
PERIOD = "2025Q4"
DIGEST = hashlib.sha256(b"a release").digest()
PARTS = {"a": (b"first", b"second", b"third"), "b": (b"other",), "c": (b"the chair's",)}


def attach(world: World, name: str, place: int, author: str = SECRETARIAT) -> Record:
    """A part of one of `PARTS`."""
    digest = hashlib.sha256(b"".join(PARTS[name])).digest()
    return world.sign(STATISTICS_ATTACH, AttachBody(digest, PARTS[name][place], place), author)


def publish(world: World, parts: Sequence[Record], author: str = SECRETARIAT, **changes: object) -> Record:
    """A release of `PERIOD` as of the newest height."""
    fields: dict[str, object] = {
        "attachment": tuple(part.id for part in parts),
        "digest": DIGEST,
        "height": world.ledger.head.height,
        "length": sum(len(part.body.part) for part in parts),
        "period": PERIOD,
        "revision": 0,
    }
    return world.sign(STATISTICS_PUBLISH, PublishBody(**(fields | changes)), author)


def verdict(world: World, release: Record, author: str, code: str = "", cell: str = "") -> Record:
    """What an author's node says: it agrees, unless there is a code."""
    return world.sign(STATISTICS_VERDICT, VerdictBody(agree=not code, cell=cell, code=code, release=release.id), author)


def appoint(world: World, subject: str = CHAIR, office: str = "statistics-chair") -> None:
    """The Plenary appoints somebody, on the third day."""
    body = ProposeBody(
        closes=START + 2 * DAY_MS,
        decision="appoint",
        effective="2026-03-03",
        office=office,
        procedure="plenary",
        subject=subject,
        title="A proposal",
    )
    made = world.sign("plenary.propose", body, "BW")
    world.accept(made, *(world.sign("plenary.position", PositionBody("support", made.id), code) for code in ("BW", "AE")))
    world.now = START + 2 * DAY_MS
    world.block()


def tell_of_releases(world: World) -> Records:
    """Writes the story; two must support a proposal."""
    appoint(world)
    world.now = APRIL
    made = {f"{name}{place}": attach(world, name, place) for name in "ab" for place in range(len(PARTS[name]))}
    made["c0"] = attach(world, "c", 0, CHAIR)
    world.accept(*made.values())
    return made
