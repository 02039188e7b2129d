"""ledger/state.py: a block is applied whole or not at all, the same on every node, and says what it did."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import msgpack
import pytest

from ledger import keys
from ledger.entries import Head
from ledger.errors import BlockOrderError, Code, StoreError, StoreLayoutError
from ledger.log import Log
from ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from ledger.record import Submission
from ledger.shelf import place_of
from ledger.state import Block, Ledger
from ledger.store import Store
from ledger.tiles import decode_bundle
from tests.support.script import contents, save, script
from tests.support.story import tell_of_nodes
from tests.support.world import START, World, genesis
from tests.unit.naive_merkle import mth

BLOCKS = 40
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def blocks():
    return script(BLOCKS)


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def keep(ledger, block):
    ledger.keep_bodies([Submission(record) for record in block.records])


def play(ledger, blocks):
    """The head after each block."""
    heads = [ledger.head]
    for block in blocks:
        keep(ledger, block)
        heads.append(ledger.apply(block).head)
    return heads


def leaves(ledger):
    """The log's entries, as the bundles give them."""
    size = ledger.head.tree_size
    return [
        entry
        for n in range(-(-size // 256))
        for entry in decode_bundle(ledger.entries(n, min(256, size - n * 256)), min(256, size - n * 256))
    ]


# --- the transition -------------------------------------------------------------------------------------------------------


def test_an_empty_store_becomes_height_0(world):
    ledger = world.ledger
    empty = hashlib.sha256(b"").digest()
    assert ledger.head == Head(0, START, ledger.ledger_id, 0, empty, ledger.ledger_id)
    assert (ledger.origin, ledger.ledger_id) == ("kpledger.example/test", genesis().ledger_id)
    assert ledger.root_at(0) == empty
    assert ledger.tile(0, 0, 1) is None
    assert ledger.entries(0, 1) is None


def test_what_a_block_does_is_there_after_reopening(tmp_path, blocks):
    with World.make(tmp_path / "db") as world:
        heads = play(world.ledger, blocks)
        whole = contents(world)
    with World.make(tmp_path / "db") as world:
        assert world.ledger.head == heads[-1]
        assert contents(world) == whole


def test_the_log_is_the_accepted_records_in_order(world, blocks):
    accepted = []
    for block in blocks:
        keep(world.ledger, block)
        before = world.ledger.head
        applied = world.ledger.apply(block)
        assert [judgement.id for judgement in applied.judgements] == [record.id for record in block.records]
        for record, judgement in zip(block.records, applied.judgements, strict=True):
            assert (judgement.index is None) == (judgement.refusal is not None)
            if judgement.index is not None and judgement.height == block.height and record.raw not in accepted:
                assert judgement.index == len(accepted)
                accepted.append(record.raw)
        assert (applied.head.tree_size, applied.head.root) == (len(accepted), mth(accepted))
        proof = world.ledger.consistency_proof(before.tree_size, applied.head.tree_size)
        verify_consistency(before.tree_size, applied.head.tree_size, before.root, applied.head.root, proof)
    ledger = world.ledger
    assert leaves(ledger) == accepted
    assert len(accepted) > 256
    for index, raw in enumerate(accepted):
        assert ledger.record(leaf_hash(raw))[:2] == (raw, index)
        verify_inclusion(leaf_hash(raw), index, len(accepted), ledger.inclusion_proof(index, len(accepted)), ledger.head.root)
    assert ledger.root_at(100) == mth(accepted[:100])


def test_the_state_digest_covers_each_write_to_state(world, blocks):
    """Computed again from what the store held before and after, with another MessagePack library."""

    def state():
        return {keys.STATE + key: value for key, value in world.store.iterate(keys.STATE)}

    judged = set()
    for block in blocks:
        before, held = world.ledger.head, state()
        keep(world.ledger, block)
        after, now = world.ledger.apply(block).head, state()
        assert held.keys() <= now.keys()
        written = [[key, now[key]] for key in sorted(now) if held.get(key) != now[key]]
        named = {record.id for record in block.records}
        assert bool(written) == (after.tree_size > before.tree_size or not named <= judged)
        judged |= named
        assert after.state == hashlib.sha256(before.state + msgpack.packb(written)).digest()


@pytest.mark.parametrize(
    ("height", "later"),
    [(0, 1_000), (1, 1_000), (3, 1_000), (2, 0), (2, -1)],
    ids=["genesis", "again", "gap", "same time", "earlier"],
)
def test_a_block_that_does_not_follow_is_refused(world, height, later):
    world.accept(world.issue())
    before = contents(world)
    with pytest.raises(BlockOrderError):
        world.ledger.apply(Block(height, world.ledger.head.time + later, b"d" * 32, (world.issue(number="BW0000002"),)))
    assert contents(world) == before
    assert world.ledger.head.height == 1


def test_an_empty_block_moves_height_time_and_digest_only(world):
    world.accept(world.issue())
    before = world.ledger.head
    after = world.block().head
    assert after == Head(2, after.time, after.digest, 1, before.root, hashlib.sha256(before.state + b"\x90").digest())


def test_an_id_that_was_accepted_before_is_skipped(world):
    issue, other = world.issue(), world.issue(number="BW0000002")
    first = world.block(issue, issue, other, issue)
    assert [(judgement.index, judgement.height) for judgement in first.judgements] == [(0, 1), (0, 1), (1, 1), (0, 1)]
    assert first.head.tree_size == 2
    before = world.ledger.head
    again = world.block(other, issue)
    assert [(judgement.index, judgement.height, judgement.refusal) for judgement in again.judgements] == [
        (1, 1, None),
        (0, 1, None),
    ]
    assert (again.head.tree_size, again.head.root) == (2, before.root)
    world.ledger.check(issue, world.now)


def test_a_refused_record_is_judged_again_while_it_is_fresh(world):
    issue = world.issue()
    outcome = world.confirm(issue)
    assert world.block(outcome).judgements[0].refusal.code == Code.CERTIFICATE_UNKNOWN
    world.accept(issue)
    world.accept(outcome)
    judgement = world.ledger.judgement(outcome.id)
    assert (judgement.index, judgement.height, judgement.refusal) == (1, 3, None)


def test_check_sees_the_later_of_block_time_and_clock(world):
    issue = world.issue(at=world.now + 20 * 60_000)
    with pytest.raises(Exception, match="in-future"):
        world.ledger.check(issue, world.now)
    world.ledger.check(issue, world.now + 10 * 60_000)
    world.block(time=world.now + 15 * 60_000)
    world.ledger.check(issue, START)


# --- bodies and the node's own values -------------------------------------------------------------------------------------


def test_bodies_are_kept_and_dropped_by_id(world):
    issue, pending = world.sealed(world.issue()), world.sealed(world.issue(number="BW0000002"))
    ledger = world.ledger
    ledger.keep_bodies([issue, pending])
    ledger.sync()
    assert (ledger.body(issue.record.id), ledger.envelope(issue.record.id)) == (issue.record.raw, issue.envelope)
    assert (ledger.judgement(issue.record.id), ledger.record(issue.record.id)) == (None, None)
    world.accept(issue.record)
    ledger.drop_bodies([issue.record.id, pending.record.id, b"x" * 32])
    assert (ledger.body(issue.record.id), ledger.envelope(issue.record.id)) == (issue.record.raw, issue.envelope)
    assert (ledger.body(pending.record.id), ledger.envelope(pending.record.id)) == (None, None)


def test_bytes_are_written_once_and_never_missing(world, monkeypatch):
    kept, missing = world.issue(), world.issue(number="BW0000002")
    world.ledger.keep_bodies([Submission(kept)])
    batches = []
    real = Store.write
    monkeypatch.setattr(
        Store, "write", lambda store, writes, *, sync: (batches.append((dict(writes), sync)), real(store, writes, sync=sync))
    )
    world.ledger.apply(Block(1, world.now, b"d" * 32, (kept, missing)), {b"own": b"value"})
    ((written, sync),) = batches
    assert sync
    assert {key for key in written if key.startswith(keys.RECORD)} == {keys.record(missing.id)}
    assert [value for key, value in written.items() if key.startswith(keys.BODY)] == [missing.raw]
    batches.clear()
    world.ledger.keep_bodies([Submission(kept)])
    assert batches == [({}, False)]
    assert {
        keys.HEAD,
        keys.node(b"own"),
        keys.judgement(place_of(world.store, kept.id)),
        keys.certificate("BW0000001"),
    } <= written.keys()
    assert leaves(world.ledger) == [kept.raw, missing.raw]


def test_nothing_of_a_refused_record_stays_in_memory(world):
    issue = world.issue()
    outcome = world.confirm(issue)
    world.block(outcome, issue)
    assert (world.ledger._shelf._new, world.ledger._shelf._written) == ({}, set())
    assert world.ledger.body(outcome.id) == outcome.raw
    world.accept(outcome)


def test_a_record_dropped_by_mistake_before_its_block_comes_with_the_block(world):
    issue = world.issue()
    world.ledger.keep_bodies([Submission(issue)])
    world.ledger.drop_bodies([issue.id])
    world.ledger.apply(Block(1, world.now, b"d" * 32, (issue,)))
    assert world.ledger.record(issue.id) == (issue.raw, 0, 1)


def test_a_refused_records_judgement_outlives_its_bytes_and_a_restart(tmp_path):
    with World.make(tmp_path / "db") as world:
        issue = world.issue()
        early, never_kept = world.confirm(issue), world.confirm(issue, outcome="refused")
        world.block(early)
        world.ledger.drop_bodies([early.id])
        world.ledger.apply(Block(2, world.now + 1_000, b"d" * 32, (never_kept, never_kept)))
        assert [world.ledger.body(record.id) for record in (early, never_kept)] == [None, None]
    with World.make(tmp_path / "db") as world:
        ledger = world.ledger
        assert [ledger.judgement(record.id).height for record in (early, never_kept)] == [1, 2]
        world.accept(issue)
        assert ledger.record(issue.id) == (issue.raw, 0, 3)
        assert ledger.judgement(never_kept.id).height == 2
        world.accept(early)
        assert ledger.record(early.id) == (early.raw, 1, 4)
        places = [place for _, place in world.store.iterate(keys.RECORD)]
        assert len(set(places)) == len(places) == 3


def test_a_record_that_comes_while_its_block_is_executed_has_one_place(world, monkeypatch):
    """Another thread keeps its bytes just before, and just after, the block is written."""
    issue = world.issue()
    real = Store.write

    def meanwhile(store, writes, *, sync):
        if sync:
            world.ledger.keep_bodies([Submission(issue)])
        real(store, writes, sync=sync)
        if sync:
            world.ledger.keep_bodies([Submission(issue)])

    monkeypatch.setattr(Store, "write", meanwhile)
    world.ledger.apply(Block(1, world.now, b"d" * 32, (issue,)))
    assert world.ledger.record(issue.id) == (issue.raw, 0, 1)
    assert [len(list(world.store.iterate(prefix))) for prefix in (keys.RECORD, keys.BODY, keys.JUDGEMENT)] == [1, 1, 1]


def test_what_is_being_executed_is_not_dropped(world, monkeypatch):
    """Another thread forgets a record while the block that accepts it is judged."""
    issue, other = world.issue(), world.issue(number="BW0000002")
    world.ledger.keep_bodies([Submission(issue), Submission(other)])
    real = Store.write

    def meanwhile(store, writes, *, sync):
        if sync:
            world.ledger.drop_bodies([issue.id, other.id])
        real(store, writes, sync=sync)

    monkeypatch.setattr(Store, "write", meanwhile)
    world.ledger.apply(Block(1, world.now, b"d" * 32, (issue,)))
    assert world.ledger.record(issue.id) == (issue.raw, 0, 1)
    assert world.ledger.body(other.id) is None
    world.ledger.drop_bodies([issue.id])
    assert world.ledger.body(issue.id) == issue.raw


def test_the_nodes_own_values(world):
    ledger = world.ledger
    assert ledger.node_value(b"block/1") is None
    world.block(extra={b"block/1": b"one", b"final/1": b"", b"block/2": b"two"})
    assert [ledger.node_value(key) for key in (b"block/1", b"final/1", b"block/2")] == [b"one", b"", b"two"]
    ledger.keep_node_values({b"cosignature/7": b"seven"})
    assert ledger.node_value(b"cosignature/7") == b"seven"


# --- determinism ----------------------------------------------------------------------------------------------------------


def run_script(verb, path, argument, **env):
    command = [sys.executable, "-m", "tests.support.script", verb, str(path), str(argument)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | env, cwd=ROOT)


def test_the_same_blocks_give_the_same_bytes_under_any_hash_seed(tmp_path, blocks):
    with World.make(tmp_path / "here") as world:
        play(world.ledger, blocks[:20])
        wanted = contents(world)
    for seed in ("0", "1", "4242"):
        with run_script("digest", tmp_path / seed, 20, PYTHONHASHSEED=seed) as process:
            assert process.stdout.read().split("\n")[-2] == wanted


def test_nodes_and_epochs_give_the_same_bytes_under_any_hash_seed(tmp_path):
    with World.make(tmp_path / "here") as world:
        tell_of_nodes(world)
        wanted = contents(world)
        kept = {key[:4] for key, _ in world.store.iterate(keys.STATE) for key in [keys.STATE + key]}
        assert {b"s/m/", b"s/k/", b"s/w", b"s/l/", b"s/p/", b"s/v/", b"s/q/"} <= kept
    for seed in ("0", "1", "4242"):
        with run_script("nodes", tmp_path / seed, 0, PYTHONHASHSEED=seed) as process:
            assert process.stdout.read().split("\n")[-2] == wanted


# --- crashes and damage ---------------------------------------------------------------------------------------------------


def test_killed_at_any_moment_a_block_is_there_whole_or_not_at_all(tmp_path):
    """A real process, SIGKILL: what it had reported is there, and the rest equals a history that was never disturbed."""
    count = 60
    history = script(count, 40)
    save(history, tmp_path / "blocks")
    with World.make(tmp_path / "calm") as calm:
        heads = play(calm.ledger, history)
    rng = random.Random(5)
    stops = set()
    path = tmp_path / "db"
    for turn in range(200):
        reported = 0
        with run_script("run", path, tmp_path / "blocks") as process:
            limit = rng.randrange(1, 7)
            for line in process.stdout:
                if not line.strip().isdigit():
                    break
                reported = int(line)
                limit -= 1
                if not limit:
                    time.sleep(rng.random() * 0.005)
                    process.kill()
                    break
        with World.make(path) as world:
            head = world.ledger.head
            assert head == heads[head.height], f"turn {turn}"
            assert head.height >= reported
            raws = leaves(world.ledger)
            assert mth(raws) == head.root
            assert Log(world.store.get, head.tree_size).root == head.root
            expected = {record.id for block in history[: head.height] for record in block.records}
            places = {place: record_id for record_id, place in world.store.iterate(keys.RECORD)}
            judged = {places[place] for place, _ in world.store.iterate(keys.JUDGEMENT)}
            assert judged == expected
            stops.add(head.height)
        if head.height == count:
            break
    assert head == heads[-1]
    assert len(stops) >= 5
    with World.make(path) as world, World.make(tmp_path / "calm") as calm:
        assert contents(world) == contents(calm)


def test_flipped_bits_in_the_store_never_give_another_ledger(tmp_path, blocks):
    """What opens and reads is this history up to some height, whole; everything else is a StoreError."""
    with World.make(tmp_path / "good") as world:
        heads = play(world.ledger, blocks[:30])
        world.store._db.compact_range()
        heads += play(world.ledger, blocks[30:])[1:]
        stored = dict(world.store.iterate(b""))
    rng = random.Random(11)
    files = [file for file in sorted((tmp_path / "good").iterdir()) if file.stat().st_size and not file.name.startswith("LO")]
    noticed = 0
    for turn in range(40):
        path = tmp_path / "bad"
        shutil.copytree(tmp_path / "good", path)
        damaged = path / files[turn % len(files)].name
        data = bytearray(damaged.read_bytes())
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        damaged.write_bytes(data)
        try:
            with World.make(path) as world:
                head = world.ledger.head
                leaves(world.ledger)
                found = dict(world.store.iterate(b""))
        except StoreError:
            noticed += 1
        else:
            assert head == heads[head.height], damaged.name
            assert head != heads[-1] or found == stored, damaged.name
        shutil.rmtree(path)
    assert noticed >= 30


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (keys.HEAD, None, "no head"),
        (keys.HEAD, b"\x90", "damaged"),
        (keys.GENESIS, b"x" * 32, "is of ledger"),
        (keys.GENESIS, None, "no ledger"),
        (keys.TILES + bytes(9), None, "right edge"),
        (keys.TILES + bytes(9), b"y" * 64, "root"),
        ("record", None, "missing"),
        ("record", b"other", "damaged"),
    ],
)
def test_a_head_that_the_store_does_not_bear_out_stops_the_node(tmp_path, key, value, message):
    with World.make(tmp_path / "db") as world:
        issue = world.issue()
        world.accept(issue, world.issue(number="BW0000002"))
        world.store.write({keys.BODY + place_of(world.store, issue.id) if key == "record" else key: value}, sync=True)
    with pytest.raises(StoreError, match=message):
        World.make(tmp_path / "db")
    Store.open(tmp_path / "db").close()


