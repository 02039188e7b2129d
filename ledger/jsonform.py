"""Records as JSON: what HTTP and the command line show, and what an officer writes by hand.

Rules: `carats` and `value` are decimal text in place of `points` and `cents`; bytes are lower-case hex; no floats. A file is
read strictly (unknown or missing members, doubled keys and wrong types are refused, with the path of the member).

An officer's file names what a draft has; its confidential members stand in `sealed`:

    {"number": "BW0012345", "type": "export", "issued": "2026-11-02", "validated": "2026-11-02", "expires": "2026-12-31",
     "destination": "AE", "parcels": 1, "carats": "12.34",
     "lines": [{"hs": "710231", "origin": ["BW"], "carats": "12.34", "value": "2500.00"}],
     "sources": [], "sealed": {"exporter": {"name": "...", "address": "...", "licence": "..."}, "invoice": "..."}}

`carats` of the whole may be left out; when it is there it must be the lines' sum. A confirmation has `outcome`, `received`,
`inspection`, `seals`, `receipt_code` (as printed) and `answers` in place of dates, destination and sources.
Reference: design 10-formats.md, "JSON".
"""

from typing import Any, TypeAlias

from msgspec import Struct
from msgspec.structs import fields as struct_fields

from ledger.bodies import Source
from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft, parse_code
from ledger.errors import Code, Refusal
from ledger.limits import MAX_AMOUNT, MAX_LINES, MAX_OFFICER_FILE_BYTES, MAX_ORIGINS, MAX_SOURCES, MAX_ZONE_CHARACTERS
from ledger.record import Record
from ledger.strict_json import Cursor, load
from ledger.units import Cents, Points, carats, parse_carats, parse_value, value

JsonValue: TypeAlias = "dict[str, JsonValue] | list[JsonValue] | str | int | bool | None"

_UNITS = {"points": ("carats", carats), "cents": ("value", value)}
_PARTIES = ("exporter", "importer")
_TEXTS = {"invoice": 200, "remarks": 4_000, "route": 1_000}
_PARTY_CHARACTERS = 300
_MAX_SEALS = 100


def record_to_json(record: Record) -> dict[str, Any]:
    """A record's clear content: `id`, `key`, `sig`, `kind`, `author`, `at` (milliseconds) and `body`."""
    return {
        "id": record.id.hex(),
        "key": record.key.hex(),
        "sig": record.sig.hex(),
        "kind": record.kind,
        "author": record.author,
        "at": record.at,
        "body": body_to_json(record.body),
    }


def body_to_json(body: Struct) -> dict[str, Any]:
    """A body's members; an optional one that is not there is left out."""
    shown: dict[str, JsonValue] = {}
    for info in struct_fields(body):
        content = getattr(body, info.name)
        if info.name in _UNITS:
            name, text = _UNITS[info.name]
            shown[name] = text(content)
        elif info.required or content != info.default:
            shown[info.name] = _plain(content)
    return shown


def _plain(content: Any) -> JsonValue:
    if isinstance(content, bytes):
        return content.hex()
    if isinstance(content, Struct):
        return body_to_json(content)
    if isinstance(content, list | tuple):
        return [_plain(element) for element in content]
    if isinstance(content, dict):
        return {name: _plain(element) for name, element in content.items()}
    assert content is None or isinstance(content, str | int)
    return content


def issue_from_json(data: bytes) -> IssueDraft:
    """The draft of a certificate out of an officer's file.

    Raises:
        Refusal: BAD_VALUE with the member; CARATS_DIFFER_FROM_LINES.
    """
    root = load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES)
    sources = root.optional("sources")
    draft = IssueDraft(
        number=root.member("number").text(),
        type=root.member("type").text(),
        issued=root.member("issued").date(),
        validated=root.member("validated").date(),
        expires=root.member("expires").date(),
        destination=root.member("destination").text(),
        parcels=root.member("parcels").integer(1, MAX_AMOUNT),
        lines=tuple(read_line(line, issue=True) for line in root.member("lines").items(1, MAX_LINES)),
        sources=() if sources is None else tuple(_source(source) for source in sources.items(0, MAX_SOURCES)),
        sealed=read_sealed(root),
    )
    check_total(root, draft.lines)
    root.close()
    return draft


