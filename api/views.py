"""From the ledger's records to JSON answers: points become carats, bytes become hex, nothing else changes."""

from api.schemas.base import CertificateType
from api.schemas.bodies import BODIES, BodyAnswer
from api.schemas.findings import FindingAnswer
from api.schemas.history import LoggedAnswer
from api.schemas.records import (
    ConfirmAnswer,
    IssueAnswer,
    LineAnswer,
    MeasuredLineAnswer,
    RecordAnswer,
    SourceAnswer,
)
from ledger.bodies import Body, ConfirmBody, IssueBody, StatedBody
from ledger.findings import Finding
from ledger.findings.lists import certificates
from ledger.history import Logged
from ledger.jsonform import body_to_json
from ledger.record import parse_record
from ledger.state import Ledger
from ledger.units import Points, carats

_WEIGHT = "points"


def record_answer(ledger: Ledger, record_id: bytes) -> RecordAnswer | None:
    """The answer of `/v1/records/{id}`; None for a record that is not in the log."""
    found = ledger.record(record_id)
    if found is None:
        return None
    raw, index, height = found
    record = parse_record(raw)
    return RecordAnswer(
        read_at_height=max(ledger.head.height, height),  # its block may be stored a moment before the head is seen to move
        id=record_id.hex(),
        index=index,
        height=height,
        kind=record.kind,
        author=record.author,
        at=record.at,
        key=record.key.hex(),
        body=body_answer(record.body),
        envelope=ledger.envelope(record_id) is not None,
        record=raw.hex(),
    )


def logged_answer(logged: Logged) -> LoggedAnswer:
    """A record at its place, as streams and exports have it."""
    record = logged.record
    return LoggedAnswer(
        index=logged.index,
        height=logged.height,
        id=record.id.hex(),
        kind=record.kind,
        author=record.author,
        at=record.at,
        key=record.key.hex(),
        body=body_answer(record.body),
        record=record.raw.hex(),
    )


def body_answer(body: Body) -> IssueAnswer | ConfirmAnswer | BodyAnswer:
    """A record's body."""
    match body:
        case IssueBody():
            return issue_answer(body)
        case ConfirmBody() if type(body) is ConfirmBody:
            return confirm_answer(body)
        case _:
            return BODIES[type(body)](**body_to_json(body))


def issue_answer(body: StatedBody) -> IssueAnswer:
    """What an issuer states of a certificate, at first or anew."""
    return IssueAnswer(
        number=body.number,
        type=body.type,
        issued=body.issued,
        validated=body.validated,
        expires=body.expires,
        destination=body.destination,
        parcels=body.parcels,
        carats=carats(body.points),
        lines=[
            LineAnswer(
                hs=line.hs,
                origin=list(line.origin),
                carats=carats(line.points),
                commitment=line.commitment.hex(),
                zone=line.zone or None,
            )
            for line in body.lines
        ],
        sources=[SourceAnswer(number=source.number, carats=carats(source.points)) for source in body.sources],
        rid=body.rid.hex(),
        sealed=body.sealed.hex(),
        receipt_hash=body.receipt_hash.hex(),
        verdict_hash=body.verdict_hash.hex(),
    )


def confirm_answer(body: ConfirmBody) -> ConfirmAnswer:
    """Body of an `import.confirm`."""
    return ConfirmAnswer(
        number=body.number,
        answers=body.answers.hex(),
        outcome=body.outcome,
        received=body.received,
        parcels=body.parcels,
        carats=carats(body.points),
        lines=[
            MeasuredLineAnswer(hs=line.hs, carats=carats(line.points), commitment=line.commitment.hex()) for line in body.lines
        ],
        inspection=body.inspection,
        seals=body.seals,
        receipt_code=None if body.receipt_code is None else body.receipt_code.hex(),
        rid=body.rid.hex(),
        sealed=body.sealed.hex(),
    )


def certificate_type(kind: str) -> CertificateType:
    """What an entry says a certificate is, as answers name it."""
    return "re-export" if kind == "re-export" else "paper" if kind == "paper" else "export"


def finding_answer(found: Finding) -> FindingAnswer:
    """A finding; what is named as weights becomes carats."""
    return FindingAnswer(
        name=found.name,
        rule=found.rule,
        about=found.about,
        version=found.version,
        severity=found.severity,
        status=found.status,
        participants=list(dict.fromkeys(found.participants)),
        certificates=list(dict.fromkeys(certificates(found))),
        records=[record_id.hex() for record_id in found.inputs],
        figures=dict(_figure(name, value) for name, value in found.numbers.items()),
        first_seen=found.first_seen,
        height=found.height,
        serial=found.serial,
    )


def _figure(name: str, value: int | str) -> tuple[str, int | str]:
    if isinstance(value, int) and name.endswith(_WEIGHT):
        return f"{name.removesuffix(_WEIGHT)}carats", carats(Points(value))
    return name, value
