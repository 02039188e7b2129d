"""What an office finds in what is sealed to it: reads the whole log, opens its own envelopes, judges them (`ledger.appraisal`).

Rules:
- the log's records come from the node in bundles; each one's id is that of its bytes, and each envelope must be the record's;
- values that an envelope holds are held against the record's commitments: what does not fit is not judged;
- an envelope that is not there any more, does not open with any key that is here, or breaks its commitments is counted, so that
  nobody takes silence for soundness; what is sealed to others is left alone;
- nothing is sent, and what is found names values: it is for this office's eyes.

Thresholds are those of the genesis.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

from ledger.appraisal import Appraisal, Gathering, appraise
from ledger.bodies import ConfirmBody, PaperImportBody, SealedBody, StatedBody, TechnicalBody
from ledger.checkpoint import parse_checkpoint
from ledger.entries import issuer_of
from ledger.envelope import check_envelope
from ledger.errors import Code, Refusal
from ledger.genesis import Genesis
from ledger.note import parse_note
from ledger.participants import SECRETARIAT
from ledger.record import Record, parse_record
from ledger.tiles import decode_bundle, new_bundles
from ledger.unsealing import check_values, open_envelope
from node.client import ProblemError
from node.returns import Desk

_NOT_FOUND = 404


class Reading(Protocol):
    """A node's interface as far as this needs it (`node.client.Client`)."""

    async def get_bytes(self, path: str) -> bytes:
        """An answer as it is."""
        ...


@dataclass(frozen=True, slots=True)
class Examined:
    """What was looked at, and what was found.

    Attributes:
        found: by rule and what each is about.
        records: of the log.
        opened: sealed parts that were opened.
        unread: ids of the records whose sealed part should be open to the office and is not.
    """

    found: tuple[Appraisal, ...]
    records: int
    opened: int
    unread: tuple[bytes, ...]


async def examine(client: Reading, genesis: Genesis, desk: Desk) -> Examined:
    """Everything that follows from what is sealed to this office, at the node's newest checkpoint.

    Raises:
        FatalError, ProblemError: the node cannot be reached, or says no.
        ProofError: what it sends is no log.
    """
    gathering, records, opened = Gathering(), 0, 0
    unread: list[bytes] = []
    async for record in _log(client):
        records += 1
        fields, cents = None, None
        if _is_reader(desk.author, record):
            try:
                fields, cents = await _opened(client, desk, record)
                opened += 1
            except Refusal:
                unread.append(record.id)
        gathering.take(record, fields, cents)
    found = appraise(gathering.consignments.values(), gathering.production, genesis.parameters)
    return Examined(found, records, opened, tuple(unread))


async def _log(client: Reading) -> AsyncIterator[Record]:
    size = parse_checkpoint(parse_note(await client.get_bytes("/log/checkpoint")).text).size
    for tile in new_bundles(0, size):
        for raw in decode_bundle(await client.get_bytes(f"/log/{tile.path()}"), tile.width):
            yield parse_record(raw)


def _is_reader(code: str, record: Record) -> bool:
    """Whether a record has values that were sealed to this reader."""
    body = record.body
    if isinstance(body, TechnicalBody) or not isinstance(body, SealedBody):
        return False
    other = body.destination if isinstance(body, StatedBody) else record.author
    return code in {SECRETARIAT, issuer_of(body.number), other}


async def _opened(client: Reading, desk: Desk, record: Record) -> tuple[dict[str, Any], list[int]]:
    """The sealed fields, and the lines' values.

    Raises:
        Refusal: there is no envelope, it does not open, or it breaks its commitments.
    """
    body = record.body
    assert isinstance(body, StatedBody | ConfirmBody | PaperImportBody), "only these are looked at"
    envelope = await _envelope(client, record)
    check_envelope(envelope, body.sealed, body.rid)
    refused: Refusal | None = None
    for secret in desk.secrets:
        try:
            fields = open_envelope(desk.ledger_id, envelope, desk.author, secret)
        except Refusal as refusal:
            refused = refusal
        else:
            return fields, [int(cents) for cents in check_values(fields, body.lines)]
    raise refused or Refusal(Code.ENVELOPE_UNREADABLE, "envelope")


async def _envelope(client: Reading, record: Record) -> bytes:
    try:
        return await client.get_bytes(f"/v1/records/{record.id.hex()}/envelope")
    except ProblemError as error:
        if error.status == _NOT_FOUND:
            raise Refusal(Code.ENVELOPE_MISSING, "envelope") from error
        raise
