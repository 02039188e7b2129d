"""Getting the programs of others: Go tools built by the toolchain from their released versions, kept beside Go's own cache."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

VERSIONS = {
    "fsck": "github.com/transparency-dev/tessera/cmd/fsck@v1.0.4",
    "omniwitness": "github.com/transparency-dev/witness/cmd/omniwitness@v0.0.0-20260720115447-2e1c6971d19e",
}
BUILD_SECONDS = 280


def go_tool(name: str) -> Path:
    """The program, built once by `go install`; skips, saying why, where there is no Go or it cannot fetch the source.

    Skips only what the machine cannot do: with a toolchain in continuous integration, a failing build fails.
    """
    go = shutil.which("go")
    if go is None:
        pytest.skip(f"no Go toolchain here: {VERSIONS[name]} is not run")
    cache = subprocess.run([go, "env", "GOCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    folder = Path(cache) / "kpledger-tools" / VERSIONS[name].rpartition("@")[2]
    if not (folder / name).exists():
        try:
            built = subprocess.run(
                [go, "install", VERSIONS[name]],
                env={**os.environ, "GOBIN": str(folder)},
                capture_output=True,
                text=True,
                timeout=BUILD_SECONDS,
                check=False,
            )
            failure = built.stderr[-500:] if built.returncode else ""
        except subprocess.TimeoutExpired:
            failure = f"not built in {BUILD_SECONDS} s"
        if failure:
            if os.environ.get("CI") == "true":
                raise AssertionError(f"{VERSIONS[name]}: {failure}")
            pytest.skip(f"{VERSIONS[name]} cannot be built here: {failure}")
    return folder / name
