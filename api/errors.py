"""What the HTTP interface answers besides the ledger's own refusals. One enum of codes, stable like the ledger's.

`Overloaded` and `NotReady` are raised by the node behind the port; `Problem` by handlers; all become RFC 9457 documents in
`api.problems`. A `ledger.errors.Refusal` keeps its own code there.
"""

from enum import StrEnum

from ledger.errors import Refusal


class ApiCode(StrEnum):
    """Reasons that have nothing to do with what a record says."""

    BAD_PARAMETER = "bad-parameter"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    NOT_RELEASED = "not-released"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    BODY_TIMEOUT = "body-timeout"
    BODY_TOO_LARGE = "body-too-large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    TOO_MANY_REQUESTS = "too-many-requests"
    OVERLOADED = "overloaded"
    NOT_READY = "not-ready"
    INTERNAL = "internal"
    # add-checkpoint
    WITNESS_REQUEST = "witness-request"
    LOG_UNKNOWN = "log-unknown"
    LOG_SIGNATURE = "log-signature"
    NOT_CONSISTENT = "not-consistent"
    TWO_ROOTS = "two-roots"


class ApiError(Exception):
    """Root of this package's errors."""


class Overloaded(ApiError):  # noqa: N818 - a state of the node, not a fault of the program
    """The node takes no more work of this kind now.

    Attributes:
        retry_after: seconds after which asking again makes sense.
        quota: true when the caller's own quota is used up (429), false when the node as a whole is full (503).
    """

    def __init__(self, retry_after: float = 1.0, reason: str = "", *, quota: bool = False) -> None:
        super().__init__(reason or "the node takes no more work now")
        self.retry_after = retry_after
        self.reason = reason
        self.quota = quota


class NotReady(ApiError):  # noqa: N818 - a state of the node, not a fault of the program
    """The node is starting, catching up or stopping.

    Attributes:
        retry_after: seconds after which asking again makes sense.
    """

    def __init__(self, retry_after: float = 2.0, reason: str = "") -> None:
        super().__init__(reason or "the node is not ready")
        self.retry_after = retry_after
        self.reason = reason


class TokenFileError(ApiError):
    """`tokens.json` cannot be read or is not what this program writes; the message names the file and the place."""


class Problem(ApiError):  # noqa: N818 - an answer
    """A request that is answered with an RFC 9457 document.

    Attributes:
        status: the HTTP status.
        code: the typed error.
        field: the header, parameter or body member to look at, empty when it is the whole request.
        details: further members (`given`, `limit`, ...).
        headers: headers of the answer (`Retry-After`, `WWW-Authenticate`, ...).
    """

    def __init__(
        self,
        status: int,
        code: ApiCode,
        field: str = "",
        headers: dict[str, str] | None = None,
        **details: str | int | None,
    ) -> None:
        super().__init__(f"{status} {code} {field}".strip())
        self.status = status
        self.code = code
        self.field = field
        self.details = details
        self.headers = headers or {}


Outcome = Refusal | Overloaded | NotReady
"""What one submission of a batch can get instead of being taken."""
