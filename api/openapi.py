"""The OpenAPI 3.1 document, made by quart-schema from what stands on the handlers; `describe` puts it there.

quart-schema speaks of JSON only and would load its viewers from a CDN; here answers and bodies carry their media types, headers
stand where OpenAPI wants them, and no viewer is installed (`/docs` is server-rendered).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from quart import Response
from quart_schema import Info, QuartSchema, Tag, document_querystring, document_response, operation_id, security_scheme, tag
from quart_schema.openapi import HttpSecurityScheme, OpenAPIProvider
from werkzeug.routing.rules import Rule

from api.schemas.base import HEIGHT_HEADER, BinaryAnswer, LedgerAnswer, NoContent, ProblemAnswer, Query

VERSION = "1.0.0"
DOCUMENT_PATH = "/v1/openapi.json"
BEARER = "token"

Handler = TypeVar("Handler", bound=Callable[..., Any])

TAGS = {
    "records": "Submitting signed records and reading them back.",
    "certificates": "Certificates, both sides' figures, open confirmations.",
    "custody": "What follows from the records: chains of custody, origins, stock, for how long outcomes are owed.",
    "findings": "What in the records does not add up, and the rules that find it.",
    "log": "The transparency log: C2SP tlog-tiles, signed notes, policy.",
    "audit": "What an auditor exports to judge the whole ledger again, offline.",
    "network": "The ledger, its participants and its figures.",
    "node": "Health of the answering node.",
}

_RETRY = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}
_STATUS_TEXT = {
    202: "Taken, not final yet.",
    303: "To the page, for browsers.",
    304: "Not modified.",
    400: "Malformed, or a parameter that is not allowed.",
    401: "No valid token.",
    403: "The token's scope does not cover this.",
    404: "Not here.",
    409: "Begins at another size than the one cosigned last, which the body names.",
    408: "The body did not come in time.",
    413: "Too large.",
    415: "Not the expected media type.",
    422: "Refused by a rule.",
    429: "Too many requests.",
    500: "The node failed.",
    503: "Overloaded or not ready.",
}


_DESCRIBED: Final[dict[type[BaseModel], tuple[dict[str, Any], dict[str, Any]]]] = {}


@dataclass(frozen=True, slots=True)
class BodySpec:
    """A request body: its media type and what it is."""

    media_type: str
    description: str


@dataclass(frozen=True, slots=True)
class _Audience:
    """Whether anybody may read some of a handler's answers, and whether all of them."""

    public: bool
    wholly: bool


def is_public(handler: Callable[..., Any], response: Response) -> bool:
    """Whether an answer of this handler is for everybody, or says why there is none."""
    audience = handler.__dict__.get("api_audience")
    if not isinstance(audience, _Audience) or not audience.public:
        return False
    return (
        audience.wholly or response.headers.get("Cache-Control", "").startswith("public") or response.status_code in {400, 404}
    )


def describe(
    name: str,
    group: str,
    answers: Mapping[int, type[BaseModel]],
    *,
    query: type[Query] | None = None,
    body: BodySpec | None = None,
    token: bool = False,
    token_for_more: bool = False,
) -> Callable[[Handler], Handler]:
    """Say what a handler takes and answers. What every handler may answer (429, 500, 503) and what a token implies is added.

    `token_for_more`: some of it is public, the rest takes a token of any scope.
    """
    tokens = [401, 403] if token else [401] if token_for_more else []
    problems = [429, 500, 503, *tokens, *([400] if query else [])]
    every: dict[int, type[BaseModel]] = {**dict.fromkeys(problems, ProblemAnswer), **answers}

    def mark(handler: Handler) -> Handler:
        for status in sorted(every):
            document_response(every[status], status)(handler)
        if query is not None:
            document_querystring(query)(handler)
        if token or token_for_more:
            security_scheme([{BEARER: []}, *([{}] if token_for_more else [])])(handler)
        handler.__dict__["api_body"] = body
        handler.__dict__["api_audience"] = _Audience(not token, not token_for_more)
        return operation_id(name)(tag([group])(handler))

    return mark


