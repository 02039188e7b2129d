"""All retained views of an epoch: certificates, the finalized floor, and what follows from them.

Questions answered here, without any side effect: which certificate lets one enter a view (R1), what settles a past view (R11),
whether a proposal's parent is admissible, which parent a leader takes (R3, R4).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from consensus.errors import JournalError
from consensus.events import Tip
from consensus.limits import RETAINED_VIEWS
from consensus.messages import Certificate, Vote, VoteKind
from consensus.quorum import Committee
from consensus.view import Round


class Held(Enum):
    """What a certificate is to this node."""

    NEW = "new"
    KNOWN = "known"
    CONFLICT = "conflict"


class Parent(Enum):
    """Whether a parent is admissible (`parent_ok`)."""

    OK = "ok"
    MISSING = "missing"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Choice:
    """A parent for a proposal, or the views whose certificates are missing to tell.

    Attributes:
        answer: OK, MISSING or NEVER.
        view, digest: the parent, where the answer is OK.
        first, last: views with missing certificates lie between them, both included, where the answer is MISSING.
    """

    answer: Parent
    view: int = 0
    digest: bytes = b""
    first: int = 0
    last: int = 0


class Rounds:
    """The views from `floor - RETAINED_VIEWS` on.

    Attributes:
        floor_view, floor_digest: the highest block known to be final.
        final: its FINAL, None at genesis and for a tip that the application alone knows.
        notarized: NOTAR by view, above the floor.
        newest: the highest view with a certificate, at least the floor's.
    """

    __slots__ = ("_committee", "_rounds", "final", "floor_digest", "floor_view", "newest", "notarized")

    def __init__(self, committee: Committee, tip: Tip) -> None:
        self._committee = committee
        self._rounds: dict[int, Round] = {}
        self.floor_view = tip.view
        self.floor_digest = tip.digest
        self.final: Certificate | None = None
        self.notarized: dict[int, Certificate] = {}
        self.newest = tip.view

    def get(self, view: int) -> Round | None:
        """The view, if anything is known of it."""
        return self._rounds.get(view)

    def open(self, view: int) -> Round:
        """The view, begun when nothing is known of it yet."""
        found = self._rounds.get(view)
        if found is None:
            found = self._rounds[view] = Round(view, self._committee.leader(view))
        return found

    def has(self, view: int, kind: VoteKind) -> bool:
        """Whether this certificate is held."""
        found = self._rounds.get(view)
        return found is not None and kind in found.certificates

    def certificates(self) -> list[Certificate]:
        """All that are held, by view and kind."""
        return [
            self._rounds[view].certificates[kind]
            for view in sorted(self._rounds)
            for kind in sorted(self._rounds[view].certificates)
        ]

    # --- certificates -----------------------------------------------------------------------------------------------

    def weigh(self, certificate: Certificate) -> Held:
        """What a certificate would change. CONFLICT, of a verified one, means more than f faulty validators."""
        if certificate.view > self.floor_view:
            return self._compare(certificate)
        at_floor = certificate.view == self.floor_view
        return Held.CONFLICT if at_floor and certificate.digest != self.floor_digest else Held.KNOWN

    def _compare(self, certificate: Certificate) -> Held:
        """A certificate beside those of its view: one block at most, and never nullified and final both."""
        known = self._rounds[certificate.view].certificates if certificate.view in self._rounds else {}
        for kind, other in known.items():
            if VoteKind.NULLIFY not in {kind, certificate.kind}:
                conflict = (other.parent, other.digest) != (certificate.parent, certificate.digest)
            else:
                conflict = VoteKind.FINALIZE in {kind, certificate.kind}
            if conflict:
                return Held.CONFLICT
        return Held.KNOWN if certificate.kind in known else Held.NEW

    def hold(self, certificate: Certificate) -> None:
        """Takes a verified, new certificate in; a FINAL becomes the floor (R8)."""
        self.open(certificate.view).certificates[certificate.kind] = certificate
        self.newest = max(self.newest, certificate.view)
        if certificate.kind == VoteKind.NOTARIZE:
            self.notarized[certificate.view] = certificate
        elif certificate.kind == VoteKind.FINALIZE:
            self.final = certificate
            self.raise_floor(certificate.view, certificate.digest)

    def restore(self, certificates: Iterable[Certificate]) -> None:
        """Takes back what the log holds, also below the floor, and forgets what is not retained.

        Raises:
            JournalError: two of them contradict each other.
        """
        for certificate in certificates:
            match self._compare(certificate):
                case Held.CONFLICT:
                    raise JournalError(f"two certificates contradict each other in view {certificate.view}")
                case Held.NEW if certificate.view > self.floor_view:
                    self.hold(certificate)
                case Held.NEW:
                    self.open(certificate.view).certificates[certificate.kind] = certificate
                    later = self.final is None or certificate.view > self.final.view
                    if certificate.kind == VoteKind.FINALIZE and later:
                        self.final = certificate
        self.raise_floor(self.floor_view, self.floor_digest)

    def raise_floor(self, view: int, digest: bytes) -> None:
        """Makes a final block the floor and forgets views that are no longer retained."""
        self.floor_view, self.floor_digest = view, digest
        self.newest = max(self.newest, view)
        self.notarized = {above: one for above, one in self.notarized.items() if above > view}
        for old in [old for old in self._rounds if old < view - RETAINED_VIEWS]:
            del self._rounds[old]

    def entry(self, view: int) -> Certificate | None:
        """The best certificate that lets anybody enter this view (R1): FINAL, else NOTAR, else NULL of the view before."""
        return self.settling(view - 1)

    def settling(self, view: int) -> Certificate | None:
        """What settles a past view (R11): FINAL of it or a later one, else its NOTAR, else its NULL."""
        if self.final is not None and self.final.view >= view:
            return self.final
        found = self._rounds.get(view)
        if found is None:
            return None
        return found.notarization or found.nullification

    def newest_vote(self, signer: int, above: int) -> Vote | None:
        """The newest vote of a validator in the retained views above this one."""
        for view in range(max(self._rounds, default=0), max(above, self.floor_view - RETAINED_VIEWS - 1), -1):
            found = self._rounds.get(view)
            vote = found.newest_of(signer) if found is not None else None
            if vote is not None:
                return vote
        return None

    # --- parents ----------------------------------------------------------------------------------------------------

    def parent_ok(self, view: int, parent: int, digest: bytes) -> Choice:
        """Whether a proposal of `view` may stand on this block, notarized in view `parent`; what is missing to tell (P1)."""
        if not self.floor_view <= parent < view:
            return Choice(Parent.NEVER)
        missing = [between for between in range(parent + 1, view) if not self.has(between, VoteKind.NULLIFY)]
        if parent == self.floor_view:
            if digest != self.floor_digest:
                return Choice(Parent.NEVER)
        elif (notarization := self.notarized.get(parent)) is None:
            missing.insert(0, parent)
        elif notarization.digest != digest:
            return Choice(Parent.NEVER)
        if missing:
            return Choice(Parent.MISSING, first=missing[0], last=missing[-1])
        return Choice(Parent.OK, parent, digest)

    def choices(self, view: int) -> list[Choice]:
        """Parents that a proposal of this view may have, the highest first; the last one may be MISSING."""
        found = []
        for parent in range(view - 1, self.floor_view, -1):
            notarization = self.notarized.get(parent)
            if notarization is not None:
                found.append(Choice(Parent.OK, parent, notarization.digest))
            if not self.has(parent, VoteKind.NULLIFY):
                if notarization is None:
                    first = self._lowest_gap(parent)
                    found.append(Choice(Parent.MISSING, first=first, last=parent))
                return found
        found.append(Choice(Parent.OK, self.floor_view, self.floor_digest))
        return found

    def _lowest_gap(self, last: int) -> int:
        """The lowest view above the floor with neither NOTAR nor NULL."""
        for view in range(self.floor_view + 1, last):
            if view not in self.notarized and not self.has(view, VoteKind.NULLIFY):
                return view
        return last
