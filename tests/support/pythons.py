"""Other Pythons on this machine, for what must be the same whatever runs it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_NAMES = ("python3.11", "python3.12", "python3.13")


def pythons() -> Iterator[str]:
    """`KPLEDGER_OTHER_PYTHON`, those on the path, those of pyenv; some may not start."""
    yield from filter(None, [os.environ.get("KPLEDGER_OTHER_PYTHON"), *map(shutil.which, _NAMES)])
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from map(str, sorted(root.glob("versions/3.1[123].*/bin/python")))


def others(needed: str) -> list[str]:
    """Of other minor versions, those that can import this."""
    asked = f"import sys; assert sys.version_info[:2] != {sys.version_info[:2]}; {needed}"
    return [one for one in pythons() if subprocess.run([one, "-c", asked], capture_output=True, check=False).returncode == 0]
