"""Submitting one record for a verb: one that an office keeps with its receipt, or one that is signed here with one key."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ledger.record import sign_statement
from node.cli.options import GenesisOption, UrlOption, read_genesis
from node.cli.output import console, explain, print_fields, print_json, say
from node.client import Client, ProblemError, Taken
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.keys import SEED_BYTES, damaged, passphrase, read_secret
from node.office import RECEIPT, set_aside

WAIT_SECONDS = 60.0
_REFUSED = {400, 413, 422}


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Sending:
    """Where a record goes that is signed with one key.

    Attributes:
        genesis: file of the ledger it is signed for.
        url: of the node, empty where the record is only written.
        write: where to write it instead of sending it.
    """

    genesis: GenesisOption
    url: UrlOption = ""
    write: Annotated[
        Path | None,
        Parameter(name="--write", help="Write the signed record here instead of sending it: for a machine without network."),
    ] = None


def sign_and_send(statement: bytes, key: Path, sending: Sending) -> None:
    """Signs a statement with the key in a file, and sends the record or writes it.

    Raises:
        FatalError: the key is not one, no node was named, the record was refused or is not final in time.
    """
    seed = read_secret(key, passphrase())
    if len(seed) != SEED_BYTES:
        raise damaged(key)
    record = sign_statement(read_genesis(sending.genesis).ledger_id, seed, statement)
    if sending.write is None:
        send(sending.url, record)
        return
    write_atomic(sending.write, record)
    say(f"signed: {sending.write}; within a week: {command('node', 'send', sending.write, '--url', 'NODE')}")


def send(url: str, record: bytes) -> None:
    """Submits a signed record and says where it stands; errors as `sign_and_send`."""
    try:
        taken = _final(named_node(url), record)
    except ProblemError as error:
        raise _told(error, "See to the named field and run the command again.") from error
    say(f"final: record {taken.id} at height {taken.height}")


def named_node(url: str) -> str:
    """The node's address; raises FatalError when none was given."""
    if not url:
        raise FatalError("No node was named.", "Nothing was sent.", "Say which: --url http://127.0.0.1:8600", Exit.USAGE)
    return url


def submit(url: str, submission: bytes, folder: Path, name: str) -> Taken:
    """Submits until the record is final; writes `folder/NAME.tlog-proof`.

    Raises:
        FatalError: refused (what was kept is set aside, so that a mended draft is made anew), or not final in time.
        ProblemError: the node does not take submissions.
    """
    try:
        taken = _final(url, submission)
    except ProblemError as error:
        if error.status in _REFUSED:
            set_aside(folder, name)
        raise _told(error, "Mend the named field in the file and run the command again.") from error
    if taken.receipt is not None:
        write_atomic(folder / f"{name}{RECEIPT}", taken.receipt.encode())
    return taken


def tell(what: str, fields: Mapping[str, object], taken: Taken, folder: Path, name: str, *, json: bool) -> None:
    """Says where a record stands that `submit` got final, with its receipt."""
    shown = {
        **fields,
        "id": taken.id,
        "index": taken.index,
        "height": taken.height,
        "receipt": str(folder / f"{name}{RECEIPT}"),
    }
    if json:
        print_json(shown)
        return
    console.print(f"[bold green]final[/bold green]: {what}")
    print_fields(shown)


def _final(url: str, submission: bytes) -> Taken:
    async def run() -> Taken:
        async with Client(url) as client:
            return await client.submit_until_final(submission, WAIT_SECONDS)

    return asyncio.run(run())


def _told(error: ProblemError, step: str) -> Exception:
    """A refusal in three lines; what else a node says stays as it is."""
    if error.status not in _REFUSED:
        return error
    return FatalError(f"Refused: {explain(error.problem)}.", "Nothing was recorded.", step, Exit.REFUSED)
