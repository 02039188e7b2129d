"""Who may do what with a draft: pure functions from a draft to the next one (`drafts` has the picture).

1. Any officer may write in an open draft; each who changes its content becomes one of its writers.
2. An officer hands an open draft on; then nobody writes in it.
3. Where the policy asks for a second officer, none of its writers may release it; elsewhere any officer may.
4. What is released is what the releasing officer saw: its digest must still be that of the draft.
5. Whoever does not release it returns it, with a remark; a writer may take it back.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from node.desk.drafts import Draft, Standing
from node.desk.errors import DeskError, Fault


def write(draft: Draft, officer: str, fields: Mapping[str, str], now: int) -> Draft:
    """The draft with other content; the same one when nothing differs."""
    _require_open(draft)
    if dict(fields) == draft.fields:
        return draft
    writers = draft.writers if officer in draft.writers else (*draft.writers, officer)
    return replace(draft, fields=dict(fields), writers=writers, changed=now, problem=None)


def renew(draft: Draft, basis: Mapping[str, str], now: int, **more: dict[str, str]) -> Draft:
    """The draft on the newest statement of its certificate; `more`: before, announced."""
    _require_open(draft)
    return replace(draft, basis=dict(basis), changed=now, problem=None, **more)


def hand_on(draft: Draft, now: int) -> Draft:
    """The draft, waiting to be released."""
    _require_open(draft)
    return replace(draft, standing=Standing.WAITING, changed=now, remark="", problem=None)


def may_release(draft: Draft, officer: str, second: frozenset[str]) -> bool:
    """Whether this officer is one who may."""
    return draft.kind.policy not in second or officer not in draft.writers


def release(draft: Draft, officer: str, digest: str, second: frozenset[str], now: int) -> Draft:
    """The draft, on its way to be signed and sent.

    Raises:
        DeskError: NOT_WAITING, OWN_DRAFT, CHANGED_SINCE.
    """
    _require_waiting(draft)
    if not may_release(draft, officer, second):
        raise DeskError(Fault.OWN_DRAFT, "officer", 403)
    if digest != draft.content():
        raise DeskError(Fault.CHANGED_SINCE, status=409)
    return replace(draft, standing=Standing.RELEASED, released_by=officer, digest=digest, changed=now)


def give_back(draft: Draft, remark: str, now: int) -> Draft:
    """The draft, open again."""
    _require_waiting(draft)
    return replace(draft, standing=Standing.OPEN, remark=remark, changed=now)


def discard(draft: Draft, now: int) -> Draft:
    """The draft, ended without a record."""
    _require_open(draft)
    return replace(draft, standing=Standing.DISCARDED, changed=now)


def accepted(draft: Draft, record: str, height: int, now: int) -> Draft:
    """The draft, on the ledger."""
    return replace(draft, standing=Standing.FINAL, record=record, height=height, changed=now, problem=None)


def refused(draft: Draft, problem: Mapping[str, object], now: int) -> Draft:
    """The draft, open again with the reason; a release holds for one attempt."""
    return replace(draft, standing=Standing.OPEN, released_by="", digest="", problem=dict(problem), changed=now)


def _require_open(draft: Draft) -> None:
    if draft.standing is not Standing.OPEN:
        raise DeskError(Fault.NOT_OPEN, status=409)


def _require_waiting(draft: Draft) -> None:
    if draft.standing is not Standing.WAITING:
        raise DeskError(Fault.NOT_WAITING, status=409)
