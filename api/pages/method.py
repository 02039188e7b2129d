"""`/method`: what the figures mean, how to verify them, and what verification does not prove."""

from quart import Blueprint, Response, request
from quart_schema import hide

from api.pages.site import Place, Site
from api.pages.tidy import COLUMNS
from api.port import NodePort
from ledger.entries import HS_CODES
from ledger.parameters import PARAMETERS
from ledger.units import Ms, block_date

_PARAMETERS = ("statistics-days", "p-percent", "revision-certificates")
"""Those of the ledger that decide what is published, as far as this version of the protocol has them."""


def method_routes(site: Site, port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("method", __name__)

    @routes.get("/method")
    @hide
    async def method() -> Response:
        """The page."""
        register, today = port.ledger.register, block_date(Ms(port.ledger.head.time))
        known = {name: register.parameter(name, today) for name in _PARAMETERS if name in PARAMETERS}
        return site.page(request, "method", Place("/method"), columns=COLUMNS, classes=HS_CODES, parameters=known)

    return routes
