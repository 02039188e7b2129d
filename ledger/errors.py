"""What the ledger says no to, and why. One enum of codes, the same in HTTP, CLI and judgements (2-records rules).

A `Refusal` is the submitter's to mend; a `StoreError` is the operator's; nothing else leaves this package for bad input.
"""

from enum import StrEnum


class Code(StrEnum):
    """Every reason for which a record or file is refused. Stable: programs rely on these words."""

    # form
    MALFORMED = "malformed"
    NOT_CANONICAL = "not-canonical"
    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    UNKNOWN_KIND = "unknown-kind"
    BAD_VALUE = "bad-value"
    # signature, key and time
    BAD_KEY = "bad-key"
    BAD_SIGNATURE = "bad-signature"
    UNKNOWN_AUTHOR = "unknown-author"
    UNKNOWN_KEY = "unknown-key"
    KEY_NOT_IN_FORCE = "key-not-in-force"
    KEY_ROLE = "key-role"
    TOO_OLD = "too-old"
    IN_FUTURE = "in-future"
    DAILY_QUOTA = "daily-quota"
    # sealed part
    ENVELOPE_MISSING = "envelope-missing"
    ENVELOPE_UNEXPECTED = "envelope-unexpected"
    ENVELOPE_HASH = "envelope-hash"
    ENVELOPE_READERS = "envelope-readers"
    ENVELOPE_UNREADABLE = "envelope-unreadable"
    RID_USED = "rid-used"
    BAD_COMMITMENT = "bad-commitment"
    # certificate.issue
    NUMBER_PREFIX = "number-prefix"
    NUMBER_USED = "number-used"
    NUMBER_OUT_OF_RANGE = "number-out-of-range"
    ISSUER_NOT_IN_FORCE = "issuer-not-in-force"
    ISSUER_SUSPENDED = "issuer-suspended"
    DESTINATION_UNKNOWN = "destination-unknown"
    DESTINATION_NOT_IN_FORCE = "destination-not-in-force"
    DESTINATION_IS_ISSUER = "destination-is-issuer"
    VALIDATED_BEFORE_ISSUED = "validated-before-issued"
    EXPIRES_BEFORE_VALIDATED = "expires-before-validated"
    EXPIRY_OVER_LIMIT = "expiry-over-limit"
    ISSUED_IN_FUTURE = "issued-in-future"
    VALIDATED_IN_FUTURE = "validated-in-future"
    ISSUED_TOO_LATE = "issued-too-late"
    CARATS_DIFFER_FROM_LINES = "carats-differ-from-lines"
    UNKNOWN_ORIGIN = "unknown-origin"
    ORIGIN_ORDER = "origin-order"
    ORIGIN_SUSPENDED = "origin-suspended"
    SOURCE_UNKNOWN = "source-unknown"
    SOURCE_NOT_CONFIRMED_HERE = "source-not-confirmed-here"
    SOURCE_REPEATED = "source-repeated"
    SOURCE_IS_SELF = "source-is-self"
    SOURCES_EXCEED_CERTIFICATE = "sources-exceed-certificate"
    CARATS_EXCEED_SOURCE = "carats-exceed-source"
    # import.confirm
    CERTIFICATE_UNKNOWN = "certificate-unknown"
    CERTIFICATE_CLOSED = "certificate-closed"
    WRONG_DESTINATION = "wrong-destination"
    STALE_HEAD = "stale-head"
    RECEIVED_BEFORE_ISSUED = "received-before-issued"
    RECEIVED_IN_FUTURE = "received-in-future"
    CONFIRMED_BUT_DIFFERS = "confirmed-but-differs"
    CONFIRMED_BUT_EXPIRED = "confirmed-but-expired"
    RECEIPT_CODE = "receipt-code"
    # certificate.amend, certificate.close, import.correct
    NOT_ISSUER = "not-issuer"
    REPLACEMENT = "replacement"
    NO_OUTCOME = "no-outcome"
    CORRECTED_BELOW_CLAIMED = "corrected-below-claimed"
    # paper.import, paper.confirm, technical.issue
    PAPER_NOT_NEEDED = "paper-not-needed"
    LINK_MISSING = "link-missing"
    NOT_PARTY = "not-party"
    # node.set
    NOT_ROOT_KEY = "not-root-key"
    NODE_ADDRESS = "node-address"
    NODE_ADDRESS_USED = "node-address-used"
    NODE_KEY = "node-key"
    NODE_CERTIFICATE = "node-certificate"
    KEY_IN_USE = "key-in-use"
    KEY_RETIRED = "key-retired"
    NODE_UNCHANGED = "node-unchanged"
    TOO_MANY_VALIDATORS = "too-many-validators"
    NO_VALIDATOR_LEFT = "no-validator-left"
    # node.ready
    NOT_CONSENSUS_KEY = "not-consensus-key"
    EPOCH_NOT_NEXT = "epoch-not-next"
    LIST_NOT_PENDING = "list-not-pending"
    NOT_IN_LIST = "not-in-list"
    READY_ALREADY = "ready-already"
    # participation.set, participant.withdraw, range.commit, authority.set, key.add, key.revoke
    DATE_NOT_FUTURE = "date-not-future"
    PARTICIPATION_BEGUN = "participation-begun"
    NOTHING_CHANGES = "nothing-changes"
    RANGE_ORDER = "range-order"
    RANGE_YEAR = "range-year"
    RANGE_OVERLAPS = "range-overlaps"
    AUTHORITY_UNKNOWN = "authority-unknown"
    KEY_FORM = "key-form"
    KEY_SPAN = "key-span"
    KEY_NOT_HELD = "key-not-held"
    KEY_REVOKED = "key-revoked"
    ROLES = "roles"
    SEAL_EPOCH = "seal-epoch"
    TOO_MANY = "too-many"
    # plenary.propose, plenary.position, mission.report, bilateral.accept
    PROPOSAL_FIELD = "proposal-field"
    SUBJECT_UNKNOWN = "subject-unknown"
    CLOSES_TOO_SOON = "closes-too-soon"
    CLOSES_TOO_LATE = "closes-too-late"
    EFFECTIVE_TOO_SOON = "effective-too-soon"
    ADMITTED_ALREADY = "admitted-already"
    COUNTRY_TAKEN = "country-taken"
    MISSION_REPORT_MISSING = "mission-report-missing"
    PARAMETER_UNKNOWN = "parameter-unknown"
    PARAMETER_BOUNDS = "parameter-bounds"
    PROTOCOL_NOT_NEWER = "protocol-not-newer"
    PROPOSAL_UNKNOWN = "proposal-unknown"
    PROPOSAL_CLOSED = "proposal-closed"
    NO_VOICE = "no-voice"
    CONCERNED = "concerned"
    NOT_MISSION_LEAD = "not-mission-lead"
    DATES_ORDER = "dates-order"
    PARTNER_IS_SELF = "partner-is-self"
    # evidence.equivocation
    EPOCH_UNKNOWN = "epoch-unknown"
    EVIDENCE_INVALID = "evidence-invalid"
    EVIDENCE_KNOWN = "evidence-known"
    # production.report, stock.declare, return.file, return.countersign
    PERIOD_NOT_OVER = "period-not-over"
    REVISION_NOT_NEXT = "revision-not-next"
    FIGURES_ORDER = "figures-order"
    STOCK_DECLARED = "stock-declared"
    RETURN_STALE = "return-stale"
    RETURN_CERTIFICATES = "return-certificates"
    RETURN_CELLS = "return-cells"
    RETURN_CARATS = "return-carats"
    RETURN_PROTECTION = "return-protection"
    RETURN_ANNUAL_QUARTER = "return-annual-quarter"
    RETURN_ANNUAL = "return-annual"
    RETURN_BLINDING = "return-blinding"
    RETURN_VALUE = "return-value"
    RETURN_UNKNOWN = "return-unknown"
    RETURN_REPLACED = "return-replaced"
    RETURN_COUNTERSIGNED = "return-countersigned"
    # inquiry.open, inquiry.answer, inquiry.close
    INQUIRY_UNKNOWN = "inquiry-unknown"
    INQUIRY_OF_ANOTHER = "inquiry-of-another"
    INQUIRY_CLOSED = "inquiry-closed"
    # sealed.share, sealed.fault
    ENVELOPE_UNKNOWN = "envelope-unknown"
    NOT_A_READER = "not-a-reader"
    SHARE_EPOCH = "share-epoch"
    SHARED_ALREADY = "shared-already"
    FAULT_STATED = "fault-stated"
    # statistics.attach, statistics.publish, statistics.verdict
    NOT_STATISTICS_CHAIR = "not-statistics-chair"
    CHAIR_TOO_SOON = "chair-too-soon"
    PERIOD_NOT_CLOSED = "period-not-closed"
    HEIGHT_OUTSIDE = "height-outside"
    RELEASE_UNDECIDED = "release-undecided"
    ATTACHMENT_UNKNOWN = "attachment-unknown"
    ATTACHMENT_OF_ANOTHER = "attachment-of-another"
    ATTACHMENT_ORDER = "attachment-order"
    ATTACHMENT_LENGTH = "attachment-length"
    RELEASE_UNKNOWN = "release-unknown"
    RELEASE_DECIDED = "release-decided"
    NOT_VALIDATOR = "not-validator"
    VERDICT_GIVEN = "verdict-given"
    # genesis
    BAD_GENESIS = "bad-genesis"


