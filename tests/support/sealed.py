"""Records with envelopes for tests of form and secrecy: no genesis, no state, everything drawn from a seed."""

import hashlib
import random
from dataclasses import dataclass, replace

from nacl.bindings import crypto_scalarmult_base

from ledger.bodies import Source
from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft, MadeConfirm, MadeIssue, make_confirm, make_issue
from ledger.record import Record, build_statement, encode_submission, parse_record, sign_statement
from ledger.units import Cents, Points

LEDGER = hashlib.sha256(b"a ledger for tests of form").digest()
AT = 1_790_000_000_000
SEED = hashlib.sha256(b"an authority's signing key").digest()
SECRETS = {code: hashlib.sha256(f"{code} seals".encode()).digest() for code in ("BW", "AE", "secretariat")}
READERS = [(code, 1, crypto_scalarmult_base(secret)) for code, secret in SECRETS.items()]
PARTY = {"address": "Plot 1, Gaborone", "licence": "BW-17", "name": "Kgalagadi Stones"}

ISSUE = IssueDraft(
    number="BW0012345",
    type="re-export",
    issued="2026-09-18",
    validated="2026-09-19",
    expires="2026-11-17",
    destination="AE",
    parcels=2,
    lines=(
        DraftLine("710231", Points(870_000), Cents(65_000_000), ("BW",), "Jwaneng-Süd"),
        DraftLine("710221", Points(40_300), Cents(0), ("AO", "CD")),
    ),
    sources=(Source("RU0000042", Points(12_000)),),
    sealed={"exporter": PARTY, "importer": {**PARTY, "name": "Ünïted Gems"}, "invoice": "INV-1"},
)

CONFIRM = ConfirmDraft(
    number="BW0012345",
    outcome="confirmed",
    received="2026-09-21",
    parcels=2,
    lines=(DraftLine("710231", Points(870_000), Cents(64_000_000)), DraftLine("710221", Points(40_300), Cents(1))),
    inspection="opened",
    seals="intact",
    receipt_code=bytes(range(10)),
    answers=bytes(32),
    sealed={"remarks": "nothing to remark"},
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A signed record, its parsed form, its envelope and the submission of both."""

    made: MadeIssue | MadeConfirm
    raw: bytes
    record: Record
    envelope: bytes
    submission: bytes


def randomness(seed=0):
    """A source of repeatable random bytes."""
    return random.Random(seed).randbytes


def issue(seed=0, readers=READERS, ledger=LEDGER, **changes) -> Sample:
    """A `certificate.issue`; `changes` to the draft."""
    made = make_issue(ledger, replace(ISSUE, **changes), readers, randomness(seed))
    return _signed("certificate.issue", "BW", made, ledger)


def confirm(seed=0, readers=READERS, ledger=LEDGER, **changes) -> Sample:
    """An `import.confirm`; `changes` to the draft."""
    made = make_confirm(ledger, replace(CONFIRM, **changes), readers, randomness(seed))
    return _signed("import.confirm", "AE", made, ledger)


def _signed(kind, author, made, ledger) -> Sample:
    raw = sign(kind, made.body, author, ledger)
    return Sample(made, raw, parse_record(raw), made.envelope, encode_submission(raw, made.envelope))


def sign(kind, body, author="BW", ledger=LEDGER) -> bytes:
    """A record of this body."""
    return sign_statement(ledger, SEED, build_statement(kind, author, AT, body))
