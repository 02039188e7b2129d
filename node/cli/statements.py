"""Records without a sealed part: record file, record show; what is filed most has verbs of its own: key add and revoke,
plenary propose, position and list.
"""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from ledger.bodies import KEY_ADD, KEY_REVOKE, PLENARY_POSITION, PLENARY_PROPOSE, Body, KeyRevokeBody, PositionBody
from ledger.bodyform import body_from_json
from ledger.record import build_statement
from node.cli.options import JsonOption, TokenOption, UrlOption, read_draft
from node.cli.output import print_json, print_table, unreadable
from node.cli.submit import Sending, sign_and_send
from node.client import Client

_HASH_DIGITS = 64

KeyOption = Annotated[Path, Parameter(name="--key", help="File of the key that signs: root, govern, issue, report, ...")]
AuthorOption = Annotated[str, Parameter(name="--author", help="Code of the participant that states this, or `secretariat`.")]
FileArgument = Annotated[Path, Parameter(help="The body as JSON, as `record show` prints it.")]


def file(
    kind: Annotated[str, Parameter(help="For instance range.commit, participation.set, authority.set, bilateral.accept.")],
    body: FileArgument,
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    sending: Sending,
) -> None:
    """Sign and file a record of any kind whose body is open."""
    _file(kind, read_draft(body, lambda data: body_from_json(kind, data))[0], author, key, sending)


def add(
    body: FileArgument,
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    sending: Sending,
) -> None:
    """File a key.add: a key of an authority, or a sealing key; signed with the root key."""
    file(KEY_ADD, body, author=author, key=key, sending=sending)


def revoke(
    public: Annotated[str, Parameter(help="The public key, 64 hex digits.")],
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    sending: Sending,
) -> None:
    """File a key.revoke: from now on the key signs nothing, and nothing is sealed to it; signed with the root key."""
    _file(KEY_REVOKE, KeyRevokeBody(_hash(public)), author, key, sending)


def propose(
    body: FileArgument,
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    sending: Sending,
) -> None:
    """File a plenary.propose; signed with a key of role govern."""
    file(PLENARY_PROPOSE, body, author=author, key=key, sending=sending)


def position(
    proposal: Annotated[str, Parameter(help="Id of the proposal's record, 64 hex digits.")],
    stand: Annotated[Literal["support", "object", "abstain"], Parameter(help="Where the participant stands.")],
    /,
    *,
    author: AuthorOption,
    key: KeyOption,
    sending: Sending,
) -> None:
    """File a plenary.position; the newest one of a participant counts. Signed with a key of role govern."""
    _file(PLENARY_POSITION, PositionBody(stand, _hash(proposal)), author, key, sending)


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
    items = asyncio.run(_proposals(url, token, "any" if all else "open"))
    if json:
        print_json(items)
        return
    shown = ("decision", "subject", "closes_on", "tally", "title")
    rows = [(one["id"][:16], one["outcome"] or "open", *(one[name] for name in shown)) for one in items]
    print_table(("proposal", "state", "decision", "subject", "closes", "for/against/abstain", "title"), rows)


def _file(kind: str, body: Body, author: str, key: Path, sending: Sending) -> None:
    sign_and_send(build_statement(kind, author, time.time_ns() // 1_000_000, body), key, sending)


async def _proposals(url: str, token: str, state: str) -> list[dict[str, Any]]:
    async with Client(url, token) as client:
        items: list[dict[str, Any]] = (await client.get_list("/v1/proposals", {"state": state}))["items"]
        return items


async def _get(url: str, token: str, path: str) -> dict[str, Any]:
    async with Client(url, token) as client:
        answer: dict[str, Any] = await client.get_json(path)
        return answer


def _hash(text: str) -> bytes:
    try:
        found = bytes.fromhex(text) if len(text) == _HASH_DIGITS else b""
    except ValueError:
        found = b""
    if not found:
        raise unreadable(text[:80], "not 64 hex digits")
    return found
