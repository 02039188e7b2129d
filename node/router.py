"""Hands what peers send to the part it concerns, and answers what they ask.

Consensus messages and cosignatures are handled in the order they come. Records and requests wait in bounded queues of their
peer's, so that a flood of them never delays a vote; what a queue cannot hold is dropped, and pulled or asked again later. An
answer is only made up where there is room to send it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from consensus.errors import MalformedMessageError
from consensus.events import Connected, Received
from consensus.limits import MAX_HEADERS
from consensus.messages import GetHeaders, Headers, Status, decode, encode
from ledger.record import encode_submission
from ledger.state import Ledger
from node.bodies import Bodies
from node.cosigner import Cosigner
from node.driver import Driver
from node.errors import MessageError, UnexpectedItemError
from node.execution import Execution
from node.intake import Arrival, Intake, arrivals
from node.limits import (
    ANSWER_BYTES,
    BODY_REQUEST_IDS,
    HEADERS_BYTES,
    MAX_ERROR_TEXT,
    MEMPOOL_RECORDS,
    RECEIVE_RECORDS_BYTES,
    RECEIVE_REQUESTS,
    VERIFY_CHUNK,
    VERIFY_THREADS,
)
from node.links import Link
from node.mempool import Mempool
from node.refusals import ANSWERS, INBOX_RECORDS, INBOX_REQUESTS, Refusals
from node.tasks import Tasks
from node.wire import Consensus, Cosigned, GetRecords, Item, Pending, Records, encode_item

Request = GetRecords | GetHeaders | Pending

_AT_ONCE = VERIFY_CHUNK * VERIFY_THREADS
"""Records of one peer that are parsed in one turn of the event loop."""
_RECORD_OVERHEAD = 128
"""Bytes that a waiting record takes beside its own."""


@dataclass(slots=True)
class _Inbox:
    """What came from one peer and waits: records for their check, requests for their answer."""

    records: "asyncio.Queue[list[Arrival]]"
    requests: "asyncio.Queue[Request]"
    ids: set[bytes]
    size: int
    tasks: "tuple[asyncio.Task[None], ...]"


class Router:
    """The handler of all links (`node.peers.Handler`).

    Attributes:
        heights: by participant, the height that each connected peer told of last.
        tasks: those that work off the inboxes, and what one of them failed with.
    """

    def __init__(
        self, ledger: Ledger, mempool: Mempool, bodies: Bodies, intake: Intake, execution: Execution, refusals: Refusals
    ) -> None:
        self.heights: dict[str, int] = {}
        self._refusals = refusals
        self.tasks = Tasks()
        self._ledger = ledger
        self._mempool = mempool
        self._bodies = bodies
        self._intake = intake
        self._execution = execution
        self._inboxes: dict[Link, _Inbox] = {}

    def attach(self, driver: Driver, cosigner: Cosigner, arrived: Callable[[], None]) -> None:
        """Names the parts that are made after this one; `arrived` is called when records of a peer entered the mempool."""
        self._driver = driver
        self._cosigner = cosigner
        self._arrived = arrived

    def connected(self, link: Link) -> None:
        """Tells the core, and the peer what it may have missed."""
        inbox = self._inboxes[link] = _Inbox(asyncio.Queue(), asyncio.Queue(RECEIVE_REQUESTS), set(), 0, ())
        inbox.tasks = (self.tasks.spawn(self._take_records(link, inbox)), self.tasks.spawn(self._answer_requests(link, inbox)))
        self._driver.post_now(Connected(self._key_of(link)))
        if own := self._cosigner.own:
            link.send(encode_item(own))
        if pending := self._mempool.oldest(BODY_REQUEST_IDS):
            link.send(encode_item(Pending(tuple(pending))))

    def epoch_began(self) -> None:
        """Another core has taken over: it is told of every link that is up."""
        for link in self._inboxes:
            self._driver.post_now(Connected(self._key_of(link)))

    def disconnected(self, link: Link) -> None:
        """Forgets the link."""
        self.heights.pop(link.peer.participant, None)
        for task in self._inboxes.pop(link).tasks:
            task.cancel()

    async def received(self, link: Link, item: Item) -> None:
        """One item of a peer.

        Raises:
            FrameError: it does not belong here, or holds what is no message.
        """
        match item:
            case Consensus(message=data):
                await self._consensus(link, data)
            case Records(submissions=raws):
                self._records(link, raws)
            case Cosigned():
                self._cosigner.received(link.peer, item)
            case Pending() | GetRecords():
                self._request(link, item)
            case _:
                raise UnexpectedItemError(f"{type(item).__name__} after the handshake")

    async def _consensus(self, link: Link, data: bytes) -> None:
        try:
            message = decode(data)
        except MalformedMessageError as error:
            raise MessageError(f"no consensus message: {error}"[:MAX_ERROR_TEXT]) from error
        if isinstance(message, GetHeaders):
            self._request(link, message)
            return
        if isinstance(message, Status):
            self.heights[link.peer.participant] = message.height
        await self._driver.post(Received(self._key_of(link), message), len(data))

    def _key_of(self, link: Link) -> bytes:
        """The consensus key by which the core knows this peer now: a rotated one counts with the epoch that it votes in."""
        participant = link.peer.participant
        network = self._ledger.network
        node = network.node(participant) or link.peer
        return network.votes_with(participant) or node.consensus

    def _records(self, link: Link, raws: tuple[bytes, ...]) -> None:
        inbox = self._inboxes[link]
        size = _weight(raws)
        if inbox.size + size > RECEIVE_RECORDS_BYTES:
            self._refusals.drop(link.peer.participant, INBOX_RECORDS, len(raws))
            return
        inbox.size += size
        for start in range(0, len(raws), _AT_ONCE):
            batch = arrivals(raws[start : start + _AT_ONCE])
            inbox.ids.update(claimed for claimed, _ in batch)
            inbox.records.put_nowait(batch)

    def _request(self, link: Link, request: Request) -> None:
        requests = self._inboxes[link].requests
        if requests.full():
            self._refusals.drop(link.peer.participant, INBOX_REQUESTS)
        else:
            requests.put_nowait(request)

    async def _take_records(self, link: Link, inbox: _Inbox) -> None:
        while True:
            batch = await inbox.records.get()
            await self._intake.receive(link.peer.participant, batch, self._bodies.wanted)
            inbox.size -= _weight([raw for _, raw in batch])
            inbox.ids.difference_update(claimed for claimed, _ in batch)
            self._arrived()
            await asyncio.sleep(0)

    async def _answer_requests(self, link: Link, inbox: _Inbox) -> None:
        while True:
            match await inbox.requests.get():
                case Pending(ids=ids):
                    self._pull(link, ids)
                case GetRecords(ids=ids) if link.has_room(ANSWER_BYTES):
                    self._send_records(link, ids)
                case GetHeaders() as request if link.has_room(HEADERS_BYTES):
                    self._send_headers(link, request)
                case _:
                    self._refusals.drop(link.peer.participant, ANSWERS)
            await asyncio.sleep(0)  # each costs milliseconds; whatever else is to do goes first

    def arriving(self, record_id: bytes) -> bool:
        """Whether a submission that claims this id has come from a peer and waits for its check."""
        return any(record_id in inbox.ids for inbox in self._inboxes.values())

    def _pull(self, link: Link, ids: tuple[bytes, ...]) -> None:
        """Asks for announced records that are not here, as far as there is room for them."""
        room = min(BODY_REQUEST_IDS, MEMPOOL_RECORDS - len(self._mempool))
        missing = [record_id for record_id in ids if not self._here(record_id)][:room] if room > 0 else []
        if missing:
            link.send(encode_item(GetRecords(tuple(missing))))

    def _here(self, record_id: bytes) -> bool:
        return (
            record_id in self._mempool
            or self.arriving(record_id)
            or self._mempool.was_judged(record_id)
            or self._ledger.judgement(record_id) is not None
        )

    def _send_headers(self, link: Link, request: GetHeaders) -> None:
        blocks, final = self._execution.final_blocks(request.epoch, request.first, MAX_HEADERS)
        if final is not None:
            link.send_bulk(encode_item(Consensus(encode(Headers(tuple(blocks), final)))))

    def _send_records(self, link: Link, ids: tuple[bytes, ...]) -> None:
        found: list[bytes] = []
        size = 0
        for record_id in dict.fromkeys(ids[:BODY_REQUEST_IDS]):
            submission = self._submission(record_id)
            if submission is None:
                continue
            size += len(submission)
            if size > ANSWER_BYTES:
                break
            found.append(submission)
        if found:
            link.send_bulk(encode_item(Records(tuple(found))))

    def _submission(self, record_id: bytes) -> bytes | None:
        if entry := self._mempool.get(record_id):
            return entry.submission
        body = self._ledger.body(record_id)
        if body is None:
            return None
        envelope = self._ledger.envelope(record_id)
        return body if envelope is None else encode_submission(body, envelope)


def _weight(raws: Sequence[bytes]) -> int:
    """What waiting records cost, so that many empty ones are not free."""
    return sum(map(len, raws)) + _RECORD_OVERHEAD * len(raws)
