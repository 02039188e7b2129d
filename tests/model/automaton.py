"""One real core as a finite automaton: what it does on every event in every state it can get into, each computed once.

A core is a function of its state and the event, so a network of three is a product of three such automata and the votes that are out
(`tests.model.explore`). A state is the pickled core with its log; two are the same when their `essence` is, which is everything a
core holds but

- signatures, and who signed a certificate: a quorum did;
- ballots: own votes are in the log, certificates are kept beside, and what a leader's single vote leads to (its proposal, that
  it has given up) is in the view; so evidence is left out, too, for no vote depends on it, and with merged states it is not judged;
- of views that were left, all but certificates: nothing else of them is read again;
- times. `TIMEOUT` advances the clock to the deadline of the view, whenever that is, and after it everybody has been heard just now; what
  5 s and 1 s timers do (saying and asking again) adds no message that is not out already, which is checked;
- what was asked of whom and of the application: it follows from the rest, and what answers it is out and may come at any time;
- `Entry.linked`, which only saves a walk.

The application has always work, checks and executes at once, and builds the same block on the same parent each time.
"""

import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from msgspec import Struct

from consensus.certificate import build
from consensus.core import Core
from consensus.events import Applied, Build, Built, Check, Checked, Deliver, Output, Received, Wake, Work
from consensus.messages import (
    Block,
    Certificate,
    GotBlock,
    Headers,
    Payload,
    Proposal,
    Status,
    Vote,
    VoteKind,
    decode_record,
)
from consensus.view import Round
from tests.support.consensus import GENESIS, LEDGER, MARK, Scheme, block, config, digest_of, keys, leader, tip_of, vote

N = 4
VIEWS = 2
NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE


class Violation(AssertionError):  # noqa: N818 - it is what the exploration looks for
    """A state that must not be; `rule` names what is broken."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{rule}: {text}")
        self.rule = rule


class Event(NamedTuple):
    """What comes to a core. `block` is a name in `Blocks`, empty where there is none."""

    what: str
    view: int = 0
    block: str = ""


class Ballot(NamedTuple):
    """A vote that is out."""

    kind: VoteKind
    view: int
    block: str


TIMEOUT, CRASH = Event("timeout"), Event("crash")
CERTIFICATES = {"notar": NOTARIZE, "null": NULLIFY, "final": FINALIZE}


class Blocks:
    """All blocks that can be in the two views, by name: view, letter, and the parent's name (`0`: genesis, `x`: no such block)."""

    def __init__(self, byzantine_view: int) -> None:
        first = ["1a"] if byzantine_view != 1 else ["1a", "1b"]
        second = [f"2a/{parent}" for parent in ("0", *first, *("x" if byzantine_view == 2 else ""))]
        self.by_name: dict[str, Block] = {}
        for name in first:
            self.by_name[name] = block(1, GENESIS, payload=self._payload(GENESIS.time, name))
        for name in second:
            parent = {"0": GENESIS, "x": tip_of(block(1, GENESIS, b"nobody's"))}.get(name[3:]) or tip_of(self.by_name[name[3:]])
            self.by_name[name] = block(2, parent, payload=self._payload(parent.time, name))
        self.names = {digest_of(one): name for name, one in self.by_name.items()}

    @staticmethod
    def _payload(parent_time: int, name: str) -> Payload:
        return Payload(parent_time + (1 if name[1] == "a" else 2), MARK, b"", ())

    def __getitem__(self, name: str) -> Block:
        return self.by_name[name]

    def name(self, digest: bytes) -> str:
        """The name of a block, `0` of genesis, empty for a nullification's."""
        return "" if not digest else "0" if digest == LEDGER else self.names.get(digest, "?" + digest.hex()[:6])

    def chain(self, name: str) -> list[Block]:
        """The block and its ancestors, the oldest first."""
        return ([self.by_name[name[3:]]] if name[3:] in self.by_name else []) + [self.by_name[name]]


