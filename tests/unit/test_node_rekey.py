"""`node.rekey`: a key gets a successor in good order, or is given up with its guard; never a key without a log."""

import asyncio
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from consensus.messages import Seen, Vote, VoteKind, encode
from ledger.drafts import make_node_set
from ledger.network import of_genesis
from ledger.participants import Node
from ledger.record import sign_statement
from node.config import load_config
from node.errors import Exit, FatalError
from node.home import Home
from node.keys import NEXT, load_keys
from node.process import NodeProcess
from node.rekey import promote, retire, rotate
from node.wal import Wal
from tests.support.homes import Single, running_node, single
from tests.support.parts import until


@pytest.fixture
def alone(tmp_path: Path) -> Single:
    return single(tmp_path / "home")


def key(alone: Single) -> bytes:
    return load_keys(alone.home.path, raw_allowed=True).consensus.public


def node_set(alone: Single, **changes: object) -> bytes:
    """What whoever has the root key files: the keys that the home has now."""
    keys = load_keys(alone.home.path, raw_allowed=True)
    entry = {
        "participant": "BW",
        "address": load_config(alone.home.path, {}).reached_at,
        "consensus": keys.newest.public,
        "log": keys.log.public,
        "cosign": keys.cosign.public,
        "tls": alone.home.read_certificate(),
        "validator": True,
    }
    statement = make_node_set("BW", time.time_ns() // 1_000_000, Node(**(entry | changes)))  # as given
    return sign_statement(alone.network.genesis.ledger_id, alone.network.keys["BW"]["root"], statement)


def refused(alone: Single, **options: bool) -> FatalError:
    with pytest.raises(FatalError) as caught:
        retire(alone.home, None, leaked=False, **options)
    return caught.value


def log_of(alone: Single, public: bytes, epoch: int = 0) -> Wal:
    return alone.home.logs(alone.network.genesis.ledger_id).open(epoch, public)


def test_a_key_is_rotated_and_the_old_one_is_gone_after_the_next_start(alone: Single) -> None:
    old = key(alone)
    found = rotate(alone.home, None)
    assert (found.path.name, found.generated) == (NEXT, True)
    assert not rotate(alone.home, None).generated
    new = load_keys(alone.home.path, raw_allowed=True).newest.public
    assert new != old
    log_of(alone, new).close()

    async def play() -> None:
        async with running_node(alone.home) as (process, client):
            assert process.driver.core.validator
            await client.submit(node_set(alone), wait=True)
            await until(lambda: process.driver.core.epoch == 1)
            assert process.ledger.network.validator_keys == (new,)
            assert process.driver.core.validator
            taken = await client.submit(alone.submission(), wait=True)
            assert taken.receipt is not None
        assert key(alone) == old, "a running node moves no key"
        async with running_node(alone.home) as (process, client):
            assert key(alone) == new
            assert not (alone.home.keys / NEXT).exists()
            assert process.driver.core.validator
            taken = await client.submit(alone.submission("BW0000002"), wait=True)
            assert taken.receipt is not None

    asyncio.run(play())


def test_an_alarmed_process_does_not_vote_in_the_next_epoch_and_a_new_one_does(alone: Single) -> None:
    rotate(alone.home, None)

    async def play() -> None:
        async with running_node(alone.home) as (process, client):
            process.service.alarm = "a quorum has notarized a block in view 7 that is not valid here"
            await client.submit(node_set(alone), wait=True)
            await until(lambda: process.driver.core.epoch == 1)
            assert not process.driver.core.validator
            assert "view 7" in process.service.alarm
        async with running_node(alone.home) as (process, _):
            assert process.driver.core.validator
            assert process.service.alarm == ""

    asyncio.run(play())


def test_the_old_key_stays_as_long_as_the_epoch_votes_with_it(alone: Single) -> None:
    old = key(alone)
    rotate(alone.home, None)
    new = load_keys(alone.home.path, raw_allowed=True).newest.public
    network = of_genesis(alone.network.genesis)
    entry = network.node("BW")
    assert entry is not None
    known = network.with_node(replace(entry, consensus=new))
    for now, expected in ((network, old), (known, old), (known.with_epoch((("BW", new),), 9, 0), new)):
        promote(alone.home, now, "BW", None)
        assert key(alone) == expected
        assert (alone.home.keys / NEXT).exists() == (expected == old)


def test_a_lost_store_is_rebuilt_up_to_the_newest_log_without_a_vote(alone: Single) -> None:
    """Alone there is nobody to rebuild it from: it waits in epoch 0, though its key alone would be a quorum."""
    rotate(alone.home, None)

    async def play() -> None:
        async with running_node(alone.home) as (process, client):
            await client.submit(node_set(alone), wait=True)
            await until(lambda: process.driver.core.epoch == 1)
        rotate(alone.home, None)
        async with running_node(alone.home) as (process, client):
            await client.submit(node_set(alone), wait=True)
            await until(lambda: process.driver.core.epoch == 2)
        shutil.rmtree(alone.home.data)
        process = NodeProcess.open(alone.home, joining=True)
        assert (process.driver.core.epoch, process.driver.core.validator) == (0, False)
        process.close()

    asyncio.run(play())


def test_a_running_node_keeps_its_keys(alone: Single) -> None:
    process = NodeProcess.open(alone.home)
    try:
        for act in (lambda: rotate(alone.home, None), lambda: retire(alone.home, None, leaked=True)):
            with pytest.raises(FatalError, match="runs the node"):
                act()
    finally:
        process.close()
    assert not (alone.home.keys / NEXT).exists()


def test_whole_guards_are_no_reason_to_retire_a_key(alone: Single) -> None:
    old = key(alone)
    error = refused(alone)
    assert error.code is Exit.REFUSED
    assert "key rotate" in error.next_step
    assert key(alone) == old
    [item] = retire(alone.home, None, leaked=True)
    assert item.path.name == "consensus"
    assert key(alone) != old


@pytest.mark.parametrize("loss", ["gone", "damaged", "stale", "retired"])
def test_a_lost_log_retires_its_key_alone(alone: Single, loss: str) -> None:
    old = load_keys(alone.home.path, raw_allowed=True)
    place = alone.home.logs(alone.network.genesis.ledger_id).path(0, old.consensus.public)
    match loss:
        case "gone":
            shutil.rmtree(place)
        case "damaged":
            [segment] = place.glob("wal-*.log")
            segment.write_bytes(bytes(segment.stat().st_size))
        case "retired":
            alone.home.logs(alone.network.genesis.ledger_id).retire(old.consensus.public)
        case _:
            wal = log_of(alone, old.consensus.public)
            wal.append([encode(Seen(Vote(VoteKind.NULLIFY, 0, 1, 0, b"", 0, bytes(64))))])
            wal.sync()
            wal.close()
    assert [item.what for item in retire(alone.home, None, leaked=False)] == ["consensus key"]
    new = load_keys(alone.home.path, raw_allowed=True)
    assert new.consensus.public != old.consensus.public
    assert (new.log.public, new.cosign.public) == (old.log.public, old.cosign.public)
    log_of(alone, new.consensus.public).close()
    with pytest.raises(FatalError, match="does not have this home's keys") as caught:
        NodeProcess.open(alone.home)
    assert "--joining" in caught.value.next_step
    NodeProcess.open(alone.home, joining=True).close()


def test_a_retired_key_follows_and_says_so_in_every_later_epoch_too(alone: Single) -> None:
    """Alone it is the quorum: without its vote nothing becomes final."""
    alone.home.logs(alone.network.genesis.ledger_id).retire(key(alone))
    process = NodeProcess.open(alone.home)
    try:
        assert not process.driver.core.validator
        assert "key retire" in process.service.alarm
        process._prepare_epoch(1)
        assert not alone.home.logs(alone.network.genesis.ledger_id).path(1, key(alone)).exists()
    finally:
        process.close()


def test_a_lost_cosigning_guard_retires_its_key_alone(alone: Single) -> None:
    old = load_keys(alone.home.path, raw_allowed=True)
    shutil.rmtree(alone.home.guard)
    assert [item.what for item in retire(alone.home, None, leaked=False)] == ["cosign key"]
    new = load_keys(alone.home.path, raw_allowed=True)
    assert (new.consensus.public, new.log.public) == (old.consensus.public, old.log.public)
    assert new.cosign.public != old.cosign.public


def test_a_key_that_was_retired_cannot_be_used_with_the_new_log(alone: Single) -> None:
    """The old key put back finds no log: the new one is bound to the new key."""
    file = alone.home.keys / "consensus"
    secret = file.read_bytes()
    shutil.rmtree(alone.home.wal)
    retire(alone.home, None, leaked=False)
    file.write_bytes(secret)
    with pytest.raises(FatalError) as caught:
        NodeProcess.open(alone.home)
    assert caught.value.code is Exit.REFUSED
    assert "signing twice" in caught.value.means


def test_no_home_no_key(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="no genesis"):
        rotate(Home(tmp_path), None)
