"""Guides that are tables of the code: `python -m api.reference` writes them anew, and a test holds them up to date.

`errors.md`: every error code with its sentence, by what is refused. `findings.md`: every rule of findings with its thresholds.
"""

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from api.errors import ApiCode
from api.strings.errors import ERRORS
from ledger.errors import Code
from ledger.findings import RULES
from ledger.findings.thresholds import THRESHOLDS
from ledger.parameters import PARAMETERS

FOLDER: Final = Path(__file__).parent.parent / "deploy" / "guides"

_ERRORS: Final = """# Why something is refused

Every refusal names one of these codes as `error`, with the field, what was given and what is allowed: the same in the
HTTP interface (problem documents), on the command line and in the judgements of the ledger. Codes are stable;
programs may rely on them. A kind of record can also be refused for what stands under *form*, *signature, key and
time* and *sealed part*, and for what other kinds check of the same thing.
"""
_FINDINGS: Final = """# What the ledger finds

Findings follow from the records, on every node alike, block by block; `kpledger audit verify` makes them anew. They
say what does not add up, not who is to blame. A finding whose cause is gone is *resolved*, never removed. `kpledger
findings rules` shows the thresholds in force; they are parameters of the Plenary with a history, here with the value
of a ledger whose genesis says nothing else. What needs values or names is found by whoever can open them: `kpledger
findings sealed`.
"""


def documents() -> Mapping[str, str]:
    """The guides by file name."""
    return {"errors.md": _errors(), "findings.md": _findings()}


def main() -> None:
    """Writes them."""
    for name, text in documents().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _errors() -> str:
    parts = [_ERRORS]
    for title, codes in _sections():
        parts.append(f"\n## {title}\n\n| code | what it says |\n|---|---|\n")
        parts += (f"| `{code}` | {ERRORS[code]} |\n" for code in codes)
    parts.append("\n## The HTTP interface itself\n\n| code | what it says |\n|---|---|\n")
    parts += (f"| `{code}` | {ERRORS[code]} |\n" for code in ApiCode)
    return "".join(parts)


def _sections() -> Iterator[tuple[str, list[Code]]]:
    """The codes by the headings under which they are declared: the comments between them."""
    title, codes = "", list[Code]()
    for line in inspect.getsource(Code).splitlines():
        text = line.strip()
        if text.startswith("# "):
            if codes:
                yield title, codes
            title, codes = text.removeprefix("# "), []
        elif " = " in text:
            codes.append(Code[text.partition(" = ")[0]])
    yield title, codes


def _findings() -> str:
    rows = []
    for rule, info in RULES.items():
        asked = ((name, PARAMETERS[name]) for name in THRESHOLDS.get(rule, ()))
        thresholds = "; ".join(f"`{name}` {found.default}: {found.meaning}" for name, found in asked)
        rows.append(f"| `{rule}` | {info.version} | {info.meaning} | {thresholds} |\n")
    return f"{_FINDINGS}\n| rule | version | finds | thresholds |\n|---|---|---|---|\n{''.join(rows)}"


if __name__ == "__main__":
    main()
