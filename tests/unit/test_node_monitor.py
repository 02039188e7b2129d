"""`ledger.fork`, `node.monitor`, `log watch`, and the verifier's side: two histories are found, named, proven to anybody.

Each node here is a log of its own behind HTTP, honest or not, of the same origin with a log key of its own.
"""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from quart import Quart, Response

from api.limits import ApiLimits
from ledger.checkpoint import Checkpoint
from ledger.errors import ForkError, MalformedProofError, ProofError, RewrittenLogError, ShrunkLogError, TwoRootsError
from ledger.fork import Fork, check_continues, parse_fork
from ledger.note import Note
from ledger.policy import Policy, parse_policy
from ledger.tiles import parse_path
from node import monitor as module
from node.client import Client
from node.errors import Exit, FatalError
from node.export import export_log, verify_log
from node.limits import WATCH_LONGEST_SECONDS, WATCH_REQUEST_SECONDS, WATCH_SECONDS, WATCH_UNPROVEN_SECONDS
from node.monitor import HEADS, AlarmError, Monitor
from tests.foreign.static import StaticLog, entries
from tests.support.http import running
from tests.support.witnesses import OtherLog

ORIGIN = "kpledger.example/watched"
ENTRIES = list(entries(600))


class Node:
    """A node that shows what a test says: a log, up to a size, and tiles or none."""

    def __init__(self, number: int, size: int) -> None:
        self.log = OtherLog(ORIGIN, bytes([number]) * 32, ENTRIES)
        self.size = size
        self.tiles = True
        self.away = False
        self.stalls = 0.0
        self.note: bytes | None = None
        self.asked = 0

    def app(self) -> Quart:
        app = Quart("node")

        @app.get("/log/checkpoint")
        async def checkpoint() -> Response:
            self.asked += 1
            note = self.note or self.log.note(self.size).encode()
            return Response(b"" if self.away else note, 503 if self.away else 200)

        @app.get("/log/<path:path>")
        async def tile(path: str) -> Response:
            await asyncio.sleep(self.stalls)
            name = parse_path(path)
            data = self.log.tree()._read(name.level, name.n, name.width)
            return Response(data if self.tiles else b"", 200 if self.tiles and not self.away and data else 404)

        return app


class Watched:
    """Some nodes, a monitor of them, a clock that a test moves."""

    def __init__(self, nodes: Sequence[Node], urls: Sequence[str], folder: Path) -> None:
        self.nodes, self.urls, self.folder = nodes, urls, folder
        self.clock = 0.0
        self.policy = Policy(tuple(node.log.policy_log for node in nodes), (), (), "none")

    async def look(self, times: int = 1):
        """Looks with a monitor that has just been started, so that what it knows of before is in its folder."""
        async with Monitor(self.urls, self.policy, self.folder, lambda: self.clock) as monitor:
            for _ in range(times - 1):
                await monitor.look()
            return await monitor.look()

    async def alarm(self) -> AlarmError:
        with pytest.raises(AlarmError) as caught:
            await self.look()
        return caught.value


@contextlib.asynccontextmanager
async def watched(folder: Path, *sizes: int) -> AsyncIterator[Watched]:
    nodes = [Node(number, size) for number, size in enumerate(sizes, 1)]
    async with contextlib.AsyncExitStack() as stack:
        ports = [await stack.enter_async_context(running(node.app(), ApiLimits())) for node in nodes]
        yield Watched(nodes, [f"http://127.0.0.1:{port}" for port in ports], folder)


def play(work) -> None:
    async def whole() -> None:
        async with asyncio.timeout(60):
            await work()

    asyncio.run(whole())


def test_one_history_at_every_size_is_no_alarm(tmp_path: Path) -> None:
    async def work() -> None:
        async with watched(tmp_path, 0, 1, 300) as there:
            for sizes in ((0, 1, 300), (255, 256, 300), (257, 256, 511), (512, 513, 600), (600, 600, 600)):
                for node, size in zip(there.nodes, sizes, strict=True):
                    node.size = size
                found = await there.look()
                assert (tuple(found.sizes.values()), found.troubles) == (sizes, {})
            assert set(json.loads((tmp_path / HEADS).read_text())) == set(there.urls)
            assert list(tmp_path.glob("fork-*")) == []

    play(work)


