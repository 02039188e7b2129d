"""The log as files: log export, log verify."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.progress import Progress

from node.cli.options import JsonOption, PolicyOption, TokenOption, UrlOption, read_policy
from node.cli.output import console, print_fields, print_json, say, unreadable
from node.client import Client
from node.export import Exported, export_log, verify_log


def register(app: App) -> None:
    """Adds this group's verbs."""
    log = App(name="log", help="The transparency log as static files (C2SP tlog-tiles).")
    log.command(export)
    log.command(verify)
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
