"""What a participant reports beside its trade: production report, production stock."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ledger.bodies import PRODUCTION_REPORT, STOCK_DECLARE, Body, ProductionBody, StockBody
from ledger.bodyform import parse_body
from ledger.participants import Role
from node.cli.options import GenesisOption, JsonOption, KeysOption, OutOption, UrlOption, read_draft, read_genesis
from node.cli.submit import submit, tell
from node.office import Office


def report(
    file: Annotated[Path, Parameter(help="The half-year's production as JSON (see the guide for authorities).")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Sign and submit a half-year's production, wait until it is final, keep the receipt. Safe to run again."""
    body, _ = read_draft(file, lambda data: parse_body(ProductionBody, data))
    office = Office.open(read_genesis(genesis), keys, Role.REPORT, url)
    name = f"{office.author}-production-{body.half}-r{body.revision}"
    state(office, PRODUCTION_REPORT, body, url=url, out=out, name=name, json=json)


def declare_stock(
    file: Annotated[Path, Parameter(help="The opening stock as JSON (see the guide for authorities).")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Sign and submit the opening stock, which is declared once, and keep the receipt. Safe to run again."""
    body, _ = read_draft(file, lambda data: parse_body(StockBody, data))
    office = Office.open(read_genesis(genesis), keys, Role.REPORT, url)
    state(office, STOCK_DECLARE, body, url=url, out=out, name=f"{office.author}-stock", json=json)


def state(office: Office, kind: str, body: Body, *, url: str, out: Path, name: str, json: bool) -> None:
    """Submits what an office states, and says where it stands.

    Raises:
        FatalError: refused, or not final in time.
    """
    taken = submit(url, office.state(kind, body, out, name), out, name)
    tell(f"{kind} of {office.author} is on the ledger", {}, taken, out, name, json=json)
