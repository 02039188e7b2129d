"""The bytes of an export: frames, what is in them, the manifest. The package's docstring is the format."""

from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from consensus.limits import MAX_BLOCK_RECORDS
from ledger.entries import JudgementEntry
from ledger.findings import Finding
from ledger.limits import MAX_RECORD_BYTES
from node.limits import AUDIT_FRAME_BYTES

BLOCKS: Final = b"kpledger/blocks/v1\n"
FINDINGS: Final = b"kpledger/findings/v1\n"
FORMAT: Final = 1

LENGTH_BYTES: Final = 4

GENESIS_FILE: Final = "genesis.json"
BLOCKS_FOLDER: Final = "blocks"
FINDINGS_FILE: Final = "findings"
CHECKPOINT_FILE: Final = "checkpoint"
MANIFEST_FILE: Final = "export.json"


class FormatError(ValueError):
    """Bytes that are no frame, or not the one encoding of what belongs into it."""


class Frame(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A final block with what it names.

    Attributes:
        block: the block's bytes.
        final: its own FINAL certificate as a message, empty where a later one proves it.
        judgements: of each of its records; None where the node no longer knows, since the record was judged again.
        records: the bytes of each of its records, in its order.
    """

    block: bytes
    final: bytes
    judgements: Annotated[tuple[JudgementEntry | None, ...], Meta(max_length=MAX_BLOCK_RECORDS)]
    records: Annotated[tuple[Annotated[bytes, Meta(max_length=MAX_RECORD_BYTES)], ...], Meta(max_length=MAX_BLOCK_RECORDS)]


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to where an export goes."""

    format: int
    ledger_id: str
    origin: str
    height: int
    tree_size: int
    findings: int


_encode: Final = msgspec.msgpack.Encoder().encode
_frame: Final = msgspec.msgpack.Decoder(Frame)
_finding: Final = msgspec.msgpack.Decoder(Finding)


def framed(data: bytes) -> bytes:
    """A frame's bytes with their length in front."""
    return len(data).to_bytes(LENGTH_BYTES, "big") + data


def split(data: bytes) -> Iterator[bytes]:
    """The frames that stand one behind the other in `data`.

    Raises:
        FormatError: a length that no frame has, or the last one is cut.
    """
    at = 0
    while at < len(data):
        start = at + LENGTH_BYTES
        length = int.from_bytes(data[at:start], "big")
        at = start + length
        if not 0 < length <= AUDIT_FRAME_BYTES or at > len(data):
            raise FormatError(f"a frame of {length} bytes at byte {start - LENGTH_BYTES} of {len(data)}")
        yield data[start:at]


def encode(content: Frame | Finding) -> bytes:
    """The one byte string that stands for a frame's content."""
    return _encode(content)


def decode_frame(data: bytes) -> Frame:
    """A block's frame; raises FormatError."""
    frame: Frame = _strict(_frame, data)
    return frame


def decode_finding(data: bytes) -> Finding:
    """A finding's frame; raises FormatError."""
    finding: Finding = _strict(_finding, data)
    return finding


def _strict(decoder: Any, data: bytes) -> Any:
    try:
        content = decoder.decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise FormatError(str(error)[:200]) from error
    if _encode(content) != data:
        raise FormatError("not in canonical form")
    return content


def encode_manifest(manifest: Manifest) -> bytes:
    """The text of `export.json`."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n"


def decode_manifest(data: bytes) -> Manifest:
    """The content of `export.json`; raises FormatError."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise FormatError(str(error)[:200]) from error
    if manifest.format != FORMAT:
        raise FormatError(f"format {manifest.format}; this program knows {FORMAT}")
    return manifest


def segment_name(first: int) -> str:
    """The name of the file whose first block is of this height."""
    return f"{first:010d}.seg"
