"""The one hash of sealed parts and codes: BLAKE2b-256, personalised, over length-prefixed parts (10-formats.md)."""

import hashlib
import struct

_length = struct.Struct(">I").pack


def labelled_hash(label: bytes, *parts: bytes) -> bytes:
    """`H(label, part, ...)`: 32 bytes; `label` is ASCII of at most 16 bytes, each part follows its length (u32 big-endian)."""
    data = b"".join([piece for part in parts for piece in (_length(len(part)), part)])
    return hashlib.blake2b(data, digest_size=32, person=label).digest()
