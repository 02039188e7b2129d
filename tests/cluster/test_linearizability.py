"""The checker itself: it accepts what an order explains, and finds each kind of planted violation."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import linearizability
from tests.support.linearizability import NEVER, EntangledError, Operation, check, check_each, out_of_order

# A register with compare-and-set: ("write", value), ("read", value), ("cas", old, new).
REGISTER = 0


def step(state, action):
    match action:
        case "write", value:
            return value
        case "read", value:
            return state if state == value else None
        case "cas", old, new:
            return new if state == old else None
    raise ValueError(action)


def history(*operations):
    return [Operation(action, called, returned) for action, called, returned in operations]


LINEARIZABLE = {
    "nothing": (),
    "one after the other": ((("write", 1), 0, 1), (("read", 1), 2, 3)),
    "a read during a write may see either": ((("write", 1), 0, 9), (("read", 1), 1, 2), (("read", 1), 3, 4)),
    "old, then new": ((("write", 1), 0, 9), (("read", 0), 1, 2), (("read", 1), 3, 4)),
    "two overlapping writes in either order": ((("write", 1), 0, 5), (("write", 2), 0, 5), (("read", 1), 6, 7)),
    "an open write took effect much later": (
        (("write", 1), 0, NEVER),
        (("read", 0), 5, 6),
        (("read", 1), 7, 8),
        (("read", 1), 9, 10),
    ),
    "an open write never took effect": ((("write", 1), 0, NEVER), (("read", 0), 5, 6)),
    "the winner of two": ((("cas", 0, 1), 0, 5), (("cas", 1, 2), 0, 5), (("read", 2), 6, 7)),
    "returned and called at the same instant may be in either order": ((("write", 1), 0, 1), (("read", 0), 1, 2)),
}

VIOLATIONS = {
    "a stale read": ((("write", 1), 0, 1), (("read", 0), 2, 3)),
    "an acknowledged write is lost": ((("write", 1), 0, 1), (("write", 2), 2, 3), (("read", 1), 4, 5)),
    "new, then old": ((("write", 1), 0, 9), (("read", 1), 1, 2), (("read", 0), 3, 4)),
    "both of two that exclude each other were accepted": ((("cas", 0, 1), 0, 5), (("cas", 0, 2), 0, 5)),
    "a read of what nobody wrote": ((("write", 1), 0, 1), (("read", 3), 0, 1)),
    "two readers see two writes in two orders": (
        (("write", 1), 0, 3),
        (("write", 2), 0, 3),
        (("read", 1), 4, 5),
        (("read", 2), 6, 7),
    ),
    "an open write takes effect twice": (
        (("write", 1), 0, NEVER),
        (("read", 1), 1, 2),
        (("write", 2), 3, 4),
        (("read", 2), 5, 6),
        (("read", 1), 7, 8),
    ),
}


@pytest.mark.parametrize("name", LINEARIZABLE)
def test_what_an_order_explains(name):
    assert check(history(*LINEARIZABLE[name]), REGISTER, step) is None


@pytest.mark.parametrize("name", VIOLATIONS)
def test_what_no_order_explains(name):
    violation = check(history(*VIOLATIONS[name]), REGISTER, step)
    assert violation is not None
    assert violation.stuck
    assert "no order explains" in str(violation)


def test_a_violation_names_what_could_not_come_next():
    violation = check(history((("write", 1), 0, 1), (("read", 0), 2, 3)), REGISTER, step)
    assert [one.action for one in violation.explained] == [("write", 1)]
    assert [one.action for one in violation.stuck] == [("read", 0)]


def test_objects_are_judged_each_for_itself():
    good, bad = history((("write", 1), 0, 1)), history((("read", 1), 0, 1))
    assert set(check_each({"a": good, "b": bad, "c": good}, REGISTER, step)) == {"b"}


def test_too_entangled_is_no_judgement(monkeypatch):
    monkeypatch.setattr(linearizability, "MAX_STEPS", 100)
    many = history(*((("write", number), 0, 10) for number in range(12)), (("read", 99), 0, 10))
    with pytest.raises(EntangledError):
        check(many, REGISTER, step)


def explained(operations):
    """By trying every order of every choice of open operations: slow and plain."""
    must = [one for one in operations if one.returned != NEVER]
    may = [one for one in operations if one.returned == NEVER]
    for count in range(len(may) + 1):
        for chosen in itertools.combinations(may, count):
            for order in itertools.permutations([*must, *chosen]):
                if any(later.returned < earlier.called for earlier, later in itertools.combinations(order, 2)):
                    continue
                state = REGISTER
                for one in order:
                    state = step(state, one.action)
                    if state is None:
                        break
                else:
                    return True
    return False


VALUES = st.integers(0, 2)
ACTIONS = st.one_of(
    st.tuples(st.just("write"), VALUES), st.tuples(st.just("read"), VALUES), st.tuples(st.just("cas"), VALUES, VALUES)
)
OPERATIONS = st.builds(
    lambda action, called, took: Operation(action, called, NEVER if took is None else called + took),
    ACTIONS,
    st.integers(0, 6),
    st.one_of(st.none(), st.integers(0, 6)),
)


@given(st.lists(OPERATIONS, max_size=6))
def test_as_trying_everything_says(operations):
    assert (check(operations, REGISTER, step) is None) == explained(operations)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), max_size=8))
def test_real_time_order_as_all_pairs_say(times):
    placed = [(place, called, called + took) for place, (called, took) in enumerate(times)]
    wrong = {a for (a, called, _), (_, _, returned) in itertools.combinations(placed, 2) if returned < called}
    assert {earlier for earlier, _ in out_of_order(placed)} == wrong
