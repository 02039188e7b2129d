"""What a refusal means: errors. The same stands in deploy/guides/errors.md, which `api.reference` writes."""

from typing import Annotated

from cyclopts import Parameter

from api.errors import ApiCode
from api.reasons import met_by
from api.strings import ERRORS
from node.cli.options import JsonOption
from node.cli.output import print_fields, print_json, print_table
from node.errors import Exit, FatalError, command

_COLUMNS = ("error", "meaning", "met by")


def errors(
    code: Annotated[str, Parameter(help="One error, as a refusal names it; without it, all.")] = "",
    /,
    *,
    json: JsonOption = False,
) -> None:
    """Say what a refusal means, and which kinds of records meet it."""
    places = met_by()
    rows = [
        (str(error), meaning, "requests over HTTP" if isinstance(error, ApiCode) else places[error])
        for error, meaning in ERRORS.items()
        if code in ("", error)
    ]
    if not rows:
        raise FatalError(f"There is no error {code[:60]!r}.", "Nothing was done.", f"See all: {command('errors')}", Exit.USAGE)
    if json:
        print_json([dict(zip(("error", "meaning", "met_by"), row, strict=True)) for row in rows])
    elif code:
        print_fields(dict(zip(_COLUMNS, rows[0], strict=True)))
    else:
        print_table(_COLUMNS, rows)
