"""One sentence for each error code, by language. A test holds the tables complete."""

from collections.abc import Mapping
from typing import Final

from api.errors import ApiCode
from api.strings.errors.english import ENGLISH
from api.strings.errors.french import FRENCH
from api.strings.typography import french_spaces
from ledger.errors import Code

ERRORS: Final[Mapping[Code | ApiCode, str]] = ENGLISH
"""What programs get: titles of problem documents, and what the command line prints."""

SENTENCES: Final[Mapping[str, Mapping[Code | ApiCode, str]]] = {
    "en": ENGLISH,
    "fr": {code: french_spaces(sentence) for code, sentence in FRENCH.items()},
}
"""What pages say."""
