"""The results as the table in README.md."""

from collections.abc import Sequence

from tests.mutation.mutation import FOLDER
from tests.mutation.running import Verdict

README = FOLDER / "README.md"
BEGIN = "<!-- results: written by `python -m tests.mutation --write` -->"


def write(verdicts: Sequence[Verdict]) -> None:
    """Puts the table behind its mark in README.md."""
    head, mark, _ = README.read_text().partition(BEGIN)
    assert mark, "the mark stands in README.md"
    README.write_text(f"{head}{BEGIN}\n\n{render(verdicts)}")


def render(verdicts: Sequence[Verdict]) -> str:
    """The table in Markdown, by file."""
    lines = ["| check taken away | rule | noticed by |", "|---|---|---|"]
    file = ""
    for verdict in verdicts:
        one = verdict.mutation
        if one.file != file:
            file = one.file
            lines.append(f"| **`{file}`** | | |")
        by = _short(verdict.by[0]) if verdict.by else f"nothing can: {one.equivalent}"
        lines.append(f"| {one.name} | {one.rule} | {by} |")
    return "\n".join(lines) + "\n"


def _short(by: str) -> str:
    """`tests/unit/test_x.py::test_y[a] (E)` as `test_x.py: y[a]`."""
    test = by.rpartition(" (")[0]
    file, _, name = test.partition("::")
    return (
        f"`{file.rpartition('/')[2].removeprefix('test_').removesuffix('.py')}: {name.partition('[')[0].removeprefix('test_')}`"
    )
