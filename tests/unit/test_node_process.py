"""A whole node in this process, alone on its network: from a record over HTTP to a receipt, through stops, restarts and failures."""

import asyncio
import contextlib
import errno
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ledger import keys
from ledger.errors import DiskError
from ledger.policy import parse_policy
from ledger.receipt import verify_receipt
from ledger.record import parse_submission
from ledger.store import Store
from node.client import ProblemError
from node.disk import OsFile
from node.errors import Exit, FatalError
from node.home import Home
from node.limits import TURN_SECONDS
from node.process import NodeProcess
from node.wal import Wal
from tests.support.homes import Single, running_node, single
from tests.support.http import Client as RawClient
from tests.support.parts import until

SHUTDOWN_S = 0.5
"""What a node of these tests gives open requests; twice that, and a second for a slow machine, is the bound of a stop."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Single:
    """A fresh home; tests work on copies of it, one after the other, since its ports are its own."""
    return single(tmp_path_factory.mktemp("single") / "home")


@pytest.fixture
def alone(made: Single, tmp_path: Path) -> Single:
    shutil.copytree(made.home.path, tmp_path / "home")
    return Single(Home(tmp_path / "home"), made.network, made.api, made.peers, made.admin)


def run(work: Awaitable[None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await work

    asyncio.run(bounded())


def refused(home: Home) -> FatalError:
    """Why the node does not start; what it had taken is given back."""
    with pytest.raises(FatalError) as caught:
        NodeProcess.open(home)
    assert str(caught.value).count("\n") == 2
    return caught.value


# --- the main road ----------------------------------------------------------------------------------------------------


def test_from_a_record_to_a_receipt_and_the_same_after_a_restart(alone: Single) -> None:
    submission = alone.submission()

    async def play() -> None:
        async with running_node(alone.home, SHUTDOWN_S) as (process, client):
            taken = await client.submit(submission, wait=True)
            policy = parse_policy(await client.get_bytes("/log/policy"))
            opened = verify_receipt(taken.receipt.encode(), policy)
            assert (taken.index, taken.height, opened.record) == (0, 1, parse_submission(submission).record.raw)
            head = process.ledger.head
        async with running_node(alone.home, SHUTDOWN_S) as (process, client):
            again = await client.submit(submission, wait=True)
            assert (process.ledger.head, (again.id, again.index, again.height)) == (head, (taken.id, 0, 1))
            assert verify_receipt(again.receipt.encode(), policy).record == opened.record

    run(play())


def test_a_batch_with_one_twice_and_one_that_is_refused(alone: Single) -> None:
    async def play() -> None:
        first, second = alone.submission("BW0000001"), alone.submission("BW0000002")
        clash = alone.submission("BW0000001")  # the number again, in another record
        async with running_node(alone.home, SHUTDOWN_S) as (process, client):
            answers = await client.submit_many([first, clash, second, first, b"\x00"], wait=True)
            assert [getattr(answer, "index", None) for answer in answers] == [0, None, 1, 0, None]
            assert [answers[at].problem["error"] for at in (1, 4)] == ["number-used", "malformed"]
            assert answers[0] == answers[3]
            assert process.ledger.head.tree_size == 2
            assert len(process.finality) == 0
            with pytest.raises(ProblemError, match="number-used"):
                await client.submit(clash, wait=True)

    run(play())


def test_many_submit_the_same_at_once(alone: Single) -> None:
    async def play() -> None:
        submission = alone.submission()
        async with running_node(alone.home, SHUTDOWN_S) as (process, client):
            taken = await asyncio.gather(*(client.submit(submission, wait=True) for _ in range(30)))
            assert {answer.index for answer in taken} == {0}
            assert process.ledger.head.tree_size == 1
            assert len(process.finality) == 0

    run(play())


def test_a_client_that_goes_away_leaves_nothing_behind(alone: Single) -> None:
    async def play() -> None:
        async with running_node(alone.home, SHUTDOWN_S) as (process, client):
            process.execution._queue.put_nowait = lambda _call: None  # nothing is executed any more
            waiting = asyncio.ensure_future(client.submit(alone.submission(), wait=True))
            await until(lambda: len(process.finality) == 1)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting
            await until(lambda: len(process.finality) == 0)

    run(play())


# --- stopping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_head", [b"", b"GET / HTTP/1.1\r\n", b"POST /v1/records HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nxyz"]
)
def test_a_stop_with_an_open_connection_ends_in_bounded_time(alone: Single, request_head: bytes) -> None:
    async def play() -> None:
        async with running_node(alone.home, SHUTDOWN_S) as (_process, client):
            await client.submit(alone.submission(), wait=True)
            raw = await RawClient.connect(alone.api)
            await raw.send(request_head)
            await asyncio.sleep(0.05)
            before = time.monotonic()
        raw.close()
        assert time.monotonic() - before < 2 * SHUTDOWN_S + 1

    run(play())


def test_a_stop_with_somebody_waiting_for_finality_ends_in_bounded_time(alone: Single) -> None:
    async def play() -> None:
        async with running_node(alone.home, SHUTDOWN_S) as (process, client):
            process.execution._queue.put_nowait = lambda _call: None
            waiting = asyncio.ensure_future(client.submit(alone.submission(), wait=True))
            await until(lambda: len(process.finality) == 1)
            before = time.monotonic()
        assert time.monotonic() - before < 2 * SHUTDOWN_S + 1
        with pytest.raises((FatalError, ProblemError)):
            await waiting

    run(play())


def test_told_to_stop_before_it_began(alone: Single) -> None:
    async def play() -> None:
        process = NodeProcess.open(alone.home)
        try:
            stop = asyncio.Event()
            stop.set()
            sys.setswitchinterval(0.005)
            await process.run(stop)
            assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
        finally:
            process.close()

    run(play())
    NodeProcess.open(alone.home).close()


@pytest.mark.parametrize("which", ["api", "peers", "admin"])
def test_an_address_in_use_is_told_and_everything_given_back(alone: Single, which: str) -> None:
    async def play() -> None:
        process = NodeProcess.open(alone.home)
        try:
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind(("127.0.0.1", getattr(alone, which)))
                other.listen()
                with pytest.raises(FatalError, match="cannot be listened on") as caught:
                    await process.run(asyncio.Event())
                assert caught.value.code is Exit.BAD_CONFIGURATION
        finally:
            process.close()
        async with running_node(alone.home, SHUTDOWN_S):
            pass

    run(play())


# --- what fails while it runs -----------------------------------------------------------------------------------------


def ended(alone: Single, break_it: Callable[[NodeProcess], None]) -> FatalError:
    """The end of a node in which something is broken after it took its first record; one record is under way."""

    async def play() -> None:
        async with running_node(alone.home, SHUTDOWN_S) as (process, client):
            await client.submit(alone.submission("BW0000001"), wait=True)
            break_it(process)
            with pytest.raises((FatalError, ProblemError)):
                await client.submit(alone.submission("BW0000002"), wait=True)

    with pytest.raises(FatalError) as caught:
        run(play())
    assert str(caught.value).count("\n") == 2
    return caught.value


def fail_with(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_a_failing_fsync_ends_the_process_and_a_restart_goes_on(alone: Single, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        error = ended(alone, lambda _process: patch.setattr(OsFile, "sync", fail_with(OSError(errno.EIO, "broken"))))
    assert error.code is Exit.DISK
    goes_on(alone)


def test_a_store_that_fails_to_commit_ends_the_process_and_a_restart_executes_the_block(alone: Single) -> None:
    """The block is final and in the log of votes, its execution failed: it is delivered again, and applied once."""

    def break_it(process: NodeProcess) -> None:
        process.ledger.apply = fail_with(DiskError("no space"))

    assert ended(alone, break_it).code is Exit.DISK

    async def play() -> None:
        async with running_node(alone.home, SHUTDOWN_S) as (process, _client):
            await until(lambda: process.ledger.head.tree_size == 2)
            assert process.ledger.head.height == 2

    run(play())
    goes_on(alone)


@pytest.mark.parametrize("part", ["peers", "router", "proposals", "service"])
def test_a_failure_beside_the_main_road_ends_the_process(alone: Single, part: str) -> None:
    def break_it(process: NodeProcess) -> None:
        getattr(process, part).tasks.fail(DiskError("damaged block"))
        process.ledger.check = fail_with(KeyError("an answer 500, and no end of the process by itself"))

    assert ended(alone, break_it).code is Exit.DISK


def test_a_store_that_takes_no_submission_ends_the_process(alone: Single) -> None:
    """Nothing else would write to it while no block comes."""
    error = ended(alone, lambda process: setattr(process.ledger, "keep_bodies", fail_with(DiskError("no space"))))
    assert error.code is Exit.DISK
    goes_on(alone)


def test_a_fault_of_the_program_is_told_as_one(alone: Single) -> None:
    error = ended(alone, lambda process: setattr(process.proposals, "build", fail_with(KeyError("surprise"))))
    assert error.code is Exit.FAILED
    assert "surprise" in error.happened


def test_a_failure_while_stopping_is_told(alone: Single) -> None:
    async def play() -> None:
        async with running_node(alone.home, SHUTDOWN_S) as (process, client):
            await client.submit(alone.submission(), wait=True)
            process.peers.stop = _failing_stop(process)

    def _failing_stop(process: NodeProcess) -> Callable[[], Awaitable[None]]:
        real = process.peers.stop

        async def stop() -> None:
            process.peers.tasks.fail(DiskError("in the last moment"))
            await asyncio.sleep(0)
            await real()

        return stop

    with pytest.raises(FatalError, match="in the last moment"):
        run(play())


def goes_on(alone: Single) -> None:
    async def play() -> None:
        async with running_node(alone.home, SHUTDOWN_S) as (process, client):
            size = process.ledger.head.tree_size
            taken = await client.submit(alone.submission(f"BW{size + 7:07d}"), wait=True)
            assert taken.receipt is not None
            assert taken.index >= 1

    run(play())


# --- what must not start ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", ["wal", "cosign"])
def test_no_start_without_the_log_that_guards_a_key(alone: Single, folder: str) -> None:
    shutil.rmtree(alone.home.path / folder)
    error = refused(alone.home)
    assert error.code is Exit.REFUSED
    assert not (alone.home.path / folder).exists()
    done = subprocess.run(
        [sys.executable, "-m", "node.cli", "start", "--home", str(alone.home.path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 77
    assert "guards against signing twice" in done.stderr


@pytest.mark.parametrize("folder", ["wal", "cosign"])
def test_no_start_with_a_damaged_or_foreign_guard(alone: Single, folder: str) -> None:
    [segment] = (alone.home.path / folder).rglob("wal-*.log")
    content = segment.read_bytes()
    segment.write_bytes(content[:20] + bytes([content[20] ^ 1]) + content[21:])
    assert refused(alone.home).code is Exit.REFUSED
    segment.unlink()
    Wal.create(segment.parent, b"\x07" * 32).close()
    assert refused(alone.home).code is Exit.REFUSED


def test_no_start_with_keys_of_another_node(alone: Single) -> None:
    (alone.home.keys / "log").write_bytes(bytes(32))
    assert refused(alone.home).code is Exit.BAD_CONFIGURATION
    (alone.home.keys / "consensus").write_bytes(bytes(32))
    assert refused(alone.home).code is Exit.BAD_CONFIGURATION


def test_no_start_twice(alone: Single) -> None:
    process = NodeProcess.open(alone.home)
    assert "Another process" in refused(alone.home).happened
    process.close()
    NodeProcess.open(alone.home).close()


def after_two_records(alone: Single) -> None:
    async def play() -> None:
        async with running_node(alone.home, SHUTDOWN_S) as (_process, client):
            for number in ("BW0000001", "BW0000002"):
                await client.submit(alone.submission(number), wait=True)

    run(play())


def test_no_start_with_a_damaged_store(alone: Single) -> None:
    after_two_records(alone)
    intact = {file: file.read_bytes() for file in alone.home.data.iterdir() if file.is_file()}
    (alone.home.data / "CURRENT").unlink()
    assert refused(alone.home).code is Exit.DISK
    for file, content in intact.items():
        file.write_bytes(content)
    tables = [file for file in alone.home.data.iterdir() if file.suffix in {".ldb", ".log"} and file.stat().st_size > 200]
    assert tables
    for file in tables:
        content = bytearray(file.read_bytes())
        content[60] ^= 0xFF
        file.write_bytes(content)
    assert refused(alone.home).code is Exit.DISK


def test_no_start_on_another_ledgers_store(alone: Single, made: Single, tmp_path: Path) -> None:
    other = single(tmp_path / "other")
    NodeProcess.open(other.home).close()
    shutil.copytree(other.home.data, alone.home.data)
    error = refused(alone.home)
    assert error.code is Exit.BAD_CONFIGURATION
    assert "is of ledger" in error.happened


def test_no_start_on_a_store_of_another_version(alone: Single) -> None:
    NodeProcess.open(alone.home).close()
    with contextlib.closing(Store.open(alone.home.data)) as store:
        store.write({keys.LAYOUT_VERSION: None}, sync=True)
    error = refused(alone.home)
    assert error.code is Exit.BAD_CONFIGURATION
    assert "another version" in error.happened
    assert f"Move {alone.home.data} aside" in error.next_step
    assert "--joining" in error.next_step


def test_no_start_with_a_log_of_votes_that_is_older_than_the_store(alone: Single, tmp_path: Path) -> None:
    """A restored backup: this key has signed views that the log knows nothing of, and would sign them again."""
    shutil.copytree(alone.home.wal, tmp_path / "backup")
    after_two_records(alone)
    shutil.move(alone.home.wal, tmp_path / "original")
    shutil.copytree(tmp_path / "backup", alone.home.wal)
    error = refused(alone.home)
    assert error.code is Exit.REFUSED
    assert "has signed what the log does not hold" in error.happened
    shutil.rmtree(alone.home.wal)
    shutil.move(tmp_path / "original", alone.home.wal)
    goes_on(alone)
