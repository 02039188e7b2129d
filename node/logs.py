"""Structured logs: one JSON object a line on standard error, no secrets, no names, no prices.

What may be logged: ids, heights, sizes, participants' codes, counts, reasons. Never bodies of records, keys or tokens.
"""

import sys
from typing import cast

import structlog


def configure(*, participant: str, level: str) -> None:
    """Sets the process's log up; every line carries the participant's code."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(node=participant)


def get_logger(part: str) -> structlog.typing.FilteringBoundLogger:
    """The logger of one part of the node."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(part=part))
