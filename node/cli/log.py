"""The log as files: log export, log verify, log status-file."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.progress import Progress

from ledger.status import read_status
from node.cli.options import JsonOption, PolicyOption, TokenOption, UrlOption, read_policy
from node.cli.output import console, print_fields, print_json, say, unreadable
from node.client import Client
from node.export import Exported, export_log, verify_log
from node.files import write_atomic


def register(app: App) -> None:
    """Adds this group's verbs."""
    log = App(name="log", help="The transparency log as static files (C2SP tlog-tiles).")
    log.command(export)
    log.command(verify)
    log.command(status_file, name="status-file")
    app.command(log)


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
    json: JsonOption = False,
) -> None:
    """Check exported files, offline: signatures, every entry, every tile, the root. Exit code 65 when it does not hold."""
    content = read_policy(policy)
    try:
        with Progress(console=console, transient=True, disable=json) as bar:
            task = bar.add_task("entries")
            accepted = verify_log(directory, content, lambda done, size: bar.update(task, completed=done, total=size))
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
