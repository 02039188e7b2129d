"""How verbs speak: tables for people, JSON for programs, three lines for what is fatal.

What somebody copies (ids, paths, addresses, commands) is never broken over lines: a terminal may wrap it, the text is whole.
What a node or a file says is shown and does nothing: characters that move a terminal's cursor, colour or hide text, or turn its
direction, are replaced.
"""

import json
import re
import shlex
import shutil
import sys
from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from node.errors import Exit, FatalError

console = Console(highlight=False)
_COMMAND = re.compile(r"(?<![\w/.-])kpledger (?=[a-z])")
_MOVING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_WIDEST = 1000
"""Columns of a table that no terminal shows: it is written to a file or to another program."""


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def say(text: str) -> None:
    """One line, its commands as this shell reaches them; it may hold paths and ids, so it has no break."""
    console.print(Text(plain(_reachable(text))), soft_wrap=True)


def print_fields(fields: Mapping[str, object]) -> None:
    """Names and values in two columns, a line each."""
    width = max(map(cell_len, fields), default=0)
    for name, value in fields.items():
        console.print(Text.assemble((name, "bold"), " " * (width - cell_len(name) + 2), plain(str(value))), soft_wrap=True)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], right: Container[int] = ()) -> None:
    """A table with a header; only columns of prose are wrapped, and those on a terminal alone; amounts stand to the `right`."""
    cells = [[plain(str(cell)) for cell in row] for row in rows]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, column in enumerate(columns):
        prose = any(" " in row[place].strip() for row in cells)
        table.add_column(Text(column), no_wrap=not prose, overflow="fold", justify="right" if place in right else "left")
    for row in cells:
        table.add_row(*map(Text, row))
    least = Measurement.get(console, console.options.update(max_width=_WIDEST), table).minimum
    Console(highlight=False, width=max(console.width, least) if console.is_terminal else _WIDEST).print(table)


def fatal(error: FatalError) -> NoReturn:
    """Tells the operator in three lines on standard error, and ends with the error's code."""
    sys.stderr.write(plain(_reachable(str(error))) + "\n")
    sys.exit(error.code)


def unreadable(what: str, reason: object) -> FatalError:
    """A file named on the command line cannot be used."""
    return FatalError(f"{what}: {reason}.", "Nothing was done.", "Check the file and run the command again.", Exit.BAD_DATA)


def explain(problem: Mapping[str, object]) -> str:
    """A refusal, given in its JSON form, as a phrase: `expiry-over-limit at expires (given 373, limit 60)`."""
    hidden = {"type", "title", "status", "error", "field", "instance"}
    shown = [(name, value) for name, value in problem.items() if name not in hidden and value is not None]
    details = ", ".join(str(value) if name in {"reason", "detail"} else f"{name} {value}" for name, value in shown)
    place = f" at {problem['field']}" if problem.get("field") else ""
    return f"{problem.get('error', 'no reason given')}{place}{f' ({details})' if details else ''}"


def plain(text: str) -> str:
    """The text without what a terminal would act on, but for its lines and tabs."""
    return _MOVING.sub("\N{REPLACEMENT CHARACTER}", text)


def _reachable(text: str) -> str:
    """The text with `kpledger` written as the reader's shell finds it."""
    own = Path(sys.executable).with_name("kpledger")
    found = shutil.which("kpledger")
    if not own.exists() or (found is not None and Path(found).resolve() == own.resolve()):
        return text
    return _COMMAND.sub(lambda _: f"{shlex.quote(str(own))} ", text)
