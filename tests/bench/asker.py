"""One who asks: a connection that costs the asking side little, and `python -m tests.bench.asker PORT TOKEN PLACES RATE`.

That asks for certificates drawn from `PLACES` of each issuer (0: for `/`), on eight connections, at so many a second (0: as fast
as they are answered), until standard input ends, and prints how many answers it has had.
"""

import random
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Self

from tests.bench.growth import CODES
from tests.bench.network import NotFinalError

CONNECTIONS = 8
_PIECE = 256 * 1024
_LENGTH = b"content-length: "
_CHUNKED = b"transfer-encoding: chunked"
_END = b"0\r\n\r\n"


class Asker:
    """A connection of its own to a port of this machine, with a token."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._token = token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, path: str) -> bytes:
        """The body of the answer to a GET; raises NotFinalError unless that is 200 with a length."""
        head, body = self._begin(path)
        length = int(head.partition(_LENGTH)[2].partition(b"\r\n")[0])
        pieces, have = [body], len(body)
        while have < length:
            pieces.append(self._take())
            have += len(pieces[-1])
        return b"".join(pieces)

    def follow(self, path: str) -> Iterator[bytes]:
        """The bytes of an answer in chunks, as they come, chunks' heads among them."""
        head, piece = self._begin(path)
        if _CHUNKED not in head:
            raise NotFinalError(f"not in chunks: {head!r}")
        last = piece
        yield piece
        while not last.endswith(_END):
            piece = self._take()
            last = (last + piece)[-len(_END) :]
            yield piece

    def _begin(self, path: str) -> tuple[bytes, bytes]:
        request = f"GET {path} HTTP/1.1\r\nHost: node\r\nAuthorization: Bearer {self._token}\r\n\r\n"
        self._socket.sendall(request.encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._take()
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise NotFinalError(f"{head!r} {body[:300]!r} for {path}")
        return head.lower(), body

    def _take(self) -> bytes:
        piece = self._socket.recv(_PIECE)
        if not piece:
            raise NotFinalError("the connection ended before its answer")
        return piece


def certificate(draw: random.Random, places: int) -> str:
    """The path of one certificate; of nothing in particular where there are none."""
    return "/" if not places else f"/v1/certificates/{draw.choice(CODES)}{draw.randint(1, places):07}"


def _keep_asking(
    port: int, token: str, places: int, pause: float, place: int, done: threading.Event, counts: list[int]
) -> None:
    draw = random.Random(place)
    due = time.monotonic() + draw.random() * pause
    with Asker(port, token) as asker:
        while not done.wait(max(0.0, due - time.monotonic())) if pause else not done.is_set():
            asker.ask(certificate(draw, places))
            due += pause
            counts[place] += 1


def main() -> int:
    port, token, places, rate = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    done, counts = threading.Event(), [0] * CONNECTIONS
    pause = CONNECTIONS / rate if rate else 0.0
    threads = [
        threading.Thread(target=_keep_asking, args=(port, token, places, pause, place, done, counts))
        for place in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    done.set()
    for thread in threads:
        thread.join()
    print(sum(counts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
