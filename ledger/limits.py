"""Every bound of the ledger, in one place, with its reason."""

MAX_RECORD_BYTES = 32 * 1024
"""A record, and so a leaf of the log."""

MAX_ENVELOPE_BYTES = 24 * 1024
"""The sealed part of a record with all its wraps."""

PADDED_BYTES = (2 * 1024, 8 * 1024, 16 * 1024)
"""Lengths of a padded plaintext: they must not tell names."""

MAX_HEADER_BYTES = 2 * 1024
"""An envelope's header: seven commitments and at most `MAX_READERS` readers."""

MAX_SUBMISSION_BYTES = MAX_RECORD_BYTES + MAX_ENVELOPE_BYTES + 64
MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 4 * 1024 * 1024

MAX_DEPTH = 16
"""Nesting of canonical MessagePack."""

MAX_CERTIFICATE_RECORDS = 50
"""Records of one certificate after which it is not amended nor its outcome corrected any more: its entry must stay small."""

MAX_LINES = 32
MAX_SOURCES = 64
MAX_ORIGINS = 250
"""Countries that a line may name: more than there are."""

MAX_READERS = 8
MAX_PAGE = 500
"""Rows of one page of a list."""

MAX_OFFICER_FILE_BYTES = 256 * 1024
"""A certificate or confirmation as JSON that an officer writes."""

MAX_SHEET_BYTES = 16 * 1024 * 1024
MAX_SHEET_ROWS = 20_000
"""A table of certificates: more than an authority issues in a month."""

MAX_INSTANT_MS = 253_402_300_799_999
"""The last millisecond of the year 9999: later instants have no date."""

MAX_ZONE_CHARACTERS = 60
MAX_ZONES = 100
"""Zones that one decision may name."""

MAX_NAME_CHARACTERS = 200
"""A name or title in a record."""

MAX_SERIAL = 10**10 - 1
"""A certificate number has at most ten digits."""

MIN_YEAR = 2000
MAX_YEAR = 9999
MAX_PARAMETER = 10**15
"""Any parameter's value; each has its own bounds, see `ledger.parameters`."""

MAX_AUTHORITIES = 100
MAX_KEYS = 1_000
"""Keys of one participant, revoked ones too: an entry of state must stay small."""

MAX_RANGES = 1_000
MAX_PROPOSAL_DAYS = 366
"""A proposal is open at most this long."""

MAX_OPEN_PROPOSALS = 200
"""A node looks through all open proposals in each block."""

MAX_AMOUNT = 10**15
"""Points or cents in one field: far above any trade, and sums of a thousand of them stay within 64 bits."""

AT_PAST_MS = 7 * 86_400_000
AT_FUTURE_MS = 10 * 60_000
"""A statement's `at` lies at most this far before and after block time."""

ISSUE_LATE_DAYS = 7
ISSUE_TOO_LATE_DAYS = 30
"""A certificate that reaches the ledger after the first is late (a finding), after the second refused."""

EARLIEST_ZONE_HOURS = 14
"""Somewhere on earth a date begins this many hours before it does in UTC: a date is future only before that."""

DEFAULT_DAILY_RECORDS = 10_000
"""Records of one author a day: a hundred times what the largest trader has today."""

DEFAULT_VALIDITY_DAYS = 60
"""From validation to expiry, unless the participant's parameter says otherwise."""

MAX_VALIDITY_DAYS = 366

SEAL_EPOCH_OVERLAP_DAYS = 30
"""An envelope may still be sealed to a reader's previous key epoch for this long."""

MAX_NOTE_BYTES = 64 * 1024
MAX_NOTE_SIGNATURES = 100
MAX_GENESIS_BYTES = 8 * 1024 * 1024
MAX_PARTICIPANTS = 500
MAX_VALIDATORS = 128
MIN_TLS_BYTES = 4
MAX_TLS_BYTES = 4 * 1024
"""A node's TLS certificate (DER)."""

MAX_ADDRESS_CHARACTERS = 200
"""`host:port` of a node's peer listener."""

MAX_EPOCH = 2**31 - 1
"""Number of an epoch: one a second for 68 years."""

MAX_VOTE_BYTES = 512
"""One of the two votes of an equivocation, with its signature: about three times what a vote takes."""

MAX_TREE_SIZE = 2**63 - 1
"""Largest size of the log that any format here can state."""

MAX_PATH_HASHES = 63
"""Hashes of one inclusion proof: a tree of 2**63 leaves has no longer path."""

