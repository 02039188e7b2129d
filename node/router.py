"""Hands what peers send to the part it concerns, and answers what they ask.

Consensus messages and cosignatures are handled in the order they come. Records wait in a bounded queue of their peer's, so
that a flood of records never delays a vote; what the queue cannot hold is dropped and pulled later.
"""

import asyncio
from collections.abc import Callable
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
from node.errors import FrameError
from node.execution import Execution
from node.intake import Arrival, Intake, arrivals
from node.limits import ANSWER_BYTES, BODY_REQUEST_IDS, RECEIVE_RECORDS_BYTES
from node.links import Link
from node.mempool import Mempool
from node.peers import Peers
from node.wire import Consensus, Cosigned, GetRecords, Item, Pending, Records, encode_item


@dataclass(slots=True)
class _Inbox:
    """Records from one peer that wait for their check."""

    queue: "asyncio.Queue[list[Arrival]]"
    ids: set[bytes]
    size: int
    task: "asyncio.Task[None] | None"


class Router:
    """The handler of all links (`node.peers.Handler`).

    Attributes:
        heights: by consensus key, the height each connected peer told of last.
        dropped: records from peers that found no room.
    """

    def __init__(self, ledger: Ledger, mempool: Mempool, bodies: Bodies, intake: Intake, execution: Execution) -> None:
        self.heights: dict[bytes, int] = {}
        self.dropped = 0
        self._ledger = ledger
        self._mempool = mempool
        self._bodies = bodies
        self._intake = intake
        self._execution = execution
        self._inboxes: dict[Link, _Inbox] = {}

    def attach(self, driver: Driver, cosigner: Cosigner, peers: Peers, arrived: Callable[[], None]) -> None:
        """Names the parts that are made after this one; `arrived` is called when records of a peer entered the mempool."""
        self._driver = driver
        self._cosigner = cosigner
        self._peers = peers
        self._arrived = arrived

    def connected(self, link: Link) -> None:
        """Tells the core, and the peer what it may have missed."""
        inbox = _Inbox(asyncio.Queue(), set(), 0, None)
        inbox.task = asyncio.ensure_future(self._drain(link, inbox))
        self._inboxes[link] = inbox
        self._driver.post_now(Connected(link.peer.consensus))
        if own := self._cosigner.own:
            link.send(encode_item(own))
        if pending := self._mempool.oldest(BODY_REQUEST_IDS):
            link.send(encode_item(Pending(tuple(pending))))

    def disconnected(self, link: Link) -> None:
        """Forgets the link."""
        self.heights.pop(link.peer.consensus, None)
        inbox = self._inboxes.pop(link, None)
        if inbox and inbox.task:
            inbox.task.cancel()

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
            case Pending(ids=ids):
                self._pull(link, ids)
            case GetRecords(ids=ids):
                self._answer(link, ids)
            case _:
                raise FrameError(f"{type(item).__name__} after the handshake")

    async def _consensus(self, link: Link, data: bytes) -> None:
        try:
            message = decode(data)
        except MalformedMessageError as error:
            raise FrameError(f"no consensus message: {error}") from error
        if isinstance(message, GetHeaders):
            blocks, final = self._execution.final_blocks(message.first, MAX_HEADERS)
            if final is not None:
                link.send(encode_item(Consensus(encode(Headers(tuple(blocks), final)))))
            return
        if isinstance(message, Status):
            self.heights[link.peer.consensus] = message.height
        await self._driver.post(Received(link.peer.consensus, message))

    def _records(self, link: Link, raws: tuple[bytes, ...]) -> None:
        inbox = self._inboxes[link]
        size = sum(map(len, raws))
        if inbox.size + size > RECEIVE_RECORDS_BYTES:
            self.dropped += len(raws)
            return
        batch = arrivals(raws)
        inbox.size += size
        inbox.ids.update(claimed for claimed, _ in batch)
        inbox.queue.put_nowait(batch)

    async def _drain(self, link: Link, inbox: _Inbox) -> None:
        while True:
            batch = await inbox.queue.get()
            faults = await self._intake.receive(batch, self._bodies.wanted)
            inbox.size -= sum(len(raw) for _, raw in batch)
            inbox.ids.difference_update(claimed for claimed, _ in batch)
            self._arrived()
            if faults:
                self._peers.fault(link, f"{faults} invalid records")

    def arriving(self, record_id: bytes) -> bool:
        """Whether a submission that claims this id has come from a peer and waits for its check."""
        return any(record_id in inbox.ids for inbox in self._inboxes.values())

    def _pull(self, link: Link, ids: tuple[bytes, ...]) -> None:
        """Asks for announced records that are not here, as far as there is room for them."""
        missing = [record_id for record_id in ids if not self._here(record_id)][:BODY_REQUEST_IDS]
        if missing:
            link.send(encode_item(GetRecords(tuple(missing))))

    def _here(self, record_id: bytes) -> bool:
        return (
            record_id in self._mempool
            or self.arriving(record_id)
            or self._mempool.was_judged(record_id)
            or self._ledger.judgement(record_id) is not None
        )

    def _answer(self, link: Link, ids: tuple[bytes, ...]) -> None:
        found: list[bytes] = []
        size = 0
        for record_id in ids[:BODY_REQUEST_IDS]:
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
