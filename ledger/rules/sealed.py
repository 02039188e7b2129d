"""`sealed.share` and `sealed.fault`: what readers do with a sealed part (2-records.md, "Kinds"; 3-confidentiality.md).

Access is visible, content is not: nodes see who gave whom a key, and check neither wrap nor complaint, which only readers can.
Readers are the issuer, the destination and the secretariat, and whoever was given a key by an earlier `sealed.share`. Signed
with a key of role audit.

Checks of `sealed.share`, in this order: there is such a record; the author is a reader; the other is a participant or the
secretariat; the key epoch is one of its that is in force; it was not given a key for this epoch before.

Checks of `sealed.fault`: there is such a record; the author is a reader, and has not said so before.
"""

from ledger import keys
from ledger.bodies import FaultBody, ShareBody
from ledger.errors import Code, Refusal
from ledger.participants import SECRETARIAT, Holder
from ledger.record import Record
from ledger.rules.common import Place, View
from ledger.rules.effects import Writer


def check_share(view: View, holder: Holder, record: Record) -> None:
    """Every check of `sealed.share`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, ShareBody)
    _check_reader(view, holder, body.rid)
    if view.register.holder(body.reader) is None:
        raise Refusal(Code.SUBJECT_UNKNOWN, "reader", given=body.reader)
    epochs = view.register.epochs(body.reader, view.now)
    if body.epoch not in epochs:
        raise Refusal(Code.SHARE_EPOCH, "epoch", given=body.epoch, limit=epochs[0], reader=body.reader)
    for epoch, share in view.state.shares(body.rid, body.reader):
        if epoch == body.epoch:
            raise Refusal(Code.SHARED_ALREADY, "reader", given=body.reader, epoch=epoch, record=share.hex())


def enact_share(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Notes the new reader."""
    body = record.body
    assert isinstance(body, ShareBody)
    writer.share(body.rid, body.reader, body.epoch, record.id)


def check_fault(view: View, holder: Holder, record: Record) -> None:
    """Every check of `sealed.fault`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, FaultBody)
    _check_reader(view, holder, body.rid)
    if view.state.holds(keys.fault(body.rid, holder.code)):
        raise Refusal(Code.FAULT_STATED, "rid", given=body.rid.hex(), author=holder.code)


def enact_fault(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Notes the complaint."""
    body = record.body
    assert isinstance(body, FaultBody)
    writer.state_fault(body.rid, record.author, record.id)


def _check_reader(view: View, holder: Holder, rid: bytes) -> None:
    part = view.state.sealed_part(rid)
    if part is None:
        raise Refusal(Code.ENVELOPE_UNKNOWN, "rid", given=rid.hex())
    first = tuple(dict.fromkeys((part.issuer, part.destination, SECRETARIAT)))
    if holder.code not in first and not view.state.shares(rid, holder.code):
        raise Refusal(Code.NOT_A_READER, "author", given=holder.code, limit=" ".join(first))
