"""From what was stated to the fields of a form: the way back of `node.desk.forms`."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft
from ledger.paperdrafts import PaperDraft
from ledger.units import carats, value
from node.desk.forms import PARTIES, PARTS, TEXTS


def from_issue(stated: IssueDraft) -> dict[str, str]:
    """The fields that say what a certificate says."""
    fields = {
        "number": stated.number,
        "type": stated.type,
        "issued": stated.issued,
        "validated": stated.validated,
        "expires": stated.expires,
        "destination": stated.destination,
        "parcels": str(stated.parcels),
    }
    fields |= from_lines(stated.lines)
    for at, source in enumerate(stated.sources):
        fields |= {f"sources[{at}].number": source.number, f"sources[{at}].carats": carats(source.points)}
    return fields | from_sealed(stated.sealed)


def from_confirm(stated: ConfirmDraft, code: str) -> dict[str, str]:
    """The fields that say what an outcome says; `code` the receipt code as printed."""
    fields = {
        "number": stated.number,
        "outcome": stated.outcome,
        "received": stated.received,
        "parcels": str(stated.parcels),
        "inspection": stated.inspection,
        "seals": stated.seals,
        "receipt_code": code,
    }
    kept = {name: text for name, text in fields.items() if text}
    return kept | from_lines(stated.lines) | from_sealed(stated.sealed)


def from_paper(stated: PaperDraft) -> dict[str, str]:
    """The fields that say what an import under a paper certificate says."""
    fields = {
        "number": stated.number,
        "reason": stated.reason,
        "issued": stated.issued,
        "received": stated.received,
        "parcels": str(stated.parcels),
    }
    return fields | from_lines(stated.lines) | from_sealed(stated.sealed)


def from_lines(lines: Sequence[DraftLine]) -> dict[str, str]:
    """The fields of lines, in order; origin and zone where they have them."""
    fields: dict[str, str] = {}
    for at, line in enumerate(lines):
        row = {"hs": line.hs, "origin": " ".join(line.origin), "zone": line.zone, "carats": carats(line.points)}
        fields |= {f"lines[{at}].{name}": text for name, text in {**row, "value": value(line.cents)}.items() if text}
    return fields


def from_sealed(sealed: Mapping[str, Any]) -> dict[str, str]:
    """The fields of what was sealed."""
    fields = {f"sealed.{who}.{part}": sealed.get(who, {}).get(part, "") for who in PARTIES for part in PARTS}
    fields |= {f"sealed.{name}": sealed.get(name, "") for name in TEXTS}
    fields["sealed.seals"] = " ".join(sealed.get("seals", ()))
    return {name: text for name, text in fields.items() if text}
