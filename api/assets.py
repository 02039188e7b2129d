"""Style sheet, scripts and mark of the pages: read once, answered from memory, so that no file is open while a client is slow.

Pages name them with their version (`?v=`), and such an answer never changes; without one it must be asked for again.
"""

import hashlib
from pathlib import Path
from typing import Final

from quart import Blueprint, Response, request
from quart_schema import hide

from api.answers import Cache, answer
from api.errors import ApiCode, Problem

_FOLDER: Final = Path(__file__).parent / "pages" / "static"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_VERSION_CHARACTERS: Final = 12


class Assets:
    """The files by name, and what names their version."""

    def __init__(self) -> None:
        files = sorted(file for file in _FOLDER.rglob("*") if file.suffix in _TYPES)
        self.files = {file.relative_to(_FOLDER).as_posix(): (file.read_bytes(), _TYPES[file.suffix]) for file in files}
        whole = hashlib.sha256(b"".join(data for data, _ in self.files.values()))
        self.version = whole.hexdigest()[:_VERSION_CHARACTERS]


def asset_routes(assets: Assets) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("assets", __name__)

    @routes.get("/static/<path:name>")
    @hide
    async def asset(name: str) -> Response:
        """A file, by its name."""
        found = assets.files.get(name)
        if found is None:
            raise Problem(404, ApiCode.NOT_FOUND)
        cache = Cache.IMMUTABLE if request.args.get("v") == assets.version else Cache.PUBLIC
        return answer(request, found[0], cache, content_type=found[1], compress=True)

    return routes
