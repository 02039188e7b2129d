"""What only a reader of sealed parts can find: prices that do not fit, and one parcel under two numbers (7-audit.md).

| file | what |
|---|---|
| `opened` | certificates with their values and traders, as one reader has opened them; what is found |
| `uplift` | value-uplift |
| `worth` | unit-value, value-discrepancy |
| `doubles` | duplicate-parcel |

How it works:

1. It runs where a reader's key is: at an office over its own trade, at the secretariat over everybody's. Nothing of it is on
   the ledger, nothing is sent. Two readers of the same records find the same.
2. `Gathering` takes the log's records in order, each with the values that the reader opened, or without: what is not opened to
   it, it does not judge. `appraise` then judges all of it at once.
3. Integers only. A price is cents and points, never divided before it is compared; logarithms are integers, too.
4. Thresholds are the parameters of `ledger.parameters`; the caller says which values are in force.

The findings of `ledger.findings` follow from clear data and are the same on every node; these stand beside them.
"""

from collections.abc import Iterable, Mapping

from ledger.appraisal.doubles import duplicate_parcels
from ledger.appraisal.opened import RULES, Appraisal, Consignment, Gathering, Produced
from ledger.appraisal.uplift import hub_uplifts, lot_uplifts
from ledger.appraisal.worth import against_peers, against_production, value_discrepancies

__all__ = ["RULES", "Appraisal", "Consignment", "Gathering", "Produced", "appraise"]


def appraise(
    consignments: Iterable[Consignment], production: Mapping[tuple[str, str], Produced], parameters: Mapping[str, int]
) -> tuple[Appraisal, ...]:
    """Everything that is found, by rule and what it is about.

    Args:
        consignments: what the reader has opened.
        production: of each participant and half-year.
        parameters: every parameter's value.
    """
    held = {one.number: one for one in consignments}
    found = (
        *hub_uplifts(held, parameters),
        *lot_uplifts(held, parameters),
        *against_production(held, production, parameters),
        *against_peers(held, parameters),
        *value_discrepancies(held, parameters),
        *duplicate_parcels(held, parameters),
    )
    return tuple(sorted(found, key=lambda one: (one.rule, one.about)))
