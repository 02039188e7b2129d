"""A failing run becomes a script: a short list of events that fails in the same way whenever it is replayed."""

from pathlib import Path

import msgspec
import pytest

from tests.simulation import __main__ as command
from tests.simulation import mutants, points, report, script, shrink, twins
from tests.simulation.byzantine import named_options, options_from_seed
from tests.simulation.invariants import Violation
from tests.simulation.options import Fault, Options, from_seed
from tests.simulation.report import SimulationFailedError, run
from tests.simulation.script import Break, Deliver, Script, Submit
from tests.simulation.simulation import Simulation

FEW = 150
"""Events of a shrunk script at most; the whole runs have thousands."""


@pytest.fixture(autouse=True)
def own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "DIRECTORY", tmp_path)


def kinds() -> list[Options]:
    """Runs of each kind, all short."""
    crash = next(fault for fault in points.points(0, every_byte=False) if fault.kind == "lost")
    return [
        *(from_seed(seed).but(blocks=15) for seed in (4, 8, 21)),
        *(options_from_seed(seed) for seed in (1, 2)),
        named_options(1, ("amnesia", "equivocates by halves")),
        twins.scenario(7),
        points.options(0, crash),
    ]


@pytest.mark.parametrize("number", range(8))
def test_a_script_replays_exactly(number: int, tmp_path: Path) -> None:
    """Recorded, written, read and run again: the same events with the same durable records, and the same script."""
    options = kinds()[number]
    recorded = shrink.record(options)
    assert recorded.run.failure == ""
    assert any(isinstance(line, Deliver) for line in recorded.lines)
    recorded.write(tmp_path / "script.jsonl")
    read = script.read(tmp_path / "script.jsonl")
    assert read == recorded
    again = shrink.replay(read)
    assert again.run.trace == recorded.run.trace
    assert again.lines == recorded.lines


def test_recording_changes_nothing() -> None:
    options = from_seed(4).but(blocks=15)
    assert Simulation(options).run().trace == shrink.record(options).run.trace


def small(seed: int) -> Options:
    """Four validators on a bad network, twenty seconds."""
    options = from_seed(seed).but(validators=4, followers=0, frozen=0, faults=(), loss=200, delay_max=1_000, starved="")
    return options.but(records=20, chaos=20_000, blocks=0, backlog=0)


def fails_first(monkeypatch: pytest.MonkeyPatch, name: str, options: list[Options]) -> SimulationFailedError:
    getattr(mutants, name)(monkeypatch)
    for one in options:
        try:
            run(one, mutant=name)
        except SimulationFailedError as error:
            return error
    raise AssertionError("the mutant was not found")


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("parent_gap", "parent-gap"),
        ("finalize_after_nullify", "nullify-finalize"),
        ("delivers_with_gaps", "delivery"),
        ("double_vote", "one-vote"),
    ],
)
def test_the_shrunk_script_of_a_broken_core_fails_again_and_passes_with_a_good_one(
    name: str, rule: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        error = fails_first(patch, name, [small(seed) for seed in range(30)])
        assert error.rule == rule
        found = script.read(error.script)
        again = shrink.replay(found)
        assert (again.run.failure, again.run.trace, again.run.text) == (rule, found.run.trace, found.run.text)
    assert len(found.lines) <= FEW
    assert "--replay " in str(error)
    assert str(error).count("script of ") == 1
    assert shrink.replay(found).run.failure == ""
    assert command.main(["--replay", str(error.script), "--no-mutant"]) == 0
    assert command.main(["--replay", str(error.script)]) == 1
    assert f"{rule}: exactly as recorded" in capsys.readouterr().out


def cut_off(seed: int) -> Options:
    """One validator misses many blocks."""
    cuts = tuple(Fault(1_000, "cut", nodes, 30_000, others) for nodes, others in (((3,), (0, 1, 2)), ((0, 1, 2), (3,))))
    return small(seed).but(loss=0, delay_max=50, chaos=30_000, faults=cuts)


def test_a_run_that_stands_still_is_shrunk_with_its_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails only after the healing keeps its end: deliveries and faults before that are what is taken away."""
    with monkeypatch.context() as patch:
        error = fails_first(patch, "does_not_catch_up", [cut_off(seed) for seed in range(30)])
        assert error.rule == "liveness"
        found = script.read(error.script)
        assert found.run.heals
        assert shrink.replay(found).run.failure == "liveness"
    assert shrink.replay(found).run.failure == ""


def test_less_is_left_with_each_event_that_does_not_matter() -> None:
    """A broken model: it fails as soon as record 3 is submitted after a fault on node 1. Everything else goes."""
    options = from_seed(5).but(validators=2, followers=0, records=6, chaos=3_000, blocks=0, backlog=0, faults=())
    noise = tuple(Fault(at, "cut", (0,), at + 50, (1,)) for at in range(0, 2_000, 200))
    recorded = shrink.record(options.but(faults=(*noise, Fault(100, "kill", (1,), 300))))
    wanted = [line for line in recorded.lines if isinstance(line, Submit) and line.record == 3]
    kill = [line for line in recorded.lines if isinstance(line, Break) and line.fault.kind == "kill"]

    def replay(candidate: Script) -> Script:
        fails = all(line in candidate.lines for line in (*wanted, *kill))
        return msgspec.structs.replace(candidate, run=msgspec.structs.replace(candidate.run, failure="bad" if fails else ""))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shrink, "replay", replay)
        small = shrink.shrink_script(
            msgspec.structs.replace(recorded, run=msgspec.structs.replace(recorded.run, failure="bad"))
        )
    assert sorted(small.lines, key=str) == sorted((*wanted, *kill), key=str)


def test_shrinking_is_bounded() -> None:
    recorded = shrink.record(from_seed(4).but(blocks=5))
    runs = 0

    def replay(candidate: Script) -> Script:
        nonlocal runs
        runs += 1
        return msgspec.structs.replace(candidate, run=msgspec.structs.replace(candidate.run, failure="another"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shrink, "replay", replay)
        shrink.shrink_script(recorded, runs=7)
        assert runs == 7
        shrink.shrink_script(recorded, seconds=0.0)
        assert runs == 7


def test_what_is_no_script_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "script.jsonl"
    file.write_text('{"do":"note","at":1,"node":0,"text":"hello"}\n')
    with pytest.raises(msgspec.ValidationError):
        script.read(file)


def test_failures_are_named_by_their_rule() -> None:
    assert shrink.failure_of(Violation("fork", "two")) == "fork"
    assert shrink.failure_of(KeyError("x")) == "KeyError"
