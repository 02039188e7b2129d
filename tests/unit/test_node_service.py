"""`node.service`: what a node says of itself, to clients, operators and monitoring; what it says when others lie or it is behind."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client import generate_latest

from api.auth import TokenBook
from api.errors import NotReady, Overloaded
from api.limits import ApiLimits
from api.port import NodePort
from api.reading.workbook import WorkBook
from consensus.events import Received
from consensus.messages import Vote, VoteKind
from ledger.errors import Code, Refusal
from ledger.genesis import Genesis
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt
from ledger.record import parse_submission
from node.config import load_config, write_config
from node.finality import Finality
from node.metrics import new_registry
from node.own import OwnRecords
from node.parts import Parts
from node.releases import Releases
from node.scrubbing import Scrubber
from node.service import Service
from node.witness import Witness
from tests.support.parts import Road, cosigned_head, node_keys, node_of, road, running, settled, submission, until, with_nodes
from tests.support.world import VALIDATORS, public
from tests.unit.test_node_router import Routed

FOLLOWERS = ("AO", "NA", "ZA")


class Offered:
    """BW's service over real parts; peers are whoever a test says is connected."""

    def __init__(self, there: Road, limits: ApiLimits) -> None:
        self.there, self.routed = there, Routed(there)
        self.finality = Finality()
        self.peers = SimpleNamespace(links={})
        folder = there.world.path
        write_config(folder, {("node", "participant"): "BW", ("api", "url"): "https://node.example/"})
        settings = load_config(folder, {})
        parts = Parts(
            settings=settings,
            keys=node_keys("BW"),
            ledger=there.ledger,
            mempool=there.mempool,
            intake=there.intake,
            finality=self.finality,
            cosigner=self.routed.cosigner,
            driver=self.routed.driver,
            peers=self.peers,
            router=self.routed.router,
            refusals=there.refusals,
            witness=Witness("BW", there.ledger, node_keys("BW"), self.routed.cosigner),
            releases=Releases(there.ledger, OwnRecords("BW", there.ledger, node_keys("BW"), there.intake, lambda: there.now)),
            scrubber=Scrubber(there.ledger),
        )
        self.routed.cosigner.on_quorum = self.finality.covered
        there.execution.listeners.append(self._executed)
        registry, collector = new_registry()
        self.service = Service(parts, there.ledger.genesis, limits, TokenBook(None), WorkBook(), registry, lambda: there.now)
        self.service.measure(collector)

    def _executed(self, _block: object, applied: object) -> None:
        self.finality.judged(applied.judgements)
        self.routed.cosigner.executed(applied.head)

    def cosign(self, *codes: str, time: int = 1_000) -> None:
        """These cosign the head."""
        for code in codes:
            node = self.there.ledger.genesis.node(code)
            self.routed.cosigner.received(node, cosigned_head(self.there.world, code, time=time))

    async def final(self, *records: bytes) -> None:
        """A block with these ids, executed and cosigned by a quorum."""
        await self.there.execute(*records)
        size = self.there.ledger.head.tree_size
        await until(lambda: self.routed.cosigner.own and self.routed.cosigner.own.size == size)
        self.cosign("RU", "EU")

    def tell(self, **heights: int) -> None:
        """Heights that peers told of."""
        for code, height in heights.items():
            self.routed.router.heights[code] = height


def play(tmp_path: Path, work: Callable[[Offered], object], genesis: Genesis | None = None, **limits: float) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30), road(tmp_path, genesis) as there:
            offered = Offered(there, ApiLimits(**limits))
            try:
                async with running(offered.routed.cosigner.run()):
                    await work(offered)
            finally:
                offered.routed.cosigner.close()
                offered.routed.driver.close()
            assert len(offered.finality) == 0

    asyncio.run(whole())


def key(raw: bytes) -> bytes:
    return parse_submission(raw).record.id


# --- submitting -------------------------------------------------------------------------------------------------------


def test_final_comes_with_a_receipt_that_the_own_policy_accepts(tmp_path: Path) -> None:
    async def work(offered: Offered) -> None:
        port: NodePort = offered.service
        raw = submission(offered.there.world)
        waiting = asyncio.ensure_future(port.submit(raw, True))
        await until(lambda: len(offered.finality))
        await offered.final(key(raw))
        answer = await waiting
        assert (answer.id, answer.index, answer.height) == (key(raw), 0, 1)
        verdict = verify_receipt(answer.receipt, parse_policy(port.policy().encode()))
        assert verdict.record == parse_submission(raw).record.raw
        assert port.receipt(key(raw)) == answer.receipt
        assert port.quorum_checkpoint() == port.quorum_checkpoint(1)
        again = await port.submit(raw, True)  # at once, nothing is waited for
        assert again == answer

    play(tmp_path, work)


