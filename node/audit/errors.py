"""How an export can be wrong: one class each, with the place and what to do."""

from dataclasses import dataclass
from typing import ClassVar

from node.errors import NodeError

_AGAIN = "Make the export again, in another directory; if it stays so, ask another node for one, and tell the secretariat."
_SECRETARIAT = "Keep the export as it is, make one from another node, and tell the secretariat of both."
_UNFINISHED = "Run `kpledger audit export` with the same directory again: it goes on where it was."


@dataclass(frozen=True, slots=True)
class Place:
    """Where in an export something stands: the file, the frame's first byte, the block, the record's position in it."""

    file: str
    offset: int | None = None
    height: int | None = None
    position: int | None = None

    def __str__(self) -> str:
        parts = [self.file]
        for name, value in (("byte", self.offset), ("height", self.height), ("record", self.position)):
            if value is not None:
                parts.append(f"{name} {value}")
        return ", ".join(parts)


class AuditError(NodeError):
    """The export does not hold.

    Attributes:
        place: where.
        what: what is wrong there.
        name: the stable word for this kind of failure.
        advice: what to do.
    """

    name: ClassVar[str] = "audit"
    advice: ClassVar[str] = _AGAIN

    def __init__(self, place: Place, what: str) -> None:
        super().__init__(f"{place}: {what}")
        self.place = place
        self.what = what


# --- files ------------------------------------------------------------------------------------------------------------


class MissingFileError(AuditError):
    """A file that every export has is not there."""

    name = "missing-file"
    advice = _UNFINISHED


class ManifestError(AuditError):
    """`export.json` is not what this program writes."""

    name = "bad-manifest"


class GenesisError(AuditError):
    """The genesis is not valid, or another ledger's."""

    name = "wrong-genesis"
    advice = "Get genesis.json from the participants, not from the node; compare the ledger's id with theirs."


class MissingSegmentError(AuditError):
    """Heights are left out between two files of blocks, or after the last."""

    name = "missing-segment"
    advice = _UNFINISHED


class SegmentError(AuditError):
    """A file that does not begin as one of its format, or holds a frame of no possible length."""

    name = "bad-segment"


class TruncatedError(AuditError):
    """A file that ends within a frame."""

    name = "truncated"


class FrameError(AuditError):
    """A frame whose bytes are not the one encoding of what belongs there."""

    name = "bad-frame"


class ExtentError(AuditError):
    """The blocks do not lead to where `export.json` says."""

    name = "other-extent"


# --- blocks -----------------------------------------------------------------------------------------------------------


class BlockFormError(AuditError):
    """A block that is not well formed: bytes, version, an epoch's end with records, a record named twice, too many bytes."""

    name = "bad-block"


class HeightError(AuditError):
    """A block of another height than the next."""

    name = "wrong-height"


class ParentError(AuditError):
    """A block that stands on another than the one before."""

    name = "wrong-parent"


class EpochError(AuditError):
    """A block of another epoch than the one in force, or one that ends it where nothing, or another list, is scheduled."""

    name = "wrong-epoch"
    advice = _SECRETARIAT


class BlockTimeError(AuditError):
    """A block whose time is not after its parent's."""

    name = "wrong-time"


class MarkError(AuditError):
    """A block whose mark is of no height that it may name, or states another root or state than follows from the records."""

    name = "wrong-mark"
    advice = _SECRETARIAT


class QuorumError(AuditError):
    """A FINAL that proves nothing: another block's, too few votes, a vote that is not its validator's."""

    name = "no-quorum"
    advice = _SECRETARIAT


class NotFinalError(AuditError):
    """No quorum has made the last block of the export, or of an epoch, final."""

    name = "not-final"
    advice = _UNFINISHED


class RulesError(AuditError):
    """The ledger refuses the block as a whole: it is of a protocol that this program does not know."""

    name = "newer-protocol"
    advice = "Install the version of kpledger that knows this protocol, and audit again."


# --- records ----------------------------------------------------------------------------------------------------------


class RecordCountError(AuditError):
    """A frame with fewer or more records or judgements than its block names."""

    name = "record-dropped"


class RecordOrderError(AuditError):
    """A record that the block names at another position."""

    name = "record-order"


class RecordBytesError(AuditError):
    """A record's bytes do not hash to the id that the block names."""

    name = "record-changed"


class RecordFormError(AuditError):
    """A record that is not well formed: it should never have been in a block."""

    name = "record-malformed"
    advice = _SECRETARIAT


class RecordSignatureError(AuditError):
    """A signature, key or commitment that is not valid: it should never have been in a block."""

    name = "record-signature"
    advice = _SECRETARIAT


class JudgementError(AuditError):
    """The node says other of a record than the rules make of it."""

    name = "judgement"
    advice = _SECRETARIAT


# --- what follows -----------------------------------------------------------------------------------------------------


class CheckpointFormError(AuditError):
    """No checkpoint of this ledger."""

    name = "bad-checkpoint"


class CheckpointSizeError(AuditError):
    """A checkpoint of a size at which no block ends."""

    name = "checkpoint-size"


class CheckpointRootError(AuditError):
    """The records make another root than the checkpoint states."""

    name = "checkpoint-root"
    advice = _SECRETARIAT


class CheckpointQuorumError(AuditError):
    """The checkpoint's signatures are not those of the log and a quorum of the validators."""

    name = "checkpoint-quorum"


class FindingMissingError(AuditError):
    """The records bring about a finding that the node does not have."""

    name = "finding-missing"
    advice = _SECRETARIAT


class FindingUnknownError(AuditError):
    """The node has a finding that the records do not bring about."""

    name = "finding-unknown"
    advice = _SECRETARIAT


class FindingDiffersError(AuditError):
    """The node's finding says other than what follows from the records."""

    name = "finding-differs"
    advice = _SECRETARIAT


class FindingOrderError(AuditError):
    """Findings that are not in the order of their names, or not as many as `export.json` says."""

    name = "finding-order"
