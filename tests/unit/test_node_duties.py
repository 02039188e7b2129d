"""`node.duties`: readiness and evidence are filed once they are due, again while they are not there, and never for nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from consensus.events import Evidence
from consensus.messages import Vote, VoteKind, encode, vote_input
from ledger.bodies import EVIDENCE_EQUIVOCATION, NODE_READY, EquivocationBody, NodeReadyBody
from ledger.network import Network, list_hash
from ledger.record import parse_record
from node import duties as module
from node.duties import Duties
from node.opening import convicted
from tests.support.parts import Road, node_keys, public_of, road, running, until

ME = "BW"


class Busy:
    """BW's duties over a road."""

    def __init__(self, there: Road, own: str = ME) -> None:
        self.there = there
        there.ledger._equivocation = partial(convicted, there.ledger.ledger_id)  # the real one, as a node has it
        self.duties = Duties(own, there.ledger, node_keys(own), there.intake, lambda: there.now)

    @property
    def filed(self) -> list:
        """Records that were spread, parsed."""
        return [parse_record(raw) for raw in self.there.spread]


def play(tmp_path: Path, work: Callable[[Busy], Awaitable[None]], own: str = ME) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), road(tmp_path) as there:
            busy = Busy(there, own)
            async with running(busy.duties.run()):
                await work(busy)

    asyncio.run(whole())


def two_votes(there: Road, signer: int = 1) -> Evidence:
    """Two finalize votes of a validator in one view."""
    code, key = there.ledger.network.epoch.validators[signer]
    votes = []
    for digest in (b"\1" * 32, b"\2" * 32):
        signed = vote_input(there.ledger.ledger_id, VoteKind.FINALIZE, 0, 5, 4, digest)
        votes.append(Vote(VoteKind.FINALIZE, 0, 5, 4, digest, signer, node_keys(code).consensus.sign(signed)))
    assert key == public_of(code)
    return Evidence(*votes)


def change(busy: Busy) -> None:
    """The Russian node leaves the validators: another list waits."""
    busy.there.world.accept(busy.there.world.node_set("RU", validator=False))
    busy.duties.network_changed()


async def quiet(busy: Busy) -> None:
    """Long enough for anything that would be filed."""
    busy.duties.network_changed()
    await asyncio.sleep(0.05)


def test_ready_for_a_list_that_waits_once(tmp_path: Path) -> None:
    async def work(busy: Busy) -> None:
        await quiet(busy)
        assert busy.filed == []
        change(busy)
        await until(lambda: busy.filed)
        network: Network = busy.there.ledger.network
        [record] = busy.filed
        assert (record.kind, record.author, record.key) == (NODE_READY, ME, public_of(ME))
        assert record.body == NodeReadyBody(1, network.pending)
        assert network.pending == list_hash(network.candidates)
        await quiet(busy)
        assert len(busy.filed) == 1
        await busy.there.execute(record.id)
        assert busy.there.ledger.network.ready == {ME}

    play(tmp_path, work)


def test_filed_again_while_it_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DUTY_SECONDS", 0.0)

    async def work(busy: Busy) -> None:
        change(busy)
        await until(lambda: busy.filed)
        busy.there.now += 1
        await quiet(busy)
        assert len({record.id for record in busy.filed}) == 2
        await busy.there.execute(busy.filed[0].id)
        before = len(busy.filed)
        busy.there.now += 1
        await quiet(busy)
        assert len(busy.filed) == before, "it is there"

    play(tmp_path, work)


def test_who_does_not_vote_then_is_not_asked(tmp_path: Path) -> None:
    async def work(busy: Busy) -> None:
        change(busy)
        await quiet(busy)
        assert busy.filed == []

    play(tmp_path, work, own="RU")


def test_evidence_is_filed_and_then_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVIDENCE_TURN_SECONDS", 0.0)

    async def work(busy: Busy) -> None:
        evidence = two_votes(busy.there)
        busy.duties.convict(evidence)
        busy.duties.convict(two_votes(busy.there))
        busy.duties.network_changed()
        await until(lambda: busy.filed)
        [record] = busy.filed
        assert (record.kind, record.author, record.key) == (EVIDENCE_EQUIVOCATION, ME, public_of(ME))
        assert record.body == EquivocationBody(0, encode(evidence.first), encode(evidence.second))
        assert busy.duties._accusations
        await quiet(busy)
        assert len(busy.filed) == 1
        await busy.there.execute(record.id)
        [found] = busy.there.ledger.evidence()
        assert (found.participant, found.epoch, found.key, found.record) == ("RU", 0, public_of("RU"), record.id)
        await quiet(busy)
        assert not busy.duties._accusations

    play(tmp_path, work)


def test_others_go_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes take turns by their participants' codes: AE is the first, BW the second."""
    monkeypatch.setattr(module, "EVIDENCE_TURN_SECONDS", 60.0)

    async def work(busy: Busy) -> None:
        busy.duties.convict(two_votes(busy.there))
        await quiet(busy)
        assert busy.filed == []

    play(tmp_path, work)
    play(tmp_path / "first", first_goes, own="AE")


async def first_goes(busy: Busy) -> None:
    busy.duties.convict(two_votes(busy.there))
    busy.duties.network_changed()
    await until(lambda: busy.filed)


def test_an_epoch_that_nobody_knows_is_nobodys(tmp_path: Path) -> None:
    async def work(busy: Busy) -> None:
        evidence = two_votes(busy.there)
        later = Vote(VoteKind.NULLIFY, 7, 5, 0, b"", 1, bytes(64))
        busy.duties.convict(Evidence(later, evidence.second))
        assert not busy.duties._accusations

    play(tmp_path, work)
