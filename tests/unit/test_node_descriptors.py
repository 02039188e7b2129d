"""`node.descriptors`: as many as all bounds together need, or no start."""

import resource

import pytest

from api.limits import ApiLimits
from node import descriptors
from node.descriptors import NEEDED, for_each_listener, raise_limit
from node.errors import Exit, FatalError
from node.limits import CONNECTIONS_PER_PEER, STRANGERS

INFINITE = resource.RLIM_INFINITY
STORE = 1_000
"""LevelDB's own bound on the files it keeps open."""
NODES = 60


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        (1_024, 8_192, 8_192),
        (1_024, INFINITE, 16_384),
        (256, 1_048_576, 16_384),
        (NEEDED, NEEDED, None),
        (20_000, INFINITE, None),
    ],
)
def test_the_soft_limit_is_raised(monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, raised: int | None) -> None:
    limits = [(soft, hard)]
    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(descriptors.resource, "setrlimit", lambda _, pair: limits.append(pair))
    assert raise_limit() == (raised or soft)
    assert limits[1:] == ([(raised, hard)] if raised else [])


def test_without_a_limit_there_is_nothing_to_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda _: (INFINITE, INFINITE))
    assert raise_limit() >= NEEDED


def test_too_few_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors.resource, "getrlimit", lambda _: (1_024, NEEDED - 1))
    monkeypatch.setattr(descriptors.resource, "setrlimit", lambda *_: None)
    with pytest.raises(FatalError, match=str(NEEDED - 1)) as caught:
        raise_limit()
    assert caught.value.code == Exit.BAD_CONFIGURATION
    assert str(NEEDED) in caught.value.next_step


@pytest.mark.parametrize("limit", [NEEDED, 8_192, 16_384])
def test_the_bounds_together_leave_some_to_spare(limit: int) -> None:
    listeners = 2 * min(ApiLimits().connections, for_each_listener(limit))
    peers = STRANGERS + (CONNECTIONS_PER_PEER + 1) * NODES
    assert listeners + peers + STORE + 100 <= limit
    assert listeners >= 2_000
