"""A second program for records: builds, signs, reads and verifies those with a sealed part, those of nodes, and batches.

`parse` checks form and schema, field by field: what makes a block invalid when a record in it fails. `consistent` checks
what a body says about itself over several fields (orders, sums, whose number): a rule like those that need the ledger's
state, of which nothing is known here. `verify` checks signature and commitments.
"""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from nacl import bindings, exceptions

from tests.outside import envelopes, pedersen
from tests.outside.wire import MAX_RECORD, CheckFailedError, canonical, decode, fields, fixed, hashed, leaf_hash, need, whole

TAG = b"kpledger/record/v1\0"
# Bounds that the format pages leave open: without them two programs judge a record's schema differently.
MAX_AMOUNT = 10**15  # points, parcels
MAX_ZONE = 60  # characters
MAX_AT = 253_402_300_799_999  # the last millisecond of the year 9999
MAX_BATCH = 500
MAX_ADDRESS = 200  # characters
MAX_TLS = 4096  # bytes, at least 4
MAX_EPOCH = 2**31 - 1
MAX_VOTE = 512  # bytes, at least 1

HS = {"710210", "710221", "710231"}
CODE = re.compile(r"[A-Z]{2}")
NUMBER = re.compile(r"[A-Z]{2}[0-9]{4,10}")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
ISSUE = [
    "number",
    "type",
    "issued",
    "validated",
    "expires",
    "destination",
    "parcels",
    "points",
    "lines",
    "sources",
    "rid",
    "sealed",
    "receipt_hash",
    "verdict_hash",
]
CONFIRM = [
    "number",
    "answers",
    "outcome",
    "received",
    "parcels",
    "points",
    "lines",
    "inspection",
    "seals",
    "receipt_code",
    "rid",
    "sealed",
]


@dataclass(frozen=True, slots=True)
class Record:
    """A record whose form and schema were checked."""

    raw: bytes
    id: bytes
    key: bytes
    sig: bytes
    statement: bytes
    author: str
    at: int
    kind: str
    body: dict[str, Any]


def receipt_hash(number: str, code: bytes) -> bytes:
    """What the statement says of the receipt code inside the sealed container."""
    return hashed("kpl/receipt", number.encode(), code)


def verdict_hash(number: str, code: bytes) -> bytes:
    """What the statement says of the verdict code on the certificate's face."""
    return hashed("kpl/verdict", number.encode(), code)


def statement(kind: str, author: str, at: int, body: dict[str, Any]) -> bytes:
    """The bytes that are signed, tag and ledger aside."""
    return canonical({"v": 1, "kind": kind, "author": author, "at": at, "body": body})


def sign(ledger_id: bytes, seed: bytes, signed: bytes) -> bytes:
    """A record: the statement with its author's Ed25519 signature."""
    public, secret = bindings.crypto_sign_seed_keypair(seed)
    signature = bindings.crypto_sign(TAG + ledger_id + signed, secret)[:64]
    return canonical({"key": public, "sig": signature, "statement": signed})


def parse(raw: bytes) -> Record:
    """Read a record; form and schema only."""
    outer = fields(decode(raw, MAX_RECORD), ("key", "sig", "statement"), where="record")
    need(isinstance(outer["statement"], bytes), "schema", "statement is bin")
    inner = fields(decode(outer["statement"]), ("v", "kind", "author", "at", "body"), where="statement")
    need(type(inner["v"]) is int and inner["v"] == 1, "schema", "v is 1")
    need(
        isinstance(inner["author"], str) and (CODE.fullmatch(inner["author"]) or inner["author"] == "secretariat"),
        "schema",
        "author",
    )
    bodies = BODIES | UNSEALED
    need(isinstance(inner["kind"], str) and inner["kind"] in bodies, "unknown-kind", str(inner["kind"]))
    bodies[inner["kind"]](inner["body"])
    return Record(
        raw=raw,
        id=leaf_hash(raw),
        key=fixed(outer["key"], 32, "key"),
        sig=fixed(outer["sig"], 64, "sig"),
        statement=outer["statement"],
        author=inner["author"],
        at=whole(inner["at"], 0, "at", MAX_AT),
        kind=inner["kind"],
        body=inner["body"],
    )


