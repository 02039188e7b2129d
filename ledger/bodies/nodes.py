"""Bodies about nodes: which there are, which of them vote, which contradicted themselves."""

from typing import Annotated

from msgspec import Meta, Struct

from ledger.bodies.fields import Bin32
from ledger.limits import MAX_ADDRESS_CHARACTERS, MAX_EPOCH, MAX_TLS_BYTES, MAX_VOTE_BYTES, MIN_TLS_BYTES

Vote = Annotated[bytes, Meta(min_length=1, max_length=MAX_VOTE_BYTES)]


class NodeSetBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`node.set`: the author's node from now on; its consensus key and `validator` say who votes from the next epoch on."""

    address: Annotated[str, Meta(min_length=1, max_length=MAX_ADDRESS_CHARACTERS)]
    consensus: Bin32
    cosign: Bin32
    log: Bin32
    tls: Annotated[bytes, Meta(min_length=MIN_TLS_BYTES, max_length=MAX_TLS_BYTES)]
    validator: bool


class NodeReadyBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`node.ready`: the author's node is ready to vote in this epoch among these validators (`ledger.network.list_hash`)."""

    epoch: Annotated[int, Meta(ge=1, le=MAX_EPOCH)]
    validators: Bin32


class EquivocationBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`evidence.equivocation`: two votes of a validator of this epoch that it may not both sign, as consensus encodes them."""

    epoch: Annotated[int, Meta(ge=0, le=MAX_EPOCH)]
    first: Vote
    second: Vote
