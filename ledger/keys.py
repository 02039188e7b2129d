"""Every key of the ledger's LevelDB, in one place: nobody else writes a prefix.

| prefix | then | value | written by |
|---|---|---|---|
| `g` | | ledger id, 32 bytes: a store belongs to one ledger | creation |
| `v` | | `LAYOUT`, 2 bytes: of which form all of this is | creation |
| `h` | | `Head` | every block |
| `r/` | record id | its place on the shelf, 8 bytes, see `ledger.shelf` | `keep_bodies`, before its block, or that block |
| `c/` | place | the record's bytes, once | `keep_bodies` |
| `e/` | place | its envelope | `keep_bodies` |
| `j/` | place | its `JudgementEntry` | every block that names it |
| `s/c/` | number | `CertificateEntry` | state |
| `s/r/` | rid | `RidEntry`: the record that has taken it, and for whom its envelope is sealed | state |
| `s/n/` | state | how many certificates are in it, 8 bytes, see `ledger.totals` | state |
| `s/t/` | participant, flow, HS (or nothing: all HS) | running sums, see `ledger.totals` | state |
| `s/m/` | participant | `NodeEntry`: its node, when that is no longer as in the genesis | state |
| `s/k/` | key, or a certificate's SHA-256 | `KeyEntry`, when it is not of the genesis or is retired | state |
| `s/w` | | `NetworkEntry`: epoch, pending and scheduled list | state |
| `s/l/` | hash of a list of validators | the list, once it was scheduled | state |
| `s/p/` | epoch (8 bytes) | `EpochEntry`; epoch 0 only once it has ended | state |
| `s/v/` | epoch (8 bytes), consensus key | `EvidenceEntry` | state |
| `s/a/` | participant, or `secretariat` | `ParticipantEntry`, `SecretariatEntry`: who is no longer as in the genesis | state |
| `s/o/` | parameter, or `office/` and an office | its values, or holders, with the days from which they count | state |
| `s/g/` | id of its record | `ProposalEntry` | state |
| `s/x/` | subject | ids of the mission reports on it | state |
| `s/d/` | digest of its text | id of the proposal that endorsed a declaration | state |
| `s/b/` | author, partner | the form of certificates that the author accepts, with the days from which it does | state |
| `s/y/` | participant, flow, quarter | counts of its trade, see `ledger.quarterly` | state |
| `s/y/` | the same, partner, HS | sums of a cell of it | state |
| `s/u/` | flow, number | `CountedEntry`: what of a certificate counts in these sums | state |
| `s/f/` | sort of figures, participant, period | `FilingEntry`: its newest revision | state |
| `s/j/` | id of a return | `ReturnEntry` | state |
| `s/i/` | id of its record | `InquiryEntry` | state |
| `s/e/` | rid, reader | key epochs for which a `sealed.share` gave it the key | state |
| `s/z/` | rid, reader | id of the `sealed.fault` in which it says that it cannot open the envelope | state |
| `s/h/` | number | id of the `technical.issue` that has it | state |
| `x/` | number, `/`, index (8 bytes) | id: technical certificates and transit notices that name it | index |
| `s/T/` | id of its record | `PartEntry`: a part of an attachment | state |
| `s/P/` | id of its record | `ReleaseEntry`: a release of statistics, with the verdicts on it | state |
| `s/Y/` | year | `YearEntry`: its releases that stand, and the one that is undecided | state |
| `s/Z` | | ids of the undecided releases, 32 bytes each, ascending | state |
| `s/q/` | author, purpose of the key | `QuotaEntry`: such records of the last day on which there were any | state |
| `i/` | mask, codes, state, index (8 bytes) | number: certificates in the log's order | index |
| `q/` | state, mask, participant, index (8 bytes) | id: inquiries in the log's order | index |
| `p/` | state, index (8 bytes) | id: releases of statistics in the log's order | index |
| `f/` | sort of figures, participant, period, revision | id of its record; sorts `E`, `I`: countersigned returns | index |
| `d/` | source's number, `/`, number | points taken, 8 bytes: who took carats from it | index |
| `a/` | destination, day of issue (4 bytes) or nothing (all days) | how many are open, see `ledger.ageing` | index |
| `k/f/` | rule, `/`, subject | `Finding`, see `ledger.findings` | every block that finds |
| `k/l/` | mask, rule, participant, status, severity, serial (8 bytes) | a finding's name: findings as first seen | the same |
| `k/l/` | mask, number, `/`, serial (8 bytes) | the same of those that name a certificate | the same |
| `k/n` | | how many findings there are, 8 bytes | the same |
| `k/w/` | sort of note, what it is about | what a rule of findings keeps from record to record | the same |
| `k/a/` | day (4 bytes), rule, subject | nothing: at which rule looks again on that day | the same |
| `k/c` | | up to where in `k/a/` that is done | the same |
| `z/` | `json` or `csv`, id of the `statistics.publish` | the file of a release, see `node.releases` | the node |
| `b/` | height (8 bytes) | time and tree size after it, see `ledger.statistics.closing` | every block |
| `o/` | what a key under `s/y/` has, height (8 bytes) | what stood there before, see `ledger.statistics.older` | blocks |
| `t/` | level, n | hash tile (`ledger.log`) | every block with a new leaf |
| `n/` | the node's own key | the node's own value | `apply(extra)` |

What stands under `s/` is *state*: rules read nothing else but `b/`, and the state digest covers every write to it. All else can
be derived from the blocks and the state. Which record stands at an index is not kept here: the tiles of level 0 are the ids.

Integers in keys are big-endian, so that LevelDB's order is theirs. Participant codes have two letters, so no separator is
needed.
"""

