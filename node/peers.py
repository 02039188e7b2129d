"""Connections to all other nodes of the ledger: one a pair, made again whenever it breaks.

Of two nodes the one whose participant's code comes first dials. Whoever joins the ledger, or changes its address or certificate
there, is dialled and let in from then on, and who is no longer there is not. The listening side is an own aiohttp server (it
bounds its receive queue; a general web framework's WebSockets need not) behind a door that counts connections (`node.door`).
Both sides pin the other's TLS certificate (`node.tls`) and prove their consensus key (`node.handshake`).
"""

import asyncio
import contextlib
import ssl
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Protocol

import aiohttp
from aiohttp import web

from ledger.network import Network
from ledger.participants import Node as NodeEntry
from node.door import Door
from node.errors import HandshakeEndedError, HandshakeError, OtherCertificateError, PeerError, UnknownCertificateError
from node.handshake import Identity, Side, entry_of_certificate, shake
from node.limits import CLOSE_SECONDS, HANDSHAKE_SECONDS, MAX_FRAME_BYTES, PEER_HANDSHAKES, RECONNECT_SECONDS
from node.links import Link, Socket
from node.logs import get_logger
from node.refusals import STRANGER, TOO_MANY_HANDSHAKES, Refusals
from node.tasks import Tasks
from node.tls import pin
from node.wire import Item

log = get_logger("peers")
PATH = "/peer/v1"
_PING_SECONDS = 5.0


class Handler(Protocol):
    """Who is told what the peers say."""

    def connected(self, link: Link) -> None:
        """A link came up."""
        ...

    def disconnected(self, link: Link) -> None:
        """A link is gone."""
        ...

    async def received(self, link: Link, item: Item) -> None:
        """An item came; while this waits, nothing more is read from that peer."""
        ...


