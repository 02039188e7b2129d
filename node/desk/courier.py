"""Sends what was released, until the node has answered for each: one task, in rounds.

1. What is released and not made yet is made and kept (`making`); what cannot be made is open again with the reason.
2. All that is kept is sent, the same bytes in every round, through restarts of the node and of the desk.
3. Accepted: the receipt is kept, then the draft is final. Refused: what was made is set aside, then the draft is open again.
4. No answer, an overloaded or a stopped node: it is sent again after a pause. A second record is never made meanwhile.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from ledger.errors import Refusal
from node.client import Client, ProblemError, Taken
from node.desk import approvals
from node.desk.drafts import Draft, Drafts, Kind, Standing
from node.desk.journal import Act, Journal
from node.desk.limits import BATCH_RECORDS, FINAL_S, RETRY_S
from node.desk.making import carry_codes, file_name, keep_receipt, make
from node.desk.office import KeyStore
from node.errors import FatalError
from node.office import set_aside
from node.sheets import BATCH_BYTES, REFUSED


class Courier:
    """Sends a desk's released drafts.

    Attributes:
        trouble: why the last round has sent nothing or got no answer; None when it has.
    """

    def __init__(
        self,
        drafts: Drafts,
        journal: Journal,
        store: KeyStore,
        made: Path,
        client: Callable[[], Client],
        now: Callable[[], int],
    ) -> None:
        self._drafts = drafts
        self._journal = journal
        self._store = store
        self._made = made
        self._client = client
        self._now = now
        self._wanted = asyncio.Event()
        self._round = asyncio.Event()
        self.trouble: FatalError | ProblemError | OSError | None = None

    def wake(self) -> None:
        """Something was released."""
        self._wanted.set()

    async def settled(self, seconds: float) -> None:
        """Waits until nothing is under way, or a round is over that got no answer; not longer than so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(draft.standing is Standing.RELEASED for draft in self._drafts):
                    self._round.clear()
                    await self._round.wait()
                    if self.trouble is not None:
                        return

    async def run(self) -> None:
        """Rounds for ever; cancel it to stop."""
        tries = 0
        while True:
            self._wanted.clear()
            await self.round()
            waiting = any(draft.standing is Standing.RELEASED for draft in self._drafts)
            tries = tries + 1 if waiting and self.trouble is not None else 0
            if not waiting:
                await self._wanted.wait()
            elif tries:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RETRY_S[min(tries, len(RETRY_S)) - 1]):
                        await self._wanted.wait()

    async def round(self) -> None:
        """One round: makes and sends what is released."""
        self.trouble = None
        try:
            for batch in await self._ready():
                await self._send(batch)
        except (FatalError, ProblemError, OSError) as error:
            self.trouble = error
        self._round.set()

    async def _ready(self) -> list[list[tuple[Draft, bytes]]]:
        """What is released, made and kept, in portions that a node takes at once; the oldest first."""
        released = [draft for draft in self._drafts if draft.standing is Standing.RELEASED]
        released.sort(key=lambda draft: (draft.changed, draft.id))
        batches: list[list[tuple[Draft, bytes]]] = [[]]
        size = 0
        for draft in released:
            try:
                raw = await asyncio.to_thread(make, draft, self._store, self._made)
            except Refusal as refusal:
                self._refuse(draft, refusal.problem())
                continue
            if len(batches[-1]) == BATCH_RECORDS or size + len(raw) > BATCH_BYTES:
                batches.append([])
                size = 0
            batches[-1].append((draft, raw))
            size += len(raw)
        return [batch for batch in batches if batch]

    async def _send(self, batch: list[tuple[Draft, bytes]]) -> None:
        async with self._client() as client:
            answers = await client.submit_many_until_final([raw for _, raw in batch], FINAL_S)
        for (draft, _), answer in zip(batch, answers, strict=True):
            if isinstance(answer, ProblemError):
                if answer.status in REFUSED:
                    self._refuse(draft, answer.problem)
                else:
                    self.trouble = answer
            elif answer is None or answer.receipt is None:
                self.trouble = TimeoutError()
            else:
                self._accept(draft, answer, answer.receipt)

    def _accept(self, draft: Draft, taken: Taken, receipt: str) -> None:
        keep_receipt(draft, self._made, receipt)
        if draft.kind is Kind.AMEND:
            for other in self._drafts:
                if other.kind is Kind.ISSUE and other.standing is Standing.FINAL and other.number == draft.number:
                    carry_codes(draft, other, self._made)
        now = self._now()
        self._journal.add(now, "", Act.FINAL, draft=draft.id, number=draft.number, detail=taken.id)
        self._drafts.keep(approvals.accepted(draft, taken.id, taken.height or 0, now))

    def _refuse(self, draft: Draft, problem: Mapping[str, object]) -> None:
        set_aside(self._made / draft.id, file_name(draft))
        now = self._now()
        code = str(problem.get("error", ""))
        self._journal.add(now, "", Act.REFUSED, draft=draft.id, number=draft.number, detail=code)
        self._drafts.keep(approvals.refused(draft, problem, now))
