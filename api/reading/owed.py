"""Open confirmations: for how long outcomes have been owed, by destination, and the certificates themselves."""

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import Field
from quart import Blueprint, Response
from quart_schema import hide

from api.answers import decode_position, encode_position
from api.limits import MAX_CURSOR_CHARS
from api.pages.site import Place
from api.reading.figures import names, query_of
from api.reading.guard import LINKS, ROOT, Guard, Visitor, asked_for
from api.schemas.base import Query
from ledger.ageing import AGES, Owed
from ledger.answers import CertificateRow
from ledger.units import Ms, block_date, carats, day_number

OPEN: Final = f"{ROOT}/open"

_ROWS: Final = 50
_BAR: Final = 1000


class OpenListQuery(Query):
    """Which open confirmations."""

    issuer: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    destination: Annotated[str | None, Field(pattern=r"^[A-Z]{2}$")] = None
    cursor: Annotated[str | None, Field(max_length=MAX_CURSOR_CHARS)] = None

    def filters(self) -> dict[str, str]:
        """The filters as parameters of an address, without the place in the list."""
        return {name: str(value) for name, value in self if value is not None and name != "cursor"}


@dataclass(frozen=True, slots=True)
class Part:
    """An age class of a bar, in thousandths of the longest bar."""

    age: int
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """An open certificate, its age in days, and whether it has expired."""

    row: CertificateRow
    age: int
    expired: bool


def open_pages(guard: Guard) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("reading_open", __name__)
    port, ledger = guard.port, guard.port.ledger

    @routes.get(OPEN)
    @hide
    @guard.reads
    async def waiting(visitor: Visitor) -> Response:
        """What is open, those that entered the ledger first at the top."""
        asked = asked_for(OpenListQuery)
        page = ledger.open_confirmations(asked.destination, decode_position(asked.cursor), _ROWS, issuer=asked.issuer)
        ageing = ledger.ageing()
        owed = sorted(ageing.owed, key=lambda one: (-one.all.certificates, one.destination))
        state, today = asked.filters(), block_date(Ms(page.head.time))
        return guard.page(
            visitor,
            "open",
            Place(OPEN, state=state, links=LINKS),
            height=page.head.height,
            page=page,
            rows=[waiting_row(row, today) for row in page.rows],
            asked=asked,
            query=query_of(state),
            following=None if page.cursor is None else query_of({**state, "cursor": encode_position(page.cursor) or ""}),
            owed=[(one, bar(one, owed[0].all.certificates)) for one in owed],
            ages=AGES,
            today=today,
            names=names(port),
            carats=carats,
        )

    return routes


def waiting_row(row: CertificateRow, today: str) -> Waiting:
    """A line of the list."""
    return Waiting(row, day_number(today) - day_number(row.issued), today > row.expires)


def bar(owed: Owed, longest: int) -> list[Part]:
    """Certificates by age, one class after the other."""
    parts, x, count = [], 0, 0
    for age, backlog in enumerate(owed.by_age):
        count += backlog.certificates
        end = count * _BAR // longest
        if end > x:
            parts.append(Part(age, x, end - x))
        x = end
    return parts
