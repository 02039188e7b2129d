"""What a node opens before it runs, and how each failure is told: what happened, what it means, the next step.

Everything here can refuse the start. Nothing here repairs anything: a damaged store is rebuilt from the other nodes, a lost
guard retires its key.
"""

import socket
from collections.abc import Sequence
from itertools import takewhile

from api.server import listen
from consensus.core import Core
from consensus.errors import LocalFaultError
from consensus.events import Config, Output, Tip
from consensus.limits import RETAINED_VIEWS
from consensus.messages import Certificate, Vote, VoteKind, decode_record
from ledger.errors import ForeignStoreError, StoreError
from ledger.genesis import Genesis
from ledger.state import Ledger
from ledger.store import Store
from node.bodies import UnusableBodyError
from node.config import Address
from node.config import Config as Settings
from node.driver import monotonic_ms
from node.errors import Exit, FatalError, WalDamagedError, WalError, WalFailedError, WalForeignError, WalMissingError, command
from node.execution import finals, last_block
from node.home import Home, guard_lost
from node.keys import NodeKeys
from node.scheme import Ed25519Scheme
from node.wal import Wal


def check_identity(genesis: Genesis, settings: Settings, keys: NodeKeys, certificate: bytes) -> None:
    """Whether the ledger knows this home's keys as those of this participant's node.

    Raises:
        FatalError: it does not.
    """
    entry = next((node for node in genesis.nodes if node.consensus == keys.consensus.public), None)
    if entry is None or entry.participant != settings.participant:
        whose = f"that of {entry.participant}" if entry else "nobody's"
        raise FatalError(
            f"This home's consensus key is {whose} on {genesis.origin}, and node.participant is {settings.participant!r}.",
            "The other nodes would refuse what it signs.",
            "Check node.participant in kpledger.toml, the keys, and that genesis.json was made with the output of: kpledger id",
            Exit.BAD_CONFIGURATION,
        )
    if (entry.log, entry.cosign, entry.tls) != (keys.log.public, keys.cosign.public, certificate):
        raise FatalError(
            f"The log, cosigning or TLS key of this home is not the one that the ledger has for {entry.participant}.",
            "What this node signs would be refused.",
            "Restore the keys of this node from where your office keeps them.",
            Exit.BAD_CONFIGURATION,
        )


def open_store(home: Home) -> Store:
    """The home's store.

    Raises:
        FatalError: damaged, or open in another process.
    """
    try:
        return Store.open(home.data)
    except StoreError as error:
        raise fatal(error, home) from error


def open_ledger(home: Home, store: Store, genesis: Genesis) -> Ledger:
    """The ledger in the store.

    Raises:
        FatalError: another ledger's, or damaged.
    """
    try:
        return Ledger.open(store, genesis)
    except ForeignStoreError as error:
        raise FatalError(
            f"{error}.",
            "Genesis and store of this home are of two ledgers.",
            f"Put the genesis back that was in {home.genesis}, as whoever convened the ledger gave it.",
            Exit.BAD_CONFIGURATION,
        ) from error
    except StoreError as error:
        raise fatal(error, home) from error


def open_wal(home: Home, what: str, genesis: Genesis) -> Wal:
    """The `consensus` or `cosigning` log, the guards against signing twice.

    Raises:
        FatalError: missing, damaged, another ledger's; or the disk failed.
    """
    directory = home.wal if what == "consensus" else home.guard
    try:
        return Wal.open(directory, genesis.ledger_id)
    except (WalMissingError, WalDamagedError, WalForeignError) as error:
        raise guard_lost(f"{what} log", directory, str(error)) from error
    except WalError as error:
        raise fatal(error, home) from error


def recover(config: Config, scheme: Ed25519Scheme, wal: Wal, ledger: Ledger, ledger_id: bytes) -> tuple[Core, Output]:
    """The core as its log and the store's last block leave it, and its first output.

    Raises:
        FatalError: the log contradicts itself or the store, or is not this node's latest.
    """
    block = last_block(ledger)
    head = ledger.head
    tip = Tip(block.view, head.height, head.digest, head.time) if block else Tip(0, 0, ledger_id, head.time)
    try:
        recovered = Core.recover(config, scheme, wal.records, tip, monotonic_ms())
    except LocalFaultError as error:
        raise _contradiction(str(error)) from error
    if (view := _forgotten_vote(config, wal.records, ledger, tip.view)) is not None:
        raise _contradiction(f"in view {view} this node's key has signed what the log does not hold")
    return recovered


def _forgotten_vote(config: Config, records: Sequence[bytes], ledger: Ledger, view: int) -> int | None:
    """A view that became final with a vote of this node's which its log lacks: the log is older than the store.

    A log keeps the votes of the newest views, so only those are looked for.
    """
    if config.me not in config.validators:
        return None
    byte, bit = divmod(config.validators.index(config.me), 8)
    messages = [decode_record(record) for record in records]
    votes = {(one.view, one.digest) for one in messages if isinstance(one, Vote) and one.kind is VoteKind.FINALIZE}
    known = (one.view for one in messages if isinstance(one, Certificate) and one.kind is VoteKind.FINALIZE)
    oldest = max(view, *known, 0) - RETAINED_VIEWS
    for final in takewhile(lambda final: final.view >= oldest, finals(ledger)):
        if final.signers[byte] >> bit & 1 and (final.view, final.digest) not in votes:
            return final.view
    return None


def _contradiction(reason: str) -> FatalError:
    return FatalError(
        f"The consensus log contradicts the store: {reason}.",
        "One of the two is not this node's latest: it must not vote.",
        "Put back the original disk; else this key must not vote again, and the node needs a new one on the ledger.",
        Exit.REFUSED,
    )


def listen_on(address: Address) -> socket.socket:
    """A listening socket.

    Raises:
        FatalError: the address cannot be had.
    """
    try:
        return listen(address.host, address.port)
    except OSError as error:
        raise in_use(address, error) from error


def in_use(address: Address, error: OSError) -> FatalError:
    """What to tell when an address cannot be listened on."""
    return FatalError(
        f"The address {address} cannot be listened on: {error.strerror}.",
        "Another program has it, or it is not this machine's.",
        "Choose another in kpledger.toml, or end the other program.",
        Exit.BAD_CONFIGURATION,
    )


def fatal(error: BaseException | None, home: Home) -> FatalError:
    """What to tell when a part of the node has failed."""
    if isinstance(error, FatalError):
        return error
    if isinstance(error, StoreError | WalFailedError):
        return FatalError(
            f"Storage failed: {error}.",
            "What was acknowledged is safe on the other nodes; this one stops rather than guess.",
            f"Check the disk, then start again: {command('start', '--home', home.path)}",
            Exit.DISK,
        )
    if isinstance(error, UnusableBodyError):
        return FatalError(
            f"A final block holds a record that is not valid here: {error}.",
            "This node and the others run different rules, or a quorum is lying.",
            "Keep the home as it is and tell the other operators.",
            Exit.FAILED,
        )
    return FatalError(
        f"A part of the node ended unexpectedly: {error!r}.",
        "This is a fault of the program.",
        f"Start it again: {command('start', '--home', home.path)}; if it ends again, send its log to the maintainers.",
        Exit.FAILED,
    )
