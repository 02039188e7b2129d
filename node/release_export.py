"""The releases that stand, as files for analysts and archives, and the same made anew from an exported ledger.

A folder of releases: for each `NAME.json` and `NAME.csv` (`NAME` is `2026Q1`, for a revision `2026Q1-r1`), byte by byte as
nodes serve them, and for all of them `datapackage.json` (Frictionless Data: what is there, its digests, the columns) and
`CITATION.txt`. What is fetched is held against the digest that the ledger names before it is written; what is there is kept.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from ledger.errors import StatisticsError
from ledger.limits import MAX_REVISION
from ledger.release_entries import ReleaseState
from ledger.state import Ledger
from ledger.statistics.errors import Objection
from ledger.statistics.periods import check_period
from ledger.statistics.release import release_name
from ledger.statistics.review import Reviewer
from node.client import Client
from node.client.connection import unexpected
from node.errors import Exit, FatalError
from node.files import write_atomic

METADATA, CITATION = "datapackage.json", "CITATION.txt"
_NUMBERS: Final = frozenset({"carats", "value", "unit_value", "earlier_carats", "earlier_value"})
_INTEGERS: Final = frozenset({"year", "quarter", "certificates"})


_PATH: Final = "/v1/statistics/releases"
_Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class _Listed(Struct, frozen=True, gc=False):
    """What is used of a release as a node lists it."""

    id: _Digest
    period: str
    revision: Annotated[int, Meta(ge=0, le=MAX_REVISION)]
    digest: _Digest
    json_file: str
    csv_file: str


class _Content(Struct, frozen=True, gc=False):
    """What is used of a release's file."""

    csv_sha256: _Digest
    citation: str


@dataclass(frozen=True, slots=True)
class Exported:
    """A release in a folder: what it is called, its row as nodes answer it, and whether it was fetched now."""

    name: str
    row: dict[str, Any]
    fetched: bool


@dataclass(frozen=True, slots=True)
class Remade:
    """A release made anew from an exported ledger.

    Attributes:
        release: id of its `statistics.publish`, hex.
        digest: SHA-256 of its file as the ledger states it, hex.
        objection: what speaks against it; None: the file made anew is the same.
        json, csv: the files made anew, None where there is an objection.
    """

    release: str
    period: str
    revision: int
    height: int
    digest: str
    objection: Objection | None
    json: bytes | None
    csv: bytes | None


async def export_releases(client: Client, folder: Path, origin: str) -> list[Exported]:
    """Fetches every release that stands and is not in the folder yet, and describes them all.

    Raises:
        FatalError: a file is not the one that the ledger names; as the client.
    """
    rows = [_row(client, row) for row in (await client.get_list(_PATH, {"state": "released"}))["items"]]
    folder.mkdir(parents=True, exist_ok=True)
    done = []
    for row in sorted(rows, key=lambda row: (row["period"], row["revision"])):
        name = release_name(row["period"], row["revision"])
        place = folder / f"{name}.json"
        fetched = not place.exists() or hashlib.sha256(place.read_bytes()).hexdigest() != row["digest"]
        text = await client.get_bytes(row["json_file"]) if fetched else place.read_bytes()
        _require(text, row["digest"], f"{name}.json")
        table_digest = client.typed(row["json_file"], text, _Content).csv_sha256
        table_place = folder / f"{name}.csv"
        kept = table_place.exists() and hashlib.sha256(table_place.read_bytes()).hexdigest() == table_digest
        if not kept:
            table = await client.get_bytes(row["csv_file"])
            _require(table, table_digest, f"{name}.csv")
            write_atomic(table_place, table)
        write_atomic(place, text)
        done.append(Exported(name, row, fetched or not kept))
    write_atomic(folder / METADATA, (json.dumps(_package(folder, origin, done), indent=1) + "\n").encode())
    write_atomic(folder / CITATION, _citations(folder, done).encode())
    return done


def remake(ledger: Ledger, told: Callable[[Remade], None]) -> list[Remade]:
    """Makes every release anew that stands in a ledger, in the log's order, as a node does before it agrees."""
    reviewer, made = Reviewer(ledger), []
    for row in ledger.all_releases(ReleaseState.RELEASED):
        review, entry = reviewer.review(row.id), row.entry
        release = review.release
        one = Remade(
            row.id.hex(),
            entry.period,
            entry.revision,
            entry.height,
            entry.digest.hex(),
            review.objection,
            None if release is None else release.json,
            None if release is None else release.csv,
        )
        made.append(one)
        told(one)
    return made


def _row(client: Client, row: Any) -> dict[str, Any]:
    """A release as the node lists it. Files are called by what it says: that must be what a release can be called."""
    try:
        listed = msgspec.convert(row, _Listed)
        check_period(listed.period)
    except (msgspec.ValidationError, StatisticsError) as error:
        raise unexpected(client.url, _PATH, str(error)) from error
    found: dict[str, Any] = row
    return found


def _require(data: bytes, digest: str, name: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != digest:
        raise FatalError(
            f"{name} is not the file that the ledger names: its SHA-256 is {found}, not {digest}.",
            "The node, or somebody on the way to it, answers something else. Nothing of it was kept.",
            "Ask another node (--url), and tell the secretariat.",
            Exit.BAD_DATA,
        )


def _package(folder: Path, origin: str, done: Sequence[Exported]) -> dict[str, Any]:
    return {
        "profile": "tabular-data-package",
        "name": "kimberley-process-statistics",
        "title": "Kimberley Process, rough diamond statistics",
        "ledger": origin,
        "resources": [_resource(folder, one) for one in done],
    }


def _resource(folder: Path, one: Exported) -> dict[str, Any]:
    data = (folder / f"{one.name}.csv").read_bytes()
    header = next(csv.reader(io.StringIO(data.decode("utf-8"))))
    return {
        "profile": "tabular-data-resource",
        "name": one.name.lower(),
        "path": f"{one.name}.csv",
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "encoding": "utf-8",
        "release": one.row,
        "schema": {"fields": [{"name": name, "type": _type(name)} for name in header], "missingValues": [""]},
    }


def _type(column: str) -> str:
    return "number" if column in _NUMBERS else "integer" if column in _INTEGERS else "string"


def _citations(folder: Path, done: Sequence[Exported]) -> str:
    lines = []
    for one in done:
        content = json.loads((folder / f"{one.name}.json").read_bytes())
        lines.append(f"{content['citation']} Release {one.row['id']}, SHA-256 {one.row['digest']}.\n")
    return "".join(lines)
