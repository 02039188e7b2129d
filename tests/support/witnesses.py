"""A witness over a ledger in one process: its guard on a disk in memory, its key that of a seat; and logs that others write."""

from collections.abc import Sequence

from ledger import merkle
from ledger.checkpoint import Checkpoint
from ledger.note import Note, SignatureType, Signer
from ledger.policy import PolicyLog
from ledger.state import Ledger
from ledger.tiles import TileTree, width_of
from ledger.witness import AddCheckpoint
from node.cosigner import Cosigner
from node.keys import NodeKeys, SigningKey
from node.refusals import Refusals
from node.witness import Witness
from tests.simulation.disk import MemoryDisk
from tests.support.parts import new_wal


def witness_of(ledger: Ledger, keys: dict[str, bytes], disk: MemoryDisk, logs: Sequence[PolicyLog] = (), own: str = "BW"):
    """The witness of a node with these seeds (`consensus`, `log`, `cosign`), and its cosigner."""
    node_keys = NodeKeys(*(SigningKey.from_seed(keys[name]) for name in ("consensus", "log", "cosign")))
    cosigner = Cosigner(own, ledger, node_keys, new_wal(disk, ledger.ledger_id), lambda _item: None, Refusals())
    return Witness(own, ledger, node_keys, cosigner, logs), cosigner


class OtherLog:
    """A log of somebody else's: entries in a list, signed as its writer likes, honest or not."""

    def __init__(self, origin: str = "example.org/other", seed: bytes = bytes(32), entries: Sequence[bytes] = ()) -> None:
        self.entries = list(entries)
        self.signer = Signer.from_seed(origin, SignatureType.ED25519, seed)
        self.origin = origin

    @property
    def policy_log(self) -> PolicyLog:
        return PolicyLog(self.signer.key)

    def hashes(self) -> list[bytes]:
        return [merkle.leaf_hash(entry) for entry in self.entries]

    def tree(self) -> TileTree:
        """The tree of what it holds now, out of tiles made for the purpose."""
        tiles: dict[tuple[int, int], bytes] = {}

        def visit(height: int, node: bytes) -> None:
            if height % 8 == 0:
                level = height // 8
                n = sum(len(data) for (at, _), data in tiles.items() if at == level) // 8192
                tiles[level, n] = tiles.get((level, n), b"") + node

        size = len(self.entries)
        merkle.CompactRange().extended(self.hashes(), visit)
        return TileTree(lambda level, n, width: tiles[level, n][: width * 32] if width_of(level, n, size) else None, size)

    def note(self, size: int | None = None, root: bytes | None = None) -> Note:
        tree = self.tree()
        size = tree.size if size is None else size
        text = Checkpoint(self.origin, size, tree.root(size) if root is None else root).text()
        return Note(text, (self.signer.sign(text),))

    def request(self, old: int, size: int | None = None, root: bytes | None = None) -> AddCheckpoint:
        """What its feeder sends; the proof is of what it holds now."""
        tree = self.tree()
        wanted = tree.size if size is None else size
        path = tree.consistency_proof(old, wanted) if old <= wanted else []
        return AddCheckpoint(old, tuple(path), self.note(wanted, root))
