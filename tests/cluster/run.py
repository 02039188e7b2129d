"""One run inside its namespaces: nodes, clients, faults by rounds, and what is to be said of it in the end."""

import asyncio
import itertools
import re
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ledger.policy import Policy, parse_policy
from ledger.record import record_id
from ledger.tiles import decode_bundle, new_bundles
from node.client import Client
from node.export import export_log, verify_log
from tests.cluster.clients import Clients
from tests.cluster.history import ACCEPTED, OPEN, READ, REFUSED, History
from tests.cluster.nemesis import Nemesis, Round
from tests.cluster.verdict import Entry, judge
from tests.cluster.watch import EVERY_SECONDS, Watch
from tests.support.fleet import Fleet, Node
from tests.support.linearizability import NEVER

PROGRESS_SECONDS = 10.0
"""Within this after healing a new record is final; in own time (`tests.cluster.watch`), as the other bounds."""

EVERYWHERE_SECONDS = 60.0
"""Within this, at every node."""

MUST_GO_ON_SECONDS = 12.0
"""A fault that leaves a quorum and holds for longer than this must not stop the cluster."""

SETTLE_SECONDS = 60.0
_GOOD_STOP = frozenset({0})
_DISK = re.compile(r"StoreError|WalFailedError|No space left on device")
_ALARMS = re.compile(r"Traceback|this node stops voting|http\.unforeseen|ended unexpectedly|never retrieved|was never awaited")


@dataclass(slots=True)
class Recovery:
    """What followed one round: from the first step of healing to a new record's finality, in own seconds and in the clock's."""

    round: Round
    acknowledged: int
    progress: tuple[float, float]
    everywhere: tuple[float, float]

    def __str__(self) -> str:
        first, last = (
            f"{own:.1f} s" + (f" ({took:.1f})" if took - own > 0.5 else "") for own, took in (self.progress, self.everywhere)
        )
        return f"{self.round}: {self.acknowledged} acknowledged meanwhile; then {first}, everywhere {last}"


@dataclass(slots=True)
class Summary:
    """A run in figures and words."""

    nodes: int
    seed: int
    seconds: float = 0.0
    own: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)
    log_size: int = 0
    height: int = 0
    packets: tuple[int, int] = (0, 0)
    recoveries: list[Recovery] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"{self.nodes} nodes, seed {self.seed}, {self.seconds:.0f} s, {self.own:.0f} s of them this run's own (see watch.py)"
        yield "operations: " + ", ".join(f"{count} {what}" for what, count in self.counts.items())
        yield f"log: {self.log_size} records in {self.height} blocks; packets: {self.packets[0]} carried, {self.packets[1]} lost on purpose"
        yield from (f"  {one}" for one in self.recoveries)
        if self.recoveries:
            slowest = max(one.progress[0] for one in self.recoveries), max(one.everywhere[0] for one in self.recoveries)
            yield f"{len(self.recoveries)} recoveries, slowest {slowest[0]:.1f} s, everywhere {slowest[1]:.1f} s"
        yield f"violations: {len(self.violations)}"
        yield from (f"  {text}" for text in self.violations)


