"""The benchmarks are no tests, but they must start: whatever they take from elsewhere may have moved."""

import importlib
from pathlib import Path

import pytest

import tests.bench

MODULES = sorted(file.stem for file in Path(tests.bench.__file__).parent.glob("*.py") if not file.stem.startswith("__"))


@pytest.mark.parametrize("name", [*MODULES, "__main__"])
def test_it_finds_what_it_measures(name):
    assert importlib.import_module(f"tests.bench.{name}").__doc__
