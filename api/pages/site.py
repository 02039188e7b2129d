"""The frame that all pages share: base template, texts by page and language, navigation, language switch, answers.

A page is one module of `api/pages` with a function `*_routes(site, ...) -> Blueprint`, one template, and one table of texts in
`api/strings` under the page's name. Its handler ends with `site.page(request, "name", Place("/path"), ...)`:

- `name` is the template (`name.html`) and the table; `t('key')` looks there, then in the common table.
- `Place.here` is the address in the navigation, `Place.links` the navigation itself, `Place.state` what of the address makes
  the page what it is: the language switch keeps it.
- `language` in templates writes figures, and the filters of `templating` do: macros are imported `with context` to have them.
- Scripts are modules of `static/`, named in the template's block `scripts`; pages are complete without them.

Nothing here knows the node: whoever serves pages says who it is (`Host`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from markupsafe import Markup, escape
from quart import Request, Response

from api.answers import HTML, Cache, answer
from api.assets import Assets
from api.pages.language import LANGUAGES, PARAMETER, Language, pick_language
from api.pages.navigation import PUBLIC, Link
from api.pages.templating import new_environment
from api.strings import page_texts

TEMPLATES: Final = Path(__file__).parent / "templates"
_YEAR_S: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Host:
    """Who serves the pages, and of which ledger.

    Attributes:
        participant: code of the node's operator, empty for none.
        network: `dev` for generated trade, which every page then says.
        url: under which others reach it.
    """

    participant: str
    origin: str
    ledger_id: str
    network: str
    url: str


@dataclass(frozen=True, slots=True)
class Switch:
    """A link to this page in another language."""

    language: Language
    href: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands.

    Attributes:
        here: its address in the navigation.
        path: its own address where that is another.
        state: parameters that make it what it is.
        links: the navigation above it.
    """

    here: str
    path: str = ""
    state: Mapping[str, str] = field(default_factory=dict)
    links: tuple[Link, ...] = PUBLIC

    def switches(self, language: Language) -> tuple[Switch, ...]:
        """The other languages."""
        return tuple(
            Switch(other, f"{self.path or self.here}?" + urlencode({**self.state, PARAMETER: other.code}))
            for other in LANGUAGES.values()
            if other is not language
        )


class Site:
    """Renders the templates and answers with them."""

    def __init__(self, assets: Assets, host: Callable[[], Host]) -> None:
        self._assets = assets
        self._host = host
        self._environment = new_environment(TEMPLATES)
        self._environment.filters["ticks"] = ticks

    def render(self, name: str, language: Language, place: Place, /, **values: object) -> str:
        """The page as text: template and texts of this name."""
        return self._environment.get_template(f"{name}.html").render(
            t=page_texts(language.code, name),
            language=language,
            version=self._assets.version,
            place=place,
            host=self._host(),
            **values,
        )

    def page(
        self,
        request: Request,
        name: str,
        place: Place,
        /,
        *,
        cache: Cache = Cache.PUBLIC,
        status: int = 200,
        height: int | None = None,
        headers: Mapping[str, str] | None = None,
        **values: object,
    ) -> Response:
        """The answer with a page in the language that the request asks for."""
        language = pick_language(request)
        html = self.render(name, language, place, **values)
        return self.answer(request, html, language, cache=cache, status=status, height=height, headers=headers)

    def answer(
        self,
        request: Request,
        html: str,
        language: Language,
        *,
        cache: Cache = Cache.PUBLIC,
        status: int = 200,
        height: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """The answer with a rendered page; a language asked for in the address is remembered in a cookie."""
        response = answer(
            request,
            html,
            cache,
            content_type=HTML,
            height=height,
            status=status,
            headers={"Content-Language": language.code, **(headers or {})},
            compress=cache is Cache.PUBLIC,
        )
        response.vary.update(("Accept-Language", "Cookie"))
        if request.args.get(PARAMETER) == language.code:
            response.set_cookie(PARAMETER, language.code, max_age=_YEAR_S, path="/", samesite="Lax", httponly=True)
        return response

    def problem(self, request: Request, status: int, place: Place, kind: str, field: str = "") -> Response:
        """A page that says what went wrong and what to do; `kind` names the texts in the table of problems."""
        return self.page(
            request,
            "problem",
            place,
            cache=Cache.NO_STORE,
            status=status,
            problem_title=f"{kind}_title",
            problem_text=f"{kind}_text",
            problem_field=field,
        )


def ticks(text: str) -> Markup:
    """Words between backticks as code, everything escaped."""
    pieces = text.split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece) for at, piece in enumerate(pieces)
    )
