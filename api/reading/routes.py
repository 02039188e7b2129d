"""The routes of all signed-in pages."""

from quart import Blueprint

from api.bodies import BodyReader
from api.pages.site import Site
from api.port import NodePort
from api.reading.certificate import certificate_pages
from api.reading.desk import desk_routes
from api.reading.findings import finding_pages
from api.reading.guard import Guard
from api.reading.owed import open_pages
from api.reading.participant import participant_pages
from api.reading.records import record_pages


def reading_pages(site: Site, port: NodePort, bodies: BodyReader) -> tuple[Blueprint, ...]:
    """One guard, and so one set of sessions, for all of them."""
    guard = Guard(site, port, bodies)
    pages = (desk_routes, finding_pages, open_pages, certificate_pages, record_pages, participant_pages)
    return tuple(page(guard) for page in pages)
