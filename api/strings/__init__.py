"""Every text that people read, by language; English first, others follow key by key.

`errors` explains each error code in one sentence: `ERRORS` in English, for programs (titles of problem documents),
`SENTENCES` by language, for pages. `interface` has words for what the OpenAPI document says, for its page. Each page has a
module here with a table for each language (`ENGLISH`, `FRENCH`), named as its template; `page_texts(language, page)` gives its
texts and the common ones; `typography` sets French spaces. Tests hold that languages have the same keys with the same values
in braces, and that no template has a text of its own.
"""

from api.strings.errors import ERRORS
from api.strings.tables import PAGES, page_texts

__all__ = ["ERRORS", "PAGES", "page_texts"]
