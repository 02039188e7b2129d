"""What French asks of its spaces: tables write plain ones."""

import re
from typing import Final

_BEFORE: Final = re.compile(r" (?=[;:?!%»])")
_AFTER: Final = re.compile(r"(?<=«) ")


def french_spaces(text: str) -> str:
    """French sets a space before `; : ? ! %` and inside quotation marks; it does not break a line."""
    return _BEFORE.sub("\N{NO-BREAK SPACE}", _AFTER.sub("\N{NO-BREAK SPACE}", text))
