"""Looks into a core from outside: how much it holds, and what of its durable state still matters."""

from collections import deque
from enum import Enum
from functools import cache

from msgspec import Struct

from consensus.core import Core
from consensus.events import Config
from consensus.limits import CATCH_UP_BACKLOG, RETAINED_VIEWS
from consensus.messages import Certificate, Equivocation, GotBlock, Seen, Vote, VoteKind, decode_record


def elements(thing: object) -> int:
    """Elements of all containers that hang on an object of the consensus package, however its classes are cut."""
    weight, seen, queue = 0, set(), [thing]
    while queue:
        one = queue.pop()
        parts = _parts(type(one))
        if parts is None or id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, dict):
            weight += len(one)
            queue.extend(one.values())
        elif isinstance(one, list | set | deque):
            weight += len(one)
            queue.extend(one)
        else:
            queue.extend(getattr(one, name) for name in parts)
            queue.extend(getattr(one, "__dict__", {}).values())
    return weight


@cache
def _parts(kind: type) -> tuple[str, ...] | None:
    """The slots of a class whose objects may hold containers, none for a container itself; None for anything else."""
    if issubclass(kind, dict | list | set | deque):
        return ()
    if not kind.__module__.startswith("consensus.") or issubclass(kind, Struct | Enum | Config):
        return None
    return tuple(name for base in kind.__mro__ for name in getattr(base, "__slots__", ()))


def bound(core: Core, n: int, unexecuted: int) -> int:
    """How many elements a core's containers may hold: 3n votes for each retained view, a proposal and certificates beside them, and
    what waits for execution; `unexecuted`: final blocks that the application is behind.
    """
    views = core.view - max(core.floor_view - RETAINED_VIEWS, 0) + 2
    return views * (3 * n + 24) + 4 * (unexecuted + CATCH_UP_BACKLOG) + 30 * n + 100


def essence(snapshot: tuple[bytes, ...], view: int, floor: int) -> set[bytes]:
    """What of a core's durable state can still matter: own votes, evidence, the newest FINAL, all that is above the floor."""
    found = set()
    for record in snapshot:
        match decode_record(record):
            case GotBlock(block) if block.view > floor:
                found.add(record)
            case Certificate(kind=kind, view=at) if at > floor or (at == floor and kind == VoteKind.FINALIZE):
                found.add(record)
            case Vote(view=at) if at <= view:
                found.add(record)
            case Equivocation() | Seen():
                found.add(record)
            case _:
                pass
    return found
