"""`proofbundle` from PyPI, as released, on our receipts: it accepts each at k of n, and refuses what our own check refuses."""

import re
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from proofbundle.tlogproof import verify_tlog_proof

from ledger.merkle import leaf_hash
from ledger.proof import parse_proof
from tests.foreign.receipts import LEAVES, TAMPERINGS, Receipts
from tests.support.world import World


def theirs(receipts: Receipts, text: str, threshold: int, record: bytes) -> bool:
    """Whether proofbundle takes it; its caller takes the record out of the receipt by itreceipts."""
    verdict = verify_tlog_proof(
        text,
        record,
        str(receipts.log.key),
        [str(witness.key) for witness in receipts.witnesses],
        threshold=threshold,
        expected_origin=receipts.ledger.origin,
    )
    return verdict["ok"] is True


@pytest.fixture(scope="module")
def receipts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receipts]:
    with World.make(Path(tmp_path_factory.mktemp("proofbundle"))) as world:
        yield Receipts(world)


def test_every_receipt_at_every_threshold(receipts: Receipts) -> None:
    for index in range(LEAVES):
        for cosigners in range(5):
            text = receipts.receipt(index, cosigners)
            for threshold in range(5):
                enough = cosigners >= threshold
                assert receipts.ours(text, threshold) is enough, (index, cosigners, threshold)
                assert theirs(receipts, text, threshold, receipts.records[index]) is enough, (index, cosigners, threshold)


def test_each_tampering_is_refused_by_both(receipts: Receipts) -> None:
    assert len(TAMPERINGS) >= 20
    record = receipts.records[9]
    text = receipts.receipt(9, 4)
    assert len(parse_proof(text.encode()).path) == 5
    assert receipts.ours(text, 3)
    assert theirs(receipts, text, 3, record)
    taken = []
    for what, tamper in TAMPERINGS.items():
        changed = tamper(text)
        assert changed != text, what
        taken += [(what, "ours")] * receipts.ours(changed, 3) + [(what, "theirs")] * theirs(receipts, changed, 3, record)
    assert not taken


def test_another_record_is_not_the_one(receipts: Receipts) -> None:
    text = receipts.receipt(9, 4)
    other = re.sub("extra [^\n]+", f"extra {b64encode(receipts.records[8]).decode()}", text)
    assert not receipts.ours(other, 3)
    assert not theirs(receipts, other, 3, receipts.records[8])
    assert leaf_hash(receipts.records[8]) != leaf_hash(receipts.records[9])
