"""The ledger's beginning: genesis template, create, show, policy."""

import json as json_module
import re
import sys
import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ledger.errors import Refusal
from ledger.genesis import PROTOCOL, Genesis
from ledger.limits import DEFAULT_VALIDITY_DAYS
from ledger.network import of_genesis
from node.cli.options import GenesisArgument, JsonOption, read_file, read_genesis
from node.cli.output import explain, print_fields, print_json, print_table, say, unreadable
from node.errors import Exit, FatalError
from node.files import write_atomic
from node.keyring import policy

_MEMBER = re.compile(r"(nodes|participants)\[([0-9]+)\]")


def template(
    *,
    origin: Annotated[str, Parameter(help="Name of the log, like ledger.example.org/kp (a domain you hold, a slash, a name).")],
    chair: Annotated[str, Parameter(help="Code of the participant that chairs the KP.")],
    network: Annotated[str, Parameter(help="Short name of the network; `dev` is for networks without meaning.")],
) -> None:
    """Print what a genesis says of the whole: to be edited, then completed by `genesis create`. Its time is now."""
    print_json(
        {
            "network": network,
            "origin": origin,
            "time": time.time_ns() // 1_000_000,
            "protocol": PROTOCOL,
            "parameters": {"validity-days": DEFAULT_VALIDITY_DAYS},
            "chair": chair,
        }
    )


def create(
    template: Annotated[Path, Parameter(help="As `genesis template` prints it.")],
    /,
    *,
    output: Annotated[Path, Parameter(name="--output", help="Where to write genesis.json.")],
    node: Annotated[
        list[Path], Parameter(name="--node", negative="", help="What `kpledger id` printed for one node; repeat for each.")
    ],
    participant: Annotated[
        list[Path] | None,
        Parameter(name="--participant", negative="", help="What `key show CODE` printed for one participant; repeat for each."),
    ] = None,
    secretariat: Annotated[Path | None, Parameter(name="--secretariat", help="What `key show secretariat` printed.")] = None,
) -> None:
    """Put participants, secretariat and nodes into a template, in this order; check the whole; write it.

    The template may hold participants and secretariat itself. The validators vote in the order of --node; a node whose file
    says "validator": false follows without a vote.
    """
    if output.exists():
        raise FatalError(
            f"{output} exists.",
            "A genesis is never replaced: nodes may already hold it.",
            "Choose another --output.",
            Exit.REFUSED,
        )
    content: dict[str, Any] = _read_json(template)
    own = content.get("participants", [])
    if participant and isinstance(own, list):
        content["participants"] = own + [_read_json(file) for file in participant]
    if secretariat:
        content["secretariat"] = _read_json(secretariat)
    content["nodes"] = [_read_json(file) for file in node]
    data = (json_module.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()
    try:
        genesis = Genesis.from_json(data)
    except Refusal as refusal:
        first = len(own) if isinstance(own, list) else 0
        files = {"nodes": dict(enumerate(node)), "participants": dict(enumerate(participant or (), first))}
        raise _bad_part(template, secretariat, files, refusal) from refusal
    output.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(output, data)
    say(f"genesis of {genesis.origin}: {output}")
    say(f"ledger id {genesis.ledger_id.hex()}")


def _bad_part(template: Path, secretariat: Path | None, files: dict[str, dict[int, Path]], refusal: Refusal) -> FatalError:
    """Names the file that the faulty part came from, and what is missing."""
    place = _MEMBER.match(refusal.field)
    file = template
    if place:
        file = files[place[1]].get(int(place[2]), template)
    elif refusal.field.startswith("secretariat") and secretariat:
        file = secretariat
    steps = {
        "participants": "Name each participant's file, which key show CODE prints: --participant FILE",
        "secretariat": "Name the secretariat's file, which key show secretariat prints: --secretariat FILE",
    }
    return FatalError(
        f"{file}: {explain(refusal.problem())}.",
        "No genesis was written.",
        steps.get(refusal.field, f"Mend the named field in {file} and run the command again."),
        Exit.BAD_DATA,
    )


def show_policy(file: GenesisArgument, /) -> None:
    """Print the policy file by which receipts of every node verify: all the nodes' keys, a quorum of the validators."""
    genesis = read_genesis(file)
    sys.stdout.write(policy(genesis.origin, of_genesis(genesis), {node.participant: "" for node in genesis.nodes}).format())


def show(file: GenesisArgument, /, *, json: JsonOption = False) -> None:
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
