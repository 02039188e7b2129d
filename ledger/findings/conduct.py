"""What nodes and their operators do.

`equivocation`: the ledger has taken proof that a validator signed two votes of which it may sign one (`ledger.rules.evidence`).
It is a fact of the past and is not resolved.

`sealed-fault`: a reader of a sealed part says that it cannot open it, or that its content is not what the record commits to
(`sealed.fault`). Whether that is so, only readers can judge: it is resolved by nothing on the ledger.
"""

from ledger.bodies import EquivocationBody, FaultBody
from ledger.findings.book import Book
from ledger.findings.entries import Severity
from ledger.record import Record
from ledger.rules.evidence import culprit


def equivocation(book: Book, record: Record) -> None:
    """Names whose validator it was."""
    body = record.body
    if isinstance(body, EquivocationBody):
        code, key = culprit(book.view, body)
        book.find("equivocation", f"{body.epoch}/{key.hex()}", Severity.HIGH, (code,), (record.id,), epoch=body.epoch)


def sealed_fault(book: Book, record: Record) -> None:
    """Names record, issuer and destination, and who complains."""
    body = record.body
    if isinstance(body, FaultBody):
        part = book.view.state.sealed_part(body.rid)
        assert part is not None, "the rule has found it"
        subjects = tuple(dict.fromkeys((part.issuer, part.destination)))
        about = f"{body.rid.hex()}/{record.author}"
        book.find("sealed-fault", about, Severity.HIGH, subjects, (part.record, record.id), reader=record.author)