import hashlib
from typing import Final

GENESIS: Final = b"g"
LAYOUT_VERSION: Final = b"v"
HEAD: Final = b"h"
RECORD: Final = b"r/"
BODY: Final = b"c/"
ENVELOPE: Final = b"e/"
JUDGEMENT: Final = b"j/"
STATE: Final = b"s/"
CERTIFICATE: Final = b"s/c/"
RID: Final = b"s/r/"
COUNT: Final = b"s/n/"
TOTAL: Final = b"s/t/"
NODES: Final = b"s/m/"
KEY_USE: Final = b"s/k/"
NETWORK: Final = b"s/w"
LIST: Final = b"s/l/"
EPOCH: Final = b"s/p/"
EVIDENCE: Final = b"s/v/"
QUOTA: Final = b"s/q/"
HOLDERS: Final = b"s/a/"
SETTINGS: Final = b"s/o/"
PROPOSALS: Final = b"s/g/"
MISSIONS: Final = b"s/x/"
DECLARATIONS: Final = b"s/d/"
BILATERALS: Final = b"s/b/"
QUARTERS: Final = b"s/y/"
COUNTED: Final = b"s/u/"
FILINGS: Final = b"s/f/"
RETURNS: Final = b"s/j/"
INQUIRIES: Final = b"s/i/"
SHARES: Final = b"s/e/"
FAULTS: Final = b"s/z/"
PARTS: Final = b"s/T/"
RELEASES: Final = b"s/P/"
YEARS: Final = b"s/Y/"
UNDECIDED: Final = b"s/Z"
INDEX: Final = b"i/"
INQUIRY_INDEX: Final = b"q/"
RELEASE_INDEX: Final = b"p/"
RELEASE_FILES: Final = b"z/"
REVISIONS: Final = b"f/"
CLAIM: Final = b"d/"
TECHNICAL: Final = b"s/h/"
BESIDE: Final = b"x/"
OPEN_SINCE: Final = b"a/"
FINDINGS: Final = b"k/f/"
FINDING_INDEX: Final = b"k/l/"
FINDING_COUNT: Final = b"k/n"
FINDING_NOTES: Final = b"k/w/"
FINDING_AGENDA: Final = b"k/a/"
FINDING_DONE: Final = b"k/c"
BLOCKS: Final = b"b/"
OLDER: Final = b"o/"
TILES: Final = b"t/"
NODE: Final = b"n/"

MOSTLY_ABSENT: Final = (
    RECORD,
    RID,
    CERTIFICATE,
    TECHNICAL,
    FINDINGS,
    *(FINDING_NOTES + letter for letter in (b"g", b"e", b"u", b"t")),
)
"""Families that rules mostly look into for what is not there; of notes those of gaps, footprints and taint."""

_OF_CERTIFICATE: Final = b"\x04"
MOSTLY_EMPTY: Final = (BESIDE, FINDING_INDEX + _OF_CERTIFICATE)
"""Families of lists, mostly empty, that whoever shows a certificate looks into; a list is what begins alike up to a slash."""

FLOW_LETTERS: Final = {"export": "e", "import": "i"}
"""How keys write a flow."""

