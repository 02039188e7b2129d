"""Bodies of statistical releases: the attachment in parts, the release, what each validator says of it (6-statistics.md)."""

from typing import Annotated

from msgspec import Meta, Struct

from ledger.bodies.fields import Bin32
from ledger.errors import Code, Refusal
from ledger.limits import (
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENT_PARTS,
    MAX_OBJECTION_CELL_CHARACTERS,
    MAX_OBJECTION_CODE_CHARACTERS,
    MAX_PART_BYTES,
    MAX_REVISION,
    MAX_TREE_SIZE,
)

Period = Annotated[str, Meta(pattern=r"^2[0-9]{3}(Q[1-4]|H[12])?\Z")]
"""A quarter (`2026Q1`), a half (`2026H1`) or a year (`2026`)."""


class AttachBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`statistics.attach`: one part of an attachment; `digest` is the SHA-256 of the whole, `place` counts parts from 0."""

    digest: Bin32
    part: Annotated[bytes, Meta(min_length=1, max_length=MAX_PART_BYTES)]
    place: Annotated[int, Meta(ge=0, lt=MAX_ATTACHMENT_PARTS)]


class PublishBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`statistics.publish`: a release of a period's statistics.

    Attributes:
        attachment: ids of the `statistics.attach` whose parts, in this order, are the encoded proposal
            (`ledger.statistics.proposal`): what stays confidential, what is held, and the witnesses.
        digest: SHA-256 of the release's JSON file.
        height: block after which its figures are read.
        length: bytes of the attachment.
        period: that it is of.
        revision: 0 for the first release of a period; the newest one counts, the others stay.
    """

    attachment: Annotated[tuple[Bin32, ...], Meta(min_length=1, max_length=MAX_ATTACHMENT_PARTS)]
    digest: Bin32
    height: Annotated[int, Meta(ge=0, le=MAX_TREE_SIZE)]
    length: Annotated[int, Meta(ge=1, le=MAX_ATTACHMENT_BYTES)]
    period: Period
    revision: Annotated[int, Meta(ge=0, le=MAX_REVISION)]


class VerdictBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`statistics.verdict`: whether the author's node, having made the release anew, agrees with it.

    Attributes:
        agree: whether it does.
        cell: of an objection, the cell or field that it is about; empty for none.
        code: of an objection (`ledger.statistics.errors`), its reason.
        release: id of the `statistics.publish`.
    """

    agree: bool
    cell: Annotated[str, Meta(max_length=MAX_OBJECTION_CELL_CHARACTERS, pattern=r"^[ -~]*\Z")] = ""
    code: Annotated[str, Meta(max_length=MAX_OBJECTION_CODE_CHARACTERS, pattern=r"^[a-z-]*\Z")] = ""
    release: Bin32

    def __post_init__(self) -> None:
        """Who objects says why, and nobody else.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        if self.agree == bool(self.code):
            raise Refusal(
                Code.BAD_VALUE, "code", given=self.code, expected="a reason when it does not agree, none when it does"
            )
        if self.agree and self.cell:
            raise Refusal(Code.BAD_VALUE, "cell", given=self.cell, expected="none when it agrees")