class LedgerError(Exception):
    """Root of this package's errors."""


class Refusal(LedgerError):  # noqa: N818 - a refusal is an answer, not a fault of the program
    """A record or file that may not enter, the field to look at, what was given and what is allowed.

    Attributes:
        code: the reason.
        field: path inside the record or file, empty when it is the whole. Form names the bytes' own keys (`lines[0].points`),
            rules what JSON shows (`sources[1].carats`).
        details: further figures as JSON values (`limit`, `given`, `certificate`, ...); carats as decimal strings.
    """

    def __init__(self, code: Code, field: str = "", **details: str | int | None) -> None:
        super().__init__(f"{code}{' at ' + field if field else ''} {details or ''}".strip())
        self.code = code
        self.field = field
        self.details = details

    def problem(self) -> dict[str, str | int | None]:
        """The JSON form: `{"error": ..., "field": ..., ...details}`."""
        return {"error": str(self.code), "field": self.field, **self.details}


class ProofError(LedgerError):
    """A note, checkpoint, tile or proof that does not hold; see the subclass for which check failed."""


class MalformedNoteError(ProofError):
    """Bytes that are no signed note: too long, not UTF-8, a control character, no signatures, a bad signature line."""


class MalformedKeyError(ProofError):
    """A verifier key that does not parse, or whose key id does not match its name and public key."""


