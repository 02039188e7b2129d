"""What both tests of refusals do with a case; see tests/support/cases.py for the form of cases."""

import hashlib

from ledger.entries import Head
from tests.support.cases import matches, signed

NO_WRITES = b"\x90"
"""The canonical empty list: a block that wrote nothing to state."""


def expect_refusal(world, record, case, records):
    """`check` refuses and changes nothing; `apply` gives the same refusal as a judgement, without a leaf or a write to state."""
    bad = signed(world, record, case["change"], records)
    ledger, before = world.ledger, world.ledger.head
    stored = dict(world.store.iterate(b""))
    try:
        ledger.check(bad, world.now)
    except Exception as error:  # noqa: BLE001 - whatever is raised has to be the refusal
        problem = error.problem()
    else:
        raise AssertionError("accepted")
    assert matches(problem, case["refused"]), problem
    assert ledger.head == before
    assert dict(world.store.iterate(b"")) == stored
    applied = world.block(bad)
    (judgement,) = applied.judgements
    assert judgement.refusal.problem() == problem
    assert (judgement.id, judgement.index, judgement.height) == (bad.id, None, before.height + 1)
    empty = hashlib.sha256(before.state + NO_WRITES).digest()
    head = applied.head
    assert head == Head(before.height + 1, head.time, head.digest, before.tree_size, before.root, empty)
    kept = ledger.judgement(bad.id)
    assert kept.refusal.problem() == problem
    assert (kept.index, kept.height, ledger.record(bad.id)) == (None, head.height, None)
    after = dict(world.store.iterate(b""))
    assert {key for key in after if after[key] != stored.get(key)} == {b"h", b"j/" + bad.id, b"r/" + bad.id}
    assert stored.keys() <= after.keys()


def expect_acceptance(world, record, case, records):
    """`check` and `apply` accept; the record is the log's next leaf."""
    good = signed(world, record, case["change"], records)
    size = world.ledger.head.tree_size
    world.ledger.check(good, world.now)
    applied = world.block(good)
    assert [(judgement.index, judgement.refusal) for judgement in applied.judgements] == [(size, None)]
    assert applied.head.tree_size == size + 1
    assert world.ledger.record(good.id) == (good.raw, size, applied.head.height)
    return world.ledger.certificate(good.body.number)
