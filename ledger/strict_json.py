"""A strict reader of JSON that came from outside: every value is asked for by name and type, nothing may be left over.

Rules: UTF-8 without a byte order mark; no duplicate keys, floats, nulls; integers 0 to 2^63-1; text in NFC (`ledger.texts`),
without control characters, 1 to 200 characters unless asked otherwise; every fault is one `Refusal` with the code given and
the path of the value (`participants[3].seals[0].key`). Reference: RFC 8259 and RFC 7493 (I-JSON).
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from ledger.errors import Code, Refusal
from ledger.texts import is_text
from ledger.units import day_number

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool"

MAX_INT = 2**63 - 1
MAX_TEXT = 200
_HEX = re.compile(r"([0-9a-f]{2})*")


def load(data: bytes, code: Code, limit: int) -> "Cursor":
    """The root of a JSON document of at most `limit` bytes; raises Refusal with `code`."""
    if len(data) > limit:
        raise Refusal(code, limit=limit, given=len(data))
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_float=_forbidden, parse_constant=_forbidden)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise Refusal(code, reason=f"no strict JSON: {error}") from None
    return Cursor(value, "", code)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _forbidden(text: str) -> NoReturn:
    raise ValueError(f"{text[:20]} is no integer")


@dataclass(slots=True)
class Cursor:
    """One JSON value, where it stands, and which of its members were read."""

    value: object
    path: str
    code: Code
    seen: set[str] = field(default_factory=set)

    def refuse(self, reason: str) -> NoReturn:
        """Raise the Refusal that names this place."""
        raise Refusal(self.code, self.path, reason=reason)

    def member(self, name: str) -> "Cursor":
        """A member that must be there."""
        found = self.optional(name)
        if found is None:
            raise Refusal(self.code, self._below(name), reason="missing")
        return found

    def optional(self, name: str) -> "Cursor | None":
        """A member that may be absent."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        self.seen.add(name)
        return Cursor(self.value[name], self._below(name), self.code) if name in self.value else None

    def close(self) -> None:
        """All members have been asked for: what is left over is unknown."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        for name in self.value:
            if name not in self.seen:
                raise Refusal(self.code, self._below(name[:60]), reason="unknown field")

    def items(self, least: int = 0, most: int = 10_000) -> Iterator["Cursor"]:
        """The elements of an array of `least` to `most`."""
        if not isinstance(self.value, list):
            self.refuse("must be an array")
        if not least <= len(self.value) <= most:
            self.refuse(f"must have {least} to {most} elements")
        return (Cursor(value, f"{self.path}[{index}]", self.code) for index, value in enumerate(self.value))

    def members(self) -> Iterator[tuple[str, "Cursor"]]:
        """All members of an object whose names are data."""
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        return ((name, Cursor(value, self._below(name[:60]), self.code)) for name, value in self.value.items())

    def text(self, least: int = 1, most: int = MAX_TEXT, pattern: re.Pattern[str] | None = None) -> str:
        """Text of `least` to `most` characters, wholly matched by `pattern`."""
        if not isinstance(self.value, str):
            self.refuse("must be text")
        text = self.value
        if not least <= len(text) <= most:
            self.refuse(f"must have {least} to {most} characters")
        if not is_text(text) or any(unicodedata.category(sign) == "Cc" for sign in text):
            self.refuse("must be NFC without control characters")
        if pattern is not None and not pattern.fullmatch(text):
            self.refuse("has not the right form")
        return text

    def integer(self, least: int = 0, most: int = MAX_INT) -> int:
        """An integer from `least` to `most`."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value <= most:
            self.refuse(f"must be an integer from {least} to {most}")
        return self.value

    def boolean(self) -> bool:
        """`true` or `false`."""
        if not isinstance(self.value, bool):
            self.refuse("must be true or false")
        return self.value

    def hexadecimal(self, least: int, most: int) -> bytes:
        """`least` to `most` bytes as lower-case hex."""
        return bytes.fromhex(self.text(2 * least, 2 * most, _HEX))

    def date(self, *, empty: bool = False) -> str:
        """A day of the calendar as `YYYY-MM-DD`, or the empty text where that is allowed."""
        text = self.text(0 if empty else 10, 10)
        if text == "" and empty:
            return text
        try:
            day_number(text)
        except Refusal:
            self.refuse("must be a day of the calendar, YYYY-MM-DD")
        return text

    def one_of(self, allowed: Callable[[str], bool], reason: str) -> str:
        """Text that `allowed` accepts."""
        text = self.text()
        if not allowed(text):
            self.refuse(reason)
        return text

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name
