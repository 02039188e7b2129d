"""node/releases.py: four nodes judge what is published; an honest release stands, byte for byte the same, a lie is refused.

Each node has the real parts, a ledger of its own and a thread; what they submit goes into blocks that all of them execute.
"""

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.participants import SECRETARIAT
from ledger.record import parse_record
from ledger.release_entries import ReleaseState
from ledger.statistics.proposal import Witness, encode_proposal
from ledger.statistics.tables import BlockKey
from node import releases as module
from node.disclosure.propose import propose
from node.own import OwnRecords
from node.releases import NOT_CHECKED, Releases
from tests.support import quarter, reports
from tests.support.parts import Road, node_keys, running, until
from tests.support.publishing import Made, Publisher
from tests.support.quarter import PERIOD, tell_of_quarter
from tests.support.told import Told
from tests.support.world import VALIDATORS, genesis, seed

KEYS = {code: {name: seed(f"{code}/{name}") for name in ("audit", "consensus")} for code in (*VALIDATORS, SECRETARIAT)}
ROOT = Path(__file__).resolve().parents[2]
UNSAFE = f"{PERIOD}/export/NA/710231/"
SECONDARY = f"{PERIOD}/export/BW/710231/"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp("quarter"), tell_of_quarter, genesis())


class Node(Road):
    """A node's parts with the releases that it judges."""

    def __init__(self, told: Told, code: str) -> None:
        super().__init__(told.copy())
        self.code = code
        self.start()

    def start(self) -> None:
        """As after a restart: nothing is remembered but what the store has."""
        pen = OwnRecords(self.code, self.ledger, node_keys(self.code), self.intake, lambda: self.now)
        self.releases = Releases(self.ledger, pen)

    def close(self) -> None:
        self.releases.close()
        super().close()
        self.world.store.close()


class Nodes:
    """Four validators' nodes; what one submits goes into a block that all execute.

    Attributes:
        publisher: the secretariat, with the first node's ledger.
        taken: what stands in a block already.
    """

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes
        self.publisher = Publisher(self.ledger, KEYS, lambda: nodes[0].world.now)
        self.taken: set[bytes] = set()

    @property
    def ledger(self):
        return self.nodes[0].ledger

    def block(self, *raws: bytes) -> None:
        """A block of these records, at every node; none may be refused."""
        records = [parse_record(raw) for raw in raws]
        for node in self.nodes:
            node.now = node.world.now
            node.world.accept(*records)
            node.releases.executed()

    async def judged(self, release: bytes) -> ReleaseState:
        """Blocks with what the nodes submit, until the release is decided."""
        async with asyncio.timeout(30):
            while self.state(release) == ReleaseState.UNDECIDED:
                fresh = [raw for node in self.nodes for raw in node.spread if raw not in self.taken]
                if fresh:
                    self.taken.update(fresh)
                    self.block(fresh[0])
                    for raw in fresh[1:]:
                        if self.state(release) == ReleaseState.UNDECIDED:
                            self.block(raw)
                await asyncio.sleep(0.005)
        return self.state(release)

    def state(self, release: bytes) -> ReleaseState:
        return self.ledger.release(release)[1].entry.state

    def publish(self, made: Made) -> None:
        self.block(*made.records[:-1])
        self.block(made.records[-1])

    async def said(self, release: bytes) -> dict[str, tuple[str, str]]:
        """What every node has to say, whether its word is on the ledger or was not needed any more."""
        await until(lambda: all(self._own(node, release) for node in self.nodes))
        return {node.code: self._own(node, release)[0] for node in self.nodes}

    def _own(self, node: Node, release: bytes) -> list[tuple[str, str]]:
        bodies = [parse_record(raw).body for raw in node.spread]
        return [(body.code, body.cell) for body in bodies if body.release == release]


@asynccontextmanager
async def four(told: Told):
    async with AsyncExitStack() as stack:
        nodes = []
        for code in VALIDATORS:
            nodes.append(Node(told, code))
            stack.callback(nodes[-1].close)
        await stack.enter_async_context(running(*(node.releases.run() for node in nodes)))
        yield Nodes(nodes)


