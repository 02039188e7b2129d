"""What every test may lean on."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

SHARED = Path(__file__).resolve().parents[2] / "shared"

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes are started here, and each would compile what it reads
sys.dont_write_bytecode = False

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


def shared(path: str) -> Path:
    """A file of others that may be read in place and never committed; absent at a user's, where the test is skipped."""
    file = SHARED / path
    if not file.exists():
        if os.environ.get("CI") == "true":
            raise AssertionError(f"{path} must be present in continuous integration")
        pytest.skip(f"{path} is not part of the project and absent here")
    return file
