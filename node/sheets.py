"""A table of certificates at an authority's desk: all of them made before the first is sent, then sent in batches.

Rules:
1. Every certificate is made, sealed and signed in memory; when one cannot be, nothing is kept and nothing is sent.
2. What was made of the same text before is sent again as it is, so that a repeated run is harmless; another text under a number
   that was sent is a fault.
3. Everything is kept in the folder before it goes out, as for a single certificate (`node.office`), each receipt as it comes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ledger.csvform import Fault, SheetCertificate
from ledger.errors import Refusal
from ledger.jsonform import issue_from_json
from node.client import Client, MadeCertificate, ProblemError, Taken
from node.errors import FatalError
from node.files import write_atomic
from node.office import RECEIPT, Office, keep_issue, kept_submission, set_aside

BATCH_RECORDS = 100
BATCH_BYTES = 2 * 1024 * 1024
"""Half of what a node takes at once."""

REFUSED = frozenset({400, 413, 422})
"""What a node answers for what it refuses for good."""


class Standing(StrEnum):
    """What became of a certificate."""

    ACCEPTED = "accepted"
    THERE_ALREADY = "there already"
    REFUSED = "refused"
    NOT_FINAL = "not final yet"


@dataclass(frozen=True, slots=True)
class Ready:
    """A certificate that can be sent. `before`: it has a receipt from an earlier run."""

    certificate: SheetCertificate
    submission: bytes
    before: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a certificate's submission came to: `taken` when it is final, `problem` when it was refused."""

    certificate: SheetCertificate
    standing: Standing
    taken: Taken | None = None
    problem: ProblemError | None = None


def make_ready(office: Office, certificates: Sequence[SheetCertificate], folder: Path) -> tuple[list[Ready], list[Fault]]:
    """Makes what was not made before; keeps it in the folder only when there is no fault.

    Raises:
        FatalError: the register cannot be asked for.
    """
    register = office.register(*dict.fromkeys(one.draft.destination for one in certificates))
    ready: list[Ready] = []
    made: list[tuple[SheetCertificate, MadeCertificate]] = []
    faults: list[Fault] = []
    for one in certificates:
        number = one.draft.number
        try:
            submission = kept_submission(folder, number, one.draft, issue_from_json)
            if submission is None:
                new = office.make_issue(one.draft, register)
                made.append((one, new))
                submission = new.submission
        except Refusal as refusal:
            faults.append(one.fault(refusal))
        except FatalError as error:
            faults.append(Fault(one.rows[0], "number", number, error.happened, error.next_step))
        else:
            ready.append(Ready(one, submission, (folder / f"{number}{RECEIPT}").exists()))
    if not faults:
        for one, new in made:
            keep_issue(folder, one.draft, one.text, new)
    return ready, faults


async def send(client: Client, ready: Sequence[Ready], folder: Path, seconds: float) -> list[Outcome]:
    """Submits a batch until each is final or refused; keeps receipts, sets aside what was refused.

    Raises:
        ProblemError: the node takes no submissions.
    """
    answers = await client.submit_many_until_final([one.submission for one in ready], seconds)
    return [_outcome(one, answer, folder) for one, answer in zip(ready, answers, strict=True)]


def batches(ready: Sequence[Ready]) -> Iterator[list[Ready]]:
    """The same in portions that a node takes at once."""
    batch: list[Ready] = []
    size = 0
    for one in ready:
        if batch and (len(batch) == BATCH_RECORDS or size + len(one.submission) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += len(one.submission)
    if batch:
        yield batch


def _outcome(ready: Ready, answer: Taken | ProblemError | None, folder: Path) -> Outcome:
    one, number = ready.certificate, ready.certificate.draft.number
    if answer is None:
        return Outcome(one, Standing.NOT_FINAL)
    if isinstance(answer, ProblemError):
        if answer.status in REFUSED:
            set_aside(folder, number)
        return Outcome(one, Standing.REFUSED, problem=answer)
    if answer.receipt is not None:
        write_atomic(folder / f"{number}{RECEIPT}", answer.receipt.encode())
    return Outcome(one, Standing.THERE_ALREADY if ready.before else Standing.ACCEPTED, taken=answer)
