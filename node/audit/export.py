"""Fetches an export from a node: what it has agreed on, block by block, into files; may be repeated, and costs only what is
new.

Order: the genesis, as the caller has it; blocks from where the directory ends up to the node's head; a checkpoint that these
blocks cover; the findings, which are later than the blocks; then the manifest. It is taken away first and written last: a
directory with one is whole. Nothing is verified here but that files fit together: that is `node.audit.verify`, offline.

Reference: `api/audit.py`, the routes; the package's docstring, the files.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote

from consensus.errors import MalformedMessageError
from consensus.messages import Block, decode_block
from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import ProofError
from ledger.genesis import Genesis
from ledger.note import parse_note
from node.audit.frames import (
    BLOCKS,
    BLOCKS_FOLDER,
    CHECKPOINT_FILE,
    FINDINGS,
    FINDINGS_FILE,
    FORMAT,
    GENESIS_FILE,
    MANIFEST_FILE,
    FormatError,
    Frame,
    Manifest,
    decode_finding,
    decode_frame,
    encode_manifest,
    segment_name,
    split,
)
from node.client import Client, ProblemError
from node.errors import Exit, FatalError
from node.files import write_atomic

_ATTEMPTS = 100
_PAUSE_SECONDS = 0.2

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Exported:
    """What was made: the manifest; blocks fetched now, and those that were there."""

    manifest: Manifest
    checkpoint: Checkpoint
    fetched: int
    kept: int


@dataclass(slots=True)
class _Extent:
    """How far the blocks in a directory go, and how many accepted records they hold."""

    height: int = 0
    size: int = 0


async def export_ledger(client: Client, directory: Path, genesis: bytes, progress: Callable[[int, int], None]) -> Exported:
    """Brings an export up to the node's head.

    Args:
        client: with an auditor's token.
        directory: new, or an earlier export of this ledger.
        genesis: the text of `genesis.json`, as the ledger's participants have it.
        progress: is told the height so far, and the node's.

    Raises:
        FatalError: another ledger's node or directory, an answer that is none, or a node that does not answer.
        ProblemError: the node says no.
    """
    ledger_id = Genesis.from_json(genesis).ledger_id.hex()
    network = await client.get_json("/v1/network")
    if network["ledger_id"] != ledger_id:
        raise _other(f"The node at {client.url} is of ledger {network['ledger_id']}", ledger_id)
    _begin(directory, genesis, ledger_id)
    extent = await asyncio.to_thread(_there, directory / BLOCKS_FOLDER)
    kept = extent.height
    progress(kept, network["height"])
    note, checkpoint = await _fetch_covered(client, directory / BLOCKS_FOLDER, extent, network["height"], progress)
    findings = await _fetch_findings(client, directory / FINDINGS_FILE)
    write_atomic(directory / CHECKPOINT_FILE, note)
    manifest = Manifest(FORMAT, ledger_id, network["origin"], extent.height, extent.size, findings)
    write_atomic(directory / MANIFEST_FILE, encode_manifest(manifest))
    return Exported(manifest, checkpoint, extent.height - kept, kept)


def _begin(directory: Path, genesis: bytes, ledger_id: str) -> None:
    (directory / BLOCKS_FOLDER).mkdir(parents=True, exist_ok=True)
    file = directory / GENESIS_FILE
    if file.exists() and (own := Genesis.from_json(file.read_bytes()).ledger_id.hex()) != ledger_id:
        raise _other(f"The directory {directory} holds an export of ledger {own}", ledger_id)
    (directory / MANIFEST_FILE).unlink(missing_ok=True)
    write_atomic(file, genesis)


def _there(folder: Path) -> _Extent:
    """How far the files go that are there; only the last ones are read."""
    extent = _Extent()
    for file in sorted(folder.glob("*.seg"), reverse=True):
        data = file.read_bytes()
        if not data.startswith(BLOCKS):
            raise _unusable(f"{file} is no file of blocks")
        found = _extent(data[len(BLOCKS) :], str(file), int(file.stem) if file.stem.isdecimal() else 0)
        extent.height = extent.height or found.height
        extent.size = found.size
        if extent.size:
            break
    return extent


def _extent(data: bytes, where: str, first: int) -> _Extent:
    """How far frames go that begin at a height."""
    extent = _Extent(first - 1)
    for block, frame in _read(data, where):
        if block.height != extent.height + 1:
            raise _unusable(f"{where} holds a block of height {block.height} behind {extent.height}")
        extent.height += 1
        new = [one.index for one in frame.judgements if one and one.height == block.height and one.index is not None]
        extent.size = max((index + 1 for index in new), default=extent.size)
    return extent


def _read(data: bytes, where: str) -> Iterable[tuple[Block, Frame]]:
    try:
        for content in split(data):
            frame = decode_frame(content)
            yield decode_block(frame.block), frame
    except (FormatError, MalformedMessageError) as error:
        raise _unusable(f"{where} holds what is no block: {error}") from error


async def _fetch_covered(
    client: Client, folder: Path, extent: _Extent, head: int, progress: Callable[[int, int], None]
) -> tuple[bytes, Checkpoint]:
    """Fetches blocks up to the head, and then until a checkpoint is there that they cover."""
    for _ in range(_ATTEMPTS):
        while await _fetch_blocks(client, folder, extent) and extent.height < head:
            progress(extent.height, head)
        progress(extent.height, head)
        if extent.height >= head:
            note = await _find(client, f"/log/checkpoint/{extent.size}") or await _find(client, "/log/checkpoint")
            checkpoint = None if note is None else _checkpoint(note)
            if note is not None and checkpoint is not None and checkpoint.size <= extent.size:
                return note, checkpoint
        await asyncio.sleep(_PAUSE_SECONDS)
    raise FatalError(
        f"The node at {client.url} has no final block and quorum checkpoint for height {head}.",
        "Too few validators answer one another, so nothing newer is final.",
        "Look at the network, then run the same command again: it goes on where it was.",
        Exit.UNREACHABLE,
    )


async def _fetch_blocks(client: Client, folder: Path, extent: _Extent) -> bool:
    """Fetches one file of blocks; false where the node has none."""
    first = extent.height + 1
    data = await _find(client, f"/v1/audit/blocks/{first}")
    if not data:
        return False
    found = _extent(data, f"the answer of {client.url}", first)
    write_atomic(folder / segment_name(first), BLOCKS + data)
    extent.height, extent.size = found.height, found.size or extent.size
    return True


async def _fetch_findings(client: Client, file: Path) -> int:
    """Fetches all findings into one file; how many there are."""
    count, after = 0, ""
    unfinished = file.with_name(f".{file.name}.new")
    with unfinished.open("wb") as out:
        out.write(FINDINGS)
        while data := await client.get_bytes(f"/v1/audit/findings?after={quote(after, safe='')}"):
            names = _names(data, client.url)
            if any(later.encode() <= earlier.encode() for earlier, later in pairwise([after, *names])):
                raise _unusable(f"the answer of {client.url} has findings out of order")
            out.write(data)
            count += len(names)
            after = names[-1]
    unfinished.replace(file)
    return count


def _names(data: bytes, url: str) -> list[str]:
    try:
        return [decode_finding(content).name for content in split(data)]
    except FormatError as error:
        raise _unusable(f"the answer of {url} holds what is no finding: {error}") from error


async def _find(client: Client, path: str) -> bytes | None:
    """An answer, None where the node does not have it."""
    try:
        return await client.get_bytes(path)
    except ProblemError as error:
        if error.status == _NOT_FOUND:
            return None
        raise


def _checkpoint(note: bytes) -> Checkpoint:
    try:
        return parse_checkpoint(parse_note(note).text)
    except ProofError as error:
        raise _unusable(f"the node's checkpoint is none: {error}") from error


def _other(happened: str, ledger_id: str) -> FatalError:
    return FatalError(
        f"{happened}, the genesis given of {ledger_id}.",
        "An export holds one ledger, and begins with its genesis.",
        "Give the genesis of that ledger (--genesis), or another node or directory.",
        Exit.REFUSED,
    )


def _unusable(happened: str) -> FatalError:
    return FatalError(
        f"{happened[0].upper()}{happened[1:]}.",
        "The export is not whole.",
        "Take away what is damaged, and all files of blocks behind it; then run the same command again.",
        Exit.BAD_DATA,
    )
