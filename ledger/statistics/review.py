"""A published release made anew from the ledger, as every node does before it agrees, and whoever verifies an export.

1. The attachment is put together from its parts; it is the one that they name, and encodes a proposal.
2. The proposal is of the period, the revision and the height that the `statistics.publish` states.
3. The releases of the year that stood when it was published are made anew, in their order, with the vintages that they showed:
   no release of a year is published before the one before it is decided.
4. The figures are read as of the height, and the proposal is verified against all that (`ledger.statistics.verify`).
5. The file that comes out is the one that is published.

The same bytes on every node, at any time later. Nothing here decides anything: a node's verdict is a record of its own.
"""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ledger.bodies import AttachBody, PublishBody
from ledger.errors import StoreError
from ledger.record import parse_record
from ledger.statistics.errors import Objection, ObjectionCode
from ledger.statistics.proposal import Proposal, decode_proposal
from ledger.statistics.release import Release
from ledger.statistics.verify import Published, verify
from ledger.statistics.vintages import apply_vintages

if TYPE_CHECKING:
    from ledger.views import Queries

_HELD: Final = 64
"""Earlier releases that are remembered: those of a few years."""


@dataclass(frozen=True, slots=True)
class Review:
    """What came of making a release anew: the release, or what speaks against the one that is published."""

    release: Release | None
    objection: Objection | None


class Reviewer:
    """Makes releases of one ledger anew; remembers earlier ones. Reads snapshots, so it may run beside all else."""

    def __init__(self, ledger: "Queries") -> None:
        self._ledger = ledger
        self._published: OrderedDict[bytes, Published] = OrderedDict()

    def review(self, release: bytes) -> Review:
        """The release of this id, made anew.

        Raises:
            StoreError: there is none, or what is stored is damaged.
        """
        body = self._body(release)
        try:
            proposal = _matching(self._proposal(body), body)
            made = verify(self.earlier(body.period[:4], release), self._ledger.cube(body.period, body.height), proposal)
        except Objection as objection:
            return Review(None, objection)
        if made.digest != body.digest:
            return Review(None, Objection(ObjectionCode.DIGEST, "digest"))
        return Review(made, None)

    def earlier(self, year: str, before: bytes = b"") -> tuple[Published, ...]:
        """The releases of a year that stand, those before one of them or (empty, or another one) all, as they were shown.

        Raises:
            Objection: one of them is none that can be read; StoreError: what is stored is damaged.
        """
        made: list[Published] = []
        for entry in self._ledger.release_year(year).released:
            if entry.record == before:
                break
            held = self._published.get(entry.record)
            if held is None:
                proposal = self._proposal(self._body(entry.record))
                shown, _ = apply_vintages([one.cube for one in made], self._ledger.cube(entry.period, entry.height))
                held = self._published[entry.record] = Published(shown, proposal)
                while len(self._published) > _HELD:
                    self._published.popitem(last=False)
            made.append(held)
        return tuple(made)

    def _body(self, release: bytes) -> PublishBody:
        found = self._ledger.record(release)
        body = None if found is None else parse_record(found[0]).body
        if not isinstance(body, PublishBody):
            raise StoreError(f"{release.hex()} is no release in the log")
        return body

    def _proposal(self, body: PublishBody) -> Proposal:
        """What the attachment encodes; the rules have seen to its parts' order and length."""
        parts: list[AttachBody] = []
        for part in body.attachment:
            found = self._ledger.record(part)
            attached = None if found is None else parse_record(found[0]).body
            if not isinstance(attached, AttachBody):
                raise StoreError(f"{part.hex()} is no part of an attachment in the log")
            parts.append(attached)
        whole = b"".join(part.part for part in parts)
        if hashlib.sha256(whole).digest() != parts[0].digest:
            raise Objection(ObjectionCode.MALFORMED, "attachment")
        return decode_proposal(whole)


def _matching(proposal: Proposal, body: PublishBody) -> Proposal:
    if proposal.period != body.period:
        raise Objection(ObjectionCode.PERIOD, "period")
    if proposal.revision != body.revision:
        raise Objection(ObjectionCode.REVISION, "revision", proposal.revision, body.revision)
    if proposal.height != body.height:
        raise Objection(ObjectionCode.HEIGHT, "height", proposal.height, body.height)
    return proposal