class Peers:
    """All links of one node.

    Attributes:
        links: by participant, those that are up.
        tasks: its tasks, and what the handler failed with: not the peers' fault, so the process must end.
    """

    def __init__(
        self,
        network: Network,
        own: str,
        identity: Identity,
        tls: tuple[ssl.SSLContext, ssl.SSLContext],
        handler: Handler,
        refusals: Refusals,
    ) -> None:
        """Wires the links.

        Args:
            network: the nodes as the ledger knows them at the start.
            own: this node's participant.
            identity: what is shown to others.
            tls: contexts for the listening and the dialling side; certificates that the ledger learns are added to them.
            handler: is told everything.
            refusals: told of whoever breaks the protocol.
        """
        self.links: dict[str, Link] = {}
        self._refusals = refusals
        self._network = network
        self._own = own
        self._identity = identity
        self._server_tls, self._client_tls = tls
        self._handler = handler
        self._pin(network.nodes.values())
        self._dialling: dict[str, tuple[NodeEntry, asyncio.Task[None]]] = {}
        self._runner: web.AppRunner | None = None
        self._door: Door | None = None
        self._session: aiohttp.ClientSession | None = None
        self._shaking: Counter[str] = Counter()
        self.tasks = Tasks()

    async def start(self, host: str, port: int) -> None:
        """Listens, and begins to dial.

        Raises:
            OSError: the address cannot be listened on.
        """
        application = web.Application()
        application.router.add_get(PATH, self._accept)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        server = self._runner.server
        assert server is not None
        self._door = Door(server, self._server_tls, self.tasks, self._turned_away)
        self._door.open(host, port)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, connect=HANDSHAKE_SECONDS),
        )
        self._dial_all()

    def know(self, network: Network) -> None:
        """The ledger has learnt of other nodes, addresses or certificates."""
        before, self._network = self._network, network
        pinned = {entry.tls for entry in before.nodes.values()}
        self._pin([entry for entry in network.nodes.values() if entry.tls not in pinned])
        for participant, link in tuple(self.links.items()):
            entry = network.node(participant)
            if entry is None or entry.tls != link.peer.tls:
                self._forget(link)
        if self._session is not None:
            self._dial_all()

    def _pin(self, entries: Iterable[NodeEntry]) -> None:
        for entry in entries:
            if not all(pin(context, entry.tls) for context in (self._server_tls, self._client_tls)):
                log.warning("certificate cannot be used", peer=entry.participant)

    def _dial_all(self) -> None:
        """Keeps dialling exactly those nodes that are this one's to dial, at the addresses of now."""
        wanted = {code: entry for code, entry in self._network.nodes.items() if code > self._own}
        for code, (entry, task) in tuple(self._dialling.items()):
            if wanted.get(code) is None or (wanted[code].address, wanted[code].tls) != (entry.address, entry.tls):
                task.cancel()
                del self._dialling[code]
        for code, entry in wanted.items():
            if code not in self._dialling:
                self._dialling[code] = (entry, self.tasks.spawn(self._keep_dialling(entry)))

    async def stop(self) -> None:
        """Closes every link and the listener; may be called twice."""
        await self.tasks.stop()
        door, self._door = self._door, None
        if door is not None:
            door.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def send(self, participant: str, item: bytes) -> None:
        """Queues one urgent item to one peer, if it is connected."""
        if link := self.links.get(participant):
            link.send(item)

    def broadcast(self, item: bytes) -> None:
        """Queues one urgent item to every connected peer."""
        for link in tuple(self.links.values()):
            link.send(item)

    def broadcast_bulk(self, item: bytes) -> None:
        """Queues records to every connected peer."""
        for link in self.links.values():
            link.send_bulk(item)

    def _turned_away(self, certificate: bytes | None, reason: str) -> None:
        """The door has closed a connection of who has shown this certificate, or none."""
        try:
            peer = entry_of_certificate(self._network, certificate).participant
        except UnknownCertificateError:
            peer = STRANGER
        self._refusals.refuse(peer, reason)

    async def _accept(self, request: web.Request) -> web.StreamResponse:
        tls = request.transport.get_extra_info("ssl_object") if request.transport else None
        try:
            entry = entry_of_certificate(self._network, tls.getpeercert(binary_form=True) if tls else None)
        except UnknownCertificateError as error:
            self._refusals.refuse(STRANGER, error.reason, f"{error}, from {request.remote}")
            raise web.HTTPForbidden from error
        if self._shaking[entry.participant] >= PEER_HANDSHAKES:
            self._refusals.refuse(entry.participant, TOO_MANY_HANDSHAKES)
            raise web.HTTPTooManyRequests
        socket = web.WebSocketResponse(
            timeout=CLOSE_SECONDS, max_msg_size=MAX_FRAME_BYTES, compress=False, heartbeat=_PING_SECONDS
        )
        await socket.prepare(request)
        await self._run(entry, socket, Side.LISTEN)
        return socket

    async def _keep_dialling(self, entry: NodeEntry) -> None:
        pause, longest = RECONNECT_SECONDS
        wait = pause
        while True:
            try:
                if await self._dial(entry):
                    wait = pause
            except HandshakeError as error:
                self._refusals.refuse(entry.participant, error.reason, str(error))
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                log.debug("not reached", peer=entry.participant, reason=str(error) or type(error).__name__)
            except Exception as error:  # noqa: BLE001 - whatever it is, this peer must be dialled again
                log.warning("dialling failed", peer=entry.participant, reason=repr(error))
            await asyncio.sleep(wait)
            wait = min(wait * 2, longest)

    async def _dial(self, entry: NodeEntry) -> bool:
        session = self._session
        if session is None:
            return False
        async with session.ws_connect(
            f"https://{entry.address}{PATH}",
            timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            ssl=self._client_tls,
            max_msg_size=MAX_FRAME_BYTES,
            compress=0,
            heartbeat=_PING_SECONDS,
        ) as socket:
            tls = socket.get_extra_info("ssl_object")
            shown = entry_of_certificate(self._network, tls.getpeercert(binary_form=True) if tls else None)
            if shown.participant != entry.participant:
                raise OtherCertificateError(f"{entry.address} shows the certificate of {shown.participant}")
            return await self._run(entry, socket, Side.DIAL)

    async def _run(self, entry: NodeEntry, socket: Socket, side: Side) -> bool:
        """The life of one connection; true when its handshake succeeded."""
        link, key = Link(entry, socket), entry.participant
        link.on_drop = lambda queue: self._refusals.drop(entry.participant, queue)
        if not await self._shake(link, side):
            await socket.close()
            return False
        if former := self.links.get(key):
            self._forget(former)
        self.links[key] = link
        log.info("peer connected", peer=entry.participant, side=str(side))
        writer = asyncio.ensure_future(link.write())
        try:
            with self._own_fault():
                self._handler.connected(link)
            async for item in link.items():
                if self.links.get(key) is not link:
                    break  # a newer link has taken its place
                with self._own_fault():
                    await self._handler.received(link, item)
        except PeerError as error:
            self._refusals.refuse(entry.participant, error.reason, str(error))
        finally:
            if self.links.get(key) is link:
                self._forget(link)
            await asyncio.wait([writer], timeout=CLOSE_SECONDS)
            writer.cancel()
        return True

    async def _shake(self, link: Link, side: Side) -> bool:
        key = link.peer.participant
        self._shaking[key] += 1
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                await shake(self._identity, self._network, link.peer, side, link.send_first, link.receive_first)
        except (PeerError, TimeoutError, ConnectionError) as error:
            reason = error.reason if isinstance(error, PeerError) else HandshakeEndedError.reason
            self._refusals.refuse(link.peer.participant, reason, str(error) or type(error).__name__)
            return False
        else:
            return True
        finally:
            self._shaking[key] -= 1

    def _forget(self, link: Link) -> None:
        """The link is closed, and the handler keeps nothing for it."""
        link.close()
        del self.links[link.peer.participant]
        self._handler.disconnected(link)
        log.info("peer disconnected", peer=link.peer.participant)

    @contextlib.contextmanager
    def _own_fault(self) -> Iterator[None]:
        """What the handler fails with ends the process; the end of one link would hide it."""
        try:
            yield
        except PeerError:
            raise
        except Exception as error:
            self.tasks.fail(error)
            raise
