"""A participant's quarter: the ledger's own sums, which a return must equal, and the returns that were filed."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Answer, Carats, Code, Count, Hash, HsCode, LedgerAnswer, Query


class CellAnswer(Answer):
    """Trade with one partner in one HS code."""

    partner: Code
    hs: HsCode
    carats: Carats
    certificates: Annotated[Count, Field(description="How many certificates have such lines.")]
    commitment: Annotated[Hash, Field(description="Sum of the lines' value commitments, a point of edwards25519.")]


class QuarterAnswer(LedgerAnswer):
    """The sums of one participant, flow and quarter."""

    participant: Code
    flow: Literal["export", "import"]
    quarter: Annotated[str, Field(pattern=r"^2[0-9]{3}Q[1-4]$", examples=["2026Q1"])]
    certificates: Annotated[Count, Field(description="In force, with or without carats.")]
    last: Annotated[Hash | None, Field(description="The participant's record that counted last; null while none has.")]
    cells: Annotated[list[CellAnswer], Field(description="By partner and HS code, ascending.")]
    p_percent: Annotated[
        Count, Field(description="The parameter `p-percent` as it stands now: protection of a return is computed with it.")
    ]
    returns: Annotated[list[Hash], Field(description="Ids of the returns filed, by revision from 1; at most the first 500.")]


class QuarterQuery(Query):
    """Which flow."""

    flow: Annotated[Literal["export", "import"], Field(description="Exports by date of issue, imports by date of receipt.")]
