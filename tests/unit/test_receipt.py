import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint
from ledger.errors import (
    BadSignatureError,
    LogSignatureMissingError,
    MalformedNoteError,
    MalformedProofError,
    OriginMismatchError,
    OutOfRangeError,
    ProofError,
    ProofLengthError,
    QuorumNotMetError,
    RecordMissingError,
    RootMismatchError,
)
from ledger.limits import MAX_RECORD_BYTES
from ledger.log import Log
from ledger.merkle import leaf_hash
from ledger.note import Note, Signature, SignatureType, Signer
from ledger.policy import PolicyLog, PolicyWitness, ledger_policy, parse_policy
from ledger.proof import TlogProof, parse_proof
from ledger.receipt import Verdict, make_receipt, verify_receipt

ORIGIN = "kpledger.example/test"
LOG = Signer.from_seed(ORIGIN, SignatureType.ED25519, bytes(32))
NODES = [
    Signer.from_seed(f"{code}/witness", SignatureType.COSIGNATURE, bytes([i]) * 32)
    for i, code in enumerate(("BW", "RU", "EU", "AE"), 1)
]
KEYS = [node.key for node in NODES]
POLICY = ledger_policy([PolicyLog(LOG.key)], [PolicyWitness(key.name, key) for key in KEYS], (), 3)
RECORDS = [b"record %d" % n for n in range(300)]
SIZE = 290


def log_of(records):
    store = {}
    log = Log(store.get, 0)
    writes = log.append([leaf_hash(record) for record in records])
    store.update(writes.puts)
    log.commit(writes)
    return log


TREE = log_of(RECORDS)
POINT = Checkpoint(ORIGIN, SIZE, TREE.root_at(SIZE))
TEXT = POINT.text()
LINES = [node.sign(TEXT, 1_000 + i) for i, node in enumerate(NODES[:3])]
NOTE = Note(TEXT, (LOG.sign(TEXT), *LINES))


def receipt(index=41, record=None, path=None, note=NOTE):
    path = TREE.inclusion_proof(index, SIZE) if path is None else path
    return make_receipt(RECORDS[index] if record is None else record, index, path, note.encode())


def test_what_a_receipt_says():
    verdict = verify_receipt(receipt(), parse_policy(POLICY.format().encode()))
    assert verdict == Verdict(
        record=RECORDS[41],
        record_id=leaf_hash(RECORDS[41]),
        index=41,
        origin=ORIGIN,
        size=SIZE,
        root=TREE.root_at(SIZE),
        witnesses=("BW/witness", "RU/witness", "EU/witness"),
        newest=1_002,
    )
    assert verify_receipt(receipt().encode(), POLICY) == verdict


@given(st.integers(0, SIZE - 1))
def test_every_record_has_one(index):
    assert verify_receipt(receipt(index), POLICY).record == RECORDS[index]


@given(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1))
def test_no_record_has_another_ones(index, other):
    if index != other:
        with pytest.raises(RootMismatchError):
            verify_receipt(receipt(index, record=RECORDS[other]), POLICY)


def test_each_outcome_has_its_error():
    path = TREE.inclusion_proof(41, SIZE)
    line = NODES[0].sign(TEXT, 5)
    bad = Signature(line.name, line.key_id, bytes(72))
    other_origin = Checkpoint("other", SIZE, POINT.root).text()
    other = Signer.from_seed("other", SignatureType.ED25519, bytes(32))
    for made, error in (
        (receipt(path=path[:-1]), ProofLengthError),
        (receipt(path=[*path, path[0]]), ProofLengthError),
        (receipt(path=[path[1], path[0], *path[2:]]), RootMismatchError),
        (make_receipt(RECORDS[299], 299, path, NOTE.encode()), OutOfRangeError),
        (receipt(note=Note(TEXT, tuple(LINES))), LogSignatureMissingError),
        (receipt(note=Note(TEXT, NOTE.signatures[:3])), QuorumNotMetError),
        (receipt(note=Note(TEXT, (*NOTE.signatures, bad))), BadSignatureError),
        (receipt(note=Note(other_origin, (other.sign(other_origin),))), OriginMismatchError),
        (make_receipt(RECORDS[41], 41, path, TEXT), MalformedNoteError),
        (TlogProof(41, tuple(path), NOTE.encode()).encode(), RecordMissingError),
        (TlogProof(41, tuple(path), NOTE.encode(), bytes(MAX_RECORD_BYTES + 1)).encode(), RecordMissingError),
        ("", MalformedProofError),
        ("\ud800", MalformedProofError),
    ):
        with pytest.raises(error) as caught:
            verify_receipt(made, POLICY)
        assert caught.type is error


@pytest.mark.parametrize("record", [b"", bytes(MAX_RECORD_BYTES + 1)])
def test_no_receipt_for_what_is_no_record(record):
    with pytest.raises(MalformedProofError):
        receipt(record=record)


def test_no_receipt_with_what_is_no_note():
    with pytest.raises(MalformedProofError):
        make_receipt(b"record", 0, [], b"\xff")


@pytest.mark.parametrize("length", [1, MAX_RECORD_BYTES])
def test_smallest_and_largest_record(length):
    record = bytes(length)
    tree = log_of([record])
    text = Checkpoint(ORIGIN, 1, tree.root).text()
    note = Note(text, (LOG.sign(text), *(node.sign(text, 7) for node in NODES)))
    assert verify_receipt(make_receipt(record, 0, [], note.encode()), POLICY).record == record


def test_no_bit_can_change():
    """Only the time and signature of a cosigner who is not needed could be cut off; any changed bit is noticed."""
    data = receipt(3).encode()
    verdict = verify_receipt(data, POLICY)
    for i in range(len(data)):
        changed = data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1 :]
        with pytest.raises(ProofError):
            verify_receipt(changed, POLICY)
    assert verify_receipt(parse_proof(data).encode(), POLICY) == verdict