def consistent(record: Record) -> None:
    """Fail unless the record's fields agree with one another."""
    if record.kind in UNSEALED:
        return
    body, lines = record.body, record.body["lines"]
    need(sum(line["points"] for line in lines) == body["points"], "line-sum", "points are the lines' sum")
    if record.kind == "certificate.issue":
        need(body["number"][:2] == record.author, "number-prefix", body["number"])
        need(body["destination"] != record.author, "own-destination", record.author)
        need(body["issued"] <= body["validated"] <= body["expires"], "date-order")
        for line in lines:
            need(all(low < high for low, high in itertools.pairwise(line["origin"])), "origin-order", str(line["origin"]))


def verify(ledger_id: bytes, record: Record) -> None:
    """Fail unless the signature is the key's over this ledger's tag, and every commitment is a point."""
    try:
        bindings.crypto_sign_open(record.sig + TAG + ledger_id + record.statement, record.key)
    except exceptions.BadSignatureError as error:
        raise CheckFailedError("bad-signature") from error
    for line in record.body.get("lines", ()):
        pedersen.check_point(line["commitment"])


def submission(record: bytes, envelope: bytes | None = None) -> bytes:
    """What is posted: the record alone, or with its envelope."""
    return record if envelope is None else canonical({"envelope": envelope, "record": record})


def parse_submission(raw: bytes) -> tuple[Record, bytes]:
    """Read either form: with the envelope that is named where the kind has a sealed part, else without one (empty)."""
    value = decode(raw, limit=64 * 1024)
    if isinstance(value, dict) and "envelope" not in value:
        alone = parse(raw)
        need(alone.kind in UNSEALED, "no-envelope")
        return alone, b""
    fields(value, ("envelope", "record"), where="submission")
    need(isinstance(value["envelope"], bytes) and isinstance(value["record"], bytes), "schema", "submission holds bytes")
    record = parse(value["record"])
    need(record.kind in BODIES, "envelope-unexpected", record.kind)
    envelopes.check(value["envelope"], record.body["sealed"], record.body["rid"])
    return record, value["envelope"]


def batch(submissions: Sequence[bytes]) -> bytes:
    """Many submissions as one body: an array of their bytes."""
    return canonical(list(submissions))


def parse_batch(raw: bytes) -> list[bytes]:
    """The submissions' bytes, not yet looked into."""
    value = decode(raw, limit=1 << 24)
    need(isinstance(value, list) and all(isinstance(item, bytes) for item in value), "schema", "a batch is an array of bin")
    need(len(value) <= MAX_BATCH, "too-large", "submissions in a batch")
    return list(value)


def _date(value: Any, where: str) -> str:
    need(isinstance(value, str) and DATE.fullmatch(value), "schema", f"{where} is YYYY-MM-DD")
    try:
        date.fromisoformat(value)
    except ValueError as error:
        raise CheckFailedError("schema", f"{where} is no day of the calendar") from error
    return str(value)


def _matches(pattern: re.Pattern[str], value: Any, where: str) -> str:
    need(isinstance(value, str) and pattern.fullmatch(value), "schema", where)
    return str(value)


def _among(value: Any, allowed: set[str], where: str) -> None:
    need(isinstance(value, str) and value in allowed, "schema", f"{where}: {value!r}")


def _lines(body: dict[str, Any], names: Sequence[str], optional: Sequence[str], fewest: int) -> list[dict[str, Any]]:
    lines = body["lines"]
    need(isinstance(lines, list) and fewest <= len(lines) <= 32, "schema", f"{fewest} to 32 lines")
    for line in lines:
        fields(line, names, optional, "line")
        fixed(line["commitment"], 32, "commitment")
        _among(line["hs"], HS, "hs")
        whole(line["points"], 1, "points", MAX_AMOUNT)
    for name in ("points", "parcels"):
        whole(body[name], fewest, name, MAX_AMOUNT)
    return list(lines)


