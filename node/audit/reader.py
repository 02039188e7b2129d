"""The auditor's reader: the files of an export, frame by frame, never more of one in memory than a frame.

Every fault names the file and the byte at which the frame begins. What a frame holds is looked at as far as bytes go: its form,
that ids and records fit together, that each record is well formed. Nothing here knows a rule or a key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from consensus.errors import MalformedMessageError
from consensus.messages import Block, Certificate, block_digest, decode, decode_block
from ledger.errors import Refusal
from ledger.findings import Finding
from ledger.genesis import Genesis
from ledger.limits import MAX_GENESIS_BYTES, MAX_NOTE_BYTES
from ledger.record import Record, parse_record, record_id
from node.audit.errors import (
    BlockFormError,
    FrameError,
    GenesisError,
    HeightError,
    ManifestError,
    MissingFileError,
    MissingSegmentError,
    Place,
    QuorumError,
    RecordBytesError,
    RecordCountError,
    RecordFormError,
    RecordOrderError,
    SegmentError,
    TruncatedError,
)
from node.audit.frames import (
    BLOCKS,
    BLOCKS_FOLDER,
    CHECKPOINT_FILE,
    FINDINGS,
    FINDINGS_FILE,
    GENESIS_FILE,
    LENGTH_BYTES,
    MANIFEST_FILE,
    FormatError,
    Frame,
    Manifest,
    decode_finding,
    decode_frame,
    decode_manifest,
    segment_name,
)
from node.limits import AUDIT_FRAME_BYTES

_MAX_MANIFEST = 16 * 1024


@dataclass(frozen=True, slots=True)
class Final:
    """A final block as an export has it: read, well formed, and nothing more.

    Attributes:
        place: where its frame is.
        block: the block.
        digest: its digest.
        final: its own FINAL, None where a later one proves it.
        frame: the frame as it was read.
        records: its records, which have the ids that it names.
    """

    place: Place
    block: Block
    digest: bytes
    final: Certificate | None
    frame: Frame
    records: list[Record]

    def at(self, position: int) -> Place:
        """The place of one of its records."""
        return Place(self.place.file, self.place.offset, self.place.height, position)


class Export:
    """An export's files.

    Attributes:
        directory: where they are.
        manifest: up to where it goes.
        size: bytes of its blocks.
    """

    def __init__(self, directory: Path) -> None:
        """Reads the manifest; raises MissingFileError, ManifestError."""
        self.directory = directory
        try:
            self.manifest: Manifest = decode_manifest(self._read(MANIFEST_FILE, _MAX_MANIFEST))
        except FormatError as error:
            raise ManifestError(Place(MANIFEST_FILE), str(error)) from error
        self.size = sum(file.stat().st_size for file in self._segments())

    def genesis(self, trusted: bytes | None) -> Genesis:
        """The export's genesis.

        Args:
            trusted: a genesis from elsewhere, of which it must be.

        Raises:
            MissingFileError, GenesisError: it is not there, not valid, or another ledger's.
        """
        try:
            genesis = Genesis.from_json(self._read(GENESIS_FILE, MAX_GENESIS_BYTES))
            expected = None if trusted is None else Genesis.from_json(trusted).ledger_id.hex()
        except Refusal as refusal:
            raise GenesisError(Place(GENESIS_FILE), f"not valid: {refusal}") from refusal
        own = genesis.ledger_id.hex()
        for name, other in (("the genesis you trust", expected), (MANIFEST_FILE, self.manifest.ledger_id)):
            if other is not None and other != own:
                raise GenesisError(Place(GENESIS_FILE), f"it is of ledger {own}, {name} of {other}")
        if genesis.origin != self.manifest.origin:
            raise ManifestError(Place(MANIFEST_FILE), f"the ledger is called {genesis.origin}, not {self.manifest.origin}")
        return genesis

    def checkpoint(self) -> bytes:
        """The checkpoint's bytes; raises MissingFileError."""
        return self._read(CHECKPOINT_FILE, MAX_NOTE_BYTES)

    def blocks(self, ledger_id: bytes) -> Iterator[Final]:
        """The blocks up to the height of the manifest, in order.

        Raises:
            AuditError: what is there is no block, or leaves one out.
        """
        height = 1
        for file in self._segments():
            name = f"{BLOCKS_FOLDER}/{file.name}"
            if height > self.manifest.height:
                raise MissingSegmentError(Place(name), f"it is behind height {self.manifest.height}, where the export ends")
            if file.name != segment_name(height):
                raise MissingSegmentError(Place(name), f"the file {segment_name(height)} should be here: blocks are missing")
            for offset, data in _frames(file, name, BLOCKS):
                yield _final(ledger_id, Place(name, offset, height), data)
                height += 1
        if height <= self.manifest.height:
            place = Place(f"{BLOCKS_FOLDER}/{segment_name(height)}")
            raise MissingSegmentError(place, f"the export goes up to height {self.manifest.height}, its blocks to {height - 1}")

    def findings(self) -> Iterator[tuple[Place, Finding]]:
        """The node's findings, in the file's order; raises MissingFileError, SegmentError, TruncatedError, FrameError."""
        file = self.directory / FINDINGS_FILE
        if not file.is_file():
            raise MissingFileError(Place(FINDINGS_FILE), "there is no such file")
        for offset, data in _frames(file, FINDINGS_FILE, FINDINGS):
            place = Place(FINDINGS_FILE, offset)
            try:
                yield place, decode_finding(data)
            except FormatError as error:
                raise FrameError(place, str(error)) from error

    def _segments(self) -> list[Path]:
        return sorted((self.directory / BLOCKS_FOLDER).glob("*.seg"))

    def _read(self, name: str, limit: int) -> bytes:
        try:
            with (self.directory / name).open("rb") as file:
                return file.read(limit + 1)
        except FileNotFoundError as error:
            raise MissingFileError(Place(name), "there is no such file") from error


