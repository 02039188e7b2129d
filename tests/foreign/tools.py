"""Getting the programs of others: Go tools built by the toolchain from their released versions, kept beside Go's own cache.

`python -m tests.foreign.tools` builds them before the tests, so that no test waits for it.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

VERSIONS = {
    "fsck": "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4",
    "omniwitness": "github.com/transparency-dev/witness/cmd/omniwitness@v0.0.0-20260720115447-2e1c6971d19e",
}
BUILD_SECONDS = 600


@lru_cache
def build(name: str) -> Path | str:
    """The program, built unless it is there; a text says why it cannot be."""
    go = shutil.which("go")
    if go is None:
        return "no Go toolchain here"
    cache = subprocess.run([go, "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    folder = Path(cache) / "kpledger-tools" / VERSIONS[name].rpartition("@")[2]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if not (folder / name).exists():
            command, environment = [go, "install", VERSIONS[name]], {**os.environ, "GOBIN": str(folder)}
            try:
                built = subprocess.run(
                    command, env=environment, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
                )
            except subprocess.TimeoutExpired:
                return f"not built in {BUILD_SECONDS} s"
            if built.returncode:
                return f"go install failed: {built.stderr[-500:]}"
    return folder / name


def go_tool(name: str) -> Path:
    """The program; skips, saying why, where it cannot be built. In continuous integration nothing is skipped."""
    found = build(name)
    if isinstance(found, Path):
        return found
    if os.environ.get("CI") == "true":
        raise AssertionError(f"{VERSIONS[name]}: {found}")
    return pytest.skip(f"{VERSIONS[name]} is not run: {found}")


if __name__ == "__main__":
    failures = [f"{VERSIONS[name]}: {found}" for name in VERSIONS if isinstance(found := build(name), str)]
    sys.stderr.write("".join(f"{failure}\n" for failure in failures))
    sys.exit(bool(failures))
