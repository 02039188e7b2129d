"""What each kind of record must fulfil: one check a line, one typed error each, in the order of the table of 2-records.md.

`RULES` names for each kind its check and its effect. A check reads state and raises the first `Refusal`; it writes nothing,
so that the mempool may ask it at any time. An effect writes what the record changes and refuses nothing. `Ledger.check` runs
the checks, `Ledger.apply` the checks and then the effect: what one accepts, the other does at the same state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ledger.participants import Participant, Role
from ledger.record import Record
from ledger.rules import certificate, imports
from ledger.rules.common import Place, View, check_common
from ledger.rules.effects import Writer

__all__ = ["RULES", "Place", "Rule", "View", "Writer", "check_record"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind: the role its key needs, the checks beyond the common ones, what it writes."""

    role: Role
    check: Callable[[View, Participant, Record], None]
    effect: Callable[[Writer, Record, Place], None]


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "certificate.issue": Rule(Role.ISSUE, certificate.check, certificate.enact),
        "import.confirm": Rule(Role.CONFIRM, imports.check, imports.enact),
    }
)
"""Every kind that this protocol version knows; `record.parse_record` refuses others."""


def check_record(view: View, record: Record) -> Rule:
    """All checks of a record against state; the rule that holds for it.

    Raises:
        Refusal: the first check that fails.
    """
    rule = RULES[record.kind]
    author = check_common(view, record, rule.role)
    rule.check(view, author, record)
    return rule
