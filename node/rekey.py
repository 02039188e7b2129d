"""Another consensus key for a node: rotated in good order, or retired because its guard is lost.

Rotation: the successor lies beside the key; the node votes with the old one until the epoch to which the ledger's `node.set`
leads. Retirement: whoever lost the log of what a key has signed, or runs on an old copy of it, cannot know what it may sign.
The key is replaced at once, the node follows, and votes again from the epoch on that has its new key. A lost cosigning guard is
treated in the same way. The log of a new key is made before the key is in its place: a key that is there has its log, or has
lost it.
"""

import shutil
from pathlib import Path

from consensus.errors import MalformedMessageError
from consensus.messages import Seen, decode_record
from ledger.genesis import Genesis
from ledger.network import Network
from node.config import load_config
from node.errors import Exit, FatalError, WalDamagedError, WalForeignError, WalMissingError, command
from node.home import Found, Home
from node.keys import NAMES, NEXT, SigningKey, new_seed, read_key, write_secret
from node.lock import HomeLock
from node.opening import open_ledger, open_store
from node.wal import Wal


def rotate(home: Home, phrase: bytes | None) -> Found:
    """Makes the consensus key's successor; found when it is there already.

    Raises:
        FatalError: the home has no ledger yet, its node runs, or its store does not open.
    """
    genesis = home.read_genesis()
    lock = HomeLock(home.path)
    try:
        file, network = home.keys / NEXT, _network(home, genesis)
        promote(home, network, load_config(home.path).participant, phrase)
        if file.exists():
            return Found("next consensus key", file, generated=False)
        seed = new_seed()
        home.logs(genesis.ledger_id).make(network.epoch.number, SigningKey.from_seed(seed).public)
        write_secret(file, seed, phrase)
        return Found("next consensus key", file, generated=True)
    finally:
        lock.release()


def promote(home: Home, network: Network, participant: str, phrase: bytes | None) -> None:
    """Puts the successor in the old key's place once the epoch votes with it: the old one signs nothing any more."""
    file = home.keys / NEXT
    if not file.exists():
        return
    coming, old = read_key(file, phrase).public, read_key(home.keys / NAMES[0], phrase).public
    node = network.node(participant)
    if node is not None and node.consensus == coming and old not in network.epoch.keys:
        file.replace(home.keys / NAMES[0])


def retire(home: Home, phrase: bytes | None, *, leaked: bool) -> list[Found]:
    """Replaces the consensus key whose guard is lost, and the cosigning key whose guard is.

    Args:
        home: of a node that does not run.
        phrase: seals the new keys.
        leaked: replace the consensus key although its guard is intact: others may have it.

    Raises:
        FatalError: neither guard is lost, or the node runs, or its store does not open.
    """
    genesis = home.read_genesis()
    lock = HomeLock(home.path)
    try:
        network = _network(home, genesis)
        made = []
        if leaked or _voted_elsewhere(home, genesis, network, phrase):
            made.append(_new_consensus(home, genesis, network.epoch.number, phrase))
        if _unusable(home.guard, genesis):
            made.append(_new_cosigning(home, genesis, phrase))
        if not made:
            raise FatalError(
                "Both guards of this home are there and whole.",
                "Its keys may go on signing.",
                f"To replace the consensus key in good order: {command('key', 'rotate', '--home', home.path)}. "
                "If others may have it, give it up at once with --leaked.",
                Exit.REFUSED,
            )
        return made
    finally:
        lock.release()


def _network(home: Home, genesis: Genesis) -> Network:
    """The nodes and the epoch as far as the home has followed the ledger."""
    store = open_store(home)
    try:
        return open_ledger(home, store, genesis).network
    finally:
        store.close()


def _voted_elsewhere(home: Home, genesis: Genesis, network: Network, phrase: bytes | None) -> bool:
    """Whether the log of the key that votes is unusable, or holds that the key has voted where this log did not see it."""
    keys = [read_key(home.keys / NAMES[0], phrase).public]
    if (home.keys / NEXT).exists():
        keys.append(read_key(home.keys / NEXT, phrase).public)
    key = keys[0] if keys[0] in network.epoch.keys else keys[-1]
    logs = home.logs(genesis.ledger_id)
    if logs.retired(key):
        return True
    try:
        log = logs.open(network.epoch.number, key)
    except (WalMissingError, WalDamagedError, WalForeignError):
        return True
    log.close()
    try:
        return any(isinstance(decode_record(record), Seen) for record in log.records)
    except MalformedMessageError:
        return True


def _unusable(guard: Path, genesis: Genesis) -> bool:
    try:
        Wal.open(guard, genesis.ledger_id).close()
    except (WalMissingError, WalDamagedError, WalForeignError):
        return True
    return False


def _new_consensus(home: Home, genesis: Genesis, epoch: int, phrase: bytes | None) -> Found:
    seed = new_seed()
    home.logs(genesis.ledger_id).make(epoch, SigningKey.from_seed(seed).public)
    (home.keys / NEXT).unlink(missing_ok=True)
    return _replace(home, NAMES[0], seed, phrase)


def _new_cosigning(home: Home, genesis: Genesis, phrase: bytes | None) -> Found:
    """The key first: until its guard is there the node does not start, so nothing is signed without one."""
    found = _replace(home, "cosign", new_seed(), phrase)
    shutil.rmtree(home.guard, ignore_errors=True)
    Wal.create(home.guard, genesis.ledger_id).close()
    return found


def _replace(home: Home, name: str, seed: bytes, phrase: bytes | None) -> Found:
    fresh = home.keys / f"{name}.fresh"
    fresh.unlink(missing_ok=True)
    write_secret(fresh, seed, phrase)
    fresh.replace(home.keys / name)
    return Found(f"{name} key", home.keys / name, generated=True)
