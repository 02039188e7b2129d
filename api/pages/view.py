"""One view of the figures with all that its charts, tables and files need: rows of a ranking, lines of a series, areas."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from api.pages import graphs
from api.pages.choice import Choice, measures_of
from api.pages.dataset import ALL, Cell, Dataset, Figure, Measure, shown
from api.pages.language import Language
from api.pages.names import Names, fold
from api.strings.tables import Texts

UNIT: Final = {Measure.CARATS: 100, Measure.VALUE: 100, Measure.PRICE: 100, Measure.CERTIFICATES: 1}
"""Smallest units in what axes and classes count."""


@dataclass(frozen=True, slots=True)
class Row:
    """One participant in the table: its figure, and each column as text."""

    code: str
    name: str
    figure: Figure
    width: int
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A view with everything that its charts and tables need."""

    dataset: Dataset
    choice: Choice
    language: Language
    t: Texts
    names: Names

    @property
    def measures(self) -> list[Measure]:
        """The columns of a ranking."""
        return measures_of(self.choice.flow)

    @property
    def title(self) -> str:
        """What is shown, in words."""
        choice, t = self.choice, self.t
        hs = t("all_classes") if choice.hs == ALL else t("hs_" + choice.hs)
        words = t("chart_title", flow=t("flow_" + choice.flow), measure=t("measure_" + choice.measure), hs=hs)
        return words if choice.view == "series" else f"{words}, {choice.period}"

    def rows(self) -> list[Row]:
        """The participants of a ranking, in the order asked for; those without the column's amount come last."""
        choice = self.choice
        found = self.dataset.traders(choice.flow, choice.hs, choice.period)
        most = max([1, *(figure.amount(choice.measure) or 0 for _, figure in found)])
        rows = [
            Row(
                code,
                self.names.of(code),
                figure,
                (figure.amount(choice.measure) or 0) * 1000 // most,
                tuple(shown(figure.amount(one), one, self.language) for one in self.measures),
            )
            for code, figure in found
        ]
        wanted = choice.q.casefold()
        rows = [row for row in rows if wanted in row.name.casefold() or wanted == row.code.casefold()]
        column, down = choice.sort.removeprefix("-"), choice.sort.startswith("-")
        if column == "name":
            return sorted(rows, key=lambda row: fold(row.name), reverse=down)
        measure = Measure(column)
        known = [row for row in rows if row.figure.amount(measure) is not None]
        known.sort(key=lambda row: ((row.figure.amount(measure) or 0) * (-1 if down else 1), row.code))
        return known + [row for row in rows if row.figure.amount(measure) is None]

    def lines(self) -> list[graphs.Line]:
        """The lines of a series."""
        choice = self.choice
        lines = []
        for code in choice.who:
            figures = [self.dataset.figures.get(Cell(at, choice.flow, code, choice.hs)) for at in self.steps]
            amounts = tuple(None if one is None else one.amount(choice.measure) for one in figures)
            texts = tuple(shown(amount, choice.measure, self.language) for amount in amounts)
            lines.append(graphs.Line(self.names.of(code), amounts, texts))
        return lines

    @property
    def steps(self) -> tuple[str, ...]:
        """The periods of a series."""
        return self.dataset.steps(self.choice.flow)

    def areas(self) -> tuple[dict[str, graphs.Area], tuple[int, ...]]:
        """What the map says of each participant, and the borders of its classes."""
        choice = self.choice
        found = dict(self.dataset.traders(choice.flow, choice.hs, choice.period))
        borders = graphs.classes([figure.amount(choice.measure) or 0 for figure in found.values()], UNIT[choice.measure])
        areas = {}
        for code in sorted(self.dataset.names):
            figure = found.get(code)
            amount = None if figure is None else figure.amount(choice.measure)
            if figure is not None and figure.flag == "c":
                level, said = "c", self.t("confidential")
            else:
                level, said = graphs.level(amount, borders), shown(amount, choice.measure, self.language) or self.t("no_figure")
            areas[code] = graphs.Area(level, f"{self.names.of(code)}: {said}", f"/countries/{code}")
        return areas, borders

    def data(self) -> Iterator[tuple[Cell, Figure]]:
        """The figures in view, for files."""
        choice = self.choice
        if choice.view == "series":
            for code in choice.who:
                for period in self.steps:
                    cell = Cell(period, choice.flow, code, choice.hs)
                    if cell in self.dataset.figures:
                        yield cell, self.dataset.figures[cell]
            return
        for row in self.rows():
            yield Cell(choice.period, choice.flow, row.code, choice.hs), row.figure
