"""Submitting one record for a verb, and keeping its receipt."""

import asyncio
from pathlib import Path

from node.client import Client, ProblemError, Taken
from node.errors import Exit, FatalError
from node.files import write_atomic

WAIT_SECONDS = 60.0


def submit(url: str, submission: bytes, folder: Path, name: str) -> Taken:
    """Submits until the record is final; writes `folder/NAME.tlog-proof`.

    Raises:
        FatalError: refused (the kept submission is removed, so that a mended draft is made anew), or not final in time.
    """

    async def run() -> Taken:
        async with Client(url) as client:
            return await client.submit_until_final(submission, WAIT_SECONDS)

    try:
        taken = asyncio.run(run())
    except ProblemError as error:
        if error.status in {400, 413, 422}:
            (folder / f"{name}.submission").unlink(missing_ok=True)
        raise FatalError(
            f"Refused: {error}.",
            "Nothing was recorded.",
            "Mend the named field in the file and run the command again.",
            Exit.REFUSED,
        ) from error
    if taken.receipt is not None:
        write_atomic(folder / f"{name}.tlog-proof", taken.receipt.encode())
    return taken
