"""Imports: import confirm, import correct, import list."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, validators

from ledger.jsonform import confirm_from_json
from ledger.participants import Role
from node.cli.options import GenesisOption, JsonOption, KeysOption, OutOption, TokenOption, UrlOption, read_draft, read_genesis
from node.cli.output import console, print_fields, print_json, print_table, say
from node.cli.submit import submit, tell
from node.client import Client
from node.office import RECEIPT, Office, corrected_name, kept_submission, outcome_name


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
    office = Office.open(read_genesis(genesis), keys, Role.CONFIRM, url)
    name = outcome_name(draft.number)
    submission = kept_submission(out, name, draft, confirm_from_json)
    if submission is None:
        answers = draft.answers or asyncio.run(_newest(url, token, draft.number))
        submission = office.confirm(replace(draft, answers=answers), text, out)
    taken = submit(url, submission, out, name)
    fields = {"number": draft.number, "outcome": draft.outcome}
    tell(f"the outcome for {draft.number} is on the ledger", fields, taken, out, name, json=json)


def correct(
    file: Annotated[Path, Parameter(help="The outcome as JSON, as it is to be.")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
) -> None:
    """Correct an outcome that this office stated; both stay visible. Needs a participant's token.

    To correct an outcome once more, use another folder for --out.
    """
    draft, text = read_draft(file, confirm_from_json)
    office = Office.open(read_genesis(genesis), keys, Role.CONFIRM, url)
    name = corrected_name(draft.number)
    submission = kept_submission(out, name, draft, confirm_from_json)
    if submission is None:
        answers = draft.answers or asyncio.run(_newest(url, token, draft.number))
        submission = office.correct(replace(draft, answers=answers), text, out)
    taken = submit(url, submission, out, name)
    console.print(f"[bold green]final[/bold green]: the outcome for {draft.number} is corrected")
    print_fields({"id": taken.id, "height": taken.height, "receipt": str(out / f"{name}{RECEIPT}")})


def list_open(
    *,
    destination: Annotated[str, Parameter(help="Only what this participant owes an outcome for.")] = "",
    issuer: Annotated[str, Parameter(help="Only this participant's certificates.")] = "",
    limit: Annotated[int, Parameter(validator=validators.Number(gte=1), help="Certificates at most.")] = 100,
    by_age: Annotated[bool, Parameter(name="--by-age", negative="", help="How many are open for how long instead.")] = False,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """List open confirmations, those that entered the ledger first at the top (needs a participant's token)."""
    if by_age:
        _print_ages(asyncio.run(_ages(url, token)), destination, json=json)
        return
    filters = {name: value for name, value in (("destination", destination), ("issuer", issuer)) if value}
    answer = asyncio.run(_open(url, token, filters, limit))
    if json:
        print_json(answer)
        return
    rows = [
        [
            row["number"],
            row["destination"],
            row["carats"],
            row["issued"],
            row["age_days"],
            row["expires"],
            "past" * row["expired"],
        ]
        for row in answer["items"]
    ]
    print_table(["number", "destination", "carats", "issued", "days", "expires", "expiry"], rows, right=(2, 4))
    more = "; there are more: raise --limit" if answer["next"] else ""
    say(f"\n{len(rows)} open at height {answer['read_at_height']}{more}")


async def _open(url: str, token: str, filters: dict[str, str], limit: int) -> dict[str, Any]:
    async with Client(url, token) as client:
        return await client.get_list("/v1/confirmations/open", filters, limit)


async def _ages(url: str, token: str) -> dict[str, Any]:
    async with Client(url, token) as client:
        return await client.get_json("/v1/confirmations/ageing")


def _print_ages(answer: dict[str, Any], destination: str, *, json: bool) -> None:
    owed = [one for one in answer["destinations"] if destination in {"", one["destination"]}]
    if json:
        print_json({**answer, "destinations": owed})
        return
    ages = [
        f"{age['from_days']}-{age['to_days']}" if age["to_days"] else f"over {age['from_days'] - 1}"
        for age in (owed[0]["by_age"] if owed else ())
    ]
    rows = [
        [one["destination"], one["certificates"], one["carats"], *(age["certificates"] for age in one["by_age"]), one["oldest"]]
        for one in owed
    ]
    print_table(["destination", "open", "carats", *ages, "oldest"], rows, right=range(1, 3 + len(ages)))
    say(f"\ndays since issue on {answer['today']}, read at height {answer['read_at_height']}")


async def _newest(url: str, token: str, number: str) -> bytes:
    async with Client(url, token) as client:
        return (await client.certificate(number)).newest
