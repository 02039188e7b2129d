"""This node as a C2SP witness: it cosigns the growth of logs, its own ledger's and those that its operator has listed.

Of other logs it keeps size and root in the sign guard, durable before the cosignature is given, and the newest note to show it
to monitors. Of its own ledger's log it cosigns nothing that it has not executed itself: a request for what was cosigned last is
answered with a fresh cosignature, one for more, however well proven, with "not ready".

Requests are answered one at a time, so that what is compared is what is then replaced. A checkpoint that a log's own key signed
and that contradicts what was cosigned is proof of two histories: both notes are told to the operator.

Reference: c2sp.org/tlog-witness; the rules stand in `ledger.witness`.
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from api.errors import NotReady
from ledger.checkpoint import Checkpoint
from ledger.errors import ProofError, TwoRootsError
from ledger.merkle import EMPTY_ROOT
from ledger.note import Note, VerifierKey
from ledger.policy import NONE, Policy, PolicyLog, parse_policy
from ledger.state import Ledger
from ledger.witness import AddCheckpoint, check_growth, check_signatures, parse_add_checkpoint
from node.cosigner import Cosigner
from node.errors import Exit, FatalError, command
from node.guard import OWN, log_id
from node.keyring import log_key, witness_key
from node.keys import NodeKeys
from node.logs import get_logger

log = get_logger("witness")

_NOTE = b"witnessed/"
NO_ONE = Policy((), (), (), NONE)
"""No logs but the own one, no outside witnesses."""


class Witness:
    """Cosigns for whoever asks, what may be cosigned."""

    def __init__(
        self, own: str, ledger: Ledger, keys: NodeKeys, cosigner: Cosigner, logs: Sequence[PolicyLog] = NO_ONE.logs
    ) -> None:
        """Wires the witness.

        Args:
            own: this node's participant.
            ledger: the own one.
            keys: the node's.
            cosigner: whose guard and checkpoints these are.
            logs: keys of the other logs that are cosigned, named by their origins.
        """
        self._origin = ledger.genesis.origin
        self._ledger = ledger
        self._cosigner = cosigner
        self._signer = keys.cosign.signer(witness_key(own, keys.cosign.public))
        self._others: dict[str, list[VerifierKey]] = {}
        for other in logs:
            self._others.setdefault(other.key.name, []).append(other.key)
        self._one_at_a_time = asyncio.Lock()

    async def add_checkpoint(self, body: bytes) -> str:
        """The signature line that answers a request.

        Raises:
            ProofError: a rule of `ledger.witness` is broken; its class says which.
            NotReady: the ledger does not have this node's key yet, or the node has not executed so much of its own log.
            WalFailedError: the guard could not be written; the process must end.
        """
        request = parse_add_checkpoint(body)
        checkpoint = check_signatures(request, self._keys_of)
        if not self._cosigner.may_sign:
            raise NotReady(30.0, "the ledger does not have this node's cosigning key")
        own = checkpoint.origin == self._origin
        place = OWN if own else log_id(checkpoint.origin)
        async with self._one_at_a_time:
            size, root = self._cosigner.guard.signed(place)
            self._check(request, checkpoint, max(size, 0), root or EMPTY_ROOT)
            if own and checkpoint.size > size:
                self._not_yet(checkpoint)
            if not own and checkpoint.size > size:
                await self._cosigner.guard.remember(checkpoint.size, checkpoint.root, place)
            signature = self._signer.sign(checkpoint.text(), int(time.time()))
            if not own:
                by_log = [line for line in request.note.signatures if any(map(line.is_by, self._keys_of(checkpoint.origin)))]
                note = Note(request.note.text, (*by_log, signature))
                self._ledger.keep_node_values({_NOTE + place: note.encode()})
        return signature.line()

    def checkpoint(self, place: bytes) -> str | None:
        """The newest checkpoint that was cosigned for the log with this SHA-256 of its origin; None before the first."""
        if place == log_id(self._origin):
            return self._cosigner.quorum_checkpoint()
        note = self._ledger.node_value(_NOTE + place)
        return None if note is None else note.decode()

    def _keys_of(self, origin: str) -> Sequence[VerifierKey]:
        if origin == self._origin:
            return [log_key(origin, node.log) for node in self._ledger.network.nodes.values()]
        return self._others.get(origin, ())

    def _check(self, request: AddCheckpoint, checkpoint: Checkpoint, size: int, root: bytes) -> None:
        try:
            check_growth(request, checkpoint, size, root)
        except TwoRootsError:
            self._tell(request, Checkpoint(checkpoint.origin, size, root))
            raise

    def _not_yet(self, checkpoint: Checkpoint) -> None:
        """Refuses a checkpoint of the own log that this node has not cosigned by itself.

        Raises:
            TwoRootsError: this node has executed so much and has another root.
            NotReady: it has not, or is about to cosign it.
        """
        held = self._ledger.head.tree_size >= checkpoint.size
        if held and self._ledger.root_at(checkpoint.size) != checkpoint.root:
            raise TwoRootsError(f"another root for size {checkpoint.size} than the one that was executed here")
        raise NotReady(1.0, "this node cosigns its own ledger's log as it executes it")

    def _tell(self, request: AddCheckpoint, held: Checkpoint) -> None:
        """Both sides of the proof into the operator's log."""
        kept = self.checkpoint(log_id(held.origin))
        log.error(
            "a log has two histories",
            origin=held.origin,
            size=held.size,
            cosigned_root=held.root.hex(),
            cosigned=kept or "",
            shown=request.note.encode().decode(),
        )


def read_outside(home: Path, setting: str, origin: str) -> Policy:
    """What the operator's file says: other logs to be cosigned (`log` lines), outside witnesses (`witness` lines with a URL).

    Args:
        home: the node's; a relative path begins there.
        setting: path of a C2SP policy file, empty for none.
        origin: the own ledger's log, which stands in no such file.

    Raises:
        FatalError: it cannot be read, is no policy, or lists the own log, or a witness without a URL.
    """
    if not setting:
        return NO_ONE
    file = home / setting
    try:
        return _require_outside(parse_policy(file.read_bytes()), origin)
    except (OSError, ProofError) as error:
        raise FatalError(
            f"The witness policy {file} cannot be used: {getattr(error, 'strerror', None) or error}.",
            "It says which other logs this node cosigns, and which outside witnesses it asks to cosign its own.",
            f"Mend the file, or empty witness.policy: {command('config', 'show', '--home', home)}",
            Exit.BAD_CONFIGURATION,
        ) from error


def _require_outside(policy: Policy, origin: str) -> Policy:
    if any(other.key.name == origin for other in policy.logs):
        raise ProofError(f"{origin} is this node's own log, which it cosigns anyway")
    if missing := next((witness.name for witness in policy.witnesses if not witness.url), None):
        raise ProofError(f"the witness {missing} has no URL to be asked at")
    return policy
