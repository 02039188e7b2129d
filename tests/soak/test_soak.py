"""The long run, made short: it counts, finds a planted defect and tells how to see it again, and ends cleanly whenever it is told to."""

import importlib.util
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.simulation import script, shrink
from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.options import Options
from tests.soak import __main__ as command
from tests.soak.parts import PARTS, Failure, Program, Runs
from tests.soak.running import ROOT, Soak


def soak(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.soak", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=240
    )


def test_a_short_long_run() -> None:
    done = soak("--hours", "0.003", "--jobs", "1", "--only", "swarm", "--only", "twins")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = re.findall(r"^(\w+) +(\d+)/(\d+) +(\d+) +\d+$", done.stdout, re.MULTILINE)
    assert [(name, total, failures) for name, _, total, failures in rows] == [("swarm", "50000", "0"), ("twins", "100000", "0")]
    assert sum(int(runs) for _, runs, _, _ in rows) >= 10


def test_a_planted_defect_shows_up_with_its_script() -> None:
    done = soak("--hours", "0.0005", "--jobs", "1", "--only", "swarm", "--mutant", "double_vote", "--seed", "7")
    assert done.returncode == 1, done.stdout + done.stderr
    summary = done.stdout[done.stdout.index("part ") :]
    assert int(re.findall(r"^swarm +\d+/50000 +(\d+)", summary, re.MULTILINE)[0]) > 0
    [(number, rule, path), *_] = re.findall(r"^swarm (\d+): ([\w-]+); script: (.+)$", summary, re.MULTILINE)
    assert int(number) >= 7
    recorded = script.read(Path(path))
    assert (recorded.run.failure, recorded.run.mutant) == (rule, "double_vote")
    assert shrink.replay(recorded).run.failure == ""


def test_an_interrupt_ends_it_with_what_there_is() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.soak", "--hours", "1", "--jobs", "1", "--only", "determinism", "--only", "twins"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while process.poll() is None and not workers.read_text():
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "interrupted" in out
    assert re.search(r"^twins +\d+/100000 +0 +\d+$", out, re.MULTILINE)
    assert "Traceback" not in err


def test_programs_are_counted_by_their_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [
        Program("good", "this", ()),
        Program("bad", "json.tool", ("no such file",)),
        Program("gone", "tests.no_such_module", ()),
    ]
    run = Soak(parts, seconds=60, jobs=1, seed=0)
    run.run()
    assert [(row.done, len(row.failures)) for row in run.rows] == [(1, 0), (1, 1), (0, 1)]
    assert "No such file" in run.rows[1].failures[0].text
    table = command.summary(run.rows)
    assert "gone 0: missing; there is no tests.no_such_module" in table
    assert "bad 0: exit code" in table
    capsys.readouterr()


def test_a_program_that_does_not_end_is_ended() -> None:
    run = Soak([Program("server", "http.server", ("--bind", "127.0.0.1", "0"))], seconds=1, jobs=1, seed=0)
    run.run()
    [row] = run.rows
    assert (row.done, row.failures, row.state) == (0, [], "time was over")


def _slow(_numbers: range, _small: bool, _mutant: str) -> list[Failure]:
    time.sleep(3)
    return []


def test_a_program_that_had_no_time_has_not_failed_though_runs_end_after_it(capsys: pytest.CaptureFixture[str]) -> None:
    busy = Program("busy", "timeit", ("-n", "1000000000000", "pass"))
    run = Soak([busy, Runs("slow", 2, _slow, 1)], seconds=1, jobs=2, seed=0)
    run.run()
    program, slow = run.rows
    assert (program.done, program.failures, program.state) == (0, [], "time was over")
    assert (slow.done, slow.failures) == (1, [])
    capsys.readouterr()


def _every_third_fails(numbers: range, small: bool, _mutant: str) -> list[Failure]:
    return [Failure(number, "third", f"small {small}") for number in numbers if number % 3 == 0]


def _breaks(_numbers: range, _small: bool, _mutant: str) -> list[Failure]:
    raise ValueError("broken part")


def test_runs_are_counted_and_only_the_first_failures_are_shrunk(capsys: pytest.CaptureFixture[str]) -> None:
    run = Soak([Runs("thirds", 60, _every_third_fails, 3), Runs("broken", lambda: 1, _breaks, 1)], seconds=60, jobs=1, seed=3)
    run.run()
    thirds, broken = run.rows
    assert (thirds.done, [failure.number for failure in thirds.failures]) == (60, list(range(3, 63, 3)))
    assert {failure.text for failure in thirds.failures[:5]} == {"small True"}
    assert {failure.text for failure in thirds.failures[6:]} == {"small False"}
    assert [failure.rule for failure in broken.failures] == ["ValueError"]
    capsys.readouterr()


def test_the_table_is_that_of_the_design() -> None:
    """4-consensus.md, "long run"; and each number means a run of its own."""
    runs = {part.name: part for part in PARTS if isinstance(part, Runs)}
    wanted = {"swarm": 50_000, "twins": 100_000, "behaviours": 2_000 * len(BEHAVIOURS), "determinism": 500}
    assert {name: runs[name].total for name in wanted} == wanted
    assert runs["pairs"].total == 200 * len(BEHAVIOURS) * (len(BEHAVIOURS) - 1) // 2
    assert runs["points"].total() > 80_000
    for name in ("swarm", "habits", "behaviours", "pairs", "twins", "points"):
        make = runs[name].chunk.args[0]
        options = [make(number)[0] for number in range(300)]
        assert all(isinstance(one, Options) for one in options)
        assert len(set(options)) == 300, name
    programs = {part.module for part in PARTS if isinstance(part, Program)}
    assert [module for module in sorted(programs) if importlib.util.find_spec(module) is None] == []
