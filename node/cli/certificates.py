"""Certificates: certificate issue, certificate show."""

import asyncio
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import App, Parameter

from ledger.jsonform import issue_from_json
from ledger.participants import Role
from node.cli.options import GenesisOption, JsonOption, KeysOption, OutOption, TokenOption, UrlOption, read_draft, read_genesis
from node.cli.output import console, print_fields, print_json, print_table
from node.cli.submit import submit
from node.client import Client
from node.office import CODES, RECEIPT, Office, kept_submission


def register(app: App) -> None:
    """Adds this group's verbs."""
    certificate = App(name="certificate", help="Kimberley Process certificates.")
    certificate.command(issue)
    certificate.command(show)
    app.command(certificate)


def issue(
    file: Annotated[Path, Parameter(help="The certificate as JSON (see the guide for authorities).")],
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
    """
    draft, text = read_draft(file, issue_from_json)
    office = Office.open(read_genesis(genesis), keys, Role.ISSUE)
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


def show(
    number: Annotated[str, Parameter(help="The certificate's number.")],
    /,
    *,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """Show a certificate as the ledger has it (needs a participant's token)."""

    async def fetch() -> dict[str, Any]:
        async with Client(url, token) as client:
            return await client.get_json(f"/v1/certificates/{quote(number, safe='')}")

    answer = asyncio.run(fetch())
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
