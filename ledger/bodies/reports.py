"""Bodies of what participants report on their trade: production, opening stock, quarterly returns (2-records.md, "Kinds")."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ledger.bodies.fields import (
    AnyCents,
    Bin32,
    Date,
    Half,
    Hs,
    ParticipantCode,
    Quarter,
    Revision,
    SomePoints,
    SumOfCents,
    SumOfPoints,
    Zone,
)
from ledger.limits import MAX_ANNUAL, MAX_CELLS, MAX_PRODUCTION_LINES, MAX_SUM
from ledger.units import Points, day_number

ALL_HS_CODES = 3

HsOrAll = Literal["710210", "710221", "710231", "all"]
Traders = Annotated[int, Meta(ge=1, le=3)]
AnySumOfPoints = Annotated[Points, Meta(ge=0, le=MAX_SUM)]


class ProductionLine(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """Carats and value of one HS code from one zone; `zone` empty: none named."""

    cents: AnyCents
    hs: Hs
    points: SomePoints
    zone: Zone = ""


class ProductionBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`production.report`: what was mined in half a year, by HS code and zone, each once and ascending; none: nothing was."""

    half: Half
    lines: Annotated[tuple[ProductionLine, ...], Meta(max_length=MAX_PRODUCTION_LINES)]
    revision: Revision


class StockLine(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Carats of one HS code in stock."""

    hs: Hs
    points: SomePoints


class StockBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`stock.declare`: the opening stock at the end of a day, by HS code, each once and ascending."""

    date: Date
    lines: Annotated[tuple[StockLine, ...], Meta(max_length=ALL_HS_CODES)]

    def __post_init__(self) -> None:
        """A date must exist in the calendar.

        Raises:
            Refusal: BAD_VALUE with the field.
        """
        day_number(self.date, "date")


class ReturnCell(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Trade with one partner in one HS code; `blinding` is the sum of the lines' blindings modulo L, little-endian."""

    partner: ParticipantCode
    hs: Hs
    points: SumOfPoints
    cents: SumOfCents
    blinding: Bin32


class Protection(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """How far a quarter's trade in one HS code, or in `all`, with all partners must be protected when statistics are released.

    `traders` is how many of the author's traders contribute, 3 for three and more; `points` and `cents` how far anybody's
    estimate of the total must be off (6-statistics.md, "Disclosure control"). Nodes cannot open the records that say so: the
    secretariat can, and countersigns.
    """

    hs: HsOrAll
    traders: Traders
    points: AnySumOfPoints
    cents: SumOfCents


class AnnualProtection(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """The same of a year's trade: `of` one HS code with all partners, one partner in all HS codes, or `all`."""

    of: Annotated[str, Meta(pattern=r"^([A-Z]{2}|710210|710221|710231|all)\Z")]
    traders: Traders
    points: AnySumOfPoints
    cents: SumOfCents


class ReturnBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """`return.file`: the author's trade of a quarter in one flow, by partner and HS code, each once and ascending.

    `last` is the author's record that counted last in these sums, nil when none has. `certificates` counts those in force, with
    or without carats. `annual` is of the whole year, in the return of its fourth quarter; it is left out without trade.
    """

    annual: Annotated[tuple[AnnualProtection, ...], Meta(max_length=MAX_ANNUAL)] = ()
    cells: Annotated[tuple[ReturnCell, ...], Meta(max_length=MAX_CELLS)]
    certificates: Annotated[int, Meta(ge=0, le=MAX_SUM)]
    flow: Literal["export", "import"]
    last: Bin32 | None
    protection: Annotated[tuple[Protection, ...], Meta(max_length=ALL_HS_CODES + 1)]
    quarter: Quarter
    revision: Revision


class CountersignBody(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """`return.countersign`: a return (the id of its record) states the protection that the opened records ask for."""

    filed: Bin32
