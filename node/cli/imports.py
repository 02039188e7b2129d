"""Imports: import confirm."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from ledger.jsonform import confirm_from_json
from ledger.participants import Role
from node.cli.options import GenesisOption, JsonOption, KeysOption, OutOption, TokenOption, UrlOption, read_draft, read_genesis
from node.cli.output import console, print_fields, print_json
from node.cli.submit import submit
from node.client import Client
from node.office import RECEIPT, Office, kept_submission, outcome_name


def register(app: App) -> None:
    """Adds this group's verbs."""
    imports = App(name="import", help="Imports under a certificate.")
    imports.command(confirm)
    app.command(imports)


def confirm(
    file: Annotated[Path, Parameter(help="The outcome as JSON (see the guide for authorities).")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Seal, sign and submit an import's outcome, wait until it is final, keep the receipt. Safe to run again.

    When the file does not say which record it answers, the certificate's newest one is looked up (needs a token).
    """
    draft, text = read_draft(file, confirm_from_json)
    office = Office.open(read_genesis(genesis), keys, Role.CONFIRM)
    name = outcome_name(draft.number)
    submission = kept_submission(out, name, draft, confirm_from_json)
    if submission is None:
        answers = draft.answers or asyncio.run(_newest(url, token, draft.number))
        submission = office.confirm(replace(draft, answers=answers), text, out)
    taken = submit(url, submission, out, name)
    fields: dict[str, Any] = {
        "number": draft.number,
        "outcome": draft.outcome,
        "id": taken.id,
        "index": taken.index,
        "height": taken.height,
        "receipt": str(out / f"{name}{RECEIPT}"),
    }
    if json:
        print_json(fields)
        return
    console.print(f"[bold green]final[/bold green]: the outcome for {draft.number} is on the ledger")
    print_fields(fields)


async def _newest(url: str, token: str, number: str) -> bytes:
    async with Client(url, token) as client:
        answer = await client.get_json(f"/v1/certificates/{number}")
    return bytes.fromhex(answer["records"][-1]["id"])
