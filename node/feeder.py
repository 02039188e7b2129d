"""Brings this ledger's checkpoints to outside witnesses, and their cosignatures into the checkpoints.

For each witness that the operator has listed: whenever a larger quorum checkpoint is there, and every ten minutes else, the
newest one is sent with a proof from the size that the witness had last. Where it had another one it names it (409); then the
proof is made from there, once. What it answers else is told to the operator, and it is asked again, later and later.
A cosignature counts only when it verifies with the key that is listed.

A witness knows a log by one key; it is sent this node's own signature, and no others, so that the request stays small.

Reference: c2sp.org/tlog-witness, client side.
"""

import asyncio
from collections.abc import Sequence

import aiohttp

from ledger.checkpoint import Checkpoint, parse_checkpoint, parse_size
from ledger.errors import ProofError
from ledger.limits import MAX_NOTE_BYTES
from ledger.note import Note, Signature, parse_note, parse_signatures, verify_signature
from ledger.policy import PolicyWitness
from ledger.state import Ledger
from ledger.witness import AddCheckpoint
from node.cosigner import Cosigner
from node.errors import NodeError
from node.limits import FEED_SECONDS, FEED_TIMEOUT_SECONDS, FEED_WAIT_SECONDS
from node.logs import get_logger

log = get_logger("feeder")

_TIMEOUT = aiohttp.ClientTimeout(total=FEED_TIMEOUT_SECONDS)


class WitnessError(NodeError):
    """An outside witness did not cosign; the message says what it answered."""


class Feeder:
    """One task for each outside witness.

    Attributes:
        sizes: by witness, the size that it cosigned last, as far as this process knows.
    """

    def __init__(self, ledger: Ledger, cosigner: Cosigner, witnesses: Sequence[PolicyWitness]) -> None:
        """Wires the feeder; the witnesses have URLs."""
        self.sizes: dict[str, int] = {}
        self._ledger = ledger
        self._cosigner = cosigner
        self._witnesses = witnesses
        self._grown = {witness.name: asyncio.Event() for witness in witnesses}

    def grown(self) -> None:
        """There is a larger quorum checkpoint."""
        for event in self._grown.values():
            event.set()

    async def run(self) -> None:
        """Feeds every witness until cancelled.

        Raises:
            StoreError: the store failed; the process must end.
        """
        self.grown()
        if not self._witnesses:
            await asyncio.Event().wait()
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session:
            await asyncio.gather(*(self._serve(session, witness) for witness in self._witnesses))

    async def _serve(self, session: aiohttp.ClientSession, witness: PolicyWitness) -> None:
        first, longest = FEED_WAIT_SECONDS
        wait, grown = first, self._grown[witness.name]
        while True:
            try:
                async with asyncio.timeout(FEED_SECONDS):
                    await grown.wait()
            except TimeoutError:
                pass
            grown.clear()
            try:
                await self._feed(session, witness)
            except (WitnessError, ProofError, aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
                log.warning("outside witness", witness=witness.name, reason=str(error) or type(error).__name__, again_in=wait)
                await asyncio.sleep(wait)
                wait = min(wait * 2, longest)
                grown.set()
            else:
                wait = first

    async def _feed(self, session: aiohttp.ClientSession, witness: PolicyWitness) -> None:
        """Sends the newest quorum checkpoint; a witness that names another size is asked once more from there."""
        encoded = self._cosigner.quorum_checkpoint()
        if encoded is None:
            return
        note = parse_note(encoded.encode())
        checkpoint = parse_checkpoint(note.text)
        own = Note(note.text, note.signatures[:1])
        status, body = await self._ask(session, witness, checkpoint, own)
        if status == 409:
            held = parse_size(body.decode(errors="replace").removesuffix("\n"))
            if held is None or held > checkpoint.size:
                raise WitnessError(f"it has cosigned size {body[:40]!r}, beyond {checkpoint.size}: is there another history?")
            self.sizes[witness.name] = held
            status, body = await self._ask(session, witness, checkpoint, own)
        if status != 200:
            raise WitnessError(f"it answers {status}: {body[:200]!r}")
        self._take(witness, checkpoint, body)

    async def _ask(
        self, session: aiohttp.ClientSession, witness: PolicyWitness, checkpoint: Checkpoint, note: Note
    ) -> tuple[int, bytes]:
        old = self.sizes.get(witness.name, 0)
        path = self._ledger.consistency_proof(old, checkpoint.size)
        body = AddCheckpoint(old, tuple(path), note).encode()
        url = f"{witness.url.rstrip('/')}/add-checkpoint"
        async with session.post(url, data=body, headers={"Content-Type": "text/plain"}, allow_redirects=False) as answer:
            return answer.status, await answer.content.read(MAX_NOTE_BYTES)

    def _take(self, witness: PolicyWitness, checkpoint: Checkpoint, body: bytes) -> None:
        """Merges the cosignatures by the listed key; lines by other keys are passed over.

        Raises:
            ProofError: no signature lines, or one of the key does not verify.
            WitnessError: none is by the key.
        """
        lines: list[Signature] = [line for line in parse_signatures(body) if line.is_by(witness.key)]
        for line in lines:
            verify_signature(witness.key, checkpoint.text(), line)
        if not lines:
            raise WitnessError(f"no cosignature by {witness.key.name} in its answer")
        self.sizes[witness.name] = checkpoint.size
        self._cosigner.add_outside(checkpoint, lines[-1])
        log.info("cosigned outside", witness=witness.name, size=checkpoint.size)
