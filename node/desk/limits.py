"""The desk's bounds, in one place."""

from typing import Final

from ledger.limits import MAX_LINES, MAX_SHEET_BYTES, MAX_SOURCES

MAX_REQUEST_BYTES: Final = MAX_SHEET_BYTES + 64 * 1024
"""A table of certificates with the fields around it."""

MAX_FORM_BYTES: Final = 1024 * 1024
"""All fields of a form, without a file."""

MAX_FORM_PARTS: Final = 8 * MAX_LINES + 4 * MAX_SOURCES + 100
"""Fields of the largest form."""

MAX_FIELD_CHARACTERS: Final = 8_000
"""What one field keeps of what was typed; longer is cut, and refused when it is checked."""

MAX_OFFICERS: Final = 50
MAX_OFFICER_CHARACTERS: Final = 60
MIN_PASSPHRASE_CHARACTERS: Final = 8
MAX_PASSPHRASE_CHARACTERS: Final = 256

FREE_TRIES: Final = 5
"""Wrong passphrases of an officer that cost no wait."""

MAX_WAIT_S: Final = 300
"""The longest wait after a wrong passphrase; each one beyond the free ones doubles it."""

MAX_SESSIONS: Final = 50
"""Browsers that came through the door; the longest idle is forgotten first."""

SHOWN: Final = 100
"""Rows of a list on one page."""

FOLDED: Final = 20
"""Drafts of one table that a group of the list of drafts shows one by one; of more, one line with their number."""

SOURCE_PAGES: Final = 4
"""Pages of 500 confirmed certificates that are looked through for what is left of them, the newest first."""

OWED_DAYS: Final = 366
"""Since so long a participant confirms here when no outcome of what was sent there is looked for on paper any more."""

OWED_PAGES: Final = 4
"""Pages of 500 own open certificates that are looked through for those whose outcome comes on paper, the oldest first."""

REGISTER_S: Final = 60.0
"""For how long the register of participants counts as fresh."""

FINAL_S: Final = 20.0
"""How long one round of sending waits for the node."""

BATCH_RECORDS: Final = 50
"""What is sent at once: the first of many are on the ledger before the last is sealed."""

RETRY_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses between rounds while the node does not answer; the last one repeats."""
