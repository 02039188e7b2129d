"""Epochs change under faults and liars, and machines and cores that are broken on purpose are found out."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from consensus.events import Tip
from consensus.messages import VoteKind, vote_input
from tests.simulation.epochs import mutants
from tests.simulation.epochs.application import Registry
from tests.simulation.epochs.checker import Checkers
from tests.simulation.epochs.machine import LEDGER_ID
from tests.simulation.epochs.options import Change, EpochOptions, from_seed
from tests.simulation.epochs.run import EpochsFailedError, failure, main, run, shrink
from tests.simulation.epochs.simulation import EpochSimulation
from tests.simulation.epochs.traitor import HABITS, EpochTraitor
from tests.simulation.invariants import Violation
from tests.simulation.options import Fault
from tests.simulation.signatures import make_keys, scheme

SEEDS = 40
CHUNK = 8
SEARCH = 80
NOTARIZE, NULLIFY, FINALIZE = VoteKind


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_epochs(first: int) -> None:
    for seed in range(first, first + CHUNK):
        run(from_seed(seed))


def test_the_runs_meet_what_they_are_for() -> None:
    """Every fault and habit, keys replaced, validators that come and go, last blocks proposed again, machines long away."""
    kinds: set[str] = set()
    habits: set[str] = set()
    joined = left = replaced = again = late = turns = behind = convicted = 0
    for seed in range(SEEDS):
        simulation = run(from_seed(seed))
        result, checker = simulation.result(), simulation.checker
        kinds |= {fault.kind for fault in simulation.options.base.faults}
        habits |= {habit for one in simulation.machines if isinstance(one, EpochTraitor) for habit in one.habits}
        again, late, turns = again + result.again, late + result.late, turns + result.turns
        behind += result.behind > 1
        lists = [dict(simulation.registry.lists[number]) for number in checker.lists]
        for old, new in pairwise(lists):
            joined += len(new.keys() - old.keys())
            left += len(old.keys() - new.keys())
            replaced += sum(old[machine] != key for machine, key in new.items() if machine in old)
        convicted += sum(len(found) for epoch in checker.epochs for found in epoch.convicted)
    assert kinds == {"pause", "cut", "power", "kill", "boundary", "broken", "change"}
    assert habits == set(HABITS)
    assert min(joined, left) > 40
    assert replaced > 30
    assert again > 10
    assert late > 3
    assert turns > 200
    assert behind > 3
    assert convicted > 10


def test_the_same_seed_gives_the_same_trace_under_any_hash_seed() -> None:
    program = (
        "from tests.simulation.epochs.options import from_seed\n"
        "from tests.simulation.epochs.simulation import EpochSimulation\n"
        "for seed in (2, 8, 21): print(EpochSimulation(from_seed(seed)).run().trace)\n"
    )
    traces = set()
    for hash_seed in ("0", "4242"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=Path(__file__).resolve().parents[3],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        traces.add(done.stdout)
    assert len(traces) == 1
    assert len(set(traces.pop().split())) == 3


def test_a_failure_tells_how_to_see_it_again_and_is_shrunk(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mutants.ends_are_not_told(monkeypatch)
    seed = next(seed for seed in range(SEARCH) if failure(from_seed(seed)) == "liveness")
    options = from_seed(seed)
    small = shrink(options, "liveness")
    assert failure(small) == "liveness"
    assert len(small.base.faults) <= len(options.base.faults)
    with pytest.raises(EpochsFailedError) as caught:
        run(options)
    for part in ("liveness: ", f"--seeds {seed}-{seed}", "shrunk to", "last events:"):
        assert part in str(caught.value)
    assert main(["--seeds", f"{seed}-{seed}"]) == 1
    assert "1 seeds, 1 failed" in capsys.readouterr().out


# --- broken on purpose ------------------------------------------------------------------------------------------------


def stranded(seed: int) -> EpochOptions:
    """One validator changes its key three times while two followers hear nothing of it: nobody is left of their epoch's list."""
    cut = {"at": 3_000, "kind": "cut", "until": 20_000}
    cuts = (Fault(nodes=(0, 1), others=(2,), **cut), Fault(nodes=(2,), others=(0, 1), **cut))  # one each
    changes = tuple(Change(4_000 + 1_000 * key, ((2, key),)) for key in (1, 2, 3))
    nobody: frozenset[int] = frozenset()
    options = from_seed(seed).but(machines=3, validators=3, first=((2, 0),), changes=changes, traitors=nobody, sleepers=nobody)
    return options.but(chaos=15_000, faults=cuts, loss=0, starved="", hindered=0)


def changing(seed: int) -> EpochOptions:
    """Power fails at one operation after the other of each change of epochs."""
    options = from_seed(seed)
    faults = tuple(Fault(400 * i, "change", (i % options.machines,), 0, step=i % 14) for i in range(60))
    sleepers = options.sleepers | options.traitors
    options = options.but(traitors=frozenset(), sleepers=sleepers, faults=faults)
    return options.but(loss=0, starved="", delay_max=10, stragglers=0)


def lossy(seed: int) -> EpochOptions:
    """Last blocks that some have given up are not final in their own view."""
    return from_seed(seed).but(hindered=900, loss=200, delay_max=1_000, skewness=1, stragglers=100, starved="Certificate")


def lying(seed: int) -> EpochOptions:
    """Four machines always vote, one of them lies, and votes that would end an epoch are mostly lost."""
    everybody = tuple((machine, 0) for machine in range(4))
    changes = tuple(Change(2_000 * i, everybody) for i in range(1, 6))
    options = from_seed(seed).but(machines=4, validators=4, first=everybody, changes=changes, faults=(), chaos=30_000)
    options = options.but(traitors=frozenset({seed % 4}), sleepers=frozenset(), hindered=900)
    return options.but(loss=50, delay_max=50, stragglers=0, starved="", check=5, dropped=0, fsync=0)


