"""The sign guard: what must be durable, and votes that exist only once they are.

A `Durable` vote is made by `Journal.cast` alone, in the same step that hands its bytes to `Output.persist`; only `Durable`
votes can be put into the outbox, and only to be sent after that persist. `cast` is the one place that signs, and it refuses,
over the key's whole life, what the vote rules forbid: a second notarize, notarize after nullify, nullify with finalize.

Records are the canonical encodings of `Vote` (own), `Certificate`, `GotBlock` (a block), `Equivocation` (somebody's two votes)
and `Seen` (an own vote that others hold and this log does not); every prefix of them is a state that this node was in, so a
torn tail is harmless. `snapshot` is the same state without what is below the retained views.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from consensus.ancestry import Blocks, Entry
from consensus.errors import JournalError, LocalFaultError, MalformedMessageError
from consensus.events import Config, Scheme
from consensus.messages import (
    Block,
    Certificate,
    Equivocation,
    GotBlock,
    LogRecord,
    Seen,
    Vote,
    VoteKind,
    decode_record,
    encode,
    vote_input,
)

_KEY = object()
_FORBIDDEN = {
    VoteKind.NOTARIZE: (VoteKind.NOTARIZE, VoteKind.NULLIFY),
    VoteKind.NULLIFY: (VoteKind.NULLIFY, VoteKind.FINALIZE),
    VoteKind.FINALIZE: (VoteKind.FINALIZE, VoteKind.NULLIFY),
}
"""Own votes in a view that rule out another one of this kind."""


@dataclass(frozen=True, slots=True)
class Durable:
    """An own vote that is in the log, or in the `persist` of the output that carries it."""

    key: object
    vote: Vote

    def __post_init__(self) -> None:
        """Refuses to exist without the journal."""
        if self.key is not _KEY:
            raise LocalFaultError("only the journal makes a vote durable")


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a log held, in its order."""

    blocks: tuple[Block, ...]
    votes: tuple[Vote, ...]
    certificates: tuple[Certificate, ...]
    evidence: tuple[Equivocation, ...]


