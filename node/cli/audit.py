"""The whole ledger judged again, offline: audit export, audit verify."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from node.audit.errors import AuditError
from node.audit.export import Exported, export_ledger
from node.audit.report import NOT_COVERED, Report
from node.audit.verify import Trusted, verify_export
from node.cli.options import GenesisOption, JsonOption, TokenOption, UrlOption, read_file, read_genesis, read_policy
from node.cli.output import console, print_fields, print_json, say
from node.client import Client
from node.errors import Exit, FatalError

_MAX_PROCESSES = 64


def export(
    directory: Annotated[Path, Parameter(help="Where to write; may be repeated, fetches only what is new.")],
    /,
    *,
    genesis: GenesisOption,
    url: UrlOption = "http://127.0.0.1:8600",
    token: TokenOption = "",
) -> None:
    """Fetch everything from a node that `audit verify` needs: final blocks, all their records, checkpoint, findings.

    It takes an auditor's token. The genesis is yours, as the participants have given it to you, not the node's.
    """
    read_genesis(genesis)
    text = read_file(genesis)

    async def run() -> Exported:
        with progress(quiet=False) as bar:
            task = bar.add_task("blocks", total=None)
            async with Client(url, token) as client:
                return await export_ledger(
                    client, directory, text, lambda done, size: bar.update(task, completed=done, total=size)
                )

    exported = asyncio.run(run())
    manifest = exported.manifest
    say(f"height {manifest.height}, {exported.fetched} blocks fetched, {exported.kept} kept: {directory}")
    say(f"{manifest.tree_size} entries, checkpoint of {exported.checkpoint.size}, {manifest.findings} findings")


def verify(
    directory: Annotated[Path, Parameter(help="As `audit export` wrote it.")],
    /,
    *,
    genesis: Annotated[
        Path | None, Parameter(name="--genesis", help="The genesis that you trust; without it, the export's.")
    ] = None,
    policy: Annotated[Path | None, Parameter(name="--policy", help="A policy that must accept the checkpoint, too.")] = None,
    scratch: Annotated[Path | None, Parameter(name="--scratch", help="Where the temporary ledger goes.")] = None,
    processes: Annotated[int | None, Parameter(name="--processes", help="To check signatures with; 0: none but this.")] = None,
    json: JsonOption = False,
) -> int:
    """Judge every record of an export again, offline, and print what was checked. Exit code 65 when it does not hold."""
    if processes is not None and not 0 <= processes <= _MAX_PROCESSES:
        raise FatalError(
            f"--processes is {processes}; 0 to {_MAX_PROCESSES} are possible.",
            "Nothing was checked.",
            "Leave it away: then there is one for each further core.",
            Exit.USAGE,
        )
    own = None if genesis is None else (read_genesis(genesis), read_file(genesis))[1]
    trusted = Trusted(own, None if policy is None else read_policy(policy))
    try:
        with progress(quiet=json) as bar:
            task = bar.add_task("blocks", total=None)
            report = verify_export(
                directory, trusted, lambda done, size: bar.update(task, completed=done, total=size), scratch, processes
            )
    except AuditError as error:
        if json:
            print_json(failure(error))
        raise FatalError(
            f"Not valid: {type(error).name} in {directory}: {error}.",
            "This export proves nothing from there on.",
            error.advice,
            Exit.BAD_DATA,
        ) from error
    if json:
        print_json(report.as_json())
    else:
        _print(report, trusted)
    return Exit.DONE


def progress(*, quiet: bool) -> Progress:
    """A bar of blocks; `quiet`: none."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=quiet)


def failure(error: AuditError) -> dict[str, object]:
    """What is wrong with an export, for programs."""
    place = error.place
    return {
        "valid": False,
        "error": error.name,
        "what": error.what,
        "file": place.file,
        "offset": place.offset,
        "height": place.height,
        "position": place.position,
        "advice": error.advice,
    }


def _print(report: Report, trusted: Trusted) -> None:
    console.print("[bold green]valid[/bold green]: every record, judged again, is what the node says")
    print_fields(dict(report.lines()))
    console.print("not covered:", style="bold")
    for line in NOT_COVERED:
        say(f"- {line}")
    if trusted.genesis is None:
        say("No genesis of your own was given (--genesis): all this holds for the ledger of this id, whose ever it is.")
