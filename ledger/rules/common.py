"""What holds for every kind: who signs, with which key and role, when (2-records.md, "The date that counts").

Order: author and key, the day's quota (both `ledger.quota`), instant, role, rid. Form, signature and the envelope's bytes were
checked before (`ledger.record`), the envelope's readers at admission (`check_readers`): none of these needs state that blocks
change.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ledger import units
from ledger.bodies import ConfirmBody, IssueBody, SealedBody
from ledger.entries import issuer_of
from ledger.envelope import Header
from ledger.errors import Code, Refusal
from ledger.limits import AT_FUTURE_MS, AT_PAST_MS
from ledger.overlay import Reader
from ledger.participants import Participant
from ledger.record import Record
from ledger.register import Register
from ledger.rules.signers import Signer
from ledger.units import Height, Ms


@dataclass(frozen=True, slots=True)
class View:
    """What a check may know.

    Attributes:
        register: participants and keys.
        state: state before the record.
        now: block time; in `Ledger.check` the later of the head's time and the node's clock.
        date: the day of `now` in UTC.
        equivocation: the index of the validator, among these keys of an epoch, that two votes prove to have contradicted
            itself; raises ValueError with the reason why they do not (see `Ledger.open`).
    """

    register: Register
    state: Reader
    now: Ms
    date: str
    equivocation: Callable[[int, tuple[bytes, ...], bytes, bytes], int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an accepted record stands: its block, that block's day, its leaf."""

    height: Height
    date: str
    index: int


def check_common(view: View, record: Record, signer: Signer) -> Participant:
    """The checks of every kind; the author, who is a participant in all the kinds there are.

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


def check_readers(register: Register, record: Record, header: Header, now: Ms) -> None:
    """Whether an envelope is sealed to issuer, destination and secretariat; raises Refusal ENVELOPE_READERS.

    A certificate's issuer is its number's prefix, so this needs no state.
    """
    body = record.body
    assert isinstance(body, SealedBody), "no other kind has an envelope"
    destination = body.destination if isinstance(body, IssueBody) else record.author
    register.check_readers(issuer_of(body.number), destination, header.readers, now)


def check_sums(body: IssueBody | ConfirmBody) -> None:
    """Whether the lines add up to the total; raises Refusal CARATS_DIFFER_FROM_LINES."""
    total = sum(line.points for line in body.lines)
    if total != body.points:
        raise Refusal(Code.CARATS_DIFFER_FROM_LINES, "carats", given=units.carats(body.points), limit=units.carats(total))