class Journal:
    """Own votes, and everything else that the log holds beside blocks and certificates.

    Attributes:
        first: the lowest view whose own votes are remembered; none is signed below it.
        lost: an own vote that others hold and this log does not: its key has voted elsewhere, and never votes again.
    """

    __slots__ = ("_config", "_evidence", "_me", "_pending", "_scheme", "_votes", "first", "lost")

    def __init__(self, config: Config, me: int | None, scheme: Scheme) -> None:
        self._config = config
        self._me = me
        self._scheme = scheme
        self.first = 1
        self.lost: Vote | None = None
        self._pending: list[bytes] = []
        self._votes: dict[int, dict[VoteKind, Durable]] = {}
        self._evidence: dict[int, Equivocation] = {}

    # --- writing ----------------------------------------------------------------------------------------------------

    def write_block(self, entry: Entry) -> None:
        """Makes a block durable, once."""
        if not entry.durable:
            entry.durable = True
            self._pending.append(encode(GotBlock(entry.block)))

    def write_certificate(self, certificate: Certificate) -> None:
        """Makes a certificate durable."""
        self._pending.append(encode(certificate))

    def write_evidence(self, first: Vote, second: Vote) -> None:
        """Makes two votes that convict their signer durable."""
        self._evidence[first.signer] = Equivocation(first, second)
        self._pending.append(encode(self._evidence[first.signer]))

    def convicted(self, signer: int) -> bool:
        """Whether evidence against this validator is in the log; one pair a validator and epoch is enough."""
        return signer in self._evidence

    def lose(self, vote: Vote) -> None:
        """Makes durable that the own key has cast a vote which this log does not hold."""
        if self.lost is None:
            self.lost = vote
            self._pending.append(encode(Seen(vote)))

    def cast(self, kind: VoteKind, view: int, parent: int, digest: bytes) -> Durable:
        """Signs a vote and makes it durable.

        Raises:
            LocalFaultError: the vote rules forbid it; whoever asked for it has a defect.
        """
        if self._me is None:
            raise LocalFaultError("this node's key is not a validator's")
        if self.lost is not None:
            raise LocalFaultError(f"this node's key has voted elsewhere in view {self.lost.view}")
        if view < self.first:
            raise LocalFaultError(f"{kind.name} in view {view}, whose votes are forgotten")
        for other in _FORBIDDEN[kind]:
            if self.own(view, other):
                raise LocalFaultError(f"{kind.name} after {other.name} in view {view}")
        epoch = self._config.epoch
        signature = self._scheme.sign(vote_input(self._config.ledger_id, kind, epoch, view, parent, digest))
        vote = Vote(kind, epoch, view, parent, digest, self._me, signature)
        self._pending.append(encode(vote))
        return self._keep(vote)

    def _keep(self, vote: Vote) -> Durable:
        durable = Durable(_KEY, vote)
        self._votes.setdefault(vote.view, {})[vote.kind] = durable
        return durable

    def take(self) -> tuple[bytes, ...]:
        """Records for this output's `persist`."""
        pending, self._pending = tuple(self._pending), []
        return pending

    # --- reading ----------------------------------------------------------------------------------------------------

    def own(self, view: int, kind: VoteKind) -> Durable | None:
        """The own vote of this kind in this view."""
        return self._votes.get(view, {}).get(kind)

    def voted(self, view: int) -> bool:
        """Whether anything is signed in this view."""
        return view in self._votes

    def votes(self) -> list[Durable]:
        """All retained own votes, by view."""
        return [vote for view in sorted(self._votes) for vote in self._votes[view].values()]

    def prune(self, first: int) -> None:
        """Forgets votes below this view, and signs none there any more."""
        self.first = max(self.first, first)
        for view in [view for view in self._votes if view < first]:
            del self._votes[view]

    def snapshot(self, blocks: Blocks, certificates: Iterable[Certificate]) -> tuple[bytes, ...]:
        """Records that stand for all of the log so far: blocks by view, certificates by view, own votes by view."""
        durable = sorted((entry for entry in blocks if entry.durable), key=lambda entry: (entry.block.view, entry.digest))
        records = [encode(GotBlock(entry.block)) for entry in durable]
        records += [encode(one) for one in sorted(certificates, key=lambda one: (one.view, one.kind))]
        records += [encode(one.vote) for one in sorted(self.votes(), key=lambda one: (one.vote.view, one.vote.kind))]
        records += [encode(self._evidence[signer]) for signer in sorted(self._evidence)]
        records += [encode(Seen(self.lost))] if self.lost is not None else []
        return tuple(records)

    def recover(self, records: Iterable[bytes]) -> Recovered:
        """Reads a log back and takes its own votes up again.

        Raises:
            JournalError: it holds what this node, in this epoch, cannot have written.
        """
        blocks: list[Block] = []
        votes: list[Vote] = []
        certificates: list[Certificate] = []
        for record in records:
            try:
                found = decode_record(record)
            except MalformedMessageError as error:
                raise JournalError(f"not a record: {error}") from error
            self._check_epoch(_epoch(found))
            match found:
                case GotBlock(block):
                    blocks.append(block)
                case Certificate():
                    certificates.append(found)
                case Vote():
                    self._take_up(found)
                    votes.append(found)
                case Equivocation(first=first):
                    self._evidence[first.signer] = found
                case Seen(vote):
                    self.lost = vote
        return Recovered(tuple(blocks), tuple(votes), tuple(certificates), tuple(self._evidence.values()))

    def _check_epoch(self, epoch: int) -> None:
        if epoch != self._config.epoch:
            raise JournalError(f"a record of epoch {epoch} in the log of epoch {self._config.epoch}")

    def _take_up(self, vote: Vote) -> None:
        """One own vote of the log; they come in the order in which they were cast, or sorted by kind in a snapshot."""
        if vote.signer != self._me:
            raise JournalError(f"a vote of validator {vote.signer} in the log of {self._me}")
        earlier = self.own(vote.view, vote.kind)
        if earlier and earlier.vote != vote:
            raise JournalError(f"two {vote.kind.name} votes in view {vote.view}")
        self._keep(vote)
        if self.own(vote.view, VoteKind.NULLIFY) and self.own(vote.view, VoteKind.FINALIZE):
            raise JournalError(f"nullify and finalize in view {vote.view}")


def _epoch(record: LogRecord) -> int:
    match record:
        case GotBlock(block):
            return block.epoch
        case Equivocation(first=vote) | Seen(vote=vote):
            return vote.epoch
        case _:
            return record.epoch
