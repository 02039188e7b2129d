"""`/v1/findings`: what in the records does not add up, for the auditor; to a participant those that concern it.

A participant that asks for another's is refused; a finding that does not concern it is not there for it, as in its lists.
"""

from quart import Blueprint, Response, request

from api.access import concerns, forbid, require_reader
from api.answers import Cache, answer, decode_position, encode_position, missing, parameters
from api.auth import Reader
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent, ProblemAnswer
from api.schemas.findings import (
    FindingRuleAnswer,
    FindingRulesAnswer,
    FindingsAnswer,
    FindingsQuery,
    OneFindingAnswer,
    ThresholdAnswer,
)
from api.schemas.plain import plain
from api.views import finding_answer
from ledger.findings import RULES, Finding
from ledger.findings.thresholds import THRESHOLDS
from ledger.findings.views import FindingPage
from ledger.limits import MAX_FINDING_CHARACTERS
from ledger.parameters import PARAMETERS
from ledger.units import Ms, block_date

_Findings, _OneFinding = plain(FindingsAnswer), plain(OneFindingAnswer)


def finding_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("findings", __name__)

    @routes.get("/v1/findings")
    @describe("findings", "findings", {200: FindingsAnswer, 304: NoContent}, query=FindingsQuery, token=True)
    async def findings() -> Response:
        """Findings, those first seen last at the top.

        An auditor reads all, a participant those that concern it. Of those that name a certificate a page may hold fewer than
        the limit, or none, when there are other filters or a participant asks: `next` says whether more follow.
        """
        reader = require_reader(port, request)
        asked = parameters(request, FindingsQuery)
        page = _page(port, reader, asked)
        height = page.head.height
        items = [finding_answer(row) for row in page.rows if concerns(reader, row)]
        body = _Findings(read_at_height=height, items=items, next=encode_position(page.cursor))
        return answer(request, body, Cache.PRIVATE, height=height)

    @routes.get("/v1/findings/rules")
    @describe("finding_rules", "findings", {200: FindingRulesAnswer, 304: NoContent}, token=True)
    async def rules() -> Response:
        """Every rule: what it finds, and its thresholds on the day of the newest block."""
        require_reader(port, request)
        head, register = port.ledger.head, port.ledger.register
        today = block_date(Ms(head.time))
        body = FindingRulesAnswer(
            read_at_height=head.height,
            rules=[
                FindingRuleAnswer(
                    rule=name,
                    version=RULES[name].version,
                    meaning=RULES[name].meaning,
                    thresholds=[_threshold(one, register.parameter(one, today)) for one in THRESHOLDS.get(name, ())],
                )
                for name in sorted(RULES)
            ],
        )
        return answer(request, body, Cache.PRIVATE, height=head.height)

    @routes.get("/v1/findings/<string:rule>/<path:about>")  # quart-schema reads two parameters only with their types
    @describe("finding", "findings", {200: OneFindingAnswer, 304: NoContent, 404: ProblemAnswer}, token=True)
    async def finding(rule: str, about: str) -> Response:
        """One finding by its name; what stands behind the rule may hold slashes."""
        reader = require_reader(port, request)
        name = f"{rule}/{about}"
        if rule not in RULES or len(name) > MAX_FINDING_CHARACTERS:
            raise missing("finding", name, port.ledger.head.height)
        head, found = port.ledger.finding(rule, about)
        if found is None or not concerns(reader, found):
            raise missing("finding", name, head.height)
        body = _OneFinding(read_at_height=head.height, finding=finding_answer(found), meaning=RULES[rule].meaning)
        return answer(request, body, Cache.PRIVATE, height=head.height)

    return routes


def _page(port: NodePort, reader: Reader, asked: FindingsQuery) -> FindingPage:
    """The page that is asked for, of what this reader may see.

    Raises:
        Problem: 403 for another participant's.
    """
    cursor = decode_position(asked.cursor)
    participant = asked.participant
    if not reader.auditor:
        if participant not in {None, reader.participant}:
            raise forbid("auditor")
        participant = reader.participant
    if asked.certificate is not None:
        page = port.ledger.certificate_findings(asked.certificate, cursor, asked.limit)
        return FindingPage(page.head, tuple(row for row in page.rows if _passes(row, asked)), page.cursor)
    return port.ledger.findings(
        cursor, asked.limit, rule=asked.rule, participant=participant, status=asked.status, severity=asked.severity
    )


def _passes(row: Finding, asked: FindingsQuery) -> bool:
    """Whether a certificate's finding passes the other filters; of these there are few, so they are sorted out here."""
    return (
        (asked.rule is None or row.rule == asked.rule)
        and (asked.participant is None or asked.participant in row.participants)
        and (asked.status is None or row.status == asked.status)
        and (asked.severity is None or row.severity == asked.severity)
    )


def _threshold(name: str, value: int) -> ThresholdAnswer:
    parameter = PARAMETERS[name]
    return ThresholdAnswer(parameter=name, value=value, least=parameter.least, most=parameter.most, meaning=parameter.meaning)
