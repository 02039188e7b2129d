"""What several of these pages show: names by code, a finding's figures, addresses."""

from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, urlencode

from quart import request

from api.pages.language import pick_language
from api.pages.names import Names
from api.port import NodePort
from api.reading.guard import ROOT
from api.views import finding_answer
from ledger.findings import Finding

FINDINGS: Final = f"{ROOT}/findings"


class Figure(NamedTuple):
    """A figure of a finding as a page shows it: its name, its value, and whether that is a weight."""

    name: str
    value: str
    weight: bool


def figures_of(found: Finding) -> list[Figure]:
    """Its figures in the order of their names; weights as carats."""
    return [Figure(name, str(value), name.endswith("carats")) for name, value in finding_answer(found).figures.items()]


def address_of(found: Finding) -> str:
    """The page of a finding."""
    return f"{FINDINGS}/{quote(found.name)}"


def names(port: NodePort) -> dict[str, str]:
    """Names of participants by code, in the request's language and the order of the names."""
    return dict(naming(port).sorted())


def naming(port: NodePort) -> Names:
    """What participants and countries are called in the request's language."""
    register = {code: one.name for code, one in port.ledger.register.participants.items()}
    return Names(register, pick_language(request))


def query_of(state: Mapping[str, str]) -> str:
    """A page's parameters as the query of its address."""
    return urlencode(state)
