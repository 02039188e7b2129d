"""Records without a sealed part: record file, record show; what is filed most has verbs of its own: key add and revoke,
plenary propose, position and list.
"""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import App, Parameter

from ledger.bodies import KEY_ADD, KEY_REVOKE, PLENARY_POSITION, PLENARY_PROPOSE, Body, KeyRevokeBody, PositionBody
from ledger.bodyform import body_from_json
from ledger.record import build_statement, sign_statement
from node.cli.options import GenesisOption, JsonOption, TokenOption, UrlOption, read_draft, read_genesis
from node.cli.output import explain, print_json, print_table, say, unreadable
from node.client import Client, ProblemError, Taken
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.keys import SEED_BYTES, damaged, passphrase, read_secret

_SECONDS = 60.0
_HASH_DIGITS = 64

KeyOption = Annotated[Path, Parameter(name="--key", help="File of the key that signs: root, govern, issue, report, ...")]
AuthorOption = Annotated[str, Parameter(name="--author", help="Code of the participant that states this, or `secretariat`.")]
WriteOption = Annotated[
    Path | None,
    Parameter(name="--write", help="Write the signed record here instead of sending it: for a machine without network."),
]
FileArgument = Annotated[Path, Parameter(help="The body as JSON, as `record show` prints it.")]


def register(app: App) -> None:
    """Adds these groups' verbs."""
    record = App(name="record", help="Any record without a sealed part.")
    record.command(file)
    record.command(show)
    app.command(record)
    plenary = App(name="plenary", help="Proposals, and positions on them.")
    plenary.command(propose)
    plenary.command(position)
    plenary.command(list_proposals, name="list")
    app.command(plenary)
    app["key"].command(add)
    app["key"].command(revoke)


def file(
    kind: Annotated[str, Parameter(help="For instance range.commit, participation.set, authority.set, bilateral.accept.")],
    body: FileArgument,
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    genesis: GenesisOption,
    url: UrlOption = "",
    write: WriteOption = None,
) -> None:
    """Sign and file a record of any kind whose body is open."""
    _file(kind, read_draft(body, lambda data: body_from_json(kind, data))[0], author, key, genesis, url, write)


def add(
    body: FileArgument,
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    genesis: GenesisOption,
    url: UrlOption = "",
    write: WriteOption = None,
) -> None:
    """File a key.add: a key of an authority, or a sealing key; signed with the root key."""
    file(KEY_ADD, body, author=author, key=key, genesis=genesis, url=url, write=write)


def revoke(
    public: Annotated[str, Parameter(help="The public key, 64 hex digits.")],
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    genesis: GenesisOption,
    url: UrlOption = "",
    write: WriteOption = None,
) -> None:
    """File a key.revoke: from now on the key signs nothing, and nothing is sealed to it; signed with the root key."""
    _file(KEY_REVOKE, KeyRevokeBody(_hash(public)), author, key, genesis, url, write)


def propose(
    body: FileArgument,
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    genesis: GenesisOption,
    url: UrlOption = "",
    write: WriteOption = None,
) -> None:
    """File a plenary.propose; signed with a key of role govern."""
    file(PLENARY_PROPOSE, body, author=author, key=key, genesis=genesis, url=url, write=write)


def position(
    proposal: Annotated[str, Parameter(help="Id of the proposal's record, 64 hex digits.")],
    stand: Annotated[Literal["support", "object", "abstain"], Parameter(help="Where the participant stands.")],
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    genesis: GenesisOption,
    url: UrlOption = "",
    write: WriteOption = None,
) -> None:
    """File a plenary.position; the newest one of a participant counts. Signed with a key of role govern."""
    _file(PLENARY_POSITION, PositionBody(stand, _hash(proposal)), author, key, genesis, url, write)


def show(
    record: Annotated[str, Parameter(help="Id of the record, 64 hex digits.")],
    /,
    *,
    token: TokenOption,
    url: UrlOption = "http://127.0.0.1:8600",
) -> None:
    """Show a record of the log as JSON."""
    print_json(asyncio.run(_get(url, token, f"/v1/records/{_hash(record).hex()}")))


def list_proposals(
    *,
    token: TokenOption,
    url: UrlOption = "http://127.0.0.1:8600",
    all: Annotated[bool, Parameter(name="--all", negative="", help="Decided ones, too.")] = False,  # noqa: A002 - the verb's word
    json: JsonOption = False,
) -> None:
    """List the proposals that are open, and what became of others."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = asyncio.run(_get(url, token, f"/v1/proposals?state={'any' if all else 'open'}{cursor and '&cursor=' + cursor}"))
        items += page["items"]
        if not page["next"]:
            break
        cursor = page["next"]
    if json:
        print_json(items)
        return
    shown = ("decision", "subject", "closes_on", "tally", "title")
    rows = [(one["id"][:16], one["outcome"] or "open", *(one[name] for name in shown)) for one in items]
    print_table(("proposal", "state", "decision", "subject", "closes", "for/against/abstain", "title"), rows)


def _file(kind: str, body: Body, author: str, key: Path, genesis: Path, url: str, write: Path | None) -> None:
    seed = read_secret(key, passphrase())
    if len(seed) != SEED_BYTES:
        raise damaged(key)
    statement = build_statement(kind, author, time.time_ns() // 1_000_000, body)
    record = sign_statement(read_genesis(genesis).ledger_id, seed, statement)
    if write is not None:
        write_atomic(write, record)
        say(f"signed: {write}; within a week: {command('node', 'send', write, '--url', 'NODE')}")
        return
    taken = asyncio.run(_submit(url, record))
    say(f"final: record {taken.id} at height {taken.height}")


async def _submit(url: str, record: bytes) -> Taken:
    try:
        async with Client(_node(url)) as client:
            return await client.submit_until_final(record, _SECONDS)
    except ProblemError as error:
        if error.status not in {400, 413, 422}:
            raise
        raise FatalError(
            f"Refused: {explain(error.problem)}.",
            "Nothing was recorded.",
            "See to the named field and run the command again.",
            Exit.REFUSED,
        ) from error


async def _get(url: str, token: str, path: str) -> dict[str, Any]:
    async with Client(_node(url), token) as client:
        answer: dict[str, Any] = await client.get_json(path)
        return answer


def _node(url: str) -> str:
    if not url:
        raise FatalError("No node was named.", "Nothing was sent.", "Say which: --url http://127.0.0.1:8600", Exit.USAGE)
    return url


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text) if len(text) == _HASH_DIGITS else b""
    except ValueError:
        found = b""
    if not found:
        raise unreadable(text[:80], "not 64 hex digits")
    return found