def play(told: Told, work: Callable[[Nodes], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(60), four(told) as nodes:
            await work(nodes)

    asyncio.run(whole())


def test_an_honest_release_is_the_same_on_every_node(told: Told) -> None:
    async def work(nodes: Nodes) -> None:
        proposal = nodes.publisher.propose(PERIOD, propose)
        confidential = {"/".join(cell) for cell in proposal.confidential}
        assert {UNSAFE, SECONDARY} <= confidential
        made = nodes.publisher.draft(proposal)
        nodes.publish(made)
        assert await nodes.judged(made.id) == ReleaseState.RELEASED
        files = []
        for node in nodes.nodes:
            await until(lambda node=node: node.ledger.release_file(made.id, "json"))
            files.append([node.ledger.release_file(made.id, form) for form in ("json", "csv")])
        assert all(one == [made.json, made.csv] for one in files)
        rows = {(row["flow"], row["participant"], row["hs"]): row for row in json.loads(made.json)["rows"]}
        assert (rows["export", "AO", "all"]["carats"], rows["export", "AO", "all"]["status"]) == ("335.10", "")
        assert (rows["export", "NA", "all"]["carats"], rows["export", "NA", "all"]["status"]) == ("", "c")
        assert rows["export", "NA", "all"]["certificates"] == "3"
        await asyncio.sleep(0.05)
        assert all(len(node.spread) <= 1 for node in nodes.nodes), "nobody says it twice"

    play(told, work)


def wrong_sum(nodes: Nodes) -> Made:
    """AO's published exports are stated a hundred carats higher."""
    proposal = nodes.publisher.propose(PERIOD, propose)
    text = nodes.publisher.draft(proposal).json
    lie = text.replace(b'"carats":"335.10"', b'"carats":"435.10"')
    assert lie != text
    return nodes.publisher.publish(proposal, lie)


def without(cell_prefix: str) -> Callable[[Nodes], Made]:
    """Cells are published that must not be."""

    def publish(nodes: Nodes) -> Made:
        proposal = nodes.publisher.propose(PERIOD, propose)
        fewer = tuple(cell for cell in proposal.confidential if not "/".join(cell).startswith(cell_prefix))
        assert len(fewer) == len(proposal.confidential) - 1
        return nodes.publisher.publish(replace(proposal, confidential=fewer), b"{}")

    return publish


def forged_witness(nodes: Nodes) -> Made:
    """A witness that moves one entry by another point: it would change what is published."""
    proposal = nodes.publisher.propose(PERIOD, propose)
    first = proposal.witnesses[0]
    (place, move), *rest = first.moves
    forged = Witness(first.measure, ((place, move + 1), *rest))
    return nodes.publisher.publish(replace(proposal, witnesses=(forged, *proposal.witnesses[1:])), b"{}")


def missing_witness(nodes: Nodes) -> Made:
    """Nothing shows that the confidential cells are enough."""
    proposal = nodes.publisher.propose(PERIOD, propose)
    return nodes.publisher.publish(replace(proposal, witnesses=()), b"{}")


def another_height(nodes: Nodes) -> Made:
    """The release states another height than the proposal was made at."""
    nodes.block()
    proposal = nodes.publisher.propose(PERIOD, propose, nodes.ledger.head.height - 1)
    made = nodes.publisher.draft(proposal)
    return nodes.publisher.publish(proposal, made.json, height=nodes.ledger.head.height)


def another_attachment(nodes: Nodes) -> Made:
    """What the parts hold is not what they name."""
    made = nodes.publisher.publish(nodes.publisher.propose(PERIOD, propose), b"{}")
    first = parse_record(made.records[0])
    spoilt = first.body.part[:-1] + bytes((first.body.part[-1] ^ 1,))
    part = nodes.publisher.sign(first.kind, type(first.body)(first.body.digest, spoilt, 0), SECRETARIAT)
    body = replace_body(parse_record(made.records[-1]).body, attachment=(parse_record(part).id,))
    record = nodes.publisher.sign("statistics.publish", body, SECRETARIAT)
    return Made((part, record), parse_record(record).id, b"", b"")


def replace_body(body, **changes):
    return type(body)(**{name: changes.get(name, getattr(body, name)) for name in body.__struct_fields__})


LIES = [
    (wrong_sum, "digest", "digest"),
    (without(UNSAFE), "unsafe-published", UNSAFE),
    (without(SECONDARY), "unbalanced", ""),
    (forged_witness, "unbalanced", ""),
    (missing_witness, "unprotected", ""),
    (another_height, "height", "height"),
    (another_attachment, "malformed", "attachment"),
]


@pytest.mark.parametrize(("lie", "code", "cell"), LIES, ids=[f"{code} {place}" for place, (_, code, _) in enumerate(LIES)])
def test_a_lie_is_refused_by_every_node_with_the_reason(told: Told, lie, code: str, cell: str) -> None:
    async def work(nodes: Nodes) -> None:
        made = lie(nodes)
        nodes.publish(made)
        said = await nodes.said(made.id)
        assert {why for why, _ in said.values()} == {code}, said
        assert len({where for _, where in said.values()}) == 1, "the same reason at the same place"
        assert not cell or {where for _, where in said.values()} == {cell}
        assert await nodes.judged(made.id) == ReleaseState.WITHDRAWN
        await asyncio.sleep(0.05)
        assert all(node.ledger.release_file(made.id, "json") is None for node in nodes.nodes)
        honest = nodes.publisher.draft(nodes.publisher.propose(PERIOD, propose))
        nodes.publish(honest)
        assert await nodes.judged(honest.id) == ReleaseState.RELEASED, "what was withdrawn is in nobody's way"

    play(told, work)


def test_a_revision_holds_what_tells_of_one_shipment(told: Told) -> None:
    """A correction of half a carat is on the ledger; the figures that were released stay, and every node sees to that."""

    async def work(nodes: Nodes) -> None:
        first = nodes.publisher.draft(nodes.publisher.propose(PERIOD, propose))
        nodes.publish(first)
        assert await nodes.judged(first.id) == ReleaseState.RELEASED
        world = nodes.nodes[0].world
        nodes.block(*(record.raw for record in quarter.corrected(world)))
        nodes.block(*(record.raw for record in quarter.returned_again(world)))
        nodes.block(reports.countersign(world, world.log()[-1]).raw)
        cube = nodes.ledger.cube(PERIOD, nodes.ledger.head.height)
        held = BlockKey("AE", "import", PERIOD)
        assert sum(entry.points for entry in cube.blocks[held].entries) == 46_000 - 50
        proposal = nodes.publisher.propose(PERIOD, propose)
        assert (proposal.revision, proposal.held) == (1, (held,))
        shown = nodes.publisher.publish(replace(proposal, held=()), b"{}")
        nodes.publish(shown)
        assert set((await nodes.said(shown.id)).values()) == {("held", "/".join(held))}
        assert await nodes.judged(shown.id) == ReleaseState.WITHDRAWN
        second = nodes.publisher.draft(nodes.publisher.propose(PERIOD, propose))
        nodes.publish(second)
        assert await nodes.judged(second.id) == ReleaseState.RELEASED
        before, after = json.loads(first.json), json.loads(second.json)
        assert [row["carats"] for row in before["rows"]] == [row["carats"] for row in after["rows"]]
        assert after["held"] == ["/".join(held)]
        newest = [(row.id, row.entry.revision) for row in nodes.ledger.newest_releases().rows]
        assert newest == [(second.id, 1)]

    play(told, work)


def test_a_node_that_starts_again_goes_on(told: Told) -> None:
    """Stopped before it has judged; and once more after the release stands, without its files."""

    async def work(nodes: Nodes) -> None:
        first, *others = nodes.nodes
        first.releases.close()
        made = nodes.publisher.draft(nodes.publisher.propose(PERIOD, propose))
        nodes.block(*made.records[:-1])
        nodes.block(made.records[-1])
        first.start()
        async with running(first.releases.run()):
            await until(lambda: first.spread)
            assert parse_record(first.spread[0]).body.agree
        assert await nodes.judged(made.id) == ReleaseState.RELEASED
        del others
        first.releases.close()
        first.world.store.write({b"z/json/" + made.id: None, b"z/csv/" + made.id: None}, sync=False)
        first.start()
        async with running(first.releases.run()):
            await until(lambda: first.ledger.release_file(made.id, "json"))
        assert first.ledger.release_file(made.id, "csv") == made.csv

    async def whole() -> None:
        async with AsyncExitStack() as stack:
            nodes = [Node(told, code) for code in VALIDATORS]
            for node in nodes:
                stack.callback(node.close)
            await stack.enter_async_context(running(*(node.releases.run() for node in nodes[1:])))
            async with asyncio.timeout(60):
                await work(Nodes(nodes))

    asyncio.run(whole())


def test_the_verdict_is_filed_again_while_it_is_not_there(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DUTY_SECONDS", 0.0)
    monkeypatch.setattr(module, "STATUS_SECONDS", 0.02)

    async def work(nodes: Nodes) -> None:
        made = nodes.publisher.draft(nodes.publisher.propose(PERIOD, propose))
        nodes.publish(made)
        first = nodes.nodes[0]
        await until(lambda: first.spread)
        first.now += 1
        await until(lambda: len({parse_record(raw).id for raw in first.spread}) > 1)
        assert first.releases.reviewed == 1

    play(told, work)


def test_what_fails_unforeseen_is_objected_to(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(nodes: Nodes) -> None:
        def fails(release: bytes) -> None:
            raise RecursionError(release.hex())

        for node in nodes.nodes:
            monkeypatch.setattr(node.releases._reviewer, "review", fails)
        made = nodes.publisher.draft(nodes.publisher.propose(PERIOD, propose))
        nodes.publish(made)
        watched = nodes.nodes[0].releases
        assert (watched.by_state()["undecided"], watched.objections(), watched.newest()) == (1, 0, {})
        assert set((await nodes.said(made.id)).values()) == {(NOT_CHECKED, "")}
        nodes.block(nodes.nodes[1].spread[0])
        assert watched.objections() == 1
        nodes.taken.add(nodes.nodes[1].spread[0])
        assert await nodes.judged(made.id) == ReleaseState.WITHDRAWN
        assert watched.by_state() == {"undecided": 0, "released": 0, "withdrawn": 1}

    play(told, work)


def test_a_release_that_only_others_agree_with_is_not_served(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(nodes: Nodes) -> None:
        last = nodes.nodes[-1]

        def fails(release: bytes) -> None:
            raise RecursionError(release.hex())

        monkeypatch.setattr(last.releases._reviewer, "review", fails)
        made = nodes.publisher.draft(nodes.publisher.propose(PERIOD, propose))
        nodes.publish(made)
        assert await nodes.judged(made.id) == ReleaseState.RELEASED
        await until(lambda: nodes.ledger.release_file(made.id, "json"))
        await until(lambda: last.releases.reviewed)
        await asyncio.sleep(0.05)
        assert last.ledger.release_file(made.id, "json") is None
        assert last.releases.reviewed == 1, "not tried again and again"
        assert [node.releases.unmade() for node in nodes.nodes] == [0, 0, 0, 1]
        assert last.releases.by_state() == {"undecided": 0, "released": 1, "withdrawn": 0}
        assert last.releases.newest() == {PERIOD: nodes.ledger.release(made.id)[1].entry.height}

    play(told, work)


def test_who_does_not_vote_says_nothing_and_serves(told: Told) -> None:
    """ZA's node follows: another ledger knows its key, this one does not."""

    async def work(nodes: Nodes) -> None:
        follower = Node(told, "ZA")
        nodes.nodes.append(follower)
        try:
            async with running(follower.releases.run()):
                made = nodes.publisher.draft(nodes.publisher.propose(PERIOD, propose))
                nodes.publish(made)
                assert await nodes.judged(made.id) == ReleaseState.RELEASED
                await until(lambda: follower.ledger.release_file(made.id, "json"))
            assert follower.ledger.release_file(made.id, "json") == made.json
            assert follower.spread == []
        finally:
            nodes.nodes.remove(follower)
            follower.close()

    play(told, work)


SURROUNDINGS = {
    "hash seed 0, no locale, Kiritimati": {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "Pacific/Kiritimati", "PYTHONUTF8": "0"},
    "hash seed of its own, Turkish, optimized": {"PYTHONHASHSEED": "7", "LC_ALL": "tr_TR.UTF-8", "PYTHONOPTIMIZE": "1"},
}


@pytest.mark.parametrize("surroundings", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_another_process_makes_the_same_file(told: Told, surroundings: dict[str, str]) -> None:
    with told.copy() as world:
        publisher = Publisher(world.ledger, KEYS, lambda: world.now)
        proposal = publisher.propose(PERIOD, propose)
        made, state = publisher.draft(proposal), world.ledger.head.state.hex()
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    words = [sys.executable, "-m", "tests.support.quarter"]
    data = encode_proposal(proposal)
    ran = subprocess.run(words, cwd=ROOT, env=kept | surroundings, input=data, capture_output=True, check=True)
    assert json.loads(ran.stdout) == [hashlib.sha256(made.json).hexdigest(), hashlib.sha256(made.csv).hexdigest(), state]
