"""The head, and a record of the log, as the store has them: the record is checked against its id."""

from ledger import keys
from ledger.entries import Head, decode_head
from ledger.errors import StoreError
from ledger.merkle import leaf_hash
from ledger.record import Record, read_record
from ledger.shelf import read_logged
from ledger.store import Reads


def read_head(at: Reads) -> Head:
    """Where the ledger stands; raises StoreError when that is missing or damaged."""
    data = at.get(keys.HEAD)
    if data is None:
        raise StoreError(f"{at.path} has no head")
    return decode_head(data)


def read_leaf(at: Reads, record_id: bytes) -> bytes:
    """The bytes of a record that must be there; raises StoreError when they are missing or do not hash to its id."""
    raw = read_logged(at, record_id)
    if raw is None or leaf_hash(raw) != record_id:
        raise StoreError(f"the bytes of record {record_id.hex()} are {'missing' if raw is None else 'damaged'}")
    return raw


def read_accepted(at: Reads, record_id: bytes) -> Record:
    """A record that the ledger has accepted; raises StoreError as `read_leaf`."""
    raw = read_leaf(at, record_id)
    try:
        return read_record(raw, record_id)
    except ValueError as error:
        raise StoreError(f"record {record_id.hex()} is in the log and is none: {error}") from error
