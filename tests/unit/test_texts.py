"""`ledger.texts`: what a text may hold does not depend on the Unicode that this Python happens to know."""

import hashlib
from itertools import chain

import pytest

from ledger import codec
from ledger.errors import Code, Refusal
from ledger.texts import is_known, is_text

CODES = chain(range(0x40000), range(0xE0000, 0xE1000))
"""Beyond these lies nothing but what is not assigned, or private for ever."""

COUNT, DIGEST = 151_162, "cf7a4d78"
"""Known characters among them, and the first digits of SHA-256 over a byte (0 or 1) for each: Unicode 14.0 and 15.0 alike."""

AMBIGUOUS = "\U0001e08f\u0323"
"""In order for Unicode 14.0, which does not know the first; for 15.0 the two marks change places."""


def test_the_same_characters_are_known_whatever_python_runs_this():
    table = bytes(is_known(chr(code)) for code in CODES)
    assert (table.count(1), hashlib.sha256(table).hexdigest()[:8]) == (COUNT, DIGEST)


@pytest.mark.parametrize("text", ["", "Jwaneng", "Süd", "Мирный", "鑽石", "\U0001d53b", "ߒߞߏ", "\ue000"])
def test_texts_that_are_taken(text):
    assert is_text(text)
    assert codec.decode(codec.encode(text)) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (AMBIGUOUS, Code.MALFORMED),
        ("\U0001e08f", Code.MALFORMED),
        ("\u0378", Code.MALFORMED),
        ("\uffff", Code.MALFORMED),
        ("\ud800", Code.MALFORMED),
        ("e\u0301", Code.NOT_CANONICAL),
        ("\u212b", Code.NOT_CANONICAL),
    ],
)
def test_texts_that_are_refused(text, code):
    assert not is_text(text)
    with pytest.raises(Refusal) as caught:
        codec.encode({"zone": text})
    assert (caught.value.code, caught.value.field) == (code, "zone")
