"""The bodies of the kinds of records, as schemas: field, type, bound. What needs another field or the state: `rules`.

Fields stand in canonical order, so that a schema encodes canonically as it is. Reference: design 10-formats.md, "Record".
"""

from dataclasses import dataclass
from typing import Final

from ledger.bodies.fields import (
    AnyPoints,
    Author,
    Bin10,
    Bin16,
    Bin32,
    Bin64,
    Date,
    Hs,
    Number,
    ParticipantCode,
    SomePoints,
)
from ledger.bodies.inquiries import FaultBody, InquiryAnswerBody, InquiryCloseBody, InquiryOpenBody, ShareBody
from ledger.bodies.members import (
    AuthoritySetBody,
    KeyAddBody,
    KeyRevokeBody,
    ParticipationSetBody,
    RangeCommitBody,
    WithdrawBody,
)
from ledger.bodies.nodes import EquivocationBody, NodeReadyBody, NodeSetBody
from ledger.bodies.papers import PaperConfirmBody, PaperImportBody, TechnicalBody, TransitBody
from ledger.bodies.plenary import BilateralBody, MissionReportBody, PositionBody, ProposeBody
from ledger.bodies.reports import (
    AnnualProtection,
    CountersignBody,
    ProductionBody,
    Protection,
    ReturnBody,
    ReturnCell,
    StockBody,
)
from ledger.bodies.statistics import AttachBody, PublishBody, VerdictBody
from ledger.bodies.trade import AmendBody, CloseBody, ConfirmBody, ConfirmLine, CorrectBody, IssueBody, Line, Source

__all__ = [
    "KINDS",
    "AmendBody",
    "AnnualProtection",
    "AnyPoints",
    "AttachBody",
    "Author",
    "AuthoritySetBody",
    "BilateralBody",
    "Bin10",
    "Bin16",
    "Bin32",
    "Bin64",
    "Body",
    "CloseBody",
    "ConfirmBody",
    "ConfirmLine",
    "CorrectBody",
    "CountersignBody",
    "Date",
    "EquivocationBody",
    "FaultBody",
    "Hs",
    "InquiryAnswerBody",
    "InquiryCloseBody",
    "InquiryOpenBody",
    "IssueBody",
    "KeyAddBody",
    "KeyRevokeBody",
    "Kind",
    "Line",
    "MissionReportBody",
    "NodeReadyBody",
    "NodeSetBody",
    "Number",
    "PaperConfirmBody",
    "PaperImportBody",
    "ParticipantCode",
    "ParticipationSetBody",
    "PositionBody",
    "ProductionBody",
    "ProposeBody",
    "Protection",
    "PublishBody",
    "RangeCommitBody",
    "ReturnBody",
    "ReturnCell",
    "SealedBody",
    "ShareBody",
    "SomePoints",
    "Source",
    "StatedBody",
    "StockBody",
    "TechnicalBody",
    "TransitBody",
    "VerdictBody",
    "WithdrawBody",
]

StatedBody = IssueBody | AmendBody
"""All that an issuer states of a certificate."""

SealedBody = StatedBody | ConfirmBody | CorrectBody | PaperImportBody | TechnicalBody
"""Bodies with lines, a rid and the hash of an envelope."""

