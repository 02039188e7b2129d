"""Nodes on the ledger: node set, node send, node list."""

import asyncio
import json as json_module
import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ledger.countries import is_participant_code
from ledger.drafts import make_node_set
from ledger.participants import Node
from node.cli.options import JsonOption, TokenOption, UrlOption, read_file
from node.cli.output import print_json, print_table, say, unreadable
from node.cli.submit import Sending, named_node, send, sign_and_send
from node.client import Client

_FIELDS = ("consensus", "log", "cosign", "tls")


def set_node(
    entry: Annotated[Path, Parameter(help="What `kpledger id` printed; `validator` there says whether it wants to vote.")],
    /,
    *,
    root: Annotated[Path, Parameter(name="--root", help="The participant's root key.")],
    sending: Sending,
) -> None:
    """Sign and file a node.set: the participant's node, its keys and whether it votes. Votes change with the next epoch."""
    node = _read_entry(entry)
    sign_and_send(make_node_set(node.participant, time.time_ns() // 1_000_000, node), root, sending)


def send_record(
    record: Annotated[Path, Parameter(help="A record that `node set --write` signed.")], /, *, url: UrlOption = ""
) -> None:
    """File a record that was signed elsewhere."""
    send(url, read_file(record))


def list_nodes(*, token: TokenOption, url: UrlOption = "", json: JsonOption = False) -> None:
    """Show the nodes that the ledger has now, who votes, what is about to change, and who contradicted itself."""
    answer = asyncio.run(_get(url, token))
    if json:
        print_json(answer)
        return
    say(f"epoch {answer['epoch']}, quorum {answer['quorum']}")
    if answer["pending"]:
        ready = ", ".join(answer["ready"]) or "nobody"
        say(f"another list of validators waits; ready: {ready}{'; the epoch is about to end' if answer['scheduled'] else ''}")
    rows = [
        (
            one["participant"],
            one["address"],
            "votes" if one["votes"] else "follows",
            "votes" if one["validator"] else "follows",
            one["consensus"][:16],
        )
        for one in answer["nodes"]
    ]
    print_table(("participant", "address", "now", "next", "consensus key"), rows)
    for one in answer["evidence"]:
        say(f"{one['participant']} voted twice in epoch {one['epoch']}: record {one['id']} at height {one['height']}")


async def _get(url: str, token: str) -> dict[str, Any]:
    async with Client(named_node(url), token) as client:
        answer: dict[str, Any] = await client.get_json("/v1/nodes")
        return answer


def _read_entry(file: Path) -> Node:
    """The entry of a node as `kpledger id` prints it; what it says is judged by the ledger's rules."""
    try:
        content = json_module.loads(read_file(file))
        keys = {name: bytes.fromhex(content[name]) for name in _FIELDS}
        participant, address, validator = content["participant"], content["address"], content["validator"]
    except (ValueError, KeyError, TypeError) as error:
        raise unreadable(str(file), f"not what `kpledger id` prints: {error}") from error
    if not isinstance(validator, bool) or not isinstance(address, str) or not is_participant_code(participant):
        raise unreadable(str(file), "not what `kpledger id` prints: participant, address or validator")
    return Node(participant=participant, address=address, validator=validator, **keys)
