"""What the desk asks of its node: register, certificates, announced shipments, sealed parts opened here.

What an officer acts upon is read from signed records that are held against their ids and their envelopes (`node.sealed`), not
from what the node says of them. Lists and balances are the node's word, its own participant's.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ledger.bodies import ConfirmBody, PaperImportBody, StatedBody
from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft, code_text
from ledger.entries import PREFIX_CHARACTERS
from ledger.limits import MAX_PAGE
from ledger.paperdrafts import PaperDraft
from ledger.record import Record
from ledger.units import DAY_MS, Cents, carats, date_of, parse_carats
from node.client import Client, ProblemError
from node.desk.errors import DeskError, Fault
from node.desk.limits import OWED_DAYS, OWED_PAGES, REGISTER_S, SHOWN, SOURCE_PAGES
from node.sealed import Reader, Side, fetch_part, fetch_record, lines_of, opened

_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Source:
    """A certificate that this participant confirmed, of which something is left."""

    number: str
    issuer: str
    measured: str
    left: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A signed statement of a certificate with its sealed part opened.

    Attributes:
        record: as it was signed.
        fields: what was sealed, by name.
        cents: value of each line.
    """

    record: Record
    fields: Mapping[str, Any]
    cents: tuple[int, ...]

    def as_issue(self) -> IssueDraft:
        """What an issuer stated, with values and names."""
        body = self.record.body
        assert isinstance(body, StatedBody), "asked for what an issuer stated"
        lines = tuple(
            DraftLine(line.hs, line.points, Cents(cents), line.origin, line.zone)
            for line, cents in zip(body.lines, self.cents, strict=True)
        )
        return IssueDraft(
            number=body.number,
            type=body.type,
            issued=body.issued,
            validated=body.validated,
            expires=body.expires,
            destination=body.destination,
            parcels=body.parcels,
            lines=lines,
            sources=body.sources,
            sealed=self.fields,
        )

    def as_paper(self) -> PaperDraft:
        """What an importer stated of a paper certificate, with values and names."""
        body = self.record.body
        assert isinstance(body, PaperImportBody), "asked for an import under a paper certificate"
        lines = tuple(
            DraftLine(line.hs, line.points, Cents(cents), line.origin, line.zone)
            for line, cents in zip(body.lines, self.cents, strict=True)
        )
        return PaperDraft(body.number, body.reason, body.issued, body.received, body.parcels, lines, self.fields)

    def as_outcome(self) -> tuple[ConfirmDraft, str]:
        """What a destination stated, and the receipt code as printed."""
        body = self.record.body
        assert isinstance(body, ConfirmBody), "asked for an outcome"
        lines = tuple(DraftLine(line.hs, line.points, Cents(cents)) for line, cents in zip(body.lines, self.cents, strict=True))
        told = ConfirmDraft(
            number=body.number,
            outcome=body.outcome,
            received=body.received,
            parcels=body.parcels,
            lines=lines,
            inspection=body.inspection,
            seals=body.seals,
            sealed=self.fields,
        )
        return told, "" if body.receipt_code is None else code_text(body.receipt_code)