def hurried(seed: int) -> EpochOptions:
    """One change is asked for after the other, faster than epochs can end."""
    options = from_seed(seed)
    lists = [options.first, *(change.members for change in options.changes)]
    changes = tuple(Change(1_000 + 150 * i, lists[i % len(lists)]) for i in range(40))
    return options.but(changes=changes, faults=(), loss=0, delay_max=50, stragglers=0, starved="", hindered=0, dropped=0)


Options = Callable[[int], EpochOptions]


@pytest.mark.parametrize(
    ("mutant", "options", "rules"),
    [
        (mutants.child_on_the_last_block, from_seed, {"beyond"}),
        (mutants.last_block_with_records, from_seed, {"beyond"}),
        (mutants.final_of_the_last_block_ignored, from_seed, {"liveness"}),
        (mutants.later_final_ignored, from_seed, {"liveness"}),
        (mutants.never_proposed_again, lossy, {"liveness"}),
        (mutants.proposed_again_is_refused, from_seed, {"accusation"}),
        (mutants.proposed_again_anywhere, lying, {"again"}),
        (mutants.votes_after_the_end, from_seed, {"after-the-end"}),
        (mutants.old_log_in_the_new_epoch, from_seed, {"old-log"}),
        (mutants.old_log_taken_for_the_new_ones, from_seed, {"old-log"}),
        (mutants.log_made_after_the_commit, changing, {"recovery"}),
        (mutants.log_deleted_before_the_commit, changing, {"recovery"}),
        (mutants.missing_log_made_anew, changing, {"one-vote", "alarm", "nullify-finalize"}),
        (mutants.key_not_retired, from_seed, {"key"}),
        (mutants.lists_differ, hurried, {"key", "finalize-unnotarized"}),
        (mutants.next_is_not_judged, lying, {"list"}),
        (mutants.ends_are_not_told, from_seed, {"liveness"}),
        (mutants.headers_go_beyond, from_seed, {"liveness", "accusation"}),
        (mutants.later_finals_of_headers_are_refused, from_seed, {"accusation"}),
        (mutants.later_epochs_status_is_not_heard, from_seed, {"liveness"}),
        (mutants.questions_take_turns_together, stranded, {"liveness"}),
        (mutants.restored_as_another_proposal, from_seed, {"again"}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_what_is_broken_is_found(
    mutant: mutants.Mutant, options: Options, rules: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    assert next((rule for seed in range(SEARCH) if (rule := failure(options(seed)))), None) in rules


@pytest.mark.parametrize("options", [stranded, changing, lossy, lying, hurried])
def test_what_is_whole_passes_what_finds_them(options: Options) -> None:
    for seed in range(6):
        run(options(seed))


# --- the checker itself: synthetic votes, no core ---------------------------------------------------------------------


class Story:
    """Two machines; the first one votes in epoch 0, nobody knows of another yet."""

    def __init__(self) -> None:
        options = from_seed(0).but(machines=2, first=((0, 0),), changes=(Change(0, ((1, 0),)),))
        secrets = make_keys("fast", 4, 0)
        keys = tuple(secrets)
        start = Tip(0, 0, LEDGER_ID, 0)
        self.checkers = Checkers(LEDGER_ID, Registry(options), [keys[:2], keys[2:]], frozenset(), start)
        self.secrets = secrets
        for machine in (0, 1):
            self.checkers.enter(machine, 0, self.checkers.keys[machine][0], [], start)

    def sign(self, machine: int, key: int = 0, epoch: int = 0) -> None:
        own = self.checkers.keys[machine][key]
        signed = partial(self.checkers.signed, machine, own)
        scheme("fast", own, self.secrets, signed).sign(vote_input(LEDGER_ID, NULLIFY, epoch, 1, 0, b""))


def raises(rule: str) -> pytest.RaisesExc[Violation]:
    return pytest.RaisesExc(Violation, match=f"^{rule}: ")


def test_a_vote_with_the_key_on_the_list_passes() -> None:
    Story().sign(0)


def test_a_key_that_is_not_on_the_list_votes() -> None:
    with raises("key"):
        Story().sign(0, key=1)
    with raises("key"):
        Story().sign(1)


def test_a_vote_in_another_epoch_than_ones_own() -> None:
    with raises("old-epoch"):
        Story().sign(0, epoch=1)


def test_an_epoch_that_has_not_begun_or_is_left() -> None:
    story = Story()
    key = story.checkers.keys[0][0]
    with raises("early-epoch"):
        story.checkers.enter(0, 1, key, [], Tip(0, 1, bytes(32), 1))
    story.checkers._at[0] = -1
    with raises("early-epoch"):
        story.checkers.enter(0, 0, key, [], Tip(0, 0, bytes(32), 1))
    story.checkers._at[0] = 1
    with raises("old-epoch"):
        story.checkers.enter(0, 0, key, [], Tip(0, 0, LEDGER_ID, 0))


def test_a_log_that_is_not_empty_when_an_epoch_begins() -> None:
    story = Story()
    story.checkers._at[0] = -1
    with raises("old-log"):
        story.checkers.enter(0, 0, story.checkers.keys[0][0], [b"record"], Tip(0, 0, LEDGER_ID, 0))


def test_a_run_ends_where_nothing_is_pending() -> None:
    simulation = EpochSimulation(from_seed(3))
    simulation.run()
    assert {machine.chain.pending for machine in simulation.machines if machine.honest} == {0}
    assert len({machine.chain.tips[-1] for machine in simulation.machines if machine.honest}) == 1
