"""`node.logs` and `node.metrics`: one JSON object a line, levels, failures as text; a registry of its own, figures read when asked."""

import json
from collections.abc import Callable, Iterator

import pytest
import structlog
from prometheus_client import REGISTRY, generate_latest

from node.logs import configure, get_logger
from node.metrics import new_registry


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, object]]]]:
    """What was logged, line by line; the process's own settings come back afterwards."""
    before = structlog.get_config()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    structlog.configure(**before)
    structlog.contextvars.clear_contextvars()


def test_one_object_a_line_with_part_and_node(written) -> None:
    configure(participant="BW", level="info")
    get_logger("cosigner").warning("another root", peer="RU", size=7, text="a\nb\u2028c")
    (line,) = written()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "another root",
        "level": "warning",
        "node": "BW",
        "part": "cosigner",
        "peer": "RU",
        "size": 7,
        "text": "a\nb\u2028c",
    }


@pytest.mark.parametrize(("level", "count"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_levels(written, level: str, count: int) -> None:
    configure(participant="BW", level=level)
    log = get_logger("x")
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)(name)
    assert [line["level"] for line in written()] == ["debug", "info", "warning", "error"][4 - count :]


def test_a_failure_is_one_line_too(written) -> None:
    configure(participant="BW", level="info")
    try:
        int("first\nsecond")
    except ValueError:
        get_logger("x").exception("failed")
    (line,) = written()
    assert "ValueError: invalid literal" in str(line["exception"])


def test_settings_hold_for_loggers_made_before(written) -> None:
    """Modules make theirs when they are imported, long before the settings are read."""
    log = get_logger("early")
    configure(participant="EU", level="error")
    log.info("not shown")
    log.error("shown")
    assert [line["node"] for line in written()] == ["EU"]


def test_a_registry_of_its_own() -> None:
    one, collector = new_registry()
    two, _ = new_registry()
    collector.gauge("height", "Height", lambda: 3)
    assert b"kpledger_height 3.0" in generate_latest(one)
    assert b"kpledger_height" not in generate_latest(two)
    assert b"kpledger_height" not in generate_latest(REGISTRY)


def test_figures_are_read_when_they_are_asked_for() -> None:
    registry, collector = new_registry()
    figures, counts = [1.5], {}
    collector.gauge("pending", "Pending", lambda: figures[0])
    collector.counters("refused", "Refused", "code", lambda: counts)
    assert b"kpledger_pending 1.5" in generate_latest(registry)
    assert b"kpledger_refused_total{" not in generate_latest(registry)
    figures[0] = -2
    counts["bad-key"] = 4
    text = generate_latest(registry).decode()
    assert "# TYPE kpledger_pending gauge" in text
    assert "kpledger_pending -2.0" in text
    assert "# TYPE kpledger_refused_total counter" in text
    assert 'kpledger_refused_total{code="bad-key"} 4.0' in text
