"""Files that are there whole or not at all."""

import os
from pathlib import Path


def write_atomic(file: Path, data: bytes, mode: int = 0o644) -> None:
    """Puts `data` at `file`: a reader, also after a crash, sees the old content or the new one, never a part."""
    temporary = file.with_name(f".{file.name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(file)
    directory = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
