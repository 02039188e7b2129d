"""From a released draft to a submission: sealed, signed, kept in the draft's own folder (`DESK/made/ID/`) before it is sent.

What is kept there has the names that `kpledger certificate issue` gives it, so that every verb of the command line reads it. A
submission that is there is never made anew: it may have been sent. Blocking (keys are opened, the node is asked for the newest
keys of the readers): call it on a thread.
"""

import json
from dataclasses import replace
from pathlib import Path

from ledger.bodies import CERTIFICATE_CLOSE
from ledger.drafts import ConfirmDraft, parse_code, verdict_hash
from ledger.errors import Refusal
from ledger.participants import Role
from node.desk.drafts import Draft, Kind
from node.desk.forms import answer_body, close_body, confirm_draft, content, issue_draft, paper_draft, technical_draft
from node.desk.office import KeyStore
from node.files import write_atomic
from node.office import CODES, RECEIPT, SUBMISSION, amended_name, corrected_name, outcome_name
from node.papers import answer_name, import_paper, issue_technical, paper_name, state_answer


def role_of(kind: Kind, store: KeyStore) -> Role:
    """With which key what a draft becomes is signed; a technical certificate with the one that is here."""
    if kind is Kind.TECHNICAL:
        return Role.ISSUE if store.has(Role.ISSUE) else Role.CONFIRM
    return Role.ISSUE if kind in {Kind.ISSUE, Kind.AMEND, Kind.CLOSE, Kind.ANSWER} else Role.CONFIRM


def file_name(draft: Draft) -> str:
    """What the files of a draft's submission are called."""
    number = draft.number
    match draft.kind:
        case Kind.ISSUE | Kind.TECHNICAL:
            return number
        case Kind.PAPER:
            return paper_name(number)
        case Kind.AMEND:
            return amended_name(number)
        case Kind.CLOSE:
            return f"{number}.close"
        case Kind.CONFIRM:
            return outcome_name(number)
        case Kind.CORRECT:
            return corrected_name(number)
        case Kind.ANSWER:
            return answer_name(number)


def kept(draft: Draft, made: Path) -> bytes | None:
    """The submission that was made of this draft; None when none was."""
    file = made / draft.id / f"{file_name(draft)}{SUBMISSION}"
    return file.read_bytes() if file.exists() else None


def make(draft: Draft, store: KeyStore, made: Path) -> bytes:
    """The submission of a released draft, kept.

    Raises:
        Refusal: the draft does not make a record.
        FatalError: a key cannot be opened.
        ProblemError: the node does not name the readers' keys.
        OSError: it cannot be kept.
    """
    before = kept(draft, made)
    if before is not None:
        return before
    folder = made / draft.id
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = content(draft.kind, draft.fields, draft.basis)
    office = store.office(role_of(draft.kind, store))
    match draft.kind:
        case Kind.ISSUE:
            return office.issue(issue_draft(draft), text, folder)
        case Kind.AMEND:
            printed = bytes.fromhex(draft.basis["receipt_hash"]), bytes.fromhex(draft.basis["verdict_hash"])
            return office.amend(issue_draft(draft), text, printed, bytes.fromhex(draft.basis["answers"]), folder)
        case Kind.CLOSE:
            return office.state(CERTIFICATE_CLOSE, close_body(draft), folder, file_name(draft))
        case Kind.CONFIRM:
            return office.confirm(_answering(draft), text, folder)
        case Kind.CORRECT:
            return office.correct(_answering(draft), text, folder)
        case Kind.PAPER:
            return import_paper(office, paper_draft(draft), text, folder)
        case Kind.TECHNICAL:
            return issue_technical(office, technical_draft(draft), text, folder)
        case Kind.ANSWER:
            return state_answer(office, answer_body(draft), folder)


def _answering(draft: Draft) -> ConfirmDraft:
    return replace(confirm_draft(draft), answers=bytes.fromhex(draft.basis["answers"]))


def keep_receipt(draft: Draft, made: Path, receipt: str) -> None:
    """Keeps the receipt beside the submission; raises OSError."""
    write_atomic(made / draft.id / f"{file_name(draft)}{RECEIPT}", receipt.encode(), 0o600)


def codes_of(draft: Draft, made: Path) -> dict[str, str]:
    """The codes to print of a certificate that this draft issues; none where they are not here."""
    try:
        told = json.loads((made / draft.id / f"{draft.number}{CODES}").read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def carry_codes(draft: Draft, issue: Draft, made: Path) -> None:
    """Puts the codes of the certificate that a draft amends beside it, where they are the printed ones."""
    codes = codes_of(issue, made)
    try:
        code = parse_code(codes["verdict_code"])
    except (KeyError, Refusal):
        return
    if verdict_hash(draft.number, code).hex() == draft.basis.get("verdict_hash"):
        write_atomic(made / draft.id / f"{draft.number}{CODES}", (json.dumps(codes, indent=1) + "\n").encode(), 0o600)
