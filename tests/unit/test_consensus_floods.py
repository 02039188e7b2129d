"""What a hostile validator can make a core keep and verify: little, however much it says (R10, P21). All buffers are counted."""

from collections.abc import Callable

import pytest
from msgspec import structs

from consensus.limits import RETAINED_VIEWS
from consensus.messages import Certificate, GetBlock, GetCertificates, Proposal, Seen, Status, Vote, VoteKind
from tests.support.consensus import Net, Node, block, certificate, digest_of, leader, proposal, tip_of, vote

NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE
N = 4
ALIVE = [0, 1, 2]
HOSTILE = 3
FLOOD = 5_000


def running(blocks: int = 12) -> tuple[Net, Node]:
    """Three honest nodes that have finalized some blocks without the fourth, and one of them."""
    net = Net(N, alive=ALIVE)
    for number in range(blocks):
        net.submit(b"record %d" % number)
        net.run(net.nodes[0].now + 40_000)
    assert net.nodes[0].core.delivered.height >= blocks
    for node in net.nodes:
        node.take()
    return net, net.nodes[0]


def kept(node: Node) -> dict[str, int]:
    """How much of everything a core holds for others."""
    engine = node.core._engine
    rounds = engine.rounds._rounds.values()
    ballots = [held for one in rounds for held in one.ballots.values()]
    return {
        "views": len(engine.rounds._rounds),
        "votes": sum(len(held._unverified) + len(held._verified) for held in ballots),
        "blocks": len(list(engine.blocks)),
        "questions": len(node.core._fetch._asked),
    }


def forged(kind: VoteKind, view: int, number: int) -> Vote:
    digest = b"" if kind == NULLIFY else number.to_bytes(32)
    return Vote(kind, 0, view, 0 if kind == NULLIFY else max(0, view - 1), digest, HOSTILE, number.to_bytes(64))


FLOODS: dict[str, Callable[[int, int], object]] = {
    "votes of views ahead": lambda view, n: forged(FINALIZE, view + 2 + n, n),
    "votes of views past": lambda view, n: forged(NULLIFY, 1 + n % max(1, view - 1), n),
    "different votes of one view": lambda view, n: forged(NOTARIZE, view, n),
    "votes of views near": lambda view, n: forged([NOTARIZE, NULLIFY, FINALIZE][n % 3], max(1, view - n % 70), n),
    "statuses": lambda _view, n: Status(0, n, n),
    "statuses of later epochs": lambda _view, n: Status(n, n, n),
    "questions for blocks": lambda _view, n: GetBlock(0, n.to_bytes(32)),
    "questions for certificates": lambda _view, n: GetCertificates(0, n, 2**62),
}


CHECKS = {"different votes of one view": 2, "votes of views near": 2}
"""Signature checks a message, where there are any: both votes of an alleged equivocation."""


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_not_kept_and_costs_no_more_than_two_signature_checks_a_message(flood: str) -> None:
    net, one = running()
    before, checked = kept(one), one.scheme.verified
    for number in range(FLOOD):
        one.receive(HOSTILE, FLOODS[flood](one.core.view, number))
        one.sent.clear()
    after = kept(one)
    assert after["views"] <= RETAINED_VIEWS + 3
    assert after["votes"] <= before["votes"] + 3 * (RETAINED_VIEWS + 3)
    assert after["blocks"] <= before["blocks"] + 1
    assert after["questions"] <= before["questions"] + 1
    assert one.scheme.verified - checked <= CHECKS.get(flood, 0) * FLOOD
    assert not one.alarms
    net.submit(b"after the flood")
    net.run(one.now + 60_000)
    assert len({net.nodes[me].core.delivered.digest for me in ALIVE}) == 1
    assert all(not net.nodes[me].pending for me in ALIVE)


def test_a_forged_certificate_costs_one_signature_check() -> None:
    net, one = running()
    for number in range(1_000):
        checked = one.scheme.verified
        view = one.core.view + number
        made = certificate(FINALIZE, N, [0, 1, 2], view, block(view))
        one.receive(HOSTILE, structs.replace(made, signatures=(number.to_bytes(64), *made.signatures[1:])))
        assert one.scheme.verified == checked + 1
    assert sum(one.core.faults.values()) == 1_000
    assert not one.alarms
    net.submit(b"after the flood")
    net.run(one.now + 60_000)
    assert not one.pending


@pytest.mark.parametrize(
    "spoil",
    [
        lambda made: structs.replace(made, signers=b"\x0f"),
        lambda made: structs.replace(made, signers=b"\x07\x00"),
        lambda made: structs.replace(made, signers=b"\x47"),
        lambda made: structs.replace(made, signers=b"\x03", signatures=made.signatures[:2]),
        lambda made: structs.replace(made, digest=b""),
    ],
)
def test_a_certificate_that_cannot_be_one_costs_none(spoil: Callable[[Certificate], Certificate]) -> None:
    _, one = running(1)
    checked, view = one.scheme.verified, one.core.view
    one.receive(HOSTILE, spoil(certificate(FINALIZE, N, [0, 1, 2], view, block(view))))
    assert one.scheme.verified == checked
    assert sum(one.core.faults.values()) == 1


def test_a_certificate_with_stolen_signatures_costs_no_more_than_a_quorum() -> None:
    """What is left to a liar that has all honest votes but one."""
    _, one = running(1)
    view = one.core.view
    made = certificate(FINALIZE, N, [0, 1, 2], view, block(view))
    for number in range(100):
        checked = one.scheme.verified
        one.receive(HOSTILE, structs.replace(made, signatures=(*made.signatures[:2], number.to_bytes(64))))
        assert one.scheme.verified - checked <= 3
    assert not one.core.delivered.height > 1


def test_proposals_of_every_view_it_leads_leave_nothing_behind() -> None:
    """Blocks that claim to stand high, on parents that do not exist, in views that are then left."""
    net, one = running()
    for number in range(60):
        view = one.core.view
        if leader(N, view) == HOSTILE:
            for height in (2**62, 1, one.core.delivered.height + 1):
                made = structs.replace(block(view), height=height, parent=number.to_bytes(32))
                one.receive(HOSTILE, proposal(N, made))
        net.submit(b"more %d" % number)
        net.run(one.now + 40_000)
    assert one.core.view > 60
    open_views = one.core.view + 1 - one.core.floor_view
    assert kept(one)["blocks"] <= 2 * open_views
    assert len(one.executed) > 40


def test_the_same_proposal_again_and_again_is_one_and_is_checked_once() -> None:
    _, one = running()
    view = next(view for view in range(one.core.view, one.core.view + 2) if leader(N, view) == HOSTILE or view > one.core.view)
    made = proposal(N, block(view, tip_of(block(view - 1))))
    before, checked = kept(one)["blocks"], one.scheme.verified
    for _ in range(1_000):
        one.receive(made.vote.signer, made)
        one.receive(HOSTILE, Proposal(made.block, structs.replace(made.vote, digest=digest_of(block(view)))))
        one.receive(HOSTILE, Seen(vote(NULLIFY, HOSTILE, view)))
    assert kept(one)["blocks"] <= before + 1
    assert one.scheme.verified <= checked + 2
