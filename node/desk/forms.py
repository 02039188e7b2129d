"""Fields of a form to an officer's JSON file, and back: what a draft keeps is what `ledger.jsonform` reads, flattened.

`lines[0].carats`, `sealed.exporter.name`, `sources[1].number`: names are paths. What a person types differs from the file
in this: amounts may have a decimal comma and grouped thousands, numbers spaces; origins and seal numbers are one text with
separators; rows that are empty are left out, and so is any part of the sealed content that is empty.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from ledger.bodies import CloseBody, PaperConfirmBody
from ledger.bodyform import parse_body
from ledger.csvform import check_alone, plain_amount
from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft
from ledger.errors import Code, Refusal
from ledger.jsonform import confirm_from_json, issue_from_json
from ledger.limits import MAX_LINES, MAX_SOURCES
from ledger.paperdrafts import (
    PaperDraft,
    TechnicalDraft,
    check_paper,
    check_technical,
    paper_from_json,
    technical_from_json,
)
from ledger.units import carats, day_number, parse_carats, parse_value
from node.desk.drafts import Draft, Kind
from node.desk.errors import DeskError, Fault
from node.desk.limits import MAX_FIELD_CHARACTERS

PARTIES: Final = ("exporter", "importer")
PARTS: Final = ("name", "address", "licence")
TEXTS: Final = ("invoice", "route", "remarks")
_WHOLE: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.ISSUE: ("number", "type", "issued", "validated", "expires", "destination", "parcels"),
    Kind.CONFIRM: ("number", "outcome", "received", "parcels", "inspection", "seals", "receipt_code"),
    Kind.CLOSE: ("number", "reason", "replacement"),
    Kind.PAPER: ("number", "reason", "issued", "received", "parcels"),
    Kind.TECHNICAL: ("number", "reason", "link", "issued", "destination", "parcels"),
    Kind.ANSWER: ("number", "outcome", "received", "parcels", "carats", "digest"),
}
WITHOUT_LINES: Final = frozenset({Kind.CLOSE, Kind.ANSWER})
"""Forms of records that have neither lines nor a sealed part."""

WITH_ORIGIN: Final = frozenset({Kind.ISSUE, Kind.PAPER})
"""Forms whose lines name countries of origin."""

_MEASURED: Final = ("hs", "carats", "value")
_LINE: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.ISSUE: (*_MEASURED, "origin", "zone"),
    Kind.CONFIRM: _MEASURED,
    Kind.CLOSE: (),
    Kind.PAPER: (*_MEASURED, "origin", "zone"),
    Kind.TECHNICAL: _MEASURED,
    Kind.ANSWER: (),
}
_WITH_LINES: Final = frozenset({Kind.ISSUE, Kind.PAPER, Kind.TECHNICAL})
_BOTH: Final = tuple(f"sealed.{who}.name" for who in PARTIES)
_REQUIRED: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.ISSUE: ("number", "issued", "validated", "expires", "destination", "parcels", *_BOTH),
    Kind.CONFIRM: ("received", "parcels", "outcome", "inspection", "seals"),
    Kind.CLOSE: ("number", "reason"),
    Kind.PAPER: ("number", "reason", "issued", "received", "parcels", *_BOTH),
    Kind.TECHNICAL: ("number", "reason", "issued", "destination", "parcels"),
    Kind.ANSWER: ("received", "parcels", "carats", "digest", "outcome"),
}
_DATES: Final = ("issued", "validated", "expires", "received")
_ROW: Final = re.compile(r"(lines|sources)\[(\d{1,2})\]\.(\w+)")
_DIGITS: Final = re.compile(r"\d{1,15}")
_SEPARATORS: Final = re.compile(r"[;,\s]+")


def shape(kind: Kind) -> Kind:
    """Which of the forms a kind has: an amendment that of an issue, a correction that of a confirmation."""
    return {Kind.AMEND: Kind.ISSUE, Kind.CORRECT: Kind.CONFIRM}.get(kind, kind)


def allowed(kind: Kind, name: str) -> bool:
    """Whether a form of this kind has such a field."""
    form = shape(kind)
    if found := _ROW.fullmatch(name):
        rows, at, member = found[1], int(found[2]), found[3]
        if rows == "lines":
            return at < MAX_LINES and member in _LINE[form]
        return form is Kind.ISSUE and at < MAX_SOURCES and member in {"number", "carats"}
    if name in _WHOLE[form]:
        return True
    return form not in WITHOUT_LINES and name in _sealed_names()


def read(kind: Kind, typed: Mapping[str, str]) -> dict[str, str]:
    """The fields of a posted form: those that it has, tidied; empty rows are closed up, empty fields left out."""
    fields = {name: _tidy(name, text) for name, text in typed.items() if allowed(kind, name)}
    kept = {name: text for name, text in fields.items() if text and not _ROW.fullmatch(name)}
    for rows in ("lines", "sources"):
        for new, old in enumerate(_filled(fields, rows)):
            kept |= {f"{rows}[{new}].{member}": text for member, text in _row(fields, rows, old).items() if text}
    return kept


def _tidy(name: str, text: str) -> str:
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))[:MAX_FIELD_CHARACTERS].strip()
    member = name.rpartition(".")[2]
    if member in {"carats", "value"}:
        try:
            return carats(parse_carats(plain_amount(text)))
        except Refusal:
            return text
    if member in {"number", "replacement", "link"}:
        return tidy_number(text)
    if member in {"destination", "origin"}:
        return " ".join(text.upper().split())
    if name == "digest":
        return "".join(text.lower().split())
    if name.startswith("sealed.") and name != "sealed.seals":
        return " ".join(text.split())  # what is sealed has no line breaks
    return text


def tidy_number(text: str) -> str:
    """A certificate's number as it was typed, in capitals and without the spaces and hyphens that group its digits."""
    return "".join(text.upper().split()).replace("-", "")


