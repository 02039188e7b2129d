"""Every bound of the HTTP interface, in one place, with its reason; an operator may change those of `ApiLimits`.

Each is shown at work by a test in `tests/unit/test_api_*.py`. What a record itself may weigh, and the rows of a page, stand in
`ledger.limits`.
"""

from dataclasses import dataclass

from ledger.limits import MAX_BATCH_BYTES, MAX_SUBMISSION_BYTES

DEFAULT_PAGE = 100
"""Items of one page of a list, unless the request says otherwise."""

MAX_CURSOR_CHARS = 256
MAX_TOKEN_CHARS = 128

MAX_VERIFY_BYTES = 256 * 1024
"""A receipt with its record and up to 100 cosignatures, sent to be verified."""

MAX_WAITING_CHAINS = 16
"""Chains of custody under way and waiting: each takes a tenth of a second or so, one after the other."""

MAX_BUCKETS = 20_000
"""Addresses and tokens whose request rate is remembered; the longest idle one is forgotten first."""

MAX_KEPT_BYTES = 4 * 1024 * 1024
"""Encoded answers of the newest height that are kept for who asks for the same again."""

MAX_SESSIONS = 2_000
MAX_SESSIONS_PER_TOKEN = 32
"""Browsers signed in at once; an office that shares one token has some."""

MAX_FORM_BYTES = 16 * 1024
MAX_FORM_FIELDS = 20
MAX_NOTE_CHARACTERS = 2_000
MAX_ASSIGNEE_CHARACTERS = 80
MAX_NOTES_OF_FINDING = 200
MAX_SAVED_FILTERS = 50
"""What one office may note for itself: of each finding, and of filters in all."""

MAX_DRAWN_CERTIFICATES = 40
"""Certificates of a chain of custody that are drawn on each side; the table beside the drawing has all of them."""

MAX_EXPORTED_FINDINGS = 100_000
"""Rows of one CSV of the work list."""

MAX_DOSSIER_ROWS = 300
"""Certificates of a chain that a dossier lists in each direction, the nearest; takings twice as many."""

MAX_DOSSIER_RECEIPTS = 10
"""Receipts that are attached to a dossier: those of a certificate's newest records."""

MAX_DOSSIER_BYTES = 16 * 1024 * 1024
DOSSIER_S = 20.0
"""Size of a dossier and seconds of setting it: several times what the largest takes."""

MAX_WAITING_DOSSIERS = 4
"""Dossiers under way and waiting: each takes some tenths of a second of a core, one after the other."""


MAX_WAITING_BASES = 4
"""Proposers of statistics who are being answered: each takes some tenths of a second of a thread."""

MAX_HELD_TABLES = 4
"""Tables put together of several releases that are answered from memory."""

MAX_HELD_RELEASES = 16
"""Files of statistical releases that are answered from memory, each of some hundred kilobytes: the newest of two years."""


@dataclass(frozen=True, slots=True)
class ApiLimits:
    """What one listener admits.

    Attributes:
        submission_bytes: body of `POST /v1/records`.
        batch_bytes: body of `POST /v1/records/batch`.
        bodies_bytes: unfinished bodies of all requests together.
        body_s: seconds in which the *whole* body must have come, however steadily it drips; and in which a client must have
            taken the last 64 KiB of an answer after which the connection closes.
        header_s: seconds in which a request's head must have come, and an idle connection's next request.
        response_s: seconds in which an answer must have been taken off our hands.
        final_wait_s: longest wait of `?wait=final`.
        requests_per_s: steady rate of one address prefix (IPv4 /32, IPv6 /64); a second's worth may come at once.
        requests_per_key_per_s: the same for one reading token, wherever its requests come from.
        loopback_per_s: the rate instead of both for loopback, where load tools and local proxies come from.
        requests: requests under way in all; those that wait for finality are cheap, so this is high.
        connections_per_address: open connections of one address prefix.
        connections: open connections in all.
        head_bytes: request line and headers as long as they are incomplete.
        shutdown_s: how long a stop waits for open requests.
        streams, streams_per_key: open event streams in all, and of one token.
        stream_s: how long one lives; its reader then comes back to the place it has reached.
        heartbeat_s: seconds after which a stream with nothing to tell says so; less than what proxies wait for.
        exports, exports_per_key: exports of the history under way in all, and of one token.
        export_s: how long one may take.
        stall_s: seconds in which a reader of either must have taken the next piece.
    """

    submission_bytes: int = MAX_SUBMISSION_BYTES
    batch_bytes: int = MAX_BATCH_BYTES
    bodies_bytes: int = 64 * 1024 * 1024
    body_s: float = 10.0
    header_s: float = 10.0
    response_s: float = 60.0
    final_wait_s: float = 30.0
    requests_per_s: float = 50.0
    requests_per_key_per_s: float = 200.0
    loopback_per_s: float = 1_000.0
    requests: int = 4_000
    connections_per_address: int = 512
    connections: int = 2_000
    head_bytes: int = 16 * 1024
    shutdown_s: float = 3.0
    streams: int = 200
    streams_per_key: int = 8
    stream_s: float = 900.0
    heartbeat_s: float = 15.0
    exports: int = 8
    exports_per_key: int = 2
    export_s: float = 3_600.0
    stall_s: float = 30.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
                raise ValueError(f"limit {name} must be a number above 0, not {value!r}")
