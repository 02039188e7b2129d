"""Snapshots of the store and backups of a home: snapshot create, inspect, restore; backup, restore."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from node import archives
from node.archives import Manifest
from node.cli.options import HomeOption, JsonOption
from node.cli.output import print_fields, print_json, say
from node.errors import command
from node.home import Home

FileArgument = Annotated[Path, Parameter(help="The archive, a tar file.")]


def create(file: FileArgument, /, *, home: HomeOption) -> None:
    """Write a snapshot of a stopped node's store. It holds no key and no guard against signing twice."""
    _tell(archives.create(Home(home), file, "snapshot"), file)


def inspect(file: FileArgument, /, *, json: JsonOption = False) -> None:
    """Show what a snapshot or backup says that it is of."""
    fields = asdict(archives.inspect(file))
    if json:
        print_json(fields)
    else:
        print_fields(fields)


def restore_snapshot(file: FileArgument, /, *, home: HomeOption) -> None:
    """Put a snapshot's store into a home that has joined the ledger and has no store yet."""
    _tell(archives.restore(Home(home), file), file)
    _advise(home)


def backup(file: FileArgument, /, *, home: HomeOption) -> None:
    """Write a backup of a stopped node: settings, sealed keys, tokens, genesis, store. Never a guard against signing twice."""
    _tell(archives.create(Home(home), file, "backup"), file)


def restore(file: FileArgument, /, *, home: HomeOption) -> None:
    """Put a backup into a new home. Its keys must be replaced before it votes again."""
    _tell(archives.restore(Home(home), file), file)
    _advise(home)


def _tell(manifest: Manifest, file: Path) -> None:
    say(f"{manifest.kind} of {manifest.origin} at height {manifest.height}, {manifest.tree_size} records: {file}")


def _advise(home: Path) -> None:
    say("No archive holds the guards against signing twice. Unless they are there, the node needs new keys:")
    say(command("key", "retire", "--home", home))
