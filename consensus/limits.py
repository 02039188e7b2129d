"""Every bound of the consensus layer, in one place. Sources: the protocol's rules R1 to R13 (package docstring)."""

MAX_VALIDATORS = 128
"""Validators of one epoch; the network plans 7 to 21."""

MAX_BLOCK_RECORDS = 1_000
"""Record ids in one block."""

MAX_HEADERS = 256
"""Final blocks in one catch-up answer (R12)."""

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
"""One encoded message; a full `Headers` answer is the largest, senders stay at half of it."""

MAX_ERROR_TEXT = 200
"""Characters of an error's text; the decoder's own quotes what it refuses at any length."""

RETAINED_VIEWS = 64
"""Views below the floor for which votes are still admitted (R10)."""

LEADER_TIMEOUT_MS = 2_000
CERTIFICATE_TIMEOUT_MS = 4_000
MAX_BACKOFF_PERMILLE = 8_000
"""Timers grow by 1.5 a nullified view, to at most 8 times (R2)."""

SILENT_LEADER_MS = 15_000
RESEND_MS = 5_000
TIP_ONLY_WAIT_MS = 1_000
"""A leader whose only work is an unfinalized tip waits this long before an empty block."""

FETCH_RETRY_MS = 1_000
"""A request that was not answered goes to the next peer after this time."""

MAX_CERTIFICATE_VIEWS = 64
"""Views that one `GetCertificates` asks for and one answer covers."""

CATCH_UP_BACKLOG = 32
"""Delivered blocks that may still wait for their execution when the next batch of final blocks is asked for (R12), and how many
blocks a leader may be behind and still try to lead (R6)."""
