"""Is a history of overlapping operations explained by some order of them, one after the other? The check of Wing and Gong.

An operation takes effect at one instant between its call and its return. A history is linearizable when such instants can be
chosen so that each answer is the one that a sequential model gives. An operation that never returned (a lost answer) may have
taken effect at any time since its call, or never.

The search tries, from the model's first state on, every operation that may come next: one that was called before any remaining
one returned. What was tried is remembered by the set of operations done and the state they led to (Lowe), so a history costs
little unless many operations overlap. Objects that do not touch each other are checked each for itself: linearizability is
local (Herlihy and Wing).

References: Wing and Gong, "Testing and verifying concurrent objects" (1993); Lowe, "Testing for linearizability" (2017).
"""

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)
Action = TypeVar("Action")

NEVER = math.inf
MAX_STEPS = 10_000_000
"""Steps after which a history counts as too entangled to be judged; no honest one of this project comes near."""


@dataclass(frozen=True, slots=True)
class Operation(Generic[Action]):
    """One operation: what was asked and answered, when it was called, when it returned (`NEVER`: no answer)."""

    action: Action
    called: float
    returned: float


class EntangledError(Exception):
    """Too many operations overlap for a judgement."""


@dataclass(frozen=True, slots=True)
class Violation(Generic[Action]):
    """A history that no order explains.

    Attributes:
        explained: the longest order that was found.
        stuck: operations that had to come next, and none of them could.
    """

    explained: tuple[Operation[Action], ...]
    stuck: tuple[Operation[Action], ...]

    def __str__(self) -> str:
        told = "; ".join(str(operation.action) for operation in self.explained) or "nothing"
        return f"no order explains the history: after [{told}] none of [{'; '.join(str(one.action) for one in self.stuck)}]"


def check(
    history: Sequence[Operation[Action]], first: State, step: Callable[[State, Action], State | None]
) -> Violation[Action] | None:
    """Whether the history of one object is linearizable; None when it is.

    Args:
        history: its operations in any order.
        first: the object's state before all.
        step: the sequential model: the state after an action with this answer, None where it cannot have this answer now.

    Raises:
        EntangledError: no judgement within `MAX_STEPS` steps.
    """
    operations = sorted(history, key=lambda operation: operation.called)
    must = sum(1 << place for place, operation in enumerate(operations) if operation.returned != NEVER)
    seen: set[tuple[int, State]] = set()
    stack: list[tuple[int, State, tuple[int, ...]]] = [(0, first, ())]
    best: tuple[int, ...] = ()
    stuck: list[int] = []
    for _ in range(MAX_STEPS):
        if not stack:
            return Violation(tuple(operations[one] for one in best), tuple(operations[one] for one in stuck))
        done, state, order = stack.pop()
        if done & must == must:
            return None
        if (done, state) in seen:
            continue
        seen.add((done, state))
        next_ones = _candidates(operations, done)
        if len(order) >= len(best):
            best, stuck = order, next_ones
        for place in reversed(next_ones):
            after = step(state, operations[place].action)
            if after is not None:
                stack.append((done | 1 << place, after, (*order, place)))
    raise EntangledError(f"{len(operations)} operations overlap too much")


def _candidates(operations: Sequence[Operation[Action]], done: int) -> list[int]:
    """Those that may come next: called before any other of the remaining ones returned; in the order of their calls."""
    remaining = [place for place in range(len(operations)) if not done >> place & 1]
    first_return = min(operations[place].returned for place in remaining)
    return [place for place in remaining if operations[place].called <= first_return]


def check_each(
    histories: Mapping[Hashable, Iterable[Operation[Action]]], first: State, step: Callable[[State, Action], State | None]
) -> dict[Hashable, Violation[Action]]:
    """The violations among many objects, by object; errors as `check`."""
    found = {}
    for name, history in histories.items():
        violation = check(tuple(history), first, step)
        if violation is not None:
            found[name] = violation
    return found


def out_of_order(placed: Iterable[tuple[int, float, float]]) -> list[tuple[int, int]]:
    """Pairs of places of one total order that contradict real time: the later place had returned before the earlier was called.

    Args:
        placed: place, call and return (`NEVER`: no answer) of each operation.
    """
    wrong = []
    first_return, who = NEVER, -1
    for place, called, returned in sorted(placed, reverse=True):
        if first_return < called:
            wrong.append((place, who))
        if returned < first_return:
            first_return, who = returned, place
    return wrong
