"""`python -m tests.bench.bare`: the node's server class with an application that does nothing, to measure reads against.

Prints its port and serves until it is ended. `GET /` answers 8 KiB, as large as a hash tile, out of memory; `GET /static/tile`
the same out of a file, by Quart's own handler of static files.
"""

import asyncio
import tempfile
from pathlib import Path

import uvloop
from quart import Quart, Response

from api.limits import ApiLimits
from api.server import listen, serve

_BODY = bytes(8192)


async def _serve(folder: Path) -> None:
    (folder / "tile").write_bytes(_BODY)
    app = Quart(__name__, static_folder=str(folder), static_url_path="/static")

    @app.get("/")
    async def nothing() -> Response:
        return Response(_BODY, content_type="application/octet-stream")

    sock = listen("127.0.0.1", 0)
    print(sock.getsockname()[1], flush=True)
    await serve(app, sock, ApiLimits(), asyncio.Event().wait)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        uvloop.run(_serve(Path(made)))
