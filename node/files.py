"""Files that are there whole or not at all."""

import os
from pathlib import Path


def write_atomic(file: Path, data: bytes, mode: int = 0o644) -> None:
    """Puts `data` at `file`: a reader, also after a crash, sees the old content or the new one, never a part."""
    _write(file, data, mode).replace(file)
    _sync_directory(file.parent)


def write_new(file: Path, data: bytes, mode: int) -> None:
    """Puts `data` at `file`, whole or not at all, where nothing is yet.

    Raises:
        FileExistsError: something is; it is left as it was.
    """
    temporary = _write(file, data, mode)
    try:
        os.link(temporary, file)
    finally:
        temporary.unlink()
    _sync_directory(file.parent)


def _write(file: Path, data: bytes, mode: int) -> Path:
    """The content under a temporary name, durable; what an interrupted run left under that name is done away with."""
    temporary = file.with_name(f".{file.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return temporary


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
