"""What a node opens before it runs, and how each failure is told: what happened, what it means, the next step.

Everything here can refuse the start. Nothing here repairs anything: a damaged store is made anew by `node.repair`, a lost guard
retires its key.
"""

import socket
from collections.abc import Sequence
from itertools import takewhile

from api.server import listen
from consensus import ancestry
from consensus.core import Core
from consensus.errors import LocalFaultError
from consensus.events import Config, Output, Tip
from consensus.evidence import check_equivocation
from consensus.limits import RETAINED_VIEWS
from consensus.messages import Certificate, Vote, VoteKind, decode_record
from ledger.errors import ForeignStoreError, ProtocolError, StoreError, StoreLayoutError
from ledger.genesis import Genesis
from ledger.network import Network
from ledger.state import Ledger
from ledger.store import Store
from node.bodies import UnusableBodyError
from node.config import Address
from node.config import Config as Settings
from node.driver import Epoch, monotonic_ms
from node.errors import Exit, FatalError, WalDamagedError, WalError, WalFailedError, WalForeignError, WalMissingError, command
from node.execution import finals, last_block
from node.home import Home, guard_lost
from node.keys import NodeKeys
from node.scheme import Ed25519Scheme, verify_vote
from node.wal import Wal


def check_identity(network: Network, genesis: Genesis, settings: Settings, keys: NodeKeys, certificate: bytes) -> None:
    """Whether this home's keys can be those of this participant's node.

    Keys that the ledger does not know yet, as far as this home has followed it, are no obstacle if they are nobody else's: the
    node then follows until it has executed the `node.set` that names them.

    Raises:
        FatalError: the participant is none, or a key is another's.
    """
    own = settings.participant
    if own not in genesis.participants:
        raise FatalError(
            f"node.participant is {own!r}, which is no participant of {genesis.origin}.",
            "The other nodes would refuse what this one signs.",
            "Write the participant's code into node.participant in kpledger.toml.",
            Exit.BAD_CONFIGURATION,
        )
    mine = {key.public for key in (*keys.all_consensus(), keys.log, keys.cosign)} | {certificate}
    for node in network.nodes.values():
        if node.participant != own and mine & {node.consensus, node.log, node.cosign, node.tls}:
            raise FatalError(
                f"A key of this home is that of {node.participant}'s node on {genesis.origin}; node.participant is {own!r}.",
                "Two nodes with one key would accuse each other, and the key would have to be given up.",
                "Check node.participant in kpledger.toml, and that this home is not a copy of another node's.",
                Exit.BAD_CONFIGURATION,
            )


def is_registered(network: Network, participant: str, keys: NodeKeys, certificate: bytes) -> bool:
    """Whether the ledger, at this home's height, has exactly these keys for this participant's node."""
    node = network.node(participant)
    known = {key.public for key in keys.all_consensus()}
    return (
        node is not None
        and node.consensus in known
        and (node.log, node.cosign, node.tls) == (keys.log.public, keys.cosign.public, certificate)
    )