def _frames(file: Path, name: str, magic: bytes) -> Iterator[tuple[int, bytes]]:
    """Each frame of a file and the byte at which it begins."""
    with file.open("rb") as source:
        if source.read(len(magic)) != magic:
            raise SegmentError(Place(name, 0), f"it does not begin with {magic!r}")
        while data := _next(source, name):
            yield data


def _next(source: BinaryIO, name: str) -> tuple[int, bytes] | None:
    offset = source.tell()
    head = source.read(LENGTH_BYTES)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if len(head) == LENGTH_BYTES and not 0 < length <= AUDIT_FRAME_BYTES:
        raise SegmentError(Place(name, offset), f"a frame of {length} bytes; 1 to {AUDIT_FRAME_BYTES} are possible")
    data = source.read(length)
    if len(head) < LENGTH_BYTES or len(data) < length:
        raise TruncatedError(Place(name, offset), f"the file ends {len(data)} bytes into a frame of {length}")
    return offset, data


def _final(ledger_id: bytes, place: Place, data: bytes) -> Final:
    try:
        frame = decode_frame(data)
    except FormatError as error:
        raise FrameError(place, str(error)) from error
    try:
        block = decode_block(frame.block)
    except MalformedMessageError as error:
        raise BlockFormError(place, f"no block: {error}") from error
    if block.height != place.height:
        raise HeightError(place, f"a block of height {block.height} stands here")
    return Final(
        place, block, block_digest(ledger_id, block), _certificate(place, frame.final), frame, _records(place, block, frame)
    )


def _certificate(place: Place, data: bytes) -> Certificate | None:
    if not data:
        return None
    try:
        message = decode(data)
    except MalformedMessageError as error:
        raise QuorumError(place, f"no certificate: {error}") from error
    if not isinstance(message, Certificate):
        raise QuorumError(place, f"a {type(message).__name__} where a certificate belongs")
    return message


def _records(place: Place, block: Block, frame: Frame) -> list[Record]:
    """The block's records; their bytes must hash to its ids, in its order."""
    ids = block.payload.records
    if not len(ids) == len(frame.records) == len(frame.judgements):
        told = f"{len(frame.records)} records and {len(frame.judgements)} judgements"
        raise RecordCountError(place, f"the block names {len(ids)} records; {told} stand here")
    records: list[Record] = []
    for position, (named, raw) in enumerate(zip(ids, frame.records, strict=True)):
        here = Place(place.file, place.offset, place.height, position)
        found = record_id(raw)
        if found != named:
            if found in ids:
                raise RecordOrderError(here, f"record {found.hex()} stands here; the block has it at {ids.index(found)}")
            raise RecordBytesError(here, f"the bytes make the id {found.hex()}; the block names {named.hex()}")
        try:
            records.append(parse_record(raw))
        except Refusal as refusal:
            raise RecordFormError(here, f"{named.hex()}: {refusal}") from refusal
    return records
