"""A proposed release, and its bytes: which cells are confidential, which blocks keep earlier figures, and the witnesses.

A *witness* is another table that fits everything published: by how much it moves each entry, in one measure. Encoding is
canonical MessagePack of at most `MAX_PROPOSAL_BYTES`; a witness is `[measure, [gap, move, gap, move, ...]]`, where a gap is
the number of variables left out since the one before (`ledger.statistics.model`).

Errors: `Objection` with MALFORMED for what is no proposal.
"""

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from ledger import codec
from ledger.errors import Refusal
from ledger.limits import MAX_CONFIDENTIAL, MAX_HELD, MAX_PROPOSAL_BYTES, MAX_WITNESS_MOVES, MAX_WITNESSES
from ledger.statistics.errors import Objection, ObjectionCode
from ledger.statistics.tables import BlockKey, Cell

LARGEST_MOVE: Final = 2**62
"""Points or cents; half of any figure of a return is less."""


@dataclass(frozen=True, slots=True)
class Witness:
    """Another table: moves by variable, ascending, none of them 0.

    Attributes:
        measure: 0 for points, 1 for cents.
        moves: place of the variable, and by how much it moves.
    """

    measure: Literal[0, 1]
    moves: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a release of a period is proposed to be.

    Attributes:
        revision: from 0.
        height: the figures are those as of this block.
        confidential: cells, ascending.
        held: blocks that keep the figures of an earlier release, ascending.
        witnesses: enough of them to cover every unsafe cell of this release and of the earlier ones.
    """

    period: str
    revision: int
    height: int
    confidential: tuple[Cell, ...]
    held: tuple[BlockKey, ...]
    witnesses: tuple[Witness, ...]


_Name = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z]{0,10}\Z")]
_Count = Annotated[int, Meta(ge=0, le=2**62)]
_Moves = Annotated[tuple[Annotated[int, Meta(ge=-LARGEST_MOVE, le=LARGEST_MOVE)], ...], Meta(max_length=2 * MAX_WITNESS_MOVES)]


class _Form(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How a proposal is written."""

    confidential: Annotated[tuple[tuple[_Name, _Name, _Name, _Name, _Name], ...], Meta(max_length=MAX_CONFIDENTIAL)]
    height: _Count
    held: Annotated[tuple[tuple[_Name, _Name, _Name], ...], Meta(max_length=MAX_HELD)]
    period: _Name
    revision: _Count
    v: Literal[1]
    witnesses: Annotated[tuple[tuple[Literal[0, 1], _Moves], ...], Meta(max_length=MAX_WITNESSES)]


_FORM: Final = codec.typed(_Form, MAX_PROPOSAL_BYTES)


def encode_proposal(proposal: Proposal) -> bytes:
    """The canonical encoding; raises Objection for what would be beyond the bounds."""
    form = _Form(
        confidential=tuple(proposal.confidential),
        height=proposal.height,
        held=tuple(proposal.held),
        period=proposal.period,
        revision=proposal.revision,
        v=1,
        witnesses=tuple((witness.measure, _pack(witness.moves)) for witness in proposal.witnesses),
    )
    try:
        return _FORM.encode(form)
    except Refusal as refusal:
        raise _malformed(refusal) from None


def decode_proposal(data: bytes) -> Proposal:
    """The proposal in these bytes, or Objection."""
    try:
        form = _FORM.decode(data)
    except Refusal as refusal:
        raise _malformed(refusal) from None
    return Proposal(
        period=form.period,
        revision=form.revision,
        height=form.height,
        confidential=tuple(Cell(*cell) for cell in form.confidential),
        held=tuple(BlockKey(*key) for key in form.held),
        witnesses=tuple(_unpack(place, *witness) for place, witness in enumerate(form.witnesses)),
    )


def _pack(moves: tuple[tuple[int, int], ...]) -> tuple[int, ...]:
    flat, next_ = [], 0
    for place, move in moves:
        flat += [place - next_, move]
        next_ = place + 1
    return tuple(flat)


def _unpack(number: int, measure: Literal[0, 1], flat: tuple[int, ...]) -> Witness:
    if len(flat) % 2:
        raise Objection(ObjectionCode.MALFORMED, f"witnesses[{number}]", len(flat))
    moves, next_ = [], 0
    for gap, move in zip(flat[::2], flat[1::2], strict=True):
        moves.append((next_ + gap, move))
        next_ += gap + 1
    return Witness(measure, tuple(moves))


def _malformed(refusal: Refusal) -> Objection:
    return Objection(ObjectionCode.MALFORMED, f"{refusal.code} {refusal.field}".strip())
