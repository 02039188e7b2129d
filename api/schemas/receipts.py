"""What verifying a receipt answers."""

from typing import Annotated

from pydantic import Field

from api.schemas.base import Count, Hash, Hex, LedgerAnswer


class VerdictAnswer(LedgerAnswer):
    """What a receipt establishes under this node's policy, or why it establishes nothing.

    A valid receipt says that the record's bytes are in the log. It does not say that the record still stands, nor that what it
    says is true. Trust this answer as far as you trust this node; `kpledger receipt verify` needs no node at all.
    """

    valid: bool
    failure: Annotated[str | None, Field(description="Which check failed, null when valid.", examples=["root-mismatch"])]
    detail: Annotated[str, Field(description="The failure in words; empty when valid.")]
    id: Annotated[Hash | None, Field(description="The record's id.")]
    index: Count | None
    origin: str | None
    size: Annotated[Count | None, Field(description="Leaves of the tree that the checkpoint is about.")]
    root: Hash | None
    cosigners: Annotated[list[str], Field(description="Names of the cosigning keys that count.")]
    newest: Annotated[int | None, Field(description="Newest time that a cosignature states, seconds since 1970 UTC.")]
    record: Annotated[Hex | None, Field(description="The record's bytes, as the receipt carries them.")]
