"""A certificate's dossier on the reader's own machine: collected from a node's answers, set here (`api.dossier`).

What can be checked is: each receipt carries the record that the certificate names and, where the reader has a policy, holds
under it. The rest is the node's word, at the heights that the dossier states; where the ledger moves on meanwhile, it is read
again.
"""

from urllib.parse import quote, urlencode

import typst
from msgspec.structs import replace

from api.dossier import sources
from api.dossier.contents import attached
from api.dossier.document import make_pdf
from api.dossier.sources import Sources
from ledger.errors import ProofError, Refusal
from ledger.limits import MAX_PAGE
from ledger.merkle import leaf_hash
from ledger.policy import Policy
from ledger.proof import parse_proof
from ledger.receipt import verify_receipt
from ledger.report_entries import InquiryState
from node.client import Client, Page, ProblemError
from node.sealed import untrue

_TRIES = 3
_NOT_FOUND = 404


async def fetch_dossier(client: Client, number: str, language: str, policy: Policy | None = None) -> bytes:
    """The PDF of a certificate's dossier as the client's token may see it.

    Args:
        client: of a node.
        number: of the certificate.
        language: one of `api.pages.language.LANGUAGES`.
        policy: under which every receipt must hold; None: the reader checks them later.

    Raises:
        ProblemError: the node says no.
        ProofError: a receipt does not hold under the policy.
        FatalError: the node cannot be reached, or its answers are not sound.
    """
    found = await _collect(client, number)
    for _ in range(_TRIES - 1):
        if found.network.height == found.certificate.read_at_height == found.custody.read_at_height == found.inquiries_at:
            break
        found = await _collect(client, number)
    for record_id, text in found.receipts.items():
        if policy is not None:
            verify_receipt(text, policy)
        _check_carries(record_id, text)
    try:
        return make_pdf(found, language)
    except (KeyError, ValueError, Refusal, ProofError, typst.TypstError) as error:
        raise untrue(number, f"it cannot be set ({type(error).__name__})") from error


async def _collect(client: Client, number: str) -> Sources:
    path = f"/v1/certificates/{quote(number, safe='')}"
    network = await client.get("/v1/network", sources.Network)
    certificate = await client.get(path, sources.Certificate)
    custody = await client.get(f"{path}/custody", sources.Custody)
    inquiries, at = await _inquiries(client, certificate)
    ids = [*(one.id for one in certificate.records), *certificate.beside]
    return Sources(
        network=network,
        certificate=certificate,
        custody=custody,
        inquiries=inquiries,
        inquiries_at=at or certificate.read_at_height,
        records=[await client.get(f"/v1/records/{one}", sources.Record) for one in ids],
        receipts={one: text for one in attached(certificate) if (text := await _receipt(client, one))},
        names={one.code: one.name async for one in client.participants()},
    )


async def _inquiries(client: Client, certificate: sources.Certificate) -> tuple[list[sources.Inquiry], int]:
    """Those that follow from the findings shown, and the height at which they were read; 0 where none was asked for."""
    names = {one.name for one in certificate.findings}
    found, at = [], 0
    for state in InquiryState:
        for code in sorted({code for one in certificate.findings for code in one.participants}):
            query = urlencode({"state": state, "participant": code, "limit": str(MAX_PAGE)})
            page = await client.get(f"/v1/inquiries?{query}", Page[sources.Inquiry])
            rows = [await _with_finding(client, one) for one in page.items]
            found += [one for one in rows if one.finding in names]
            at = page.read_at_height
    return found, at


async def _with_finding(client: Client, row: sources.Inquiry) -> sources.Inquiry:
    """The public list of unanswered inquiries does not say which finding each follows from; its record does, to readers."""
    if row.finding is not None:
        return row
    finding = (await client.record(row.id)).body.get("finding")
    return replace(row, finding=finding if isinstance(finding, str) else "")


async def _receipt(client: Client, record_id: str) -> str:
    """A receipt; empty as long as no quorum checkpoint covers the record."""
    try:
        return await client.receipt(record_id)
    except ProblemError as error:
        if error.status == _NOT_FOUND:
            return ""
        raise


def _check_carries(record_id: str, text: str) -> None:
    if leaf_hash(parse_proof(text.encode()).extra).hex() != record_id:
        raise untrue(record_id, "its receipt is of another record")
