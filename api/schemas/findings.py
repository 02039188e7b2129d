"""Findings, and the rules that find them."""

from typing import Annotated

from pydantic import AfterValidator, Field

from api.schemas.base import Answer, Code, Count, Hash, Height, LedgerAnswer, Number, Page, PositionPageQuery
from ledger.findings import RULES, Severity, Status
from ledger.limits import MAX_FINDING_CHARACTERS

Figures = Annotated[
    dict[str, int | str],
    Field(description="By name: weights end in `carats` and have two places; days are counted; dates and numbers are texts."),
]


class FindingAnswer(Answer):
    """What in the records does not add up. Whoever has the ledger can find it again."""

    name: Annotated[str, Field(max_length=MAX_FINDING_CHARACTERS, description="Rule and subject: what an inquiry cites.")]
    rule: str
    about: Annotated[str, Field(description="What it is about, in the rule's own way.")]
    version: Annotated[int, Field(ge=1, description="Of the rule as it found this.")]
    severity: Severity
    status: Annotated[Status, Field(description="`resolved`: its cause is there no more.")]
    participants: list[Code]
    certificates: list[Number]
    records: Annotated[list[Hash], Field(description="Ids of the records that it follows from.")]
    figures: Figures
    first_seen: Annotated[Height, Field(description="The block that found it first.")]
    height: Annotated[Height, Field(description="The block that made it as it stands.")]
    serial: Annotated[Count, Field(description="Lists are in this order, the highest at the top.")]


class FindingsAnswer(Page):
    """A page of findings, those first seen last at the top."""

    items: list[FindingAnswer]


class OneFindingAnswer(LedgerAnswer):
    """One finding, with what its rule finds."""

    finding: FindingAnswer
    meaning: str


class ThresholdAnswer(Answer):
    """A parameter of the Plenary, as it stands on the day of the newest block."""

    parameter: str
    value: int
    least: int
    most: int
    meaning: str


class FindingRuleAnswer(Answer):
    """A rule of findings."""

    rule: str
    version: Annotated[int, Field(ge=1)]
    meaning: str
    thresholds: list[ThresholdAnswer]


class FindingRulesAnswer(LedgerAnswer):
    """Every rule, by name."""

    rules: list[FindingRuleAnswer]


def _known(rule: str) -> str:
    if rule not in RULES:
        raise ValueError(f"one of {', '.join(sorted(RULES))}")
    return rule


class FindingsQuery(PositionPageQuery):
    """Which findings: those that pass every filter given."""

    rule: Annotated[
        str | None, AfterValidator(_known), Field(description="Only of this rule.", json_schema_extra={"enum": sorted(RULES)})
    ] = None
    participant: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$", description="Only those that concern it.")] = None
    status: Annotated[Status | None, Field(description="Only those with this status.")] = None
    severity: Annotated[Severity | None, Field(description="Only those of this severity.")] = None
    certificate: Annotated[str | None, Field(pattern=r"^[A-Z]{2}[0-9]{4,10}$", description="Only those that name it.")] = None
