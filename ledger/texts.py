"""Which texts a record may hold, the same on every node for ever, whatever Unicode its Python knows.

Rules: text is in NFC, and holds only characters that Unicode 14.0 knows. Unicode promises that such a text stays normalized in
every later version; a character that one node's Python knows and another's does not may be in order for the one and out of
order for the other (U+1E08F before U+0323), and the two would judge the same block differently. Python 3.11 has Unicode 14.0,
3.12 has 15.0; what the latter added stands here, what neither knows they agree about.

Reference: Unicode Standard Annex 15, section 3, "Versioning and Stability"; DerivedAge.txt of Unicode 15.0.
"""

import re
from typing import Final
from unicodedata import category, is_normalized

_ADDED_BY_15: Final = (
    "\u0cf3\u0ece\U00010efd-\U00010eff\U0001123f-\U00011241\U00011b00-\U00011b09\U00011f00-\U00011f10\U00011f12-\U00011f3a"
    "\U00011f3e-\U00011f59\U0001342f\U00013439-\U00013455\U0001b132\U0001b155\U0001d2c0-\U0001d2d3\U0001df25-\U0001df2a"
    "\U0001e030-\U0001e06d\U0001e08f\U0001e4d0-\U0001e4f9\U0001f6dc\U0001f774-\U0001f776\U0001f77b-\U0001f77f\U0001f7d9"
    "\U0001fa75-\U0001fa77\U0001fa87\U0001fa88\U0001faad-\U0001faaf\U0001fabb-\U0001fabd\U0001fabf\U0001face\U0001facf"
    "\U0001fada\U0001fadb\U0001fae8\U0001faf7\U0001faf8\U0002b739\U00031350-\U000323af"
)
_LATER: Final = re.compile(f"[{_ADDED_BY_15}]")
_UNKNOWN: Final = frozenset({"Cn", "Cs"})
"""Categories of what is not assigned, and of halves of a pair, which no UTF-8 has."""


def is_known(text: str) -> bool:
    """Whether every character is one that Unicode 14.0 knows."""
    return text.isascii() or (_LATER.search(text) is None and not any(category(sign) in _UNKNOWN for sign in text))


def is_text(text: str) -> bool:
    """Whether a record may hold this text: known characters, in NFC."""
    return text.isascii() or (is_known(text) and is_normalized("NFC", text))
