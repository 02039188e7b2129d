"""Every bound of the ledger, in one place, with its reason."""

MAX_RECORD_BYTES = 32 * 1024
"""A record, and so a leaf of the log."""

MAX_ENVELOPE_BYTES = 24 * 1024
"""The sealed part of a record with all its wraps."""

MAX_SUBMISSION_BYTES = MAX_RECORD_BYTES + MAX_ENVELOPE_BYTES + 64
MAX_BATCH_RECORDS = 500
MAX_BATCH_BYTES = 4 * 1024 * 1024

MAX_DEPTH = 16
"""Nesting of canonical MessagePack."""

MAX_LINES = 32
MAX_SOURCES = 64
MAX_READERS = 8

AT_PAST_MS = 7 * 86_400_000
AT_FUTURE_MS = 10 * 60_000
"""A statement's `at` lies at most this far before and after block time."""

ISSUE_LATE_DAYS = 7
ISSUE_TOO_LATE_DAYS = 30
"""A certificate that reaches the ledger after the first is late (a finding), after the second refused."""

EARLIEST_ZONE_HOURS = 14
"""Somewhere on earth a date begins this many hours before it does in UTC: a date is future only before that."""

DEFAULT_VALIDITY_DAYS = 60
"""From validation to expiry, unless the participant's parameter says otherwise."""

MAX_NOTE_BYTES = 64 * 1024
MAX_NOTE_SIGNATURES = 100
MAX_GENESIS_BYTES = 8 * 1024 * 1024
MAX_VALIDATORS = 128
MAX_TLS_BYTES = 4 * 1024
"""A node's TLS certificate (DER) in the genesis."""
