"""A client that holds every answer against the OpenAPI document: path, status, media type, and the model that it names."""

import importlib
import json
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from pydantic import BaseModel

import api.schemas
from api.app import create_app

MSGPACK = "application/msgpack"


@cache
def models() -> dict[str, type[BaseModel]]:
    """Every model of `api.schemas` by name."""
    found = {}
    for module in pkgutil.iter_modules(api.schemas.__path__, "api.schemas."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, BaseModel):
                found[value.__name__] = value
    return found


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self):
        return json.loads(self.body)


PAGES = (
    "/static/",
    "/explorer",
    "/participants",
    "/confirmations",
    "/inquiries",
    "/countries/",
    "/releases",
    "/verdict",
    "/method",
)
"""What is for people, and so no part of the document."""


class CheckedClient:
    """`await client.get(path, token)`, `await client.post(path, body)`; asserts that the document tells the truth."""

    def __init__(self, port) -> None:
        self.app = create_app(port)
        self.client = self.app.test_client()
        self.document: dict = {}
        self.seen: set[tuple[str, str, str]] = set()

    async def get(self, path, token="", **headers) -> Reply:
        return await self.ask("GET", path, token=token, headers=headers)

    async def post(self, path, body, content_type=MSGPACK, token="") -> Reply:
        return await self.ask("POST", path, data=body, token=token, headers={"Content-Type": content_type})

    async def ask(self, method, path, *, data=b"", token="", headers=None, address="127.0.0.1") -> Reply:
        if not self.document:
            answer = await self.client.get("/v1/openapi.json")
            self.document = await answer.get_json()
        fields = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if token:
            fields["Authorization"] = f"Bearer {token}"
        answer = await self.client.open(
            path, method=method, data=data, headers=fields, scope_base={"client": (address, 40_000)}
        )
        reply = Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, await answer.get_data())
        self.check(method, path, reply)
        return reply

    def check(self, method: str, path: str, reply: Reply) -> None:
        """Whether this answer is one that the document promises."""
        template = self._template(urlsplit(path).path)
        if template is None or method.lower() not in self.document["paths"][template]:
            assert reply.status in {404, 405, 308} or path.startswith(PAGES), (
                f"{method} {path} is not documented and answered {reply.status}"
            )
            return
        promised = self.document["paths"][template][method.lower()]["responses"]
        assert str(reply.status) in promised, f"{method} {template} does not document {reply.status}"
        self.seen.add((method, template, str(reply.status)))
        content = promised[str(reply.status)].get("content")
        if content is None:
            assert reply.body == b""
            return
        (media_type, media), *_ = content.items()
        assert reply.headers["content-type"].partition(";")[0] == media_type
        if media_type.endswith(("/json", "+json")) and "schema" in media:
            name = media["schema"]["$ref"].rpartition("/")[2]
            models()[name].model_validate_json(reply.body)
        for name in promised[str(reply.status)].get("headers", {}):
            assert name.lower() in reply.headers, f"{template} promises the header {name}"

    def _template(self, path: str) -> str | None:
        best = None
        for template in self.document["paths"]:
            pattern = re.sub(r"\\\{(path|about)\\\}", ".+", re.escape(template))
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", pattern)
            if re.fullmatch(pattern, path) and (
                best is None or (template.count("{") <= best.count("{") and len(template) > len(best))
            ):
                best = template
        return best
