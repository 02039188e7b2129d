"""The short run of the cluster in network namespaces: a split, a SIGKILL under loss, a clock an hour ahead. See README.md.

`python -m tests.cluster` is the long one, with every kind of fault and any number of nodes.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cluster.__main__ import main, unavailable
from tests.support.namespaces import run_isolated


@pytest.fixture(scope="module", autouse=True)
def _possible():
    if reason := unavailable():
        assert os.environ.get("CI") != "true", f"must be possible in continuous integration: {reason}"
        pytest.skip(f"no network namespaces: {reason}")


def command_lines():
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "cmdline").read_bytes())
        except OSError:
            continue  # it has just ended
    return found


def test_nothing_is_left_of_an_isolated_run(tmp_path, monkeypatch):
    """Whether it ends, or does not and is ended: what it has started is gone with it."""
    mark = f"kpledger-{os.getpid()}-{time.monotonic_ns()}"
    (tmp_path / "orphanage.py").write_text(
        "import subprocess, sys, time\n"
        "from tests.support.namespaces import end_with_parent, make_namespace\n"
        "end_with_parent()\n"
        "space = make_namespace('10.77.0.9')\n"
        "words = space.command([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]])\n"
        "subprocess.Popen(words, pass_fds=[space.handle], start_new_session=True)\n"
        "time.sleep(float(sys.argv[2]))\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    for stays in ("1", "600"):
        if stays == "1":
            assert run_isolated("orphanage", [mark, stays], 20)[0] == 0
        else:
            with pytest.raises(TimeoutError):
                run_isolated("orphanage", [mark, stays], 2)
        assert not [line for line in command_lines() if mark.encode() in line]


def test_an_isolated_run_ends_with_who_wanted_it(tmp_path):
    """SIGKILL to the program that runs it leaves nothing either."""
    mark = f"kpledger-{os.getpid()}-{time.monotonic_ns()}"
    (tmp_path / "sleeper.py").write_text(
        "import sys, time\nfrom tests.support.namespaces import end_with_parent\nend_with_parent()\ntime.sleep(600)\n"
    )
    (tmp_path / "wanter.py").write_text(
        "import sys\nfrom tests.support.namespaces import run_isolated\nrun_isolated('sleeper', [sys.argv[1]], 600)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"}
    process = subprocess.Popen([sys.executable, str(tmp_path / "wanter.py"), mark], env=environment)
    try:
        wait(lambda: sum(mark.encode() in line for line in command_lines()) >= 3)
    finally:
        process.kill()
        process.wait()
    wait(lambda: not any(mark.encode() in line for line in command_lines()))


def wait(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_three_faults(tmp_path, capfd):
    code = main(["--short", "--nodes", "4", "--seed", "1", "--rate", "4", "--dir", str(tmp_path)])
    said = capfd.readouterr().out
    assert code == 0, said
    assert "violations: 0" in said
    assert said.count(" acknowledged meanwhile; ") == 3
    assert list(tmp_path.iterdir()) == [], "nothing is kept of a run in which nothing was wrong"
