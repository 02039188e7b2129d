"""New drafts, filled in with what is known: the day and the next number, what was announced, what is to be corrected."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.bodies import ConfirmBody, StatedBody
from ledger.entries import CertificateState
from ledger.limits import DEFAULT_VALIDITY_DAYS
from node.client import ProblemError
from node.desk.drafts import Draft, Drafts, Kind
from node.desk.errors import DeskError, Fault
from node.desk.filling import from_confirm, from_issue
from node.desk.reading import Reading, answers_on_paper
from node.errors import FatalError

OUTCOMES = frozenset({CertificateState.CONFIRMED, CertificateState.DISCREPANCY, CertificateState.REFUSED})
CLOSABLE = frozenset({CertificateState.OPEN, CertificateState.REFUSED})


@dataclass(frozen=True, slots=True)
class Known:
    """What a draft about a certificate begins with."""

    fields: dict[str, str]
    basis: dict[str, str]
    before: dict[str, str]
    announced: dict[str, str]


@dataclass(frozen=True, slots=True)
class Beginning:
    """Begins drafts of this participant's desk."""

    participant: str
    drafts: Drafts
    reading: Reading

    async def issue_fields(self) -> dict[str, str]:
        """The fields of a new certificate: today, the longest validity, the number after the newest one."""
        today = datetime.now().astimezone().date()
        days, number = DEFAULT_VALIDITY_DAYS, ""
        try:
            register = await self.reading.participants()
            days = int(register[self.participant]["validity_days"])
            number = await self.reading.next_number(self.drafts.numbers())
        except (FatalError, ProblemError, KeyError):
            pass  # an officer fills it in
        fields = {"type": "export", "issued": today.isoformat(), "validated": today.isoformat()}
        fields["expires"] = (today + timedelta(days=days)).isoformat()
        return fields | ({"number": number} if number else {})

    async def fresh(self, kind: Kind, link: str = "") -> dict[str, str]:
        """The fields of what puts a number on the ledger. `link`: of a technical certificate, the one its goods came under.

        Raises:
            DeskError: there is no such certificate, or this office is no party to it.
            FatalError, ProblemError: the node does not say.
        """
        today = datetime.now().astimezone().date().isoformat()
        match kind:
            case Kind.PAPER:
                return {"received": today}
            case Kind.TECHNICAL if link:
                row = (await self.reading.certificate(link))["certificate"]
                parties = {row["issuer"], row["destination"]}
                if self.participant not in parties:
                    raise DeskError(Fault.NOT_OURS, "number", 409)
                (other,) = parties - {self.participant}
                return {"issued": today, "link": link, "destination": other}
            case Kind.TECHNICAL:
                return {"issued": today}
            case _:
                return await self.issue_fields()

    async def known(self, kind: Kind, number: str) -> Known:
        """What a draft of this kind about a certificate rests on.

        Raises:
            DeskError: there is no such certificate, or it is not this office's to state that about.
            FatalError, Refusal, ProblemError: it cannot be opened.
        """
        told = await self.reading.certificate(number)
        row = told["certificate"]
        state = CertificateState(row["state"])
        ours = row["issuer"] if kind in {Kind.AMEND, Kind.CLOSE, Kind.ANSWER} else row["destination"]
        fitting = {
            Kind.AMEND: {CertificateState.OPEN},
            Kind.CLOSE: CLOSABLE,
            Kind.CONFIRM: {CertificateState.OPEN},
            Kind.CORRECT: OUTCOMES,
            Kind.ANSWER: {CertificateState.OPEN},
        }[kind]
        if ours != self.participant or state not in fitting:
            raise DeskError(Fault.NOT_OURS, "number", 409)
        if kind is Kind.ANSWER and not answers_on_paper(row, await self.reading.participants()):
            raise DeskError(Fault.CONFIRMS_HERE, "number", 409)
        if kind is Kind.CLOSE:
            return Known({"number": number}, {}, {}, {})
        issue = await self.reading.statement(number)
        body = issue.record.body
        if not isinstance(body, StatedBody):
            raise DeskError(Fault.NOT_OURS, "number", 409)
        basis = {
            "answers": issue.record.id.hex(),
            "receipt_hash": body.receipt_hash.hex(),
            "verdict_hash": body.verdict_hash.hex(),
        }
        stated = from_issue(issue.as_issue())
        if kind is Kind.AMEND:
            return Known(stated, basis, stated, {})
        if kind in {Kind.CONFIRM, Kind.ANSWER}:
            return Known({"number": number}, basis, {}, stated)
        outcome = await self.reading.statement(number, "outcome")
        assert isinstance(outcome.record.body, ConfirmBody), "the side of an outcome is one"
        fields = from_confirm(*outcome.as_outcome())
        return Known(fields, {**basis, "answers": outcome.record.id.hex()}, fields, stated)

    async def begin(self, kind: Kind, number: str, officer: str, now: int) -> Draft:
        """A new draft about a certificate; errors as `known`."""
        known = await self.known(kind, number)
        return self.drafts.begin(
            kind, known.fields, officer, now, basis=known.basis, before=known.before, announced=known.announced
        )