class Machine:
    """A core, its log and its application."""

    def __init__(self, me: int) -> None:
        self.me = me
        self.now = 0
        self.tip = GENESIS
        self.log: list[bytes] = []
        self.delivered: list[bytes] = []
        self.start()

    def start(self) -> None:
        """Begins, or begins again out of its log; what everybody says first comes at once."""
        scheme = Scheme(keys(self.me + 1)[self.me])
        self.core, output = Core.recover(config(N, self.me), scheme, list(self.log), self.tip, self.now)
        self.perform(output)
        self.handle(Work(pending=True, due=False))
        self.hear_all()

    def hear_all(self) -> None:
        for peer in range(N):
            if peer != self.me:
                self.receive(peer, Status(0, 1, 0))

    def receive(self, peer: int, message: object) -> None:
        self.handle(Received(keys(N)[peer], message))

    def handle(self, event: object) -> None:
        self.perform(self.core.handle(event, self.now))

    def perform(self, output: Output) -> None:
        for send in output.send_now:
            self._check_sent(send.message)
        self.log += output.persist
        for send in output.send_after:
            self._check_sent(send.message)
        for call in output.app:
            match call:
                case Build(view, parent) if view <= VIEWS:
                    self.handle(Built(view, parent.digest, Payload(parent.time + 1, MARK, b"", ())))
                case Check(digest=digest):
                    self.handle(Checked(digest, valid=True))
                case Deliver(one, digest):
                    if one.height != self.tip.height + 1 or one.parent != self.tip.digest:
                        raise Violation("delivery", f"height {one.height} after {self.tip.height}, or on another parent")
                    self.tip = tip_of(one)
                    self.delivered.append(digest)
                    self.handle(Applied(one.height))
                    self.handle(Work(pending=True, due=False))

    def _check_sent(self, message: object) -> None:
        """Nothing is sent but what is durable; so what is said again adds nothing."""
        mine = message if isinstance(message, Vote) else message.vote if isinstance(message, Proposal) else None
        if mine is not None and (mine.signer != self.me or not any(mine.signature in record for record in self.log)):
            raise Violation("sent-before-durable", f"{mine.kind.name} in view {mine.view}")

    def time_out(self) -> None:
        deadline = self.core._engine.timeout_at()
        if deadline is not None:
            self.now = max(self.now, deadline)
            self.hear_all()
            self.handle(Wake())


@dataclass(slots=True)
class State:
    """A state of the automaton, as far as others see it.

    Attributes:
        frozen: the pickled machine.
        votes: what it has cast, all durable.
        view, floor, delivered: where it stands, by name.
        next: the state after each event that was tried, by number.
        face: a number for what others see of it, once somebody gave it one.
    """

    frozen: bytes
    votes: frozenset[Ballot]
    view: int
    floor: str
    delivered: str
    next: dict[Event, int]
    face: int = -1