class UnsupportedKeyError(ProofError):
    """A well-formed verifier key of a signature type other than Ed25519 (0x01) and cosignature/v1 (0x04)."""


class AmbiguousKeyError(ProofError):
    """Two trusted keys share name and key id, so that a signature line could mean either."""


class BadSignatureError(ProofError):
    """A signature line of a trusted key that does not verify; the whole note is refused."""


class UnverifiedNoteError(ProofError):
    """No signature of any trusted key."""


class MalformedCheckpointError(ProofError):
    """A note text that is not origin, size and root in their one form."""


class OriginMismatchError(ProofError):
    """A checkpoint of another log than the one asked for."""


class QuorumNotMetError(ProofError):
    """The signatures verify, but those that count are too few."""


class LogSignatureMissingError(ProofError):
    """The checkpoint has no signature by the log itself."""


class MalformedPolicyError(ProofError):
    """A policy file that breaks a rule of its format; the message names the line."""


class MalformedProofError(ProofError):
    """A text that is no tlog-proof, or hashes that are not 32 bytes each."""


class OutOfRangeError(ProofError):
    """An index or size beyond the tree it is said to be in."""


class ProofLengthError(ProofError):
    """An inclusion or consistency path with more or fewer hashes than index and size call for."""


class RootMismatchError(ProofError):
    """A path that leads to another root, or an old tree that is no prefix of the new one."""


