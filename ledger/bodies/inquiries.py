"""Bodies of inquiries, and of what readers say of sealed parts (2-records.md, "Kinds")."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from ledger.bodies.fields import Author, Bin16, Bin32, Date, LongText, OptionalText, ParticipantCode
from ledger.limits import MAX_EPOCH, MAX_FINDING_CHARACTERS
from ledger.units import day_number

_WRAP_BYTES: Final = 112


class InquiryOpenBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`inquiry.open`: a question to a participant, to be answered by a day; `finding`: the key of what it follows from."""

    due: Date
    finding: Annotated[str, Meta(max_length=MAX_FINDING_CHARACTERS)] = ""
    participant: ParticipantCode
    question: LongText

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.due, "due")


class InquiryAnswerBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`inquiry.answer`: what the participant says; `digest`: SHA-256 of a document that it sends elsewhere, empty for none."""

    digest: Bin32 = b""
    inquiry: Bin32
    text: LongText


class InquiryCloseBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`inquiry.close`: what became of the question."""

    inquiry: Bin32
    outcome: Literal["resolved", "unresolved", "withdrawn"]
    remark: OptionalText = ""


class ShareBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`sealed.share`: another reader's key to the envelope of the record with this rid, a sealed box as in envelopes."""

    epoch: Annotated[int, Meta(ge=1, le=MAX_EPOCH)]
    reader: Author
    rid: Bin16
    wrap: Annotated[bytes, Meta(min_length=_WRAP_BYTES, max_length=_WRAP_BYTES)]


class FaultBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`sealed.fault`: the author cannot open the envelope of the record with this rid, or it breaks its commitments."""

    fault: Literal["unreadable", "values", "content"]
    rid: Bin16
