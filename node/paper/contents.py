"""What stands on a printed certificate: read from what the office kept when it issued it, and held against what was signed.

Rules:
- the record in the receipt is the certificate. The draft beside it gives what is sealed (parties, values); it must state the
  same certificate field by field, and the printed code must be the one whose hash the record has: a file mixed up with
  another certificate's is found out here and not at the border;
- the record must be of this ledger, signed with its author's key; the authority's name is that of the key's holder;
- an amended certificate is printed from its amendment, with the codes of its issue.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ledger.bodies import StatedBody
from ledger.checkpoint import parse_checkpoint
from ledger.drafts import DraftLine, IssueDraft, code_text, parse_code, verdict_hash
from ledger.errors import PaperTooLargeError, Refusal
from ledger.genesis import Genesis
from ledger.jsonform import issue_from_json
from ledger.note import parse_note
from ledger.paper import certificate_of, make_paper
from ledger.proof import parse_proof
from ledger.record import Record, verify_records
from node.errors import Exit, FatalError
from node.office import CODES, DRAFT, RECEIPT, amended_name

_MEMBERS = ("number", "type", "issued", "validated", "expires", "destination", "parcels", "sources")


@dataclass(frozen=True, slots=True)
class Contents:
    """A certificate ready to be printed.

    Attributes:
        body: what was signed.
        lines: the draft's lines, with their values.
        exporter: name, address and licence, as far as they are stated, a line each.
        importer: likewise.
        issuer: name of the exporting participant.
        destination: name of the importing participant.
        origin: country of origin of unmixed goods; empty for others.
        authority: office that issued it.
        link: address that says what has become of it, with number and verdict code.
        verdict_code: the code as printed.
        proof: text of the proof QR; None where it does not fit into one.
        receipt: the whole receipt, to be attached.
        record_id: of the record in it, 32 bytes.
    """

    body: StatedBody
    lines: tuple[DraftLine, ...]
    exporter: tuple[str, ...]
    importer: tuple[str, ...]
    issuer: str
    destination: str
    origin: str
    authority: str
    link: str
    verdict_code: str
    proof: str | None
    receipt: bytes
    record_id: bytes


def read_contents(receipt: Path, genesis: Genesis, url: str, authority: str = "") -> Contents:
    """The contents out of a receipt's file and the draft and codes beside it.

    Args:
        receipt: `NUMBER.tlog-proof` or `NUMBER.amend.tlog-proof`.
        genesis: of the ledger.
        url: where the public asks for the certificate's verdict, no trailing slash.
        authority: name of the issuing office; empty where the genesis knows whose key signed.

    Raises:
        FatalError: a file is missing, or is about something else.
        ProofError: the receipt is none, or about no certificate.
    """
    data = _read(receipt)
    proof = parse_proof(data)
    record, body = certificate_of(proof)
    origin = parse_checkpoint(parse_note(proof.checkpoint).text).origin
    (unsigned,) = verify_records(genesis.ledger_id, [record])
    if unsigned is not None or origin != genesis.origin:
        raise _mixed(receipt, f"a receipt of another ledger than {genesis.origin}")
    draft = _draft(receipt, body)
    code = _code(receipt, body)
    try:
        paper: str | None = make_paper(data)
    except PaperTooLargeError:
        paper = None
    return Contents(
        body=body,
        lines=draft.lines,
        exporter=_party(draft, "exporter"),
        importer=_party(draft, "importer"),
        issuer=_name(genesis, record.author),
        destination=_name(genesis, body.destination),
        origin=_origin(genesis, body),
        authority=authority or _authority(genesis, record),
        link=f"{url}/v1/certificates/{quote(body.number, safe='')}/verdict?code={code_text(code)}",
        verdict_code=code_text(code),
        proof=paper,
        receipt=data,
        record_id=record.id,
    )


def find_receipt(named: str, folder: Path) -> Path:
    """The file of a receipt that is named, or the newest that the folder has of a number."""
    if named.endswith(RECEIPT):
        return Path(named)
    amended = folder / f"{amended_name(named)}{RECEIPT}"
    return amended if amended.exists() else folder / f"{named}{RECEIPT}"


def _draft(receipt: Path, body: StatedBody) -> IssueDraft:
    file = receipt.with_name(receipt.name.removesuffix(RECEIPT) + DRAFT)
    try:
        draft = issue_from_json(_read(file))
    except Refusal as refusal:
        raise _mixed(file, f"no draft of a certificate ({refusal})") from refusal
    for name in _MEMBERS:
        if getattr(draft, name) != getattr(body, name):
            raise _mixed(file, f"another {name} than the record in {receipt}")
    stated = [(line.hs, line.origin, line.points, line.zone) for line in body.lines]
    if [(line.hs, line.origin, line.points, line.zone) for line in draft.lines] != stated:
        raise _mixed(file, f"other lines than the record in {receipt}")
    return draft


def _code(receipt: Path, body: StatedBody) -> bytes:
    file = receipt.with_name(body.number + CODES)
    try:
        code = parse_code(json.loads(_read(file))["verdict_code"], "verdict_code")
    except (ValueError, KeyError, TypeError, AttributeError, Refusal) as error:
        raise _mixed(file, "no codes of a certificate") from error
    if verdict_hash(body.number, code) != body.verdict_hash:
        raise _mixed(file, f"another verdict code than the record in {receipt}")
    return code


def _party(draft: IssueDraft, name: str) -> tuple[str, ...]:
    """Who it is, where, with which licence; the KPCS wants both parties identified.

    Raises:
        FatalError: the draft does not name it.
    """
    party = draft.sealed.get(name, {})
    if not party.get("name"):
        raise FatalError(
            f"The draft of {draft.number} names no {name}.",
            "A Kimberley Process certificate identifies exporter and importer; nothing was printed.",
            f"Amend the certificate with its {name} in the sealed part, then print it.",
            Exit.BAD_DATA,
        )
    return tuple(party[part] for part in ("name", "address", "licence") if party.get(part))


def _name(genesis: Genesis, code: str) -> str:
    participant = genesis.participants.get(code)
    return f"{participant.name} ({code})" if participant is not None else code


def _origin(genesis: Genesis, body: StatedBody) -> str:
    """The one country that all lines are from."""
    first, *more = {line.origin for line in body.lines}
    return _name(genesis, first[0]) if not more and len(first) == 1 else ""


def _authority(genesis: Genesis, record: Record) -> str:
    participant = genesis.participants.get(record.author)
    offices: Sequence[str] = ()
    if participant is not None:
        offices = [office.name for office in participant.authorities if any(key.key == record.key for key in office.keys)]
    if not offices:
        raise FatalError(
            f"The genesis does not say which authority of {record.author} signed {record.id.hex()}.",
            "A certificate names its issuing authority; nothing was printed.",
            'Name it: --authority "NAME"',
            Exit.USAGE,
        )
    return offices[0]


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise FatalError(
            f"{file}: {error.strerror}.",
            "A certificate is printed from its receipt, and the draft and codes beside it.",
            "Name the folder in which `certificate issue` put them: --folder DIR",
            Exit.BAD_DATA,
        ) from error


def _mixed(file: Path, what: str) -> FatalError:
    return FatalError(
        f"{file} holds {what}.",
        "Receipt, draft and codes must be of one certificate; nothing was printed.",
        "Put the files that `certificate issue` wrote for it into one folder and run the command again.",
        Exit.BAD_DATA,
    )
