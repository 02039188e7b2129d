"""What a refusal means: errors. The table in deploy/guides/errors.md is what `errors --markdown` prints."""

import sys
from collections.abc import Iterator
from typing import Annotated

from cyclopts import App, Parameter

from api.errors import ApiCode
from api.reasons import kinds_by_code, kinds_by_signing
from api.strings import ERRORS
from ledger.bodies import KINDS
from ledger.errors import Code
from node.cli.options import JsonOption
from node.cli.output import print_fields, print_json, print_table
from node.errors import Exit, FatalError, command

_SEALED = frozenset(
    {
        Code.BAD_KEY,
        Code.ENVELOPE_MISSING,
        Code.ENVELOPE_HASH,
        Code.ENVELOPE_READERS,
        Code.ENVELOPE_UNREADABLE,
        Code.RID_USED,
        Code.BAD_COMMITMENT,
    }
)
"""Reasons that lie in a sealed part."""

_FORM = frozenset({Code.MALFORMED, Code.NOT_CANONICAL, Code.TOO_LARGE, Code.TOO_DEEP, Code.UNKNOWN_KIND, Code.BAD_VALUE})
_FEW = 8
"""Kinds that are named one by one, where others are met by all that need such a key."""

_ELSEWHERE = {
    Code.BAD_GENESIS: "the genesis file",
    Code.BAD_SIGNATURE: "every kind",
    Code.DAILY_QUOTA: "every kind",
    Code.ENVELOPE_UNEXPECTED: "kinds without a sealed part",
}
_HEAD = f"""# What refusals mean

Every reason for which a record, a file or a request is refused, the same in HTTP (`error`), on the command line and in the
judgements of the ledger. `kpledger errors CODE` explains one. This page is made from the program:
`{command("errors", "--markdown")}`.

| error | meaning | met by |
|---|---|---|
"""


def register(app: App) -> None:
    """Adds this verb."""
    app.command(errors)


def errors(
    code: Annotated[str, Parameter(help="One error, as a refusal names it; without it, all.")] = "",
    /,
    *,
    markdown: Annotated[bool, Parameter(name="--markdown", negative="", help="Print the page of the guides.")] = False,
    json: JsonOption = False,
) -> None:
    """Say what a refusal means, and which kinds of records meet it."""
    rows = [row for row in table() if code in ("", row[0])]
    if not rows:
        raise FatalError(f"There is no error {code[:60]!r}.", "Nothing was done.", f"See all: {command('errors')}", Exit.USAGE)
    if json:
        print_json([dict(zip(("error", "meaning", "met_by"), row, strict=True)) for row in rows])
    elif markdown:
        sys.stdout.write(page())
    elif code:
        print_fields(dict(zip(("error", "meaning", "met by"), rows[0], strict=True)))
    else:
        print_table(("error", "meaning", "met by"), rows)


def page() -> str:
    """The page of the guides."""
    return _HEAD + "".join(f"| `{error}` | {meaning} | {where} |\n" for error, meaning, where in table())


def table() -> Iterator[tuple[str, str, str]]:
    """Each error, its sentence, and where it is met."""
    own, signing = kinds_by_code(), kinds_by_signing()
    for code, meaning in ERRORS.items():
        if isinstance(code, ApiCode):
            yield str(code), meaning, "requests over HTTP"
        else:
            yield str(code), meaning, _where(code, own.get(code, ()), signing.get(code, ()))


def _where(code: Code, kinds: tuple[str, ...], signing: tuple[str, ...]) -> str:
    """In words; form, signature and envelope are looked at before any kind's rules.

    Raises:
        KeyError: nothing is known to refuse anything with this code.
    """
    if code in _SEALED:
        return ", ".join(("kinds with a sealed part", *(kind for kind in kinds if not KINDS[kind].sealed)))
    if code in _FORM:
        return "every kind"
    if kinds:
        return " ".join(kinds)
    if signing:
        return " ".join(signing) if len(signing) <= _FEW else "every kind, by its signing key or time"
    return _ELSEWHERE[code]
