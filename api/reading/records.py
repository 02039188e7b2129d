"""One record of the log: what its author signed, its place, its receipt."""

from typing import Final

import msgspec
from quart import Blueprint, Response
from quart_schema import hide

from api.answers import TEXT, Cache, hex_id, missing
from api.pages.site import Place
from api.reading.certificate import CERTIFICATES, SCRIPT_TEXTS
from api.reading.guard import LINKS, ROOT, Guard, Visitor
from api.views import record_answer

RECORDS: Final = f"{ROOT}/records"

_SHOWN_CHARACTERS: Final = 400
_FILE_CHARACTERS: Final = 16


def record_pages(guard: Guard) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("reading_records", __name__)
    port = guard.port

    @routes.get(f"{RECORDS}/<id>")
    @hide
    @guard.reads
    async def record(visitor: Visitor, id: str) -> Response:  # noqa: A002 - as the interface calls it
        """A record with its receipt."""
        record_id = hex_id(id)
        found = record_answer(port.ledger, record_id)
        if found is None:
            raise missing("id", id, port.ledger.head.height)
        body = msgspec.to_builtins(found.body)
        number = body.get("number")
        return guard.page(
            visitor,
            "record",
            Place(CERTIFICATES, path=f"{RECORDS}/{id}", links=LINKS),
            height=found.read_at_height,
            r=found,
            fields=flat(body),
            number=number if isinstance(number, str) and port.ledger.certificate(number) is not None else "",
            receipt=port.receipt(record_id) or "",
            policy=port.policy(),
            script_texts=SCRIPT_TEXTS,
        )

    @routes.get(f"{RECORDS}/<id>/receipt")
    @hide
    @guard.reads
    async def receipt(_visitor: Visitor, id: str) -> Response:  # noqa: A002 - the path's word
        """The receipt as a file."""
        text = port.receipt(hex_id(id))
        if text is None:
            raise missing("id", id, port.ledger.head.height)
        headers = {
            "Cache-Control": str(Cache.NO_STORE),
            "Content-Disposition": f'attachment; filename="{id[:_FILE_CHARACTERS]}.tlog-proof"',
        }
        return Response(text.encode(), 200, headers, content_type=TEXT)

    return routes


def flat(value: object, name: str = "") -> list[tuple[str, str]]:
    """A body's fields as lines of a table: `lines[0].carats`, its value; long ones are cut."""
    if isinstance(value, dict):
        return [row for key, item in value.items() for row in flat(item, f"{name}.{key}" if name else str(key))]
    if isinstance(value, list):
        return [row for at, item in enumerate(value) for row in flat(item, f"{name}[{at}]")]
    text = "" if value is None else str(value)
    return [(name, text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}\N{HORIZONTAL ELLIPSIS}")]