def require_registered(home: Home, network: Network, settings: Settings, keys: NodeKeys, certificate: bytes) -> None:
    """Refuses to start with keys that the ledger, at this home's height, does not have for this participant's node.

    Raises:
        FatalError: it does not.
    """
    if not is_registered(network, settings.participant, keys, certificate):
        raise FatalError(
            f"The ledger, at this home's height, does not have this home's keys for {settings.participant}'s node.",
            "The other nodes would refuse what is signed with keys that they do not know.",
            "Check the keys and node.participant in kpledger.toml; genesis.json must hold what kpledger id prints. If a later "
            f"node.set names these keys: {command('start', '--home', home.path, '--joining')}",
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
        FatalError: another ledger's, written by another version, or damaged.
    """
    try:
        return Ledger.open(store, genesis, convicted)
    except ForeignStoreError as error:
        raise FatalError(
            f"{error}.",
            "Genesis and store of this home are of two ledgers.",
            f"Put the genesis back that was in {home.genesis}, as whoever convened the ledger gave it.",
            Exit.BAD_CONFIGURATION,
        ) from error
    except StoreLayoutError as error:
        raise FatalError(
            f"{error}.",
            "Nothing in it is damaged, and the other nodes have all of it; the guards against signing twice are not in it.",
            f"Move {home.data} aside, then start: {command('start', '--home', home.path, '--joining')}. A ledger's only node "
            "has nobody to ask: it needs the version that wrote this.",
            Exit.BAD_CONFIGURATION,
        ) from error
    except StoreError as error:
        raise fatal(error, home) from error


def convicted(ledger_id: bytes, epoch: int, validators: tuple[bytes, ...], first: bytes, second: bytes) -> int:
    """Whom two votes convict (`ledger.state.Ledger.open`); what votes are, only consensus knows."""
    return check_equivocation(ledger_id, epoch, validators, first, second, verify_vote)


def open_guard(home: Home, genesis: Genesis) -> Wal:
    """The cosigning log, the guard against signing two roots.

    Raises:
        FatalError: missing, damaged, another ledger's; or the disk failed.
    """
    try:
        return Wal.open(home.guard, genesis.ledger_id)
    except (WalMissingError, WalDamagedError, WalForeignError) as error:
        raise guard_lost(home, "cosigning log", home.guard, str(error)) from error
    except WalError as error:
        raise fatal(error, home) from error


def open_epoch(home: Home, ledger: Ledger, keys: NodeKeys, *, alarmed: bool = False) -> Epoch:
    """The core of the epoch in force, as its log and the store's last block leave it.

    Args:
        home: whose logs they are.
        ledger: where it stands.
        keys: the node's.
        alarmed: this process has raised an alarm in an earlier epoch, so it only follows.

    Raises:
        FatalError: the log is missing, damaged or another's; it contradicts itself or the store, or is not this node's latest.
    """
    epoch, ledger_id = ledger.network.epoch, ledger.genesis.ledger_id
    key = keys.voting(epoch.keys)
    logs, me = home.logs(ledger_id), key.public
    try:
        behind = not logs.path(epoch.number, me).exists() and logs.has_later(epoch.number, me)
        if alarmed or behind or logs.retired(me):
            me = b""  # nothing is signed: in this life of the process, until the store has caught up, or never more
        wal = logs.open(epoch.number, me) if me else logs.follow(epoch.number)
    except (WalMissingError, WalDamagedError, WalForeignError) as error:
        raise guard_lost(home, "consensus log", logs.path(epoch.number, me), str(error)) from error
    except WalError as error:
        raise fatal(error, home) from error
    try:
        config = Config(ledger_id, epoch.number, epoch.keys, me)
        core, first = _recover(config, Ed25519Scheme(key), wal, ledger)
        logs.prune(epoch.number)
    except BaseException:
        wal.close()
        raise
    wal.records = []
    return Epoch(core, wal, first)


def tip_of(ledger: Ledger) -> Tip:
    """Where the epoch in force stands: its last executed block, or its beginning; no mark in it is older than that."""
    head, block = ledger.head, last_block(ledger)
    if block is None or head.height < ledger.network.epoch.first_height:
        return Tip(0, head.height, head.digest, head.time, mark=head.height)
    return ancestry.tip_of(block, head.digest)


def _recover(config: Config, scheme: Ed25519Scheme, wal: Wal, ledger: Ledger) -> tuple[Core, Output]:
    tip = tip_of(ledger)
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
    for final in takewhile(lambda final: final.epoch == config.epoch and final.view >= oldest, finals(ledger)):
        if final.signers[byte] >> bit & 1 and (final.view, final.digest) not in votes:
            return final.view
    return None


def _contradiction(reason: str) -> FatalError:
    return FatalError(
        f"The consensus log contradicts the store: {reason}.",
        "One of the two is not this node's latest: it must not vote.",
        "Put back the original disk; else this key must not vote again: kpledger key retire gives the node a new one.",
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
    if isinstance(error, StoreError) and error.damaged:
        return FatalError(
            f"The store is damaged: {error}.",
            "What it held is safe on the other nodes. The next start reads all of it, and makes it anew from them if it must.",
            f"Check the disk, then start again: {command('start', '--home', home.path)}",
            Exit.DISK,
        )
    if isinstance(error, StoreError | WalFailedError):
        return FatalError(
            f"Storage failed: {error}.",
            "What was acknowledged is safe on the other nodes; this one stops rather than guess.",
            f"Check the disk, then start again: {command('start', '--home', home.path)}",
            Exit.DISK,
        )
    if isinstance(error, ProtocolError):
        return FatalError(
            f"This program is too old: {error}.",
            "It would judge by rules that the others have left, so it stops before the first such block.",
            f"Install the version that knows it, then start again: {command('start', '--home', home.path)}",
            Exit.BAD_CONFIGURATION,
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
