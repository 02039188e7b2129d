"""Certificates of this office, issued and received: lists, one with all its statements, what may still be stated of it."""

from typing import TYPE_CHECKING

from quart import Blueprint, Response, request

from ledger.bodies import CloseBody, ConfirmBody, PaperConfirmBody, PaperImportBody, StatedBody
from ledger.entries import CertificateState
from ledger.participants import Role
from ledger.record import Record
from ledger.units import carats
from node.client import ProblemError
from node.desk.begin import CLOSABLE, OUTCOMES
from node.desk.drafts import ENDED, Kind, Standing
from node.desk.errors import DeskError
from node.desk.faults import Shown
from node.desk.filling import from_confirm, from_issue, from_paper
from node.desk.forms import rows_of, tidy_number
from node.desk.making import role_of
from node.desk.pages.common import see, session
from node.desk.reading import answers_on_paper
from node.errors import FatalError

if TYPE_CHECKING:
    from node.desk.app import Desk


def routes(desk: "Desk") -> Blueprint:
    """The routes of this file."""
    blueprint = Blueprint("certificates", __name__)

    @blueprint.get("/certificates")
    async def certificates() -> Response:
        """The newest ones issued and received, and a search by number."""
        number = tidy_number(request.args.get("number", ""))
        reasons: list[Shown] = []
        if number:
            try:
                await desk.reading.certificate(number)
            except DeskError as error:
                reasons = [Shown(str(error.fault), "number", {})]
            else:
                return see(f"/certificates/{number}")
        register = await desk.reading.participants()
        return desk.frame.page(
            request,
            "certificates",
            "/certificates",
            session(),
            issued=await desk.reading.issued(),
            received=await desk.reading.received(),
            owed=await desk.reading.owed_on_paper() if desk.store.has(Role.ISSUE) else [],
            begun={
                draft.number: draft.id for draft in desk.drafts if draft.kind is Kind.ANSWER and draft.standing not in ENDED
            },
            names={code: row["name"] for code, row in register.items()},
            number=number,
            reasons=reasons,
        )

    @blueprint.get("/certificates/<number>")
    async def certificate(number: str) -> Response:
        """One of them: what both sides say, opened as far as it is for this office, and every statement in order."""
        told = await desk.reading.certificate(number)
        row = told["certificate"]
        state, here = CertificateState(row["state"]), desk.store.participant
        actions = []
        if row["issuer"] == here and told["issue"] is not None:
            actions += [Kind.AMEND] if state is CertificateState.OPEN else []
            on_paper = answers_on_paper(row, await desk.reading.participants())
            actions += [Kind.ANSWER] if state is CertificateState.OPEN and on_paper else []
            actions += [Kind.CLOSE] if state in CLOSABLE else []
        if row["destination"] == here:
            actions += [Kind.CONFIRM] if state is CertificateState.OPEN else []
            actions += [Kind.CORRECT] if state in OUTCOMES and told["outcome"] is not None else []
        if here in (row["issuer"], row["destination"]):
            actions += [Kind.TECHNICAL]
        actions = [kind for kind in actions if desk.store.has(role_of(kind, desk.store))]
        sealed: dict[str, dict[str, str]] = {}
        if here in (row["issuer"], row["destination"]):
            sealed = await _opened(desk, number, outcome=told["outcome"] is not None, paper=told["paper"] is not None)
        records = await desk.reading.records(number)
        return desk.frame.page(
            request,
            "certificate",
            "/certificates",
            session(),
            row=row,
            answer=told,
            actions=[str(kind) for kind in actions],
            issue=sealed.get("issue"),
            paper=told["paper"],
            outcome=sealed.get("outcome"),
            issue_lines=rows_of(sealed.get("issue", {}), "lines"),
            outcome_lines=rows_of(sealed.get("outcome", {}), "lines"),
            answered=next((_answered(record) for record, _ in records if isinstance(record.body, PaperConfirmBody)), None),
            statements=[_statement(record, height) for record, height in records],
            drafts=[draft for draft in desk.drafts if draft.number == number and draft.standing is not Standing.DISCARDED],
        )

    return blueprint


async def _opened(desk: "Desk", number: str, *, outcome: bool, paper: bool) -> dict[str, dict[str, str]]:
    """What was sealed on both sides, by side; a side that does not open here is left out."""
    found = {}
    try:
        stated = await desk.reading.statement(number)
        found["issue"] = from_paper(stated.as_paper()) if paper else from_issue(stated.as_issue())
        if outcome:
            found["outcome"] = from_confirm(*(await desk.reading.statement(number, "outcome")).as_outcome())
    except (FatalError, ProblemError, DeskError, AssertionError):
        pass
    return found


def _answered(record: Record) -> dict[str, object]:
    """What its issuer recorded of an outcome that came back on paper."""
    body = record.body
    assert isinstance(body, PaperConfirmBody), "picked by its body"
    return {
        "outcome": body.outcome,
        "received": body.received,
        "parcels": body.parcels,
        "carats": carats(body.points),
        "digest": body.digest.hex(),
    }


def _statement(record: Record, height: int) -> dict[str, object]:
    """One record as a row of its certificate's history: what it states, in clear."""
    body = record.body
    shown: dict[str, object] = {
        "kind": record.kind,
        "author": record.author,
        "at": record.at,
        "height": height,
        "id": record.id.hex(),
        "outcome": "",
        "parcels": "",
        "carats": "",
    }
    if isinstance(body, StatedBody | ConfirmBody | PaperImportBody | PaperConfirmBody):
        shown |= {"parcels": body.parcels, "carats": carats(body.points)}
    if isinstance(body, ConfirmBody | PaperConfirmBody):
        shown |= {"outcome": body.outcome}
    elif isinstance(body, CloseBody):
        shown |= {"outcome": body.reason}
    return shown
