"""A reader at work with sealed parts: fetched from a node, checked against their record, opened, handed on, complained about.

Rules:
- a node is believed nothing: the record is checked against its id, the envelope against the record, the opened values against
  the lines' commitments;
- a reader has the wrap that was made when the part was sealed, and those that others gave it later by `sealed.share`; it opens
  what any of its keys opens;
- nobody complains about a part for which its own key is missing here, or which opens and matches: `garbage` finds out which.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from nacl.bindings import crypto_scalarmult_base

from ledger.bodies import ConfirmBody, ConfirmLine, Line, PaperImportBody, SealedBody, ShareBody, StatedBody
from ledger.envelope import Rng, check_envelope
from ledger.errors import Code, Refusal
from ledger.record import Record, parse_record
from ledger.unsealing import Disclosure, check_values, disclose_wrapped, open_wrapped, rewrap, wrap_of
from node.client import Client, ProblemError
from node.errors import Exit, FatalError

ID_DIGITS = 64
_FORBIDDEN = 403

Side = Literal["issue", "outcome"]
Garbage = Literal["unreadable", "values"]


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads, and with what.

    Attributes:
        ledger_id: 32 bytes.
        code: participant's code, or `secretariat`.
        secrets: its X25519 sealing keys, the newest first.
    """

    ledger_id: bytes
    code: str
    secrets: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A record with its envelope, and this reader's wraps: the one it was sealed with first."""

    record: Record
    envelope: bytes
    epoch: int | None
    wraps: tuple[bytes, ...]

    @property
    def body(self) -> SealedBody:
        """The record's body."""
        assert isinstance(self.record.body, SealedBody), "fetch_part refuses others"
        return self.record.body


@dataclass(frozen=True, slots=True)
class Opened:
    """What a part says, and the wrap and key that opened it."""

    fields: dict[str, Any]
    wrap: bytes
    secret: bytes


async def fetch_record(client: Client, record_id: str) -> Record:
    """A record by its id (hex), checked against it.

    Raises:
        FatalError: the node gave another.
        ProblemError: the node says no.
    """
    try:
        record = parse_record(bytes.fromhex((await client.record(record_id)).record))
    except ValueError as error:
        raise untrue(record_id, "no hexadecimal digits") from error
    if record.id.hex() != record_id:
        raise untrue(record_id, "a record that is not the one asked for")
    return record


async def fetch_envelope(client: Client, record: Record) -> bytes:
    """The envelope of a record with a sealed part; errors as `fetch_record`, and Refusal ENVELOPE_HASH for another's."""
    assert isinstance(record.body, SealedBody), "asked for kinds with a sealed part only"
    envelope = await client.get_bytes(f"/v1/records/{record.id.hex()}/envelope")
    check_envelope(envelope, record.body.sealed, record.body.rid)
    return envelope


async def fetch_part(client: Client, reader: Reader, what: str, side: Side = "issue") -> SealedPart:
    """The sealed part of a record, named by its id, or of a certificate, named by its number.

    Args:
        client: of a node.
        reader: who will open it.
        what: 64 hex digits, or a number.
        side: of a certificate, the newest statement of its issuer (or of who imported under a paper one), or of its outcome.

    Raises:
        FatalError: there is no such part, or the node lies.
        ProblemError: the node says no.
    """
    record = await _find(client, what, side)
    try:
        envelope = await fetch_envelope(client, record)
    except ProblemError as error:
        if error.status == _FORBIDDEN:
            raise _not_for(what, reader.code) from error
        raise
    given = []
    for row in await client.shares(record.id.hex()):
        if row.reader == reader.code:
            share = (await fetch_record(client, row.id)).body
            if isinstance(share, ShareBody) and isinstance(record.body, SealedBody) and share.rid == record.body.rid:
                given.append(share.wrap)
    try:
        first = [wrap_of(envelope, reader.code)]
    except Refusal:
        first = []
    assert isinstance(record.body, SealedBody), "an envelope was found"
    header = check_envelope(envelope, record.body.sealed, record.body.rid)
    return SealedPart(record, envelope, dict(header.readers).get(reader.code), (*first, *given))


async def _find(client: Client, what: str, side: Side) -> Record:
    if len(what) == ID_DIGITS:
        record = await fetch_record(client, what)
        if not isinstance(record.body, SealedBody):
            raise _none(what, f"a {record.kind} has none")
        return record
    for reference in reversed((await client.certificate(what)).records):
        record = await fetch_record(client, reference.id)
        body = record.body
        if isinstance(body, StatedBody | PaperImportBody) if side == "issue" else isinstance(body, ConfirmBody):
            if isinstance(body, SealedBody) and body.number != what:
                raise untrue(what, "a record of another certificate")
            return record
    raise _none(what, f"it has no {side}" if side == "issue" else "nobody has confirmed it with a sealed part")


