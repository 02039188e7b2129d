"""`Client`: a node's interface, each answer a typed object, each list an iterator over all of its pages."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from ledger.limits import MAX_PAGE
from node.client import answers
from node.client.answers import (
    Certificate,
    CertificateRow,
    Finding,
    HolderKeys,
    Inquiry,
    Logged,
    Network,
    OpenConfirmation,
    Page,
    Participant,
    Quarter,
    Record,
    Share,
    Shown,
    Stock,
)
from node.client.connection import Connection
from node.client.history import export, follow

Item = TypeVar("Item")


class Client(Connection):
    """One node's interface; use as an asynchronous context manager. Every method's errors are those of `get_json`."""

    # --- the ledger and who takes part

    async def network(self) -> Network:
        """Which ledger this is, and where it stands."""
        return await self.get("/v1/network", Network)

    async def participant(self, code: str) -> Participant:
        """One participant."""
        return (await self.get(f"/v1/participants/{_part(code)}", answers.OneParticipant)).participant

    def participants(self) -> AsyncIterator[Participant]:
        """All of them, by code."""
        return self.pages("/v1/participants", {}, Participant)

    # --- certificates

    async def certificate(self, number: str) -> Certificate:
        """One certificate with both sides' figures."""
        return await self.get(f"/v1/certificates/{_part(number)}", Certificate)

    def certificates(
        self, *, issuer: str = "", destination: str = "", state: str = "", newest_first: bool = False
    ) -> AsyncIterator[CertificateRow]:
        """Certificates in the order of the log, those that pass every filter given."""
        filters = {"issuer": issuer, "destination": destination, "state": state}
        return self.pages("/v1/certificates", {**filters, "order": "newest" if newest_first else "oldest"}, CertificateRow)

    def open_confirmations(self, *, issuer: str = "", destination: str = "") -> AsyncIterator[OpenConfirmation]:
        """Certificates without an outcome, the oldest first."""
        return self.pages("/v1/confirmations/open", {"issuer": issuer, "destination": destination}, OpenConfirmation)

    async def verdict(self, number: str, code: str) -> Shown:
        """What anybody may read who holds the certificate: with the code that is printed on it."""
        return await self.get(f"/v1/certificates/{_part(number)}/verdict?{urlencode({'code': code})}", Shown)

    # --- records

    async def record(self, record_id: str) -> Record:
        """An accepted record; it is not checked against its id here (`ledger.record.parse_record` of its bytes does that)."""
        return await self.get(f"/v1/records/{_part(record_id)}", Record)

    async def receipt(self, record_id: str) -> str:
        """Its receipt under the newest quorum checkpoint, for `ledger.receipt.verify_receipt`."""
        return (await self.get_bytes(f"/v1/records/{_part(record_id)}/receipt")).decode()

    async def envelope(self, record_id: str) -> bytes:
        """Its sealed part."""
        return await self.get_bytes(f"/v1/records/{_part(record_id)}/envelope")

    async def policy(self) -> str:
        """The policy file as this node prints it; whoever verifies keeps one that he has from elsewhere."""
        return (await self.get_bytes("/log/policy")).decode()

    async def shares(self, record_id: str) -> list[Share]:
        """To whom the key of its sealed part was given later."""
        return (await self.get(f"/v1/records/{_part(record_id)}/shares", answers.Shares)).items

    async def keys(self, holder: str) -> HolderKeys:
        """All keys of a participant or of the secretariat, former ones too; or of whoever has this signing key (hex)."""
        return await self.get(f"/v1/keys/{_part(holder)}", HolderKeys)

    def follow(self, after: int | None = None, *, participant: str = "", kind: str = "") -> AsyncIterator[Logged]:
        """Accepted records as they come, behind the place `after` (-1: all of them, None: from now on), without an end."""
        return follow(self, after, participant=participant, kind=kind)

    def export(
        self, after: int = -1, *, participant: str = "", kind: str = "", since: str = "", until: str = ""
    ) -> AsyncIterator[Logged]:
        """The history of accepted records behind a place (for auditors), those that pass every filter given."""
        return export(self, after, {"participant": participant, "kind": kind, "since": since, "until": until})

    # --- what follows

    def findings(
        self, *, rule: str = "", participant: str = "", status: str = "", severity: str = "", certificate: str = ""
    ) -> AsyncIterator[Finding]:
        """Findings, those first seen last at the top."""
        filters = {"rule": rule, "participant": participant, "status": status, "severity": severity}
        return self.pages("/v1/findings", {**filters, "certificate": certificate}, Finding)

    def inquiries(self, state: str = "unanswered", *, participant: str = "") -> AsyncIterator[Inquiry]:
        """The secretariat's questions in one state, the oldest first."""
        return self.pages("/v1/inquiries", {"state": state, "participant": participant}, Inquiry)

    async def stock(self, participant: str) -> Stock:
        """What a participant has received less what it has sent (for auditors)."""
        return await self.get(f"/v1/participants/{_part(participant)}/stock", Stock)

    async def quarter(self, participant: str, quarter: str, flow: str) -> Quarter:
        """The ledger's own sums of a participant's exports (`export`) or imports (`import`) of a quarter."""
        path = f"/v1/participants/{_part(participant)}/quarters/{_part(quarter)}"
        return await self.get(f"{path}?{urlencode({'flow': flow})}", Quarter)

    # --- pages

    async def pages(self, path: str, filters: Mapping[str, str], item: type[Item]) -> AsyncIterator[Item]:
        """All items of a list, page by page; filters that are empty are left out."""
        form: Any = Page[item]  # type: ignore[valid-type]  # made at run time
        given = {name: value for name, value in filters.items() if value}
        cursor: dict[str, str] = {}
        while True:
            page: Page[Item] = await self.get(f"{path}?{urlencode({**given, **cursor, 'limit': str(MAX_PAGE)})}", form)
            for one in page.items:
                yield one
            if page.next is None:
                return
            cursor = {"cursor": page.next}


def _part(text: str) -> str:
    return quote(text, safe="")
