"""`/livez` and `/readyz?verbose`: for supervisors and load balancers; never throttled, never cached."""

from typing import Annotated

from pydantic import Field
from quart import Blueprint, Response, request

from api.answers import TEXT, Cache, answer, parameters
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import Query, TextAnswer
from api.schemas.network import CheckAnswer, ReadyAnswer

PROBES = frozenset({"/livez", "/readyz"})


class ReadyQuery(Query):
    """Whether to name every check."""

    verbose: Annotated[str | None, Field(max_length=5, description="Given in any form: a JSON document with every check.")] = (
        None
    )


def health_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("health", __name__)

    @routes.get("/livez")
    @describe("livez", "node", {200: TextAnswer})
    async def livez() -> Response:
        """Whether the process answers."""
        return answer(request, "ok\n", Cache.NO_STORE, content_type=TEXT)

    @routes.get("/readyz")
    @describe("readyz", "node", {200: ReadyAnswer, 503: ReadyAnswer}, query=ReadyQuery)
    async def readyz() -> Response:
        """Whether the node takes traffic.

        200 when every check holds, 503 with `Retry-After` otherwise. With `?verbose` each check is named; otherwise only those
        that fail are.
        """
        verbose = parameters(request, ReadyQuery).verbose is not None
        status = port.status()
        checks = [CheckAnswer(name=check.name, ok=check.ok, detail=check.detail) for check in status.checks]
        body = ReadyAnswer(ready=status.ready, checks=[check for check in checks if verbose or not check.ok])
        if status.ready:
            return answer(request, body, Cache.NO_STORE)
        return answer(request, body, Cache.NO_STORE, status=503, headers={"Retry-After": "2"})

    return routes
