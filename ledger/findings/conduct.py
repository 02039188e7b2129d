"""What nodes and their operators do.

`equivocation`: the ledger has taken proof that a validator signed two votes of which it may sign one (`ledger.rules.evidence`).
It is a fact of the past and is not resolved.
"""

from ledger.bodies import EquivocationBody
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
