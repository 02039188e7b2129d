"""Every text that people read, by language; English first, others follow key by key.

`ERRORS` explains each error code in one sentence (titles of problem documents and the table on the documentation page);
`page_texts(language)` gives the texts of the web page.
"""

from api.strings.errors import ERRORS
from api.strings.page import page_texts

__all__ = ["ERRORS", "page_texts"]
