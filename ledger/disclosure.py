"""One sealed field handed to somebody who may read nothing else: a file that proves it offline (3-confidentiality.md).

The file holds the record's receipt, the envelope's header, the hash of the rest of the envelope, and the field with its salt.
Who has the ledger's policy checks from the outside in: the receipt puts the record in the log; the record names header and
rest by one hash; the header commits to the field. Nothing else of the envelope can be learned from it.

    {"receipt": "c2sp.org/tlog-proof@v1...", "header": "(hex)", "rest": "(64 hex digits)", "name": "invoice",
     "salt": "(32 hex digits)", "value": "(hex of canonical MessagePack)"}
"""

import json
from dataclasses import dataclass
from typing import Any

from ledger import codec
from ledger.bodies import SealedBody
from ledger.envelope import NAMES, SALT_BYTES, check_header, header_of
from ledger.errors import Code, Refusal
from ledger.limits import MAX_HEADER_BYTES, MAX_PROOF_BYTES, PADDED_BYTES
from ledger.policy import Policy
from ledger.receipt import Verdict, verify_receipt
from ledger.record import Record, parse_record
from ledger.strict_json import load
from ledger.unsealing import Disclosure, check_values, verify_disclosure

MAX_DISCLOSURE_BYTES = 2 * (MAX_PROOF_BYTES + MAX_HEADER_BYTES + PADDED_BYTES[-1])


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A field that is proven to have been sealed with a record of the log."""

    verdict: Verdict
    record: Record
    name: str
    value: Any


def disclosure_to_json(receipt: str, envelope: bytes, disclosure: Disclosure) -> bytes:
    """The file for one field.

    Args:
        receipt: of the record, with the record in it.
        envelope: the record's.
        disclosure: the field, as `ledger.unsealing.disclose` gives it.

    Raises:
        Refusal: not an envelope.
    """
    header, rest = header_of(envelope)
    content = {
        "receipt": receipt,
        "header": header.hex(),
        "rest": rest.hex(),
        "name": disclosure.name,
        "salt": disclosure.salt.hex(),
        "value": codec.encode(disclosure.value).hex(),
    }
    return json.dumps(content, indent=1).encode() + b"\n"


def check_disclosure(data: bytes, policy: Policy) -> Disclosed:
    """What a file discloses, when all of it holds.

    Raises:
        Refusal: BAD_VALUE, not such a file; ENVELOPE_UNEXPECTED, a record without a sealed part; ENVELOPE_HASH, another
            record's header; ENVELOPE_UNREADABLE, the header commits to something else; BAD_COMMITMENT, values that the lines
            do not commit to.
        ProofError: the receipt does not hold (`ledger.receipt.verify_receipt`).
    """
    root = load(data, Code.BAD_VALUE, MAX_DISCLOSURE_BYTES)
    receipt = root.member("receipt").value
    header = root.member("header").hexadecimal(0, MAX_HEADER_BYTES)
    rest = root.member("rest").hexadecimal(32, 32)
    name = root.member("name").one_of(NAMES.__contains__, f"must be one of: {' '.join(NAMES)}")
    salt = root.member("salt").hexadecimal(SALT_BYTES, SALT_BYTES)
    raw = root.member("value").hexadecimal(1, PADDED_BYTES[-1])
    root.close()
    if not isinstance(receipt, str):
        root.member("receipt").refuse("must be text")
    verdict = verify_receipt(receipt, policy)
    record = parse_record(verdict.record)
    if not isinstance(record.body, SealedBody):
        raise Refusal(Code.ENVELOPE_UNEXPECTED, "receipt", kind=record.kind)
    found = check_header(header, rest, record.body.sealed, record.body.rid)
    value = codec.decode(raw)
    if not verify_disclosure(found, Disclosure(found.rid, name, salt, value)):
        raise Refusal(Code.ENVELOPE_UNREADABLE, "value")
    if name == "values":
        check_values({name: value}, record.body.lines)
    return Disclosed(verdict, record, name, value)
