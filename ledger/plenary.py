"""Proposals that are open, and how they are decided: by consensus, at the first block at or after their closing.

Rules:
1. A participant's newest position counts. Whom the proposal concerns takes none (`ledger.rules.plenary`).
2. Adopted, when nobody objects and at least the parameter's number support it; else rejected. What is adopted but can no longer
   be done, because of something decided meanwhile, is void.
3. Several that close by one block are decided in the order of closing, then of their records' ids.

Reference: 2-records.md, "Decisions are by consensus".
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ledger.bodies.plenary import ProposeBody
from ledger.entries import decode_with

Position = Literal["support", "object", "abstain"]
Outcome = Literal["", "adopted", "rejected", "void"]


class ProposalEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A proposal as the store has it.

    Attributes:
        author: who proposed it.
        body: what.
        positions: who took which, by code.
        outcome: empty while it is open.
        height: the block that decided it, 0 while it is open.
    """

    author: str
    body: ProposeBody
    positions: tuple[tuple[str, Position], ...] = ()
    outcome: Outcome = ""
    height: int = 0

    def count(self, position: Position) -> int:
        """How many take this position."""
        return sum(1 for _, taken in self.positions if taken == position)

    def with_position(self, code: str, position: Position) -> "ProposalEntry":
        """With a participant's position, in place of an earlier one."""
        return replace(self, positions=tuple(sorted({**dict(self.positions), code: position}.items())))

    def decided(self, outcome: Outcome, height: int) -> "ProposalEntry":
        """No longer open."""
        return replace(self, outcome=outcome, height=height)


@dataclass(frozen=True, slots=True)
class Plenary:
    """The open proposals, by the id of their record."""

    open: Mapping[bytes, ProposalEntry] = field(default_factory=lambda: MappingProxyType({}))

    def with_proposal(self, proposal: bytes, entry: ProposalEntry) -> "Plenary":
        """With a new proposal or another state of one; a decided one is no longer among the open."""
        others = {key: held for key, held in self.open.items() if key != proposal}
        return Plenary(MappingProxyType(others if entry.outcome else {**others, proposal: entry}))

    def due(self, now: int) -> list[bytes]:
        """The proposals that a block of this time decides, in the order in which it does."""
        return sorted((key for key, entry in self.open.items() if entry.body.closes <= now), key=self._turn)

    def _turn(self, proposal: bytes) -> tuple[int, bytes]:
        return self.open[proposal].body.closes, proposal


_proposal = msgspec.msgpack.Decoder(ProposalEntry)


def decode_proposal(data: bytes) -> ProposalEntry:
    """Raises StoreError for anything else."""
    return decode_with(_proposal, data)


def load(stored: Iterable[tuple[bytes, bytes]]) -> Plenary:
    """The open ones of what the store has under `keys.PROPOSALS`; raises StoreError."""
    found = ((key, decode_proposal(data)) for key, data in stored)
    return Plenary(MappingProxyType({key: entry for key, entry in found if not entry.outcome}))