def confirm_from_json(data: bytes) -> ConfirmDraft:
    """The draft of an import's outcome out of an officer's file; `answers` may be left for the program to look up.

    Raises:
        Refusal: BAD_VALUE with the member; CARATS_DIFFER_FROM_LINES.
    """
    root = load(data, Code.BAD_VALUE, MAX_OFFICER_FILE_BYTES)
    answers = root.optional("answers")
    code = root.optional("receipt_code")
    draft = ConfirmDraft(
        number=root.member("number").text(),
        outcome=root.member("outcome").text(),
        received=root.member("received").date(),
        parcels=root.member("parcels").integer(0, MAX_AMOUNT),
        lines=tuple(read_line(line, issue=False) for line in root.member("lines").items(0, MAX_LINES)),
        inspection=root.member("inspection").text(),
        seals=root.member("seals").text(),
        receipt_code=None if code is None or code.value is None else parse_code(code.text(), code.path),
        answers=None if answers is None or answers.value is None else answers.hexadecimal(32, 32),
        sealed=read_sealed(root),
    )
    check_total(root, draft.lines)
    root.close()
    return draft


def read_line(line: Cursor, *, issue: bool) -> DraftLine:
    """One line of a draft; with origin and zone where it is of what an issuer states.

    Raises:
        Refusal: BAD_VALUE with the member.
    """
    origin: tuple[str, ...] = ()
    zone = None
    if issue:
        origin = tuple(code.text() for code in line.member("origin").items(0, MAX_ORIGINS))
        zone = line.optional("zone")
    made = DraftLine(
        hs=line.member("hs").text(),
        points=_points(line.member("carats")),
        cents=_cents(line.member("value")),
        origin=origin,
        zone="" if zone is None else zone.text(1, MAX_ZONE_CHARACTERS),
    )
    line.close()
    return made


def _points(cursor: Cursor) -> Points:
    points = parse_carats(cursor.value, cursor.path)
    if points == 0:
        raise Refusal(Code.BAD_VALUE, cursor.path, given=carats(points), limit=carats(1))
    return points


def _cents(cursor: Cursor) -> Cents:
    return parse_value(cursor.value, cursor.path)


def _source(cursor: Cursor) -> Source:
    source = Source(number=cursor.member("number").text(), points=_points(cursor.member("carats")))
    cursor.close()
    return source


def check_total(root: Cursor, lines: tuple[DraftLine, ...]) -> None:
    """Whether `carats` of the whole, where it is stated, is the lines' sum; raises Refusal CARATS_DIFFER_FROM_LINES."""
    total = root.optional("carats")
    if total is None:
        return
    given = parse_carats(total.value, total.path)
    found = sum(line.points for line in lines)
    if given != found:
        raise Refusal(Code.CARATS_DIFFER_FROM_LINES, total.path, given=carats(given), limit=carats(found))


def read_sealed(root: Cursor) -> dict[str, Any]:
    """The confidential members by name; none where there is no `sealed`. Raises Refusal BAD_VALUE with the member."""
    sealed = root.optional("sealed")
    if sealed is None:
        return {}
    found: dict[str, Any] = {}
    for name in _PARTIES:
        if (party := sealed.optional(name)) is not None:
            found[name] = {part: party.member(part).text(0, _PARTY_CHARACTERS) for part in ("address", "licence", "name")}
            party.close()
    for name, most in _TEXTS.items():
        if (text := sealed.optional(name)) is not None:
            found[name] = text.text(0, most)
    if (seals := sealed.optional("seals")) is not None:
        found["seals"] = [seal.text() for seal in seals.items(0, _MAX_SEALS)]
    sealed.close()
    return found
