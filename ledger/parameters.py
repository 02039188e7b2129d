"""The network's parameters: what the Plenary may set, its default and its bounds (2-records.md, "Kinds").

A parameter's value has a history (`ledger.register`): what a rule reads is the one of the block's day.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from ledger.limits import (
    DEFAULT_DAILY_RECORDS,
    DEFAULT_VALIDITY_DAYS,
    ISSUE_LATE_DAYS,
    ISSUE_TOO_LATE_DAYS,
    MAX_GAP_NUMBERS,
    MAX_PARTICIPANTS,
    MAX_VALIDITY_DAYS,
)

PROTOCOL: Final = "protocol"
"""The register keeps under this name which version of the protocol is in force from when on; a decision of its own sets it."""


class Parameter(NamedTuple):
    """Default, least and most of a parameter, and what it is."""

    default: int
    least: int
    most: int
    meaning: str


PARAMETERS: Mapping[str, Parameter] = MappingProxyType(
    {
        "daily-records": Parameter(DEFAULT_DAILY_RECORDS, 1, 10**9, "records of one author a day, see `ledger.quota`"),
        "validity-days": Parameter(
            DEFAULT_VALIDITY_DAYS,
            1,
            MAX_VALIDITY_DAYS,
            "from validation to expiry, where a participant has no limit of its own",
        ),
        "plenary-days": Parameter(0, 0, 366, "days that a proposal of a Plenary is open at least"),
        "plenary-support": Parameter(20, 1, MAX_PARTICIPANTS, "participants that must support it"),
        "written-days": Parameter(14, 0, 366, "days that a proposal of a written procedure is open at least"),
        "written-support": Parameter(20, 1, MAX_PARTICIPANTS, "participants that must support it"),
        # what returns state of their protection (`node.returns`)
        "p-percent": Parameter(15, 1, 100, "of the largest trader's share, by which nobody's estimate of it may come nearer"),
        # public statistics (`ledger.statistics`)
        "statistics-days": Parameter(
            60, 1, 366, "after a period in which its figures may still change before they are released"
        ),
        "revision-certificates": Parameter(
            3, 1, 1_000, "by which a cell that was released must have changed before a revision shows the change"
        ),
        # thresholds of findings (`ledger.findings`)
        "late-issue-days": Parameter(
            ISSUE_LATE_DAYS, 0, ISSUE_TOO_LATE_DAYS, "from issue until a certificate reaches the ledger late"
        ),
        "confirmation-days": Parameter(30, 1, 366, "in which a destination owes an outcome"),
        "confirmation-days-us": Parameter(15, 1, 366, "the same for the United States"),
        "confirmation-working-days-eu": Parameter(10, 1, 260, "the same for the European Union, Monday to Friday"),
        "quick-transit-days": Parameter(1, 0, 30, "from validation to receipt, below which goods cannot have travelled"),
        "drift-per-mille": Parameter(1, 1, 1_000, "of carats, above which a pair's difference over a year is a drift"),
        "drift-outcomes": Parameter(20, 1, 10**6, "outcomes of a pair in a year before a drift is judged"),
        "drift-same-way": Parameter(3, 1, 10**6, "outcomes among them that differ in the drift's direction"),
        "unbroken-confirmations": Parameter(50, 2, 10**6, "confirmations of a pair, none differing, that are too good"),
        "splitting-certificates": Parameter(50, 2, 10**6, "certificates of a pair on one day that look like a split parcel"),
        "circular-custody-days": Parameter(180, 1, 3_660, "within which goods return to a participant"),
        "number-gap-days": Parameter(30, 1, 366, "that a skipped number has time to come in"),
        "number-gap-most": Parameter(50, 1, MAX_GAP_NUMBERS, "numbers in a gap; a wider step begins another series"),
        "rush-factor": Parameter(3, 1, 1_000, "times the median week that an issuer's week before a suspension may have"),
        "return-days": Parameter(61, 1, 366, "after a period in which its return or report is due"),
        "exposure-per-mille": Parameter(1, 1, 1_000, "of a parcel, from which suspended goods in it are worth a finding"),
        "gap-per-mille": Parameter(50, 1, 1_000, "of a pair's exports of a quarter, above which the imports differ too much"),
        "gap-certificates": Parameter(10, 1, 10**6, "certificates of a pair in a quarter before a gap is judged"),
        "change-factor": Parameter(3, 2, 1_000, "times more or less than the mean of the periods before"),
        "change-certificates": Parameter(20, 1, 10**6, "certificates in a quarter before its change is judged"),
        "rush-certificates": Parameter(5, 1, 10**6, "certificates in a week before a rush is judged"),
        # thresholds of what readers of sealed parts find (`ledger.appraisal`)
        "uplift-per-mille": Parameter(
            200, 1, 10**6, "that a hub's re-exports of a quarter are worth more a carat than its imports"
        ),
        "uplift-certificates": Parameter(10, 1, 10**6, "imports, and re-exports, of a hub in a quarter before that is judged"),
        "lot-uplift-per-mille": Parameter(500, 1, 10**6, "that a re-export is worth more a carat than its sources"),
        "lot-uplift-days": Parameter(90, 1, 3_660, "within which a lot that is worth so much more leaves again"),
        "unit-value-factor": Parameter(2, 2, 1_000, "times the price of production that exports of own goods may differ by"),
        "unit-value-peers": Parameter(10, 4, 10**6, "lines of like goods of a year before one of them is an outlier"),
        "unit-value-z": Parameter(35, 10, 1_000, "tenths of a robust z, above which a price is an outlier among its like"),
        "value-discrepancy-per-mille": Parameter(200, 1, 10**6, "of a certificate's value, by which the importer's may differ"),
        "duplicate-parcel-days": Parameter(90, 1, 3_660, "within which the same parcel of the same trader is not another one"),
    }
)
"""Every parameter by its name."""
