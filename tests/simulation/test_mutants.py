"""The simulation notices each core that is broken on purpose; without this a green run would prove nothing."""

import pytest

from tests.simulation import mutants
from tests.simulation.invariants import Violation
from tests.simulation.options import Fault, Options, from_seed
from tests.simulation.simulation import Simulation

SEEDS = 40
ROUGH = {"loss": 200, "delay_max": 1_000, "fsync": 5, "records": 20, "chaos": 20_000}


def restarts(nodes: int) -> tuple[Fault, ...]:
    """Everybody's power fails, again and again, at different steps of an fsync."""
    everybody = tuple(range(nodes))
    return tuple(Fault(1_000 + 700 * i, "boundary", everybody, 0, step=i % 5) for i in range(20))


def rough(seed: int, validators: int, faults: tuple[Fault, ...] = ()) -> Options:
    return from_seed(seed).but(validators=validators, followers=0, frozen=0, faults=faults, **ROUGH)


def found(validators: int, faults: tuple[Fault, ...] = ()) -> str:
    """The rule that the first failing seed violates; "none" if no seed fails."""
    for seed in range(SEEDS):
        try:
            Simulation(rough(seed, validators, faults)).run()
        except Violation as violation:
            return violation.rule
    return "none"


@pytest.mark.parametrize(
    ("mutant", "validators", "faults", "rules"),
    [
        (mutants.double_vote, 4, (), {"one-vote"}),
        (mutants.notarize_after_nullify, 4, (), {"notarize-after-nullify"}),
        (mutants.finalize_after_nullify, 4, (), {"nullify-finalize"}),
        (mutants.send_before_durable, 4, (), {"sent-before-durable"}),
        (mutants.no_durability, 4, (), {"sent-before-durable"}),
        (mutants.amnesia, 4, restarts(4), {"recovery", "notarize-after-nullify", "alarm"}),
        (mutants.parent_gap, 4, (), {"parent-gap"}),
        (mutants.finalize_at_once, 4, (), {"finalize-unnotarized"}),
        (mutants.small_quorum, 5, (), {"certificate", "finalize-unnotarized"}),
        (mutants.repeated_signer, 4, (), {"certificate"}),
        (mutants.delivers_with_gaps, 4, (), {"delivery"}),
        (mutants.resumes_in_an_old_view, 4, restarts(4), {"recovery"}),
        (mutants.log_without_fsync, 4, restarts(4), {"recovery"}),
        (mutants.log_without_directory_fsync, 4, restarts(4), {"recovery"}),
    ],
)
def test_a_broken_core_is_found(
    monkeypatch: pytest.MonkeyPatch,
    mutant: mutants.Mutant,
    validators: int,
    faults: tuple[Fault, ...],
    rules: set[str],
) -> None:
    mutant(monkeypatch)
    assert found(validators, faults) in rules


@pytest.mark.parametrize(
    ("mutant", "first"),
    [
        (mutants.never_says_it_again, 0),
        (mutants.leaves_the_late_alone, 0),
        (mutants.refuses_late_notarizations, 38),
        (mutants.does_not_catch_up, 0),
    ],
)
def test_a_core_that_stands_still_is_found(monkeypatch: pytest.MonkeyPatch, mutant: mutants.Mutant, first: int) -> None:
    """`first` is a seed shortly before one that needs the rule."""
    mutant(monkeypatch)
    with pytest.raises(Violation, match=r"^liveness: "):
        for seed in range(first, first + 2 * SEEDS):
            Simulation(from_seed(seed)).run()


def both_nullified_then_crashed() -> Simulation:
    """Two nodes that heard nothing of each other have nullified the first view when their power fails."""
    crash = Fault(9_000, "power", (0, 1), 20_000)
    return Simulation(rough(1, 2, (crash,)).but(loss=1_000, dropped=1_000, chaos=10_000))


def test_own_votes_that_do_not_count_again_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    both_nullified_then_crashed().run()
    mutants.own_votes_not_counted_again(monkeypatch)
    with pytest.raises(Violation, match=r"^liveness: "):
        both_nullified_then_crashed().run()


@pytest.mark.parametrize(("validators", "faults"), [(4, ()), (5, ()), (4, restarts(4)), (2, restarts(2))])
def test_the_real_core_passes_what_finds_them(validators: int, faults: tuple[Fault, ...]) -> None:
    for seed in range(3):
        Simulation(rough(seed, validators, faults)).run()
