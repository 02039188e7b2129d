"""`devnet`: one command, a whole network."""

import asyncio
import signal
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter, validators

from node.cli.output import console
from node.devnet import Devnet


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
        console.print("stopped; run the same command again to go on")


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
    network.write_description("none")
    for member in network.members:
        console.print(f"{member.participant}  {member.api}/   metrics http://{member.admin}/metrics", soft_wrap=True)
    console.print(f"keys, tokens and addresses: {network.directory / 'devnet.json'}", soft_wrap=True)
    console.print("Ctrl-C stops all nodes")