def test_taken_and_not_waited_for(tmp_path: Path) -> None:
    async def work(offered: Offered) -> None:
        raw = submission(offered.there.world)
        answer = await offered.service.submit(raw, False)
        assert (answer.id, answer.index, answer.receipt) == (key(raw), None, None)
        assert offered.service.receipt(key(raw)) is None
        assert offered.service.receipt(bytes(32)) is None

    play(tmp_path, work)


def test_a_wait_ends_in_time_and_says_what_is_known(tmp_path: Path) -> None:
    async def work(offered: Offered) -> None:
        raw = submission(offered.there.world)
        answer = await offered.service.submit(raw, True)
        assert (answer.index, answer.receipt) == (None, None)
        await offered.there.execute(key(raw))  # in the log, and no quorum says so yet
        answer = await offered.service.submit(raw, True)
        assert (answer.index, answer.height, answer.receipt) == (0, 1, None)

    play(tmp_path, work, final_wait_s=0.05)


def test_a_block_that_refuses_the_record_is_the_answer(tmp_path: Path) -> None:
    """Sound when it came, and then another took its number."""

    async def work(offered: Offered) -> None:
        first, second = submission(offered.there.world), submission(offered.there.world)
        waiting = [asyncio.ensure_future(offered.service.submit(second, True)) for _ in range(3)]
        await until(lambda: len(offered.finality))
        await offered.there.receive(first)
        await offered.final(key(first), key(second))
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, Refusal)
            assert outcome.code is Code.NUMBER_USED
        with pytest.raises(Refusal):
            await offered.service.submit(second, True)

    play(tmp_path, work)


def test_an_answer_for_each_of_many(tmp_path: Path) -> None:
    async def work(offered: Offered) -> None:
        raws = [submission(offered.there.world, number=f"BW{number:07d}") for number in range(1, 4)]
        waiting = asyncio.ensure_future(offered.service.submit_many([*raws, b"", raws[0]], True))
        await until(lambda: len(offered.finality) == 3)
        await offered.final(*(key(raw) for raw in raws))
        answers = await waiting
        assert [getattr(answer, "index", None) for answer in answers] == [0, 1, 2, None, 0]
        assert isinstance(answers[3], Refusal)

    play(tmp_path, work)


def test_a_full_mempool_is_told_as_overload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.mempool.MEMPOOL_RECORDS", 0)

    async def work(offered: Offered) -> None:
        with pytest.raises(Overloaded) as caught:
            await offered.service.submit(submission(offered.there.world), True)
        assert not caught.value.quota

    play(tmp_path, work)


def test_who_goes_away_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    async def work(offered: Offered) -> None:
        raw = submission(offered.there.world)
        waiting = [asyncio.ensure_future(offered.service.submit(raw, True)) for _ in range(5)]
        await until(lambda: len(offered.finality))
        for task in waiting[:4]:
            task.cancel()
        await settled()
        assert len(offered.finality) == 1
        await offered.final(key(raw))
        assert (await waiting[4]).receipt is not None

    play(tmp_path, work)


# --- where it stands --------------------------------------------------------------------------------------------------


def with_followers() -> Genesis:
    return with_nodes(*(node_of(code) for code in VALIDATORS), *(node_of(code, validator=False) for code in FOLLOWERS))


def test_behind_is_what_more_validators_say_than_may_lie(tmp_path: Path) -> None:
    async def work(offered: Offered) -> None:
        service = offered.service
        offered.tell(RU=9_999, **dict.fromkeys(FOLLOWERS, 9_999))
        assert not service.status().syncing  # one validator and any number of others may lie
        offered.tell(EU=5)
        assert not service.status().syncing  # a few blocks are no matter
        offered.tell(EU=6)
        assert service.status().syncing
        assert not service.status().ready
        for wait in (False, True):
            with pytest.raises(NotReady):
                await service.submit_many([submission(offered.there.world)], wait)
        assert len(offered.there.mempool) == 0
        offered.tell(EU=0)
        assert not service.status().syncing

    play(tmp_path, work, with_followers())


