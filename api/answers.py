"""Building answers: JSON from models, caching headers, conditional requests, cursors and parameters.

Caching: what everybody may read is `public`, what needs a token `private`; both must be revalidated, by a strong `ETag` over
the body. Tiles never change. Answers about the ledger name the height they were read at.
"""

import base64
import binascii
import gzip
import hashlib
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

import msgspec
from pydantic import BaseModel, ValidationError
from quart import Request, Response

from api.errors import ApiCode, Problem
from api.limits import MAX_KEPT_BYTES
from api.schemas.base import HEIGHT_HEADER, Query
from api.schemas.plain import to_json

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"
SIZE = "text/x.tlog.size"
HTML = "text/html; charset=utf-8"

SECURITY_HEADERS = (
    (
        "Content-Security-Policy",
        (
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
"""On every answer: scripts, styles and pictures of our own only, nothing inline, nowhere else to send a form."""

_POSITION_BYTES = 8

Parameters = TypeVar("Parameters", bound=Query)

Body = BaseModel | msgspec.Struct | bytes | str


class Cache(StrEnum):
    """`Cache-Control` by kind of answer."""

    PUBLIC = "public, no-cache"
    PRIVATE = "private, no-cache"
    IMMUTABLE = "public, max-age=31536000, immutable"
    PRIVATE_IMMUTABLE = "private, max-age=31536000, immutable"
    NO_STORE = "no-store"


@dataclass(frozen=True, slots=True)
class Encoded:
    """An answer's bytes with their tag."""

    data: bytes
    tag: str


class Kept:
    """Encoded answers that stay right until the ledger has another height, some megabytes of them at most."""

    def __init__(self, size: int = MAX_KEPT_BYTES) -> None:
        self._most = size
        self._height = -1
        self._size = 0
        self._held: dict[Hashable, Encoded] = {}

    def __len__(self) -> int:
        return len(self._held)

    def find(self, height: int, key: Hashable) -> Encoded | None:
        """What was kept under the key at this very height."""
        return self._held.get(key) if height == self._height else None

    def keep(self, height: int, key: Hashable, body: Body) -> Encoded:
        """Encodes an answer as of a height, and keeps it if there is room; those of other heights go."""
        made = _encode(encoded(body))
        if height != self._height:
            self._height, self._size = height, 0
            self._held.clear()
        if self._size + len(made.data) <= self._most:
            self._size += len(made.data)
            self._held[key] = made
        return made


def answer(
    request: Request,
    body: Body | Encoded,
    cache: Cache,
    *,
    content_type: str = JSON,
    height: int | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    compress: bool = False,
) -> Response:
    """The answer, or 304 where the client holds it already.

    `compress`: packed for clients that take it. Only for what everybody may read: the length of a packed secret tells of it.
    """
    data = body.data if isinstance(body, Encoded) else encoded(body)
    fields = {"Cache-Control": str(cache), **(headers or {})}
    if height is not None:
        fields[HEIGHT_HEADER] = str(height)
    if cache in {Cache.PRIVATE, Cache.PRIVATE_IMMUTABLE}:
        fields["Vary"] = "Authorization"
    elif compress:
        fields["Vary"] = "Accept-Encoding"
    packed = compress and cache in {Cache.PUBLIC, Cache.IMMUTABLE} and request.accept_encodings.quality("gzip") > 0
    if cache is not Cache.NO_STORE and status == 200:
        tag = (body if isinstance(body, Encoded) else _encode(data)).tag + ("-gzip" if packed else "")
        fields["ETag"] = f'"{tag}"'
        if "If-None-Match" in request.headers and request.if_none_match.contains_weak(tag):
            return Response(b"", 304, fields)
    if packed:
        fields["Content-Encoding"] = "gzip"
        data = _packed(data)
    return Response(data, status, fields, content_type=content_type)


def _encode(data: bytes) -> Encoded:
    return Encoded(data, hashlib.blake2b(data, digest_size=12).hexdigest())


def encoded(body: Body) -> bytes:
    """An answer as it is sent."""
    if isinstance(body, msgspec.Struct):
        return to_json(body)
    if isinstance(body, BaseModel):
        return body.model_dump_json().encode()
    return body.encode() if isinstance(body, str) else body


@lru_cache(maxsize=64)  # the style sheet and a few pages are asked for again and again
def _packed(data: bytes) -> bytes:
    return pack(data)


def pack(data: bytes) -> bytes:
    """Compressed, the same whenever it is done: a quarter of the time of gzip at its best, for a few percent of size."""
    return gzip.compress(data, 6, mtime=0)


def parameters(request: Request, model: type[Parameters], besides: frozenset[str] = frozenset()) -> Parameters:
    """The request's parameters, checked; empty ones and those `besides` the model's are passed over where that is not empty.

    Raises:
        Problem: 400 that names the first bad one.
    """
    values: dict[str, str] = {}
    for name, value in request.args.items(multi=True):
        if besides and (name in besides or not value):  # forms send every field
            continue
        if name in values:
            raise Problem(400, ApiCode.BAD_PARAMETER, name[:100], given=value[:100], limit="once")
        values[name] = value
    try:
        return model.model_validate_strings(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        raise Problem(400, ApiCode.BAD_PARAMETER, name[:100], given=values.get(name, "")[:100], limit=first["msg"]) from None


def encode_cursor(key: bytes | None) -> str | None:
    """A place in an index as opaque text."""
    return None if key is None else base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def decode_cursor(text: str | None) -> bytes | None:
    """The place that a cursor names. Raises Problem 400."""
    if text is None:
        return None
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if encode_cursor(key) != text:
        raise Problem(400, ApiCode.BAD_PARAMETER, "cursor", given=text[:100], limit="a cursor of an earlier page")
    return key


def decode_position(cursor: str | None) -> int | None:
    """The position in the log behind which a page begins; raises Problem 400."""
    key = decode_cursor(cursor)
    if key is None:
        return None
    if len(key) != _POSITION_BYTES:
        raise Problem(400, ApiCode.BAD_PARAMETER, "cursor", given=(cursor or "")[:100], limit="a cursor of an earlier page")
    return int.from_bytes(key, "big")


def encode_position(position: int | None) -> str | None:
    """The cursor of a page that begins behind a position; None for none."""
    return None if position is None else encode_cursor(position.to_bytes(_POSITION_BYTES, "big"))


def missing(field: str, given: str, height: int) -> Problem:
    """The 404 for what the ledger does not have at this height; a block to come may bring it."""
    headers = {HEIGHT_HEADER: str(height)}
    return Problem(404, ApiCode.NOT_FOUND, field, headers, given=given[:100], read_at_height=height)


def hex_id(text: str) -> bytes:
    """A record's id. Raises Problem 404: what is no id names nothing."""
    if len(text) == 64 and not text.strip("0123456789abcdef"):
        return bytes.fromhex(text)
    raise Problem(404, ApiCode.NOT_FOUND, "id", given=text[:100], limit="64 lower-case hex digits")