class Automaton:
    """All states of one validator that were reached so far, and how one leads to another."""

    def __init__(self, me: int, byzantine: int, blocks: Blocks, twin: int | None = None) -> None:
        """`twin`: another validator that leads neither view, on which every step is done as well and must come out the same."""
        self.me = me
        self.byzantine = byzantine
        self.blocks = blocks
        self.twin = Automaton(twin, byzantine, blocks) if twin is not None else None
        self.states: list[State] = []
        self.numbers: dict[object, int] = {}
        self.steps = 0
        self.start = self._number(Machine(me))

    def after(self, number: int, event: Event) -> int:
        """The state after an event, the same one where nothing changes."""
        known = self.states[number].next
        if event not in known:
            self.steps += 1
            machine: Machine = pickle.loads(self.states[number].frozen)
            self._apply(machine, event)
            known[event] = self._number(machine)
            if self.twin is not None and self.twin.after(number, event) != known[event]:
                raise Violation("symmetry", f"two validators that lead nothing differ after {event}")
        return known[event]

    def _apply(self, machine: Machine, event: Event) -> None:
        other = next(one for one in range(N) if one not in {machine.me, self.byzantine})
        one = self.blocks[event.block] if event.block else None
        match event.what:
            case "notar" | "null" | "final":
                machine.receive(other, self._certificate(machine, CERTIFICATES[event.what], event.view, one))
            case "proposal":
                by = leader(N, event.view)
                machine.receive(by, Proposal(one, vote(NOTARIZE, by, event.view, one)))
            case "body":
                machine.receive(other, GotBlock(one))
            case "headers":
                final = self._certificate(machine, FINALIZE, event.view, one)
                machine.receive(other, Headers(tuple(self.blocks.chain(event.block)), final))
            case "abandon":
                by = leader(N, event.view)
                machine.receive(by, vote(NULLIFY, by, event.view))
            case "timeout":
                machine.time_out()
            case _:
                machine.start()

    def _certificate(self, machine: Machine, kind: VoteKind, view: int, one: Block | None) -> Certificate:
        """Signed by the Byzantine validator, this one if it has cast that vote, and by one more that leads nothing, else by all others.

        Only of a leader does a validator hold single votes here, so no other signer could make a difference.
        """
        others = [signer for signer in range(N) if signer not in {machine.me, self.byzantine}]
        own = machine.core._engine.journal.own(view, kind)
        if own is not None and own.vote.digest == (digest_of(one) if one else b""):
            others.sort(key=lambda signer: signer == leader(N, view))
            others[1] = machine.me
        return build([vote(kind, signer, view, one) for signer in [*others, self.byzantine]], N)

    def _number(self, machine: Machine) -> int:
        """The number of a state; a new one is judged by itself."""
        core, me = machine.core, machine.me
        key = (essence(core, me), machine.tip.digest)
        number = self.numbers.get(key)
        if number is None:
            self._judge(machine)
            number = self.numbers[key] = len(self.states)
            name = self.blocks.name
            self.states.append(
                State(
                    pickle.dumps(machine), frozenset(self._votes(machine.log)), core.view, name(core.floor_digest),
                    name(machine.tip.digest), {},
                )
            )  # fmt: skip
        return number

    def _votes(self, log: Iterable[bytes]) -> list[Ballot]:
        found = [one for one in map(decode_record, log) if isinstance(one, Vote)]
        return [Ballot(one.kind, one.view, self.blocks.name(one.digest)) for one in found]

    def _judge(self, machine: Machine) -> None:
        """Invariants of one validator alone: the vote rules over its log, in its order; no alarm; nobody accused wrongly."""
        if machine.core.alarm is not None:
            raise Violation("alarm", machine.core.alarm)
        if any(key != keys(N)[self.byzantine] and reason != "equivocation" for key, reason in machine.core.faults):
            raise Violation("fault", f"honest validators are found faulty: {machine.core.faults}")
        cast: list[Ballot] = []
        for one in self._votes(machine.log):
            kinds = [other.kind for other in cast if other.view == one.view]
            if one.kind in kinds:
                raise Violation("one-vote", f"{one} after {cast}")
            if NULLIFY in kinds and one.kind == NOTARIZE:
                raise Violation("notarize-after-nullify", str(one))
            if {one.kind, *kinds} >= {NULLIFY, FINALIZE}:
                raise Violation("nullify-finalize", str(one))
            cast.append(one)


# --- essence ----------------------------------------------------------------------------------------------------------

_LEFT_OUT = frozenset({
    "config", "committee", "verifier", "scheme", "outbox", "hearing", "_answers",
    "key", "now", "_changes", "faults", "_evidence", "_resend_at", "_wake_at", "retry_at", "attempts", "_turn", "nullified",
    "_config", "_committee", "_me", "_scheme", "final",
    "ballots", "_fetch", "linked", "_asked",
})  # fmt: skip
"""Attributes that decide nothing here; the module's docstring says why. `final` is among the certificates, `nullified` only a delay."""


def essence(core: Core, me: int) -> object:
    """Everything a core holds that can make a difference, in a form that compares."""
    return _essence(core, me, core.view)


def _essence(value: object, me: int, view: int) -> object:
    match value:
        case None | bool() | int() | str() | bytes():
            return value
        case Vote():
            return ("vote", value.kind, value.view, value.parent, value.digest, "me" if value.signer == me else "leader")
        case Certificate():
            return ("certificate", value.kind, value.view, value.parent, value.digest)
        case Block():
            return ("block", digest_of(value))
        case dict():
            return frozenset((_essence(key, me, view), _essence(item, me, view)) for key, item in value.items())
        case list() | tuple():
            return tuple(_essence(item, me, view) for item in value)
        case set() | frozenset():
            return frozenset(_essence(item, me, view) for item in value)
        case type():
            return value.__name__
        case Enum():
            return value.name
        case Struct():
            return (type(value).__name__, *(_essence(getattr(value, name), me, view) for name in value.__struct_fields__))
    names = [name for name in _names(value) if name not in _LEFT_OUT]
    if isinstance(value, Round) and value.view < view:
        names = ["certificates"]
    return (type(value).__name__, *((name, _attribute(value, name, me, view)) for name in names))


def _attribute(owner: object, name: str, me: int, view: int) -> object:
    value = getattr(owner, name)
    if name == "armed_at":
        return value is not None
    if name in {"leader", "signer"}:
        return "me" if value == me else "other"
    return _essence(value, me, view)


def _names(value: object) -> list[str]:
    found = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    return found or sorted(vars(value))
