"""Clients at the public interface of every node: they issue, confirm and read, quarrel on purpose, and note what they see.

One story is about one certificate: it is issued (often by two different records at once, at different nodes), confirmed (often
with two outcomes at once), and read meanwhile. A client sends a record again, there or elsewhere, until it knows what became of
it or gives up; what was given up stays open in the history.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from typing import Self

from aiohttp import ClientConnectorError

from node.client import Client, ProblemError
from node.errors import FatalError
from tests.cluster.desk import Desk, Made
from tests.cluster.history import ACCEPTED, OPEN, READ, REFUSED, History, Operation
from tests.support.fleet import Fleet, Node

ATTEMPT_SECONDS = 6.0
PATIENCE_SECONDS = 24.0
"""After this an operation stays open."""

READ_SECONDS = 5.0
PAUSE_SECONDS = 0.2
NEVER_LATER = frozenset({"number-used", "certificate-closed", "stale-head"})
"""Refusals that speak of something in the log for good: the record that they are about can never enter it any more."""


class Clients:
    """Everything that is asked of a fleet, and the history of it."""

    def __init__(self, fleet: Fleet, history: History, seed: int, rate: float) -> None:
        """`rate`: stories a second, of all clients together, as far as the cluster keeps up."""
        self.fleet = fleet
        self.history = history
        self.desk = Desk(fleet.network)
        self._draw = random.Random(f"clients {seed}")
        self._rate = rate
        self._numbers = 0
        self._http: list[Client] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._closers = contextlib.AsyncExitStack()
        self.failures: list[str] = []

    async def __aenter__(self) -> Self:
        for node, token in zip(self.fleet.nodes, self.fleet.tokens, strict=False):
            self._http.append(await self._closers.enter_async_context(Client(node.url, token)))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._closers.aclose()

    async def work(self, stop: asyncio.Event, at_once: int = 48) -> None:
        """Tells stories until stopped, so many at once at most; returns when all are told."""
        room = asyncio.Semaphore(at_once)

        async def one() -> None:
            try:
                await self._story()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is found in the end
                self.failures.append(f"a client failed: {error!r}")
            finally:
                room.release()

        while not stop.is_set():
            await room.acquire()
            task = asyncio.ensure_future(one())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._draw.expovariate(self._rate))
        await asyncio.gather(*self._tasks)

    # --- a story ------------------------------------------------------------------------------------------------------

    async def _story(self) -> None:
        draw, number, destination = self._draw, *self._certificate()
        points = draw.randrange(100, 100_000)
        issues = [self.desk.issue(number, destination, points) for _ in range(2 if draw.random() < 0.35 else 1)]
        steps = [self.submit("issue", made, self._any()) for made in issues]
        if draw.random() < 0.15:  # an outcome of what may not be there yet
            early = self.desk.confirm(issues[0], destination, points, same=draw.random() < 0.5)
            steps.append(self.submit("confirm", early, self._any(), issues[0].id))
        steps += [self._later(lambda: self.read(number, self._any())) for _ in range(draw.randrange(3))]
        operations = await asyncio.gather(*steps)
        stands = next((made for made, one in zip(issues, operations, strict=False) if one.outcome == ACCEPTED), None)
        if stands is None and draw.random() < 0.5:
            stands = issues[-1]  # perhaps it stands after all
        if stands is not None and draw.random() < 0.7:
            outcomes = [True, False] if draw.random() < 0.5 else [draw.random() < 0.7]
            made = [self.desk.confirm(stands, destination, points, same=same) for same in outcomes]
            again = [self.submit("confirm", one, self._any(), stands.id) for one in made]
            again += [self._later(lambda: self.read(number, self._any())) for _ in range(draw.randrange(3))]
            await asyncio.gather(*again)
        await self.read(number, self._any())

    def _certificate(self) -> tuple[str, str]:
        self._numbers += 1
        issuer, destination = self._draw.sample([node.code for node in self.fleet.nodes], 2)
        return f"{issuer}{self._numbers:08d}", destination

    def _any(self) -> Node:
        return self._draw.choice(self.fleet.nodes)

    async def _later(self, call: Callable[[], Awaitable[Operation]]) -> Operation:
        await asyncio.sleep(self._draw.expovariate(10.0))
        return await call()

    # --- operations ---------------------------------------------------------------------------------------------------

    def fresh(self) -> Made:
        """A certificate that nobody quarrels about."""
        number, destination = self._certificate()
        return self.desk.issue(number, destination, 12_345)

    async def submit(
        self, kind: str, made: Made, node: Node, answers: str = "", *, stay: bool = False, patience: float = PATIENCE_SECONDS
    ) -> Operation:
        """Submits a record until it is known what became of it; first at `node`, then elsewhere unless it is to `stay`."""
        operation = self.history.call(kind, made.number, node.code, record=made.id, answers=answers)
        maybe = False
        """Whether an earlier attempt may have taken effect, so that a refusal of this one does not say that none did."""
        while time.monotonic() - operation.called < patience:
            try:
                async with asyncio.timeout(ATTEMPT_SECONDS):
                    taken = await self._http[node.place].submit(made.submission, wait=True)
            except ProblemError as error:
                code = str(error.problem.get("error"))
                operation.attempt(node.code, code)
                if 400 <= error.status < 500 and error.status not in {408, 429}:
                    if not maybe or code in NEVER_LATER:
                        await self._refused(operation, node, code)
                        return operation
                elif error.status not in {429, 503}:
                    maybe = True
            except (FatalError, TimeoutError) as error:
                operation.attempt(node.code, repr(error.__cause__ or error)[:120])
                maybe = maybe or not isinstance(error.__cause__, ClientConnectorError)
            else:
                if taken.receipt is not None:
                    with self.history.returning(operation):
                        assert taken.index is not None
                        assert taken.height is not None
                        operation.attempt(node.code, "final")
                        operation.outcome, operation.receipt = ACCEPTED, taken.receipt
                        operation.index, operation.height = taken.index, taken.height
                    return operation
                operation.attempt(node.code, "taken")
                maybe = True
            await asyncio.sleep(PAUSE_SECONDS)
            if not stay and self._draw.random() < 0.6:
                node = self._any()
        return operation

    async def _refused(self, operation: Operation, node: Node, code: str) -> None:
        """A refusal names no height; what it rests on is read at the same node, so that later reads can be held to it."""
        operation.code = code
        seen = await self._get(operation.number, node, READ_SECONDS)
        with self.history.returning(operation):
            operation.outcome, operation.reason_read = REFUSED, seen is not None
            if seen is not None:
                operation.height = seen[0]

    async def read(self, number: str, node: Node) -> Operation:
        """Reads a certificate: as the node has it, or (every other time) not before the node is as far as anybody has seen."""
        least = self.history.height if self._draw.random() < 0.5 else -1
        operation = self.history.call("read", number, node.code, least=least)
        while time.monotonic() - operation.called < PATIENCE_SECONDS:
            seen = await self._get(number, node, READ_SECONDS)
            if seen is None:
                break
            if seen[0] >= least:
                with self.history.returning(operation):
                    operation.outcome = READ
                    operation.height, operation.issued, operation.settled = seen
                break
            await asyncio.sleep(0.05)
        return operation

    async def _get(self, number: str, node: Node, seconds: float) -> tuple[int, str, str] | None:
        """Height, id of the issue and of the outcome (empty: none) as a node has them; None where it does not answer."""
        try:
            async with asyncio.timeout(seconds):
                found = await self._http[node.place].get_json(f"/v1/certificates/{number}")
        except ProblemError as error:
            if error.status == 404:
                return int(error.problem["read_at_height"]), "", ""
            return None
        except (FatalError, TimeoutError):
            return None
        records = [record["id"] for record in found["records"]]
        if (found["outcome"] is None) != (len(records) == 1) or (found["certificate"]["state"] == "open") != (
            len(records) == 1
        ):
            self.failures.append(f"{node.code} contradicts itself about {number}: {found}")
        return int(found["read_at_height"]), records[0], records[1] if len(records) > 1 else ""

    @property
    def undecided(self) -> int:
        """Operations that are open."""
        return sum(one.outcome == OPEN for one in self.history.operations)
