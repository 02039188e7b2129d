"""Two signed checkpoints of one log that contradict each other, with what shows it: a proof that stands alone. Pure functions.

Rules:
- both notes are signed by the log (a key that the policy lists under the origin); whether a quorum cosigned them does not
  matter: of nodes that execute the same blocks none ever signs the second of such two;
- of one size they have two roots (`TwoRootsError`): the notes alone show it;
- of two sizes the larger tree, at the smaller one's size, has another root than the smaller note says (`RewrittenLogError`):
  the consistency path from that other root to the larger note's shows it;
- that a node showed a larger tree before a smaller one (`ShrunkLogError`) is its witness's word; the notes are kept for it.

In a file it is JSON: `kind`, `first` and `second` (the notes' text), `root` (hex), `path` (hex hashes).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ledger.checkpoint import Checkpoint
from ledger.errors import ForkError, MalformedProofError, RewrittenLogError, ShrunkLogError, TwoRootsError
from ledger.limits import MAX_NOTE_BYTES, MAX_PATH_HASHES
from ledger.merkle import verify_consistency
from ledger.policy import NONE, Policy, accept

MAX_FORK_BYTES: Final = 4 * MAX_NOTE_BYTES
"""A proof's file: two notes, a path."""

_KINDS: Final[dict[str, type[ForkError]]] = {
    "two-roots": TwoRootsError,
    "rewritten": RewrittenLogError,
    "shrunk": ShrunkLogError,
}


@dataclass(frozen=True, slots=True)
class Fork:
    """A proof of two histories.

    Attributes:
        error: what it shows.
        first: the note of the smaller tree; of a shrunk log that which was shown first.
        second: the other note.
        root: of two sizes the root that the larger tree has at the size of the smaller one; else empty.
        path: the consistency path from there to the larger note's root.
    """

    error: type[ForkError]
    first: bytes
    second: bytes
    root: bytes = b""
    path: tuple[bytes, ...] = ()

    def verify(self, policy: Policy) -> ForkError:
        """Checks the proof with nothing but a policy that lists the log's keys, and gives the error that it proves.

        Raises:
            MalformedProofError: the two notes agree, or the path does not show what it should.
            ProofError: what `ledger.policy.accept` raises for a note that the log did not sign, or `verify_consistency`.
        """
        first, second = signed_by_log(policy, self.first), signed_by_log(policy, self.second)
        sizes = f"{first.size} and {second.size} leaves"
        if first.origin != second.origin:
            raise MalformedProofError("the notes are of two logs")
        if self.error is ShrunkLogError and first.size > second.size:
            return ShrunkLogError(f"{first.origin} had {first.size} leaves and then {second.size}")
        if self.error is TwoRootsError and first.size == second.size and first.root != second.root:
            return TwoRootsError(f"{first.origin} has two roots for {first.size} leaves")
        if self.error is RewrittenLogError and first.size < second.size and first.root != self.root:
            verify_consistency(first.size, second.size, self.root, second.root, self.path)
            return RewrittenLogError(f"of {first.origin} the first {first.size} leaves are others in the tree of {second.size}")
        raise MalformedProofError(f"the notes of {sizes} do not contradict each other in the way that is said")

    def to_json(self) -> str:
        """The file's text."""
        kind = next(name for name, error in _KINDS.items() if error is self.error)
        content = {
            "kind": kind,
            "first": self.first.decode(),
            "second": self.second.decode(),
            "root": self.root.hex(),
            "path": [item.hex() for item in self.path],
        }
        return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def parse_fork(data: bytes) -> Fork:
    """The proof in a file; nothing is checked but its form.

    Raises:
        MalformedProofError: not of the form.
    """
    if len(data) > MAX_FORK_BYTES:
        raise MalformedProofError(f"a proof of {len(data)} bytes; at most {MAX_FORK_BYTES}")
    try:
        content = json.loads(data)
        error = _KINDS[content["kind"]]
        first, second = (str(content[name]).encode() for name in ("first", "second"))
        root, path = bytes.fromhex(content["root"]), tuple(map(bytes.fromhex, content["path"]))
    except (ValueError, TypeError, KeyError, RecursionError) as fault:
        raise MalformedProofError("no proof of two histories") from fault
    if len(path) > MAX_PATH_HASHES:
        raise MalformedProofError(f"a path of {len(path)} hashes")
    return Fork(error, first, second, root, path)


def check_continues(earlier: Checkpoint, later: Checkpoint, root_at: Callable[[int], bytes]) -> None:
    """Whether a log that was as `earlier` says may now be as `later` says.

    Args:
        earlier: seen before.
        later: of the same log, seen now.
        root_at: the root of the later tree's first leaves, by their number; borne out by the later root.

    Raises:
        ShrunkLogError: it has fewer leaves now.
        TwoRootsError: as many, and another root.
        RewrittenLogError: its first leaves are others.
    """
    if later.size < earlier.size:
        raise ShrunkLogError(f"the log had {earlier.size} leaves and now has {later.size}")
    if later.size == earlier.size and later.root != earlier.root:
        raise TwoRootsError(f"the log has another root for {later.size} leaves than before")
    if root_at(earlier.size) != earlier.root:
        raise RewrittenLogError(f"the first {earlier.size} leaves are others than before")


def signed_by_log(policy: Policy, note: bytes) -> Checkpoint:
    """The checkpoint of a note that the log signed, whoever cosigned it; errors as `ledger.policy.accept`."""
    return accept(replace(policy, quorum=NONE), note).checkpoint