class MalformedTilePathError(ProofError):
    """A tile path that is not in its one form."""


class BadTileError(ProofError):
    """A tile or entry bundle that is missing, or not as long as its width calls for."""


class RecordMissingError(ProofError):
    """A proof without the record (no `extra` line), so that it says nothing about any record."""


class MalformedRequestError(ProofError):
    """What was sent to a witness is no add-checkpoint request, or its old size is beyond the checkpoint's."""


class UnknownLogError(ProofError):
    """A checkpoint of a log that this witness does not cosign."""


class StaleSizeError(ProofError):
    """A request to a witness that does not begin at the size which the witness cosigned last.

    Attributes:
        size: that size, 0 before the first.
    """

    def __init__(self, size: int) -> None:
        super().__init__(f"the newest cosigned checkpoint is of size {size}")
        self.size = size


class InconsistentError(ProofError):
    """A consistency proof that does not lead from the old tree to the new one, or an empty tree with another root."""


class ForkError(ProofError):
    """Two signed checkpoints of one log that cannot both be of one append-only log; see the subclass for how they differ."""


class TwoRootsError(ForkError):
    """Two roots for one size."""


class RewrittenLogError(ForkError):
    """The earlier tree is no prefix of the later one: a leaf was changed, left out or put in between."""


class ShrunkLogError(ForkError):
    """A log with fewer leaves than it had."""


class BlockOrderError(LedgerError):
    """A block that does not follow the head: another height than the next, a time that does not grow, another epoch than the
    one in force, or the end of an epoch with records or for a list of validators that was never scheduled.
    """


class ProtocolError(LedgerError):
    """The Plenary has activated a version of the protocol that this program does not know; the node must stop."""


class StoreError(LedgerError):
    """What is stored is not what was written, or the store cannot be used; the node must stop.

    Attributes:
        damaged: what is stored is damaged, and will be the next time it is read, too.
    """

    damaged = True


class ForeignStoreError(StoreError):
    """The store is another ledger's."""

    damaged = False


class StoreLayoutError(StoreError):
    """The store was written by a version of this program that lays it out otherwise; nothing in it is damaged."""

    damaged = False


class DiskError(StoreError):
    """The disk is full or fails, or another process has the store: nothing is known of what is stored."""

    damaged = False


# --- certificates on paper, and the cached status of certificates


class PaperPrefixError(ProofError):
    """A scanned text that is no proof of a certificate: it does not begin with `KP1:`."""


class PaperEncodingError(ProofError):
    """A proof text that is no base45: a character, group or length that the encoding does not have."""


class PaperCompressionError(ProofError):
    """Bytes that are no raw deflate stream, end too soon, go on after the end, or grow beyond what a proof may be."""


class PaperTooLargeError(ProofError):
    """A receipt that does not fit into one code, even with a single cosignature."""


class NotCertificateError(ProofError):
    """A proof about a record that states no certificate."""


class MalformedStatusError(ProofError):
    """A status file that does not parse, or whose lists are not in their one form."""


class StatusSignerError(ProofError):
    """A status file that no node of the policy signed, or one of another ledger."""


class StatusSignatureError(ProofError):
    """A status file whose signature does not verify."""


class StatusConflictError(ProofError):
    """A proof and a status file that contradict each other: somebody signed an untrue one."""


# --- public statistics


class StatisticsError(LedgerError):
    """Figures that cannot be read as asked; see the subclass."""


class PeriodError(StatisticsError):
    """What is asked for is neither a quarter (`2026Q1`), a half (`2026H1`) nor a year (`2026`)."""


class PeriodOpenError(StatisticsError):
    """The period has not closed yet at this height: its figures still change, and are not released."""


class HeightNotExecutedError(StatisticsError):
    """A height that this node has not executed yet, or none at all."""
