"""What follows from the records: custody, stock."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from cyclopts import Parameter

from node.cli.chains import dot, plain, tree
from node.cli.options import JsonOption, TokenOption, UrlOption, read_policy
from node.cli.output import console, print_json, print_table, say
from node.client import Client
from node.dossier import fetch_dossier
from node.files import write_atomic

Format = Literal["tree", "dot", "json"]


def custody(
    number: Annotated[str, Parameter(help="The certificate's number.")],
    /,
    *,
    up: Annotated[bool, Parameter(name="--up", negative="", help="Only where its carats came from.")] = False,
    down: Annotated[bool, Parameter(name="--down", negative="", help="Only who took carats from it.")] = False,
    format: Annotated[Format, Parameter(help="A tree for people, DOT for Graphviz, JSON for programs.")] = "tree",  # noqa: A002 - the option's name
    dossier: Annotated[Path | None, Parameter(help="Write a PDF of all that the ledger says of it, receipts attached.")] = None,
    language: Annotated[Literal["en", "fr"], Parameter(help="Of the dossier.")] = "en",
    policy: Annotated[Path | None, Parameter(help="A policy file under which the dossier's receipts must hold.")] = None,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """Show a certificate's chain of custody and the origins that follow from it (needs a participant's token).

    With --dossier: a tagged PDF/A for an inquiry's file with both sides' figures, chains, origins, findings, inquiries,
    records, and what it rests on; the same answers give the same bytes.
    """
    if dossier is not None:
        write_atomic(dossier, asyncio.run(_dossier(url, token, number, language, policy)))
        say(f"written: {dossier}")
        return
    direction = "both" if up == down else "up" if up else "down"
    answer = _get(url, token, f"/v1/certificates/{quote(number, safe='')}/custody?direction={direction}")
    if json or format == "json":
        print_json(answer)
    elif format == "dot":
        print(dot(answer))
    else:
        _print(answer)


def stock(
    participant: Annotated[str, Parameter(help="Its code.")],
    /,
    *,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """Show a participant's stock by HS code: opening, production, imports, less exports (needs an auditor's token)."""
    answer = _get(url, token, f"/v1/participants/{quote(participant, safe='')}/stock")
    if json:
        print_json(answer)
        return
    columns = ["HS", "opening", "production", "imports", "exports", "stock", "uncovered exports", "of exports"]
    rows = [(one["hs"], one) for one in answer["by_hs"]] + [("all", answer["total"])]
    print_table(columns, [[hs, *_balance(one)] for hs, one in rows], right=range(1, len(columns)))
    say(f"\ncarats of {answer['participant']} at height {answer['read_at_height']}")


def _balance(one: Mapping[str, Any]) -> list[str]:
    shown = ("opening", "production", "imports", "exports", "stock", "uncovered")
    return [*(str(one[name]) for name in shown), f"{one['uncovered_percent']} %"]


def _get(url: str, token: str, path: str) -> dict[str, Any]:
    async def fetch() -> dict[str, Any]:
        async with Client(url, token) as client:
            return await client.get_json(path)

    return asyncio.run(fetch())


async def _dossier(url: str, token: str, number: str, language: str, policy: Path | None) -> bytes:
    trusted = None if policy is None else read_policy(policy)
    async with Client(url, token) as client:
        return await fetch_dossier(client, number, language, trusted)


def _print(answer: Mapping[str, Any]) -> None:
    for side, title in (("up", "came from"), ("down", "went to")):
        chain = answer[side]
        if chain is None:
            continue
        console.print(f"[bold]{title}[/bold]")
        for line in tree(chain, up=side == "up", ascii_only=console.options.ascii_only):
            console.print(line, soft_wrap=True)
        if chain["cut"]:
            say(f"cut after {len(chain['certificates'])} certificates: ask for one that is not followed to go on from there")
        console.print()
    if answer["composition"] is not None:
        _print_origins(answer["composition"])
    say(f"read at height {answer['read_at_height']}")


def _print_origins(found: Mapping[str, Any]) -> None:
    rows = [
        [f"{one['country']} {plain(one['zone'])}".strip(), one["lowest"], one["pro_rata"], one["highest"], one["stated"]]
        for one in found["origins"]
    ]
    rows += [[" or ".join(one["countries"]) or "not stated", "", one["pro_rata"], "", ""] for one in found["mixed"]]
    print_table(["origin", "at least", "pro rata", "at most", "as stated"], rows, right=range(1, 5))
    of_all = "every origin is exact" if found["exact"] else "at most and at least: whatever way the carats have travelled"
    say(f"carats of {found['carats']}; {of_all}{'' if found['closest'] else ', and closer bounds may exist'}\n")
