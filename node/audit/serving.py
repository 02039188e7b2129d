"""The node's side of an export: final blocks and findings as frames, bounded, in steps of about a millisecond.

Only blocks that a quorum's FINAL proves are given: those above the newest one with a FINAL of its own wait for the next. A
record that was refused, and judged again in a later block, has only its newest judgement on the node: for the earlier block it
is None.
"""

from collections.abc import Generator

from ledger.entries import JudgementEntry
from ledger.errors import StoreError
from ledger.state import Judgement, Ledger
from node.audit.frames import Frame, encode, framed
from node.execution import newest_final, stored_block
from node.limits import AUDIT_ANSWER_BLOCKS, AUDIT_ANSWER_BYTES, AUDIT_ANSWER_FINDINGS, AUDIT_STEP_RECORDS


def final_blocks(ledger: Ledger, first: int) -> Generator[None, None, bytes | None]:
    """Frames of final blocks from a height on, at least one; None where no block of this height is final yet."""
    last = min(newest_final(ledger), first + AUDIT_ANSWER_BLOCKS - 1)
    if not 1 <= first <= last:
        return None
    answer = b""
    for height in range(first, last + 1):
        frame = framed(encode((yield from _frame(ledger, height))))
        if answer and len(answer) + len(frame) > AUDIT_ANSWER_BYTES:
            break
        answer += frame
        yield
    return answer


def findings(ledger: Ledger, after: str) -> bytes:
    """Frames of the findings whose names follow this one, none at the end."""
    return b"".join(framed(encode(found)) for found in ledger.findings_by_name(after, AUDIT_ANSWER_FINDINGS))


def _frame(ledger: Ledger, height: int) -> Generator[None, None, Frame]:
    stored = stored_block(ledger, height)
    if stored is None:
        raise StoreError(f"the final block of height {height} is missing")
    block, raw, final = stored
    judgements: list[JudgementEntry | None] = []
    records: list[bytes] = []
    for place, record_id in enumerate(block.payload.records):
        if place and place % AUDIT_STEP_RECORDS == 0:
            yield
        body, judgement = ledger.body(record_id), ledger.judgement(record_id)
        if body is None or judgement is None:
            raise StoreError(f"record {record_id.hex()} of block {height} is missing")
        records.append(body)
        judgements.append(judgement_entry(judgement) if judgement.height <= height else None)
    return Frame(raw, final, tuple(judgements), tuple(records))


def judgement_entry(judgement: Judgement) -> JudgementEntry:
    """A judgement as exports state it."""
    if judgement.refusal is None:
        return JudgementEntry(judgement.height, judgement.index)
    return JudgementEntry.of(judgement.height, judgement.refusal)