class Provider(OpenAPIProvider):
    """quart-schema's provider with media types, headers and binary bodies."""

    def generate_rules(self) -> Iterable[Rule]:
        """What `describe` has marked; style sheets and the like are no part of the interface."""
        return (rule for rule in super().generate_rules() if "api_body" in self._app.view_functions[rule.endpoint].__dict__)

    def build_paths(self, rule: Rule) -> tuple[dict[str, Any], dict[str, Any]]:
        """Add request bodies, and what each status means where the model does not say."""
        paths, components = super().build_paths(rule)
        body: BodySpec | None = self._app.view_functions[rule.endpoint].__dict__.get("api_body")
        for operation in (operation for path in paths.values() for operation in path.values()):
            for status, answer in operation["responses"].items():
                answer["description"] = _STATUS_TEXT.get(status, answer["description"])
                if status in {429, 503}:
                    answer["headers"] = _RETRY
            operation["responses"] = {str(status): answer for status, answer in operation["responses"].items()}
            if body is not None:
                schema = {} if body.media_type != "text/plain" else {"schema": {"type": "string"}}
                operation["requestBody"] = {
                    "required": True,
                    "description": body.description,
                    "content": {body.media_type: schema},
                }
        return paths, components

    def build_querystring_parameters(self, model: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Say which parameters must be there, which quart-schema leaves out; none can be null: it is there or it is not."""
        parameters, components = super().build_querystring_parameters(model)
        for parameter in parameters:
            parameter["required"] = model.model_fields[parameter["name"]].is_required()
            parameter["schema"] = _not_null(parameter["schema"])
        return parameters, components

    def build_response_object(
        self,
        model: Any,  # every model here is a pydantic one
        headers_model: Any,
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """One answer under its media type. Some models answer every request: each is described once, for all apps."""
        if model not in _DESCRIBED:
            _DESCRIBED[model] = self._describe(model, headers_model)
        answer, definitions = _DESCRIBED[model]
        return dict(answer), definitions

    def _describe(self, model: Any, headers_model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        answer, definitions = super().build_response_object(model, headers_model)
        schema = answer["content"].pop("application/json")["schema"]
        if issubclass(model, NoContent):
            del answer["content"]
        else:
            media_type = str(model.media_type).partition(";")[0]
            answer["content"][media_type] = {"schema": _named(model, schema, definitions)} if _has_schema(model) else {}
        if issubclass(model, LedgerAnswer):
            answer["headers"] = {HEIGHT_HEADER: {"schema": {"type": "integer"}, "description": "Height it was read at."}}
        return answer, definitions

    def operation_id(self, method: str, path: str, func: Callable[..., Any]) -> str | None:
        """The given name alone; each path has one method."""
        del method, path
        return getattr(func, "_quart_schema_operation_id", func.__name__)


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The same without what says that it may be null."""
    kept = {name: value for name, value in schema.items() if name != "anyOf" and (name, value) != ("default", None)}
    forms = [form for form in schema.get("anyOf", ()) if form != {"type": "null"}]
    return {**forms[0], **kept} if len(forms) == 1 else {**kept, **({"anyOf": forms} if forms else {})}


def _has_schema(model: type[BaseModel]) -> bool:
    return not issubclass(model, BinaryAnswer)


def _named(model: type[BaseModel], schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A reference to the model, which stands once in the document, whatever number of answers have it."""
    definitions[model.__name__] = schema
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def install(app: Any, title: str, description: str) -> QuartSchema:
    """Make the document available; serving it is the app's."""
    return QuartSchema(
        app,
        openapi_path=None,
        info=Info(title=title, version=VERSION, description=description),
        tags=[Tag(name=name, description=text) for name, text in TAGS.items()],
        security_schemes={BEARER: HttpSecurityScheme(scheme="bearer")},
        conversion_preference="pydantic",
        openapi_provider_class=Provider,
    )
