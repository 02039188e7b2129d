"""Releases of statistics on a running node: each is made anew, judged by the own verdict where this node votes, and served.

Making one anew takes seconds (`ledger.statistics.review`), so it is done in a thread of its own, one at a time, and never on
the way of a commit. What was not finished when the node stopped is found in the state and done again:

- of a release that is undecided, where this node votes and has not spoken: made anew, then `statistics.verdict` is submitted
  again and again until the state shows it, or the release is decided without it;
- of a release that stands and of which this node has no files: made anew and kept, also by nodes that do not vote;
- what fails in a way that nobody foresaw is objected to: a release that a node cannot check must not get its word.

A release that stands although this node's figures make another file is not served here, and the log says so.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from ledger.drafts import make_verdict
from ledger.errors import StoreError
from ledger.release_entries import ReleaseState
from ledger.release_views import ReleaseRow
from ledger.state import Ledger
from ledger.statistics.basis import encode_basis, read_basis
from ledger.statistics.release import release_name
from ledger.statistics.review import Review, Reviewer
from node.limits import DUTY_SECONDS, STATUS_SECONDS
from node.logs import get_logger
from node.own import OwnRecords

log = get_logger("releases")

NOT_CHECKED = "not-checked"
"""The code of an objection to what could not be checked, for a reason that is in the node's log."""


class Releases:
    """Judges and keeps the releases of one node.

    Attributes:
        reviewed: how many were made anew since the start.
    """

    def __init__(self, ledger: Ledger, pen: OwnRecords) -> None:
        """Wires it; `pen` signs this node's records."""
        self.reviewed = 0
        self._ledger = ledger
        self._pen = pen
        self._reviewer = Reviewer(ledger)
        self._reviews: dict[bytes, Review | None] = {}
        self._filed: dict[bytes, float] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="releases")
        self._undecided: tuple[bytes, ...] = ()
        self._kept: set[bytes] = set()
        self._decided: dict[ReleaseState, list[ReleaseRow]] = {}
        self._wake = asyncio.Event()

    def executed(self) -> None:
        """A block was executed: there may be something to judge."""
        self._decided.clear()
        undecided = self._ledger.undecided_releases()
        if undecided != self._undecided:
            self._undecided = undecided
            self._wake.set()

    async def run(self) -> None:
        """Judges and keeps what there is, until cancelled.

        Raises:
            StoreError: the store failed; the process must end.
        """
        while True:
            self._wake.clear()
            for row in self._waiting():
                await self._review(row.id)
            self._keep()
            await self._pen.submit(self._verdicts())
            try:
                async with asyncio.timeout(STATUS_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def basis(self, period: str, height: int) -> bytes:
        """What a proposer needs for a period's next release as of a height, encoded.

        Raises:
            StatisticsError: the period has not closed at that height, or is none, or the height is not executed.
        """
        return await self._work(lambda: encode_basis(read_basis(self._reviewer, self._ledger.cube(period, height))))

    # --- what monitoring sees ---------------------------------------------------------------------------------------

    def by_state(self) -> dict[str, float]:
        """How many releases there are in each state."""
        return {
            ReleaseState.UNDECIDED: len(self._ledger.undecided_releases()),
            **{state: len(self._in(state)) for state in (ReleaseState.RELEASED, ReleaseState.WITHDRAWN)},
        }

    def newest(self) -> dict[str, float]:
        """The release that was decided last, by name, with the height of its figures; empty before the first."""
        last = max((row.entry for row in self._in(ReleaseState.RELEASED)), key=lambda entry: entry.decided, default=None)
        return {} if last is None else {release_name(last.period, last.revision): last.height}

    def objections(self) -> float:
        """How many nodes object to what is being judged."""
        rows = self._ledger.all_releases(ReleaseState.UNDECIDED)
        return sum(not verdict.agree for row in rows for verdict in row.entry.verdicts)

    def unmade(self) -> float:
        """How many releases stand of which this node has no files: not made yet, or it makes others."""
        return sum(not self._has(row.id) for row in self._in(ReleaseState.RELEASED))

    def _in(self, state: ReleaseState) -> list[ReleaseRow]:
        """The decided releases in a state, read anew after a block."""
        if state not in self._decided:
            self._decided[state] = self._ledger.all_releases(state)
        return self._decided[state]

    def close(self) -> None:
        """Waits for the work under way."""
        self._thread.shutdown(cancel_futures=True)

    # --- inside -----------------------------------------------------------------------------------------------------

    async def _work(self, work: Callable[[], bytes]) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _review(self, release: bytes) -> None:
        loop, begun = asyncio.get_running_loop(), time.monotonic()
        try:
            review = await loop.run_in_executor(self._thread, self._reviewer.review, release)
        except StoreError:
            raise
        except Exception:
            log.exception("a release could not be checked", release=release.hex())
            self._reviews[release] = None
        else:
            self._reviews[release] = review
            why = "" if review.objection is None else str(review.objection)
            log.info("release", release=release.hex(), objection=why, seconds=round(time.monotonic() - begun, 3))
        self.reviewed += 1

    def _waiting(self) -> Iterator[ReleaseRow]:
        """What is to be made anew: undecided, and awaited from this node; or standing, and not here."""
        for row in self._ledger.all_releases(ReleaseState.UNDECIDED):
            if row.id not in self._reviews and self._owes(row):
                yield row
        for row in self._ledger.all_releases(ReleaseState.RELEASED):
            if row.id not in self._reviews and not self._has(row.id):
                yield row

    def _owes(self, row: ReleaseRow) -> bool:
        """Whether this node votes and has not given its verdict."""
        own = self._pen.participant
        votes = self._pen.key is not None and self._ledger.network.votes_with(own) is not None
        return votes and all(verdict.participant != own for verdict in row.entry.verdicts)

    def _has(self, release: bytes) -> bool:
        if release not in self._kept and self._ledger.release_file(release, "json") is not None:
            self._kept.add(release)
        return release in self._kept

    def _keep(self) -> None:
        """Keeps the files of what stands, and forgets reviews of what is decided."""
        for release, review in list(self._reviews.items()):
            _, row = self._ledger.release(release)
            state = None if row is None else row.entry.state
            if state == ReleaseState.UNDECIDED:
                continue
            if state == ReleaseState.RELEASED and not self._has(release):
                if review is None or review.release is None:
                    log.error("a release stands that this node cannot make", release=release.hex())
                    continue  # remembered, so that it is not tried again before the next start
                self._ledger.keep_release(release, {"json": review.release.json, "csv": review.release.csv})
            del self._reviews[release]
            self._filed.pop(release, None)

    def _verdicts(self) -> list[bytes]:
        """`statistics.verdict` for each that was made anew and waits for this node's word."""
        key, now, made = self._pen.key, time.monotonic(), []
        for row in self._ledger.all_releases(ReleaseState.UNDECIDED):
            due = now >= self._filed.get(row.id, 0.0)
            if key is None or not due or row.id not in self._reviews or not self._owes(row):
                continue
            self._filed[row.id] = now + DUTY_SECONDS
            code, cell = _objection(self._reviews[row.id])
            made.append(self._pen.sign(key, make_verdict(self._pen.participant, self._pen.now_ms(), row.id, code, cell)))
        return made


def _objection(review: Review | None) -> tuple[str, str]:
    """Code and cell of an objection, both empty where there is none."""
    if review is None:
        return NOT_CHECKED, ""
    if review.objection is None:
        return "", ""
    return str(review.objection.code), review.objection.place
