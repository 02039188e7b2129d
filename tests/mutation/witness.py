"""A plugin of the run on a mutated copy: that the copy is what is tested, and what exactly failed.

It imports the mutated module before anything is collected (a mutation that cannot be imported proves nothing), demands that
every module of the project comes from the copy and that the mutated one is the file as it was written there, and leaves behind
what failed with which exception. `MUTATION_ORDER` names the files; see `tests.mutation.running`.
"""

import hashlib
import importlib
import json
import os
import sys
from pathlib import Path

import pytest

PACKAGES = ("consensus", "ledger", "node", "api", "tests")
_seen: dict[str, object] = {}


def pytest_configure(config: pytest.Config) -> None:
    """Imports what was mutated."""
    order = json.loads(Path(os.environ["MUTATION_ORDER"]).read_text())
    _seen.update(order=order, failures=[], passed=0, skipped=0)
    tree = Path(order["tree"])
    for name, digest in order["modules"].items():
        module = importlib.import_module(name)
        file = Path(str(module.__file__))
        if not file.is_relative_to(tree) or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise pytest.UsageError(f"{name} comes from {file}, not from the mutated copy {tree}")


def pytest_exception_interact(node: pytest.Item | pytest.Collector, call: "pytest.CallInfo[object]") -> None:
    """Notes a failure with its exception."""
    assert call.excinfo is not None
    text = str(call.excinfo.value).strip() or call.excinfo.typename
    _seen["failures"].append(  # a list since configure
        {
            "test": node.nodeid,
            "collected": isinstance(node, pytest.Item),
            "exception": call.excinfo.typename,
            "text": text.split("\n")[0][:200],
        }
    )


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Counts."""
    if report.when == "call" and report.passed:
        _seen["passed"] = int(str(_seen["passed"])) + 1
    elif report.skipped:
        _seen["skipped"] = int(str(_seen["skipped"])) + 1


def pytest_sessionfinish(exitstatus: int) -> None:
    """Writes down what was seen."""
    order = _seen["order"]
    assert isinstance(order, dict)
    tree = Path(order["tree"])
    ours = {
        name: str(module.__file__)
        for name, module in list(sys.modules.items())
        if name.split(".")[0] in PACKAGES and getattr(module, "__file__", None)
    }
    strangers = sorted(name for name, file in ours.items() if not Path(file).is_relative_to(tree))
    told = {key: value for key, value in _seen.items() if key != "order"}
    Path(order["answer"]).write_text(json.dumps({**told, "strangers": strangers, "exit": int(exitstatus)}))
