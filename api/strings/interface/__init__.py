"""The interface's own words on its page, in other languages: by the English sentence that the OpenAPI document has.

The document itself stays English, for programs. A sentence without words here is shown in English; tests hold that there is
none, and none left over.
"""

from collections.abc import Mapping
from typing import Final

from api.strings.interface import (
    answers,
    bodies,
    certificates,
    custody,
    findings,
    network,
    operations,
    parameters,
    records,
    shared,
    statistics,
)
from api.strings.typography import french_spaces

PARTS: Final = (
    operations,
    parameters,
    answers,
    shared,
    records,
    bodies,
    certificates,
    custody,
    findings,
    network,
    statistics,
)

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "fr": {text: french_spaces(words) for part in PARTS for text, words in part.FRENCH.items()},
}
"""By language."""


def in_words(text: str, language: str) -> str:
    """A sentence of the document in a language, as it stands where there are no words for it."""
    return WORDS.get(language, {}).get(text, text)
