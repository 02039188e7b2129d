"""What the explorer shows, as its address says it: read, checked, and written again as the shortest address of the same view.

Parameters: `release`, `flow`, `measure`, `hs`, `period`, `view`, `who` (codes, for series), `q` (what names must contain),
`sort` (a column, `-` before it for the largest first). What an address leaves out is the default; a value that is not offered
raises `UnknownValue` with the parameter's name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from api.pages.dataset import ALL, FLOWS, WORLD, Dataset, Measure
from ledger.entries import HS_CODES

VIEWS: Final = ("bars", "series", "map")
MOST_LINES: Final = 6
"""Lines of a series: as many as can be told apart."""

_FIRST_LINES: Final = 4
_MOST_CHARACTERS: Final = 40
_NAME: Final = "name"


class UnknownValue(ValueError):  # noqa: N818 -- the value is unknown, nothing failed
    """An address names what is not offered; `args[0]` is the parameter."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One view of the figures."""

    release: str
    flow: str
    measure: Measure
    hs: str
    period: str
    view: str
    who: tuple[str, ...]
    q: str
    sort: str
    defaults: Mapping[str, str]

    @property
    def state(self) -> dict[str, str]:
        """The parameters that differ from what would be shown without them."""
        said = {
            "release": self.release,
            "flow": self.flow,
            "measure": str(self.measure),
            "hs": self.hs,
            "period": self.period,
            "view": self.view,
            "who": ",".join(self.who),
            "q": self.q,
            "sort": self.sort,
        }
        return {key: text for key, text in said.items() if text != self.defaults[key]}

    def address(self, path: str, **changes: str) -> str:
        """A path with this view's parameters, some of them changed."""
        state = {**self.state, **changes}
        return path + ("?" + urlencode(state, safe=",") if state else "")

    def ordered(self, column: str) -> str:
        """What `sort` is after a choice of this column: the other way round when it is chosen already."""
        first = column if column == _NAME else f"-{column}"
        other = f"-{column}" if column == _NAME else column
        return other if self.sort == first else first


def read_choice(args: MultiDict[str, str], dataset: Dataset, default: str = "") -> Choice:
    """The view of a source's figures that an address asks for; `default` names the source of addresses that name none.

    Raises:
        UnknownValue: what is not offered.
    """
    flow = _one(args, "flow", FLOWS, default_flow(dataset))
    measures = [measure for measure in Measure if flow != "production" or measure is not Measure.CERTIFICATES]
    measure = Measure(_one(args, "measure", measures, Measure.CARATS))
    hs = _one(args, "hs", (ALL, *HS_CODES), ALL)
    period = _one(args, "period", dataset.periods.get(flow, ()), dataset.newest(flow))
    view = _one(args, "view", VIEWS, VIEWS[0])
    sort = _one(args, "sort", [f"{sign}{column}" for column in (*Measure, _NAME) for sign in ("", "-")], f"-{measure}")
    choice = Choice(
        release=dataset.name,
        flow=flow,
        measure=measure,
        hs=hs,
        period=period,
        view=view,
        who=(),
        q=args.get("q", "").strip()[:_MOST_CHARACTERS],
        sort=sort,
        defaults={},
    )
    leading = _leading(choice, dataset)
    who = tuple(dict.fromkeys(code for said in args.getlist("who") for code in said.split(",") if code))[:MOST_LINES]
    if not set(who) <= {*dataset.names, WORLD}:
        raise UnknownValue("who")
    defaults = {
        "release": default or dataset.name,
        "flow": default_flow(dataset),
        "measure": Measure.CARATS,
        "hs": ALL,
        "period": dataset.newest(flow),
        "view": VIEWS[0],
        "who": ",".join(leading),
        "q": "",
        "sort": f"-{measure}",
    }
    return replace(choice, who=who or leading, defaults=defaults)


def default_flow(dataset: Dataset) -> str:
    """Exports, where the source has any; a half-year's release has production only."""
    return next((flow for flow in FLOWS if dataset.periods.get(flow)), FLOWS[0])


def _leading(choice: Choice, dataset: Dataset) -> tuple[str, ...]:
    """Those with most of the measure in the period, equal ones by code."""
    found = [
        (-amount, code)
        for code, figure in dataset.traders(choice.flow, choice.hs, choice.period)
        if (amount := figure.amount(choice.measure)) is not None
    ]
    return tuple(code for _, code in sorted(found)[:_FIRST_LINES])


def _one(args: MultiDict[str, str], name: str, offered: "tuple[str, ...] | list[Measure] | list[str]", default: str) -> str:
    given = args.get(name) or default
    if given not in offered and given != default:
        raise UnknownValue(name)
    return given
