"""The figures of a test network, and the checkpoint that they rest on."""

from typing import Annotated, ClassVar

from pydantic import Field, RootModel

from api.schemas.base import Answer, Carats, Code, Count, Hash, Height, HsCode, Instant, LedgerAnswer
from api.schemas.releases import PublishedAnswer, ReleaseRowAnswer


class HsAnswer(Answer):
    """Carats of one HS code, and the certificates that have such a line."""

    hs: HsCode
    carats: Carats
    certificates: Count


class FlowAnswer(Answer):
    """Imports or exports: carats in all and by HS code (all three, ascending), and the certificates behind them.

    A certificate with lines of two HS codes counts once here and once in each of the two.
    """

    carats: Carats
    certificates: Count
    by_hs: list[HsAnswer]


class TradeAnswer(Answer):
    """One participant's trade."""

    code: Code
    name: str
    imports: FlowAnswer
    exports: FlowAnswer


class CheckpointAnswer(Answer):
    """The quorum checkpoint that the figures rest on."""

    size: Count
    root: Hash
    covers: Annotated[bool, Field(description="Whether it covers every record that the figures count.")]
    cosigners: Annotated[list[str], Field(description="Names of the cosigning keys, as they stand in the note.")]
    note: Annotated[str, Field(description="The signed note itself, as `/log/checkpoint/{size}` answers it.")]


class StatisticsAnswer(LedgerAnswer):
    """Trade by participant and flow, as recorded.

    Exports count certificates by their issuer; imports count confirmations by the importer, as measured. The two differ by what
    is under way and by discrepancies, and are never balanced.
    """

    network: str
    height: Height
    time: Annotated[Instant, Field(description="Time of the block at `height`.")]
    tree_size: Count
    open_confirmations: Annotated[Count, Field(description="Certificates without an outcome.")]
    world_imports: FlowAnswer
    world_exports: FlowAnswer
    participants: Annotated[list[TradeAnswer], Field(description="Those with any trade, by code.")]
    checkpoint: CheckpointAnswer | None
    releases: Annotated[
        list[ReleaseRowAnswer], Field(description="Beside these figures: the newest release of each period, the latest first.")
    ]


class AnyStatisticsAnswer(RootModel[StatisticsAnswer | PublishedAnswer]):
    """Test networks show their live figures and the releases, all others the releases alone."""

    media_type: ClassVar[str] = "application/json"
