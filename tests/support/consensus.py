"""A network of cores in one process, in lockstep: every message takes one step, the log is a list, applications answer at once."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from consensus import ancestry
from consensus.core import Core
from consensus.events import (
    Alarm,
    Applied,
    Archive,
    Build,
    Built,
    Check,
    Checked,
    Config,
    Deliver,
    Event,
    Output,
    Received,
    Send,
    Tip,
    Wake,
    Work,
)
from consensus.messages import (
    Block,
    Certificate,
    GetHeaders,
    Headers,
    Mark,
    Message,
    Payload,
    Proposal,
    Vote,
    VoteKind,
    block_digest,
    vote_input,
)
from consensus.quorum import Committee

LEDGER = hashlib.sha256(b"ledger").digest()
GENESIS = Tip(0, 0, LEDGER, 1_000)
MARK = Mark(0, 0, bytes(32), bytes(32))


class Scheme:
    """Keyed BLAKE2b; counts what it verifies."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.verified = 0

    def sign(self, message: bytes) -> bytes:
        return hashlib.blake2b(message, key=self.key).digest()

    def verify(self, key: bytes, message: bytes, signature: bytes) -> bool:
        self.verified += 1
        return hashlib.blake2b(message, key=key).digest() == signature


def keys(n: int) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(f"key {i}".encode()).digest() for i in range(n))


def config(n: int, me: int = 0, epoch: int = 0) -> Config:
    return Config(LEDGER, epoch, keys(n), keys(n + 1)[me])


def payload(time: int = 2_000, *records: bytes, next_: bytes = b"") -> Payload:
    return Payload(time, MARK, next_, tuple(hashlib.sha256(one).digest() for one in records))


def block(view: int, parent: Tip = GENESIS, /, *records: bytes, **changes: object) -> Block:
    fields = {
        "version": 1,
        "epoch": 0,
        "view": view,
        "height": parent.height + 1,
        "parent_view": parent.view,
        "parent": parent.digest,
    }
    return Block(**{**fields, "payload": payload(parent.time + 1, *records), **changes})


def digest_of(one: Block) -> bytes:
    return block_digest(LEDGER, one)


def tip_of(one: Block) -> Tip:
    return ancestry.tip_of(one, digest_of(one))


def vote(
    kind: VoteKind,
    signer: int,
    view: int,
    one: Block | None = None,
    parent: int | None = None,
    digest: bytes = b"",
    epoch: int = 0,
) -> Vote:
    """`parent` is the block's own parent's view unless it is given, as for a block that is proposed again."""
    if one is not None:
        parent, digest = one.parent_view if parent is None else parent, digest_of(one)
    parent = parent or 0
    signature = Scheme(keys(signer + 1)[signer]).sign(vote_input(LEDGER, kind, epoch, view, parent, digest))
    return Vote(kind, epoch, view, parent, digest, signer, signature)


