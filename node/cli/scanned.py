"""A certificate on paper, checked without a network: the proof QR or the link QR against a policy and a cached status file.

Rules:
- the proof QR (`KP1:`) proves that the certificate is in the log, and shows what was signed; the link QR gives a number only,
  and its code can be checked by a node alone;
- whether the certificate still stands, a status file says; without one, that stays open and is said;
- the clock of this machine judges how old the file is and whether the certificate has expired; `--received` states the date of
  receipt instead.
"""

import re
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ledger.errors import PaperPrefixError
from ledger.jsonform import record_to_json
from ledger.limits import MAX_SCANNED_CHARACTERS
from ledger.paper import PREFIX, PaperVerdict, verify_paper
from ledger.policy import Policy
from ledger.status import MAX_AGE_HOURS, Judged, Standing, Status, judge, read_status
from ledger.units import block_date, date_of, day_number
from node.cli.options import read_file, read_policy
from node.cli.output import console, print_fields, print_json, say
from node.errors import Exit, FatalError, command

_LINK = re.compile(r"(?:https?://[^\s/]+/v1/certificates/)?([A-Z]{2}[0-9]{4,10})(?:/verdict(?:\?code=[A-Z2-7]{16})?)?")
_STDIN = "-"
_CODES = {Standing.VALID: Exit.DONE, Standing.TOO_OLD: Exit.SYNCING}
_COLOURS = {Standing.VALID: "green", Standing.TOO_OLD: "yellow"}


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Scanned:
    """A text that was scanned, and what it is checked with.

    Attributes:
        qr: the text of the proof QR, of the link QR, a number, or `-`: it comes on standard input.
        policy: the ledger's policy file.
        status: a status file that was fetched before.
        max_age: hours, see `ledger.status.judge`.
        received: date of receipt; empty: today in UTC.
    """

    qr: Annotated[
        str,
        Parameter(
            name="--qr",
            allow_leading_hyphen=True,
            help="Text of a QR code on a certificate, its number, or - to read it from standard input.",
        ),
    ] = ""
    policy: Annotated[Path | None, Parameter(name="--policy", help="With --qr: the ledger's policy file.")] = None
    status: Annotated[Path | None, Parameter(name="--status", help="With --qr: a status file (kpledger log status-file).")] = (
        None
    )
    max_age: Annotated[int, Parameter(name="--max-age", help="Hours for which a status file may say `valid`.")] = MAX_AGE_HOURS
    received: Annotated[str, Parameter(name="--received", help="Date of receipt YYYY-MM-DD, if it is not today.")] = ""


def check(scanned: Scanned, *, as_json: bool) -> int:
    """Says what a scanned text establishes; gives the exit code.

    Raises:
        FatalError: no policy, no status file where one is needed, or a text that is none of ours.
        ProofError: the proof or the status file does not hold, or they contradict each other.
        Refusal: `received` is no date.
    """
    if scanned.policy is None:
        raise FatalError(
            "No policy was named.",
            "Without a policy nothing can be verified: it says whose signatures count.",
            "Name the ledger's policy file: --policy FILE",
            Exit.USAGE,
        )
    policy = read_policy(scanned.policy)
    text = _text(scanned.qr)
    proven, number = (verify_paper(text, policy), "") if text.startswith(PREFIX) else (None, _number(text))
    number = proven.body.number if proven is not None else number
    status = None if scanned.status is None else read_status(read_file(scanned.status), policy)
    now = time.time_ns() // 1_000_000
    today = date_of(day_number(scanned.received, "received")) if scanned.received else block_date(now)
    if status is None and proven is None:
        raise FatalError(
            f"{number} alone proves nothing.",
            "Whether it is on the ledger only a status file or a node can say.",
            f"Scan the code on page 2, or fetch a status file: {command('log', 'status-file', '--out', 'FILE')}",
            Exit.USAGE,
        )
    judged = _alone(proven, today) if status is None else judge(status, number, now, today, proven, scanned.max_age)
    _tell(number, judged, proven, _shown(policy, proven, status), as_json=as_json)
    return _CODES.get(judged.standing, Exit.REFUSED)


def summary(record: dict[str, Any]) -> dict[str, object]:
    """The few things of a record that a person looks for first."""
    body = record["body"]
    shown = {"record": record["kind"], "author": record["author"]}
    for name in ("number", "type", "destination", "outcome", "issued", "received", "expires", "parcels", "carats"):
        if name in body:
            shown[name] = body[name]
    return shown


def _text(given: str) -> str:
    """What was scanned, without the line end that a scanner adds; a space at the end may belong to a proof."""
    return (sys.stdin.read(MAX_SCANNED_CHARACTERS + 2) if given == _STDIN else given).rstrip("\r\n")


def _number(text: str) -> str:
    match = _LINK.fullmatch(text)
    if match is None:
        raise PaperPrefixError(f"neither a proof ({PREFIX}...) nor the link or number of a certificate")
    return match[1]


def _alone(proven: PaperVerdict | None, today: str) -> Judged:
    """What a proof says without a status file."""
    if proven is not None and proven.body.expires < today:
        return Judged(Standing.EXPIRED, f"it expired on {proven.body.expires}")
    return Judged(Standing.TOO_OLD, "it is on the ledger; whether it was closed since, only a status file says")


def _shown(policy: Policy, proven: PaperVerdict | None, status: Status | None) -> dict[str, Any]:
    """Whose word the answer rests on, how old it is, and what it does not establish."""
    fields: dict[str, Any] = {}
    if proven is not None:
        verdict = proven.verdict
        enough = "a quorum" if proven.quorum else f"no quorum of {policy.quorum}"
        fields["proof_rests_on"] = f"{', '.join(verdict.witnesses)} ({enough})"
        fields["proof_made"] = None if verdict.newest is None else _time(verdict.newest)
    if status is not None:
        fields["status_rests_on"] = status.signer
        fields["status_made"] = _time(status.at // 1_000)
        since = f"what has become of it since {fields['status_made']}"
    else:
        since = "whether it still stands: it may have been answered, amended or closed since"
    unproven = "that this paper is the certificate's: its code is checked by a node alone"
    fields["not_shown"] = since if proven is not None else f"{unproven}; {since}"
    return fields


def _tell(number: str, judged: Judged, proven: PaperVerdict | None, shown: dict[str, Any], *, as_json: bool) -> None:
    record = None if proven is None else record_to_json(proven.record)
    if as_json:
        answer = {"number": number, "standing": judged.standing, "reason": judged.reason, "state": judged.state, **shown}
        print_json({**answer, "record": record})
        return
    colour = _COLOURS.get(judged.standing, "red")
    console.print(f"[bold {colour}]{judged.standing.replace('-', ' ')}[/bold {colour}]: {number}", soft_wrap=True)
    say(judged.reason)
    if record is not None:
        print_fields(summary(record))
        rows = record["body"]["lines"]
        print_fields(
            {f"line {at}": f"{row['hs']} {' '.join(row['origin'])} {row['carats']} ct" for at, row in enumerate(rows, 1)}
        )
    print_fields({name.replace("_", " "): value for name, value in shown.items()})


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
