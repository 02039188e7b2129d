"""A form's fields: urlencoded, bounded, each name once, and without control characters but newlines."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from quart import Request

from api.bodies import BodyReader, require_media_type
from api.errors import ApiCode, Problem
from api.limits import MAX_FORM_BYTES, MAX_FORM_FIELDS

URLENCODED: Final = "application/x-www-form-urlencoded"

_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


async def read_form(request: Request, bodies: BodyReader) -> Mapping[str, str]:
    """The fields by name, line ends as newlines. Raises Problem 400, 408, 413, 415."""
    require_media_type(request, URLENCODED)
    data = await bodies.read(request, MAX_FORM_BYTES)
    try:
        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FORM_FIELDS)
    except ValueError:
        raise Problem(400, ApiCode.BAD_PARAMETER, "body", limit="an urlencoded form in UTF-8") from None
    fields = {name: value.replace("\r\n", "\n") for name, value in pairs}
    if len(fields) != len(pairs):
        raise Problem(400, ApiCode.BAD_PARAMETER, "body", limit="each field once")
    for name, value in fields.items():
        if _CONTROL.search(value):
            raise Problem(400, ApiCode.BAD_PARAMETER, name[:100], limit="text without control characters")
    return fields
