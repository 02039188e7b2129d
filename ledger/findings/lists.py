"""Where findings stand in the lists that are read: one order, that of their serials, within each list.

A finding stands by status and severity in four sorts of lists: of all, of its rule, of each participant that it concerns, of
rule and participant; and, whatever its status, in that of each certificate that it names. So a page of any of them is read off
a few ordered indexes, and a finding has a bounded number of places.
"""

from collections.abc import Iterator
from typing import Final

from ledger import keys
from ledger.findings.entries import STATUSES, Finding, Severity, Status

SEVERITIES: Final = tuple(Severity)
"""In the order that numbers them in keys."""

_CODE_CHARACTERS: Final = 2


def certificates(finding: Finding) -> tuple[str, ...]:
    """The numbers of certificates among its subjects."""
    return tuple(subject for subject in finding.subjects if len(subject) > _CODE_CHARACTERS)


def places(finding: Finding) -> Iterator[bytes]:
    """Every key under which a finding is listed as it stands."""
    end, status, severity = keys.position(finding.serial), STATUSES.index(finding.status), SEVERITIES.index(finding.severity)
    for rule in ("", finding.rule):
        for participant in ("", *sorted(set(finding.participants))):
            yield keys.findings(rule, participant, status, severity) + end
    for number in sorted(set(certificates(finding))):
        yield keys.certificate_findings(number) + end


def prefixes(rule: str, participant: str, status: Status | None, severity: Severity | None) -> tuple[bytes, ...]:
    """The lists that together hold what passes these filters; empty or None for any."""
    statuses = STATUSES if status is None else (status,)
    severities = SEVERITIES if severity is None else (severity,)
    return tuple(
        keys.findings(rule, participant, STATUSES.index(one), SEVERITIES.index(weight))
        for one in statuses
        for weight in severities
    )
