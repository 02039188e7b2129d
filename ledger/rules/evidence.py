"""`evidence.equivocation`: two votes that one validator may not both sign (4-consensus.md, R10; 2-records.md, table of kinds).

Whose node files it does not matter: the votes are signed. Checks, in this order:

1. the epoch has begun;
2. the two votes, as bytes that only the consensus reads, prove it against a validator of that epoch: the verifier that
   `Ledger.open` was given says so, the same on every node;
3. nothing is on the ledger yet against that validator in that epoch: one proof is enough, more would only fill the log.
"""

from ledger.bodies import EquivocationBody
from ledger.entries import EvidenceEntry
from ledger.errors import Code, Refusal
from ledger.participants import Holder
from ledger.record import Record
from ledger.rules.common import Place, View
from ledger.rules.effects import Writer
from ledger.schema import shorten


def check(view: View, author: Holder, record: Record) -> None:  # anybody's node may file it
    """Every check of the kind; raises the first Refusal."""
    body = record.body
    assert isinstance(body, EquivocationBody)
    code, key = culprit(view, body)
    if view.state.evidence_known(body.epoch, key):
        raise Refusal(Code.EVIDENCE_KNOWN, "epoch", given=body.epoch, participant=code, key=key.hex())


def enact(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Keeps the evidence by epoch and key."""
    body = record.body
    assert isinstance(body, EquivocationBody)
    code, key = culprit(view, body)
    writer.keep_evidence(body.epoch, key, EvidenceEntry(code, record.id, place.height))


def culprit(view: View, body: EquivocationBody) -> tuple[str, bytes]:
    """Participant and consensus key of the validator that signed both votes.

    Raises:
        Refusal: EPOCH_UNKNOWN, EVIDENCE_INVALID.
    """
    epoch = view.state.epoch(body.epoch)
    if epoch is None:
        raise Refusal(Code.EPOCH_UNKNOWN, "epoch", given=body.epoch, limit=view.state.network.epoch.number)
    try:
        signer = view.equivocation(epoch.number, epoch.keys, body.first, body.second)
    except ValueError as error:
        raise Refusal(Code.EVIDENCE_INVALID, "second", reason=shorten(str(error))) from None
    return epoch.validators[signer]
