"""One view: its votes, its certificates, its proposal.

Votes are kept one of a kind a signer (R10), so a view never holds more than 3n of them. They count only once verified, and are
verified only when that could decide something: a quorum, f+1 nullifications, the leader's own nullification.
"""

from consensus.ancestry import Entry
from consensus.certificate import Verifier
from consensus.errors import PeerFaultError
from consensus.messages import Certificate, Vote, VoteKind

_KINDS = (VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE)


class EquivocationError(PeerFaultError):
    """A signer has cast two votes of which the rules allow one; both are kept here."""

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


def _agree(one: Vote, other: Vote) -> bool:
    return one.digest == other.digest and one.parent == other.parent


class Round:
    """What is known of one view.

    Attributes:
        view: its number.
        leader: index of the validator that proposes in it.
        proposal: the first block of its leader that came (R4), or the own one.
        ballots: votes by kind.
        certificates: at most one a kind, each verified and durable.
        invalid: the proposal can never get this node's vote.
        pressed: f+1 verified nullifications, so an honest node has timed out.
        abandoned: the leader itself has nullified.
    """

    __slots__ = ("abandoned", "ballots", "certificates", "invalid", "leader", "pressed", "proposal", "view")

    def __init__(self, view: int, leader: int) -> None:
        self.view = view
        self.leader = leader
        self.proposal: Entry | None = None
        self.ballots = {kind: Ballots() for kind in _KINDS}
        self.certificates: dict[VoteKind, Certificate] = {}
        self.invalid = False
        self.pressed = False
        self.abandoned = False

    def admit(self, vote: Vote) -> bool:
        """Keeps a vote, unverified; False when it is here already (R10).

        Raises:
            EquivocationError: its signer has another one of this kind, or nullify beside finalize.
        """
        first = self.ballots[vote.kind].get(vote.signer)
        if first is not None and first.digest == vote.digest and first.parent == vote.parent:
            return False
        if first is None and vote.kind != VoteKind.NOTARIZE:
            other = VoteKind.FINALIZE if vote.kind == VoteKind.NULLIFY else VoteKind.NULLIFY
            first = self.ballots[other].get(vote.signer)
        if first is not None:
            raise EquivocationError(first, vote)
        self.ballots[vote.kind].add(vote)
        return True

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
