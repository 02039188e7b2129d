"""Quarterly returns: return prepare, return file, return countersign."""

import asyncio
import json as jsonlib
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ledger.bodies import RETURN_COUNTERSIGN, RETURN_FILE, CountersignBody, ReturnBody
from ledger.bodyform import parse_body
from ledger.jsonform import body_to_json
from ledger.participants import SECRETARIAT, Role
from ledger.units import carats, value
from node.cli.options import (
    GenesisOption,
    JsonOption,
    KeysOption,
    OutOption,
    TokenOption,
    UrlOption,
    parse_id,
    read_draft,
    read_genesis,
)
from node.cli.output import print_fields, print_json, print_table, unreadable
from node.cli.submit import submit, tell
from node.client import Client
from node.errors import Exit, FatalError
from node.files import write_atomic
from node.office import Office
from node.office_keys import sealing_keys
from node.returns import Desk, Flow, prepare, recheck
from node.sealed import fetch_record

Quarter = Annotated[
    str, Parameter(name="--quarter", help="The quarter, like 2026Q1: of issue for exports, of receipt for imports.")
]


def prepare_return(
    *,
    flow: Annotated[Flow, Parameter(help="Exports or imports.")],
    quarter: Quarter,
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Compute a return from the office's own sealed records, and check it against the ledger's sums. Sends nothing.

    Writes AUTHOR-FLOW-QUARTER-rREVISION.json for `return file`. The folder of --keys must hold the sealing key (seal), and
    former ones (seal-2025, ...) when the quarter's records were sealed to them.
    """
    office = Office.open(read_genesis(genesis), keys, Role.REPORT, url)
    desk = Desk(office.genesis.ledger_id, office.author, sealing_keys(keys))

    async def run() -> ReturnBody:
        async with Client(url, token) as client:
            return await prepare(client, desk, flow, quarter)

    body = asyncio.run(run())
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{_name(office, body)}.json"
    content = body_to_json(body)
    write_atomic(file, (jsonlib.dumps(content, indent=1) + "\n").encode(), 0o600)
    if json:
        print_json({"file": str(file), **content})
        return
    print_fields({"certificates": body.certificates, "revision": body.revision, "file": str(file)})
    rows = [[cell.partner, cell.hs, carats(cell.points), value(cell.cents)] for cell in body.cells]
    print_table(["partner", "HS", "carats", "US$"], rows)


def file_return(
    file: Annotated[Path, Parameter(help="The return as JSON, as `return prepare` writes it.")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Sign and submit a return, wait until it is final, keep the receipt. Safe to run again."""
    body, _ = read_draft(file, lambda data: parse_body(ReturnBody, data))
    office = Office.open(read_genesis(genesis), keys, Role.REPORT, url)
    name = _name(office, body)
    taken = submit(url, office.state(RETURN_FILE, body, out, name), out, name)
    fields = {"quarter": body.quarter, "flow": body.flow, "revision": body.revision}
    tell("the return is on the ledger, and its values are proven by every node", fields, taken, out, name, json=json)


def countersign(
    filed: Annotated[str, Parameter(help="Id of the return's record, 64 hex digits.")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Countersign a return, as the secretariat: open its records, compare sums and protection, sign when all agree.

    Needs the secretariat's keys (audit, seal) and an auditor's token. Safe to run again.
    """
    office = Office.open(read_genesis(genesis), keys, Role.AUDIT, url)
    if office.author != SECRETARIAT:
        raise FatalError(
            f"{keys} holds the keys of {office.author}.",
            "Returns are countersigned by the secretariat, which can open the records of all.",
            "Give --keys the secretariat's folder.",
            Exit.REFUSED,
        )
    filed = parse_id(filed)
    name = f"countersign-{filed[:16]}"
    secrets = sealing_keys(keys)

    async def run() -> ReturnBody:
        async with Client(url, token) as client:
            record = await fetch_record(client, filed)
            if not isinstance(record.body, ReturnBody):
                raise unreadable(filed, f"a {record.kind}, not a return")
            await recheck(client, Desk(office.genesis.ledger_id, record.author, secrets, SECRETARIAT), record.body)
            return record.body

    body = asyncio.run(run())
    submission = office.state(RETURN_COUNTERSIGN, CountersignBody(bytes.fromhex(filed)), out, name)
    fields = {"quarter": body.quarter, "flow": body.flow, "revision": body.revision, "filed": filed}
    tell("the return is countersigned", fields, submit(url, submission, out, name), out, name, json=json)


def _name(office: Office, body: ReturnBody) -> str:
    """What the files of a return are called."""
    return f"{office.author}-{body.flow}-{body.quarter}-r{body.revision}"
