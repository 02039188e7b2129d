"""Which table of texts a page has, and how a template asks for one."""

from collections.abc import Callable, Mapping
from functools import cache
from types import ModuleType
from typing import Final

from api.strings import (
    common,
    confirmations,
    country,
    documentation,
    explorer,
    inquiries,
    method,
    overview,
    participants,
    problem,
    release,
    released,
    releases,
    verdict,
    withheld,
)
from api.strings.reading import certificate as reading_certificate
from api.strings.reading import desk as reading_desk
from api.strings.reading import lists as reading_lists
from api.strings.reading import participants as reading_participants
from api.strings.typography import french_spaces

PAGES: Final[Mapping[str, ModuleType]] = {
    "common": common,
    "confirmations": confirmations,
    "country": country,
    "documentation": documentation,
    "explorer": explorer,
    "inquiries": inquiries,
    "method": method,
    "overview": overview,
    "participants": participants,
    "problem": problem,
    "release": release,
    "released": released,
    "releases": releases,
    "verdict": verdict,
    "withheld": withheld,
    "reading/sign-in": reading_desk,
    "reading/desk": reading_desk,
    "reading/search": reading_desk,
    "reading/problem": reading_desk,
    "reading/certificates": reading_lists,
    "reading/open": reading_lists,
    "reading/findings": reading_lists,
    "reading/finding": reading_lists,
    "reading/certificate": reading_certificate,
    "reading/record": reading_certificate,
    "reading/participants": reading_participants,
    "reading/participant": reading_participants,
    "reading/year": reading_participants,
}
"""By name of the page, each with a table for each language."""

TABLES: Final[Mapping[str, str]] = {"en": "ENGLISH", "fr": "FRENCH"}
"""Name of a module's table, by language."""

Texts = Callable[..., str]


def page_texts(language: str, page: str) -> Texts:
    """A function from a key and its values to the text in this language; a missing key or value is a KeyError."""
    table = {**_table("common", language), **_table(page, language)}

    def text(key: str, **values: str | int) -> str:
        return table[key].format(**values) if values else table[key]

    return text


@cache
def _table(page: str, language: str) -> Mapping[str, str]:
    table: Mapping[str, str] = getattr(PAGES[page], TABLES[language])
    if language != "fr":
        return table
    return {key: french_spaces(text) for key, text in table.items()}
