"""The door of the listener for peers: how many connections stand open before, and after, their other end has shown who it is.

Every connection costs a file descriptor, and a node that has none left cannot write, so it must stop. Whoever reached the port
could stop it so. Therefore connections are counted from the moment they are accepted. Strangers, who have not yet agreed TLS
with a certificate that the ledger pins, are let in without end but make way for one another, the oldest first, so that no crowd
of them keeps a peer out; each certificate gets a few connections, which are a peer's links and those that replace them.
"""

import asyncio
import contextlib
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from typing import Any

from api.server import listen
from node.limits import CLOSE_SECONDS, CONNECTIONS_PER_PEER, HANDSHAKE_SECONDS, STRANGERS
from node.logs import get_logger
from node.refusals import NO_TLS, TOO_MANY_CONNECTIONS, TOO_MANY_STRANGERS
from node.tasks import Tasks

log = get_logger("door")

_PAUSE_SECONDS = 0.1
"""Before the next attempt to accept, where the system could not."""


class Door:
    """A listening socket in front of protocols that want to be given TLS connections of known certificates only.

    Attributes:
        refused: connections that were closed because there were too many.
    """

    def __init__(
        self,
        protocol: Callable[[], asyncio.Protocol],
        tls: ssl.SSLContext,
        tasks: Tasks,
        refuse: Callable[[bytes | None, str], None],
    ) -> None:
        """Wires the door.

        Args:
            protocol: makes the protocol of a connection that is let in.
            tls: the listening side's context; it must require a certificate.
            tasks: takes one that accepts, and one for each stranger; stopping them sends the strangers away.
            refuse: told the certificate, None for a stranger, and the reason of each connection that is closed here.
        """
        self.refused = 0
        self._protocol = protocol
        self._tls = tls
        self._tasks = tasks
        self._refuse = refuse
        self._strangers: dict[socket.socket, None] = {}
        self._open: Counter[bytes] = Counter()
        self._listener: socket.socket | None = None

    def open(self, host: str, port: int) -> None:
        """Listens.

        Raises:
            OSError: the address cannot be listened on.
        """
        listener = listen(host, port)
        self._listener = listener
        self._tasks.spawn(self._accept(listener))

    def close(self) -> None:
        """Listens no more; connections that were let in stay with their protocols."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as error:
                log.warning("not accepted", reason=str(error))
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            connection.setblocking(False)
            if len(self._strangers) >= STRANGERS:
                self.refused += 1
                self._refuse(None, TOO_MANY_STRANGERS)
                oldest = next(iter(self._strangers))
                del self._strangers[oldest]
                with contextlib.suppress(OSError):
                    oldest.shutdown(socket.SHUT_RDWR)  # its handshake fails, which closes it
            self._strangers[connection] = None
            self._tasks.spawn(self._let_in(connection))

    async def _let_in(self, connection: socket.socket) -> None:
        """Agrees TLS, upon which the connection is its protocol's, or closes it."""
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: _Guest(self._protocol(), self._enter, self._leave),
                connection,
                ssl=self._tls,
                ssl_handshake_timeout=HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=CLOSE_SECONDS,
            )
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            log.debug("no TLS", reason=str(error) or type(error).__name__)
            if connection in self._strangers:  # else it had to make way
                self._refuse(None, NO_TLS)
        finally:
            self._strangers.pop(connection, None)

    def _enter(self, shown: bytes) -> bool:
        """Whether there is room for one more connection of this certificate; if so, it is taken."""
        if self._open[shown] >= CONNECTIONS_PER_PEER:
            self.refused += 1
            self._refuse(shown, TOO_MANY_CONNECTIONS)
            return False
        self._open[shown] += 1
        return True

    def _leave(self, shown: bytes) -> None:
        self._open[shown] -= 1
        if not self._open[shown]:
            del self._open[shown]


class _Guest(asyncio.Protocol):
    """Stands between TLS and the protocol, which is told nothing of a connection that is one too many."""

    def __init__(self, protocol: asyncio.Protocol, enter: Callable[[bytes], bool], leave: Callable[[bytes], None]) -> None:
        self._protocol = protocol
        self._enter = enter
        self._leave = leave
        self._shown = b""
        self._inside = False

    def connection_made(self, transport: Any) -> None:
        """TLS is agreed: lets the connection in, or closes it."""
        self._shown = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        self._inside = self._enter(self._shown)
        if self._inside:
            self._protocol.connection_made(transport)
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Hands on."""
        if self._inside:
            self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        """Hands on."""
        return self._protocol.eof_received() if self._inside else None

    def pause_writing(self) -> None:
        """Hands on."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Hands on."""
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Hands on, and gives the place back."""
        if self._inside:
            self._inside = False
            self._leave(self._shown)
            self._protocol.connection_lost(exc)
