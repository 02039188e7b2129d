"""Bugs that others had where log and application meet (P13 to P16, P22, P23): the real log under a real core.

P23 of a whole node, whose store is newer than its log: `test_node_process.py`.
"""

from pathlib import Path
from random import Random

import pytest

from consensus.core import Core
from consensus.errors import JournalError, LocalFaultError
from consensus.events import Alarm, Applied, Check, Connected, Deliver
from consensus.limits import RETAINED_VIEWS
from consensus.messages import Proposal, Seen, Vote, VoteKind, encode
from node.errors import WalMissingError
from node.wal import Wal
from tests.simulation.disk import CrashError, MemoryDisk
from tests.support.consensus import (
    GENESIS,
    LEDGER,
    Net,
    Node,
    Scheme,
    block,
    certificate,
    config,
    follower,
    keys,
    proposal,
    tip_of,
    vote,
)
from tests.support.consensus import leader as leader_of

NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE
N = 4
ME = follower(N, 1, 2, 3)
PEERS = [signer for signer in range(N) if signer != ME]
DIRECTORY = Path("/wal/epoch-0")
NEXT = Path("/wal/epoch-1")


def grown(blocks):
    """A network after so many blocks, none of whose logs was ever begun anew."""
    net = Net(N)
    for number in range(blocks):
        net.submit(b"%d" % number)
        net.settle()
    assert {one.tip.height for one in net.nodes} == {blocks}
    return net


def stored(records, disk=None):
    """A log with these records, one batch each."""
    wal = Wal.create(DIRECTORY, LEDGER, disk or MemoryDisk(Random(1)))
    for record in records:
        wal.append([record])
        wal.sync()
    return wal


def recover(records, tip=GENESIS, epoch=0):
    return Core.recover(config(N, ME, epoch), Scheme(keys(N)[ME]), records, tip, 0)


def calls(output, *types):
    return [call for call in output.app if isinstance(call, types)]


def test_p13_the_application_is_ahead_of_the_log():
    """commonware #3727. The executed block is the floor; nothing is delivered, checked or voted for below it."""
    net = grown(6)
    one = net.nodes[ME]
    for length in range(len(one.log) + 1):
        core, output = recover(one.log[:length], one.tip)
        assert core.floor_view >= one.tip.view
        assert core.delivered == one.tip
        assert calls(output, Deliver, Check) == []
        before = {found.vote for found in core._engine.journal.votes()}
        again = Node(N, ME, log=list(one.log[:length]), tip=one.tip)
        for old in one.executed[-3:]:
            again.receive(leader_of(N, old[0].view), proposal(N, old[0]))
            again.receive(PEERS[0], certificate(NOTARIZE, N, PEERS, old[0].view, old[0]))
        assert {found.vote for found in again.core._engine.journal.votes()} == before, "no view up to it is voted in again"


def test_p13_a_core_behind_its_application_goes_on_from_there():
    net = grown(6)
    one = net.nodes[ME]
    one.log = one.log[:3]
    one.start()
    net.submit(b"on")
    net.run(20_000)
    assert len({node.tip for node in net.nodes}) == 1
    assert one.tip.height >= 7


def test_p14_a_whole_log_is_replayed_over_an_application_that_has_forgotten():
    """commonware #983. The log holds blocks, votes and certificates of heights long executed and of views long pruned."""
    net = grown(RETAINED_VIEWS + 20)
    one = net.nodes[ME]
    wal = stored(one.log)
    found = Wal.open(DIRECTORY, LEDGER, wal._disk).records
    assert found == one.log
    core, output = recover(found, one.tip)
    assert calls(output, Deliver, Check, Alarm) == []
    assert core.snapshot() == one.core.snapshot()
    assert min(kept.vote.view for kept in core._engine.journal.votes()) >= core.floor_view - RETAINED_VIEWS
    with pytest.raises(LocalFaultError, match="forgotten"):
        core._engine.journal.cast(NULLIFY, 1, 0, b"")


def test_p14_what_was_not_executed_is_delivered_from_the_replay_and_nothing_else():
    net = grown(RETAINED_VIEWS + 20)
    one = net.nodes[ME]
    executed = [made for made, _ in one.executed]
    for missing in (1, 5, 70):
        tip = tip_of(executed[-missing - 1])
        _, output = recover(one.log, tip)
        assert [call.block for call in calls(output, Deliver)] == executed[-missing:]


def test_p15_the_boundary_of_what_is_forgotten_is_durable_with_the_rest():
    """commonware #4235. At each step of a rotation power fails: whatever log is found, no forgotten view is voted in."""
    net = grown(RETAINED_VIEWS + 20)
    one = net.nodes[ME]
    core = one.core
    first, snapshot = core._engine.journal.first, core.snapshot()
    assert first > 1
    steps = 0
    while True:
        left = [steps]

        def before(_name, left=left):
            left[0] -= 1
            if left[0] == -1:
                raise CrashError

        disk = MemoryDisk(Random(steps))
        wal = stored(one.log, disk)
        disk.before = before
        try:
            wal.rotate(snapshot)
        except CrashError:
            disk.before = lambda _name: None
        else:
            break
        disk.crash()
        records = Wal.open(DIRECTORY, LEDGER, disk).records
        assert records in (one.log, list(snapshot))
        again, _ = recover(records, one.tip)
        assert (again._engine.journal.first, again.snapshot()) == (first, snapshot)
        for kind in VoteKind:
            with pytest.raises(LocalFaultError, match="forgotten"):
                again._engine.journal.cast(kind, first - 1, 0, b"" if kind == NULLIFY else bytes(32))
        steps += 1
    assert steps > 6


