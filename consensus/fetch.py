"""Requests that wait for an answer: one at a time for each thing, the next peer after `FETCH_RETRY_MS`.

What is needed is computed anew after every event; a need that is gone is forgotten, so nothing leaks. An answer that does not
settle the question is no fault of the peer's (R12), the question goes on.
"""

from dataclasses import dataclass

from consensus.limits import FETCH_RETRY_MS
from consensus.messages import GetBlock, GetCertificates, GetHeaders
from consensus.pace import Hearing

Request = GetBlock | GetCertificates | GetHeaders


@dataclass(frozen=True, slots=True)
class Need:
    """Something this node lacks, and who most likely has it."""

    request: Request
    preferred: bytes | None = None


@dataclass(slots=True)
class _Asked:
    """An open question; `turn` is where it began among the peers, so that it comes to each of them, whatever else is open."""

    request: Request
    turn: int
    attempts: int
    retry_at: int


def _key(request: Request) -> object:
    """Blocks are asked for one by one; of the other two kinds one question is open at a time."""
    return request.digest if isinstance(request, GetBlock) else type(request)


def _moved_on(old: Request, new: Request) -> bool:
    """Whether the old question is answered and the new one the next."""
    if isinstance(old, GetCertificates) and isinstance(new, GetCertificates):
        return new.first > old.last or new.last < old.first
    return old != new


def _whom(need: Need, asked: _Asked, candidates: list[bytes]) -> bytes:
    if asked.attempts == 0 and need.preferred is not None and need.preferred in candidates:
        return need.preferred
    return candidates[(asked.turn + asked.attempts) % len(candidates)]


class Fetch:
    """Open questions."""

    __slots__ = ("_asked", "_turn")

    def __init__(self) -> None:
        self._asked: dict[object, _Asked] = {}
        self._turn = 0

    def wants(self, request: type[GetHeaders] | bytes) -> bool:
        """Whether headers, or the block with this digest, were asked for."""
        return request in self._asked

    def update(self, needs: list[Need], hearing: Hearing, now: int) -> list[tuple[bytes, Request]]:
        """Takes the present needs and says whom to ask for what now."""
        if not needs:
            self._asked.clear()
            return []
        candidates = hearing.candidates(now)
        kept: dict[object, _Asked] = {}
        sends: list[tuple[bytes, Request]] = []
        for need in needs:
            key = _key(need.request)
            if key in kept:
                continue
            asked = self._asked.get(key)
            if asked is None or _moved_on(asked.request, need.request):
                self._turn += 1
                asked = _Asked(need.request, self._turn, 0, now)
            kept[key] = asked
            if now >= asked.retry_at:
                asked.request = need.request
                asked.retry_at = now + FETCH_RETRY_MS
                if candidates:
                    sends.append((_whom(need, asked, candidates), need.request))
                    asked.attempts += 1
        self._asked = kept
        return sends

    def wake_at(self) -> int | None:
        """When the next question is repeated."""
        return min((asked.retry_at for asked in self._asked.values()), default=None)
