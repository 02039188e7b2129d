"""Findings: findings list, show, rules."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

from cyclopts import Parameter, validators

from node.cli.options import JsonOption, TokenOption, UrlOption
from node.cli.output import console, print_fields, print_json, print_table, say
from node.client import Client
from node.errors import command


def list_findings(
    *,
    rule: Annotated[str, Parameter(help="Only of this rule.")] = "",
    participant: Annotated[str, Parameter(help="Only those that concern this participant.")] = "",
    certificate: Annotated[str, Parameter(help="Those that name this certificate, open or not; no other filter.")] = "",
    severity: Annotated[Literal["", "low", "medium", "high"], Parameter(help="Only of this severity.")] = "",
    status: Annotated[Literal["open", "resolved"], Parameter(help="Only with this status.")] = "open",
    every: Annotated[bool, Parameter(name="--all", negative="", help="Resolved ones too.")] = False,
    limit: Annotated[int, Parameter(validator=validators.Number(gte=1), help="Findings at most.")] = 100,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """List findings, those first seen last at the top (an auditor's token; a participant's shows those that concern it)."""
    chosen = "" if every or certificate else status
    given = {"rule": rule, "participant": participant, "certificate": certificate, "severity": severity, "status": chosen}
    answer = asyncio.run(_list(url, token, {name: value for name, value in given.items() if value}, limit))
    if json:
        print_json(answer)
        return
    print_findings(answer["items"])
    more = "; there are more: raise --limit" if answer["next"] else ""
    say(f"\n{len(answer['items'])} {chosen or 'open and resolved'} at height {answer['read_at_height']}{more}")


def show(
    name: Annotated[str, Parameter(help="Its name, as the list has it: rule/subject.")],
    /,
    *,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """Show one finding: its figures, and where what it follows from can be read (token as for the list)."""
    answer = asyncio.run(_get(url, token, f"/v1/findings/{quote(name)}"))
    if json:
        print_json(answer)
        return
    found = answer["finding"]
    say(found["name"])
    say(answer["meaning"])
    console.print()
    fields = ("severity", "status", "version", "first_seen", "height")
    shown = {field.replace("_", " "): found[field] for field in fields} | {"participants": ", ".join(found["participants"])}
    print_fields(shown | {"read at height": answer["read_at_height"]})
    console.print("\n[bold]figures[/bold]")
    print_fields({_words(figure): value for figure, value in found["figures"].items()})
    _print_links("certificates", (command("certificate", "show", number) for number in found["certificates"]))
    _print_links("records", (f"{url}/v1/records/{record}" for record in found["records"]))


def rules(
    *,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """List the rules of findings with the thresholds in force (needs a participant's token)."""
    answer = asyncio.run(_get(url, token, "/v1/findings/rules"))
    if json:
        print_json(answer)
        return
    rows = [
        [one["rule"], one["version"], one["meaning"], ", ".join(f"{t['parameter']} {t['value']}" for t in one["thresholds"])]
        for one in answer["rules"]
    ]
    print_table(["rule", "version", "finds", "thresholds"], rows, right=(1,))
    say(f"\nread at height {answer['read_at_height']}")


def print_findings(items: Iterable[Mapping[str, Any]]) -> None:
    """A table of findings."""
    rows = [
        [
            one["severity"],
            one["status"],
            one["name"],
            " ".join(one["participants"]),
            one["first_seen"],
            ", ".join(f"{_words(figure)} {value}" for figure, value in one["figures"].items()),
        ]
        for one in items
    ]
    print_table(["severity", "status", "finding", "concerns", "first seen", "figures"], rows, right=(4,))


def _words(figure: str) -> str:
    return figure.replace("_", " ")


def _print_links(title: str, links: Iterable[str]) -> None:
    every = list(links)
    if every:
        console.print(f"\n[bold]{title}[/bold]")
        for link in every:
            say(link)


async def _list(url: str, token: str, filters: dict[str, str], limit: int) -> dict[str, Any]:
    async with Client(url, token) as client:
        return await client.get_list("/v1/findings", filters, limit)


async def _get(url: str, token: str, path: str) -> dict[str, Any]:
    async with Client(url, token) as client:
        return await client.get_json(path)
