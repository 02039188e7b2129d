"""Types of single fields that many bodies share: what their bounds are, whatever they mean together."""

from typing import Annotated, Literal

from msgspec import Meta

from ledger.limits import (
    MAX_AMOUNT,
    MAX_NAME_CHARACTERS,
    MAX_REVISION,
    MAX_SUM,
    MAX_TEXT_CHARACTERS,
    MAX_ZONE_CHARACTERS,
)
from ledger.schema import ASCII
from ledger.units import Cents, Points

Bin10 = Annotated[bytes, Meta(min_length=10, max_length=10)]
Bin16 = Annotated[bytes, Meta(min_length=16, max_length=16)]
Bin32 = Annotated[bytes, Meta(min_length=32, max_length=32)]
Bin64 = Annotated[bytes, Meta(min_length=64, max_length=64)]

SomePoints = Annotated[Points, Meta(ge=1, le=MAX_AMOUNT)]
AnyCents = Annotated[Cents, Meta(ge=0, le=MAX_AMOUNT)]
SumOfPoints = Annotated[Points, Meta(ge=1, le=MAX_SUM)]
SumOfCents = Annotated[Cents, Meta(ge=0, le=MAX_SUM)]
AnyPoints = Annotated[Points, Meta(ge=0, le=MAX_AMOUNT)]
Number = Annotated[str, Meta(pattern=r"^[A-Z]{2}[0-9]{4,10}\Z")]
"""A certificate number: the issuer's code and 4 to 10 digits."""

ParticipantCode = Annotated[str, Meta(pattern=r"^[A-Z]{2}\Z")]
Author = Annotated[str, Meta(pattern=r"^([A-Z]{2}|secretariat)\Z")]
Date = Annotated[str, Meta(min_length=10, max_length=10, extra=ASCII)]
"""`YYYY-MM-DD`; that the calendar knows it is checked when the body is built."""

Hs = Literal["710210", "710221", "710231"]
"""Rough diamonds: unsorted, industrial, non-industrial."""

Zone = Annotated[str, Meta(max_length=MAX_ZONE_CHARACTERS)]

Text = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_CHARACTERS)]
"""A name or title."""

LongText = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT_CHARACTERS)]
"""A question or an answer."""

OptionalText = Annotated[str, Meta(max_length=MAX_NAME_CHARACTERS)]
OptionalDate = Annotated[str, Meta(max_length=10, extra=ASCII)]
"""A date, or empty; checked when the body is built."""

Quarter = Annotated[str, Meta(pattern=r"^2[0-9]{3}Q[1-4]\Z")]
Half = Annotated[str, Meta(pattern=r"^2[0-9]{3}H[12]\Z")]
Revision = Annotated[int, Meta(ge=1, le=MAX_REVISION)]
"""Figures for a period begin with 1; each higher one replaces the one before, which stays readable."""