def certificate(
    kind: VoteKind,
    n: int,
    signers: list[int],
    view: int,
    one: Block | None = None,
    parent: int | None = None,
    epoch: int = 0,
) -> Certificate:
    votes = [vote(kind, signer, view, one, parent, epoch=epoch) for signer in signers]
    bitmap = bytearray((n + 7) // 8)
    for signer in signers:
        bitmap[signer // 8] |= 1 << signer % 8
    first, signatures = votes[0], tuple(v.signature for v in votes)
    return Certificate(kind, first.epoch, view, first.parent, first.digest, bytes(bitmap), signatures)


@dataclass
class Node:
    """One core with its log and a plain application.

    `automatic`: builds and checks are answered at once; else they pile up in `calls`. `next_`: what ends the epoch, once it is due.
    """

    n: int
    me: int
    automatic: bool = True
    now: int = 0
    tip: Tip = GENESIS
    log: list[bytes] = field(default_factory=list)
    sent: list[Send] = field(default_factory=list)
    calls: list[object] = field(default_factory=list)
    delivered: list[Deliver] = field(default_factory=list)
    executed: list[tuple[Block, Certificate | None]] = field(default_factory=list)
    pending: list[bytes] = field(default_factory=list)
    last: Output = field(default_factory=Output)
    archived: list[Certificate] = field(default_factory=list)
    epoch: int = 0
    next_: bytes = b""

    def __post_init__(self) -> None:
        self.scheme = Scheme(keys(self.me + 1)[self.me])
        self.start()

    @property
    def key(self) -> bytes:
        return keys(self.me + 1)[self.me]

    def start(self) -> None:
        """Begins, or begins again after a crash, out of log and executed tip."""
        self.calls.clear()
        self.core, output = Core.recover(config(self.n, self.me, self.epoch), self.scheme, list(self.log), self.tip, self.now)
        self.perform(output)

    def handle(self, event: Event) -> Output:
        output = self.core.handle(event, self.now)
        self.perform(output)
        return output

    def receive(self, peer: int, message: Message) -> Output:
        return self.handle(Received(keys(peer + 1)[peer], message))

    def work(self, pending: bool = True, due: bool = False) -> Output:
        return self.handle(Work(pending, due))

    def perform(self, output: Output) -> None:
        self.last = output
        self.log += output.persist
        self.sent += output.send_now + output.send_after
        for call in output.app:
            if isinstance(call, Archive):
                self.archived.append(call.certificate)
                continue
            self.calls.append(call)
            if isinstance(call, Deliver):
                self.delivered.append(call)
            if self.automatic:
                self.answer(call)

    def answer(self, call: object) -> None:
        match call:
            case Build():
                used = {one for ancestor in call.ancestors for one in ancestor.payload.records}
                records = () if self.next_ else tuple(one for one in self.pending if one not in used)
                if not records and not self.next_ and not call.may_be_empty:
                    self.handle(Built(call.view, call.parent.digest, None))
                    return
                content = Payload(max(call.parent.time + 1, 2_000 + self.now), MARK, self.next_, records)
                self.handle(Built(call.view, call.parent.digest, content))
            case Check():
                self.handle(Checked(call.digest, valid=True))
            case Deliver():
                self.execute(call)

    def execute(self, call: Deliver) -> None:
        self.tip = tip_of(call.block)
        self.executed.append((call.block, call.final))
        self.pending = [one for one in self.pending if one not in call.block.payload.records]
        self.handle(Applied(call.block.height))
        self.handle(Work(bool(self.pending), due=False))

    def headers(self, first: int, most: int = 256) -> Headers | None:
        stretch = self.executed[first - 1 : first - 1 + most]
        while stretch and stretch[-1][1] is None:
            stretch.pop()
        return Headers(tuple(one for one, _ in stretch), stretch[-1][1]) if stretch else None

    def take(self) -> list[Send]:
        sent, self.sent = self.sent, []
        return sent

    def of(self, *types: type) -> list[Message]:
        """Messages of these types that were sent and not taken yet."""
        return [send.message for send in self.sent if isinstance(send.message, types)]

    def votes(self, kind: VoteKind) -> list[Vote]:
        return [one for one in self.of(Vote) if one.kind == kind]

    def asked(self, kind: type) -> list:
        return [call for call in self.calls if isinstance(call, kind)]

    @property
    def alarms(self) -> list[str]:
        return [call.reason for call in self.asked(Alarm)]


class Net:
    """n validators, each connected to each; `lost(sender, receiver, message)` drops."""

    def __init__(
        self, n: int, lost: Callable[[int, int, Message], bool] = lambda *_: False, alive: list[int] | None = None
    ) -> None:
        self.nodes = [Node(n, me) for me in range(n)]
        self.lost = lost
        self.alive = list(range(n)) if alive is None else alive
        self.steps = 0

    def submit(self, record: bytes) -> None:
        one = hashlib.sha256(record).digest()
        for me in self.alive:
            self.nodes[me].pending.append(one)
            self.nodes[me].work()

    def step(self) -> bool:
        """Delivers all that is under way; False when nothing was."""
        moving = [(me, send) for me in self.alive for send in self.nodes[me].take()]
        index = {node.key: node.me for node in self.nodes}
        for sender, send in moving:
            for receiver in self.alive if send.to is None else [index[send.to]]:
                if receiver == sender or receiver not in self.alive or self.lost(sender, receiver, send.message):
                    continue
                if isinstance(send.message, GetHeaders):
                    answer = self.nodes[receiver].headers(send.message.first)
                    if answer is not None:
                        self.nodes[sender].receive(receiver, answer)
                else:
                    self.nodes[receiver].receive(sender, send.message)
        self.steps += bool(moving)
        return bool(moving)

    def settle(self) -> None:
        while self.step():
            pass

    def run(self, until: int) -> None:
        """Lets time pass: whatever is due first, and then all messages it causes."""
        self.settle()
        while True:
            due = [(self.nodes[me].last.wake_at, me) for me in self.alive]
            at = min(wake_at for wake_at, _ in due if wake_at is not None)
            if at > until:
                break
            for me in self.alive:
                self.nodes[me].now = max(self.nodes[me].now, at)
            for wake_at, me in due:
                if wake_at is not None and wake_at <= at:
                    self.nodes[me].handle(Wake())
            self.settle()
        for me in self.alive:
            self.nodes[me].now = max(self.nodes[me].now, until)


def leader(n: int, view: int, epoch: int = 0) -> int:
    return Committee(config(n, epoch=epoch)).leader(view)


def follower(n: int, *views: int, wanted: int = 0) -> int:
    """A validator that leads none of these views; `wanted` counts further ones."""
    return [me for me in range(n) if all(leader(n, view) != me for view in views)][wanted]


def proposal(n: int, one: Block) -> Proposal:
    return Proposal(one, vote(VoteKind.NOTARIZE, leader(n, one.view, one.epoch), one.view, one, epoch=one.epoch))


def again(n: int, one: Block, view: int, parent: int) -> Proposal:
    """The leader of a later view proposes the block once more, notarized last in view `parent` (R13)."""
    return Proposal(one, vote(VoteKind.NOTARIZE, leader(n, view, one.epoch), view, one, parent, epoch=one.epoch))