async def run(directory: Path, count: int, seed: int, rounds: Iterable[Round], seconds: float, rate: float) -> Summary:
    """Runs rounds until `seconds` have passed or there are no more; the history is left in `directory/history.jsonl`."""
    started = time.monotonic()
    fleet = Fleet(directory, count, seed)
    history, summary, nemesis = History(), Summary(count, seed), Nemesis(fleet)
    for node in fleet.nodes:
        fleet.start(node)
    await asyncio.to_thread(fleet.wait_ready)
    watch = Watch(fleet, history)
    async with Clients(fleet, history, seed, rate) as clients:
        stop = asyncio.Event()
        work = asyncio.ensure_future(clients.work(stop))
        for one in rounds:
            if time.monotonic() - started > seconds or summary.violations:
                break
            try:
                summary.recoveries.append(await _round(fleet, clients, nemesis, watch, one, summary))
            except Exception as error:  # noqa: BLE001 - the history is worth more than its traceback
                summary.violations.append(f"{one} came to nothing: {error!r}")
            await asyncio.sleep(one.rest)
        stop.set()
        await work
        await _judge(fleet, clients, nemesis, summary)
    await asyncio.to_thread(watch.stop)
    summary.violations += [*nemesis.violations, *fleet.ended(), *_stop(fleet)]
    summary.counts = _counts(history)
    fleet.switch.set([])
    summary.packets = fleet.switch.carried, fleet.switch.lost
    summary.seconds, summary.own = time.monotonic() - started, watch.time.at(time.monotonic())
    history.write(directory / "history.jsonl", summary.violations)
    if summary.violations:  # that node's home is on a file system that ends with this process
        shutil.copytree(fleet.nodes[fleet.small].home.path, directory / "small", dirs_exist_ok=True)
    return summary


async def _judge(fleet: Fleet, clients: Clients, nemesis: Nemesis, summary: Summary) -> None:
    """What the history and the final logs show."""
    policy = parse_policy(fleet.policy.read_bytes())
    try:
        logs = await _final_logs(fleet, policy)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the run's outcome
        summary.violations.append(f"no final logs: {error!r}")
    else:
        summary.violations += judge(clients.history.operations, logs, policy, nemesis.jumped)
        summary.log_size, summary.height = len(logs[fleet.nodes[0].code]), clients.history.height
    summary.violations += clients.failures


async def _round(fleet: Fleet, clients: Clients, nemesis: Nemesis, watch: Watch, one: Round, summary: Summary) -> Recovery:
    history = clients.history
    history.note(f"begin: {one}")
    began, before = time.monotonic(), _acknowledged(history)
    await asyncio.to_thread(nemesis.begin, one.faults)
    await asyncio.sleep(max(0.0, one.hold - (time.monotonic() - began)))
    acknowledged = _acknowledged(history) - before
    own = watch.time.at(time.monotonic()) - watch.time.at(began)
    if acknowledged == 0 and own >= MUST_GO_ON_SECONDS and one.goes_on(len(fleet.nodes), fleet.quorum):
        summary.violations.append(f"nothing was acknowledged during {one}, though a quorum was connected")
    history.note(f"heal: {one}")
    healing, healed = asyncio.ensure_future(asyncio.to_thread(nemesis.end, one.faults)), time.monotonic()
    probes = await asyncio.gather(*(_probe(clients, node) for node in fleet.nodes))
    await healing
    await asyncio.sleep(2 * EVERY_SECONDS)
    final = sorted(at for at in probes if at != NEVER)
    took = [at - healed for at in final]
    owned = [watch.time.at(at) - watch.time.at(healed) for at in final]
    told = f"{one}: {', '.join(f'{own:.1f}' for own in owned) or 'nowhere'} s"
    history.note(f"well after {told}")
    if not owned or owned[0] > PROGRESS_SECONDS or took[0] > EVERYWHERE_SECONDS:
        summary.violations.append(f"no new record was final within {PROGRESS_SECONDS:.0f} s after {told}")
    if len(owned) < len(fleet.nodes) or owned[-1] > EVERYWHERE_SECONDS:
        summary.violations.append(f"not every node made a new record final in {EVERYWHERE_SECONDS:.0f} s after {told}")
    summary.violations += fleet.ended()
    if not final:
        return Recovery(one, acknowledged, (NEVER, NEVER), (NEVER, NEVER))
    return Recovery(one, acknowledged, (owned[0], took[0]), (owned[-1], took[-1]))


async def _probe(clients: Clients, node: Node) -> float:
    """When a record is final that is submitted to this node from now on."""
    operation = await clients.submit("issue", clients.fresh(), node, stay=True, patience=2 * EVERYWHERE_SECONDS)
    return operation.returned if operation.outcome == ACCEPTED else NEVER


