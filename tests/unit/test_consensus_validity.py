"""What makes a block valid without an application: each condition by itself, with a block that breaks this one alone."""

import msgspec
import pytest

from consensus.events import Tip
from consensus.messages import Mark, Payload
from consensus.validity import follows, well_shaped
from tests.support.consensus import block, config, payload

PARENT = Tip(3, 5, b"p" * 32, 1_000, mark=4)
GOOD = block(7, PARENT, payload=Payload(1_001, Mark(4, 0, bytes(32), bytes(32)), b"", ()))


def paid(**changes: object) -> object:
    return msgspec.structs.replace(GOOD.payload, **changes)


def test_a_good_one() -> None:
    assert well_shaped(GOOD, config(4))
    assert follows(GOOD, PARENT)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"epoch": 1},
        {"parent_view": 7},
        {"parent_view": 8},
        {"payload": payload(2_000, next_=bytes(31))},
        {"payload": payload(2_000, b"record", next_=bytes(32))},
    ],
)
def test_ill_shaped(changes: dict[str, object]) -> None:
    assert not well_shaped(msgspec.structs.replace(GOOD, **changes), config(4))


@pytest.mark.parametrize(
    "changes",
    [
        {"parent_view": 2},
        {"parent_view": 4},
        {"height": 5},
        {"height": 7},
        {"payload": paid(time=1_000)},
        {"payload": paid(mark=Mark(3, 0, bytes(32), bytes(32)))},
        {"payload": paid(mark=Mark(6, 0, bytes(32), bytes(32)))},
    ],
)
def test_out_of_place(changes: dict[str, object]) -> None:
    assert not follows(msgspec.structs.replace(GOOD, **changes), PARENT)


def test_nothing_stands_on_a_block_that_closes() -> None:
    assert not follows(GOOD, Tip(3, 5, b"p" * 32, 1_000, mark=4, closes=True))
