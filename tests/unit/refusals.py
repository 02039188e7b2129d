"""What all tests of refusals do with a case; see tests/support/cases.py for the form of cases."""

import hashlib

import msgpack

from ledger import keys
from ledger.entries import Head
from tests.support.cases import matches, signed

STRANGE = {"unknown-author", "unknown-key", "not-root-key", "not-consensus-key"}
"""Such records are not their author's, and do not count."""


PURPOSES = {
    "node.set": "root",
    "node.ready": "consensus",
    "evidence.equivocation": "consensus",
    "statistics.verdict": "consensus",
}


def counted(stored, record, problem, time):
    """What a block writes to state that refuses one record: its author's count of the day, if it counts at all."""
    unsigned = problem["error"] == "key-role" and problem["field"] == "author"
    if problem["error"] in STRANGE or unsigned:
        return []
    purpose = PURPOSES.get(record.kind, "role")
    key, today = f"s/q/{record.author}/{purpose}".encode(), time // 86_400_000
    day, count = msgpack.unpackb(stored[key]) if key in stored else (today, 0)
    return [[key, msgpack.packb([today, count + 1 if day == today else 1])]]


def expect_refusal(world, record, case, records):
    """`check` refuses and changes nothing; `apply` gives the same refusal as a judgement, without a leaf, and counts the record."""
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
    head = applied.head
    writes = counted(stored, bad, problem, head.time)
    digest = hashlib.sha256(before.state + msgpack.packb(writes)).digest()
    assert head == Head(before.height + 1, head.time, head.digest, before.tree_size, before.root, digest)
    kept = ledger.judgement(bad.id)
    assert kept.refusal.problem() == problem
    assert (kept.index, kept.height, ledger.record(bad.id)) == (None, head.height, None)
    after = dict(world.store.iterate(b""))
    if head.time // 86_400_000 > before.time // 86_400_000:  # what the day brings is found, whatever the block holds
        stored, after = ({key: value for key, value in held.items() if key[:2] != b"k/"} for held in (stored, after))
    changed = {key for key in after if after[key] != stored.get(key)}
    block = b"b/" + head.height.to_bytes(8, "big")
    body = b"r/" + bad.id
    own = {b"h", block, b"j/" + after[body], body, keys.BODY + after[body]}
    assert changed == own | {key for key, _ in writes}
    assert stored.keys() <= after.keys()


def expect_acceptance(world, record, case, records):
    """`check` and `apply` accept; the record, which is given back, is the log's next leaf."""
    good = signed(world, record, case["change"], records)
    size = world.ledger.head.tree_size
    world.ledger.check(good, world.now)
    applied = world.block(good)
    assert [(judgement.index, judgement.refusal) for judgement in applied.judgements] == [(size, None)]
    assert applied.head.tree_size == size + 1
    assert world.ledger.record(good.id) == (good.raw, size, applied.head.height)
    return good