class Reading:
    """The node as one participant's desk reads it. `secrets` opens the office's sealing keys."""

    def __init__(self, url: str, token: str, participant: str, ledger_id: bytes, secrets: Callable[[], list[bytes]]) -> None:
        self._url = url
        self._token = token
        self._participant = participant
        self._ledger_id = ledger_id
        self._secrets = secrets
        self._register: tuple[float, dict[str, dict[str, Any]]] | None = None

    def client(self) -> Client:
        """A connection to the node, to be used as a context."""
        return Client(self._url, self._token)

    async def participants(self) -> Mapping[str, dict[str, Any]]:
        """The register by code, at most a minute old."""
        if self._register is None or time.monotonic() > self._register[0]:
            async with self.client() as client:
                rows = (await client.get_list("/v1/participants", {}))["items"]
            self._register = time.monotonic() + REGISTER_S, {row["code"]: row for row in rows}
        return self._register[1]

    async def certificate(self, number: str) -> dict[str, Any]:
        """A certificate as the node shows it; raises DeskError NOT_FOUND."""
        async with self.client() as client:
            return await _certificate(client, number)

    async def exists(self, number: str) -> bool:
        """Whether the ledger has a certificate of this number."""
        try:
            await self.certificate(number)
        except DeskError:
            return False
        return True

    async def announced(self, cursor: str = "") -> dict[str, Any]:
        """Open certificates destined here, those that entered the ledger first at the top: a page, and where it goes on."""
        filters = {"destination": self._participant, "limit": str(SHOWN)} | ({"cursor": cursor} if cursor else {})
        async with self.client() as client:
            return await client.get_json("/v1/confirmations/open?" + "&".join(f"{k}={quote(v)}" for k, v in filters.items()))

    async def issued(self) -> list[dict[str, Any]]:
        """This participant's certificates, the newest first."""
        async with self.client() as client:
            rows = (await client.get_list("/v1/certificates", {"issuer": self._participant, "order": "newest"}, SHOWN))["items"]
        return list(rows)

    async def received(self) -> list[dict[str, Any]]:
        """Certificates destined here, the newest first."""
        async with self.client() as client:
            filters = {"destination": self._participant, "order": "newest"}
            rows = (await client.get_list("/v1/certificates", filters, SHOWN))["items"]
        return list(rows)

    async def owed_on_paper(self) -> list[dict[str, Any]]:
        """Open certificates of this participant's own whose outcome comes back on paper, the oldest first.

        Where everybody has confirmed here for so long that none of the others is still awaited, the node is not asked.
        """
        register = await self.participants()
        lately = date_of(time.time_ns() // 1_000_000 // DAY_MS - OWED_DAYS)
        if not any(answers_on_paper({"destination": code, "issued": lately}, register) for code in register):
            return []
        async with self.client() as client:
            rows = (await client.get_list("/v1/confirmations/open", {"issuer": self._participant}, OWED_PAGES * MAX_PAGE))[
                "items"
            ]
        return [row for row in rows if answers_on_paper(row, register)][:SHOWN]

    async def sources(self) -> list[Source]:
        """What this participant confirmed and has not passed on wholly, the newest first."""
        found = []
        async with self.client() as client:
            for state in ("confirmed", "discrepancy"):
                filters = {"destination": self._participant, "state": state, "order": "newest"}
                rows = (await client.get_list("/v1/certificates", filters, SOURCE_PAGES * MAX_PAGE))["items"]
                for row in rows:
                    left = parse_carats(row["measured"] or "0.00") - parse_carats(row["claimed"])
                    if left > 0:
                        found.append((-row["index"], Source(row["number"], row["issuer"], row["measured"], carats(left))))
        return [source for _, source in sorted(found, key=lambda pair: pair[0])]

    async def next_number(self, taken: set[str]) -> str:
        """The number after this participant's newest one, neither on the ledger nor `taken`; empty where there is none yet."""
        rows = await self.issued()
        if not rows:
            return ""
        newest = rows[0]["number"]
        prefix, digits = newest[:PREFIX_CHARACTERS], newest[PREFIX_CHARACTERS:]
        used = taken | {row["number"] for row in rows}
        for step in range(1, 1 + SHOWN):
            number = f"{prefix}{int(digits) + step:0{len(digits)}}"
            if number not in used and not await self.exists(number):
                return number
        return ""

    async def statement(self, number: str, side: Side = "issue") -> Statement:
        """The newest statement of a certificate's issuer, or of its destination, opened.

        Raises:
            DeskError: NOT_FOUND.
            FatalError: it is not for this office, does not open, or the node lies.
            Refusal: its values are not those that it commits to.
        """
        reader = Reader(self._ledger_id, self._participant, self._secrets())
        async with self.client() as client:
            try:
                part = await fetch_part(client, reader, number, side)
            except ProblemError as error:
                if error.status == _NOT_FOUND:
                    raise DeskError(Fault.NOT_FOUND, "number", 404) from error
                raise
        found = opened(reader, part)
        cents = tuple(cents for _, _, cents in lines_of(found.fields, part))
        return Statement(part.record, {name: told for name, told in found.fields.items() if name != "values"}, cents)

    async def records(self, number: str) -> list[tuple[Record, int]]:
        """All records of a certificate with their heights, in order."""
        async with self.client() as client:
            told = await _certificate(client, number)
            return [(await fetch_record(client, one["id"]), one["height"]) for one in told["records"]]


def answers_on_paper(row: Mapping[str, Any], register: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether there is a day since its issue on which a certificate's destination does not confirm on the ledger."""
    there = register.get(row["destination"], {})
    since = there.get("confirms_from", "")
    return not since or since > row["issued"] or bool(there.get("until"))


async def _certificate(client: Client, number: str) -> dict[str, Any]:
    try:
        return await client.get_json(f"/v1/certificates/{quote(number, safe='')}")
    except ProblemError as error:
        if error.status == _NOT_FOUND:
            raise DeskError(Fault.NOT_FOUND, "number", 404) from error
        raise
