"""Goods of which one side is on paper, and goods that are not traded: paper import, paper confirm, technical issue."""

import asyncio
import hashlib
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from ledger.errors import Code
from ledger.limits import MAX_OFFICER_FILE_BYTES
from ledger.paperdrafts import paper_from_json, technical_from_json
from ledger.participants import Role
from ledger.strict_json import load
from node.cli.options import (
    GenesisOption,
    JsonOption,
    KeysOption,
    OutOption,
    TokenOption,
    UrlOption,
    read_draft,
    read_file,
    read_genesis,
)
from node.cli.submit import submit, tell
from node.client import Client
from node.office import Office, kept_submission
from node.papers import answer_from_json, answer_name, import_paper, issue_technical, kept_answers, paper_name, state_answer


def import_under_paper(
    file: Annotated[Path, Parameter(help="The import as JSON (see the guide for authorities).")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Record an import under a paper certificate: seal, sign with the key of role confirm, submit. Safe to run again.

    For a participant that does not issue here on that day (reason not-issuing), or could not (outage).
    """
    draft, text = read_draft(file, paper_from_json)
    office = Office.open(read_genesis(genesis), keys, Role.CONFIRM, url)
    name = paper_name(draft.number)
    submission = kept_submission(out, name, draft, paper_from_json) or import_paper(office, draft, text, out)
    taken = submit(url, submission, out, name)
    tell(f"the import under {draft.number} is on the ledger", {"number": draft.number}, taken, out, name, json=json)


def confirm(
    file: Annotated[Path, Parameter(help="The outcome as JSON (see the guide for authorities).")],
    /,
    *,
    document: Annotated[Path | None, Parameter(help="The paper or mail as a file: its SHA-256 is recorded.")] = None,
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Record an outcome that came back on paper, for your own certificate (key of role issue). Safe to run again.

    When the file does not say which record it answers, the certificate's newest one is looked up (needs a token).
    """
    digest = None if document is None else hashlib.sha256(read_file(document)).digest()
    answers = asyncio.run(_answers(file, out, url, token))
    body, _ = read_draft(file, lambda data: answer_from_json(data, answers=answers, digest=digest))
    office = Office.open(read_genesis(genesis), keys, Role.ISSUE, url)
    name = answer_name(body.number)
    taken = submit(url, state_answer(office, body, out), out, name)
    fields = {"number": body.number, "outcome": body.outcome}
    tell(f"the outcome for {body.number} is on the ledger", fields, taken, out, name, json=json)


async def _answers(file: Path, out: Path, url: str, token: str) -> bytes | None:
    """Which record a file answers that does not say so."""

    def named(data: bytes) -> str:
        root = load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES)
        return "" if root.optional("answers") is not None else root.member("number").text()

    number, _ = read_draft(file, named)
    if not number:
        return None
    kept = kept_answers(out, number)
    if kept is not None:
        return kept
    async with Client(url, token) as client:
        return (await client.certificate(number)).newest


def issue(
    file: Annotated[Path, Parameter(help="The technical certificate as JSON (see the guide for authorities).")],
    /,
    *,
    role: Annotated[
        Literal["issue", "confirm"], Parameter(help="Which of the office's keys signs: either authority may.")
    ] = "issue",
    keys: KeysOption,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Issue a technical certificate: seal, sign, submit, keep the receipt. Safe to run again.

    It is kept out of all trade figures; returned or seized goods name the certificate under which they travelled (link).
    """
    draft, text = read_draft(file, technical_from_json)
    office = Office.open(read_genesis(genesis), keys, Role(role), url)
    submission = kept_submission(out, draft.number, draft, technical_from_json) or issue_technical(office, draft, text, out)
    taken = submit(url, submission, out, draft.number)
    fields = {"number": draft.number, "reason": draft.reason}
    tell(f"the technical certificate {draft.number} is on the ledger", fields, taken, out, draft.number, json=json)
