"""Reading tokens: token new, list, revoke."""

import time
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from api.auth import TokenBook, issue_token
from api.errors import TokenFileError
from node.cli.options import HomeOption, JsonOption
from node.cli.output import console, print_json, print_table
from node.errors import Exit, FatalError
from node.home import Home


def register(app: App) -> None:
    """Adds this group's verbs."""
    token = App(name="token", help="Who may read what participants and auditors may read.")
    token.command(new)
    token.command(show, name="list")
    token.command(revoke)
    app.command(token)


def new(
    scope: Annotated[str, Parameter(help="`participant:CODE` or `auditor`.")],
    *,
    home: HomeOption,
    days: Annotated[int, Parameter(help="Days until it expires.")] = 365,
    label: Annotated[str, Parameter(help="A note for yourself.")] = "",
) -> None:
    """Issue a token; it is shown this once."""
    try:
        console.print(issue_token(Home(home).tokens, scope, time.time_ns() // 1_000_000, days, label), soft_wrap=True)
    except ValueError as error:
        raise FatalError(
            f"No token was issued: {error}.", "Nothing changed.", "Scopes are participant:CODE and auditor.", Exit.USAGE
        ) from error


def show(*, home: HomeOption, json: JsonOption = False) -> None:
    """List tokens by id; their texts are not kept."""
    rows = [
        {"id": entry.id, "scope": entry.scope, "expires": _day(entry.expires_ms), "label": entry.label}
        for entry in _book(home).entries
    ]
    if json:
        print_json(rows)
    else:
        print_table(["id", "scope", "expires", "label"], [list(row.values()) for row in rows])


def revoke(token_id: Annotated[str, Parameter(help="As `token list` shows it.")], *, home: HomeOption) -> int:
    """Revoke a token; a running node notices within a second."""
    book = _book(home)
    if book.revoke(token_id) is None:
        raise FatalError(
            f"There is no token {token_id}.",
            "Nothing changed.",
            f"See which there are: kpledger token list --home {home}",
            Exit.BAD_DATA,
        )
    console.print(f"revoked {token_id}")
    return Exit.DONE


def _book(home: HomeOption) -> TokenBook:
    try:
        return TokenBook.load(Home(home).tokens)
    except TokenFileError as error:
        raise FatalError(
            f"{error}.",
            "Nobody can be let in with it.",
            "Restore the file or remove it and issue tokens anew.",
            Exit.BAD_CONFIGURATION,
        ) from error


def _day(instant_ms: int) -> str:
    return datetime.fromtimestamp(instant_ms / 1000, UTC).date().isoformat()
