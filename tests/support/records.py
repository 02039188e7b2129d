"""Independent valid certificates, and their outcomes, for a devnet, made from its key folders alone."""

import secrets
import time
from collections.abc import Mapping
from pathlib import Path

from ledger.bodies import CERTIFICATE_ISSUE, IMPORT_CONFIRM
from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft, make_confirm, make_issue
from ledger.envelope import Reader
from ledger.genesis import Genesis
from ledger.record import build_statement, encode_submission, parse_submission, sign_statement
from ledger.units import Cents, Points, block_date

DAY_MS = 86_400_000
CANARY_NAME = "Canary Trading and Sons"
CANARY_CENTS = 7_777_123_451


def issue(
    genesis: Genesis,
    author: str,
    seed: bytes,
    destination: str,
    number: str,
    sealed: Mapping[str, object] | None = None,
    cents: int = 12_345_67,
    at: int | None = None,
) -> bytes:
    """One submission of a one-line certificate of today."""
    now = at or time.time_ns() // 1_000_000
    today = block_date(now)
    draft = IssueDraft(
        number=number,
        type="export",
        issued=today,
        validated=today,
        expires=block_date(now + 30 * DAY_MS),
        destination=destination,
        parcels=1,
        lines=(DraftLine("710231", Points(123_45), Cents(cents), (author if author != "EU" else "BE",)),),
        sealed=sealed or {},
    )
    made = make_issue(genesis.ledger_id, draft, _readers(genesis, author, destination), secrets.token_bytes)
    statement = build_statement(CERTIFICATE_ISSUE, author, now, made.body)
    return encode_submission(sign_statement(genesis.ledger_id, seed, statement), made.envelope)


def confirm(
    genesis: Genesis, issued: bytes, seed: bytes, sealed: Mapping[str, object] | None = None, cents: int = 12_345_67
) -> bytes:
    """One submission of the outcome of a certificate of `issue`: as stated, but for the value, and without its receipt code."""
    record = parse_submission(issued).record
    body, now = record.body, time.time_ns() // 1_000_000
    draft = ConfirmDraft(
        number=body.number,
        outcome="confirmed",
        received=block_date(now),
        parcels=body.parcels,
        lines=tuple(DraftLine(line.hs, line.points, Cents(cents)) for line in body.lines),
        inspection="not-opened",
        seals="intact",
        answers=record.id,
        sealed=sealed or {},
    )
    made = make_confirm(genesis.ledger_id, draft, _readers(genesis, record.author, body.destination), secrets.token_bytes)
    statement = build_statement(IMPORT_CONFIRM, body.destination, now, made.body)
    return encode_submission(sign_statement(genesis.ledger_id, seed, statement), made.envelope)


def _readers(genesis: Genesis, *parties: str) -> list[Reader]:
    readers = []
    for code in (*parties, "secretariat"):
        holder = genesis.secretariat if code == "secretariat" else genesis.participants[code]
        newest = max(holder.seals, key=lambda seal: seal.epoch)
        readers.append((code, newest.epoch, newest.key))
    return readers


def seed(keys: Mapping[str, str], code: str, role: str) -> bytes:
    """A raw seed of a devnet's key folder."""
    return (Path(keys[code]) / role).read_bytes()
