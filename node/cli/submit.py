"""Submitting one record for a verb, and keeping its receipt."""

import asyncio
from pathlib import Path

from node.cli.output import explain
from node.client import Client, ProblemError, Taken
from node.errors import Exit, FatalError
from node.files import write_atomic
from node.office import RECEIPT, set_aside

WAIT_SECONDS = 60.0


def submit(url: str, submission: bytes, folder: Path, name: str) -> Taken:
    """Submits until the record is final; writes `folder/NAME.tlog-proof`.

    Raises:
        FatalError: refused (what was kept is set aside, so that a mended draft is made anew), or not final in time.
        ProblemError: the node does not take submissions.
    """

    async def run() -> Taken:
        async with Client(url) as client:
            return await client.submit_until_final(submission, WAIT_SECONDS)

    try:
        taken = asyncio.run(run())
    except ProblemError as error:
        if error.status not in {400, 413, 422}:
            raise
        set_aside(folder, name)
        raise FatalError(
            f"Refused: {explain(error.problem)}.",
            "Nothing was recorded.",
            "Mend the named field in the file and run the command again.",
            Exit.REFUSED,
        ) from error
    if taken.receipt is not None:
        write_atomic(folder / f"{name}{RECEIPT}", taken.receipt.encode())
    return taken
