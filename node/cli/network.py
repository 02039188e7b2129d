"""The ledger's beginning: genesis create, genesis show."""

import json as json_module
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from ledger.errors import Refusal
from ledger.genesis import Genesis
from node.cli.options import JsonOption, read_file, read_genesis
from node.cli.output import console, print_fields, print_json, print_table, unreadable
from node.errors import Exit, FatalError
from node.files import write_atomic
from node.keyring import policy


def register(app: App) -> None:
    """Adds this group's verbs."""
    genesis = App(name="genesis", help="The one file that makes a ledger.")
    genesis.command(create)
    genesis.command(show)
    genesis.command(show_policy, name="policy")
    app.command(genesis)


def create(
    template: Annotated[Path, Parameter(help="A genesis without nodes: participants, parameters, secretariat, chair.")],
    *,
    output: Annotated[Path, Parameter(name="--output", help="Where to write genesis.json.")],
    node: Annotated[list[Path], Parameter(name="--node", help="Output of `kpledger id` of one node; repeat for each.")],
) -> None:
    """Put the nodes' identities into a template; check the whole; write it."""
    if output.exists():
        raise FatalError(
            f"{output} exists.",
            "A genesis is never replaced: nodes may already hold it.",
            "Choose another --output.",
            Exit.REFUSED,
        )
    content: dict[str, Any] = _read_json(template)
    content["nodes"] = [_read_json(file) for file in node]
    data = (json_module.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
    genesis = _parse(template, data)
    write_atomic(output, data)
    console.print(f"genesis of {genesis.origin}: {output}", soft_wrap=True)
    console.print(f"ledger id {genesis.ledger_id.hex()}", soft_wrap=True)


def show_policy(file: Annotated[Path, Parameter(help="genesis.json")]) -> None:
    """Print the policy file by which receipts of every node verify: all the nodes' keys, a quorum of the validators."""
    genesis = read_genesis(file)
    sys.stdout.write(policy(genesis, {node.participant: "" for node in genesis.nodes}).format())


def show(file: Annotated[Path, Parameter(help="genesis.json")], *, json: JsonOption = False) -> None:
    """Check a genesis and show what it says."""
    genesis = read_genesis(file)
    validators = [node.participant for node in genesis.nodes if node.validator]
    fields = {
        "ledger_id": genesis.ledger_id.hex(),
        "origin": genesis.origin,
        "network": genesis.network,
        "participants": len(genesis.participants),
        "nodes": len(genesis.nodes),
        "validators": validators,
        "quorum": genesis.quorum,
        "chair": genesis.chair,
    }
    if json:
        print_json(fields)
        return
    print_fields(
        {name.replace("_", " "): ", ".join(value) if isinstance(value, list) else value for name, value in fields.items()}
    )
    rows = [
        [node.participant, node.address, "validator" if node.validator else "follower", node.consensus.hex()[:16]]
        for node in genesis.nodes
    ]
    print_table(["node", "address", "role", "consensus key"], rows)


def _read_json(file: Path) -> dict[str, Any]:
    try:
        content = json_module.loads(read_file(file))
    except ValueError as error:
        raise unreadable(str(file), error) from error
    if not isinstance(content, dict):
        raise unreadable(str(file), "not a JSON object")
    return content


def _parse(file: Path, data: bytes) -> Genesis:
    try:
        return Genesis.from_json(data)
    except Refusal as refusal:
        raise unreadable(str(file), refusal) from refusal
