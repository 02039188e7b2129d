"""The swarm of the test command, and what an idle network does."""

from statistics import median

import pytest

from tests.simulation import determinism
from tests.simulation.application import HEARTBEAT_MS
from tests.simulation.invariants import Violation
from tests.simulation.machine import Machine
from tests.simulation.options import Fault, Options, from_seed
from tests.simulation.report import SimulationFailedError, run
from tests.simulation.shrink import shrink
from tests.simulation.simulation import Simulation

SEEDS = 300
CHUNK = 10
LOOKED_AT = 40
"""Of the first seeds it is also looked at what happens in them."""

HOUR_MS = 3_600_000
DETERMINISTIC = 10


def calm(validators: int, seed: int = 1) -> Options:
    """A network without faults."""
    options = from_seed(seed).but(validators=validators, followers=0, loss=0, duplication=0, delay_max=50, frozen=0)
    return options.but(faults=(), dropped=0, check=5, fsync=0, skew=100, records=0, starved="", stragglers=0)


@pytest.mark.parametrize("first", range(LOOKED_AT, SEEDS, CHUNK))
def test_swarm(first: int) -> None:
    for seed in range(first, first + CHUNK):
        run(from_seed(seed))


def test_the_swarm_meets_what_it_is_for() -> None:
    """The first seeds. Restarts, nullified views, catch-up, missing bodies and rotations do happen in them, over some hundred blocks."""
    kinds: set[str] = set()
    lives = nullified = 0
    messages: set[str] = set()
    blocks: list[int] = []
    for seed in range(LOOKED_AT):
        simulation = run(from_seed(seed))
        blocks.append(simulation.checker.highest)
        kinds |= {fault.kind for fault in simulation.options.faults}
        lives += sum(machine.life for machine in simulation.machines)
        nullified += len(simulation.checker.nullified)
        messages |= set(simulation.network.sent)
    assert kinds == {"pause", "cut", "power", "kill", "boundary", "broken"}
    assert lives > 150
    assert nullified > 50
    assert median(blocks) > 90
    assert {from_seed(seed).validators for seed in range(SEEDS)} == {1, 2, 3, 4, 5, 7, 10, 13}
    assert messages >= {"Proposal", "Vote", "Certificate", "Status", "GetHeaders", "Headers", "GetBlock", "GotBlock"}
    assert messages >= {"GetCertificates", "GetRecords", "Records"}


@pytest.mark.parametrize("seed", [3, 16, 40])
def test_swarm_with_real_signatures(seed: int) -> None:
    run(from_seed(seed).but(signatures="ed25519", blocks=10))


@pytest.mark.parametrize("validators", [1, 2, 4, 7])
def test_after_one_record_at_most_one_empty_block(validators: int) -> None:
    for seed in range(5):
        simulation = Simulation(calm(validators, seed))
        simulation.start()
        simulation.submit(1_000)
        simulation.finish(simulation.machines)
        simulation.idle()
        blocks = [block for block in simulation.machines[0].chain.blocks if block]
        assert [len(block.payload.records) for block in blocks] in ([1], [1, 0])


@pytest.mark.parametrize(("validators", "hours"), [(1, 24), (2, 4), (4, 24)])
def test_an_idle_network_is_quiet(validators: int, hours: int) -> None:
    """Nodes say where they stand; a heartbeat block is due every ten minutes."""
    simulation = Simulation(calm(validators))
    simulation.start()
    heartbeats = hours * HOUR_MS // HEARTBEAT_MS
    simulation.run_until(hours * HOUR_MS + HEARTBEAT_MS // 2)
    result = simulation.result()
    each = validators * (validators - 1)
    assert heartbeats - 2 <= result.blocks <= heartbeats + 2
    spoken = sum(count for name, count in result.messages.items() if name != "Status")
    assert spoken <= result.blocks * 8 * each
    assert result.messages.get("Status", 0) <= (hours * HOUR_MS // 5_000 + result.blocks * 4) * each


def test_the_same_seed_gives_the_same_trace_under_any_hash_seed() -> None:
    different, traces = determinism.compare(range(DETERMINISTIC))
    assert different == []
    assert len(set(traces)) == DETERMINISTIC


def test_a_failure_tells_how_to_see_it_again_and_is_shrunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken model: the third restart of node 0 violates. Of six faults the two that restart it remain."""
    boot = Simulation._boot

    def fragile(self: Simulation, machine: Machine) -> None:
        boot(self, machine)
        if self.machines[0].life > 4:
            raise Violation("fragile", "third life")

    monkeypatch.setattr(Simulation, "_boot", fragile)
    noise = tuple(Fault(3_000 + at, "cut", (1,), 4_000 + at, (2,)) for at in range(4))
    kills = (Fault(2_000, "kill", (0,), 2_500), Fault(6_000, "power", (0, 1), 6_500))
    options = calm(4).but(records=3, chaos=8_000, faults=(*noise, *kills))
    assert shrink(options, "fragile").faults == kills
    with pytest.raises(SimulationFailedError) as caught:
        run(options)
    report = str(caught.value)
    assert "fragile: third life" in report
    assert "--seeds 1-1" in report
    assert "shrunk to: 2 faults" in report