def test_p15_late_certificates_of_forgotten_views_cause_no_vote():
    net = grown(RETAINED_VIEWS + 20)
    one = net.nodes[ME]
    again = Node(N, ME, log=list(one.core.snapshot()), tip=one.tip)
    again.take()
    for view in (1, 2, one.tip.view - RETAINED_VIEWS - 1):
        made = block(view)
        again.receive(PEERS[0], certificate(NOTARIZE, N, PEERS, view, made))
        again.receive(leader_of(N, view), proposal(N, made))
    assert again.of(Vote, Proposal) == []


def test_p16_the_log_of_the_old_epoch_is_not_the_new_ones():
    """ava-labs/Simplex #551. Another directory; where the old one is read all the same, the core refuses it."""
    net = grown(3)
    one = net.nodes[ME]
    wal = stored(one.log)
    with pytest.raises(WalMissingError):
        Wal.open(NEXT, LEDGER, wal._disk)
    Wal.create(NEXT, LEDGER, wal._disk)
    assert Wal.open(NEXT, LEDGER, wal._disk).records == []
    with pytest.raises(JournalError, match="epoch 0 in the log of epoch 1"):
        recover(Wal.open(DIRECTORY, LEDGER, wal._disk).records, epoch=1)


@pytest.mark.parametrize("seed", range(20))
def test_p22_a_segment_whose_name_is_not_durable_is_never_relied_upon(seed):
    """cometbft #6031. Power fails right after each operation that returned: nothing that was acknowledged is lost."""
    disk = MemoryDisk(Random(seed))
    wal = Wal.create(DIRECTORY, LEDGER, disk)
    said = []
    for number in range(6):
        wal.append([b"record %d" % number])
        wal.sync()
        said.append(b"record %d" % number)
        if number % 2:
            wal.rotate(said)
        disk.crash()
        wal = Wal.open(DIRECTORY, LEDGER, disk)
        assert wal.records == said


def voting(records):
    """The node whose log this is, after somebody has shown it the votes that others hold of its key."""
    again = Node(N, ME, log=list(records))
    again.take()
    return again


def test_p23_a_log_put_back_from_a_backup_is_noticed_and_its_key_retired():
    """tendermint #3418. The guard is restored to an older state; the peers hold newer votes of its key."""
    net = grown(4)
    one = net.nodes[ME]
    backup = Wal.open(DIRECTORY, LEDGER, stored(one.log[:-3])._disk).records
    restored = net.nodes[ME] = voting(backup)
    for signer in PEERS:
        net.nodes[signer].handle(Connected(keys(N)[ME]))
    net.settle()
    assert [call.retired for call in restored.asked(Alarm)] == [True]
    net.submit(b"more")
    net.run(20_000)
    assert not [send for send in restored.sent if isinstance(send.message, Vote | Proposal)]
    assert len({node.tip for node in net.nodes}) == 1, "it follows"
    rotated = Wal.open(DIRECTORY, LEDGER, stored(restored.core.snapshot())._disk).records
    assert voting(rotated).core.alarm is not None


def test_p23_a_clone_is_noticed_by_the_first_vote_that_is_not_its_own():
    one = Node(N, ME)
    clone = Node(N, ME)
    first, other = block(1), block(1, GENESIS, b"other")
    one.receive(leader_of(N, 1), proposal(N, first))
    clone.receive(leader_of(N, 1), proposal(N, other))
    peer = Node(N, PEERS[0])
    peer.receive(ME, one.votes(NOTARIZE)[0])
    peer.receive(ME, clone.votes(NOTARIZE)[0])
    peer.take()
    peer.handle(Connected(keys(N)[ME]))
    [seen] = peer.of(Seen)
    held = {True: one, False: clone}[seen.vote == one.votes(NOTARIZE)[0]]
    stranger = clone if held is one else one
    for node in (held, stranger):
        node.receive(PEERS[0], seen)
    assert (held.core.alarm, bool(stranger.core.alarm)) == (None, True)


def test_p23_a_new_log_for_a_key_that_has_voted_is_noticed():
    """The whole log is lost and somebody makes a new one by hand."""
    shown = vote(NOTARIZE, ME, 1, block(1))
    one = voting([])
    one.receive(PEERS[0], Seen(shown))
    assert one.core.alarm is not None
    assert one.log == [encode(Seen(shown))]


def test_p23_an_intact_log_never_retires_its_key():
    net = grown(4)
    one = net.nodes[ME]
    for records in (one.log, one.core.snapshot()):
        again = net.nodes[ME] = Node(N, ME, log=list(records), tip=one.tip)
        for signer in PEERS:
            net.nodes[signer].handle(Connected(keys(N)[ME]))
        net.settle()
        assert again.core.alarm is None
        again.handle(Applied(one.tip.height))
        assert again.core.faults == {}
