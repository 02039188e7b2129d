"""What the model is asked: all that must hold, and each check of a correct validator taken away, which SPIN must notice.

`ARRANGEMENTS` are searched to the end and nothing may be found. Each of `CHECKS` is one line of the model switched off, the
arrangement in which that shows, and what breaks first. `to_fork` asks further: is it a fork in the end, or do other checks stand in?
"""

from typing import NamedTuple


class Check(NamedTuple):
    """A check, by the switch that takes it away, and what is broken without it."""

    switch: str
    broken: str
    arrangement: tuple[str, ...] = ("SHIFT=1",)
    """The Byzantine validator leads view 2, unless said otherwise."""


ARRANGEMENTS = (
    ("SHIFT=1",),
    ("SHIFT=2",),
    ("SHIFT=3",),
    ("BYZANTINE_LEADS",),
    ("PROGRESS", "SHIFT=1"),
    ("PROGRESS", "SHIFT=2"),
    ("PROGRESS", "SHIFT=3"),
    ("PROGRESS", "CALM", "SHIFT=2"),
    ("PROGRESS", "CALM", "SHIFT=3"),
)
"""Two views, all states: the Byzantine validator leads view 2, view 1, neither, both; safety, then progress, then finality."""

SHORT = (("SHIFT=3",), ("PROGRESS", "CALM", "SHIFT=3"))
"""Those that the test command has time for."""

CHECKS = (
    Check("NO_PARENT_GAP", "gap_not_nullified"),
    Check("NO_PARENT_NOTAR", "unnotarized_parent"),
    Check("NO_PARENT_DIGEST", "unnotarized_parent"),
    Check("NO_ONE_NOTARIZE", "second_notarize"),
    Check("NO_NOTARIZE_NULLIFIED", "notarize_after_nullify"),
    Check("NO_FINALIZE_NOTARIZED", "finalize_of_unnotarized"),
    Check("NO_FINALIZE_NULLIFIED", "nullify_and_finalize"),
    Check("NO_NULLIFY_FINALIZED", "nullify_and_finalize"),
    Check("NO_QUORUM_NOTAR", "two_notarizations"),
    Check("NO_QUORUM_NULL", "nullified_and_final"),
    Check("NO_QUORUM_FINAL", "nullified_and_final"),
    Check("NO_TIMEOUT", "stuck", ("PROGRESS", "SHIFT=2")),
    Check("NO_NULLIFY_NOTARIZED", "stuck", ("PROGRESS", "SHIFT=2")),
    Check("NO_FORWARD", "stuck", ("PROGRESS", "SHIFT=2")),
    Check("NO_LATE", "stuck", ("PROGRESS", "CALM", "SHIFT=2")),
)

SAFETY = tuple(check.switch for check in CHECKS if check.broken != "stuck")


def to_fork(switch: str) -> tuple[str, ...]:
    """Switches that ask whether two conflicting blocks become final without this check, whatever else is broken on the way."""
    return ("BYZANTINE_LEADS", "ONLY_FORK", switch)
