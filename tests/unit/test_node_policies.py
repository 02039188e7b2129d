"""`node.policies`: keys and validators change, and every receipt of before verifies with the policy that the log gives for its time."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from ledger.checkpoint import Checkpoint
from ledger.errors import LogSignatureMissingError, OutOfRangeError, ProofError, QuorumNotMetError, RewrittenLogError
from ledger.note import Note, SignatureType, Signer
from ledger.policy import Policy, parse_policy
from ledger.receipt import Verdict, make_receipt, verify_receipt
from ledger.tiles import ENTRIES, decode_bundle, new_bundles, new_tiles
from node import keyring
from node.errors import Exit
from node.policies import accepted_by, policies_at, verify_old_receipt
from tests.support import world as world_module
from tests.support.world import VALIDATORS, World, seed


class Ages:
    """A ledger that outlives its keys: each age has other ones, and a receipt out of each."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ledger = world.ledger
        self.receipts: list[tuple[int, str, Policy]] = []
        self.number = 0
        self.version = ""

    def issue(self) -> None:
        """A record; its receipt, with the policy that the nodes print then."""
        self.number += 1
        record = self.world.issue(number=f"BW{self.number:07d}")
        self.world.accept(record)
        size = self.ledger.head.tree_size
        receipt = make_receipt(record.raw, size - 1, self.ledger.inclusion_proof(size - 1, size), self.note().encode())
        self.receipts.append((size, receipt, self.policy()))

    def policy(self) -> Policy:
        network = self.ledger.network
        return keyring.policy(self.ledger.origin, network, dict.fromkeys(network.nodes, ""))

    def note(self, codes: tuple[str, ...] | None = None) -> Note:
        """The head, signed by BW's log and cosigned by all validators in force, or by these, with the keys of now."""
        head, network = self.ledger.head, self.ledger.network
        text = Checkpoint(self.ledger.origin, head.tree_size, head.root).text()
        signer = Signer.from_seed(self.ledger.origin, SignatureType.ED25519, self.secret("BW", "log"))
        voting = codes or tuple(code for code, _ in network.epoch.validators)
        witnesses = [
            Signer.from_seed(f"{code}/witness", SignatureType.COSIGNATURE, self.secret(code, "cosign")) for code in voting
        ]
        assert [str(one.key) for one in witnesses] == [
            str(keyring.witness_key(code, network.node(code).cosign)) for code in voting
        ]
        return Note(text, (signer.sign(text), *(witness.sign(text, 1_790_000_000) for witness in witnesses)))

    def secret(self, code: str, purpose: str) -> bytes:
        public = getattr(self.ledger.network.node(code), purpose)
        return seed(self.world.names.get(public, f"{code}/{purpose}"))

    def rotate(self, version: str, *codes: str) -> None:
        """These nodes get other keys of every purpose, and an epoch begins with them."""
        for code in codes:
            keys = {name: self.world.named(f"{code}/{name}/{version}") for name in ("consensus", "log", "cosign")}
            self.world.accept(self.world.node_set(code, **keys))
            self.issue()  # old validators by their new keys
        self.begin()

    def begin(self) -> None:
        """A quorum is ready; the next epoch begins, after one more record of the old one."""
        for code, _ in self.ledger.network.candidates:
            if not self.ledger.scheduled:
                self.world.accept(self.world.node_ready(code))
        self.issue()
        self.world.block(ends_for=self.ledger.scheduled)
        self.issue()

    def leaves(self) -> list[bytes]:
        size = self.ledger.head.tree_size
        found: list[bytes] = []
        for bundle in new_bundles(0, size):
            found += decode_bundle(self.ledger.entries(bundle.n, bundle.width), bundle.width)
        return found

    def export(self, directory: Path) -> Path:
        """The log as static files."""
        size = self.ledger.head.tree_size
        for tile in (*new_tiles(0, size), *new_bundles(0, size)):
            read = (
                self.ledger.entries(tile.n, tile.width)
                if tile.level == ENTRIES
                else self.ledger.tile(tile.level, tile.n, tile.width)
            )
            file = directory / tile.path()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(read)
        (directory / "checkpoint").write_bytes(self.note().encode())
        return directory


def said(verdict: Verdict) -> tuple[object, ...]:
    """What a verdict says; witnesses stand in their policy's order, which differs with the list of validators."""
    return verdict.record, verdict.index, verdict.size, verdict.root, set(verdict.witnesses)


@pytest.fixture(scope="module")
def ages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ages]:
    with World.make(tmp_path_factory.mktemp("ages")) as world:
        made = Ages(world)
        made.issue()
        made.rotate("second", *VALIDATORS)
        world.accept(world.node_set("CF"))
        made.begin()
        world.accept(world.node_set("RU", validator=False))
        made.begin()
        made.rotate("third", "BW", "EU", "CF")
        yield made