@pytest.mark.parametrize("size", [1, 256, 600])
def test_two_heads_for_one_size(tmp_path: Path, size: int) -> None:
    async def work() -> None:
        async with watched(tmp_path, size, size) as there:
            there.nodes[1].log.entries[0] = b"another"
            alarm = await there.alarm()
            assert (type(alarm.error), alarm.code) == (TwoRootsError, Exit.BAD_DATA)
            proof = parse_fork(alarm.file.read_bytes())
            assert isinstance(proof.verify(there.policy), TwoRootsError)

    play(work)


@pytest.mark.parametrize(
    ("small", "large", "leaf"), [(1, 2, 0), (255, 257, 254), (256, 600, 7), (300, 301, 299), (512, 600, 511)]
)
def test_a_rewritten_leaf(tmp_path: Path, small: int, large: int, leaf: int) -> None:
    async def work() -> None:
        async with watched(tmp_path, small, large) as there:
            there.nodes[1].log.entries[leaf] = b"another"
            alarm = await there.alarm()
            assert type(alarm.error) is RewrittenLogError
            proof = parse_fork(alarm.file.read_bytes())
            assert isinstance(proof.verify(there.policy), RewrittenLogError)
            there.nodes[1].log.entries[leaf] = ENTRIES[leaf]
            assert (await there.look()).troubles == {}

    play(work)


def test_a_shrunk_tree(tmp_path: Path) -> None:
    """Also across a restart of the monitor: what was seen is kept."""

    async def work() -> None:
        async with watched(tmp_path, 300, 300) as there:
            await there.look()
            there.nodes[0].size = 299
            alarm = await there.alarm()
            assert type(alarm.error) is ShrunkLogError
            assert isinstance(parse_fork(alarm.file.read_bytes()).verify(there.policy), ShrunkLogError)

    play(work)


def test_one_that_changes_its_story_over_time(tmp_path: Path) -> None:
    """Alone, growing, with another past than it showed before."""

    async def work() -> None:
        async with watched(tmp_path, 256) as there:
            await there.look()
            there.nodes[0].log.entries[0] = b"another"
            assert type((await there.alarm()).error) is TwoRootsError
            there.nodes[0].size = 300
            assert type((await there.alarm()).error) is RewrittenLogError

    play(work)


def test_who_showed_it_may_be_away_by_then(tmp_path: Path) -> None:
    """A story told once by a node that has gone does not help to hide that the others tell another one."""

    async def work() -> None:
        async with watched(tmp_path, 100, 200, 300) as there:
            there.nodes[1].away = there.nodes[2].away = True
            there.nodes[0].log.entries[0] = b"another"
            found = await there.look()
            assert set(found.troubles) == set(there.urls[1:])
            there.nodes[0].away, there.nodes[2].away = True, False
            assert type((await there.alarm()).error) is RewrittenLogError

    play(work)


def test_larger_than_all_that_is_shown_waits_for_its_node(tmp_path: Path) -> None:
    async def work() -> None:
        async with watched(tmp_path, 100, 200) as there:
            await there.look()
            there.nodes[1].away = True
            for there.clock in (0.0, 100.0, 1_000.0):  # away is no alarm, however long
                found = await there.look()
                assert set(found.troubles) == {there.urls[1]}
            there.nodes[0].size = 300
            assert set((await there.look()).troubles) == {there.urls[1]}, "borne out by who shows more"

    play(work)


@pytest.mark.parametrize("how", ["no tiles", "other tiles"])
def test_tiles_withheld_are_an_alarm_after_a_while(tmp_path: Path, how: str) -> None:
    async def work() -> None:
        async with watched(tmp_path, 100, 200) as there:
            if how == "no tiles":
                there.nodes[1].tiles = False
            else:
                there.nodes[1].note = there.nodes[1].log.note(200).encode()
                there.nodes[1].log.entries[150] = b"another"
            async with Monitor(there.urls, there.policy, tmp_path, lambda: there.clock) as monitor:
                for there.clock in (0.0, WATCH_UNPROVEN_SECONDS - 1):
                    assert set((await monitor.look()).troubles) == {there.urls[1]}
                there.clock = WATCH_UNPROVEN_SECONDS
                with pytest.raises(AlarmError) as caught:
                    await monitor.look()
            assert caught.value.error is None
            with pytest.raises(ProofError):  # what is kept shows who said what, and proves no fork
                parse_fork(caught.value.file.read_bytes()).verify(there.policy)
            assert json.loads((tmp_path / HEADS).read_text()).keys() == {there.urls[0]}

    play(work)


