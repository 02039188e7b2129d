"""Reading tokens: token new, list, revoke."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from node.cli.options import HomeOption, JsonOption
from node.cli.output import print_json, print_table, say
from node.config import load_config
from node.errors import Exit, FatalError, command
from node.home import Home


def new(
    scope: Annotated[str, Parameter(help="`participant:CODE` reads what that participant may, `auditor` everything.")],
    /,
    *,
    home: HomeOption,
    days: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=3650), help="Days until it expires.")] = 365,
    label: Annotated[str, Parameter(help="A note for yourself, shown by `token list`.")] = "",
) -> None:
    """Issue a token; it is shown this once. A running node knows it within a second."""
    place = _place(home)
    code = scope.removeprefix("participant:")
    if code != scope and place.genesis.exists() and code not in place.read_genesis().participants:
        raise _not_issued(f"{code!r} is no participant of this ledger")
    try:
        text = place.read_tokens().issue(scope, time.time_ns() // 1_000_000, days, label)
    except ValueError as error:
        raise _not_issued(str(error)) from error
    sys.stdout.write(f"{text}\n")


def _not_issued(reason: str) -> FatalError:
    return FatalError(
        f"No token was issued: {reason}.",
        "Nothing changed.",
        "Scopes are participant:CODE and auditor; a label has at most 200 characters.",
        Exit.USAGE,
    )


def show(*, home: HomeOption, json: JsonOption = False) -> None:
    """List tokens by id; their texts are not kept."""
    rows = [
        {"id": entry.id, "scope": entry.scope, "expires": _day(entry.expires_ms), "label": entry.label}
        for entry in _place(home).read_tokens().entries
    ]
    if json:
        print_json(rows)
    else:
        print_table(["id", "scope", "expires", "label"], [list(row.values()) for row in rows])


def revoke(token_id: Annotated[str, Parameter(help="As `token list` shows it.")], /, *, home: HomeOption) -> None:
    """Revoke a token; a running node notices within a second."""
    if _place(home).read_tokens().revoke(token_id) is None:
        raise FatalError(
            f"There is no token {token_id}.",
            "Nothing changed.",
            f"See which there are: {command('token', 'list', '--home', home)}",
            Exit.BAD_DATA,
        )
    say(f"revoked {token_id}")


def _place(home: Path) -> Home:
    """The home, which must be one: tokens elsewhere would let nobody in."""
    place = Home(home)
    load_config(place.path)
    return place


def _day(instant_ms: int) -> str:
    return datetime.fromtimestamp(instant_ms / 1000, UTC).date().isoformat()
