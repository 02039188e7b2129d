"""How verbs speak: tables for people, JSON for programs, three lines for what is fatal."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from rich.console import Console
from rich.table import Table

from node.errors import Exit, FatalError

console = Console(highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_fields(fields: Mapping[str, object]) -> None:
    """Names and values in two columns."""
    table = Table.grid(padding=(0, 2))
    for name, value in fields.items():
        table.add_row(f"[bold]{name}[/bold]", str(value))
    console.print(table)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table with a header."""
    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*map(str, row))
    console.print(table)


def fatal(error: FatalError) -> NoReturn:
    """Tells the operator in three lines on standard error, and ends with the error's code."""
    sys.stderr.write(f"{error}\n")
    sys.exit(error.code)


def unreadable(what: str, reason: object) -> FatalError:
    """A file named on the command line cannot be used."""
    return FatalError(f"{what}: {reason}.", "Nothing was done.", "Check the file and run the command again.", Exit.BAD_DATA)
