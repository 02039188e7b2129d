"""From the ledger's records to JSON answers: points become carats, bytes become hex, nothing else changes.

They are read at every turn, so they are made plain (`api.schemas.plain`).
"""

from api.schemas.base import CertificateType
from api.schemas.bodies import PLAIN_BODIES, BodyAnswer, shown
from api.schemas.findings import FindingAnswer
from api.schemas.history import LoggedAnswer
from api.schemas.plain import plain
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
from ledger.record import read_record
from ledger.state import Ledger
from ledger.units import Points, carats

_WEIGHT = "points"

_Record, _Logged, _Finding = plain(RecordAnswer), plain(LoggedAnswer), plain(FindingAnswer)
_Issue, _Line, _Source = plain(IssueAnswer), plain(LineAnswer), plain(SourceAnswer)
_Confirm, _MeasuredLine = plain(ConfirmAnswer), plain(MeasuredLineAnswer)


def record_answer(ledger: Ledger, record_id: bytes) -> RecordAnswer | None:
    """The answer of `/v1/records/{id}`; None for a record that is not in the log."""
    found = ledger.record(record_id)
    if found is None:
        return None
    raw, index, height = found
    record = read_record(raw, record_id)
    return _Record(
        read_at_height=ledger.head.height,
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
    return _Logged(
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
            return PLAIN_BODIES[type(body)](**shown(body))


def issue_answer(body: StatedBody) -> IssueAnswer:
    """What an issuer states of a certificate, at first or anew."""
    return _Issue(
        number=body.number,
        type=body.type,
        issued=body.issued,
        validated=body.validated,
        expires=body.expires,
        destination=body.destination,
        parcels=body.parcels,
        carats=carats(body.points),
        lines=[
            _Line(
                hs=line.hs,
                origin=list(line.origin),
                carats=carats(line.points),
                commitment=line.commitment.hex(),
                zone=line.zone or None,
            )
            for line in body.lines
        ],
        sources=[_Source(number=source.number, carats=carats(source.points)) for source in body.sources],
        rid=body.rid.hex(),
        sealed=body.sealed.hex(),
        receipt_hash=body.receipt_hash.hex(),
        verdict_hash=body.verdict_hash.hex(),
    )


def confirm_answer(body: ConfirmBody) -> ConfirmAnswer:
    """Body of an `import.confirm`."""
    return _Confirm(
        number=body.number,
        answers=body.answers.hex(),
        outcome=body.outcome,
        received=body.received,
        parcels=body.parcels,
        carats=carats(body.points),
        lines=[_MeasuredLine(hs=line.hs, carats=carats(line.points), commitment=line.commitment.hex()) for line in body.lines],
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
    return _Finding(
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
