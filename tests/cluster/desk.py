"""Signed certificates and confirmations of a fleet's participants, fresh ones each time."""

import secrets
import time
from dataclasses import dataclass

from api.demo.network import Network
from ledger.bodies import CERTIFICATE_ISSUE, IMPORT_CONFIRM, Body
from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft, make_confirm, make_issue
from ledger.record import build_statement, encode_submission, record_id, sign_statement
from ledger.register import Register
from ledger.units import DAY_MS, Cents, Ms, Points, block_date

_HS = "710231"


@dataclass(frozen=True, slots=True)
class Made:
    """A submission and its record's id (hex)."""

    number: str
    submission: bytes
    id: str


class Desk:
    """All authorities' desks: whoever's record it is, any node takes it."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._register = Register(network.genesis)

    def issue(self, number: str, destination: str, points: int) -> Made:
        """A one-line certificate of today, another one at each call."""
        now, author = _now(), number[:2]
        today = block_date(now)
        draft = IssueDraft(
            number=number,
            type="export",
            issued=today,
            validated=today,
            expires=block_date(Ms(now + 30 * DAY_MS)),
            destination=destination,
            parcels=1,
            lines=(DraftLine(_HS, Points(points), Cents(points * 75), ("BE",) if author == "EU" else (author,)),),
        )
        made = make_issue(self._network.genesis.ledger_id, draft, self._readers(number, destination), secrets.token_bytes)
        return self._sign(CERTIFICATE_ISSUE, author, "issue", number, now, made.body, made.envelope)

    def confirm(self, issued: Made, destination: str, points: int, *, same: bool) -> Made:
        """An outcome: confirmed, or a discrepancy of one point."""
        now, number = _now(), issued.number
        measured = points if same else points - 1
        draft = ConfirmDraft(
            number=number,
            outcome="confirmed" if same else "discrepancy",
            received=block_date(now),
            parcels=1,
            lines=(DraftLine(_HS, Points(measured), Cents(measured * 75)),),
            inspection="opened",
            seals="intact",
            answers=bytes.fromhex(issued.id),
        )
        made = make_confirm(self._network.genesis.ledger_id, draft, self._readers(number, destination), secrets.token_bytes)
        return self._sign(IMPORT_CONFIRM, destination, "confirm", number, now, made.body, made.envelope)

    def _readers(self, number: str, destination: str) -> tuple[tuple[str, int, bytes | None], ...]:
        return self._register.readers(number[:2], destination, _now())

    def _sign(self, kind: str, author: str, role: str, number: str, now: Ms, body: Body, envelope: bytes) -> Made:
        statement = build_statement(kind, author, now, body)
        record = sign_statement(self._network.genesis.ledger_id, self._network.keys[author][role], statement)
        return Made(number, encode_submission(record, envelope), record_id(record).hex())


def _now() -> Ms:
    return Ms(time.time_ns() // 1_000_000)
