"""Every text that people read, by language; English first, others follow key by key.

`ERRORS` explains each error code in one sentence (titles of problem documents and the table on the documentation page).
Each page has a module here with a table for each language (`ENGLISH`, `FRENCH`), named as its template; `page_texts(language,
page)` gives its texts and the common ones. Tests hold that languages have the same keys with the same values in braces, and
that no template has a text of its own.
"""

from api.strings.errors import ERRORS
from api.strings.tables import PAGES, page_texts

__all__ = ["ERRORS", "PAGES", "page_texts"]
