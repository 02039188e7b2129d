"""Certificates by view: what they change, what settles a view, which parents are admissible."""

from dataclasses import replace

import pytest
from msgspec import structs

from consensus.ancestry import Blocks
from consensus.errors import JournalError
from consensus.limits import RETAINED_VIEWS
from consensus.messages import VoteKind
from consensus.quorum import Committee
from consensus.rounds import Choice, Held, Parent, Rounds
from tests.support.consensus import GENESIS, block, certificate, config, digest_of, tip_of

NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE
N = 4


def made(kind, view, one=None):
    return certificate(kind, N, [0, 1, 2], view, one or (None if kind == NULLIFY else block(view)))


def rounds(*certificates):
    found = Rounds(Committee(config(N)), GENESIS)
    for one in certificates:
        assert found.weigh(one) is Held.NEW
        found.hold(one)
    return found


OTHER = block(1, GENESIS, b"other")
PAIRS = [
    (made(NOTARIZE, 1), made(NOTARIZE, 1), Held.KNOWN),
    (made(NOTARIZE, 1), made(NOTARIZE, 1, OTHER), Held.CONFLICT),
    (made(NOTARIZE, 1), made(NULLIFY, 1), Held.NEW),
    (made(NULLIFY, 1), made(NOTARIZE, 1), Held.NEW),
    (made(NOTARIZE, 1), made(FINALIZE, 1), Held.NEW),
    (made(NOTARIZE, 1), made(FINALIZE, 1, OTHER), Held.CONFLICT),
    (made(NULLIFY, 1), made(FINALIZE, 1), Held.CONFLICT),
    (made(NULLIFY, 1), made(NULLIFY, 1), Held.KNOWN),
    (made(FINALIZE, 2), made(NOTARIZE, 1), Held.KNOWN),
    (made(FINALIZE, 2), made(NOTARIZE, 2), Held.KNOWN),
    (made(FINALIZE, 2), made(NULLIFY, 1), Held.KNOWN),
    (made(FINALIZE, 2), made(NULLIFY, 2), Held.CONFLICT),
    (made(FINALIZE, 1), made(FINALIZE, 1, OTHER), Held.CONFLICT),
    (made(FINALIZE, 1), made(NOTARIZE, 1, OTHER), Held.CONFLICT),
]


@pytest.mark.parametrize(("first", "second", "held"), PAIRS)
def test_what_a_second_certificate_is(first, second, held):
    assert rounds(first).weigh(second) is held


def test_final_raises_the_floor_and_forgets():
    found = rounds(made(NULLIFY, 1), made(NOTARIZE, 2), made(NOTARIZE, 3))
    found.hold(made(FINALIZE, 2))
    assert (found.floor_view, found.floor_digest, found.newest) == (2, digest_of(block(2)), 3)
    assert list(found.notarized) == [3]
    assert found.has(1, NULLIFY)
    found.hold(made(FINALIZE, 2 + RETAINED_VIEWS))
    assert not found.has(1, NULLIFY)
    assert found.has(2, FINALIZE)


def test_what_settles_a_view():
    found = rounds(made(NULLIFY, 1), made(NULLIFY, 2), made(NOTARIZE, 2), made(NOTARIZE, 4))
    found.open(3)
    assert [found.settling(view) for view in (1, 2, 3, 4, 9)] == [
        made(NULLIFY, 1),
        made(NOTARIZE, 2),
        None,
        made(NOTARIZE, 4),
        None,
    ]
    assert found.entry(3) == made(NOTARIZE, 2)
    found.hold(made(FINALIZE, 3))
    assert [found.settling(view) for view in (1, 3, 4)] == [made(FINALIZE, 3), made(FINALIZE, 3), made(NOTARIZE, 4)]


ONE, TWO = block(1), block(2)
PARENTS = {
    "on the floor": ([made(NULLIFY, 1)], block(2), Choice(Parent.OK, 0, GENESIS.digest)),
    "on a notarized block": ([made(NOTARIZE, 1)], block(2, tip_of(ONE)), Choice(Parent.OK, 1, digest_of(ONE))),
    "over a gap that is nullified": (
        [made(NOTARIZE, 1), made(NULLIFY, 2)],
        block(3, tip_of(ONE)),
        Choice(Parent.OK, 1, digest_of(ONE)),
    ),
    "over a gap that is not": (
        [made(NOTARIZE, 1), made(NULLIFY, 3)],
        block(5, tip_of(ONE)),
        Choice(Parent.MISSING, first=2, last=4),
    ),
    "not known to be notarized": ([made(NULLIFY, 1)], block(2, tip_of(ONE)), Choice(Parent.MISSING, first=1, last=1)),
    "another notarized": ([made(NOTARIZE, 1, OTHER)], block(2, tip_of(ONE)), Choice(Parent.NEVER)),
    "below the floor": ([made(FINALIZE, 2)], block(3, tip_of(ONE)), Choice(Parent.NEVER)),
    "another final": ([made(FINALIZE, 1, OTHER)], block(2, tip_of(ONE)), Choice(Parent.NEVER)),
    "on a final block": ([made(FINALIZE, 1)], block(2, tip_of(ONE)), Choice(Parent.OK, 1, digest_of(ONE))),
    "its own view": ([], block(1, parent_view=1), Choice(Parent.NEVER)),
}


