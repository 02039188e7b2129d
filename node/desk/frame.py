"""The desk's pages: templates and texts of its own in the node's style sheet, complete without scripts, and there are none."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from quart import Request, Response

from api.answers import HTML
from api.assets import Assets
from api.pages.language import LANGUAGES, PARAMETER, Language, pick_language
from api.pages.templating import new_environment
from api.strings.typography import french_spaces
from node.desk.faults import Shown
from node.desk.reading import Source
from node.desk.session import PASSPHRASE, Session
from node.desk.strings import advice, english, french

_HERE: Final = Path(__file__).parent
TEMPLATES: Final = _HERE / "templates"
STATIC: Final = _HERE / "static"
NAVIGATION: Final = (
    ("/", "nav_drafts"),
    ("/inbox", "nav_inbox"),
    ("/certificates", "nav_certificates"),
    ("/table", "nav_table"),
    ("/journal", "nav_journal"),
)
TABLES: Final[Mapping[str, Mapping[str, str]]] = {"en": english.TEXTS, "fr": french.TEXTS}
_ROW: Final = re.compile(r"(lines|sources)\[(\d+)\]\.(\w+)")
_YEAR_S: Final = 365 * 86_400

Texts = Callable[..., str]


def texts(language: str) -> Texts:
    """A function from a key and its values to the text; a missing key or value is a KeyError."""
    table = _table(language)

    def text(key: str, **values: object) -> str:
        return table[key].format(**values) if values else table[key]

    return text


@cache
def _table(language: str) -> Mapping[str, str]:
    table = TABLES[language]
    return table if language != "fr" else {key: french_spaces(text) for key, text in table.items()}


class Frame:
    """Renders the templates. `common`: what every page shows of desk, participant and node."""

    def __init__(self, common: Mapping[str, object]) -> None:
        self._common = common
        assets = Assets()
        own = {file.name: (file.read_bytes(), "text/css; charset=utf-8") for file in sorted(STATIC.glob("*.css"))}
        self.files = {name: assets.files[name] for name in ("site.css", "mark.svg")} | own
        self._environment = new_environment(TEMPLATES)
        self._environment.filters.update(ident=ident, inline=inline)

    def page(
        self, request: Request, name: str, here: str, session: Session | None, *, status: int = 200, **values: object
    ) -> Response:
        """The answer with a page in the language that the request asks for; the choice is kept in a cookie."""
        language = pick_language(request)
        told, said = None, texts(language.code)
        if session is not None and session.active and session.told is not None:
            told, session.told = session.told, None
        html = self._environment.get_template(f"{name}.html").render(
            {
                **self._common,
                "t": said,
                "language": language,
                "others": [other for other in LANGUAGES.values() if other is not language],
                "navigation": NAVIGATION,
                "here": here,
                "path": request.path,
                "session": session,
                "told": None if told is None else said(told[0], **told[1]),
                "reasons": [],
                "by_field": {},
                **_helpers(language, said),
                "sentence": lambda shown: advice.sentence(shown, language.code),
                "step": lambda shown: advice.step(shown, language.code),
                "figures": lambda shown: figures(shown, language, said),
                **values,
            }
        )
        response = Response(html, status, content_type=HTML)
        response.headers["Content-Language"] = language.code
        if request.args.get(PARAMETER) == language.code:
            response.set_cookie(PARAMETER, language.code, max_age=_YEAR_S, path="/", samesite="Strict", httponly=True)
        return response


def _helpers(language: Language, said: Texts) -> dict[str, object]:
    """What templates call to fill in choices and to name fields."""

    def label(name: str) -> str:
        row = _ROW.fullmatch(name)
        if row is not None:
            place = said("line" if row[1] == "lines" else "source", count=int(row[2]) + 1)
            key = f"source_{row[3]}" if row[1] == "sources" else row[3]
            return f"{place}, {said(key)}"
        parts = name.split(".")
        if parts[0] == "sealed" and len(parts) == 3:
            return f"{said(parts[1])}, {said(f'party_{parts[2]}')}"
        key = {"sealed.seals": "seal_numbers", "reason": "any_reason", PASSPHRASE: "passphrase"}.get(name, parts[-1])
        return said(key)

    def with_present(options: list[tuple[str, str]], present: str) -> list[tuple[str, str]]:
        """What was typed stays a choice, also where the node does not name it."""
        known = not present or any(key == present for key, _ in options)
        return options if known else [*options, (present, present)]

    def source_options(sources: Sequence[Source], present: str) -> list[tuple[str, str]]:
        told = [
            (
                one.number,
                said(
                    "source_left",
                    number=one.number,
                    issuer=one.issuer,
                    left=language.decimal(one.left),
                    measured=language.decimal(one.measured),
                ),
            )
            for one in sources
        ]
        return with_present(told, present)

    return {
        "label": label,
        "hs_options": lambda codes: [(code, f"{code} {said(f'hs_{code}')}") for code in codes],
        "pairs": lambda prefix, keys: [(key, said(f"{prefix}_{key}")) for key in keys],
        "same_pairs": lambda keys: [(key, key) for key in keys],
        "destinations": lambda register, present: with_present(
            sorted(((code, f"{name} ({code})") for code, name in register.items()), key=lambda pair: pair[1]), present
        ),
        "source_options": source_options,
        "cell_sentence": lambda fault: advice.cell_sentence(fault, language.code),
        "cell_step": lambda fault: advice.cell_step(fault, language.code),
    }


def figures(shown: Shown, language: Language, said: Texts) -> str:
    """What was given and what is allowed, as words; figures of the refusal that no text names are left out.

    Of a field whose advice says how it is written, what was given is enough.
    """
    parts = []
    plain = shown.code == "bad-value" and advice.written(shown.field) is not None and shown.field != "file"
    for name in ("given",) if plain else ("given", "limit", "expected", "state", "reason", "now"):
        if name in shown.details:
            text = str(shown.details[name]) or said("not_stated")
            number = re.fullmatch(r"-?\d+\.\d\d", text)
            parts.append(said(f"detail_{name}", text=language.decimal(text) if number else text))
    return "; ".join(parts)


def ident(name: str) -> str:
    """The id of a field's element."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")


def inline(fields: Mapping[str, str], names: list[str]) -> str:
    """Some fields as one text, what is empty left out."""
    return ", ".join(fields[name] for name in names if fields.get(name))
