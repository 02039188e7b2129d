"""What a mutation is, and the reader of the tables `*.txt`, which hold them as small patches.

A table is made of lines:

    === consensus/journal.py                the file that the entries below mutate
    name [rule] what the check is for       begins an entry
     context, -removed, +added              a patch of whole lines, as `diff -u` writes them
    @@                                      begins another patch of the same file
    > unit/test_x.py::test_y                tests below `tests/` that must notice, the nearest first; more lines, more tests
    ~ reason                                only for an accepted equivalent: why nothing can notice
    # remark                                says nothing

Context and removed lines of a patch together must occur exactly once in the file: what no longer applies is an error, never a pass.
"""

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from threading import Lock

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
TABLES = ("consensus", "node", "ledger", "findings", "api")
BROADER = {
    "consensus": (("unit/test_consensus_*.py",), ("simulation/test_simulation.py::test_swarm",)),
    "node": (("unit/test_node_*.py", "unit/test_wal.py"),),
    "api": (("unit/test_api_*.py",),),
    "ledger": (
        ("unit/test_[!acdnw]*.py", "unit/test_c[!o]*.py", "unit/test_co[!n]*.py", "unit/test_ne*.py", "unit/test_note.py"),
    ),
}
"""By package: where a mutation is looked for that its own tests have not noticed, one selection after the other."""
_PARSER = Lock()
"""CPython 3.11 counts the parser's depth for all threads together, and takes two at once for a fault."""
_HEADER = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*) \[([^\]]+)\] (.+)")


class StaleMutationError(Exception):
    """A mutation that does not apply to the source as it is, or changes nothing in it."""


@dataclass(slots=True)
class Mutation:
    """One check, and the patch that takes it away.

    Attributes:
        name: unique.
        file: relative to the project.
        rule: R.. and P.. of 4-consensus.md, or the page or module whose rule it is.
        why: what the check is for.
        patches: pairs of the lines that must be there and those that take their place.
        tests: node ids below `tests/` that must notice.
        equivalent: why nothing can notice, for a check that another one covers; else empty.
    """

    name: str
    file: str
    rule: str
    why: str
    patches: list[tuple[list[str], list[str]]] = field(default_factory=lambda: [([], [])])
    tests: list[str] = field(default_factory=list)
    equivalent: str = ""

    @property
    def module(self) -> str:
        """The module's name."""
        return self.file.removesuffix(".py").replace("/", ".").removesuffix(".__init__")

    def broader(self) -> list[list[str]]:
        """Tests beyond its own, one selection after the other."""
        stages = BROADER[self.file.partition("/")[0]]
        return [[name for pattern in stage for name in _files(pattern)] for stage in stages]

    def applied(self, source: str) -> str:
        """The mutated source.

        Raises:
            StaleMutationError: the lines are not there exactly once, or the result is no other program.
        """
        lines = source.split("\n")
        for before, after in self.patches:
            places = [at for at in range(len(lines)) if before and lines[at : at + len(before)] == before]
            if len(places) != 1:
                raise StaleMutationError(f"{self.name}: its lines occur {len(places)} times in {self.file}")
            lines[places[0] : places[0] + len(before)] = after
        mutated = "\n".join(lines)
        try:
            same = _parsed(mutated) == _program(source)
        except SyntaxError as error:
            raise StaleMutationError(f"{self.name}: no program any more: {error}") from error
        if same:
            raise StaleMutationError(f"{self.name}: changes nothing that runs")
        return mutated


@cache
def _program(source: str) -> str:
    """What a source says, without its layout."""
    return _parsed(source)


def _parsed(source: str) -> str:
    with _PARSER:
        return ast.dump(ast.parse(source))


def _files(pattern: str) -> list[str]:
    """The test files of a pattern, with what stands behind `::`; never none, for that would be all tests there are."""
    file, divider, test = pattern.partition("::")
    found = sorted(str(path.relative_to(ROOT / "tests")) for path in (ROOT / "tests").glob(file))
    if not found:
        raise ValueError(f"no tests are at {pattern}")
    return [name + divider + test for name in found]


def parse(text: str) -> list[Mutation]:
    """The mutations of a table.

    Raises:
        ValueError: not of the form.
    """
    found: list[Mutation] = []
    file = ""
    for number, line in enumerate(text.split("\n"), 1):
        entry = found[-1] if found else None
        header = _HEADER.fullmatch(line)
        if not line or line.startswith("#"):
            continue
        if line.startswith("=== "):
            file = line[4:]
        elif header is not None:
            found.append(Mutation(header[1], file, header[2], header[3]))
        elif entry is None or line[0] not in " -+>~@":
            raise ValueError(f"line {number} belongs to nothing: {line}")
        elif line == "@@":
            entry.patches.append(([], []))
        elif line[0] == ">":
            entry.tests.append(line[2:])
        elif line[0] == "~":
            entry.equivalent = line[2:]
        else:
            before, after = entry.patches[-1]
            if line[0] != "+":
                before.append(line[1:])
            if line[0] != "-":
                after.append(line[1:])
    return found


def table() -> list[Mutation]:
    """All mutations, in the order of the tables."""
    return [entry for name in TABLES for entry in parse((FOLDER / f"{name}.txt").read_text())]
