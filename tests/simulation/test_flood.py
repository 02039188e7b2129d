"""Buffers are bounded: a traitor that sends everything at full rate fills none of them, and stops nobody."""

import pytest

from consensus.fetch import Fetch
from tests.simulation.flood import Flooded
from tests.simulation.invariants import Violation

SECONDS = 40


def test_a_flood_of_everything_is_held_in_bounded_memory() -> None:
    simulation = Flooded(1, SECONDS)
    simulation.run()
    peak = simulation.peak
    assert peak.messages > 30 * SECONDS * 20
    assert 0 < peak.elements <= peak.elements_bound
    assert 0 < peak.bytes <= peak.bytes_bound
    assert peak.blocks > SECONDS
    refused = sum(sum(machine.core.faults.values()) for machine in simulation.machines if machine.honest)
    assert refused > 10_000


def test_a_core_that_keeps_what_nobody_asked_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds are tight enough to notice: blocks that no question was about stay."""
    monkeypatch.setattr(Fetch, "wants", lambda *_: True)
    with pytest.raises(Violation, match=r"^buffers: "):
        Flooded(1, SECONDS).run()
