"""Pages for people: server-rendered, complete without scripts, asking nobody else for anything, under a strict policy.

Start reading at `site.py`. One module, one template and one table of texts a page; `navigation` lists them, and
`public_pages` puts the public ones together.
"""

from quart import Blueprint

from api.gate import Gate
from api.pages.country import country_routes
from api.pages.explorer import explorer_routes
from api.pages.live import Live
from api.pages.method import method_routes
from api.pages.overview import overview_routes
from api.pages.participants import participant_routes
from api.pages.released import Released
from api.pages.releases import release_page_routes
from api.pages.site import Host, Site
from api.pages.sources import Sources
from api.pages.verdict import verdict_page_routes
from api.port import NodePort
from api.releases import Releases
from api.statistics import Figures


def node_host(port: NodePort) -> Host:
    """The node that serves the pages, as they name it."""
    genesis = port.ledger.genesis
    return Host(port.status().participant, genesis.origin, genesis.ledger_id.hex(), genesis.network, port.public_url)


def public_pages(site: Site, port: NodePort, figures: Figures, releases: Releases, gate: Gate) -> tuple[Blueprint, ...]:
    """The routes of all public pages."""
    released = Released(port, releases)
    sources = Sources(port, Live(port, gate), released)
    return (
        overview_routes(site, port, figures, sources),
        explorer_routes(site, port, sources),
        release_page_routes(site, port, releases, released),
        participant_routes(site, port),
        country_routes(site, port, sources),
        verdict_page_routes(site, port),
        method_routes(site, port),
    )