def test_the_log_gives_every_policy_that_was_ever_printed(ages: Ages) -> None:
    leaves = ages.leaves()
    assert ages.ledger.network.epoch.number == 4
    for size, _, printed in ages.receipts:
        assert printed in policies_at(ages.ledger.genesis, leaves, size), size
    first = policies_at(ages.ledger.genesis, leaves, 0)
    assert first == policies_at(ages.ledger.genesis, [], 0)
    assert [len(policies_at(ages.ledger.genesis, leaves, size)) for size in (0, 1)] == [1, 1]


def test_old_receipts_verify_for_ever_and_only_by_the_policy_of_their_time(ages: Ages) -> None:
    leaves, today = ages.leaves(), ages.policy()
    refused = 0
    for size, receipt, printed in ages.receipts:
        verdict = accepted_by(policies_at(ages.ledger.genesis, leaves, size), receipt.encode())
        assert said(verdict) == said(verify_receipt(receipt, printed))
        try:
            verify_receipt(receipt, today)
        except (QuorumNotMetError, LogSignatureMissingError):
            refused += 1
    assert (len(ages.receipts), refused) == (16, 12), "today's policy is no judge of yesterday's keys"


def test_keys_of_another_time_make_no_receipt(ages: Ages) -> None:
    """Neither today's keys for an old size, nor keys that were given up for a new one."""
    leaves, genesis = ages.leaves(), ages.ledger.genesis
    old_size, old, _ = ages.receipts[0]
    new_size, new, _ = ages.receipts[-1]
    with pytest.raises(ProofError):
        accepted_by(policies_at(genesis, leaves, new_size), old.encode())
    with pytest.raises(ProofError):
        accepted_by(policies_at(genesis, leaves, old_size), new.encode())


def test_offline_from_an_exported_log(ages: Ages, tmp_path: Path) -> None:
    directory = ages.export(tmp_path / "log")
    genesis, today = ages.ledger.genesis, ages.policy()
    for size, receipt, printed in ages.receipts:
        verdict = verify_old_receipt(receipt.encode(), directory, genesis, today)
        assert (said(verdict), verdict.size) == (said(verify_receipt(receipt, printed)), size)
    with pytest.raises(ProofError):  # the log must hold by today's policy
        verify_old_receipt(ages.receipts[0][1].encode(), directory, genesis, ages.receipts[0][2])
    tampered = ages.receipts[0][1].replace("index 0", "index 1")
    with pytest.raises(ProofError):
        verify_old_receipt(tampered.encode(), directory, genesis, today)


def test_a_receipt_of_a_history_that_is_not_the_logs(ages: Ages, tmp_path: Path) -> None:
    """The quorum of a time, all with their true keys, signs another tree: the log of today refuses it."""
    directory = ages.export(tmp_path / "log")
    with World.make(tmp_path / "other") as world:
        other = Ages(world)
        other.number = 50
        other.issue()
        ((size, receipt, _),) = other.receipts
        assert verify_receipt(receipt, other.policy()).size == size
        with pytest.raises(RewrittenLogError):
            verify_old_receipt(receipt.encode(), directory, ages.ledger.genesis, ages.policy())


def test_more_than_the_log_has(ages: Ages) -> None:
    with pytest.raises(OutOfRangeError):
        policies_at(ages.ledger.genesis, ages.leaves(), ages.ledger.head.tree_size + 1)
    with pytest.raises(ProofError):
        policies_at(ages.ledger.genesis, [b"node.set"], 1)
    leaf = next(leaf for leaf in reversed(ages.leaves()) if b"node.ready" in leaf)
    with pytest.raises(ProofError):
        policies_at(ages.ledger.genesis, [leaf], 1)


def test_on_the_command_line(ages: Ages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = ages.export(tmp_path / "log")
    monkeypatch.setattr(world_module, "Genesis", SimpleNamespace(from_json=bytes))
    (tmp_path / "genesis.json").write_bytes(world_module.genesis())
    (tmp_path / "today").write_text(ages.policy().format())
    (tmp_path / "old.tlog-proof").write_text(ages.receipts[0][1])
    kpledger = Path(sys.executable).with_name("kpledger")

    def run(*options: object) -> subprocess.CompletedProcess[str]:
        command = [kpledger, "receipt", "verify", tmp_path / "old.tlog-proof", "--policy", tmp_path / "today", *options]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=False)

    assert run().returncode == Exit.BAD_DATA
    told = run("--history", directory, "--genesis", tmp_path / "genesis.json")
    assert (told.returncode, "valid" in told.stdout) == (0, True), told.stderr
    command = [kpledger, "log", "policy", directory, "--policy", tmp_path / "today", "--genesis", tmp_path / "genesis.json"]
    for size, words in ((ages.ledger.head.tree_size, ()), (ages.receipts[0][0], ("--size", ages.receipts[0][0]))):
        printed = subprocess.run(
            list(map(str, (*command, *words))), capture_output=True, text=True, timeout=60, check=True
        ).stdout
        assert parse_policy(printed.encode()) == next(policy for at, _, policy in ages.receipts if at == size)
    assert run("--history", directory).returncode == Exit.USAGE
    assert run("--history", tmp_path / "nothing", "--genesis", tmp_path / "genesis.json").returncode == Exit.BAD_DATA
