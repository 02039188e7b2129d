"""What the search box takes: a certificate's number, a record's id, a participant's or country's code or name.

Codes and numbers are taken in any case and with spaces or dashes inside. Names are compared without case and accents; one that
begins so counts before one that has it somewhere. The register is small and held decoded; nothing is scanned.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from api.reading.guard import ROOT
from ledger.participants import Participant
from ledger.state import Ledger

MAX_CHARACTERS: Final = 100
_MAX_SHOWN: Final = 20
_NUMBER: Final = re.compile(r"[A-Z]{2}[0-9]{4,10}")
_ID: Final = re.compile(r"[0-9a-f]{64}")
_BETWEEN: Final = re.compile(r"[\s\-./]+")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        page: address of the one page that is meant, empty for none.
        participants: those whose name fits, when there are several or none of them is meant alone.
        looks_like: `number`, `record`, or empty: what the text has the form of, though nothing is there.
    """

    page: str = ""
    participants: tuple[Participant, ...] = ()
    looks_like: str = ""


def look_up(ledger: Ledger, text: str, names: Mapping[str, str]) -> Found:
    """The page for what somebody typed; `names` of participants by code in the reader's language, besides the register's."""
    close = _BETWEEN.sub("", text)[:MAX_CHARACTERS]
    number, record = close.upper(), close.lower()
    if _NUMBER.fullmatch(number):
        return Found(page_of(number)) if ledger.certificate(number) is not None else Found(looks_like="number")
    if _ID.fullmatch(record):
        there = ledger.record(bytes.fromhex(record)) is not None
        return Found(f"{ROOT}/records/{record}") if there else Found(looks_like="record")
    return _participant(ledger, text[:MAX_CHARACTERS], number, names)


def page_of(number: str) -> str:
    """The address of a certificate's page."""
    return f"{ROOT}/certificates/{quote(number, safe='')}"


def _participant(ledger: Ledger, text: str, code: str, names: Mapping[str, str]) -> Found:
    register = ledger.register
    direct = register.participant(code) or register.participant_of(code)
    if direct is not None:
        return Found(f"{ROOT}/participants/{direct.code}")
    wanted = _plain(text)
    if not wanted:
        return Found()
    named = [({_plain(one.name), _plain(names.get(one.code, ""))}, one) for one in register.participants.values()]
    exact = [one for called, one in named if wanted in called]
    begins = [one for called, one in named if any(name.startswith(wanted) for name in called)]
    holds = [one for called, one in named if one not in begins and any(wanted in name for name in called)]
    found = exact or begins + holds
    if len(found) == 1:
        return Found(f"{ROOT}/participants/{found[0].code}")
    return Found(participants=tuple(found[:_MAX_SHOWN]))


def _plain(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))
    return " ".join("".join(mark for mark in parts if not unicodedata.combining(mark)).split())
