"""What an office finds in what is sealed to it: findings sealed."""

import asyncio
from typing import Any

from ledger.appraisal import RULES, Appraisal
from ledger.participants import Role
from node.appraisal import Examined, examine
from node.cli.options import GenesisOption, JsonOption, KeysOption, TokenOption, UrlOption, read_genesis
from node.cli.output import print_json, print_table, say
from node.client import Client
from node.office import Office
from node.office_keys import sealing_keys
from node.returns import Desk


def sealed(
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """Open what is sealed to this office, and judge its prices and parcels: an office its own trade, the secretariat all.

    Finds value-uplift, unit-value, value-discrepancy and duplicate-parcel. The folder of --keys must hold the sealing key
    (seal), and former ones (seal-2025, ...). Sends nothing; what it prints names values and is confidential.
    """
    office = Office.open(read_genesis(genesis), keys, Role.REPORT, url)
    desk = Desk(office.genesis.ledger_id, office.author, sealing_keys(keys))

    async def run() -> Examined:
        async with Client(url, token) as client:
            return await examine(client, office.genesis, desk)

    examined = asyncio.run(run())
    if json:
        print_json(_json(examined))
        return
    rows = [(one.severity, one.rule, one.about, RULES[one.rule].meaning, _figures(one)) for one in examined.found]
    print_table(("severity", "rule", "about", "meaning", "figures"), rows)
    say(f"{examined.records} records, {examined.opened} sealed parts opened, {len(examined.unread)} not readable")


def _json(examined: Examined) -> dict[str, Any]:
    found = [
        {
            "rule": one.rule,
            "version": RULES[one.rule].version,
            "about": one.about,
            "severity": one.severity,
            "subjects": list(one.subjects),
            "inputs": [record.hex() for record in one.inputs],
            "numbers": dict(one.numbers),
        }
        for one in examined.found
    ]
    unread = [record.hex() for record in examined.unread]
    return {"items": found, "records": examined.records, "opened": examined.opened, "unread": unread}


def _figures(one: Appraisal) -> str:
    return ", ".join(f"{name} {figure}" for name, figure in one.numbers.items())
