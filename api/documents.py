"""`/v1/openapi.json` and `/docs`: the interface described, for programs and, from the same document, for people."""

import json
from functools import cached_property
from typing import Any

from quart import Blueprint, Response, request
from quart_schema import QuartSchema

from api.answers import HTML, JSON, Cache, answer
from api.openapi import DOCUMENT_PATH, describe
from api.page import Pages
from api.port import NodePort
from api.schemas.base import NoContent, PageAnswer, TextAnswer
from api.strings import ERRORS


class DocumentAnswer(TextAnswer):
    """The OpenAPI 3.1 document."""

    media_type = "application/vnd.oai.openapi+json"


class _Document:
    """Made once, when first asked for: by then every route is registered."""

    def __init__(self, schema: QuartSchema, pages: Pages) -> None:
        self._schema = schema
        self._pages = pages

    @cached_property
    def content(self) -> dict[str, Any]:
        return self._schema.openapi_provider.schema()

    @cached_property
    def data(self) -> bytes:
        return json.dumps(self.content, ensure_ascii=False, indent=1).encode()

    @cached_property
    def html(self) -> str:
        return self._pages.render(
            "documentation.html",
            "/docs",
            document=self.content,
            models=_models(self.content),
            errors={str(code): meaning for code, meaning in ERRORS.items()},
        )


def document_routes(port: NodePort, schema: QuartSchema) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("documents", __name__)
    document = _Document(schema, Pages(port))

    @routes.get(DOCUMENT_PATH)
    @describe("openapi", "node", {200: DocumentAnswer, 304: NoContent})
    async def openapi() -> Response:
        """This interface as an OpenAPI 3.1 document."""
        return answer(request, document.data, Cache.PUBLIC, content_type=JSON)

    @routes.get("/docs")
    @describe("documentation", "node", {200: PageAnswer, 304: NoContent})
    async def documentation() -> Response:
        """This interface as a page."""
        return answer(request, document.html, Cache.PUBLIC, content_type=HTML)

    return routes


def _models(content: dict[str, Any]) -> dict[str, Any]:
    """Every model by name: those that answers name directly and those inside them."""
    models: dict[str, Any] = dict(content["components"]["schemas"])
    for operations in content["paths"].values():
        for operation in operations.values():
            for one in operation["responses"].values():
                for media in one.get("content", {}).values():
                    schema = media.get("schema", {})
                    if schema.get("properties"):
                        models[schema["title"]] = schema
    return dict(sorted(models.items()))
