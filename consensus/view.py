"""One view: its votes, its certificates, its proposal.

Votes are kept one of a kind a signer (R10), so a view never holds more than 3n of them. They count only once verified, and are
verified only when that could decide something: a quorum, f+1 nullifications, the leader's own nullification.
"""

from consensus.ancestry import Entry
from consensus.certificate import Verifier, vote_in
from consensus.errors import PeerFaultError
from consensus.evidence import conflict
from consensus.messages import Certificate, Vote, VoteKind

_KINDS = (VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE)


class EquivocationError(PeerFaultError):
    """A signer has cast two votes of which the rules allow one; both are kept here, perhaps forged ones."""

    reason = "equivocation"

    def __init__(self, first: Vote, second: Vote) -> None:
        super().__init__(f"validator {first.signer}: {first.kind.name} and {second.kind.name} in view {first.view}")
        self.first = first
        self.second = second


class Ballots:
    """The votes of one kind in one view, at most one a signer."""

    __slots__ = ("_unverified", "_verified")

    def __init__(self) -> None:
        self._unverified: dict[int, Vote] = {}
        self._verified: dict[int, Vote] = {}

    def get(self, signer: int) -> Vote | None:
        """The vote of this signer, verified or not."""
        return self._verified.get(signer) or self._unverified.get(signer)

    def counts(self, vote: Vote) -> bool:
        """Whether this very vote is verified."""
        return self._verified.get(vote.signer) == vote

    def drop(self, signer: int) -> None:
        """Forgets an unverified vote that turned out to be forged."""
        self._unverified.pop(signer, None)

    def add(self, vote: Vote) -> None:
        """Keeps the first vote of its signer, which is not verified yet."""
        self._unverified[vote.signer] = vote

    def add_verified(self, vote: Vote) -> None:
        """Counts a vote that is known to be good, such as an own one: once, however often it is added (P4)."""
        self._unverified.pop(vote.signer, None)
        self._verified.setdefault(vote.signer, vote)

    def verified(self) -> list[Vote]:
        """All verified votes, by signer."""
        return [self._verified[signer] for signer in sorted(self._verified)]

    def supporters(self, subject: Vote, threshold: int, verifier: Verifier) -> tuple[list[Vote], list[int]]:
        """The verified votes for the subject that `subject` votes for, if `threshold` could be and is reached, else nothing.

        Returns:
            Those votes by signer, and the signers whose votes turned out to be forged and are gone.
        """
        waiting = [vote for vote in self._unverified.values() if _agree(vote, subject)]
        counted = [vote for vote in self._verified.values() if _agree(vote, subject)]
        if len(waiting) + len(counted) < threshold:
            return [], []
        bad = []
        for vote, valid in zip(waiting, verifier.verify(waiting), strict=True):
            del self._unverified[vote.signer]
            if valid:
                self._verified[vote.signer] = vote
                counted.append(vote)
            else:
                bad.append(vote.signer)
        if len(counted) < threshold:
            return [], bad
        return sorted(counted, key=lambda vote: vote.signer), bad


def _agree(one: Vote | Certificate, other: Vote) -> bool:
    return one.digest == other.digest and one.parent == other.parent


class Round:
    """What is known of one view.

    Attributes:
        view: its number.
        leader: index of the validator that proposes in it.
        proposal: the first block of its leader that came (R4), or the own one; `parent`: the view that the vote for it names,
            the block's own parent's, or where the block itself was notarized last and is proposed again (R13).
        ballots: votes by kind.
        certificates: at most one a kind, each verified and durable.
        invalid: the proposal can never get this node's vote.
        pressed: f+1 verified nullifications, so an honest node has timed out.
        abandoned: the leader itself has nullified.
    """

    __slots__ = ("abandoned", "ballots", "certificates", "invalid", "leader", "parent", "pressed", "proposal", "view")

    def __init__(self, view: int, leader: int) -> None:
        self.view = view
        self.leader = leader
        self.proposal: Entry | None = None
        self.parent = 0
        self.ballots = {kind: Ballots() for kind in _KINDS}
        self.certificates: dict[VoteKind, Certificate] = {}
        self.invalid = False
        self.pressed = False
        self.abandoned = False

    def propose(self, entry: Entry, parent: int) -> None:
        """Takes the view's proposal; the first one stays."""
        if self.proposal is None:
            self.proposal, self.parent = entry, parent

    @property
    def again(self) -> bool:
        """Whether the proposal is a block of an earlier view that is proposed again (R13)."""
        return self.proposal is not None and self.proposal.block.view < self.view

    def admit(self, vote: Vote) -> bool:
        """Keeps a vote, unverified; False when it is here already (R10).

        Raises:
            EquivocationError: its signer has another one of this kind, or nullify beside finalize.
        """
        first = self.ballots[vote.kind].get(vote.signer)
        if first is not None and _agree(first, vote):
            return False
        earlier = self.conflicting(vote)
        if earlier is not None:
            raise EquivocationError(earlier, vote)
        self.ballots[vote.kind].add(vote)
        return True

    def conflicting(self, vote: Vote) -> Vote | None:
        """A vote of the same signer that the rules do not allow beside this one, also out of a certificate (P24)."""
        for kind in _KINDS:
            other = self.ballots[kind].get(vote.signer)
            if other is not None and conflict(other, vote):
                return other
            certificate = self.certificates.get(kind)
            if certificate is not None and not (kind == vote.kind and _agree(certificate, vote)):
                other = vote_in(certificate, vote.signer)
                if other is not None and conflict(other, vote):
                    return other
        return None

    def newest_of(self, signer: int) -> Vote | None:
        """A vote of this signer in this view that is known to be good."""
        for kind in reversed(_KINDS):
            other = self.ballots[kind].get(signer)
            if other is not None and self.ballots[kind].counts(other):
                return other
            certificate = self.certificates.get(kind)
            other = vote_in(certificate, signer) if certificate is not None else None
            if other is not None:
                return other
        return None

    @property
    def notarization(self) -> Certificate | None:
        """NOTAR of this view."""
        return self.certificates.get(VoteKind.NOTARIZE)

    @property
    def nullification(self) -> Certificate | None:
        """NULL of this view."""
        return self.certificates.get(VoteKind.NULLIFY)

    @property
    def finalization(self) -> Certificate | None:
        """FINAL of this view."""
        return self.certificates.get(VoteKind.FINALIZE)
