"""How records enter a node: from its own clients, and from its peers.

Every record is checked once on each node: form and envelope on the event loop (microseconds), signature and commitments on
threads (`node.verifier`). Whoever brings a record that is being checked waits for the outcome, a peer's copy is dropped: it is
verified once and spread once. The node that was asked by a client also judges the record against the state, so that a bad one
is refused at once with its reason; other nodes leave that to `apply`. What passes is written to the body store, kept in the
mempool and sent to all peers, one hop.

A peer's record must also be one that a block may hold: an envelope for the wrong readers would spoil every leader's block. And
it must be signed with a key of its author's: a signature alone anybody can make, in anybody's name, until no mempool has room.
(With a node's consensus key it may be one that this node will only learn of in the next block: such a record is left out, but
no fault of the peer's.)
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from api.errors import Overloaded
from ledger.errors import Code, Refusal
from ledger.record import Submission, parse_record, parse_submission, record_id, submitted_record
from ledger.state import Ledger
from node.logs import get_logger
from node.mempool import Entry, Mempool, Room
from node.refusals import MEMPOOL, RECORD, Refusals
from node.verifier import Verifier

log = get_logger("intake")

Answer = bytes | Refusal | Overloaded
Arrival = tuple[bytes, bytes]
"""A submission from a peer, behind the id that it claims."""


class Intake:
    """The one gate to the mempool.

    Attributes:
        refused: how many submissions were refused, of clients and peers, by code; for the metrics.
    """

    def __init__(
        self,
        ledger: Ledger,
        mempool: Mempool,
        verifier: Verifier,
        now_ms: Callable[[], int],
        spread: Callable[[list[bytes]], None],
        unusable: Callable[[bytes], None],
        refusals: Refusals,
    ) -> None:
        """Wires the gate.

        Args:
            ledger: judges records against the state.
            mempool: takes what passes.
            verifier: checks signatures.
            now_ms: wall clock, ms since 1970 UTC.
            spread: sends submissions that came from a client to all peers.
            unusable: told the id of a record that came from a peer and can never be valid.
            refusals: told of peers' records that were refused, or found no room.
        """
        self.refused: dict[str, int] = {}
        self._ledger = ledger
        self._mempool = mempool
        self._verifier = verifier
        self._now_ms = now_ms
        self._spread = spread
        self._unusable = unusable
        self._refusals = refusals
        self._checking: dict[bytes, asyncio.Future[None]] = {}

    async def submit(self, raws: Sequence[bytes]) -> list[Answer]:
        """Takes a client's submissions; for each its id (taken now or earlier), or why not."""
        answers: list[Answer] = [b""] * len(raws)
        places: dict[bytes, list[int]] = {}
        fresh: dict[bytes, tuple[Submission, bytes]] = {}
        for place, raw in enumerate(raws):
            try:
                submission = parse_submission(raw)
            except Refusal as error:
                answers[place] = self._refuse(error)
                continue
            key = answers[place] = submission.record.id
            places.setdefault(key, []).append(place)
            fresh[key] = (submission, raw)
        while others := {self._checking[key] for key in fresh if key in self._checking}:
            await asyncio.wait(others)
        fresh = {key: item for key, item in fresh.items() if not self._known(key)}
        with self._claim(fresh):
            results = await self._verifier.verify([submission.record for submission, _ in fresh.values()])
        now, room = self._now_ms(), self._mempool.room()
        passed: list[tuple[Submission, bytes]] = []
        for (key, item), refusal in zip(fresh.items(), results, strict=True):
            try:
                self._admit(item, refusal, now, room)
            except (Refusal, Overloaded) as error:
                answer = self._refuse(error) if isinstance(error, Refusal) else error
                for place in places[key]:
                    answers[place] = answer
            else:
                passed.append(item)
        self._keep(passed)
        if passed:
            self._spread([raw for _, raw in passed])
        return answers

    async def receive(self, peer: str, arrivals: Sequence[Arrival], wanted: Callable[[bytes], bool]) -> None:
        """Takes submissions from a peer; those that no correct node would have sent are counted against it.

        Args:
            peer: the participant whose node sent them.
            arrivals: the submissions with the ids that they claim.
            wanted: whether a block needs the record of this id; such a one is taken though the mempool is full.
        """
        fresh: dict[bytes, tuple[Submission, bytes]] = {}
        for claimed, raw in arrivals:
            if claimed in fresh or self._settled(claimed, wanted):
                continue
            try:
                submission = parse_submission(raw)
            except Refusal as error:
                self._refuse(error, peer)
                self._spoilt(raw)
                continue
            try:
                if not wanted(claimed):
                    self._ledger.check_key(submission.record)
            except Refusal as error:
                self._refuse(error, peer if error.code is not Code.NOT_CONSENSUS_KEY else "")
            else:
                fresh[claimed] = (submission, raw)
        with self._claim(fresh):
            results = await self._verifier.verify([submission.record for submission, _ in fresh.values()])
        now, room = self._now_ms(), self._mempool.room()
        passed: list[tuple[Submission, bytes]] = []
        for (key, item), refusal in zip(fresh.items(), results, strict=True):
            if refusal is not None:
                self._refuse(refusal, peer)
                self._unusable(key)
            elif wanted(key):
                passed.append(item)
            elif not self._mempool.was_judged(key):
                try:
                    self._ledger.check_sealed(item[0], now)
                except Refusal as error:
                    self._refuse(error, peer)
                else:
                    if room.take(item[0].record.author, len(item[1])):
                        self._refusals.drop(peer, MEMPOOL)
                    else:
                        passed.append(item)
        self._keep(passed)

    @contextmanager
    def _claim(self, ids: Collection[bytes]) -> Iterator[None]:
        """These records are being checked; who waits for that sees the outcome in the mempool."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._checking.update(dict.fromkeys(ids, done))
        try:
            yield
        finally:
            for key in ids:
                del self._checking[key]
            done.set_result(None)

    def _settled(self, claimed: bytes, wanted: Callable[[bytes], bool]) -> bool:
        """Whether a peer's record need not be looked at: it is here, being checked, or judged and no block asks for it again.

        One that is being checked has the form of its id already; another copy can only be the same, or spoilt.
        """
        if claimed in self._checking or claimed in self._mempool:
            return True
        return not wanted(claimed) and (self._mempool.was_judged(claimed) or self._known(claimed))

    def _known(self, claimed: bytes) -> bool:
        """Whether the record is pending, or in the log for good; a refused one may be judged again."""
        if claimed in self._mempool:
            return True
        judgement = self._ledger.judgement(claimed)
        return judgement is not None and judgement.refusal is None

    def _admit(self, item: tuple[Submission, bytes], refusal: Refusal | None, now: int, room: Room) -> None:
        """Raises what speaks against this record, in the order form, signature, rules, room."""
        submission, raw = item
        if refusal is not None:
            raise refusal
        self._ledger.check(submission.record, now)
        self._ledger.check_sealed(submission, now)
        if reason := room.take(submission.record.author, len(raw)):
            raise Overloaded(1.0, f"pending records of the {reason} are at their limit", quota=reason == "author")

    def _keep(self, passed: list[tuple[Submission, bytes]]) -> None:
        if not passed:
            return
        self._ledger.keep_bodies([submission for submission, _ in passed])
        for submission, raw in passed:
            self._mempool.add(Entry(submission, raw))

    def _refuse(self, refusal: Refusal, peer: str = "") -> Refusal:
        code = str(refusal.code)
        self.refused[code] = self.refused.get(code, 0) + 1
        if peer:
            self._refusals.refuse(peer, RECORD + code, str(refusal))
        return refusal

    def _spoilt(self, raw: bytes) -> None:
        """A peer sent something malformed: if it is the record itself, whoever waits for its id waits in vain.

        A sound record in a spoilt envelope is the peer's fault alone: it may come whole from another one.
        """
        record = submitted_record(raw)
        try:
            parse_record(record)
        except Refusal:
            self._unusable(record_id(record))


def arrivals(raws: Sequence[bytes]) -> list[Arrival]:
    """Submissions with the ids that they claim; nothing is checked."""
    return [(record_id(submitted_record(raw)), raw) for raw in raws]
