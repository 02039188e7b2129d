"""Three real cores and one Byzantine validator, n = 4, in every state that two views can bring them into.

The bound, precisely. Views 1 and 2, and everything that can still happen about them afterwards; in view 3 nobody proposes or
times out. Three honest validators run the real core with its log; the fourth casts every vote there is, at any time, as often
as it likes, and leads view 1, or view 2, or neither (`LEADS`). As a leader it has two blocks in view 1, and three in view 2: on
genesis, on view 1's (where view 1 is notarized and nullified, both are good), and on a block that does not exist. Whatever is
out may reach anybody at any time, once, twice or never, in any order: proposals, certificates, blocks and final chains that
were asked for, the leader's nullification. At any moment a view may time out, and any node's power may fail, whereupon it
starts out of its log. All interleavings of this are visited.

What is left out, and why nothing is lost:

- *Single votes.* Below a threshold a vote changes a tally and nothing else, so it commutes with all other events up to the one that
  reaches the threshold. Delivered are the thresholds: certificates (a quorum) and the leader's own nullification. f+1 nullifications only
  press, and with work at hand a node is pressed already.
- *The Byzantine validator's votes* need no event: two honest votes and one of its own make every certificate, so a certificate
  is out as soon as two honest validators have voted for it.
- *Requests and status messages.* What answers them is out anyway, and is delivered without having been asked for if need be.
- *Who is who.* Two honest validators that lead neither view are interchangeable: states that differ in their order are one.
- *States of one core* that differ in nothing that matters (`automaton.essence`) are one.

Each core's step is computed once, on the real object, and remembered; what is explored is their product, and in each state of that the
votes that are out are judged, as in the model (`consensus/spec/simplex.pml`): vote rules, one notarization a view, never
nullified and final, nothing final or voted for but on notarized parents with every gap nullified, no fork; and nobody's floor or
delivered block is anything but final.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tests.model.automaton import (
    CERTIFICATES,
    CRASH,
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    TIMEOUT,
    VIEWS,
    Automaton,
    Ballot,
    Blocks,
    Event,
    Violation,
)
from tests.support.consensus import leader

N, HONEST_QUORUM = 4, 2
BITS = 20
MASK = (1 << BITS) - 1
LEADS = (0, 1, 2)
"""The view that the Byzantine validator leads; 0: neither."""


@dataclass(frozen=True, slots=True)
class Found:
    """How much there was: states of single cores and steps computed on them; states and transitions of the whole."""

    local_states: int
    local_steps: int
    states: int
    transitions: int
    final: int
    """States in which some block can be final."""


class Face(NamedTuple):
    """What others can see of a validator."""

    who: int
    votes: frozenset[Ballot]
    floor: str
    delivered: str


class Exploration:
    """All states for one arrangement of leaders."""

    def __init__(self, byzantine_view: int, *, crashes: bool = True, twins: bool = False) -> None:
        """`crashes`: whether power may fail; `twins`: whether the followers' sameness is computed, not only argued."""
        first, second = leader(N, 1), leader(N, 2)
        rest = [one for one in range(N) if one not in {first, second}]
        self.byzantine = {0: rest[1], 1: first, 2: second}[byzantine_view]
        self.blocks = Blocks(byzantine_view)
        self.crashes = crashes
        honest = [one for one in (first, second, *rest) if one != self.byzantine]
        self.symmetric = byzantine_view != 0
        twin = honest[2] if twins and self.symmetric else None
        leading = [Automaton(one, self.byzantine, self.blocks) for one in honest if one in {first, second}]
        following = Automaton(honest[-2] if self.symmetric else honest[-1], self.byzantine, self.blocks, twin)
        self.automata = [*leading, following, *([following] if self.symmetric else [])]
        self.leads = {1: first, 2: second}
        self._faces: dict[Face, int] = {}
        self._seen_faces: list[Face] = []
        self._events: dict[tuple[int, ...], int] = {}
        self._numbers: dict[tuple[Event, ...], int] = {}
        self._lists: list[tuple[Event, ...]] = []
        self._after: dict[tuple[int, int, int], tuple[int, ...]] = {}
        self._final: set[tuple[int, ...]] = set()

    def run(self) -> Found:
        """Visits every state.

        Raises:
            Violation: at the first one that must not be.
        """
        start = self._canonical([automaton.start for automaton in self.automata])
        seen, todo, transitions, final = {start}, [start], 0, 0
        while todo:
            packed = todo.pop()
            here = [packed >> 2 * BITS, packed >> BITS & MASK, packed & MASK]
            faces = tuple(sorted(self._face(who, state) for who, state in enumerate(here)))
            events = self._events.get(faces)
            if events is None:
                events = self._events[faces] = self._judge(faces)
            final += faces in self._final
            for who, state in enumerate(here):
                after = self._after.get((who, state, events))
                if after is None:
                    after = self._after[who, state, events] = self._successors(who, state, events)
                transitions += len(after)
                for one in after:
                    there = self._canonical([*here[:who], one, *here[who + 1 :]])
                    if there not in seen:
                        seen.add(there)
                        todo.append(there)
        automata = {id(automaton): automaton for automaton in self.automata}.values()
        states, steps = sum(len(one.states) for one in automata), sum(one.steps for one in automata)
        return Found(states, steps, len(seen), transitions, final)

    def _canonical(self, states: list[int]) -> int:
        """The states of all three in one number, interchangeable followers in one order."""
        leading, one, other = states
        if self.symmetric and other < one:
            one, other = other, one
        return leading << 2 * BITS | one << BITS | other

    def _successors(self, who: int, number: int, events: int) -> tuple[int, ...]:
        """Where one validator can get to by what is out."""
        automaton = self.automata[who]
        timed = automaton.states[number].view <= VIEWS
        found = {automaton.after(number, event) for event in self._lists[events] if timed or event is not TIMEOUT}
        return tuple(sorted(found - {number}))

    def _face(self, who: int, number: int) -> int:
        """What others can see of a validator, as a number."""
        automaton = self.automata[who]
        state = automaton.states[number]
        if state.face < 0:
            face = Face(automaton.me, state.votes, state.floor, state.delivered)
            if face not in self._faces:
                self._faces[face] = len(self._seen_faces)
                self._seen_faces.append(face)
            state.face = self._faces[face]
        return state.face

    # --- what is out ------------------------------------------------------------------------------------------------------

    def _judge(self, numbers: tuple[int, ...]) -> int:
        """Checks what is out, and says what can come of it, as a number of a list of events."""
        faces = [self._seen_faces[number] for number in numbers]
        tally = Counter(ballot for face in faces for ballot in face.votes)
        made = [ballot for ballot, votes in tally.items() if votes >= HONEST_QUORUM]
        final = [ballot.block for ballot in made if ballot.kind == FINALIZE]
        if final:
            self._final.add(numbers)
        self._check(tally, made, final)
        allowed = {"0", *final, *(parent(block) for block in final)}
        if not all({face.floor, face.delivered} <= allowed for face in faces):
            raise Violation("delivery", f"{faces} with {final} final")
        events = tuple(self._events_of(faces, made))
        if events not in self._numbers:
            self._numbers[events] = len(self._lists)
            self._lists.append(events)
        return self._numbers[events]

    def _events_of(self, faces: list[Face], made: list[Ballot]) -> Iterator[Event]:
        yield TIMEOUT
        if self.crashes:
            yield CRASH
        for name, view in ((name, int(name[0])) for name in self.blocks.by_name):
            by = self.leads[view]
            if by == self.byzantine or any(face.who == by and Ballot(NOTARIZE, view, name) in face.votes for face in faces):
                yield Event("proposal", view, name)
                yield Event("body", view, name)
        for view, by in self.leads.items():
            if by == self.byzantine or any(face.who == by and Ballot(NULLIFY, view, "") in face.votes for face in faces):
                yield Event("abandon", view)
        for what, kind in CERTIFICATES.items():
            for ballot in sorted(made):
                if ballot.kind == kind:
                    yield Event(what, ballot.view, ballot.block)
                    if kind == FINALIZE:
                        yield Event("headers", ballot.view, ballot.block)

    def _check(self, tally: Iterable[Ballot], made: list[Ballot], final: list[str]) -> None:
        """The invariants, of every certificate that the votes which are out can make."""
        notarized = {ballot.block for ballot in made if ballot.kind == NOTARIZE}
        nullified = {ballot.view for ballot in made if ballot.kind == NULLIFY}
        if len({block[0] for block in notarized}) < len(notarized):
            raise Violation("two-notarizations", str(notarized))
        if any(int(block[0]) in nullified for block in final):
            raise Violation("nullified-and-finalized", str(final))
        for ballot in tally:
            if ballot.kind == NOTARIZE:
                below = parent(ballot.block)
                if below != "0" and below not in notarized:
                    raise Violation("parent-unnotarized", f"a vote for {ballot.block}")
                if ballot.view == VIEWS and below == "0" and 1 not in nullified:
                    raise Violation("parent-gap", f"a vote for {ballot.block}")
            if ballot.kind == FINALIZE and ballot.block not in notarized:
                raise Violation("finalize-unnotarized", f"a vote for {ballot.block}")
        for block in final:
            if any(int(other[0]) < int(block[0]) and other != parent(block) for other in final):
                raise Violation("fork", str(final))


def parent(block: str) -> str:
    """The name of a block's parent."""
    return block[3:] or "0"
