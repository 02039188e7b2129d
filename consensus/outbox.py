"""Collects one output. Types show the contract: votes go in as `Durable` only, and out after the persist only.

What depends on new durable state (votes, certificates, which hold an own signature, and the status) is sent after the persist;
requests and answers out of older state at once.
"""

from consensus.events import AppCall, Output, Send
from consensus.journal import Durable
from consensus.messages import Block, Certificate, GetBlock, GetCertificates, GetHeaders, GotBlock, Proposal, Seen, Status

Request = GetBlock | GetCertificates | GetHeaders


class Outbox:
    """Messages and calls of one `handle`, in order."""

    __slots__ = ("_after", "_app", "_now")

    def __init__(self) -> None:
        self._now: list[Send] = []
        self._after: list[Send] = []
        self._app: list[AppCall] = []

    def request(self, to: bytes, message: Request) -> None:
        """Asks one peer for something."""
        self._now.append(Send(to, message))

    def block(self, to: bytes, block: Block) -> None:
        """Hands out a block that was proposed by another message before."""
        self._now.append(Send(to, GotBlock(block)))

    def vote(self, durable: Durable, to: bytes | None = None) -> None:
        """Sends an own vote."""
        self._after.append(Send(to, durable.vote))

    def proposal(self, block: Block, durable: Durable, to: bytes | None = None) -> None:
        """Sends an own block with the own notarize vote."""
        self._after.append(Send(to, Proposal(block, durable.vote)))

    def certificate(self, certificate: Certificate, to: bytes | None = None) -> None:
        """Sends a certificate that the journal holds."""
        self._after.append(Send(to, certificate))

    def seen(self, to: bytes, seen: Seen) -> None:
        """Shows a validator one of its own votes."""
        self._now.append(Send(to, seen))

    def status(self, status: Status, to: bytes | None = None) -> None:
        """Says where this node stands."""
        self._after.append(Send(to, status))

    def call(self, call: AppCall) -> None:
        """Asks the application for something."""
        self._app.append(call)

    def take(self, persist: tuple[bytes, ...], wake_at: int | None) -> Output:
        """The output, after which the box is empty."""
        output = Output(persist, tuple(self._now), tuple(self._after), tuple(self._app), wake_at)
        self._now.clear()
        self._after.clear()
        self._app.clear()
        return output