def test_the_limits_add_up_to_less_than_a_minute() -> None:
    """Two rounds, as slow as they can be: the first sees what is not proven, the second has seen it for long enough."""
    slowest = WATCH_LONGEST_SECONDS + 2 * WATCH_REQUEST_SECONDS
    assert WATCH_SECONDS <= WATCH_LONGEST_SECONDS
    assert slowest >= WATCH_UNPROVEN_SECONDS
    assert 2 * slowest < 60


def test_who_stalls_does_not_hide_what_others_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes that answer drop by drop cost one request's patience a round, and the others' fork is told."""
    monkeypatch.setattr(module, "WATCH_REQUEST_SECONDS", 0.3)

    async def work() -> None:
        async with watched(tmp_path, 100, 150, 200, 250, 250) as there:
            there.nodes[1].stalls = there.nodes[2].stalls = 0.2  # each tile alone would be in time
            there.nodes[4].log.entries[3] = b"another"
            started = asyncio.get_running_loop().time()
            alarm = await there.alarm()
            assert isinstance(alarm.error, ForkError)
            assert asyncio.get_running_loop().time() - started < 5

    play(work)


def test_a_stranger_and_a_spoilt_signature_are_told_and_not_believed(tmp_path: Path) -> None:
    async def work() -> None:
        async with watched(tmp_path, 100, 100, 100) as there:
            there.nodes[1].note = OtherLog(ORIGIN, b"\xee" * 32, ENTRIES[:99]).note().encode()
            good = there.nodes[2].log.note(100)
            there.nodes[2].note = Note(Checkpoint(ORIGIN, 100, bytes(32)).text(), good.signatures).encode()
            found = await there.look()
            assert (found.sizes, set(found.troubles)) == ({there.urls[0]: 100}, set(there.urls[1:]))

    play(work)


def test_a_damaged_memory_is_no_fresh_start(tmp_path: Path) -> None:
    async def work() -> None:
        async with watched(tmp_path, 100) as there:
            await there.look()
            file = tmp_path / HEADS
            intact = file.read_text()
            for spoilt in ("", "[]", intact.replace("100", "101"), intact[:-9]):
                file.write_text(spoilt)
                with pytest.raises(FatalError):
                    await there.look()
            file.write_text(intact)
            await there.look()

    play(work)


class TestProof:
    """The file stands alone; nothing else passes for a proof."""

    logs = (
        OtherLog(ORIGIN, b"\x01" * 32, ENTRIES[:9]),
        OtherLog(ORIGIN, b"\x02" * 32, [*ENTRIES[:3], b"another", *ENTRIES[4:12]]),
    )
    policy = Policy(tuple(log.policy_log for log in logs), (), (), "none")

    def rewritten(self) -> Fork:
        tree = self.logs[1].tree()
        path = tuple(tree.consistency_proof(9, 12))
        return Fork(RewrittenLogError, self.logs[0].note().encode(), self.logs[1].note().encode(), tree.root(9), path)

    def test_round_trip(self) -> None:
        fork = self.rewritten()
        assert parse_fork(fork.to_json().encode()) == fork
        assert isinstance(fork.verify(self.policy), RewrittenLogError)

    def test_what_proves_nothing(self) -> None:
        fork = self.rewritten()
        honest = OtherLog(ORIGIN, b"\x02" * 32, ENTRIES[:12])
        tree = honest.tree()
        stranger = OtherLog(ORIGIN, b"\x03" * 32, ENTRIES[:8])
        other = OtherLog("example.org/another", b"\x04" * 32, ENTRIES[:8])
        nothing = [
            replace(fork, root=bytes(32)),
            replace(fork, path=fork.path[:-1]),
            replace(fork, second=fork.first),
            replace(fork, error=TwoRootsError),
            replace(fork, error=ShrunkLogError),
            replace(fork, second=stranger.note().encode()),
            replace(fork, first=other.note().encode()),
            replace(fork, first=b"nonsense"),
            Fork(RewrittenLogError, fork.first, honest.note().encode(), tree.root(9), tuple(tree.consistency_proof(9, 12))),
            Fork(TwoRootsError, fork.first, fork.first),
        ]
        for one in nothing:
            with pytest.raises(ProofError):
                one.verify(self.policy)
        both = replace(self.policy, logs=(*self.policy.logs, other.policy_log))
        with pytest.raises(MalformedProofError):
            replace(fork, first=other.note().encode()).verify(both)

    @pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"kind": "x"}', b"\xff", b"[" * 100_000, b" " * 400_000])
    def test_no_proof(self, data: bytes) -> None:
        with pytest.raises(MalformedProofError):
            parse_fork(data)

    def test_spoilt_files(self) -> None:
        content = json.loads(self.rewritten().to_json())
        for name, value in (
            ("kind", "fork"),
            ("root", "xx"),
            ("path", ["xx"]),
            ("path", ["00"] * 64),
            ("path", 1),
            ("first", None),
        ):
            with pytest.raises(ProofError):
                parse_fork(json.dumps({**content, name: value}).encode()).verify(self.policy)


def test_the_verifier_refuses_each_fork_with_its_own_error(tmp_path: Path) -> None:
    """`log verify --earlier`, and an export over an earlier one."""
    log = StaticLog(300)
    log.export(tmp_path / "log")
    policy = parse_policy(log.text.encode())

    def verify(earlier: Checkpoint) -> None:
        verify_log(tmp_path / "log", policy, lambda _done, _size: None, earlier)

    for size in (0, 1, 255, 256, 257, 300):
        verify(Checkpoint(policy.logs[0].key.name, size, log.log.root_at(size)))
    origin = policy.logs[0].key.name
    with pytest.raises(TwoRootsError):
        verify(Checkpoint(origin, 300, bytes(32)))
    with pytest.raises(RewrittenLogError):
        verify(Checkpoint(origin, 299, bytes(32)))
    with pytest.raises(ShrunkLogError):
        verify(Checkpoint(origin, 301, bytes(32)))
    before = (tmp_path / "log" / "checkpoint").read_bytes()
    with pytest.raises(ShrunkLogError):
        StaticLog(299).export(tmp_path / "log")
    assert (tmp_path / "log" / "checkpoint").read_bytes() == before


def test_an_honest_step_is_none_of_the_three() -> None:
    log = OtherLog(ORIGIN, entries=ENTRIES[:20])
    tree = log.tree()
    for old in range(21):
        check_continues(Checkpoint(ORIGIN, old, tree.root(old)), Checkpoint(ORIGIN, 20, tree.root(20)), tree.root)


def test_on_the_command_line(tmp_path: Path) -> None:
    """Against the product's own routes: one history, then another one; the proof is checked by the next command."""
    honest, forked = StaticLog(300), StaticLog(300)
    policy = tmp_path / "policy"
    policy.write_text(honest.text)
    kpledger = Path(sys.executable).with_name("kpledger")

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([kpledger, *map(str, words)], capture_output=True, text=True, timeout=60, check=False)

    async def work() -> None:
        async with honest.served() as one, forked.served() as two:
            command = ("log", "watch", one, two, "--policy", policy, "--dir", tmp_path / "seen")
            quiet = await asyncio.to_thread(run, *command, "--once")
            assert quiet.returncode == 0, quiet.stderr
            assert f"300 entries at {two}" in quiet.stdout
            watching = await asyncio.create_subprocess_exec(
                kpledger, *map(str, command), "--every", "0.1", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
            )
            await asyncio.sleep(1.5)
            forged = Checkpoint(honest.signer.key.name, 300, bytes(32)).text()
            forked.note = Note(forged, (honest.signer.sign(forged),)).encode().decode()
            _, errors = await asyncio.wait_for(watching.communicate(), 30)
            assert watching.returncode == Exit.BAD_DATA
            assert errors.decode().startswith("ALARM")
            file = Path(re.search(r"/\S*fork-[0-9a-f]{16}\.json", errors.decode())[0])
            assert file.parent == tmp_path / "seen"
            checked = await asyncio.to_thread(run, "log", "fork", file, "--policy", policy)
            assert (checked.returncode, "TwoRootsError" in checked.stdout) == (0, True)
            file.write_text(file.read_text().replace("two-roots", "shrunk"))
            assert (await asyncio.to_thread(run, "log", "fork", file, "--policy", policy)).returncode == Exit.BAD_DATA

    play(work)


def test_export_compares_with_what_is_there_over_http(tmp_path: Path) -> None:
    log = StaticLog(3)
    log.export(tmp_path / "log")
    other = StaticLog(3)
    text = Checkpoint(log.signer.key.name, 3, bytes(32)).text()
    other.note = Note(text, (log.signer.sign(text),)).encode().decode()

    async def work() -> None:
        async with other.served() as url, Client(url, other.token) as client:
            with pytest.raises(TwoRootsError):
                await export_log(client, tmp_path / "log", replace(parse_policy(log.text.encode()), quorum="none"))

    play(work)
