"""`devnet`: one command, a whole network."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter, validators
from rich.progress import MofNCompleteColumn, Progress

from api.demo.network import NOTES
from node.cli.output import console, print_table
from node.devnet import Devnet
from node.replay import replay


def register(app: App) -> None:
    """Adds this group's verbs."""
    app.command(devnet)


def devnet(
    *,
    nodes: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=13), help="How many nodes.")] = 4,
    dir: Annotated[Path, Parameter(help="Where to keep the network; there already: resume it.")] = Path(".devnet"),  # noqa: A002
    base_port: Annotated[int, Parameter(help="Node i: HTTP at this + i, peers + 100 + i, admin + 200 + i.")] = 8600,
    load: Annotated[Literal["none", "week"], Parameter(help="Trade to replay once the nodes are ready.")] = "none",
) -> None:
    """Run a whole network on this machine, in the foreground: genesis, keys, one process a node. Ctrl-C stops it cleanly."""
    network = Devnet.prepare(dir, nodes, base_port)
    network.start()
    try:
        asyncio.run(_run(network, load))
    finally:
        network.stop()
        console.print("stopped")


async def _run(network: Devnet, load: str) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
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
                    console.print(
                        f"the node of {member.participant} has ended; start it again: kpledger start --home {member.home}"
                    )
            await asyncio.wait([waiting], timeout=0.5)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)


async def _work(network: Devnet, load: str) -> None:
    """Waits for the nodes, describes them, replays the load."""
    await network.ready()
    network.write_description("none" if load == "none" else "running")
    for note in NOTES:
        console.print(note, style="dim")
    for member in network.members:
        console.print(f"{member.participant}  {member.api}/   metrics http://{member.admin}/metrics", soft_wrap=True)
    console.print(f"keys, tokens and addresses: {network.directory / 'devnet.json'}", soft_wrap=True)
    if load != "none":
        await _replay(network)
        network.write_description("done")
    console.print("Ctrl-C stops all nodes; the same command goes on where it was")


async def _replay(network: Devnet) -> None:
    """Replays the week and says what came of it."""
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=console, transient=True) as bar:
        task = bar.add_task("a week of world trade")
        report = await replay(network, lambda done, size: bar.update(task, completed=done, total=size))
    if report is None:
        console.print("the week's trade is on the ledger already")
        return
    issued, confirmed = report.accepted["certificate.issue"], report.accepted["import.confirm"]
    console.print(f"[bold]{issued}[/bold] certificates issued, [bold]{confirmed}[/bold] imports answered; among them:")
    print_table(["", "what"], [[count, note] for note, count in sorted(report.notes.items(), key=lambda item: -item[1])])
    console.print(f"[bold]{len(report.refused)}[/bold] forged or mistaken submissions, every one refused:")
    print_table(["by", "number", "what", "refused as"], [[s.author, s.number, s.note, text] for s, text in report.refused])
    for step, text in report.wrong:
        console.print(f"[bold red]unexpected[/bold red] {step.kind} {step.number} by {step.author} ({step.note}): {text}")
    console.print(f"page    {network.members[0].api}/")
    console.print(f"check   kpledger log export LOG --policy {network.directory / 'policy'} --token AUDITOR", soft_wrap=True)
