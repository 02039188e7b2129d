"""Which parameters of the Plenary each rule asks for, so that whoever reads a finding sees what it was measured by.

A rule that is not named here asks for none. A test holds this against what the rules really read.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

THRESHOLDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "late-issue": ("late-issue-days",),
        "unconfirmed": ("confirmation-days", "confirmation-days-us", "confirmation-working-days-eu"),
        "discrepancy-drift": ("drift-outcomes", "drift-per-mille", "drift-same-way"),
        "quick-transit": ("quick-transit-days",),
        "never-a-discrepancy": ("unbroken-confirmations",),
        "number-gap": ("number-gap-days", "number-gap-most"),
        "splitting": ("splitting-certificates",),
        "rush": ("rush-certificates", "rush-factor"),
        "circular-custody": ("circular-custody-days",),
        "origin-exposure": ("exposure-per-mille",),
        "negative-stock": ("return-days",),
        "bilateral-gap": ("gap-certificates", "gap-per-mille", "return-days"),
        "return-late": ("return-days",),
        "period-change": ("change-certificates", "change-factor", "return-days"),
    }
)
"""By the rule's name."""