MemberBody = AuthoritySetBody | KeyAddBody | KeyRevokeBody | ParticipationSetBody | WithdrawBody | RangeCommitBody
PlenaryBody = ProposeBody | PositionBody | MissionReportBody | BilateralBody
NodeBody = NodeSetBody | NodeReadyBody | EquivocationBody
ReportBody = ProductionBody | StockBody | ReturnBody | CountersignBody
InquiryBody = InquiryOpenBody | InquiryAnswerBody | InquiryCloseBody | ShareBody | FaultBody
StatisticsBody = AttachBody | PublishBody | VerdictBody
ClearBody = CloseBody | PaperConfirmBody | TransitBody | MemberBody | PlenaryBody | NodeBody
Body = SealedBody | ClearBody | ReportBody | InquiryBody | StatisticsBody


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record: the schema of its body, and whether an envelope belongs to it."""

    body: type[Body]
    sealed: bool = False


CERTIFICATE_ISSUE: Final = "certificate.issue"
CERTIFICATE_AMEND: Final = "certificate.amend"
CERTIFICATE_CLOSE: Final = "certificate.close"
IMPORT_CONFIRM: Final = "import.confirm"
IMPORT_CORRECT: Final = "import.correct"
PAPER_IMPORT: Final = "paper.import"
PAPER_CONFIRM: Final = "paper.confirm"
TECHNICAL_ISSUE: Final = "technical.issue"
TRANSIT_NOTICE: Final = "transit.notice"
PARTICIPATION_SET: Final = "participation.set"
PARTICIPANT_WITHDRAW: Final = "participant.withdraw"
RANGE_COMMIT: Final = "range.commit"
AUTHORITY_SET: Final = "authority.set"
KEY_ADD: Final = "key.add"
KEY_REVOKE: Final = "key.revoke"
NODE_SET: Final = "node.set"
NODE_READY: Final = "node.ready"
PLENARY_PROPOSE: Final = "plenary.propose"
PLENARY_POSITION: Final = "plenary.position"
MISSION_REPORT: Final = "mission.report"
BILATERAL_ACCEPT: Final = "bilateral.accept"
EVIDENCE_EQUIVOCATION: Final = "evidence.equivocation"
PRODUCTION_REPORT: Final = "production.report"
STOCK_DECLARE: Final = "stock.declare"
RETURN_FILE: Final = "return.file"
RETURN_COUNTERSIGN: Final = "return.countersign"
INQUIRY_OPEN: Final = "inquiry.open"
INQUIRY_ANSWER: Final = "inquiry.answer"
INQUIRY_CLOSE: Final = "inquiry.close"
SEALED_SHARE: Final = "sealed.share"
SEALED_FAULT: Final = "sealed.fault"
STATISTICS_ATTACH: Final = "statistics.attach"
STATISTICS_PUBLISH: Final = "statistics.publish"
STATISTICS_VERDICT: Final = "statistics.verdict"

KINDS: Final = {
    CERTIFICATE_ISSUE: Kind(IssueBody, sealed=True),
    CERTIFICATE_AMEND: Kind(AmendBody, sealed=True),
    CERTIFICATE_CLOSE: Kind(CloseBody),
    IMPORT_CONFIRM: Kind(ConfirmBody, sealed=True),
    IMPORT_CORRECT: Kind(CorrectBody, sealed=True),
    PAPER_IMPORT: Kind(PaperImportBody, sealed=True),
    PAPER_CONFIRM: Kind(PaperConfirmBody),
    TECHNICAL_ISSUE: Kind(TechnicalBody, sealed=True),
    TRANSIT_NOTICE: Kind(TransitBody),
    PARTICIPATION_SET: Kind(ParticipationSetBody),
    PARTICIPANT_WITHDRAW: Kind(WithdrawBody),
    RANGE_COMMIT: Kind(RangeCommitBody),
    AUTHORITY_SET: Kind(AuthoritySetBody),
    KEY_ADD: Kind(KeyAddBody),
    KEY_REVOKE: Kind(KeyRevokeBody),
    NODE_SET: Kind(NodeSetBody),
    NODE_READY: Kind(NodeReadyBody),
    PLENARY_PROPOSE: Kind(ProposeBody),
    PLENARY_POSITION: Kind(PositionBody),
    MISSION_REPORT: Kind(MissionReportBody),
    BILATERAL_ACCEPT: Kind(BilateralBody),
    EVIDENCE_EQUIVOCATION: Kind(EquivocationBody),
    PRODUCTION_REPORT: Kind(ProductionBody),
    STOCK_DECLARE: Kind(StockBody),
    RETURN_FILE: Kind(ReturnBody),
    RETURN_COUNTERSIGN: Kind(CountersignBody),
    INQUIRY_OPEN: Kind(InquiryOpenBody),
    INQUIRY_ANSWER: Kind(InquiryAnswerBody),
    INQUIRY_CLOSE: Kind(InquiryCloseBody),
    SEALED_SHARE: Kind(ShareBody),
    SEALED_FAULT: Kind(FaultBody),
    STATISTICS_ATTACH: Kind(AttachBody),
    STATISTICS_PUBLISH: Kind(PublishBody),
    STATISTICS_VERDICT: Kind(VerdictBody),
}
