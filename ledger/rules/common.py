"""What holds for every kind: who signs, with which key and role, when (2-records.md, "The date that counts").

Order: author and key, the day's quota (both `ledger.quota`), instant, role, rid. Form, signature and the envelope's bytes were
checked before (`ledger.record`), the envelope's readers before a vote (`check_addressed`), with their key epochs at admission
(`check_readers`).
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from ledger import units
from ledger.bodies import SealedBody, StatedBody, TechnicalBody
from ledger.entries import CertificateEntry, CertificateState, issuer_of
from ledger.envelope import Header
from ledger.errors import Code, Refusal
from ledger.limits import AT_FUTURE_MS, AT_PAST_MS
from ledger.overlay import Reader
from ledger.participants import Holder, KeyUse, Participant
from ledger.record import Record
from ledger.register import Register, check_reader_codes
from ledger.report_entries import RidEntry
from ledger.rules.effects import Writer
from ledger.rules.signers import Signer
from ledger.units import Height, Ms

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class View:
    """What a check may know.

    Attributes:
        state: state before the record.
        now: block time; in `Ledger.check` the later of the head's time and the node's clock.
        date: the day of `now` in UTC.
        height: of the block before, the newest one that is executed.
        equivocation: the index of the validator, among these keys of an epoch, that two votes prove to have contradicted
            itself; raises ValueError with the reason why they do not (see `Ledger.open`).
    """

    state: Reader
    now: Ms
    date: str
    height: int
    equivocation: Callable[[int, tuple[bytes, ...], bytes, bytes], int]

    @property
    def register(self) -> Register:
        """Participants, keys and parameters before the record."""
        return self.state.register

    def parameter(self, name: str) -> int:
        """A parameter's value on the block's day."""
        return self.register.parameter(name, self.date)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an accepted record stands: its block, that block's day, its leaf."""

    height: Height
    date: str
    index: int


def check_common(view: View, record: Record, signer: Signer) -> Holder:
    """The checks of every kind; the author.

    Raises:
        Refusal: TOO_OLD, IN_FUTURE, whatever `signer` refuses, RID_USED.
    """
    if record.at < view.now - AT_PAST_MS:
        raise Refusal(Code.TOO_OLD, "at", given=record.at, limit=view.now - AT_PAST_MS)
    if record.at > view.now + AT_FUTURE_MS:
        raise Refusal(Code.IN_FUTURE, "at", given=record.at, limit=view.now + AT_FUTURE_MS)
    author = signer.check(view.register, view.state.network, record, view.date)
    if isinstance(record.body, SealedBody) and view.state.rid_used(record.body.rid):
        raise Refusal(Code.RID_USED, "rid", given=record.body.rid.hex())
    return author


def enact_common(writer: Writer, record: Record) -> None:
    """What records of every kind write: a sealed part has taken its rid, and its first readers are known."""
    if isinstance(record.body, SealedBody):
        writer.take_rid(record.body.rid, RidEntry(record.id, *_parties(record)))


def participant(author: Holder) -> Participant:
    """The author of a kind that only participants sign: its signer has refused others."""
    assert isinstance(author, Participant), "the signer admits no other"
    return author


def own_certificate(view: View, author: Participant, number: str, *states: CertificateState) -> CertificateEntry:
    """The author's certificate of this number, when it is in one of these states.

    Raises:
        Refusal: CERTIFICATE_UNKNOWN, NOT_ISSUER, CERTIFICATE_CLOSED.
    """
    entry = view.state.certificate(number)
    if entry is None:
        raise Refusal(Code.CERTIFICATE_UNKNOWN, "number", given=number)
    if issuer_of(number) != author.code:
        raise Refusal(Code.NOT_ISSUER, "number", given=author.code, limit=issuer_of(number), certificate=number)
    if entry.state not in states:
        raise Refusal(Code.CERTIFICATE_CLOSED, "number", certificate=number, state=str(entry.state))
    return entry


def check_answers(entry: CertificateEntry, number: str, answers: bytes) -> None:
    """Whether a record answers the certificate's newest one, so that nothing changed unnoticed; raises Refusal STALE_HEAD."""
    if answers != entry.head:
        raise Refusal(Code.STALE_HEAD, "answers", given=answers.hex(), limit=entry.head.hex(), certificate=number)


def check_received(view: View, received: str, issued: str) -> None:
    """Whether receipt is neither before the issue nor in the future.

    Raises:
        Refusal: RECEIVED_BEFORE_ISSUED, RECEIVED_IN_FUTURE.
    """
    if received < issued:
        raise Refusal(Code.RECEIVED_BEFORE_ISSUED, "received", given=received, limit=issued)
    if units.date_is_future(received, view.now):
        raise Refusal(Code.RECEIVED_IN_FUTURE, "received", given=received, limit=view.date)


def check_use(view: View, use: KeyUse, key: bytes, field: str, *, again: bool = False) -> None:
    """Whether a key serves, or may begin to serve, this purpose: one key, one purpose, on the whole ledger and for ever.

    Args:
        view: before the record.
        use: whose and what for.
        key: a public key, or a certificate.
        field: where it stands.
        again: it stands in the same record for another purpose.

    Raises:
        Refusal: KEY_IN_USE, KEY_RETIRED.
    """
    stored = view.state.key_use(key)
    held = view.register.key_use(key) if stored is None else KeyUse(stored.holder, stored.purpose)
    if again or (held is not None and held != use):
        raise Refusal(Code.KEY_IN_USE, field, given=_shown(key), limit="one purpose a key" if held is None else str(held))
    if stored is not None and stored.retired:
        raise Refusal(Code.KEY_RETIRED, field, given=_shown(key), participant=use.holder)


def _shown(key: bytes) -> str:
    """A key, or a certificate's fingerprint, in hex."""
    return key.hex() if len(key) == _KEY_BYTES else hashlib.sha256(key).hexdigest()


def check_addressed(record: Record, header: Header) -> None:
    """Whether an envelope names issuer, destination and secretariat as its readers; raises Refusal ENVELOPE_READERS."""
    check_reader_codes(*_parties(record), header.readers)


def _parties(record: Record) -> tuple[str, str]:
    """Issuer and destination; a certificate's issuer is its number's prefix, so this needs no state."""
    body = record.body
    assert isinstance(body, SealedBody), "no other kind has an envelope"
    return issuer_of(body.number), body.destination if isinstance(body, StatedBody | TechnicalBody) else record.author


def check_readers(register: Register, record: Record, header: Header, now: Ms) -> None:
    """Whether an envelope is sealed to issuer, destination and secretariat at key epochs that are accepted.

    Raises:
        Refusal: ENVELOPE_READERS.
    """
    register.check_readers(*_parties(record), header.readers, now)


def check_sums(body: SealedBody) -> None:
    """Whether the lines add up to the total; raises Refusal CARATS_DIFFER_FROM_LINES."""
    total = sum(line.points for line in body.lines)
    if total != body.points:
        raise Refusal(Code.CARATS_DIFFER_FROM_LINES, "carats", given=units.carats(body.points), limit=units.carats(total))
