"""`devnet`: one command, a whole network."""

import asyncio
import re
import signal
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Annotated, Literal

from cyclopts import Parameter, validators
from rich.progress import MofNCompleteColumn, Progress

from api.demo.network import NOTES
from ledger.units import Ms
from node.cli.output import console, print_table, say
from node.client import Client
from node.demo_releases import release_year
from node.devnet import Devnet
from node.devnet_making import BASE_PORT, FIRST, LAST_BASE_PORT, NODES
from node.errors import FatalError, command
from node.releasing import proposer
from node.replay import replay

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_Load = Literal["none", "week", "year"]
_FIGURE = re.compile(r"\d+(\.\d+)?")


def devnet(
    *,
    nodes: Annotated[
        int | None,
        Parameter(validator=validators.Number(gte=1, lte=len(FIRST)), help=f"How many nodes; default if new: {NODES}."),
    ] = None,
    dir: Annotated[Path, Parameter(help="Where to keep the network; there already: resume it.")] = Path(".devnet"),  # noqa: A002 - the option's name
    base_port: Annotated[
        int | None,
        Parameter(
            validator=validators.Number(gte=1, lte=LAST_BASE_PORT),
            help=f"Node i (from 0): HTTP at this + i, peers + 100 + i, admin + 200 + i; default if new: {BASE_PORT}.",
        ),
    ] = None,
    load: Annotated[_Load, Parameter(help="Trade to replay once the nodes are ready; a year needs a new network.")] = "none",
) -> None:
    """Run a whole network on this machine, in the foreground: genesis, keys, one process a node. Ctrl-C stops it cleanly."""
    for number in _STOPPING:
        signal.signal(number, _interrupt)
    network = Devnet.prepare(dir, nodes, base_port, year=load == "year")
    try:
        network.start()
        asyncio.run(_run(network, load))
    except KeyboardInterrupt:
        _heed_no_more()
    finally:
        _heed_no_more()
        network.stop()
    console.print("stopped; the same command goes on where it was")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """The first wish to stop is carried out; a second one does not leave nodes behind."""
    _heed_no_more()
    raise KeyboardInterrupt


def _heed_no_more() -> None:
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)


async def _run(network: Devnet, load: _Load) -> None:
    stopping = asyncio.Event()
    for number in _STOPPING:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    waiting = asyncio.ensure_future(stopping.wait())
    work = asyncio.ensure_future(_work(network, load))
    await asyncio.wait([waiting, work], return_when=asyncio.FIRST_COMPLETED)
    if work.done():
        work.result()
        told: set[str] = set()
        while not stopping.is_set():
            for member in network.dead():
                if member.participant not in told:
                    told.add(member.participant)
                    start = command("start", "--home", member.home)
                    say(f"the node of {member.participant} has ended; start it again: {start}")
            await asyncio.wait([waiting], timeout=0.5)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def _work(network: Devnet, load: _Load) -> None:
    """Waits for the nodes, describes them, replays the load."""
    await network.ready()
    network.write_description("none" if load == "none" else "running")
    for note in NOTES:
        console.print(note, style="dim")
    for member in network.members:
        say(f"{member.participant}  {member.api}/   metrics http://{member.admin}/metrics")
    say(f"keys, tokens and addresses: {network.directory / 'devnet.json'}")
    if load != "none":
        await _replay(network, load)
        if load == "year":
            await _releases(network)
        network.write_description("done")
        await _findings(network)
        _show_next(network)
    console.print("Ctrl-C stops all nodes; the same command goes on where it was")


async def _replay(network: Devnet, load: Literal["week", "year"]) -> None:
    """Replays the week, or the year, and says what came of it."""
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console, transient=True) as bar:
        task = bar.add_task(f"a {load} of world trade", total=None)
        report = await replay(network, load, lambda done, size: bar.update(task, completed=done, total=size))
    if report is None:
        console.print(f"the {load}'s trade is on the ledger already")
        return
    issued, confirmed = report.accepted["certificate.issue"], report.accepted["import.confirm"]
    console.print(f"[bold]{issued}[/bold] certificates issued, [bold]{confirmed}[/bold] imports answered; among them:")
    print_table(["", "what"], _grouped(report.notes))
    console.print(f"[bold]{len(report.refused)}[/bold] forged or mistaken submissions, every one refused:")
    print_table(["by", "number", "what", "refused as"], [[s.author, s.number, s.note, text] for s, text in report.refused])
    for step, text in report.wrong:
        say(f"unexpected: {step.kind} {step.number} by {step.author} ({step.note}): {text}")


def _grouped(notes: Mapping[str, int]) -> list[list[object]]:
    """Counts and notes, the most frequent first; notes that differ in one figure are one, with the least and the most."""
    figures: dict[str, list[str]] = {}
    counts: Counter[str] = Counter()
    for note, count in notes.items():
        form = _FIGURE.sub("{}", note, count=1)
        counts[form] += count
        figures.setdefault(form, []).extend(match[0] for match in [_FIGURE.search(note)] if match)
    rows: list[list[object]] = []
    for form, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        span = sorted(set(figures[form]), key=float)
        rows.append([count, form.replace("{}", " to ".join(dict.fromkeys((span[0], span[-1]))) if span else "", 1)])
    return rows


async def _releases(network: Devnet) -> None:
    """The secretariat releases the statistics of what has closed, where the solver for it is at hand."""
    try:
        propose = proposer()
    except FatalError as error:
        say(f"no statistics are released here: {error}".replace("\n", " "))
        return
    async with Client(network.members[0].api, network.tokens["auditor"]) as client:
        with console.status("statistics are proposed and judged by every node"):
            done = await release_year(client, network.directory, Ms(time.time_ns() // 1_000_000), propose)
    console.print(f"[bold]{len(done)}[/bold] releases of statistics, made anew and judged by every node:")
    print_table(["", "", "cells", "confidential"], [[s.name, s.state, s.cells, s.confidential] for s in done], right=(2, 3))


async def _findings(network: Devnet) -> None:
    """What the ledger has found, by rule; every node is asked, since each finds for itself."""
    lists = []
    for member in network.members:
        async with Client(member.api, network.tokens["auditor"]) as client:
            lists.append((await client.get_list("/v1/findings", {"status": "open"}))["items"])
            rules = {rule["rule"]: rule["meaning"] for rule in (await client.get_json("/v1/findings/rules"))["rules"]}
    found = Counter((finding["rule"], finding["severity"]) for finding in lists[0])
    same = "the same on every node" if all(one == lists[0] for one in lists) else "not yet the same on every node"
    console.print(f"[bold]{found.total()}[/bold] open findings, {same}:")
    rows: dict[str, Counter[str]] = {}
    for (rule, severity), count in found.items():
        rows.setdefault(rule, Counter())[severity] += count
    weights = ("high", "medium", "low")
    print_table(
        ["rule", *weights, "finds"],
        [
            [rule, *(counts[weight] or "" for weight in weights), rules[rule]]
            for rule, counts in sorted(rows.items(), key=lambda row: ([-row[1][weight] for weight in weights], row[0]))
        ],
        right=(1, 2, 3),
    )


def _show_next(network: Devnet) -> None:
    """Where to look, and how to check it without trusting the nodes."""
    copy, trust = network.directory / "log", ["--policy", network.directory / "policy"]
    api, token = network.members[0].api, network.tokens["auditor"]
    say(f"page    {api}/")
    say(f"find    {command('findings', 'list', '--url', api, '--token', token)}")
    say(f"check   {command('log', 'export', copy, *trust, '--url', api, '--token', token)}")
    say(f"        {command('log', 'verify', copy, *trust)}")
