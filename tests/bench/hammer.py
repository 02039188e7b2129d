"""`python -m tests.bench.hammer PORT CONNECTIONS`: asks for what is public as fast as it is answered, until standard input ends.

Prints a line when it has begun, and at the end how many answers it has had. Readers have machines of their own, so it is to cost
this one little: requests are bytes made beforehand, of an answer only its length is looked at, and it gives way to whatever else
wants a core.
"""

import itertools
import os
import selectors
import socket
import sys
from collections.abc import Iterator

from tests.bench.network import NotFinalError

_PATHS = ("/v1/network", "/v1/participants?limit=60", "/log/checkpoint", "/log/tile/0/000", "/v1/participants/BW", "/")
_PIECE = 64 * 1024
_END_OF_HEAD = b"\r\n\r\n"


class _Reader:
    """A connection with a request under way, always.

    Attributes:
        answers: how many it has had whole.
    """

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = 0
        self._requests = requests
        self._head = b""
        self._left = 0
        self.socket.sendall(next(requests))

    def take(self) -> None:
        """What has come; where that ends an answer, the next request goes out."""
        piece = self.socket.recv(_PIECE)
        if not piece:
            raise NotFinalError("the node closed a reader's connection")
        if self._left:
            self._left -= len(piece)
        else:
            self._head += piece
            head, end, body = self._head.partition(_END_OF_HEAD)
            if not end:
                return
            self._left, self._head = _length(head) - len(body), b""
        if not self._left:
            self.answers += 1
            self.socket.sendall(next(self._requests))


def _length(head: bytes) -> int:
    """Bytes of the body behind this head."""
    lower = head.lower()
    if not lower.startswith(b"http/1.1 200"):
        raise NotFinalError(f"{head!r}")
    return int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0])


def main() -> int:
    port, connections = int(sys.argv[1]), int(sys.argv[2])
    requests = [f"GET {path} HTTP/1.1\r\nHost: node\r\n\r\n".encode() for path in _PATHS]
    os.nice(19)
    with selectors.EpollSelector() as selector:
        readers = [_Reader(port, itertools.islice(itertools.cycle(requests), first, None)) for first in range(connections)]
        for reader in readers:
            selector.register(reader.socket, selectors.EVENT_READ, reader)
        selector.register(sys.stdin, selectors.EVENT_READ)
        print("begun", flush=True)
        ended = False
        while not ended:
            for key, _ in selector.select():
                if key.data is None:
                    ended = True
                else:
                    key.data.take()
    print(sum(reader.answers for reader in readers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