def test_another_genesis_is_another_ledger(tmp_path):
    with World.make(tmp_path / "db"):
        pass
    with pytest.raises(StoreError, match="is of ledger"):
        World.make(tmp_path / "db", genesis(network="other"))


@pytest.mark.parametrize(
    ("written", "told"), [(None, "an earlier form"), (b"\0\0", "form 0"), ((keys.LAYOUT + 1).to_bytes(2, "big"), "form")]
)
def test_a_store_of_another_version_is_told_apart_from_a_damaged_one(tmp_path, written, told):
    with World.make(tmp_path / "db") as world:
        assert world.store.get(keys.LAYOUT_VERSION) == keys.layout()
        world.store.write({keys.LAYOUT_VERSION: written, keys.HEAD: b"of another form"}, sync=True)
    with pytest.raises(StoreLayoutError, match=f"has {told}.*reads form {keys.LAYOUT};.*other nodes") as caught:
        World.make(tmp_path / "db")
    assert not caught.value.damaged


def test_a_failed_write_leaves_the_head_and_stops_everything(world, monkeypatch):
    world.accept(world.issue())
    before = world.ledger.head

    def failing(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "_write", failing)
    with pytest.raises(StoreError):
        world.ledger.apply(Block(2, world.now, b"d" * 32, (world.issue(number="BW0000002"),)))
    assert world.ledger.head == before
    monkeypatch.undo()
    with pytest.raises(StoreError, match="earlier write"):
        world.block(world.issue(number="BW0000002"))
    world.store.close()
    with World.make(world.path) as again:
        assert again.ledger.head == before
        assert isinstance(again.ledger, Ledger)
