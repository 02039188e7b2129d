"""What clients saw: every operation with when it was called and when it returned, in one list, and on disk when it is wanted."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.support.linearizability import NEVER

OPEN = "open"
"""No answer yet, or never one: the operation may have taken effect or not."""

ACCEPTED, REFUSED, READ = "accepted", "refused", "read"


@dataclass(slots=True)
class Operation:
    """One operation of one client.

    Attributes:
        kind: issue, confirm or read.
        number: the certificate.
        node: code of the node that it was asked of first.
        called, returned: monotonic seconds; an open one returns never.
        outcome: OPEN, ACCEPTED, REFUSED or READ.
        record: id of the record that was submitted (hex).
        answers: for a confirmation, the id of the issue that it answers.
        index, height: place of an accepted record; height that a read names.
        receipt: of an accepted record.
        code: why it was refused.
        reason_read: a refusal was followed by a read at the same node before it counted as returned, so that its height is known.
        least: a read was to show at least this height; -1: any.
        issued, settled: what a read showed: id of the certificate's issue and of its outcome, empty: none.
        attempts: node, seconds from the call, and what came of it.
    """

    kind: str
    number: str
    node: str
    called: float
    returned: float = NEVER
    outcome: str = OPEN
    record: str = ""
    answers: str = ""
    index: int = -1
    height: int = -1
    receipt: str = ""
    code: str = ""
    reason_read: bool = False
    least: int = -1
    issued: str = ""
    settled: str = ""
    attempts: list[tuple[str, float, str]] = field(default_factory=list)

    def attempt(self, node: str, result: str) -> None:
        """Notes what came of asking a node."""
        self.attempts.append((node, round(time.monotonic() - self.called, 3), result))

    @property
    def nodes(self) -> set[str]:
        """All nodes that were asked."""
        return {self.node, *(node for node, _, _ in self.attempts)}


class History:
    """All operations in the order of their calls.

    Attributes:
        height: the highest height that any answer has named so far.
        events: what happened to the cluster meanwhile, for people: monotonic seconds and words.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.events: list[tuple[float, str]] = []
        self.height = 0

    def call(self, kind: str, number: str, node: str, *, record: str = "", answers: str = "", least: int = -1) -> Operation:
        """Begins an operation."""
        operation = Operation(kind, number, node, time.monotonic(), record=record, answers=answers, least=least)
        self.operations.append(operation)
        return operation

    @contextmanager
    def returning(self, operation: Operation) -> Iterator[None]:
        """In the block the answer is noted; with its end the operation has returned."""
        yield
        self.height = max(self.height, operation.height)
        operation.returned = time.monotonic()

    def note(self, words: str) -> None:
        """Something happened to the cluster."""
        self.events.append((time.monotonic(), words))

    def write(self, file: Path, violations: list[str]) -> None:
        """Everything as JSON lines, in the order of time."""
        lines = [(at, {"at": at, "event": words}) for at, words in self.events]
        lines += [
            (one.called, asdict(one) | {"returned": None if one.returned == NEVER else one.returned}) for one in self.operations
        ]
        with file.open("w", encoding="utf-8") as out:
            for violation in violations:
                out.write(json.dumps({"violation": violation}) + "\n")
            for _, content in sorted(lines, key=lambda line: line[0]):
                out.write(json.dumps(content) + "\n")
