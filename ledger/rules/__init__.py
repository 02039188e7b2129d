"""What each kind of record must fulfil: one check a line, one typed error each, in the order of the table of 2-records.md.

`RULES` names for each kind its check and its effect. A check reads state and raises the first `Refusal`; it writes nothing,
so that the mempool may ask it at any time. An effect writes what the record changes and refuses nothing. `Ledger.check` runs
the checks, `Ledger.apply` the checks and then the effect: what one accepts, the other does at the same state.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ledger.bodies import (
    AUTHORITY_SET,
    BILATERAL_ACCEPT,
    CERTIFICATE_AMEND,
    CERTIFICATE_CLOSE,
    CERTIFICATE_ISSUE,
    EVIDENCE_EQUIVOCATION,
    IMPORT_CONFIRM,
    IMPORT_CORRECT,
    INQUIRY_ANSWER,
    INQUIRY_CLOSE,
    INQUIRY_OPEN,
    KEY_ADD,
    KEY_REVOKE,
    MISSION_REPORT,
    NODE_READY,
    NODE_SET,
    PAPER_CONFIRM,
    PAPER_IMPORT,
    PARTICIPANT_WITHDRAW,
    PARTICIPATION_SET,
    PLENARY_POSITION,
    PLENARY_PROPOSE,
    PRODUCTION_REPORT,
    RANGE_COMMIT,
    RETURN_COUNTERSIGN,
    RETURN_FILE,
    SEALED_FAULT,
    SEALED_SHARE,
    STATISTICS_ATTACH,
    STATISTICS_PUBLISH,
    STATISTICS_VERDICT,
    STOCK_DECLARE,
    TECHNICAL_ISSUE,
    TRANSIT_NOTICE,
)
from ledger.network import Network
from ledger.participants import Holder, Role
from ledger.record import Record
from ledger.register import Register
from ledger.rules import (
    certificate,
    changes,
    evidence,
    imports,
    inquiries,
    members,
    missions,
    nodes,
    papers,
    plenary,
    reports,
    returns,
    sealed,
    statistics,
    technical,
)
from ledger.rules.common import Place, View, check_common, enact_common
from ledger.rules.effects import Writer
from ledger.rules.signers import NodeSigner, RoleSigner, RootSigner, SecretariatSigner, Signer

__all__ = ["RULES", "Place", "Rule", "View", "Writer", "check_key", "check_record"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind: which key signs it, the checks beyond the common ones, what it writes (read from the state before it)."""

    signer: Signer
    check: Callable[[View, Holder, Record], None]
    effect: Callable[[View, Writer, Record, Place], None]

    def enact(self, view: View, writer: Writer, record: Record, place: Place) -> None:
        """What an accepted record writes: what all kinds do, and what this one does."""
        enact_common(writer, record)
        self.effect(view, writer, record, place)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        CERTIFICATE_ISSUE: Rule(RoleSigner(Role.ISSUE), certificate.check, certificate.enact),
        CERTIFICATE_AMEND: Rule(RoleSigner(Role.ISSUE), changes.check_amend, changes.enact_amend),
        CERTIFICATE_CLOSE: Rule(RoleSigner(Role.ISSUE), changes.check_close, changes.enact_close),
        IMPORT_CONFIRM: Rule(RoleSigner(Role.CONFIRM), imports.check, imports.enact),
        IMPORT_CORRECT: Rule(RoleSigner(Role.CONFIRM), changes.check_correct, changes.enact_correct),
        PAPER_IMPORT: Rule(RoleSigner(Role.CONFIRM), papers.check_import, papers.enact_import),
        PAPER_CONFIRM: Rule(RoleSigner(Role.ISSUE), papers.check_confirm, papers.enact_confirm),
        TECHNICAL_ISSUE: Rule(RoleSigner(Role.ISSUE, or_role=Role.CONFIRM), technical.check_issue, technical.enact_issue),
        TRANSIT_NOTICE: Rule(RoleSigner(Role.CONFIRM), technical.check_transit, technical.enact_transit),
        PARTICIPATION_SET: Rule(RootSigner(), members.check_participation, members.enact_participation),
        PARTICIPANT_WITHDRAW: Rule(RoleSigner(Role.GOVERN), members.check_withdraw, members.enact_withdraw),
        RANGE_COMMIT: Rule(RoleSigner(Role.ISSUE), members.check_range, members.enact_range),
        AUTHORITY_SET: Rule(RootSigner(), members.check_authority, members.enact_authority),
        KEY_ADD: Rule(RootSigner(secretariat=True), members.check_key_add, members.enact_key_add),
        KEY_REVOKE: Rule(RootSigner(secretariat=True), members.check_key_revoke, members.enact_key_revoke),
        NODE_SET: Rule(RootSigner(), nodes.check_set, nodes.enact_set),
        NODE_READY: Rule(NodeSigner(voting=False), nodes.check_ready, nodes.enact_ready),
        PLENARY_PROPOSE: Rule(RoleSigner(Role.GOVERN), plenary.check_propose, plenary.enact_propose),
        PLENARY_POSITION: Rule(RoleSigner(Role.GOVERN), plenary.check_position, plenary.enact_position),
        MISSION_REPORT: Rule(RoleSigner(Role.AUDIT, secretariat=True), missions.check_report, missions.enact_report),
        BILATERAL_ACCEPT: Rule(RoleSigner(Role.GOVERN), missions.check_bilateral, missions.enact_bilateral),
        EVIDENCE_EQUIVOCATION: Rule(NodeSigner(voting=True), evidence.check, evidence.enact),
        PRODUCTION_REPORT: Rule(RoleSigner(Role.REPORT), reports.check_production, reports.enact_production),
        STOCK_DECLARE: Rule(RoleSigner(Role.REPORT), reports.check_stock, reports.enact_stock),
        RETURN_FILE: Rule(RoleSigner(Role.REPORT), returns.check_file, returns.enact_file),
        RETURN_COUNTERSIGN: Rule(SecretariatSigner(Role.AUDIT), returns.check_countersign, returns.enact_countersign),
        INQUIRY_OPEN: Rule(SecretariatSigner(Role.AUDIT), inquiries.check_open, inquiries.enact_open),
        INQUIRY_ANSWER: Rule(RoleSigner(Role.REPORT), inquiries.check_answer, inquiries.enact_answer),
        INQUIRY_CLOSE: Rule(SecretariatSigner(Role.AUDIT), inquiries.check_close, inquiries.enact_close),
        SEALED_SHARE: Rule(RoleSigner(Role.AUDIT, secretariat=True), sealed.check_share, sealed.enact_share),
        SEALED_FAULT: Rule(RoleSigner(Role.AUDIT, secretariat=True), sealed.check_fault, sealed.enact_fault),
        STATISTICS_ATTACH: Rule(RoleSigner(Role.AUDIT, secretariat=True), statistics.check_attach, statistics.enact_attach),
        STATISTICS_PUBLISH: Rule(RoleSigner(Role.AUDIT, secretariat=True), statistics.check_publish, statistics.enact_publish),
        STATISTICS_VERDICT: Rule(NodeSigner(voting=True), statistics.check_verdict, statistics.enact_verdict),
    }
)
"""Every kind that this protocol version knows; `record.parse_record` refuses others."""


def check_key(register: Register, network: Network, record: Record) -> str:
    """Whether the record's key is its author's for its kind, whatever else speaks against it; the purpose of such keys.

    Raises:
        Refusal: UNKNOWN_AUTHOR, UNKNOWN_KEY, NOT_ROOT_KEY, NOT_CONSENSUS_KEY; KEY_ROLE, the author may not sign this kind.
    """
    signer = RULES[record.kind].signer
    signer.known(register, network, record)
    return signer.purpose


def check_record(view: View, record: Record) -> Rule:
    """All checks of a record against state; the rule that holds for it.

    Raises:
        Refusal: the first check that fails.
    """
    rule = RULES[record.kind]
    author = check_common(view, record, rule.signer)
    rule.check(view, author, record)
    return rule
