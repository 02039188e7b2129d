"""Who may sign for a participant or the secretariat, and to which keys is sealed for them."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Answer, Count, Hash, LedgerAnswer, OptionalDate


class RoleKeyAnswer(Answer):
    """A signing key."""

    key: Hash
    authority: Annotated[str, Field(description="The office that has it; empty for the secretariat.")]
    roles: list[Literal["issue", "confirm", "report", "govern", "audit"]]
    since: OptionalDate
    until: Annotated[OptionalDate, Field(description="First day on which it is no longer in force; empty: none is set.")]


class SealKeyAnswer(Answer):
    """A sealing key (X25519) of one epoch."""

    epoch: Count
    key: Hash
    since: Annotated[OptionalDate, Field(description="Day of its registration; empty: with the ledger itself.")]
    until: Annotated[OptionalDate, Field(description="Day on which it was revoked; empty: it was not.")]


class HolderKeysAnswer(LedgerAnswer):
    """All keys of one holder, former ones too."""

    holder: Annotated[str, Field(description="Code of the participant, or `secretariat`.")]
    root: Hash
    keys: list[RoleKeyAnswer]
    seals: list[SealKeyAnswer]
