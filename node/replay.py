"""Replays generated trade (`api.demo.trade`) into a devnet through its public interface, wave by wave.

A wave is submitted at all nodes at once, each author at its own node where it has one; the next wave goes when every node has
executed this one. What must be accepted is submitted until it is final; what must be refused is submitted once, and the answer
compared with what the generator expects. A replay that was interrupted goes on where it was: the same bytes are made
again from the remembered seed and instant, and sending them twice is harmless; after too long a time a new week begins.

A year is played day by day on a network that was made for it: its nodes' clocks, which began a year ago, are moved on to each
day's last step, and go with the machine's when the year is over.
"""

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal

from api.demo.network import read_keys
from api.demo.trade import Step, Trade, make_trade
from api.demo.year import make_year
from ledger.bodies import RETURN_COUNTERSIGN
from ledger.genesis import Genesis
from ledger.units import Ms, block_date
from node.client import Client, ProblemError, Taken
from node.devnet import Devnet
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.filing import Filing

Load = Literal["week", "year"]
_FILES = {"week": "load", "year": "year"}
"""Where it is remembered."""

_BATCH = 50
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_PAUSE_SECONDS = 0.2
_POLLS = 3_000
_FRESH_SECONDS = 5_400
"""A replay that was begun longer ago is not gone on with: its records would be too old to be accepted."""


@dataclass(slots=True)
class Report:
    """What came of a replay.

    Attributes:
        accepted: by kind of record.
        notes: unusual but sound steps, by the generator's note.
        refused: forgeries that were refused, with the reason the ledger gave.
        wrong: steps whose answer was not the expected one.
    """

    accepted: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[Step, str]] = field(default_factory=list)
    wrong: list[tuple[Step, str]] = field(default_factory=list)


async def replay(
    network: Devnet, load: Load, progress: Callable[[int, int], None], certificates: int | None = None
) -> Report | None:
    """Replays a week or a year that ends now; None when that was replayed on this network before.

    Args:
        network: running; for a year, one that was made for it.
        load: which of them.
        progress: is told how many steps are done, and of how many.
        certificates: of how many certificates; None: as many as it has.

    Raises:
        FatalError: a node cannot be reached for long, or an earlier replay was interrupted too long ago.
    """
    plan = network.directory / f"{_FILES[load]}.json"
    remembered = _remembered(plan, network, load)
    if remembered and remembered["done"]:
        return None
    end = remembered["end"] if remembered else _now()
    seed = remembered["seed"] if remembered else secrets.randbelow(2**31)
    write_atomic(plan, json.dumps({"end": end, "seed": seed, "done": False}).encode())
    genesis = Genesis.from_json((network.directory / "genesis.json").read_bytes())
    keys = read_keys(network.directory / "keys")
    make = partial(make_trade if load == "week" else make_year, genesis, keys, Ms(end), seed=seed)
    trade = await asyncio.to_thread(make if certificates is None else partial(make, certificates=certificates))
    filing = Filing(genesis, keys) if load == "year" else None
    report = Report()
    async with AsyncExitStack() as stack:
        clients = {
            member.participant: await stack.enter_async_context(Client(member.api, network.tokens["auditor"]))
            for member in network.members
        }
        done = 0
        for instant, wave in _waves(trade, load):
            network.clock.move_to(instant)
            for part in _parts(wave):
                await _submit(await _finished(part, filing, next(iter(clients.values()))), clients, report)
                done += len(part)
                progress(done, len(trade.steps))
    network.clock.move_to(_now())
    write_atomic(plan, json.dumps({"end": end, "seed": seed, "done": True}).encode())
    return report


def _remembered(plan: Path, network: Devnet, load: Load) -> dict[str, int] | None:
    """Where an earlier replay began, if it can be gone on with; raises FatalError where no other can begin either."""
    remembered: dict[str, int] | None = json.loads(plan.read_text(encoding="utf-8")) if plan.exists() else None
    if remembered is None or remembered["done"] or (_now() - remembered["end"]) / 1000 <= _FRESH_SECONDS:
        return remembered
    if load == "week" and block_date(Ms(remembered["end"])) != block_date(_now()):
        return None  # another day's week has numbers of its own
    there = "" if load == "year" else "; or here, tomorrow"
    raise FatalError(
        f"The replay in {network.directory} was interrupted too long ago to be gone on with.",
        "Its remaining records would be refused as too old.",
        f"Begin again in another directory: {command('devnet', '--load', load, '--dir', 'NEW')}{there}.",
        Exit.FAILED,
    )


