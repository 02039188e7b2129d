"""`node.audit.serving`, `api.audit`, `node.audit.export`: what a node gives an auditor, bounded; and nodes that give nonsense."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from quart.testing import QuartClient

from api.app import create_app
from api.auth import TokenBook
from consensus.messages import decode_block
from ledger.errors import StoreError
from ledger.genesis import Genesis
from node import limits
from node.audit import export as exporting
from node.audit import frames, serving
from node.audit.export import export_ledger
from node.audit.frames import FormatError
from node.errors import FatalError
from tests.support.agreed import Agreed, genesis_text
from tests.support.port import SEATS, LocalPort
from tests.support.world import World, genesis, seed

KEYS = {code: {name: seed(f"{code}/{name}") for name in ("log", "cosign")} for code in SEATS}


def steps(work: Any) -> tuple[Any, int]:
    """The result of work in steps, and how many it took."""
    count = 0
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value, count
        count += 1


def heights(answer: bytes) -> list[int]:
    return [decode_block(frames.decode_frame(data).block).height for data in frames.split(answer)]


@pytest.fixture
def agreed(tmp_path: Path) -> Any:
    with World.make(tmp_path / "ledger", Genesis.from_json(genesis_text(genesis()))) as world:
        yield Agreed(world)


@asynccontextmanager
async def reading(agreed: Agreed) -> AsyncIterator[Callable[[str], Any]]:
    """The node's answers to an auditor."""
    world = agreed.world
    network = SimpleNamespace(genesis=world.ledger.genesis, keys=KEYS)
    port = LocalPort(world.ledger, network, TokenBook(None), clock=world.now)
    token = port.tokens.issue("auditor", world.now)
    client: QuartClient = create_app(port).test_client()

    async def get(path: str, **headers: str) -> Any:
        return await client.get(path, headers={"Authorization": f"Bearer {token}"} | headers)

    yield get


def test_blocks_without_a_final_wait_for_the_next_with_one(agreed: Agreed) -> None:
    ledger = agreed.world.ledger
    assert steps(serving.final_blocks(ledger, 1))[0] is None
    agreed.block(final=False)
    assert steps(serving.final_blocks(ledger, 1))[0] is None
    agreed.block()
    agreed.block(final=False)
    assert heights(steps(serving.final_blocks(ledger, 1))[0]) == [1, 2]
    assert heights(steps(serving.final_blocks(ledger, 2))[0]) == [2]
    for none in (3, 4, 0, -1):
        assert steps(serving.final_blocks(ledger, none))[0] is None


def test_an_answer_is_bounded_by_blocks_and_bytes_and_made_in_steps(agreed: Agreed, monkeypatch: pytest.MonkeyPatch) -> None:
    world = agreed.world
    for _ in range(5):
        agreed.block()
    agreed.block(*(world.issue(number=f"BW{number:07d}") for number in range(1, 26)))
    agreed.block()
    monkeypatch.setattr(serving, "AUDIT_ANSWER_BLOCKS", 3)
    monkeypatch.setattr(serving, "AUDIT_STEP_RECORDS", 10)
    assert heights(steps(serving.final_blocks(world.ledger, 2))[0]) == [2, 3, 4]
    monkeypatch.setattr(serving, "AUDIT_ANSWER_BYTES", 1_000)
    assert heights(steps(serving.final_blocks(world.ledger, 4))[0]) == [4, 5]
    answer, count = steps(serving.final_blocks(world.ledger, 6))
    assert heights(answer) == [6], "one block may be larger than an answer"
    assert count == 3, "after 10 records, after 20, after the block"


def test_a_judgement_that_was_made_again_is_not_told_for_the_earlier_block(agreed: Agreed) -> None:
    world = agreed.world
    one, twice = world.issue(), world.issue()
    agreed.block(one, twice)
    agreed.block(twice, one)
    first, second = (frames.decode_frame(data) for data in frames.split(steps(serving.final_blocks(world.ledger, 1))[0]))
    assert [first.judgements[0].index, first.judgements[1]] == [0, None]
    assert [second.judgements[0].height, second.judgements[0].index, second.judgements[1].height] == [2, None, 1]


def test_a_store_that_lacks_a_record_says_so(agreed: Agreed) -> None:
    world = agreed.world
    one, twice = world.issue(), world.issue()
    agreed.block(one, twice)
    world.ledger.drop_bodies([twice.id])
    with pytest.raises(StoreError, match=twice.id.hex()):
        steps(serving.final_blocks(world.ledger, 1))


def test_findings_come_by_name_and_in_pages(agreed: Agreed, monkeypatch: pytest.MonkeyPatch) -> None:
    world = agreed.world
    late = {"issued": "2026-02-10", "validated": "2026-02-10", "expires": "2026-03-30"}
    agreed.block(*(world.issue(number=f"BW{number:07d}", **late) for number in (3, 1, 2)))
    monkeypatch.setattr(serving, "AUDIT_ANSWER_FINDINGS", 2)
    found, after = [], ""
    while data := serving.findings(world.ledger, after):
        page = [frames.decode_finding(one).name for one in frames.split(data)]
        assert len(page) <= 2
        found += page
        after = page[-1]
    assert found == sorted(found)
    assert {f"late-issue/BW000000{number}" for number in (1, 2, 3)} <= set(found)
    assert limits.AUDIT_ANSWER_FINDINGS <= 500