def test_status_and_what_must_hold_to_be_ready(tmp_path: Path) -> None:
    async def work(offered: Offered) -> None:
        service, links = offered.service, offered.peers.links

        def failing() -> set[str]:
            return {check.name for check in service.status().checks if not check.ok}

        status = service.status()
        assert (status.participant, status.validator, status.view, status.pending) == ("BW", True, 1, 0)
        assert [peer.participant for peer in status.peers] == ["AE", "AO", "EU", "NA", "RU", "ZA"]
        assert failing() == {"peers", "checkpoint"}
        links |= {code: object() for code in FOLLOWERS}
        assert failing() == {"peers", "checkpoint"}
        links |= {"RU": object(), "EU": object()}
        assert failing() == {"checkpoint"}
        await offered.final(offered.there.entry().record.id)
        assert failing() == set()
        assert service.status().ready
        service.alarm = "two certificates contradict each other in view 7"
        assert failing() == {"voting"}
        offered.tell(RU=3)
        peers = {peer.participant: peer for peer in service.status().peers}
        assert (peers["RU"].connected, peers["RU"].height) == (True, 3)
        assert (peers["AE"].connected, peers["AE"].height) == (False, None)

    play(tmp_path, work, with_followers())


def test_validators_quorum_and_policy(tmp_path: Path) -> None:
    async def work(offered: Offered) -> None:
        service = offered.service
        assert [validator.participant for validator in service.validators] == list(VALIDATORS)
        assert service.quorum == 3
        assert service.public_url == "https://node.example"
        policy = parse_policy(service.policy().encode())
        assert [witness.name for witness in policy.witnesses] == [*VALIDATORS, *FOLLOWERS]
        assert [log.url for log in policy.logs] == ["https://node.example/log"]

    play(tmp_path, work, with_followers())


def test_metrics_are_figures_without_names_or_ids(tmp_path: Path) -> None:
    async def work(offered: Offered) -> None:
        raw = submission(offered.there.world)
        await offered.service.submit(raw, False)
        await offered.service.submit_many([b"\x00", b"\x01"], False)
        offered.there.refusals.refuse("RU", "frame-malformed", times=3)
        offered.there.refusals.drop("EU", "inbox-records", 40)
        core = offered.routed.driver.core
        for code, forged in (("RU", 1), ("EU", 2), ("EU", 2)):
            core.handle(Received(public(f"{code}/consensus"), Vote(VoteKind.NULLIFY, 0, 1, 0, b"", 3, bytes([forged]) * 64)), 0)
        core.handle(Received(b"k" * 32, Vote(VoteKind.NULLIFY, 0, 1, 0, b"", 3, bytes(64))), 0)
        text = generate_latest(offered.service.registry).decode()
        figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
        assert figures["kpledger_mempool_records"] == "1.0"
        assert figures["kpledger_mempool_bytes"] == f"{len(raw)}.0"
        assert figures['kpledger_refused_total{code="malformed"}'] == "2.0"
        assert figures['kpledger_refusals_total{peer="RU",reason="frame-malformed"}'] == "3.0"
        assert figures['kpledger_refusals_total{peer="RU",reason="consensus-misdirected"}'] == "1.0"
        assert figures['kpledger_refusals_total{peer="EU",reason="consensus-misdirected"}'] == "2.0"
        assert figures['kpledger_refusals_total{peer="stranger",reason="consensus-misdirected"}'] == "1.0"
        assert figures['kpledger_dropped_total{peer="EU",queue="inbox-records"}'] == "40.0"
        assert figures["kpledger_height"] == "0.0"
        assert figures['kpledger_releases{state="released"}'] == "0.0"
        assert figures["kpledger_releases_unmade"] == figures["kpledger_release_objections"] == "0.0"
        assert figures["kpledger_quorum_size"] == "-1.0"
        assert figures["kpledger_voting"] == "1.0"
        offered.service.alarm = "alarm"
        await offered.there.execute(key(raw))
        figures = generate_latest(offered.service.registry).decode()
        for line in ("kpledger_height 1.0", "kpledger_tree_size 1.0", "kpledger_mempool_records 0.0", "kpledger_voting 0.0"):
            assert line in figures
        for secret in (*offered.there.world.parties.values(), key(raw).hex(), "Main Mall"):
            assert secret not in figures

    play(tmp_path, work)