@pytest.mark.parametrize("name", PARENTS)
def test_parent_ok(name):
    certificates, one, choice = PARENTS[name]
    assert rounds(*certificates).parent_ok(one.view, one.parent_view, one.parent) == choice


CHOICES = {
    "nothing yet": ([], 1, [Choice(Parent.OK, 0, GENESIS.digest)]),
    "the notarized one": ([made(NOTARIZE, 1)], 2, [Choice(Parent.OK, 1, digest_of(ONE))]),
    "the floor under a nullified view": ([made(NULLIFY, 1)], 2, [Choice(Parent.OK, 0, GENESIS.digest)]),
    "both, the higher first": (
        [made(NOTARIZE, 1), made(NULLIFY, 1)],
        2,
        [Choice(Parent.OK, 1, digest_of(ONE)), Choice(Parent.OK, 0, GENESIS.digest)],
    ),
    "unknown": ([made(NULLIFY, 4), made(NULLIFY, 2)], 5, [Choice(Parent.MISSING, first=1, last=3)]),
    "unknown above known ones": ([made(NULLIFY, 4), made(NULLIFY, 1)], 5, [Choice(Parent.MISSING, first=2, last=3)]),
    "unknown below a usable one": (
        [made(NOTARIZE, 2), made(NULLIFY, 2)],
        3,
        [Choice(Parent.OK, 2, digest_of(TWO)), Choice(Parent.MISSING, first=1, last=1)],
    ),
}


@pytest.mark.parametrize("name", CHOICES)
def test_choices(name):
    certificates, view, expected = CHOICES[name]
    assert rounds(*certificates).choices(view) == expected


def test_restore_keeps_what_is_retained_below_the_floor():
    found = Rounds(Committee(config(N)), tip_of(block(100)))
    found.restore([made(NULLIFY, 30), made(NULLIFY, 40), made(FINALIZE, 99), made(FINALIZE, 98), made(NOTARIZE, 101)])
    found.restore([made(NULLIFY, 40)])
    assert found.certificates() == [made(NULLIFY, 40), made(FINALIZE, 98), made(FINALIZE, 99), made(NOTARIZE, 101)]
    assert found.final == made(FINALIZE, 99)
    assert (found.floor_view, found.newest, list(found.notarized)) == (100, 101, [101])
    with pytest.raises(JournalError):
        found.restore([made(NULLIFY, 99)])


def test_blocks_form_chains():
    blocks = Blocks(GENESIS)
    one, two, three = (blocks.add(made_, digest_of(made_)) for made_ in (ONE, block(2, tip_of(ONE)), block(3, tip_of(OTHER))))
    assert blocks.chain(two.digest) == ([one, two], None)
    assert blocks.chain(three.digest) == ([three], digest_of(OTHER))
    assert blocks.chain(GENESIS.digest) == ([], None)
    assert blocks.tip(GENESIS.digest) == GENESIS
    assert blocks.tip(one.digest) == tip_of(ONE)
    assert blocks.tip(bytes(32)) is None
    assert blocks.add(ONE, one.digest) is one
    blocks.delivered = one.tip
    assert blocks.chain(three.digest) == ([three], digest_of(OTHER))
    blocks.delivered = two.tip
    assert blocks.chain(three.digest) == ([], three.digest), "it stands beside the delivered one"
    assert blocks.chain(one.digest) == ([], one.digest)
    blocks.prune(height=2)
    assert list(blocks) == [three]
    blocks.delivered = replace(two.tip, view=4, height=3)
    blocks.prune(height=1)
    assert list(blocks) == [three]
    blocks.prune(height=2)
    assert list(blocks) == []


def test_a_block_that_claims_to_stand_high_is_not_kept_for_that():
    blocks = Blocks(GENESIS)
    lie = structs.replace(block(2, tip_of(ONE)), height=2**62)
    for made_ in (ONE, lie):
        blocks.add(made_, digest_of(made_))
    blocks.delivered = tip_of(ONE)
    blocks.prune(height=1)
    assert [entry.block for entry in blocks] == [lie], "its view is still open"
    blocks.delivered = replace(tip_of(ONE), view=2, height=2)
    blocks.prune(height=1)
    assert list(blocks) == []
