"""The operator's listener, on loopback only: `/metrics` for Prometheus, `/admin/status` for `kpledger status`."""

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from quart import Quart, Response, request

from api.answers import Cache, answer
from api.health import health_routes
from api.port import NodePort
from api.problems import Problems
from api.schemas.network import CheckAnswer, PeerAnswer, StatusAnswer


def create_admin_app(port: NodePort) -> Quart:
    """The ASGI app of the admin listener; the caller binds it to loopback."""
    app = Quart("api", static_folder=None)
    Problems(port.public_url).install(app)
    app.register_blueprint(health_routes(port))

    @app.get("/metrics")
    async def metrics() -> Response:
        return answer(request, generate_latest(port.registry), Cache.NO_STORE, content_type=CONTENT_TYPE_LATEST)

    @app.get("/admin/status")
    async def status() -> Response:
        body = read_status(port)
        return answer(request, body, Cache.NO_STORE, height=body.height)

    return app


def read_status(port: NodePort) -> StatusAnswer:
    """The answer of `/admin/status`."""
    status, head = port.status(), port.ledger.head
    return StatusAnswer(
        read_at_height=head.height,
        participant=status.participant,
        validator=status.validator,
        view=status.view,
        epoch=status.epoch,
        height=head.height,
        tree_size=head.tree_size,
        syncing=status.syncing,
        pending=status.pending,
        started_ms=status.started_ms,
        ready=status.ready,
        checks=[CheckAnswer(name=check.name, ok=check.ok, detail=check.detail) for check in status.checks],
        peers=[
            PeerAnswer(participant=peer.participant, address=peer.address, connected=peer.connected, height=peer.height)
            for peer in status.peers
        ],
    )
