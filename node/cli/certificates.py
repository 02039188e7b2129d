"""Certificates: certificate issue, template, amend, close, show, print."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from cyclopts import Parameter

from ledger.bodies import CERTIFICATE_CLOSE, CloseBody
from ledger.errors import Code, Refusal
from ledger.jsonform import issue_from_json
from ledger.participants import Role
from node.cli import sheets
from node.cli.findings import print_findings
from node.cli.options import GenesisOption, JsonOption, KeysOption, OutOption, TokenOption, UrlOption, read_draft, read_genesis
from node.cli.output import console, print_fields, print_json, print_table, say
from node.cli.submit import submit
from node.client import Certificate, Client
from node.errors import command
from node.office import CODES, RECEIPT, Office, amended_name, kept_submission


def issue(
    file: Annotated[Path, Parameter(help="A certificate as JSON, or many as CSV (see the guide for authorities).")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Seal, sign and submit a certificate, wait until it is final, keep the receipt. Safe to run again.

    Writes NUMBER.tlog-proof (the receipt), NUMBER.codes.json (the codes to print: one inside the container, one on the
    certificate), NUMBER.submission (what was sent; sending it again is harmless) and NUMBER.draft.json (what it was made of;
    nobody else keeps that in clear). What is refused gets the ending .refused.

    A table (FILE.csv, see `certificate template`) is read and made as a whole before its first certificate is sent.
    """
    if file.suffix.casefold() == sheets.SHEET:
        many = sheets.read_certificates(file)
        sheets.issue_many(Office.open(read_genesis(genesis), keys, Role.ISSUE, url), many, file, url, out, json=json)
        return
    draft, text = read_draft(file, issue_from_json)
    office = Office.open(read_genesis(genesis), keys, Role.ISSUE, url)
    submission = kept_submission(out, draft.number, draft, issue_from_json) or office.issue(draft, text, out)
    taken = submit(url, submission, out, draft.number)
    fields: dict[str, Any] = {
        "number": draft.number,
        "id": taken.id,
        "index": taken.index,
        "height": taken.height,
        "receipt": str(out / f"{draft.number}{RECEIPT}"),
        "codes": str(out / f"{draft.number}{CODES}"),
    }
    if json:
        print_json(fields)
        return
    console.print(f"[bold green]final[/bold green]: {draft.number} is on the ledger")
    print_fields(fields)


def amend(
    file: Annotated[Path, Parameter(help="All of the certificate as JSON, as it is to be.")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
) -> None:
    """Correct a certificate that has no outcome yet: number, history and printed codes stay. Needs a participant's token.

    To amend a certificate once more, use another folder for --out.
    """
    draft, text = read_draft(file, issue_from_json)
    office = Office.open(read_genesis(genesis), keys, Role.ISSUE, url)
    name = amended_name(draft.number)
    submission = kept_submission(out, name, draft, issue_from_json)
    if submission is None:
        shown = asyncio.run(_stated(url, token, draft.number))
        if shown.issue is None:
            raise Refusal(Code.NOT_ISSUER, "number", given=office.author, certificate=draft.number)
        printed = bytes.fromhex(shown.issue.receipt_hash), bytes.fromhex(shown.issue.verdict_hash)
        submission = office.amend(draft, text, printed, shown.newest, out)
    taken = submit(url, submission, out, name)
    console.print(f"[bold green]final[/bold green]: {draft.number} is amended")
    print_fields({"id": taken.id, "height": taken.height, "receipt": str(out / f"{name}{RECEIPT}")})


def close(
    number: Annotated[str, Parameter(help="The certificate's number.")],
    reason: Annotated[
        Literal["void", "lost", "stolen", "returned-unused", "replaced-by"], Parameter(help="Why it is a certificate no more.")
    ],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    replacement: Annotated[str, Parameter(help="The number that takes its place.")] = "",
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
) -> None:
    """Close a certificate without an outcome that counts. Safe to run again."""
    office = Office.open(read_genesis(genesis), keys, Role.ISSUE, url)
    name = f"{number}.close"
    body = CloseBody(number=number, reason=reason, replacement=replacement)
    taken = submit(url, office.state(CERTIFICATE_CLOSE, body, out, name), out, name)
    console.print(f"[bold green]final[/bold green]: {number} is closed ({reason})")
    print_fields({"id": taken.id, "height": taken.height, "receipt": str(out / f"{name}{RECEIPT}")})


async def _stated(url: str, token: str, number: str) -> Certificate:
    async with Client(url, token) as client:
        return await client.certificate(number)


async def _fetch(url: str, token: str, number: str) -> dict[str, Any]:
    async with Client(url, token) as client:
        answer: dict[str, Any] = await client.get_json(f"/v1/certificates/{quote(number, safe='')}")
        return answer


def show(
    number: Annotated[str, Parameter(help="The certificate's number.")],
    /,
    *,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """Show a certificate as the ledger has it (needs a participant's token)."""
    answer = asyncio.run(_fetch(url, token, number))
    if json:
        print_json(answer)
        return
    print_fields({**answer["certificate"], "read at height": answer["read_at_height"]})
    for side in ("issue", "outcome"):
        body = answer.get(side)
        if body:
            console.print(f"\n[bold]{side}[/bold]")
            print_fields(
                {name: value for name, value in body.items() if not isinstance(value, dict | list) and value is not None}
            )
            rows = [[line["hs"], " ".join(line.get("origin", [])), line["carats"]] for line in body.get("lines", [])]
            print_table(["HS", "origin", "carats"], rows)
    if answer["findings"]:
        console.print("\n[bold]findings[/bold]")
        print_findings(answer["findings"])
    if answer["more_findings"]:
        say(f"there are more: {command('findings', 'list', '--certificate', number)}")