MAX_PROOF_BYTES = 4 * (MAX_RECORD_BYTES // 3 + 1) + 48 * MAX_PATH_HASHES + MAX_NOTE_BYTES + 256
"""A tlog-proof: the record in base64, a path, a checkpoint."""

MAX_POLICY_BYTES = 256 * 1024
MAX_POLICY_NAMES = 1_024
"""Logs, witnesses and groups of one policy file; the format asks for at least 32 of each."""

MAX_CHAIN_CERTIFICATES = 1_000
"""Certificates of one chain of custody in one direction: about 20 ms of reading."""

MAX_CHAIN_TAKINGS = 4_000
"""Sources and claims that are looked at for one chain."""

MAX_ORIGIN_CLASSES = 100
"""Sets of countries, and zones, that one composition tells apart: more than all producers and their provinces together."""

MAX_FLOW_STEPS = 200_000
"""Steps of all flows of one composition: about 0.1 s. What needs more gets bounds that hold and need not be the closest."""
MAX_SUM = 1_000 * MAX_AMOUNT
"""Points or cents of a cell of a return: a sum that stays within 64 bits."""

MAX_CELLS = 400
"""Partners and HS codes of one return: as many as a record has room for beside what is stated of the year."""

MAX_ANNUAL = 254
"""Rows that a return states of its year: three HS codes, all of them, and as many partners as there are countries."""

MAX_PRODUCTION_LINES = 200
"""HS codes and zones of one production report."""

MAX_REVISION = 1_000_000
MAX_TEXT_CHARACTERS = 4_000
"""A question of an inquiry or its answer: at most 16 KB in UTF-8, half a record."""

MAX_FINDING_CHARACTERS = 200
"""The key of a finding: its rule and what it is about."""

MAX_ANSWERS = 20
"""Answers to one inquiry: an entry of state must stay small."""

MAX_GAP_NUMBERS = 200
"""Numbers of one gap that a block looks up, each a few microseconds."""

MAX_DUE_FINDINGS = 500
"""What one block takes from the agenda of findings, so that no day's first block takes long; the rest waits for the next."""

MAX_CIRCLE_LOOKS = 64
"""Certificates that are followed for goods that return, and as many of the destination's own that are looked at."""

MAX_FOOTPRINT = 64
"""Origins that a footprint tells apart: the others count as unstated."""

MAX_TAINT_LOOKS = 64
"""Certificates that one record or one day's look passes a taint on to; what lies beyond waits for the next day."""

MAX_RECENT = 40_000
"""Values that were written last, kept in memory for the blocks that follow, about 15 MB."""

MAX_HELD_NOTES = 50_000
"""Notes of findings, and as many findings, that stay decoded in memory, about 15 MB; then they are read anew."""

MAX_HELD_BODIES = 2_000
"""Bodies of records that were read last and stay decoded in memory, about 3 MB: certificates are looked at again soon."""

MAX_SHOWN_FINDINGS = 50
"""Findings that are shown with a certificate; the list of them has all."""

MAX_PAPER_CHARACTERS = 2_780
"""A proof on paper: what a QR code of version 36 at error correction M holds; in modules of 0.4 mm it is 64.4 mm wide."""

MAX_SCANNED_CHARACTERS = 4_296
"""What the largest QR code holds: no longer text was ever scanned."""

MAX_STATUS_BYTES = 4 * 1024 * 1024
"""A status file: a million certificates whose states alternate need less."""

MAX_STATUS_RUNS = 500_000
"""Runs of numbers of one issuer in it."""

STATUS_DAYS = 400
"""How far back a status file goes by day of issue: whatever was issued before has expired (`MAX_VALIDITY_DAYS` and a month)."""

# --- releases of public statistics

MAX_PROPOSAL_BYTES = 4 * 1024 * 1024
"""A proposed release with its witnesses: several times what a year of 60 participants takes."""

MAX_CONFIDENTIAL = 20_000
"""Confidential cells of one release; a year of 90 participants has no more cells."""

MAX_HELD = 1_000
"""Blocks that keep earlier figures: more than a year of 90 participants has."""

MAX_WITNESSES = 4_096
MAX_WITNESS_MOVES = 50_000
"""Entries that one witness moves: more than a year has."""

MAX_CONCESSIONS = 1_000
MAX_WEIGHTS = 2_000
MAX_WEIGHT = 10_000
"""Proofs that earlier releases tell too much, cells that one of them adds up, and their weights."""

# --- statistical releases

MAX_PART_BYTES = 24 * 1024
"""One part of an attachment: it fits into a record."""

MAX_ATTACHMENT_PARTS = 200
MAX_ATTACHMENT_BYTES = MAX_PART_BYTES * MAX_ATTACHMENT_PARTS
"""The pattern and the witnesses of one release; five thousand cells take a tenth of it."""

MAX_RELEASES_A_YEAR = 200
"""Releases of the periods of one year that stand: each further one is held against all before it."""

MAX_UNDECIDED_DAYS = 30
"""A release that no quorum has judged in that time may be replaced: others must not wait for ever."""

CHAIR_AFTER_DAYS = 30
"""So long after a period has closed the statistics chair may publish what the secretariat has not."""

MAX_OBJECTION_CODE_CHARACTERS = 60
MAX_OBJECTION_CELL_CHARACTERS = 120
"""What a node objects to: a code, and a cell or a field of the release."""