async def _final_logs(fleet: Fleet, policy: Policy) -> dict[str, list[Entry]]:
    """Every node's log, once all have the same quorum checkpoint; exported and verified as an auditor does it.

    Raises:
        TimeoutError: they do not come to the same.
        ProofError: a log does not hold what its checkpoint says.
    """
    logs: dict[str, list[Entry]] = {}
    async with asyncio.timeout(SETTLE_SECONDS):
        while len({tuple(head) for head in await asyncio.gather(*(_head(node) for node in fleet.nodes))}) > 1:
            await asyncio.sleep(0.2)
    heights: dict[str, int] = {}
    for node, token in zip(fleet.nodes, fleet.tokens, strict=False):
        place = fleet.directory / "export" / node.code
        async with Client(node.url, token) as client:
            checkpoint = (await export_log(client, place, policy)).checkpoint
            await asyncio.to_thread(verify_log, place, policy, lambda *_: None)
            bundles = [
                decode_bundle((place / tile.path()).read_bytes(), tile.width) for tile in new_bundles(0, checkpoint.size)
            ]
            records = [record_id(raw).hex() for raw in itertools.chain(*bundles)]
            if not heights:
                heights = await _heights(client)
        logs[node.code] = [Entry(record, heights.get(record, -1)) for record in records]
    return logs


async def _head(node: Node) -> list[str]:
    """Size and root of a node's newest quorum checkpoint, and how much it has executed."""
    async with Client(node.url) as client:
        note = (await client.get_bytes("/log/checkpoint")).decode()
        return [*note.split("\n")[1:3], str((await client.get_json("/v1/network"))["tree_size"])]


async def _heights(client: Client) -> dict[str, int]:
    """By record, the height of its block, as one node's list of certificates says."""
    heights: dict[str, int] = {}
    numbers: list[str] = []
    cursor = ""
    while True:
        page = await client.get_json(f"/v1/certificates?limit=500{f'&cursor={cursor}' if cursor else ''}")
        numbers += [row["number"] for row in page["items"]]
        if (cursor := page["next"]) is None:
            break
    for number in numbers:
        found = await client.get_json(f"/v1/certificates/{number}")
        heights |= {record["id"]: record["height"] for record in found["records"]}
        await asyncio.sleep(0.005)  # a token's rate
    return heights


def _stop(fleet: Fleet) -> Iterator[str]:
    """Stops all; whatever a node has said that no node should."""
    fleet.stop()
    for node in fleet.nodes:
        if node.exits[-1] not in _GOOD_STOP:
            yield f"{node.code} was told to stop and ended with {node.exits[-1]}:\n{fleet.log_end(node)}"
        if told := list(_complaints(node, full_disk=node.place == fleet.small)):
            yield f"{node.code} said {len(told)} times what it should not, first: {told[0][:2_000]}"


def _complaints(node: Node, *, full_disk: bool) -> Iterator[str]:
    """What a node has said that no node should, except what a full disk explains: JSON lines, and what stands between them."""
    plain: list[str] = []
    for line in [*node.log.read_text(encoding="utf-8", errors="replace").splitlines(), "{"]:
        if not line.startswith("{"):
            plain.append(line)
            continue
        for text in ("\n".join(plain), line):
            if _ALARMS.search(text) and not (full_disk and _DISK.search(text)):
                yield text
        plain = []


def _acknowledged(history: History) -> int:
    return sum(one.outcome == ACCEPTED for one in history.operations)


def _counts(history: History) -> dict[str, int]:
    writes = [one for one in history.operations if one.kind != "read"]
    reads = [one for one in history.operations if one.outcome == READ]
    return {
        "issues": sum(one.kind == "issue" for one in writes),
        "confirmations": sum(one.kind == "confirm" for one in writes),
        "acknowledged": sum(one.outcome == ACCEPTED for one in writes),
        "refused": sum(one.outcome == REFUSED for one in writes),
        "open": sum(one.outcome == OPEN for one in writes),
        "reads": len(reads),
        "waiting reads": sum(one.least >= 0 for one in reads),
    }
