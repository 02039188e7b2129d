"""What a run found: figures, each beside the limit that was measured in the same run, as a table and as JSON."""

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        subject: the file that measured it.
        name: what it is.
        value, unit: how much.
        limit: what it is measured against, in the same unit; None where nothing is known that could not be beaten.
        against: what the limit is.
        goal: the ratio to the limit that the design asks for, None where it names none.
    """

    subject: str
    name: str
    value: float
    unit: str
    limit: float | None = None
    against: str = ""
    goal: float | None = None

    @property
    def ratio(self) -> float | None:
        """Value over limit: a share of what is possible for rates, a multiple of the floor for times and sizes."""
        return self.value / self.limit if self.limit else None


@dataclass(slots=True)
class Report:
    """The figures of one run, in the order in which they were found."""

    options: dict[str, object]
    figures: list[Figure] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)

    def print(self, console: Console) -> None:
        """The table. A dash stands where there is no limit."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("subject", "figure"):
            table.add_column(title)
        for title in ("value", "limit", "ratio", "goal"):
            table.add_column(title, justify="right")
        table.add_column("limit is")
        subject = ""
        for figure in self.figures:
            if figure.subject != subject and subject:
                table.add_section()
            table.add_row(
                figure.subject if figure.subject != subject else "",
                figure.name,
                f"{_number(figure.value)} {figure.unit}",
                _number(figure.limit) if figure.limit is not None else "-",
                f"{figure.ratio:.2f}" if figure.ratio is not None else "-",
                f"{figure.goal:.2g}" if figure.goal is not None else "",
                figure.against,
            )
            subject = figure.subject
        console.print(table)

    def write(self, path: Path) -> None:
        """The same as JSON, with what the machine is."""
        machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.platform()}
        figures = [{**asdict(figure), "ratio": figure.ratio} for figure in self.figures]
        content = {"machine": machine, "options": self.options, "figures": figures}
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
