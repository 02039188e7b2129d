"""Receipts of a small ledger at every count of cosignatures, and the ways to tamper with them that everybody must notice."""

from base64 import b64encode
from collections.abc import Callable

from ledger.checkpoint import Checkpoint
from ledger.errors import ProofError
from ledger.note import Note, SignatureType, Signer
from ledger.policy import Policy, PolicyGroup, PolicyLog, PolicyWitness
from ledger.receipt import make_receipt, verify_receipt
from tests.support.world import VALIDATORS, World, seed

LEAVES = 21


class Receipts:
    """Receipts of a ledger of 21 records, cosigned by `cosigners` of its four validators."""

    def __init__(self, world: World) -> None:
        numbers = [f"BW{n:07d}" for n in range(1, LEAVES + 1)]
        records = [world.issue(number=number) for number in numbers]
        world.accept(*records)
        self.ledger = world.ledger
        self.records = [record.raw for record in records]
        self.log = Signer.from_seed(world.ledger.origin, SignatureType.ED25519, seed("BW/log"))
        self.witnesses = [
            Signer.from_seed(f"{code}/witness", SignatureType.COSIGNATURE, seed(f"{code}/cosign")) for code in VALIDATORS
        ]

    def note(self, cosigners: int, **changes: object) -> Note:
        head = self.ledger.head
        text = Checkpoint(
            self.ledger.origin, int(changes.get("size", head.tree_size)), bytes(changes.get("root", head.root))
        ).text()
        lines = [witness.sign(text, 1_790_000_000 + n) for n, witness in enumerate(self.witnesses[:cosigners])]
        return Note(text, (self.log.sign(text), *lines))

    def receipt(self, index: int, cosigners: int) -> str:
        path = self.ledger.inclusion_proof(index, LEAVES)
        return make_receipt(self.records[index], index, path, self.note(cosigners).encode())

    def ours(self, text: str, threshold: int) -> bool:
        """Whether our own check takes it at this threshold."""
        known = tuple(PolicyWitness(witness.key.name.removesuffix("/witness"), witness.key) for witness in self.witnesses)
        groups = (PolicyGroup("q", threshold, tuple(witness.name for witness in known)),) if threshold else ()
        policy = Policy((PolicyLog(self.log.key),), known, groups, "q" if threshold else "none")
        try:
            verify_receipt(text, policy)
        except ProofError:
            return False
        return True


def lines(change: Callable[[list[str]], list[str]]) -> Callable[[str], str]:
    return lambda text: "\n".join(change(text.split("\n")))


def at(number: int, change: Callable[[str], str]) -> Callable[[str], str]:
    """Changes one line."""
    return lines(lambda all_lines: [change(line) if n == number else line for n, line in enumerate(all_lines)])


def flipped(line: str) -> str:
    """Another letter in the middle of a line of base64."""
    middle = len(line) // 2
    return line[:middle] + ("A" if line[middle] != "A" else "B") + line[middle + 1 :]


PATH = 3  # the first hash's line; the receipt of record 9 of 21 has five
NOTE = PATH + 6
TAMPERINGS: dict[str, Callable[[str], str]] = {
    "another version": at(0, lambda _line: "c2sp.org/tlog-proof@v2"),
    "no header": lines(lambda found: found[1:]),
    "another index": at(2, lambda _line: "index 8"),
    "an index beyond": at(2, lambda _line: f"index {LEAVES}"),
    "a leading zero": at(2, lambda _line: "index 09"),
    "a negative index": at(2, lambda _line: "index -9"),
    "no index": lines(lambda found: found[:2] + found[3:]),
    "a hash changed": at(PATH, flipped),
    "the last hash changed": at(PATH + 4, flipped),
    "two hashes swapped": lines(lambda found: [*found[:PATH], found[PATH + 1], found[PATH], *found[PATH + 2 :]]),
    "a hash too few": lines(lambda found: found[:PATH] + found[PATH + 1 :]),
    "a hash too many": lines(lambda found: [*found[:PATH], found[PATH], *found[PATH:]]),
    "a short hash": at(PATH, lambda _line: b64encode(bytes(31)).decode()),
    "stray bits in a hash": at(PATH, lambda line: line[:-2] + chr(ord(line[-2]) + 1) + "="),
    "no empty line": lines(lambda found: found[: NOTE - 1] + found[NOTE:]),
    "another origin": at(NOTE, lambda line: line + "x"),
    "another size": at(NOTE + 1, lambda _line: str(LEAVES + 1)),
    "another root": at(NOTE + 2, flipped),
    "no signature by the log": lines(lambda found: found[: NOTE + 4] + found[NOTE + 5 :]),
    "the log's signature changed": at(NOTE + 4, flipped),
    "two cosignatures gone": lines(lambda found: found[: NOTE + 5] + found[NOTE + 7 :]),
    "cosignatures under others' names": lambda text: text.replace("BW/witness", "AE/witness").replace("EU/witness", "RU/witness"),
    "a cosignature repeated for another": lines(lambda found: [*found[: NOTE + 6], found[NOTE + 5], found[NOTE + 5], ""]),
    "an extension line": at(NOTE + 2, lambda line: f"{line}\nextension"),
    "cut off": lambda text: text[:-40],
}  # fmt: skip
