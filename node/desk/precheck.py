"""What the node's answers show to be wrong with a draft before anybody releases it: the reasons that the ledger would give.

The ledger judges again when the record comes, and what it says counts; a node that does not answer lets everything pass here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.drafts import IssueDraft, receipt_hash, total
from ledger.entries import issuer_of, points_by_hs
from ledger.errors import Code, Refusal
from ledger.limits import ISSUE_TOO_LATE_DAYS
from ledger.units import Ms, block_date, carats, date_is_future, day_number, parse_carats
from node.client import ProblemError
from node.desk.drafts import Draft, Drafts, Kind
from node.desk.errors import DeskError, Fault
from node.desk.forms import answer_body, confirm_draft, faults, issue_draft, paper_draft, shape, technical_draft
from node.desk.reading import Reading
from node.errors import FatalError

Reason = Refusal | DeskError
_NOT_YET: Final[Mapping[str, Code]] = {
    "issued": Code.ISSUED_IN_FUTURE,
    "validated": Code.VALIDATED_IN_FUTURE,
    "received": Code.RECEIVED_IN_FUTURE,
}


@dataclass(frozen=True, slots=True)
class Precheck:
    """Looks at drafts of this participant's desk."""

    participant: str
    drafts: Drafts
    reading: Reading
    now: Callable[[], int]

    async def reasons(self, draft: Draft) -> list[Reason]:
        """What is wrong with a draft, as far as that can be known now; empty when nothing is."""
        found: list[Reason] = list(faults(draft))
        if found:
            return found
        found += self._days(draft)
        try:
            match shape(draft.kind):
                case Kind.ISSUE:
                    await self._issue(draft, found)
                case Kind.CONFIRM:
                    await self._outcome(draft, found)
                case Kind.PAPER:
                    await self._paper(draft, found)
                case Kind.TECHNICAL:
                    await self._technical(draft, found)
                case Kind.ANSWER:
                    await self._answer(draft, found)
                case _:
                    pass
        except (FatalError, ProblemError):
            return found
        return found

    def _days(self, draft: Draft) -> Iterator[Reason]:
        """Days that have begun nowhere yet by this machine's clock, and an issue of too long ago."""
        now = self.now()
        today = block_date(Ms(now))
        for name, code in _NOT_YET.items():
            day = draft.fields.get(name)
            if day and date_is_future(day, now):
                yield Refusal(code, name, given=day, limit=today)
        if draft.kind is Kind.ISSUE:
            age = day_number(today) - day_number(draft.fields["issued"])
            if age > ISSUE_TOO_LATE_DAYS:
                yield Refusal(Code.ISSUED_TOO_LATE, "issued", given=age, limit=ISSUE_TOO_LATE_DAYS)

    async def _issue(self, draft: Draft, found: list[Reason]) -> None:
        stated = issue_draft(draft)
        if draft.kind is Kind.AMEND:
            await self._newest(draft, found)
            if stated.number != draft.before.get("number"):
                found.append(DeskError(Fault.NUMBER_CHANGED, "number"))
        elif issuer_of(stated.number) != self.participant:
            found.append(Refusal(Code.NUMBER_PREFIX, "number", given=stated.number, limit=self.participant))
        else:
            await self._unused(draft, found)
        register = await self.reading.participants()
        if stated.destination not in register:
            found.append(Refusal(Code.DESTINATION_UNKNOWN, "destination", given=stated.destination))
        days = day_number(stated.expires) - day_number(stated.validated)
        limit = int(register[self.participant]["validity_days"])
        if days > limit:
            found.append(Refusal(Code.EXPIRY_OVER_LIMIT, "expires", given=days, limit=limit))
        await self._sources(draft, stated, found)

    async def _sources(self, draft: Draft, stated: IssueDraft, found: list[Reason]) -> None:
        """Carats left of each source; what an amended certificate has taken itself stands free for it."""
        own = {
            draft.before[f"sources[{at}].number"]: parse_carats(draft.before[f"sources[{at}].carats"])
            for at in range(len([name for name in draft.before if name.startswith("sources[") and name.endswith("number")]))
        }
        for at, source in enumerate(stated.sources):
            field = f"sources[{at}]"
            try:
                row = (await self.reading.certificate(source.number))["certificate"]
            except DeskError:
                found.append(Refusal(Code.SOURCE_UNKNOWN, f"{field}.number", given=source.number))
                continue
            if row["destination"] != self.participant or row["measured"] is None:
                figures = {"given": source.number, "state": row["state"], "destination": row["destination"]}
                found.append(Refusal(Code.SOURCE_NOT_CONFIRMED_HERE, f"{field}.number", **figures))
                continue
            free = parse_carats(row["measured"]) - parse_carats(row["claimed"]) + own.get(source.number, 0)
            if source.points > free:
                figures = {"given": carats(source.points), "limit": carats(free), "certificate": source.number}
                found.append(Refusal(Code.CARATS_EXCEED_SOURCE, f"{field}.carats", **figures))

    async def _outcome(self, draft: Draft, found: list[Reason]) -> None:
        measured = confirm_draft(draft)
        announced = announced_of(draft)
        if measured.receipt_code is not None:
            expected = draft.basis.get("receipt_hash")
            if receipt_hash(measured.number, measured.receipt_code).hex() != expected:
                found.append(Refusal(Code.RECEIPT_CODE, "receipt_code", certificate=measured.number))
        if measured.received < announced.issued:
            found.append(Refusal(Code.RECEIVED_BEFORE_ISSUED, "received", given=measured.received, limit=announced.issued))
        if measured.outcome == "confirmed":
            same = points_by_hs(measured.lines) == points_by_hs(announced.lines)
            if measured.parcels != announced.parcels or not same:
                found.append(Refusal(Code.CONFIRMED_BUT_DIFFERS, "outcome"))
            elif measured.received > announced.expires:
                figures = {"given": measured.received, "limit": announced.expires}
                found.append(Refusal(Code.CONFIRMED_BUT_EXPIRED, "outcome", **figures))
        await self._newest(draft, found)

    async def _paper(self, draft: Draft, found: list[Reason]) -> None:
        """An import under a paper certificate: whose paper it is, and whether paper is what it takes."""
        stated = paper_draft(draft)
        register = await self.reading.participants()
        code = issuer_of(stated.number)
        if code == self.participant:
            found.append(Refusal(Code.DESTINATION_IS_ISSUER, "number", given=stated.number))
        elif code not in register:
            found.append(Refusal(Code.ISSUER_NOT_IN_FORCE, "number", given=stated.number, issuer=code))
        else:
            await self._unused(draft, found)
            since = register[code]["issues_from"]
            if stated.reason == "not-issuing" and since and since <= stated.issued:
                found.append(Refusal(Code.PAPER_NOT_NEEDED, "issued", given=stated.issued, limit=since))
        since = register[self.participant]["confirms_from"]
        if not since or stated.received < since:
            found.append(Refusal(Code.DESTINATION_NOT_IN_FORCE, "received", given=stated.received, limit=since))

    async def _technical(self, draft: Draft, found: list[Reason]) -> None:
        """A technical certificate: its number, where it goes, the certificate under which the goods came."""
        stated = technical_draft(draft)
        if issuer_of(stated.number) != self.participant:
            found.append(Refusal(Code.NUMBER_PREFIX, "number", given=stated.number, limit=self.participant))
        else:
            await self._unused(draft, found)
        if stated.destination not in await self.reading.participants():
            found.append(Refusal(Code.DESTINATION_UNKNOWN, "destination", given=stated.destination))
        if not stated.link:
            return
        try:
            row = (await self.reading.certificate(stated.link))["certificate"]
        except DeskError:
            found.append(Refusal(Code.CERTIFICATE_UNKNOWN, "link", given=stated.link))
            return
        if self.participant not in (row["issuer"], row["destination"]):
            limit = f"{row['issuer']} {row['destination']}"
            found.append(Refusal(Code.NOT_PARTY, "link", given=self.participant, limit=limit))

    async def _answer(self, draft: Draft, found: list[Reason]) -> None:
        """An outcome that came back on paper: whether paper is what it takes, and whether it fits what was announced."""
        told, announced = answer_body(draft), announced_of(draft)
        there = (await self.reading.participants()).get(announced.destination, {})
        since, until = there.get("confirms_from", ""), there.get("until", "")
        if since and since <= told.received and (not until or told.received < until):
            found.append(Refusal(Code.PAPER_NOT_NEEDED, "received", given=told.received, limit=since))
        if told.received < announced.issued:
            found.append(Refusal(Code.RECEIVED_BEFORE_ISSUED, "received", given=told.received, limit=announced.issued))
        if told.outcome == "confirmed":
            weight = total(announced.lines)
            if told.parcels != announced.parcels:
                found.append(Refusal(Code.CONFIRMED_BUT_DIFFERS, "parcels", given=told.parcels, limit=announced.parcels))
            elif told.points != weight:
                figures = {"given": carats(told.points), "limit": carats(weight)}
                found.append(Refusal(Code.CONFIRMED_BUT_DIFFERS, "carats", **figures))
            elif told.received > announced.expires:
                figures = {"given": told.received, "limit": announced.expires}
                found.append(Refusal(Code.CONFIRMED_BUT_EXPIRED, "received", **figures))
        await self._newest(draft, found)

    async def _unused(self, draft: Draft, found: list[Reason]) -> None:
        """Whether the number is free, at this desk and on the ledger."""
        if draft.number in self.drafts.numbers(draft.id):
            found.append(DeskError(Fault.IN_ANOTHER_DRAFT, "number"))
        elif await self.reading.exists(draft.number):
            found.append(Refusal(Code.NUMBER_USED, "number", given=draft.number))

    async def _newest(self, draft: Draft, found: list[Reason]) -> None:
        told = await self.reading.certificate(draft.number)
        if told["records"][-1]["id"] != draft.basis["answers"]:
            found.append(Refusal(Code.STALE_HEAD, "answers", certificate=draft.number))


def announced_of(draft: Draft) -> IssueDraft:
    """What the issuer stated of the certificate that an outcome is about."""
    return issue_draft(Draft("", Kind.ISSUE, draft.announced, {}, (), draft.standing, 0, 0))