def open_part(reader: Reader, part: SealedPart) -> Opened | None:
    """What a part says, with any of the reader's wraps and keys; None when none opens it."""
    for wrap in part.wraps:
        for secret in reader.secrets:
            try:
                return Opened(open_wrapped(reader.ledger_id, part.envelope, wrap, secret), wrap, secret)
            except Refusal as refusal:
                if refusal.code != Code.ENVELOPE_UNREADABLE:
                    raise
    return None


def opened(reader: Reader, part: SealedPart) -> Opened:
    """The same; raises FatalError when nothing opens it, with what that may mean."""
    found = open_part(reader, part)
    if found is not None:
        return found
    if not part.wraps:
        raise _not_for(part.body.number, reader.code)
    raise FatalError(
        f"The sealed part of {part.body.number} does not open with any sealing key of {reader.code} that is here.",
        f"It was sealed to the key of epoch {part.epoch}, which may be missing here, or the part is garbage.",
        "Put the key of that time into the folder of --keys (seal, seal-2025, ...); if it is there: kpledger sealed fault",
        Exit.BAD_DATA,
    )


async def garbage(client: Client, reader: Reader, part: SealedPart) -> Garbage | None:
    """What is wrong with a part that this reader should be able to read; None when it opens and matches its record.

    Raises:
        FatalError: the reader lacks the key to which it was sealed, or it was sealed to none.
        ProblemError: the node says no.
    """
    found = open_part(reader, part) if part.epoch is not None else opened(reader, part)
    if found is None:
        keys = {seal.key for seal in (await client.keys(reader.code)).seals if seal.epoch == part.epoch}
        if not keys & {crypto_scalarmult_base(secret).hex() for secret in reader.secrets}:
            raise FatalError(
                f"The part of {part.body.number} is sealed to {reader.code}'s key of epoch {part.epoch}, which is not here.",
                "That it does not open says nothing about the part.",
                "Put that key into the folder of --keys; without it, ask another reader for: kpledger sealed share",
                Exit.BAD_DATA,
            )
        return "unreadable"
    try:
        check_values(found.fields, part.body.lines)
    except Refusal:
        return "values"
    return None


def share_part(reader: Reader, part: SealedPart, to: str, epoch: int, public: bytes, rng: Rng) -> ShareBody:
    """The body of a `sealed.share`; errors as `opened`."""
    found = opened(reader, part)
    wrap = rewrap(reader.ledger_id, part.envelope, found.wrap, found.secret, public, rng)
    return ShareBody(epoch=epoch, reader=to, rid=part.body.rid, wrap=wrap)


def disclose_part(reader: Reader, part: SealedPart, name: str) -> Disclosure:
    """One field of a part with its proof; errors as `opened`, and Refusal BAD_VALUE for a field that it has not."""
    found = opened(reader, part)
    return disclose_wrapped(reader.ledger_id, part.envelope, found.wrap, found.secret, name)


def lines_of(fields: dict[str, Any], part: SealedPart) -> Iterator[tuple[str, int, int]]:
    """HS code, points and cents of each line, when the values are those that it commits to; raises Refusal BAD_COMMITMENT."""
    lines: Sequence[Line | ConfirmLine] = part.body.lines
    for line, cents in zip(lines, check_values(fields, lines), strict=True):
        yield line.hs, line.points, cents


def untrue(what: str, reason: str) -> FatalError:
    """A node's answer does not hold."""
    return FatalError(
        f"The node's answer about {what} is not sound: {reason}.",
        "Nothing can be computed from it.",
        "Ask another node (--url) and tell its operator.",
        Exit.BAD_DATA,
    )


def _not_for(what: str, code: str) -> FatalError:
    return FatalError(
        f"The sealed part of {what} is not for {code}, or the token is not {code}'s.",
        "It can be opened by issuer, destination and secretariat, and by whom one of them gave a key.",
        "Ask one of them for: kpledger sealed share; the token is made by the node's operator: kpledger token new",
        Exit.REFUSED,
    )


def _none(what: str, reason: str) -> FatalError:
    return FatalError(
        f"There is no such sealed part of {what}: {reason}.",
        "Nothing was done.",
        "Name a certificate with --side, or the id of a record that has a sealed part.",
        Exit.BAD_DATA,
    )
