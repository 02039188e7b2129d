"""Runs tests on a mutated copy of the project and judges what came of it. The working tree is never touched.

One copy, `base`, is made at the beginning and the unmutated tests are run in it, all of which must be green. Each mutation then
gets a copy of its own out of hard links, in which one file is another. A test that fails there kills the mutation, if it fails
because of what it checks: an import, a syntax or a name that is broken proves nothing (`BROKEN`), and neither does a run that had
to be ended from outside (`HUNG`). A test that ends itself after its own timeout has noticed. What the system may have caused, such as
an address in use or a machine that was too slow for a moment, must come twice.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import Lock

from tests.mutation.mutation import ROOT, Mutation, StaleMutationError

LIMIT_SECONDS = 900
"""One run of pytest, on a machine that does other things too."""
TEST_SECONDS = 120
"""One test."""
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info")
_LINKS_LEFT_OUT = shutil.ignore_patterns(".*")
_PROVES_NOTHING = frozenset(
    {"SyntaxError", "IndentationError", "ImportError", "ModuleNotFoundError", "NameError", "UnboundLocalError"}
)

_MAY_BE_CHANCE = frozenset({"OSError", "TimeoutError", "ConnectionResetError", "ConnectionRefusedError", "FatalError"})


class Outcome(Enum):
    """What became of a mutation."""

    KILLED = "killed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN"
    HUNG = "HUNG"
    STALE = "STALE"
    EQUIVALENT = "equivalent"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A mutation's outcome; `by`: the tests that failed, with their exceptions; `text`: the first one's words, or what is wrong."""

    mutation: Mutation
    outcome: Outcome
    seconds: float
    by: tuple[str, ...] = ()
    text: str = ""

    @property
    def fine(self) -> bool:
        """Whether this is as it should be."""
        return self.outcome in {Outcome.KILLED, Outcome.EQUIVALENT}


class NotGreenError(Exception):
    """The unmutated project fails tests that were chosen, or runs none: nothing can be judged by them."""


class Bench:
    """Copies of the project in a directory, and what is run in them."""

    def __init__(self, directory: Path, root: Path = ROOT) -> None:
        """Makes the unmutated copy."""
        self._directory = directory
        self._base = directory / "base"
        self._green: set[str] = set()
        self._checking = Lock()
        self._running: set[int] = set()
        self._closed = False
        shutil.copytree(root, self._base, ignore=_LEFT_OUT)
        shutil.copy2(root / ".gitignore", self._base)

    def require_green(self, tests: Iterable[str]) -> None:
        """Runs these tests on the unmutated copy, each once.

        Raises:
            NotGreenError: one fails, or there is none.
        """
        with self._checking:
            fresh = sorted(set(tests) - self._green)
            if not fresh:
                return
            answer = self._pytest(self._base, {}, fresh, first_only=False)
            if answer is None or answer["failures"] or answer["exit"] or not answer["passed"]:
                raise NotGreenError(f"the unmutated tests are not green: {answer and (answer['failures'] or answer)}")
            self._green.update(fresh)

    def judge(self, mutation: Mutation, stages: Sequence[Sequence[str]], *, first_only: bool = True) -> Verdict:
        """Mutates a copy and runs one stage of tests after the other in it, until one of them notices."""
        started = time.monotonic()

        def verdict(outcome: Outcome, by: tuple[str, ...] = (), text: str = "") -> Verdict:
            return Verdict(mutation, outcome, time.monotonic() - started, by, text)

        tree = self._directory / mutation.name
        try:
            source = mutation.applied((self._base / mutation.file).read_text())
        except (StaleMutationError, OSError) as error:
            return verdict(Outcome.STALE, text=str(error))
        shutil.copytree(self._base, tree, ignore=_LINKS_LEFT_OUT, copy_function=os.link)
        try:
            digest = _replace(tree / mutation.file, source)
            for tests in stages:
                self.require_green(tests)
                answer = self._pytest(tree, {mutation.module: digest}, tests, first_only=first_only)
                if answer and any(one["exception"] in _MAY_BE_CHANCE for one in answer["failures"]):
                    answer = self._pytest(tree, {mutation.module: digest}, tests, first_only=first_only)
                if answer is None:
                    return verdict(Outcome.HUNG, text=f"{', '.join(tests)} did not end")
                failures = answer["failures"]
                if not failures and (answer["exit"] or not answer["passed"]):
                    return verdict(Outcome.BROKEN, text=f"pytest ended with {answer['exit']}: {answer['output']}")
                broken = [one for one in failures if not one["collected"] or one["exception"] in _PROVES_NOTHING]
                if broken:
                    return verdict(Outcome.BROKEN, text=f"{broken[0]['test']}: {broken[0]['exception']}: {broken[0]['text']}")
                if failures:
                    by = tuple(f"{one['test']} ({one['exception']})" for one in failures)
                    return verdict(Outcome.KILLED, by, failures[0]["text"])
        finally:
            shutil.rmtree(tree, ignore_errors=True)
        return verdict(Outcome.SURVIVED)

    def close(self) -> None:
        """Ends what is running, and begins nothing more."""
        self._closed = True
        for group in tuple(self._running):
            _end(group)

    def _pytest(self, tree: Path, modules: Mapping[str, str], tests: Sequence[str], *, first_only: bool) -> dict | None:
        """One run; what the witness saw, None where the run had to be ended.

        Raises:
            KeyboardInterrupt: the bench was closed.
        """
        if self._closed:
            raise KeyboardInterrupt
        if not tests:
            raise ValueError("no tests are chosen")
        order, answer = tree.with_suffix(".order"), tree.with_suffix(".answer")
        order.write_text(json.dumps({"tree": str(tree), "modules": modules, "answer": str(answer)}))
        answer.unlink(missing_ok=True)
        environment = {key: value for key, value in os.environ.items() if key not in {"CI", "PYTEST_ADDOPTS"}}
        environment |= {"PYTHONPATH": str(tree), "MUTATION_ORDER": str(order)}
        command = [sys.executable, "-m", "pytest", "-p", "tests.mutation.witness", "-p", "no:cacheprovider", "-p", "no:xdist"]
        command += ["--hypothesis-seed=0", f"--timeout={TEST_SECONDS}", "--tb=short", *(["-x"] if first_only else [])]
        command += [f"--basetemp={tree.with_suffix('.tmp')}"]
        command += [f"tests/{test}" for test in tests]
        process = subprocess.Popen(
            command,
            cwd=tree,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._running.add(process.pid)
        try:
            output, _ = process.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            return None
        finally:
            self._running.discard(process.pid)
            if process.poll() is None or process.returncode:
                _end(process.pid)
            process.wait()
            shutil.rmtree(tree.with_suffix(".tmp"), ignore_errors=True)
        if not answer.exists():
            return {"failures": [], "passed": 0, "exit": process.returncode or 1, "output": output[-500:]}
        told = json.loads(answer.read_text()) | {"output": output[-500:]}
        if told["strangers"]:
            raise RuntimeError(f"not from the copy: {told['strangers']}")
        return told


def _replace(file: Path, source: str) -> str:
    """Writes the mutated file in place of the link, without what was compiled of it; its digest."""
    file.unlink()
    file.write_text(source)
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()
    return hashlib.sha256(source.encode()).hexdigest()


def _end(group: int) -> None:
    """Ends whatever a failed run has left behind: all of it is in the process group that was made for it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
