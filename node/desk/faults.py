"""Where a form shows what the ledger refused: from the field that its bytes or its rules name to that of the form."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ledger.errors import Refusal
from node.client import ProblemError
from node.desk.drafts import Kind
from node.desk.errors import DeskError
from node.desk.forms import PARTIES, allowed

_ROW: Final = re.compile(r"((?:lines|sources)\[\d+\])(?:\.(\w+))?.*")
_NAMES: Final[Mapping[str, str]] = {"points": "carats", "cents": "value", "commitment": "value"}
_ELSEWHERE: Final[Mapping[str, str]] = {
    "lines": "lines[0].carats",
    "sources": "sources[0].carats",
    "fields": "sealed.remarks",
    "answers": "",
    "at": "",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A reason as a page shows it.

    Attributes:
        code: a word of `ledger.errors.Code` or of `node.desk.errors.Fault`.
        field: of the form, empty for the whole.
        details: what was given, what is allowed, by name.
    """

    code: str
    field: str
    details: Mapping[str, Any]


def shown(kind: Kind, error: Refusal | DeskError | ProblemError | Mapping[str, Any]) -> Shown:
    """A reason, its field one that a form of this kind has."""
    if isinstance(error, DeskError):
        return Shown(str(error.fault), error.field, {})
    problem = error.problem if isinstance(error, ProblemError) else error.problem() if isinstance(error, Refusal) else error
    hidden = {"type", "title", "status", "error", "field", "instance"}
    details = {name: told for name, told in problem.items() if name not in hidden and told is not None}
    return Shown(str(problem.get("error", "")), _field(kind, str(problem.get("field") or "")), details)


def _field(kind: Kind, named: str) -> str:
    name = named.removeprefix("body.")
    if row := _ROW.fullmatch(name):
        member = row[2] or "carats"
        name = f"{row[1]}.{_NAMES.get(member, member)}"
    elif name.startswith("sealed."):
        parts = name.split(".")
        name = ".".join(parts[:3] if parts[1] in PARTIES else parts[:2])
        name = name.partition("[")[0]
        name = f"{name}.name" if name.removeprefix("sealed.") in PARTIES else name
    else:
        name = name.partition("[")[0].partition(".")[0]
        name = _ELSEWHERE.get(name, "carats" if name == "points" else name)
        name = "lines[0].carats" if name == "carats" and not allowed(kind, name) else name
    return name if name and allowed(kind, name) else ""
