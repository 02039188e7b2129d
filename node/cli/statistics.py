"""Public statistics: statistics propose, release, list, export, verify."""

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from ledger.errors import StatisticsError
from ledger.participants import Role
from ledger.state import Ledger
from ledger.statistics.basis import Basis, decode_basis, read_basis
from ledger.statistics.periods import check_period
from ledger.statistics.release import release_name
from ledger.statistics.review import Reviewer
from ledger.store import Store
from node.audit.errors import AuditError
from node.audit.verify import Trusted, verify_export
from node.cli.audit import failure, progress
from node.cli.options import (
    GenesisOption,
    JsonOption,
    KeysOption,
    TokenOption,
    UrlOption,
    read_file,
    read_genesis,
    read_policy,
)
from node.cli.output import console, print_fields, print_json, print_table, say
from node.cli.submit import submit
from node.client import Client
from node.client.connection import unexpected
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.home import Home
from node.lock import HomeLock
from node.office import Office
from node.release_export import Remade, export_releases, remake
from node.releasing import decided, default_folder, make_draft, proposer, publish, suppressed

_DECIDE_SECONDS = 600.0


def propose(
    period: Annotated[str, Parameter(help="A quarter (2026Q1), a half (2026H1) or a year (2026) that has closed.")],
    /,
    *,
    height: Annotated[int | None, Parameter(help="Block after which the figures are read; without it the newest.")] = None,
    home: Annotated[
        Path | None,
        Parameter(name="--home", help="Read the store of this home, whose node is stopped, instead of asking a node."),
    ] = None,
    out: Annotated[Path | None, Parameter(name="--out", help="Folder for the draft; without it statistics-PERIOD.")] = None,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """Make the draft of a release: what stays confidential, and the witnesses that show that it suffices.

    It takes a participant's or auditor's token (or a home), and the solver: pip install 'kpledger[disclosure]'.
    """
    _require_period(period)
    solve = proposer()
    basis = _of_home(home, period, height) if home is not None else _of_node(url, token, period, height)
    folder = default_folder(basis) if out is None else out
    draft, made = make_draft(basis, solve, folder)
    confidential, cells = suppressed(made)
    shown = {
        "period": draft.period,
        "revision": draft.revision,
        "height": draft.height,
        "cells": cells,
        "confidential": confidential,
        "attachment_bytes": draft.length,
        "digest": draft.digest,
        "draft": str(folder),
    }
    if json:
        print_json(shown)
        return
    console.print(f"[bold green]proposed[/bold green]: {draft.name}, as every node will make it")
    print_fields(shown)
    say(f"look at it: {folder / 'release.csv'}; then: {command('statistics', 'release', folder)} --keys KEYS --genesis FILE")


def release(
    draft: Annotated[Path, Parameter(help="The folder that `statistics propose` made.")],
    /,
    *,
    keys: KeysOption,
    genesis: GenesisOption,
    seconds: Annotated[float, Parameter(help="How long to wait for the nodes' verdicts.")] = _DECIDE_SECONDS,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> int:
    """Sign and publish a draft, and wait for the verdicts (the secretariat's key of role audit, or the statistics chair's).

    Safe to run again. Exit code 77 when the nodes object.
    """
    office = Office.open(read_genesis(genesis), keys, Role.AUDIT, url)

    async def send(submission: bytes, name: str) -> None:
        await asyncio.to_thread(submit, url, submission, draft, name)

    record = asyncio.run(publish(office, draft, send)).hex()
    said = [(-1, -1)]

    def tell(agreed: int, objected: int) -> None:
        if said[-1] != (agreed, objected) and not json:
            said.append((agreed, objected))
            say(f"{agreed} nodes agree, {objected} object")

    async def wait() -> dict[str, Any]:
        async with Client(url, token) as client:
            return await decided(client, record, seconds, tell)

    answer = asyncio.run(wait())
    row, verdicts = answer["release"], answer["verdicts"]
    if json:
        print_json(answer)
    elif row["state"] == "released":
        console.print(f"[bold green]released[/bold green]: {release_name(row['period'], row['revision'])}")
        print_fields({"id": row["id"], "height": row["height"], "digest": row["digest"], "file": url + row["json_file"]})
    else:
        console.print("[bold red]withdrawn[/bold red]: so many nodes object that no quorum can agree")
        objections = [one for one in verdicts if not one["agree"]]
        print_table(["node of", "reason", "where"], [[one["participant"], *_why(one)] for one in objections])
    return Exit.DONE if row["state"] == "released" else Exit.REFUSED


def list_releases(
    *,
    state: Annotated[Literal["released", "undecided", "withdrawn"], Parameter(help="Where they stand.")] = "released",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """List releases, those published last at the top."""

    async def fetch() -> list[dict[str, Any]]:
        async with Client(url) as client:
            items: list[dict[str, Any]] = (await client.get_list("/v1/statistics/releases", {"state": state}))["items"]
            return items

    rows = asyncio.run(fetch())
    if json:
        print_json(rows)
        return
    columns = ["release", "published", "height", "agree", "object", "", "id"]
    print_table(columns, [_listed(row) for row in rows], right=(2, 3, 4))


def export(
    directory: Annotated[Path, Parameter(help="Where to write; may be repeated, fetches only what is new.")],
    /,
    *,
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """Write every release that stands as CSV and JSON, with metadata and citations, each held against the ledger's digest."""

    async def fetch() -> Any:
        async with Client(url) as client:
            return await export_releases(client, directory, (await client.network()).origin)

    done = asyncio.run(fetch())
    if json:
        print_json([{"name": one.name, "fetched": one.fetched, **one.row} for one in done])
        return
    print_table(
        ["release", "", "digest"], [[one.name, "fetched" if one.fetched else "kept", one.row["digest"]] for one in done]
    )
    say(f"{len(done)} releases: {directory}")


def verify(
    directory: Annotated[Path, Parameter(help="An exported ledger, as `audit export` wrote it.")],
    /,
    *,
    genesis: Annotated[
        Path | None, Parameter(name="--genesis", help="The genesis that you trust; without it, the export's.")
    ] = None,
    policy: Annotated[Path | None, Parameter(name="--policy", help="A policy that must accept the checkpoint, too.")] = None,
    scratch: Annotated[Path | None, Parameter(name="--scratch", help="Where the temporary ledger goes.")] = None,
    out: Annotated[Path | None, Parameter(name="--out", help="Folder for the files that were made anew.")] = None,
    json: JsonOption = False,
) -> int:
    """Judge an exported ledger again, and make each of its releases anew from it. Exit code 65 when one is another.

    Offline, from bytes alone: every record, every sum, what stays confidential, and that nothing more needs to.
    """
    own = None if genesis is None else (read_genesis(genesis), read_file(genesis))[1]
    trusted = Trusted(own, None if policy is None else read_policy(policy))
    made: list[Remade] = []

    def finish(ledger: Ledger) -> None:
        remake(ledger, made.append)

    try:
        with progress(quiet=json) as bar:
            task = bar.add_task("blocks", total=None)
            report = verify_export(
                directory,
                trusted,
                lambda done, size: bar.update(task, completed=done, total=size),
                scratch,
                finish=finish,
            )
    except AuditError as error:
        if json:
            print_json(failure(error))
        raise FatalError(
            f"Not valid: {type(error).name} in {directory}: {error}.",
            "No release can be made anew from it.",
            error.advice,
            Exit.BAD_DATA,
        ) from error
    if out is not None:
        _write(made, out)
    wrong = [one for one in made if one.objection is not None]
    if json:
        print_json({"height": report.height, "tree_size": report.tree_size, "releases": [_remade(one) for one in made]})
    else:
        print_table(["release", "height", "", "digest"], [_told(one) for one in made], right=(1,))
        say(f"{len(made) - len(wrong)} of {len(made)} releases are what the ledger makes; height {report.height}")
    return Exit.BAD_DATA if wrong else Exit.DONE


# --- inside -----------------------------------------------------------------------------------------------------------


def _require_period(period: str) -> None:
    try:
        check_period(period)
    except StatisticsError as error:
        raise FatalError(f"{error}.", "Nothing was proposed.", "Name a period that has closed.", Exit.USAGE) from error


def _of_node(url: str, token: str, period: str, height: int | None) -> Basis:
    async def fetch() -> bytes:
        async with Client(url, token) as client:
            return await client.get_bytes(f"/v1/statistics/basis/{period}" + (f"?height={height}" if height else ""))

    basis = decode_basis(asyncio.run(fetch()))
    if basis.cube.period != period:
        raise unexpected(url, f"/v1/statistics/basis/{period}", f"it is of {basis.cube.period[:20]!r}")
    return basis


def _of_home(place: Path, period: str, height: int | None) -> Basis:
    home = Home(place)
    genesis, lock = home.read_genesis(), HomeLock(home.path)
    try:
        store = Store.open(home.data)
        try:
            ledger = Ledger.open(store, genesis)
            return read_basis(Reviewer(ledger), ledger.cube(period, height or ledger.head.height))
        finally:
            store.close()
    except StatisticsError as error:
        raise FatalError(
            f"{error}.", "Nothing was proposed.", "Name a period that has closed, and a height since.", Exit.BAD_DATA
        ) from error
    finally:
        lock.release()


def _why(verdict: dict[str, Any]) -> list[str]:
    """Reason and place, which only readers with a token are told."""
    return [verdict["code"] or "(give --token to see)", verdict["cell"] or ""]


def _listed(row: dict[str, Any]) -> list[object]:
    name = release_name(row["period"], row["revision"])
    replaced = "replaced" if row["replaced"] else ""
    return [name, row["published"], row["height"], row["agreed"], row["objected"], replaced, row["id"]]


def _told(one: Remade) -> list[object]:
    same = "the same" if one.objection is None else f"another: {one.objection}"
    return [release_name(one.period, one.revision), one.height, same, one.digest]


def _remade(one: Remade) -> dict[str, Any]:
    objection = one.objection
    return {
        "id": one.release,
        "period": one.period,
        "revision": one.revision,
        "height": one.height,
        "digest": one.digest,
        "same": objection is None,
        "code": None if objection is None else str(objection.code),
        "place": None if objection is None else objection.place,
    }


def _write(made: list[Remade], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for one in made:
        for form, data in (("json", one.json), ("csv", one.csv)):
            if data is not None:
                write_atomic(folder / f"{release_name(one.period, one.revision)}.{form}", data)