def _waves(trade: Trade, load: Load) -> Iterator[tuple[int, list[Step]]]:
    """Waves in order, with the instant to which the clock is moved before each."""
    if load == "week":
        yield from ((0, wave) for wave in trade.waves())
        return
    for day in trade.days():
        instant = max(step.at for wave in day for step in wave)
        yield from ((instant, wave) for wave in day)


async def _finished(steps: Sequence[Step], filing: Filing | None, client: Client) -> Sequence[Step]:
    """The steps with the bytes of the returns among them, which state what the ledger says now."""
    if filing is None:
        return steps
    finished = []
    for step in steps:
        if step.kind == RETURN_COUNTERSIGN:
            finished.append(replace(step, submission=filing.countersigned(step)))
            continue
        if step.period:
            quarter, flow = step.period.split()
            sums = await client.quarter(step.author, quarter, flow)
            last = None if sums.last is None else bytes.fromhex(sums.last)
            finished.append(replace(step, submission=filing.submission(step, last)))
            continue
        finished.append(step)
        if step.expect is None:
            filing.count(step)
    return finished


def _now() -> Ms:
    return Ms(time.time_ns() // 1_000_000)


def _parts(wave: Sequence[Step]) -> list[Sequence[Step]]:
    """A wave in parts small enough to show progress."""
    size = 4 * _BATCH
    return [wave[start : start + size] for start in range(0, len(wave), size)]


async def _submit(steps: Sequence[Step], clients: dict[str, Client], report: Report) -> None:
    """Submits steps of one wave and waits until every node has executed them."""
    nodes = list(clients)
    shares: dict[str, list[Step]] = {node: [] for node in nodes}
    for place, step in enumerate(steps):
        shares[step.author if step.author in clients else nodes[place % len(nodes)]].append(step)
    heights = await asyncio.gather(*(_share(clients[node], share, report) for node, share in shares.items()))
    await asyncio.gather(*(_reached(client, max(heights)) for client in clients.values()))


async def _share(client: Client, steps: list[Step], report: Report) -> int:
    """One node's share; the highest block that any of it went into."""
    height = 0
    while steps:
        batch, steps = steps[:_BATCH], steps[_BATCH:]
        try:
            answers = await client.submit_many([step.submission for step in batch], wait=True)
        except ProblemError as error:
            if error.status not in _AGAIN:
                raise
            answers = [error] * len(batch)
        again = []
        for step, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Taken):
                if answer.receipt is None:
                    again.append(step)
                    continue
                height = max(height, answer.height or 0)
                _note_accepted(step, report)
            elif answer.status in _AGAIN:
                again.append(step)
            else:
                _note_refused(step, answer, report)
        if again:
            steps = again + steps
            await asyncio.sleep(_PAUSE_SECONDS)
    return height


def _note_accepted(step: Step, report: Report) -> None:
    if step.expect is not None:
        report.wrong.append((step, "accepted"))
        return
    report.accepted[step.kind] += 1
    if step.note:
        report.notes[step.note] += 1


def _note_refused(step: Step, answer: ProblemError, report: Report) -> None:
    if step.expect is not None and answer.problem.get("error") == step.expect:
        field = answer.problem.get("field")
        report.refused.append((step, f"{step.expect}{f' at {field}' if field else ''}"))
    else:
        report.wrong.append((step, str(answer)))


async def _reached(client: Client, height: int) -> None:
    for _ in range(_POLLS):
        if (await client.network()).height >= height:
            return
        await asyncio.sleep(_PAUSE_SECONDS / 10)
    raise FatalError(
        f"The node at {client.url} has not reached height {height}.",
        "The replay cannot go on without it.",
        "See its log (node.log in its home), and run the same command again.",
        Exit.UNREACHABLE,
    )
