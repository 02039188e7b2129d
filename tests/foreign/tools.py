"""Getting the programs of others: Go tools built by the toolchain from their released versions, kept beside Go's own cache; a
library for a newer Python, in an environment of its own below this one.

`python -m tests.foreign.tools` builds the tools before the tests, so that no test waits for it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

from tests.support.pythons import others

VERSIONS = {
    "fsck": "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4",
    "omniwitness": "github.com/transparency-dev/witness/cmd/omniwitness@v0.0.0-20260720115447-2e1c6971d19e",
}
BUILD_SECONDS = 240
"""For each; two minutes from nothing on two cores."""


@lru_cache
def build(name: str) -> Path | str:
    """The program, built unless it is there; a text says why it cannot be."""
    go = shutil.which("go")
    if go is None:
        return "no Go toolchain here"
    folder = _folder(go) / VERSIONS[name].rpartition("@")[2]
    folder.mkdir(parents=True, exist_ok=True)
    missing = folder / f"{name}.missing"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if (folder / name).exists():
            return folder / name
        if missing.exists():
            return missing.read_text()  # who has just tried need not try again
        reason = _install(go, VERSIONS[name], folder)
        if reason:
            missing.write_text(reason)
            return reason
    return folder / name


def _folder(go: str) -> Path:
    cache = subprocess.run([go, "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    return Path(cache) / "kpledger-tools"


def _install(go: str, version: str, folder: Path) -> str:
    """Builds one into a folder; why it cannot be, empty when it could."""
    environment = {**os.environ, "GOBIN": str(folder)}
    try:
        built = subprocess.run(
            [go, "install", version], env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"not built in {BUILD_SECONDS} s"
    return f"go install failed: {built.stderr[-500:]}" if built.returncode else ""


def go_tool(name: str) -> Path:
    """The program; skips, saying why, where it cannot be built: that says nothing of this project."""
    found = build(name)
    if isinstance(found, Path):
        return found
    return pytest.skip(f"{VERSIONS[name]} is not run: {found}")


@lru_cache
def aics_python() -> Path:
    """A Python 3.12 or newer with `aics-tlog`, as `aics.lock` pins it; skips, saying why, where there can be none."""
    folder = Path(sys.prefix) / "aics"
    python, lock = folder / "bin" / "python", Path(__file__).with_name("aics.lock")
    with Path(sys.prefix, "aics.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "made").exists():
            newer = next(iter(others("import venv; assert (3, 12) <= sys.version_info < (3, 14)")), None)
            if newer is None:
                return pytest.skip("aics-tlog is not run: it needs a Python 3.12 or newer; name one in KPLEDGER_OTHER_PYTHON")
            for command in (
                [newer, "-m", "venv", "--clear", folder],
                [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", lock],
            ):
                made = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False)
                if made.returncode:
                    return pytest.skip(f"aics-tlog is not run: {made.stderr[-500:]}")
            (folder / "made").touch()
    return python


if __name__ == "__main__":
    if found := shutil.which("go"):
        for file in _folder(found).glob("*/*.missing"):
            file.unlink()  # what could not be built before may be built now
    failures = [f"{VERSIONS[name]}: {made}" for name in VERSIONS if isinstance(made := build(name), str)]
    sys.stderr.write("".join(f"{failure}\n" for failure in failures))
    sys.exit(bool(failures))