LAYOUT: Final = 1
"""Counted up with every change of what stands where, or of the form of a value: a store of another form is not opened."""

_LAYOUT_BYTES: Final = 2

INDEX_BYTES: Final = 8
"""A position in the log inside a key."""

HEIGHT_BYTES: Final = 8
EPOCH_BYTES: Final = 8
DAY_BYTES: Final = 4
REVISION_BYTES: Final = 4
_KEY_BYTES: Final = 32


def layout() -> bytes:
    """What a store of this form has under `LAYOUT_VERSION`."""
    return LAYOUT.to_bytes(_LAYOUT_BYTES, "big")


def record(record_id: bytes) -> bytes:
    """Where it stands which place on the shelf a record has."""
    return RECORD + record_id


def judgement(place: bytes) -> bytes:
    """Where the judgement of the record of this place stands."""
    return JUDGEMENT + place


def certificate(number: str) -> bytes:
    """Where a certificate's entry stands."""
    return CERTIFICATE + number.encode()


def rid(value: bytes) -> bytes:
    """Where a rid is marked as taken."""
    return RID + value


def total(participant: str, flow: str, hs: str) -> bytes:
    """Where a running sum stands; `flow` is one letter, `hs` empty for the margin over all HS codes."""
    return TOTAL + participant.encode() + flow.encode() + hs.encode()


def count(state: int) -> bytes:
    """Where the number of certificates in a state stands."""
    return COUNT + bytes((state,))


def registered_node(participant: str) -> bytes:
    """Where a participant's node stands."""
    return NODES + participant.encode()


def key_use(key: bytes) -> bytes:
    """Where the purpose of a public key (32 bytes) or of a certificate (any other length) stands."""
    return KEY_USE + (key if len(key) == _KEY_BYTES else hashlib.sha256(key).digest())


def validators(list_hash: bytes) -> bytes:
    """Where a list of validators stands."""
    return LIST + list_hash


def epoch(number: int) -> bytes:
    """Where an epoch stands."""
    return EPOCH + number.to_bytes(EPOCH_BYTES, "big")


def evidence(number: int, key: bytes) -> bytes:
    """Where the evidence against the validator with this consensus key in this epoch stands."""
    return EVIDENCE + number.to_bytes(EPOCH_BYTES, "big") + key


def quota(author: str, purpose: str) -> bytes:
    """Where the records of an author's last day are counted that keys of a purpose have signed."""
    return QUOTA + author.encode() + b"/" + purpose.encode()


def holder(code: str) -> bytes:
    """Where a participant, or the secretariat, stands."""
    return HOLDERS + code.encode()


def setting(name: str) -> bytes:
    """Where a parameter's values, or an office's holders, stand."""
    return SETTINGS + name.encode()


def proposal(record_id: bytes) -> bytes:
    """Where a proposal stands."""
    return PROPOSALS + record_id


def missions(subject: str) -> bytes:
    """Where the mission reports on a participant or applicant stand."""
    return MISSIONS + subject.encode()


def declaration(digest: bytes) -> bytes:
    """Where an endorsed declaration stands."""
    return DECLARATIONS + digest


def bilateral(author: str, partner: str) -> bytes:
    """Where it stands which certificates one participant accepts from and for another."""
    return BILATERALS + author.encode() + partner.encode()


def quarter(participant: str, flow: str, period: str) -> bytes:
    """Where the counts of a quarter's trade stand, and what the keys of its cells begin with; `flow` is one letter."""
    return QUARTERS + participant.encode() + flow.encode() + period.encode()


def counted(flow: str, number: str) -> bytes:
    """Where it stands what of a certificate counts as trade; `flow` is one letter."""
    return COUNTED + flow.encode() + number.encode()


def filing(sort: str, participant: str, period: str) -> bytes:
    """Where the newest figures of a sort (one letter) for a period (empty: figures without one) stand."""
    return FILINGS + sort.encode() + participant.encode() + period.encode()


def revisions(sort: str, participant: str, period: str) -> bytes:
    """The prefix of all revisions of figures."""
    return REVISIONS + sort.encode() + participant.encode() + period.encode()


def filed_return(record_id: bytes) -> bytes:
    """Where a quarterly return stands."""
    return RETURNS + record_id


def inquiry(record_id: bytes) -> bytes:
    """Where an inquiry stands."""
    return INQUIRIES + record_id


