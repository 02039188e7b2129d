"""`/v1/openapi.json` and `/docs`: the interface described, for programs and, out of the same document, for people."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from quart import Blueprint, Response, request
from quart_schema import QuartSchema

from api.answers import JSON, Cache, answer
from api.openapi import DOCUMENT_PATH, describe
from api.pages.language import LANGUAGES, pick_language
from api.pages.site import Place, Site
from api.schemas.base import DocumentAnswer, NoContent, PageAnswer
from api.strings.errors import SENTENCES
from api.strings.interface import in_words


@dataclass(frozen=True, slots=True)
class Form:
    """A piece of what a value may be: plain words, a `value` as programs write it, or the name of a `model` to link to."""

    text: str
    model: bool = False
    value: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter or one member of a model."""

    name: str
    place: str
    forms: tuple[Form, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One answer of an operation."""

    status: str
    media_type: str
    forms: tuple[Form, ...]
    meaning: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    token: bool
    body: str
    body_type: str
    parameters: tuple[Field, ...]
    answers: tuple[StatusLine, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """One named form; `forms` says what it may be where it has no fields."""

    name: str
    description: str
    forms: tuple[Form, ...]
    fields: tuple[Field, ...]


def document_routes(site: Site, schema: QuartSchema) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("documents", __name__)
    document = _Document(schema, site)

    @routes.get(DOCUMENT_PATH)
    @describe("openapi", "node", {200: DocumentAnswer, 304: NoContent})
    async def openapi() -> Response:
        """This interface as an OpenAPI 3.1 document."""
        return answer(request, document.data, Cache.PUBLIC, content_type=JSON)

    @routes.get("/docs")
    @describe("documentation", "node", {200: PageAnswer, 304: NoContent})
    async def documentation() -> Response:
        """This interface as a page."""
        language = pick_language(request)
        return site.answer(request, document.html[language.code], language)

    return routes


class _Document:
    """Made once, when first asked for: by then every route is registered."""

    def __init__(self, schema: QuartSchema, site: Site) -> None:
        self._schema = schema
        self._site = site

    @cached_property
    def content(self) -> dict[str, Any]:
        return self._schema.openapi_provider.schema()

    @cached_property
    def data(self) -> bytes:
        return json.dumps(self.content, ensure_ascii=False, indent=1).encode()

    @cached_property
    def html(self) -> dict[str, str]:
        """The page by language."""
        operations = [(group, tuple(_operations(self.content, group["name"]))) for group in self.content["tags"]]
        models = [_model(name, model) for name, model in sorted(self.content["components"]["schemas"].items())]
        return {
            code: self._site.render(
                "documentation",
                language,
                Place("/docs"),
                description=self.content["info"]["description"],
                groups=operations,
                models=models,
                errors={str(error): meaning for error, meaning in SENTENCES[code].items()},
                say=partial(in_words, language=code),
            )
            for code, language in LANGUAGES.items()
        }


def _operations(content: Mapping[str, Any], group: str) -> Iterator[Operation]:
    for path, methods in content["paths"].items():
        for method, one in methods.items():
            if group in one["tags"]:
                body = one.get("requestBody", {})
                yield Operation(
                    id=one["operationId"],
                    method=method.upper(),
                    path=path,
                    summary=one["summary"],
                    description=_flowing(one["description"]),
                    token={} not in one.get("security", [{}]),
                    body=body.get("description", ""),
                    body_type=next(iter(body.get("content", {})), ""),
                    parameters=tuple(
                        Field(entry["name"], entry["in"], tuple(_forms(entry["schema"])), entry.get("description", ""))
                        for entry in one["parameters"]
                    ),
                    answers=tuple(_status_line(status, entry) for status, entry in one["responses"].items()),
                )


def _status_line(status: str, entry: Mapping[str, Any]) -> StatusLine:
    content: dict[str, dict[str, Any]] = entry.get("content", {})
    media_type = next(iter(content), "")
    schema = content[media_type].get("schema") if content else None
    return StatusLine(status, media_type, tuple(_forms(schema)) if schema else (), _flowing(entry["description"]))


def _model(name: str, schema: Mapping[str, Any]) -> Model:
    members = schema.get("properties", {}).items()
    fields = tuple(Field(field, "", tuple(_forms(one)), one.get("description", "")) for field, one in members)
    return Model(name, _flowing(schema.get("description", "")), () if fields else tuple(_forms(schema)), fields)


def _flowing(text: str) -> str:
    """A docstring without its line breaks, which mean nothing on a page."""
    return " ".join(text.split())


def _forms(schema: Mapping[str, Any]) -> Iterator[Form]:
    """What a value of this schema may be, in words; alternatives separated by `or`."""
    match schema:
        case {"$ref": reference}:
            yield Form(reference.rpartition("/")[2], model=True)
        case {"anyOf": [first, *others]}:
            yield from _forms(first)
            for one in others:
                yield Form(" or ")
                yield from _forms(one)
        case {"type": "array", "items": {"type": str(plain), **more}} if "enum" not in more:
            yield Form(f"list of {plain}s")
        case {"type": "array", "items": item}:
            yield Form("list of ")
            yield from _forms(item)
        case {"enum": [first, *others]}:
            yield Form(str(first) or '""', value=True)
            for one in others:
                yield Form(", ")
                yield Form(str(one) or '""', value=True)
        case {"const": value}:
            yield Form(str(value), value=True)
        case {"type": "null"}:
            yield Form("null", value=True)
        case _:
            yield Form(str(schema.get("type", "any")))
