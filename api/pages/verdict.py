"""`/verdict`: for whoever holds a printed certificate: its number and verdict code give what has become of it.

The same rules as `/v1/certificates/{number}/verdict`: a wrong code and a number that is not there get one and the same answer.
The answer is kept nowhere (`no-store`). What cannot be a number or a code is said to be mistyped, which tells nothing of any.
"""

import re
from typing import Final

from quart import Blueprint, Response, request
from quart_schema import hide

from api.answers import Cache
from api.pages.language import pick_language
from api.pages.names import Names
from api.pages.site import Place, Site
from api.port import NodePort
from api.verdicts import find_verdict
from ledger.drafts import parse_code
from ledger.errors import Refusal

_HERE = Place("/verdict")
_MOST_CHARACTERS = 40
_NUMBER: Final = re.compile(r"[A-Z]{2}[0-9]{4,10}")


def verdict_page_routes(site: Site, port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("verdict_page", __name__)

    @routes.get("/verdict")
    @hide
    async def verdict_page() -> Response:
        """The form, and the answer to what was typed or scanned."""
        number = "".join(request.args.get("number", "")[:_MOST_CHARACTERS].upper().split()).replace("-", "")
        code = " ".join(request.args.get("code", "")[:_MOST_CHARACTERS].split())
        malformed = _malformed(number, code) if number and code else ""
        found = find_verdict(port, number, code) if number and code and not malformed else None
        names = Names({each: one.name for each, one in port.ledger.register.participants.items()}, pick_language(request))
        return site.page(
            request,
            "verdict",
            _HERE,
            cache=Cache.NO_STORE if number or code else Cache.PUBLIC,
            height=port.ledger.head.height if number else None,
            number=number,
            code=code,
            asked=bool(number or code),
            complete=bool(number and code),
            malformed=malformed,
            found=found,
            names=names,
            height_now=port.ledger.head.height,
            time=port.ledger.head.time,
        )

    return routes


def _malformed(number: str, code: str) -> str:
    """Which of the two cannot stand on any certificate, so that it was mistyped; empty for neither."""
    if not _NUMBER.fullmatch(number):
        return "number"
    try:
        parse_code(code)
    except Refusal:
        return "code"
    return ""