def inquiries(state: int, participant: str) -> bytes:
    """The prefix of one list of inquiries: one state, and one participant or (empty) any."""
    return INQUIRY_INDEX + bytes((state, 1 if participant else 0)) + participant.encode()


def shares(value: bytes, reader: str) -> bytes:
    """Where it stands which keys to an envelope (by its rid) a reader was given later."""
    return SHARES + value + reader.encode()


def fault(value: bytes, reader: str) -> bytes:
    """Where a reader's statement stands that an envelope (by its rid) is garbage."""
    return FAULTS + value + reader.encode()


def listing(issuer: str, destination: str, state: int) -> bytes:
    """The prefix of one list of certificates: one state, and one issuer, one destination, both, or (empty) any."""
    mask = (1 if issuer else 0) | (2 if destination else 0)
    return INDEX + bytes((mask,)) + issuer.encode() + destination.encode() + bytes((state,))


def position(index: int) -> bytes:
    """A position in the log, as it ends a key of a list."""
    return index.to_bytes(INDEX_BYTES, "big")


def technical(number: str) -> bytes:
    """Where a technical certificate stands."""
    return TECHNICAL + number.encode()


def beside(number: str) -> bytes:
    """The prefix of all records that stand beside a certificate."""
    return BESIDE + number.encode() + b"/"


def claims(source: str) -> bytes:
    """The prefix of all who took carats from this certificate."""
    return CLAIM + source.encode() + b"/"


def open_since(destination: str, since: int | None = None) -> bytes:
    """Where a destination's open certificates of a day of issue are counted; without one those of all days, and the prefix."""
    return OPEN_SINCE + destination.encode() + (b"" if since is None else day(since))


def day(number: int) -> bytes:
    """A day (days since 1970) inside a key."""
    return number.to_bytes(DAY_BYTES, "big")


def node(key: bytes) -> bytes:
    """Where a node's own value stands."""
    return NODE + key


def finding(name: str) -> bytes:
    """Where a finding stands; `name` is its rule and what it is about."""
    return FINDINGS + name.encode()


def findings(rule: str, participant: str, status: int, severity: int) -> bytes:
    """The prefix of one list of findings: one status and severity, and one rule, one participant, both, or (empty) any."""
    mask = (1 if rule else 0) | (2 if participant else 0)
    chosen = (f"{rule}/" if rule else "") + participant
    return FINDING_INDEX + bytes((mask,)) + chosen.encode() + bytes((status, severity))


def certificate_findings(number: str) -> bytes:
    """The prefix of the list of findings that name a certificate."""
    return FINDING_INDEX + _OF_CERTIFICATE + number.encode() + b"/"


def list_of(key: bytes) -> bytes:
    """The prefix of the list that a key of `MOSTLY_EMPTY` stands in; empty for other keys."""
    for family in MOSTLY_EMPTY:
        if key.startswith(family):
            return key[: key.find(b"/", len(family)) + 1]
    return b""


def finding_note(sort: str, subject: str) -> bytes:
    """Where a rule of findings keeps something; `sort` is one letter."""
    return FINDING_NOTES + sort.encode() + subject.encode()


def finding_agenda(due: int, sort: str, subject: str) -> bytes:
    """Where it stands at what a rule (`sort`, one letter) looks again on a day."""
    return FINDING_AGENDA + day(due) + sort.encode() + subject.encode()


# --- releases of statistics


def part(record_id: bytes) -> bytes:
    """Where a part of an attachment stands."""
    return PARTS + record_id


def release(record_id: bytes) -> bytes:
    """Where a release stands."""
    return RELEASES + record_id


def releases(state: int) -> bytes:
    """The prefix of the list of releases in one state."""
    return RELEASE_INDEX + bytes((state,))


def release_year(year: str) -> bytes:
    """Where the releases of a year's periods stand."""
    return YEARS + year.encode()


def release_file(record_id: bytes, form: str) -> bytes:
    """Where the file of a release stands; `form` is `json` or `csv`."""
    return RELEASE_FILES + form.encode() + b"/" + record_id


# --- statistics as of a height


def block(height: int) -> bytes:
    """Where it stands when a block was and how long the log is after it."""
    return BLOCKS + height.to_bytes(HEIGHT_BYTES, "big")


def older(place: bytes) -> bytes:
    """The prefix of what stood under a key of `quarter`, or of a cell of it, before blocks changed it."""
    return OLDER + place.removeprefix(QUARTERS)
