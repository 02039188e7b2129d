"""What an authority states beside certificates and outcomes, sealed and signed at its desk: imports under paper certificates,
technical certificates, outcomes that came back on paper.

As with certificates, a submission is kept before it is sent, with the draft it was made of (`node.office`).
"""

import json
import secrets
from pathlib import Path

from ledger.bodies import PAPER_CONFIRM, PAPER_IMPORT, TECHNICAL_ISSUE, PaperConfirmBody
from ledger.bodyform import parse_body
from ledger.entries import issuer_of
from ledger.errors import Code, Refusal
from ledger.limits import MAX_OFFICER_FILE_BYTES
from ledger.paperdrafts import PaperDraft, TechnicalDraft, make_paper, make_technical
from ledger.record import parse_submission
from ledger.strict_json import load
from node.office import SUBMISSION, Office, keep


def paper_name(number: str) -> str:
    """What the files of an import under a paper certificate are called."""
    return f"{number}.paper"


def answer_name(number: str) -> str:
    """What the files of an outcome that came back on paper are called."""
    return f"{number}.paper-confirm"


def import_paper(office: Office, draft: PaperDraft, text: bytes, folder: Path) -> bytes:
    """The submission of an import under a paper certificate, kept in `folder` with its draft's `text`.

    Raises:
        Refusal: the draft does not make a record.
    """
    readers = office.readers(issuer_of(draft.number), office.author)
    made = make_paper(office.genesis.ledger_id, draft, readers, secrets.token_bytes)
    submission = office.sign(PAPER_IMPORT, made.body, made.envelope)
    keep(folder, paper_name(draft.number), text, submission)
    return submission


def issue_technical(office: Office, draft: TechnicalDraft, text: bytes, folder: Path) -> bytes:
    """The submission of a technical certificate, kept in `folder` with its draft's `text`.

    Raises:
        Refusal: the draft does not make a record, or its number is another participant's.
    """
    if issuer_of(draft.number) != office.author:
        raise Refusal(Code.NUMBER_PREFIX, "number", given=draft.number, limit=office.author)
    readers = office.readers(office.author, draft.destination)
    made = make_technical(office.genesis.ledger_id, draft, readers, secrets.token_bytes)
    submission = office.sign(TECHNICAL_ISSUE, made.body, made.envelope)
    keep(folder, draft.number, text, submission)
    return submission


def answer_from_json(data: bytes, *, answers: bytes | None = None, digest: bytes | None = None) -> PaperConfirmBody:
    """The body of an outcome that came back on paper, out of an officer's file.

    Args:
        data: the file.
        answers: id of the certificate's newest record, for a file that leaves it out.
        digest: SHA-256 of the document, likewise.

    Raises:
        Refusal: BAD_VALUE with the member, as `ledger.bodyform.parse_body`.
    """
    content = load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES).value
    if isinstance(content, dict):
        if answers is not None:
            content.setdefault("answers", answers.hex())
        if digest is not None and content.setdefault("digest", digest.hex()) != digest.hex():
            given, expected = str(content["digest"])[:64], f"{digest.hex()}, that of the document"
            raise Refusal(Code.BAD_VALUE, "digest", given=given, expected=expected)
    return parse_body(PaperConfirmBody, json.dumps(content).encode())


def kept_answers(folder: Path, number: str) -> bytes | None:
    """Which record the outcome of this number that was made before answers; None when none was made.

    The certificate has a newer one once it was recorded: looked up again, the same file would make another record.
    """
    file = folder / f"{answer_name(number)}{SUBMISSION}"
    if not file.exists():
        return None
    body = parse_submission(file.read_bytes()).record.body
    return body.answers if isinstance(body, PaperConfirmBody) else None


def state_answer(office: Office, body: PaperConfirmBody, folder: Path) -> bytes:
    """The submission of an outcome that came back on paper, kept in `folder`; errors as `Office.state`."""
    return office.state(PAPER_CONFIRM, body, folder, answer_name(body.number))
