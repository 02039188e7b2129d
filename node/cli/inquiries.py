"""Inquiries: inquiry open, answer, close, list."""

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from ledger import codec
from ledger.bodies import (
    INQUIRY_ANSWER,
    INQUIRY_CLOSE,
    INQUIRY_OPEN,
    Body,
    InquiryAnswerBody,
    InquiryCloseBody,
    InquiryOpenBody,
)
from ledger.participants import Role
from node.cli.figures import state
from node.cli.options import (
    GenesisOption,
    JsonOption,
    KeysOption,
    OutOption,
    TokenOption,
    UrlOption,
    parse_id,
    read_file,
    read_genesis,
)
from node.cli.output import print_json, print_table
from node.client import Client
from node.office import Office

Id = Annotated[str, Parameter(help="The inquiry: the id of the record that opened it.")]


def open_inquiry(
    participant: Annotated[str, Parameter(help="Who is asked: a participant's code.")],
    question: Annotated[str, Parameter(help="What is asked; every participant can read it.")],
    /,
    *,
    due: Annotated[str, Parameter(help="The day by which an answer is asked for, YYYY-MM-DD.")],
    finding: Annotated[str, Parameter(help="Key of the finding that it follows from.")] = "",
    keys: KeysOption,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Ask a participant (the secretariat's key of role audit). That it waits for an answer is public."""
    body = InquiryOpenBody(due=due, finding=finding, participant=participant, question=question)
    _state(INQUIRY_OPEN, body, Role.AUDIT, keys, genesis, url=url, out=out, json=json)


def answer(
    inquiry: Id,
    text: Annotated[str, Parameter(help="The answer; every participant can read it.")],
    /,
    *,
    document: Annotated[Path | None, Parameter(help="A file sent to the secretariat otherwise, named by its SHA-256.")] = None,
    keys: KeysOption,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Answer an inquiry (the participant's key of role report)."""
    digest = b"" if document is None else hashlib.sha256(read_file(document)).digest()
    body = InquiryAnswerBody(digest=digest, inquiry=_id(inquiry), text=text)
    _state(INQUIRY_ANSWER, body, Role.REPORT, keys, genesis, url=url, out=out, json=json)


def close(
    inquiry: Id,
    /,
    *,
    outcome: Annotated[Literal["resolved", "unresolved", "withdrawn"], Parameter(help="What became of it.")],
    remark: Annotated[str, Parameter(help="A remark that every participant can read.")] = "",
    keys: KeysOption,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Close an inquiry (the secretariat's key of role audit)."""
    body = InquiryCloseBody(inquiry=_id(inquiry), outcome=outcome, remark=remark)
    _state(INQUIRY_CLOSE, body, Role.AUDIT, keys, genesis, url=url, out=out, json=json)


def list_inquiries(
    *,
    state: Annotated[
        Literal["unanswered", "answered", "closed"], Parameter(help="All but unanswered ones need a token.")
    ] = "unanswered",
    participant: Annotated[str, Parameter(help="Only those to this participant.")] = "",
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """List inquiries in one state, those opened first at the top."""
    filters = {"state": state} | ({"participant": participant} if participant else {})

    async def fetch() -> list[dict[str, Any]]:
        async with Client(url, token) as client:
            items: list[dict[str, Any]] = (await client.get_list("/v1/inquiries", filters))["items"]
            return items

    rows = asyncio.run(fetch())
    if json:
        print_json(rows)
        return
    shown = [[row["participant"], row["opened"], row["due"], "overdue" if row["overdue"] else "", row["id"]] for row in rows]
    print_table(["participant", "opened", "due", "", "id"], shown)


def _state(kind: str, body: Body, role: Role, keys: Path, genesis: Path, *, url: str, out: Path, json: bool) -> None:
    """Signs and submits; the same words again are the same record, however often the command is run."""
    name = f"{kind}-{hashlib.sha256(codec.encode_plain(body)).hexdigest()[:16]}"
    state(Office.open(read_genesis(genesis), keys, role, url), kind, body, url=url, out=out, name=name, json=json)


def _id(text: str) -> bytes:
    """Raises FatalError for what is no id."""
    return bytes.fromhex(parse_id(text))