def _filled(fields: Mapping[str, str], rows: str) -> list[int]:
    """The rows that say something; a line's class alone, which a form fills in itself, says nothing."""
    found = {
        int(match[2])
        for name, text in fields.items()
        if text and (match := _ROW.fullmatch(name)) and match[1] == rows and match[3] != "hs"
    }
    return sorted(found)


def _row(fields: Mapping[str, str], rows: str, at: int) -> dict[str, str]:
    start = f"{rows}[{at}]."
    return {name.removeprefix(start): text for name, text in fields.items() if name.startswith(start)}


def rows_of(fields: Mapping[str, str], rows: str) -> list[dict[str, str]]:
    """The rows that a draft has, in order."""
    count = 1 + max((int(match[2]) for name in fields if (match := _ROW.fullmatch(name)) and match[1] == rows), default=-1)
    return [_row(fields, rows, at) for at in range(count)]


def content(kind: Kind, fields: Mapping[str, str], basis: Mapping[str, str]) -> bytes:
    """The officer's JSON file that says the same."""
    form = shape(kind)
    told: dict[str, Any] = {name: fields.get(name, "") for name in _WHOLE[form] if name != "receipt_code"}
    if form is Kind.CLOSE:
        return _json(told)
    if _DIGITS.fullmatch(told["parcels"]):
        told["parcels"] = int(told["parcels"])
    if form is Kind.ANSWER:
        return _json(told | {"answers": basis["answers"]})
    told["lines"] = [_line(form, row) for row in rows_of(fields, "lines")]
    if form is Kind.ISSUE:
        told["sources"] = [
            {"number": row.get("number", ""), "carats": row.get("carats", "")} for row in rows_of(fields, "sources")
        ]
    elif form is Kind.CONFIRM:
        told |= {"receipt_code": fields["receipt_code"]} if "receipt_code" in fields else {}
        told["answers"] = basis["answers"]
    return _json(told | {"sealed": _sealed(fields)})


def _json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"


def _line(form: Kind, row: Mapping[str, str]) -> dict[str, Any]:
    line: dict[str, Any] = {name: row.get(name, "") for name in _MEASURED}
    if form in WITH_ORIGIN:
        line["origin"] = sorted(set(_several(row.get("origin", ""))))
        line |= {"zone": row["zone"]} if "zone" in row else {}
    return line


