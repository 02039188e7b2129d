"""The log as files and under watch: log export, log verify, log status-file, log policy, log watch, log fork."""

import asyncio
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.progress import Progress

from ledger.fork import parse_fork, signed_by_log
from ledger.status import read_status
from node.cli.options import (
    GenesisOption,
    JsonOption,
    PolicyOption,
    TokenOption,
    UrlOption,
    read_file,
    read_genesis,
    read_policy,
)
from node.cli.output import console, print_fields, print_json, say, unreadable
from node.client import Client
from node.errors import Exit, FatalError
from node.export import Exported, export_log, verify_log
from node.files import write_atomic
from node.limits import WATCH_LONGEST_SECONDS, WATCH_SECONDS
from node.monitor import Monitor, Round
from node.policies import exported_policies


def export(
    directory: Annotated[Path, Parameter(help="Where to write; may be repeated, fetches only what is new.")],
    /,
    *,
    policy: PolicyOption,
    url: UrlOption = "http://127.0.0.1:8600",
    token: TokenOption = "",
) -> None:
    """Fetch the log from a node: checkpoint, hash tiles, and the entries (for which a participant's token is needed)."""
    content = read_policy(policy)

    async def run() -> Exported:
        async with Client(url, token) as client:
            return await export_log(client, directory, content)

    exported = asyncio.run(run())
    say(f"{exported.checkpoint.size} entries, {exported.fetched} files fetched, {exported.kept} kept: {directory}")


def verify(
    directory: Annotated[Path, Parameter(help="As `log export` wrote it.")],
    /,
    *,
    policy: PolicyOption,
    earlier: Annotated[
        Path | None, Parameter(name="--earlier", help="A checkpoint of the log from before, which it must continue.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check exported files, offline: signatures, every entry, every tile, the root. Exit code 65 when it does not hold."""
    content = read_policy(policy)
    before = None if earlier is None else signed_by_log(content, read_file(earlier))
    try:
        with Progress(console=console, transient=True, disable=json) as bar:
            task = bar.add_task("entries")
            accepted = verify_log(directory, content, lambda done, size: bar.update(task, completed=done, total=size), before)
    except OSError as error:
        raise unreadable(str(error.filename or directory), error.strerror) from error
    witnesses = [witness.key.name for witness in accepted.witnesses]
    fields = {
        "log": accepted.checkpoint.origin,
        "entries": accepted.checkpoint.size,
        "root": accepted.checkpoint.root.hex(),
        "witnesses": witnesses,
    }
    if json:
        print_json({"valid": True, **fields})
        return
    console.print("[bold green]valid[/bold green]: every entry is where the checkpoint says")
    print_fields({**fields, "witnesses": ", ".join(witnesses)})


def status_file(
    *,
    out: Annotated[Path, Parameter(help="The file to write.")],
    policy: PolicyOption,
    url: UrlOption = "http://127.0.0.1:8600",
    token: TokenOption = "",
    json: JsonOption = False,
) -> None:
    """Fetch what officers take along: which certificates stand and which numbers were committed, signed by the node.

    Checked with the policy before it is written; `kpledger receipt show --qr` reads it. Needs a participant's token.
    """

    async def run() -> bytes:
        async with Client(url, token) as client:
            return await client.get_bytes("/log/status")

    data = asyncio.run(run())
    status = read_status(data, read_policy(policy))
    write_atomic(out, data)
    certificates = sum(run.count for numbers in status.numbers for run in numbers.runs)
    fields = {
        "signer": status.signer,
        "made": datetime.fromtimestamp(status.at // 1_000, UTC).isoformat(),
        "log_size": status.size,
        "certificates": certificates,
        "since": status.since,
        "bytes": len(data),
    }
    if json:
        print_json(fields)
        return
    say(f"written: {out}")
    print_fields({name.replace("_", " "): value for name, value in fields.items()})


def watch(
    urls: Annotated[Sequence[str], Parameter(help="The nodes to follow, two or more, of different operators.")],
    /,
    *,
    policy: PolicyOption,
    directory: Annotated[Path, Parameter(name="--dir", help="Keeps what was seen last, and a proof after an alarm.")],
    every: Annotated[float, Parameter(name="--every", help="Seconds between two looks; at most 15.")] = WATCH_SECONDS,
    once: Annotated[bool, Parameter(name="--once", negative="", help="One look, then end.")] = False,
) -> None:
    """Follow several nodes' checkpoints: one history, of which each shows a part, and none goes back.

    Ends with exit code 65 and a proof in a file as soon as two histories appear, within a minute.
    """
    content = read_policy(policy)
    pause = min(max(every, 0.1), WATCH_LONGEST_SECONDS)

    async def run() -> None:
        told: Round | None = None
        async with Monitor(urls, content, directory) as monitor:
            while True:
                seen = await monitor.look()
                if seen != told:
                    for url, size in seen.sizes.items():
                        say(f"{size} entries at {url}")
                    for url, trouble in seen.troubles.items():
                        say(f"{url}: {trouble}")
                told = seen
                if once:
                    break
                await asyncio.sleep(pause)
        if told.troubles:
            raise FatalError(
                f"Not every node could be checked: {'; '.join(f'{url}: {why}' for url, why in told.troubles.items())}.",
                "What could be checked is one history.",
                "See to these nodes, or to the policy if keys or validators have changed since it was made.",
                Exit.UNREACHABLE,
            )

    asyncio.run(run())


def fork(file: Annotated[Path, Parameter(help="As `log watch` wrote it.")], /, *, policy: PolicyOption) -> None:
    """Check a proof of two histories, offline. Exit code 0 when it proves them, 65 when it does not."""
    error = parse_fork(read_file(file)).verify(read_policy(policy))
    say(f"proven, {type(error).__name__}: {error}")


def policies(
    directory: Annotated[Path, Parameter(help="As `log export` wrote it.")],
    /,
    *,
    policy: PolicyOption,
    genesis: GenesisOption,
    size: Annotated[int | None, Parameter(name="--size", help="Leaves at the time that is asked for; default: now.")] = None,
) -> None:
    """Print the policy of a time, with the log keys of all nodes, out of the exported log's own records; offline.

    Where an epoch may or may not have begun by then there are two or more: each stands alone, behind a line that counts it.
    """
    try:
        found = exported_policies(directory, read_genesis(genesis), read_policy(policy), size)
    except OSError as error:
        raise unreadable(str(error.filename or directory), error.strerror) from error
    for number, one in enumerate(found, 1):
        if len(found) > 1:
            sys.stdout.write(f"# policy {number} of {len(found)}\n")
        sys.stdout.write(one.format())