def test_the_routes(agreed: Agreed) -> None:
    agreed.block(agreed.world.issue())

    async def run() -> None:
        async with reading(agreed) as get:
            answer = await get("/v1/audit/blocks/1")
            assert answer.status_code == 200
            assert heights(await answer.get_data()) == [1]
            assert (await get("/v1/audit/blocks/1", **{"If-None-Match": answer.headers["ETag"]})).status_code == 304
            assert answer.headers["Cache-Control"] == "private, no-cache"
            for none in ("2", "0", "-1", "x", "9" * 40, "\u0661", "1.0"):
                missing = await get(f"/v1/audit/blocks/{none}")
                assert missing.status_code == 404, none
                assert (await missing.get_json())["error"] == "not-found"
            findings = await get("/v1/audit/findings")
            assert (findings.status_code, findings.headers["Kpledger-Height"]) == (200, "1")
            assert (await (await get("/v1/audit/findings?after=zz")).get_data()) == b""
            for bad in ("after=" + "x" * 201, "before=x", "after=a&after=b"):
                assert (await get(f"/v1/audit/findings?{bad}")).status_code == 400

    asyncio.run(run())


@pytest.mark.parametrize("data", [b"\0\0\0\0", b"\0\0\0\5abcd", b"\0\0", b"\xff\xff\xff\xff" + bytes(9)])
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        list(frames.split(data))


# --- nodes that give nonsense -----------------------------------------------------------------------------------------


class Node:
    """A node that answers what a test says."""

    url = "http://node.test"

    def __init__(self, ledger_id: str, answers: dict[str, bytes | None], height: int = 1) -> None:
        self.network = {"ledger_id": ledger_id, "origin": "kpledger.example/test", "height": height}
        self.answers = answers

    async def get_json(self, path: str) -> dict[str, object]:
        assert path == "/v1/network"
        return self.network

    async def get_bytes(self, path: str) -> bytes:
        answer = self.answers.get(path.partition("?")[0])
        if answer is None:
            raise exporting.ProblemError(404, {"error": "not-found"})
        return answer


def test_a_nodes_nonsense_is_told(agreed: Agreed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_ATTEMPTS", 2)
    monkeypatch.setattr(exporting, "_PAUSE_SECONDS", 0)
    agreed.block(agreed.world.issue(issued="2026-02-10", validated="2026-02-10", expires="2026-03-30"))
    agreed.block()
    ledger = agreed.world.ledger
    ledger_id = ledger.ledger_id.hex()
    first, second = (frames.framed(one) for one in frames.split(steps(serving.final_blocks(ledger, 1))[0]))
    both, found = first + second, serving.findings(ledger, "")
    network = SimpleNamespace(genesis=ledger.genesis, keys=KEYS)
    note = LocalPort(ledger, network, TokenBook(None), clock=agreed.world.now).quorum_checkpoint().encode()

    def export(height: int = 2, **answers: bytes | None) -> str:
        paths = {"blocks": "/v1/audit/blocks/1", "checkpoint": "/log/checkpoint/1", "findings": "/v1/audit/findings"}
        given = {paths[name]: answer for name, answer in answers.items()}
        node: Any = Node(ledger_id, {paths["blocks"]: both, paths["checkpoint"]: note, paths["findings"]: b""} | given, height)
        directory = tmp_path / f"export-{len(list(tmp_path.iterdir()))}"
        try:
            asyncio.run(export_ledger(node, directory, genesis_text(ledger.genesis), lambda _done, _size: None))
        except FatalError as error:
            assert not (directory / "export.json").exists()
            return error.happened
        return ""

    assert not export()
    assert "holds what is no block" in export(blocks=b"\0\0\0\1x")
    assert "holds what is no block" in export(blocks=both[:-1])
    assert "a block of height 2 behind 0" in export(blocks=second)
    assert "a block of height 1 behind 1" in export(blocks=first + first)
    assert "no final block and quorum checkpoint" in export(blocks=None)
    assert "no final block and quorum checkpoint" in export(height=3)
    assert "no final block and quorum checkpoint" in export(checkpoint=None)
    assert "the node's checkpoint is none" in export(checkpoint=b"x").lower()
    assert "what is no finding" in export(findings=b"\0\0\0\1x")
    assert "out of order" in export(findings=found), "the same page for ever"


def test_a_damaged_export_is_not_gone_on_with(agreed: Agreed, tmp_path: Path) -> None:
    ledger = agreed.world.ledger
    node: Any = Node(ledger.ledger_id.hex(), {})
    folder = tmp_path / "export" / "blocks"
    folder.mkdir(parents=True)
    for name, data in (("0000000001.seg", b"x"), ("zz.seg", frames.BLOCKS + frames.framed(b"x"))):
        (folder / name).write_bytes(data)
        with pytest.raises(FatalError, match="Take away what is damaged"):
            asyncio.run(export_ledger(node, tmp_path / "export", genesis_text(ledger.genesis), lambda _done, _size: None))
        (folder / name).unlink()
