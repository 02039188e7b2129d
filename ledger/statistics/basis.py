"""All that a proposer needs to propose a period's release, as a node hands it over: figures, and the earlier releases."""

from dataclasses import dataclass
from typing import Final

import msgspec

from ledger.errors import Code, Refusal
from ledger.statistics.review import Reviewer
from ledger.statistics.tables import Cube
from ledger.statistics.verify import Published

MAX_BASIS_BYTES: Final = 64 * 1024 * 1024
"""A year of 60 participants takes half a megabyte, each earlier release as much again with its witnesses."""


@dataclass(frozen=True, slots=True)
class Basis:
    """The figures of a period, the releases of its year so far as they were shown, and which revision comes next."""

    cube: Cube
    earlier: tuple[Published, ...]
    revision: int


_decoder: Final = msgspec.msgpack.Decoder(Basis)


def read_basis(reviewer: Reviewer, cube: Cube) -> Basis:
    """The basis of a release of these figures, after all releases of the year that stand.

    Raises:
        Objection, StoreError: an earlier release cannot be read.
    """
    earlier = reviewer.earlier(cube.period[:4])
    return Basis(cube, earlier, sum(one.cube.period == cube.period for one in earlier))


def encode_basis(basis: Basis) -> bytes:
    """Its bytes."""
    return msgspec.msgpack.encode(basis)


def decode_basis(data: bytes) -> Basis:
    """Raises Refusal, MALFORMED or TOO_LARGE, for anything else."""
    if len(data) > MAX_BASIS_BYTES:
        raise Refusal(Code.TOO_LARGE, given=len(data), limit=MAX_BASIS_BYTES)
    try:
        return _decoder.decode(data)
    except msgspec.MsgspecError as error:
        raise Refusal(Code.MALFORMED, reason=str(error)[:200]) from None
