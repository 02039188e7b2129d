"""What the participants decide in a generated year: a suspension and its lifting, a threshold, electronic certificates.

`SUSPENDED` is an example: nothing here says anything about anybody's standing. Positions come from `SUPPORTERS` participants,
in the fortnight after a proposal; each decision is a written procedure, open for three weeks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from api.demo.office import Made, Office
from ledger.bodies import (
    BILATERAL_ACCEPT,
    MISSION_REPORT,
    PLENARY_POSITION,
    PLENARY_PROPOSE,
    BilateralBody,
    Body,
    MissionReportBody,
    PositionBody,
    ProposeBody,
)
from ledger.bodies.plenary import Decision
from ledger.hashing import labelled_hash
from ledger.participants import SECRETARIAT
from ledger.units import DAY_MS, HOUR_MS, Ms, date_of

SUSPENDED = "CG"
SUPPORTERS = 24
PARAMETER, VALUE = "unbroken-confirmations", 400
"""The plan's answers differ in one case of a hundred: fifty confirmations without a difference are nothing to ask about."""

THRESHOLD_ON, SUSPEND_ON, VISIT_ON, READMIT_ON, ELECTRONIC_ON = 20, 100, 215, 235, 60
"""Days of the year on which it is proposed, reported, or accepted."""

OPEN_DAYS = 21
_MORNING = 8 * HOUR_MS


@dataclass(frozen=True, slots=True)
class Span:
    """Days from one on to before another."""

    since: int
    until: int

    def holds(self, day: int) -> bool:
        """Whether a day is one of them."""
        return self.since <= day < self.until


@dataclass(frozen=True, slots=True)
class Act:
    """A statement, by whom and when, and what it is."""

    at: Ms
    kind: str
    author: str
    made: Made
    note: str = ""


def suspension(first_day: int) -> Span:
    """The days on which `SUSPENDED` is."""
    return Span(first_day + SUSPEND_ON + OPEN_DAYS + 1, first_day + READMIT_ON + OPEN_DAYS + 1)


class Plenary:
    """Signs what is decided.

    Attributes:
        suspending: id of the proposal to suspend.
    """

    def __init__(self, office: Office, first_day: int) -> None:
        self._office = office
        self._first = first_day
        codes = [code for code, entry in office.genesis.participants.items() if entry.counted and not entry.suspensions]
        self._supporters = [code for code in sorted(codes) if code != SUSPENDED][:SUPPORTERS]
        self.suspending = b""

    def acts(self) -> Iterator[Act]:
        """All of the year."""
        yield from self._decide(
            THRESHOLD_ON, "set-parameter", "A threshold that fits how often answers differ", parameter=PARAMETER, value=VALUE
        )
        suspend = list(self._decide(SUSPEND_ON, "suspend", f"Suspension of {SUSPENDED} (an example)", subject=SUSPENDED))
        self.suspending = suspend[0].made.id
        yield from suspend
        yield self._visit()
        yield from self._decide(READMIT_ON, "readmit", f"{SUSPENDED} meets the requirements again", subject=SUSPENDED)
        for code, partner in (("BW", "EU"), ("EU", "BW")):
            body = BilateralBody(date_of(self._first + ELECTRONIC_ON + 10), "electronic", partner)
            note = "certificates between two participants are electronic only"
            yield self._act(ELECTRONIC_ON, 0, BILATERAL_ACCEPT, code, body, "govern", note)

    def _decide(self, day: int, decision: Decision, title: str, **fields: Any) -> Iterator[Act]:
        closes = (self._first + day + OPEN_DAYS) * DAY_MS + _MORNING
        body = ProposeBody(
            closes=closes,
            decision=decision,
            effective=date_of(self._first + day + OPEN_DAYS + 1),
            procedure="written",
            title=title,
            **fields,
        )
        proposal = self._act(day, 0, PLENARY_PROPOSE, "BW", body, "govern", f"proposed: {title}")
        yield proposal
        for n, code in enumerate(self._supporters):
            position = PositionBody("support", proposal.made.id)
            yield self._act(day + 1 + n % 13, n, PLENARY_POSITION, code, position, "govern")

    def _visit(self) -> Act:
        day = self._first + VISIT_ON
        body = MissionReportBody(
            began=date_of(day - 12),
            digest=labelled_hash(b"kpl/demo", SUSPENDED.encode(), b"mission report"),
            ended=date_of(day - 5),
            finding="meets-with-conditions",
            subject=SUSPENDED,
        )
        return self._act(VISIT_ON, 0, MISSION_REPORT, SECRETARIAT, body, "audit", f"a mission reports on {SUSPENDED}")

    def _act(self, day: int, minute: int, kind: str, author: str, body: Body, role: str, note: str = "") -> Act:
        at = Ms((self._first + day) * DAY_MS + _MORNING + minute * 60_000)
        return Act(at, kind, author, self._office.statement(kind, author, at, body, role), note)
