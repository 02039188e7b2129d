"""`python -m tests.bench.hammer URL CLIENTS`: asks for what is public as fast as it is answered, until it is ended. Prints a line when
it has begun. It gives way to whatever else wants a core: readers have machines of their own.
"""

import asyncio
import itertools
import os
import sys

import uvloop

from tests.bench.network import session

_PATHS = ("/v1/network", "/v1/participants?limit=60", "/log/checkpoint", "/log/tile/0/000", "/v1/participants/BW", "/")


async def _hammer(url: str, clients: int) -> None:
    async with session() as http:

        async def one(first: int) -> None:
            for path in itertools.islice(itertools.cycle(_PATHS), first, None):
                async with http.get(url + path) as answer:
                    await answer.read()

        running = [asyncio.ensure_future(one(at)) for at in range(clients)]
        await asyncio.sleep(0.5)
        print("begun", flush=True)
        await asyncio.gather(*running)


if __name__ == "__main__":
    os.nice(19)
    uvloop.run(_hammer(sys.argv[1], int(sys.argv[2])))