def _sealed(fields: Mapping[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for who in PARTIES:
        party = {part: fields.get(f"sealed.{who}.{part}", "") for part in PARTS}
        told |= {who: party} if any(party.values()) else {}
    told |= {name: fields[f"sealed.{name}"] for name in TEXTS if f"sealed.{name}" in fields}
    if numbers := _several(fields.get("sealed.seals", "")):
        told["seals"] = numbers
    return told


def _several(text: str) -> list[str]:
    return [part for part in _SEPARATORS.split(text) if part]


def _sealed_names() -> Iterator[str]:
    yield from (f"sealed.{who}.{part}" for who in PARTIES for part in PARTS)
    yield from (f"sealed.{name}" for name in (*TEXTS, "seals"))


# --- reading what a draft says


def faults(draft: Draft) -> list[Refusal | DeskError]:
    """All that is wrong with a draft as far as that is known without the ledger: what is empty and what is no amount or date
    field by field; when there is none of that, the first that the ledger would refuse.
    """
    form = shape(draft.kind)
    found: list[Refusal | DeskError] = [
        DeskError(Fault.REQUIRED, name) for name in _REQUIRED[form] if not draft.fields.get(name)
    ]
    if form in _WITH_LINES and not rows_of(draft.fields, "lines"):
        found.append(DeskError(Fault.REQUIRED, "lines[0].carats"))
    for rows in ("lines", "sources"):
        for at, row in enumerate(rows_of(draft.fields, rows)):
            found += _row_faults(rows, at, row)
    found += [error for error in (_fault(parse_carats, draft.fields.get("carats"), "carats"),) if error is not None]
    found += [error for name in _DATES if (error := _fault(day_number, draft.fields.get(name), name)) is not None]
    if found:
        return found
    try:
        _read(form, draft)
    except Refusal as refusal:
        return [refusal]
    return []


def _read(form: Kind, draft: Draft) -> None:
    match form:
        case Kind.CLOSE:
            close_body(draft)
        case Kind.ANSWER:
            answer_body(draft)
        case Kind.ISSUE:
            check_alone(issue_draft(draft))
        case Kind.PAPER:
            check_paper(paper_draft(draft))
        case Kind.TECHNICAL:
            check_technical(technical_draft(draft))
        case _:
            confirm_draft(draft)


def _row_faults(rows: str, at: int, row: Mapping[str, str]) -> Iterator[Refusal | DeskError]:
    needed = ("number", "carats") if rows == "sources" else _MEASURED
    for member in needed:
        if not row.get(member):
            yield DeskError(Fault.REQUIRED, f"{rows}[{at}].{member}")
    for member, parse in (("carats", parse_carats), ("value", parse_value)):
        error = _fault(parse, row.get(member), f"{rows}[{at}].{member}")
        if error is not None:
            yield error


def _fault(parse: Callable[[str, str], object], text: str | None, name: str) -> Refusal | None:
    try:
        if text:
            parse(text, name)
    except Refusal as refusal:
        return refusal
    return None


def issue_draft(draft: Draft) -> IssueDraft:
    """What is sealed for an issue or an amendment; raises Refusal."""
    return issue_from_json(content(draft.kind, draft.fields, draft.basis))


def confirm_draft(draft: Draft) -> ConfirmDraft:
    """What is sealed for an outcome or its correction; raises Refusal."""
    made = confirm_from_json(content(draft.kind, draft.fields, draft.basis))
    if made.outcome == "confirmed" and not made.lines:
        raise Refusal(Code.CONFIRMED_BUT_DIFFERS, "lines")
    return made


def close_body(draft: Draft) -> CloseBody:
    """The body of a closing; raises Refusal."""
    return parse_body(CloseBody, content(draft.kind, draft.fields, draft.basis))


def answer_body(draft: Draft) -> PaperConfirmBody:
    """The body of an outcome that came back on paper; raises Refusal."""
    return parse_body(PaperConfirmBody, content(draft.kind, draft.fields, draft.basis))


def paper_draft(draft: Draft) -> PaperDraft:
    """What is sealed for an import under a paper certificate; raises Refusal."""
    return paper_from_json(content(draft.kind, draft.fields, draft.basis))


def technical_draft(draft: Draft) -> TechnicalDraft:
    """What is sealed for a technical certificate; raises Refusal."""
    return technical_from_json(content(draft.kind, draft.fields, draft.basis))


def stated_lines(draft: Draft) -> tuple[DraftLine, ...]:
    """The lines that a draft states; none of a record without any. Raises Refusal; KeyError where its basis is missing."""
    match shape(draft.kind):
        case Kind.CLOSE | Kind.ANSWER:
            return ()
        case Kind.ISSUE:
            return issue_draft(draft).lines
        case Kind.PAPER:
            return paper_draft(draft).lines
        case Kind.TECHNICAL:
            return technical_draft(draft).lines
        case _:
            return confirm_draft(draft).lines
