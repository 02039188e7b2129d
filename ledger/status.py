r"""The status file: which certificates stand, for officers without a network; one node signs it, a policy file checks it.

Rules:
- it lists every certificate issued on or after `since`, by issuer and length of number, as runs of numbers in one state, in
  ascending order; of open certificates that were amended it names the newest record; and every issuer's committed numbers;
- `file = canonical({key: bin32, sig: bin64, status: bin})`, `status` the canonical bytes of the lists; `sig` = Ed25519 over
  `"kpledger/status/v1\0" || status` with the cosigning key of the signer's node, which the policy names `SIGNER/witness`;
- a state other than `open` is for good, so an old file that says closed is believed; that a certificate is open, or unknown, an
  old file cannot say.

It is one node's word, as `size` and `root` say at which state of the log: whoever signs an untrue one has signed the proof.
Reference: design 5-log.md, "Paper".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from nacl import bindings
from nacl.exceptions import CryptoError

from ledger import codec
from ledger.bodies.fields import Bin32, Bin64, Date, ParticipantCode
from ledger.checkpoint import MAX_ORIGIN_BYTES
from ledger.entries import STATES, CertificateState
from ledger.errors import MalformedStatusError, Refusal, StatusConflictError, StatusSignatureError, StatusSignerError
from ledger.limits import (
    MAX_INSTANT_MS,
    MAX_PARTICIPANTS,
    MAX_RANGES,
    MAX_SERIAL,
    MAX_STATUS_BYTES,
    MAX_STATUS_RUNS,
    MAX_TREE_SIZE,
    MAX_YEAR,
    MIN_YEAR,
)
from ledger.paper import PaperVerdict, cosigner_name
from ledger.policy import Policy
from ledger.units import HOUR_MS

TAG: Final = b"kpledger/status/v1\0"
MAX_AGE_HOURS = 72
"""How old a file may be that is believed to say that a certificate is open: a long weekend."""

CLOCK_AHEAD_MS = 10 * 60_000
"""How far the signer's clock may be ahead of the reader's."""

_HEAD_BYTES = 8

_Serial = Annotated[int, Meta(ge=0, le=MAX_SERIAL)]
_Digits = Annotated[int, Meta(ge=4, le=10)]


class Run(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """`count` numbers in one state, after `skip` numbers that are not listed; `state` by its place in `STATES`."""

    skip: _Serial
    count: Annotated[int, Meta(ge=1, le=MAX_SERIAL + 1)]
    state: Annotated[int, Meta(ge=0, le=len(STATES) - 1)]


class Amended(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """An open certificate whose newest record, of which this is the beginning of the id, is not its issue."""

    serial: _Serial
    head: Annotated[bytes, Meta(min_length=_HEAD_BYTES, max_length=_HEAD_BYTES)]


class Numbers(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Certificates of one issuer whose numbers have so many digits."""

    issuer: ParticipantCode
    digits: _Digits
    runs: Annotated[tuple[Run, ...], Meta(max_length=MAX_STATUS_RUNS)]
    amended: Annotated[tuple[Amended, ...], Meta(max_length=MAX_STATUS_RUNS)]


