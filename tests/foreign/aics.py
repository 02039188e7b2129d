"""What `aics-tlog` says, run by itself on a newer Python: `python aics.py`, questions as JSON on standard input, answers on output.

It has no reader of tlog-proof files, so the file is taken apart here, strictly; what its signatures, cosignatures and path are
worth, and whether an exported log is whole, that library decides. Imports nothing of this project.
"""

import json
import re
import sys
from base64 import b64decode, b64encode
from pathlib import Path

_FORM = re.compile(
    r"c2sp\.org/tlog-proof@v1\nextra ([^\n]+)\nindex (0|[1-9][0-9]*)\n((?:[A-Za-z0-9+/]{43}=\n)*)\n(.+)", re.DOTALL
)


def takes_receipt(asked: dict) -> bool:
    """Whether a receipt shows that the record is in the log, cosigned by so many of the witnesses."""
    import aics_tlog as theirs  # noqa: PLC0415 - only that Python has it

    form = _FORM.fullmatch(asked["text"])
    if form is None:
        return False
    extra, index, hashes, text = form.groups()
    try:
        note = theirs.parse_note(text)
        keys = [theirs.parse_vkey(key) for key in asked["witnesses"]]
        found = theirs.verify_checkpoint(
            note, theirs.parse_vkey(asked["log"]), keys, asked["threshold"], expected_origin=asked["origin"]
        )
        path = [b64decode(line, validate=True) for line in hashes.split()]
        if hashes != "".join(f"{b64encode(one).decode()}\n" for one in path):
            return False  # another text for the same bytes
        head = theirs.parse_checkpoint(note.text)
        record = b64decode(asked["record"])
        return (
            found.ok
            and b64decode(extra, validate=True) == record
            and theirs.verify_leaf_inclusion(record, int(index), head.size, path, head.root)
        )
    except ValueError:
        return False


def takes_log(asked: dict) -> bool:
    """Whether an exported log is whole: its checkpoint is signed, and every tile and entry belongs to its root."""
    import aics_tlog as theirs  # noqa: PLC0415 - only that Python has it
    from aics_tlog.tiles import FileSystemTileReader  # noqa: PLC0415
    from aics_tlog.verified import audit_tiles  # noqa: PLC0415

    folder = Path(asked["folder"])
    try:
        note = theirs.parse_note((folder / "checkpoint").read_bytes())
        if not theirs.verify_checkpoint(note, theirs.parse_vkey(asked["log"]), expected_origin=asked["origin"]).ok:
            return False
        head = theirs.parse_checkpoint(note.text)
        audit_tiles(FileSystemTileReader(folder), head.size, head.root)
    except (ValueError, LookupError, OSError) as error:
        sys.stderr.write(f"{error!r}\n")
        return False
    return True


if __name__ == "__main__":
    questions = json.load(sys.stdin)
    json.dump([takes_log(one) if "folder" in one else takes_receipt(one) for one in questions], sys.stdout)
