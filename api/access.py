"""Who asks: the `Authorization` header against the token book.

Missing, unknown and expired tokens look alike (401); a known one that may not read this is 403. Public answers never look at
it.
"""

from quart import Request

from api.auth import Reader
from api.errors import ApiCode, Problem
from api.port import NodePort
from ledger.findings import Finding

_SCHEME = "bearer "


def bearer(request: Request) -> str:
    """The request's token as it was given, empty without one."""
    header = request.headers.get("Authorization", "")
    return header[len(_SCHEME) :].strip() if header.lower().startswith(_SCHEME) else ""


def find_reader(port: NodePort, request: Request) -> Reader | None:
    """The reader behind the request's token, None without a valid one."""
    token = bearer(request)
    return port.tokens.find(token, port.now_ms()) if token else None


def require_reader(port: NodePort, request: Request) -> Reader:
    """The reader behind the request; raises Problem 401."""
    reader = find_reader(port, request)
    if reader is None:
        error = ', error="invalid_token"' if "Authorization" in request.headers else ""
        raise Problem(401, ApiCode.UNAUTHORIZED, "Authorization", {"WWW-Authenticate": f'Bearer realm="kpledger"{error}'})
    return reader


def forbid(allowed: str) -> Problem:
    """The 403 for a reader whose scope is not `allowed`."""
    return Problem(403, ApiCode.FORBIDDEN, "Authorization", limit=allowed)


def require_auditor(port: NodePort, request: Request) -> Reader:
    """The auditor behind the request; raises Problem 401, or 403 for other readers."""
    reader = require_reader(port, request)
    if not reader.auditor:
        raise forbid("auditor")
    return reader


def concerns(reader: Reader, finding: Finding) -> bool:
    """Whether this reader may see a finding: an auditor sees all, a participant those that concern it."""
    return reader.auditor or reader.participant in finding.participants
