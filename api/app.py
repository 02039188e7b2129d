"""The public listener: `create_app(port)` puts together what the files of this package answer.

What every request passes here: the cap on requests under way, the throttle by address and token, metrics, security headers.
"""

import time
from typing import Any, cast

from quart import Quart, Request, Response, has_request_context, request
from werkzeug.exceptions import NotFound

from api import openapi
from api.access import find_reader
from api.answers import JSON
from api.assets import Assets, asset_routes
from api.audit import audit_routes
from api.bodies import BodyReader
from api.certificates import certificate_routes
from api.custody import custody_routes
from api.documents import document_routes
from api.errors import ApiCode, Overloaded, Problem
from api.exchange import Interface, line_of, share
from api.findings import finding_routes
from api.gate import Gate
from api.health import PROBES, health_routes
from api.history import history_routes
from api.inquiries import inquiry_routes
from api.keys import key_routes
from api.limits import ApiLimits
from api.log import log_routes
from api.metrics import HttpMetrics
from api.network import network_routes
from api.pages import node_host, public_pages
from api.pages.site import Place, Site
from api.plenary import plenary_routes
from api.port import NodePort
from api.problems import Problems
from api.reading.routes import reading_pages
from api.receipts import receipt_routes
from api.records import SUBMISSIONS, record_routes, submission_routes
from api.releases import Releases, release_routes
from api.returns import return_routes
from api.statistics import Figures, statistics_routes
from api.throttle import Throttle, prefix
from api.verdicts import verdict_routes
from api.witness import witness_routes

_DESCRIPTION = (
    "One node of the Kimberley Process certificate ledger. Submitting takes signed records; reading records and certificates "
    "takes a token; the log, the register and this document are public."
)
_STARTED = "kpledger.started"
_DATA = ("/v1/", "/log/")
_HTML = "text/html"


def create_app(port: NodePort) -> Quart:
    """The ASGI app of the public listener, for `api.server.serve`. To be called once for a port, since it registers metrics."""
    app = Interface("api", static_folder=None, template_folder="pages/templates")
    limits = port.limits
    app.gate = gate = Gate(lambda: port.finalizing)
    app.config.update(
        MAX_CONTENT_LENGTH=max(limits.batch_bytes, limits.submission_bytes) + 1,
        BODY_TIMEOUT=limits.body_s,
        RESPONSE_TIMEOUT=limits.response_s,
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.url_map.merge_slashes = False  # a path has one form; the redirect to it would trust the client's Host header
    schema = openapi.install(app, "kpledger", _DESCRIPTION)
    problems, bodies, figures, assets = Problems(port.public_url), BodyReader(limits), Figures(port, gate), Assets()
    site = Site(assets, lambda: node_host(port))
    problems.install(app)
    _lost(app, site, problems)
    _guard(app, port, limits, gate)
    releases = Releases(port)
    for routes in (
        submission_routes(port, problems, bodies),
        record_routes(port),
        certificate_routes(port),
        custody_routes(port),
        verdict_routes(port),
        receipt_routes(port, bodies),
        log_routes(port),
        witness_routes(port, bodies),
        network_routes(port),
        plenary_routes(port),
        key_routes(port),
        return_routes(port),
        inquiry_routes(port),
        finding_routes(port),
        audit_routes(port),
        history_routes(port),
        statistics_routes(port, figures, releases),
        release_routes(port, releases),
        health_routes(port),
        document_routes(site, schema),
        asset_routes(assets),
        *public_pages(site, port, figures, releases, gate),
        *reading_pages(site, port, bodies),
    ):
        app.register_blueprint(routes)
    return app


def _lost(app: Quart, site: Site, problems: Problems) -> None:
    """Who mistypes an address in a browser gets a page that leads on; programs, and the addresses for them, the document."""

    async def missing(_: NotFound) -> Response:
        asks_page = has_request_context() and request.accept_mimetypes.best_match((JSON, _HTML), JSON) == _HTML
        if not asks_page or request.path.startswith(_DATA):
            return problems.answer(Problem(404, ApiCode.NOT_FOUND))
        response = site.problem(request, 404, Place("/"), "missing")
        response.vary.add("Accept")
        return response

    app.register_error_handler(NotFound, missing)


def _shared(app: Quart, asked: Request, response: Response) -> bool:
    """Whether scripts of any origin may read this: public data and why there is none, nothing that a token gives."""
    if asked.url_rule is None or asked.method not in {"GET", "HEAD"} or not asked.path.startswith(_DATA):
        return False
    handler = app.view_functions[asked.url_rule.endpoint]
    return openapi.is_public(handler, response)


def _guard(app: Interface, port: NodePort, limits: ApiLimits, gate: Gate) -> None:
    throttle = Throttle()
    metrics = HttpMetrics(port.registry)
    under_way = 0

    async def admit(asked: Request) -> None:
        nonlocal under_way
        scope, path = _scope(asked), asked.path
        scope[_STARTED] = time.monotonic()
        under_way += 1
        if str(scope.get("path", "")).startswith("//"):
            raise Problem(404, ApiCode.NOT_FOUND)  # the router would take it for the path with one slash
        if path in PROBES:
            return
        if under_way > limits.requests:
            raise Overloaded(1.0, "too many requests under way")
        client = scope.get("client")
        address, loopback = prefix(client[0] if client else "")
        wait = throttle.take(address, limits.loopback_per_s if loopback else limits.requests_per_s)
        if wait == 0 and not loopback and (reader := find_reader(port, asked)) is not None:
            wait = throttle.take(reader.token_id, limits.requests_per_key_per_s)
        if wait > 0:
            raise Overloaded(wait, "too many requests from this address or token", quota=True)
        line = line_of(scope)
        if path not in SUBMISSIONS and (line is None or not line.take_turn()):
            await gate.enter()

    def finish(asked: Request, response: Response | None) -> None:
        nonlocal under_way
        under_way -= 1
        if response is None:
            return
        if _shared(app, asked, response):
            share(asked.scope)
        route = asked.url_rule.rule if asked.url_rule is not None else "none"
        seconds = time.monotonic() - _scope(asked)[_STARTED]
        metrics.count(route, asked.method if route != "none" else "any", response.status_code, seconds)

    app.admit, app.finish = admit, finish


def _scope(asked: Request) -> dict[str, Any]:
    """What the server says of a request, and where this file notes what it must know at its end."""
    return cast("dict[str, Any]", asked.scope)