class Committed(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Numbers that an issuer has committed for a year, both ends included."""

    issuer: ParticipantCode
    year: Annotated[int, Meta(ge=MIN_YEAR, le=MAX_YEAR)]
    first: _Serial
    last: _Serial


class Status(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What the ledger said of its certificates.

    Attributes:
        at: the signer's clock, milliseconds.
        height, root, size: the block and the log that this is of.
        ledger: its id.
        numbers: by issuer and digits, ascending.
        origin: the log's name.
        ranges: by issuer, year and number, ascending.
        signer: participant whose node signed.
        since: first day of issue from which every certificate is listed.
        v: version of this form.
    """

    at: Annotated[int, Meta(ge=0, le=MAX_INSTANT_MS)]
    height: Annotated[int, Meta(ge=0, le=MAX_TREE_SIZE)]
    ledger: Bin32
    numbers: Annotated[tuple[Numbers, ...], Meta(max_length=7 * MAX_PARTICIPANTS)]
    origin: Annotated[str, Meta(min_length=1, max_length=MAX_ORIGIN_BYTES)]
    ranges: Annotated[tuple[Committed, ...], Meta(max_length=MAX_RANGES * MAX_PARTICIPANTS)]
    root: Bin32
    signer: ParticipantCode
    since: Date
    size: Annotated[int, Meta(ge=0, le=MAX_TREE_SIZE)]
    v: Literal[1]


class _File(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    key: Bin32
    sig: Bin64
    status: bytes


_status: Final = codec.typed(Status, MAX_STATUS_BYTES)
_file: Final = codec.typed(_File, MAX_STATUS_BYTES + 256)


class Standing(StrEnum):
    """What an officer is told of a certificate."""

    VALID = "valid"
    AMENDED = "amended"
    CLOSED = "closed"
    EXPIRED = "expired"
    NOT_ON_LEDGER = "not-on-the-ledger"
    OUT_OF_RANGE = "number-outside-its-range"
    TOO_OLD = "too-old-to-say"


@dataclass(frozen=True, slots=True)
class Judged:
    """A certificate's standing, why, and its state where the file has it."""

    standing: Standing
    reason: str
    state: CertificateState | None = None


def sign_status(status: Status, public: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """The file: `sign` gives 64 bytes over a message with the secret half of `public`.

    Raises:
        Refusal: lists that the form cannot hold.
    """
    data = _status.encode(status)
    return _file.encode(_File(public, sign(TAG + data), data))


def read_status(data: bytes, policy: Policy) -> Status:
    """The lists of a status file that a node of the policy signed.

    Raises:
        MalformedStatusError: not of the form.
        StatusSignerError: of another log, or signed by nobody whom the policy names.
        StatusSignatureError: the signature does not verify.
    """
    try:
        file = _file.decode(data)
        status = _status.decode(file.status)
    except Refusal as refusal:
        raise MalformedStatusError(f"not a status file: {refusal}") from refusal
    if all(log.key.name != status.origin for log in policy.logs):
        raise StatusSignerError(f"a status file of {status.origin}, a log that the policy does not know")
    name = cosigner_name(status.signer)
    if all((witness.key.name, witness.key.public) != (name, file.key) for witness in policy.witnesses):
        raise StatusSignerError(f"a status file signed by {name} with a key that the policy does not name")
    try:
        bindings.crypto_sign_open(file.sig + TAG + file.status, file.key)
    except CryptoError as error:
        raise StatusSignatureError(f"the signature by {name} does not verify") from error
    keys = [(numbers.issuer, numbers.digits) for numbers in status.numbers]
    if keys != sorted(set(keys)):
        raise MalformedStatusError("issuers stand twice, or out of order")
    return status


def list_numbers(states: Mapping[str, int], heads: Mapping[str, bytes]) -> tuple[Numbers, ...]:
    """The lists of these certificates: `states` by number, and of amended ones the newest record's id."""
    groups: dict[tuple[str, int], list[tuple[int, str]]] = {}
    for number in states:
        groups.setdefault((number[:2], len(number) - 2), []).append((int(number[2:]), number))
    return tuple(
        Numbers(
            issuer,
            digits,
            tuple(_runs((serial, states[number]) for serial, number in sorted(found))),
            tuple(Amended(serial, heads[number][:_HEAD_BYTES]) for serial, number in sorted(found) if number in heads),
        )
        for (issuer, digits), found in sorted(groups.items())
    )


def _runs(found: Iterable[tuple[int, int]]) -> Iterable[Run]:
    """Runs of ascending serials with their states."""
    end = first = last = 0
    state = -1
    for serial, its in found:
        if state >= 0 and serial == last + 1 and its == state:
            last = serial
            continue
        if state >= 0:
            yield Run(first - end, last - first + 1, state)
            end = last + 1
        first = last = serial
        state = its
    if state >= 0:
        yield Run(first - end, last - first + 1, state)


def state_of(status: Status, number: str) -> CertificateState | None:
    """The state of the certificate of this number; None where it is not listed."""
    serial = int(number[2:])
    for numbers in status.numbers:
        if (numbers.issuer, numbers.digits) == (number[:2], len(number) - 2):
            at = 0
            for run in numbers.runs:
                at += run.skip
                if at <= serial < at + run.count:
                    return STATES[run.state]
                at += run.count
    return None


def judge(
    status: Status, number: str, now: int, today: str, proven: PaperVerdict | None = None, hours: int = MAX_AGE_HOURS
) -> Judged:
    """What may be said of a certificate.

    Args:
        status: as `read_status` gives it.
        number: a certificate number of the right form.
        now: the reader's clock, milliseconds.
        today: the date to hold against the expiry, `YYYY-MM-DD`.
        proven: what its proof on paper establishes; None where only the number is known.
        hours: how old the file may be that is believed to say that a certificate is open, or unknown.

    Raises:
        StatusConflictError: the proof and the file contradict each other.
        StatusSignerError: they are of two logs.
    """
    if proven is not None and proven.verdict.origin != status.origin:
        raise StatusSignerError(f"the proof is of {proven.verdict.origin}, the status file of {status.origin}")
    state = state_of(status, number)
    if state not in {None, CertificateState.OPEN}:
        return Judged(Standing.CLOSED, f"it is {state}", state)
    if proven is not None and proven.body.expires < today:
        return Judged(Standing.EXPIRED, f"it expired on {proven.body.expires}", state)
    if not -CLOCK_AHEAD_MS <= now - status.at <= hours * HOUR_MS:
        behind = (now - status.at) // HOUR_MS
        return Judged(Standing.TOO_OLD, f"the status file is {behind} hours old, or this machine's clock is wrong", state)
    if state is None:
        return _unlisted(status, number, proven)
    newest = _amended(status, number)
    if proven is not None and newest is not None and not proven.verdict.record_id.startswith(newest):
        return Judged(Standing.AMENDED, "what is printed is no longer what the issuer states", state)
    return Judged(Standing.VALID, "it waits for its destination's answer", state)


def _unlisted(status: Status, number: str, proven: PaperVerdict | None) -> Judged:
    """A number that the file does not list."""
    if proven is not None:
        if proven.verdict.index >= status.size:
            return Judged(Standing.TOO_OLD, "it entered the log after the status file was made")
        if proven.body.issued < status.since:
            return Judged(Standing.TOO_OLD, f"it was issued before {status.since}, where the status file begins")
        raise StatusConflictError(
            f"{number} is in the log at {proven.verdict.index}, and {status.signer}'s status file of {status.size} lacks it"
        )
    ranges = [one for one in status.ranges if one.issuer == number[:2]]
    if ranges and not any(one.first <= int(number[2:]) <= one.last for one in ranges):
        return Judged(Standing.OUT_OF_RANGE, f"{number[:2]} has committed other numbers")
    return Judged(Standing.NOT_ON_LEDGER, f"no certificate of this number has been issued since {status.since}")


def _amended(status: Status, number: str) -> bytes | None:
    for numbers in status.numbers:
        if (numbers.issuer, numbers.digits) == (number[:2], len(number) - 2):
            return next((one.head for one in numbers.amended if one.serial == int(number[2:])), None)
    return None