def issue_body(value: Any) -> None:
    """Check the body of `certificate.issue`."""
    body = fields(value, ISSUE, where="body")
    _matches(NUMBER, body["number"], "number")
    _among(body["type"], {"export", "re-export"}, "type")
    for name in ("issued", "validated", "expires"):
        _date(body[name], name)
    _matches(CODE, body["destination"], "destination")
    for line in _lines(body, ("commitment", "hs", "origin", "points"), ("zone",), fewest=1):
        origin = line["origin"]
        need(isinstance(origin, list), "schema", "origin is an array")
        for code in origin:
            _matches(CODE, code, "origin")
        zone = line.get("zone", "none")
        need(isinstance(zone, str) and 1 <= len(zone) <= MAX_ZONE, "schema", "zone")
    need(isinstance(body["sources"], list) and len(body["sources"]) <= 64, "schema", "0 to 64 sources")
    for source in body["sources"]:
        fields(source, ("number", "points"), where="source")
        _matches(NUMBER, source["number"], "source")
        whole(source["points"], 1, "points", MAX_AMOUNT)
    for name, length in (("rid", 16), ("sealed", 32), ("receipt_hash", 32), ("verdict_hash", 32)):
        fixed(body[name], length, name)


def confirm_body(value: Any) -> None:
    """Check the body of `import.confirm`; of a refused or missing parcel nothing may have been measured."""
    body = fields(value, CONFIRM, where="body")
    _matches(NUMBER, body["number"], "number")
    _among(body["outcome"], {"confirmed", "discrepancy", "refused"}, "outcome")
    _among(body["inspection"], {"opened", "risk-selected", "not-opened"}, "inspection")
    _among(body["seals"], {"intact", "broken", "none"}, "seals")
    _date(body["received"], "received")
    _lines(body, ("commitment", "hs", "points"), (), fewest=0)
    need(body["receipt_code"] is None or isinstance(body["receipt_code"], bytes), "schema", "receipt_code")
    if body["receipt_code"] is not None:
        fixed(body["receipt_code"], 10, "receipt_code")
    for name, length in (("answers", 32), ("rid", 16), ("sealed", 32)):
        fixed(body[name], length, name)


BODIES: dict[str, Callable[[Any], None]] = {"certificate.issue": issue_body, "import.confirm": confirm_body}


def _bin(value: Any, low: int, high: int, where: str) -> None:
    need(isinstance(value, bytes) and low <= len(value) <= high, "schema", f"{where} has {low} to {high} bytes")


def node_body(value: Any) -> None:
    """Check the body of `node.set`."""
    body = fields(value, ("address", "consensus", "cosign", "log", "tls", "validator"), where="body")
    need(isinstance(body["address"], str) and 1 <= len(body["address"]) <= MAX_ADDRESS, "schema", "address")
    for name in ("consensus", "cosign", "log"):
        fixed(body[name], 32, name)
    _bin(body["tls"], 4, MAX_TLS, "tls")
    need(isinstance(body["validator"], bool), "schema", "validator")


def ready_body(value: Any) -> None:
    """Check the body of `node.ready`."""
    body = fields(value, ("epoch", "validators"), where="body")
    whole(body["epoch"], 1, "epoch", MAX_EPOCH)
    fixed(body["validators"], 32, "validators")


def equivocation_body(value: Any) -> None:
    """Check the body of `evidence.equivocation`; what a vote is the format of the consensus says."""
    body = fields(value, ("epoch", "first", "second"), where="body")
    whole(body["epoch"], 0, "epoch", MAX_EPOCH)
    for name in ("first", "second"):
        _bin(body[name], 1, MAX_VOTE, name)


def list_hash(validators: Sequence[tuple[str, bytes]]) -> bytes:
    """The hash of a list of validators, each its participant and consensus key."""
    return hashed("kpl/validators", canonical([[code, key] for code, key in validators]))


UNSEALED: dict[str, Callable[[Any], None]] = {
    "node.set": node_body,
    "node.ready": ready_body,
    "evidence.equivocation": equivocation_body,
}
