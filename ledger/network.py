"""Which nodes there are and which of them vote: epochs of validators, and how one follows another.

Rules:
1. A node is as its participant's newest `node.set` says, or as the genesis does. Address, certificate, log and cosigning key
   change at once. Who votes, with which consensus key, changes only from one epoch to the next.
2. Epoch 0 has the genesis' validators in the file's order and begins at height 1; every later one has its validators in
   ascending order of participant code.
3. *Pending* is the list that the nodes with `validator: true` give, when its pairs of participant and key are not those of the
   epoch in force. Whenever it becomes another list, or an epoch begins, nobody is ready any more.
4. *Scheduled* is the pending list once a quorum of its members has filed `node.ready` for it. A list that was ever scheduled is
   kept by its hash: the block that ends the epoch names what was scheduled at the height of its mark, and by then another one
   may be pending. It stays pending beyond that block.

The hash of a list is `H("kpl/validators", canonical([[participant, consensus key], ...]))`; an epoch's number is no part of it.
All of it is state. Reference: 4-consensus.md, `next` and R13.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Self

from ledger import codec, entries, keys
from ledger.entries import EpochEntry, NetworkEntry, NodeEntry, Validators
from ledger.errors import StoreError
from ledger.genesis import Genesis, quorum
from ledger.hashing import labelled_hash
from ledger.participants import Node

FIRST_HEIGHT: Final = 1
"""Epoch 0 begins with the first block; the genesis itself is at height 0."""

Get = Callable[[bytes], bytes | None]


def list_hash(validators: Validators) -> bytes:
    """The hash of a list of validators, 32 bytes, as `node.ready` and a block's `next` name it."""
    return labelled_hash(b"kpl/validators", codec.encode([list(pair) for pair in validators]))


@dataclass(frozen=True, slots=True)
class Epoch:
    """A time in which the same validators vote.

    Attributes:
        number: from 0.
        validators: participant and consensus key of each, in voting order: a vote's `signer` is an index into it.
        first_height: its first block.
        first_size: leaves of the log before that block.
        last_height: its last block, None while it is in force.
    """

    number: int
    validators: Validators
    first_height: int
    first_size: int
    last_height: int | None = None

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The consensus keys in voting order."""
        return tuple(key for _, key in self.validators)

    @property
    def quorum(self) -> int:
        """Votes that decide."""
        return quorum(len(self.validators))

    def entry(self) -> EpochEntry:
        """As the store has it."""
        return EpochEntry(self.validators, self.first_height, self.first_size, self.last_height)

    @classmethod
    def of(cls, number: int, entry: EpochEntry) -> Self:
        """Out of what the store has."""
        return cls(number, entry.validators, entry.first_height, entry.first_size, entry.last_height)


@dataclass(frozen=True, slots=True)
class Network:
    """The nodes and the epoch at one head.

    Attributes:
        nodes: every node by participant, ascending.
        epoch: the one in force: its validators vote on the next block.
        pending: hash of the list that the nodes give when it is another than the epoch's, else empty.
        ready: participants whose nodes are ready for the pending list.
        scheduled: hash of the list that may end the epoch, else empty.
    """

    nodes: Mapping[str, Node]
    epoch: Epoch
    pending: bytes = b""
    ready: frozenset[str] = frozenset()
    scheduled: bytes = b""
    _by_key: Mapping[bytes, Node] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        old = {key: self.nodes[code] for code, key in self.epoch.validators}
        object.__setattr__(self, "_by_key", old | {node.consensus: node for node in self.nodes.values()})

    @property
    def validator_keys(self) -> tuple[bytes, ...]:
        """The consensus keys of the epoch in force, in voting order."""
        return self.epoch.keys

    @property
    def quorum(self) -> int:
        """Votes that decide in the epoch in force."""
        return self.epoch.quorum

    @property
    def candidates(self) -> Validators:
        """The validators that the nodes give, as the next epoch would have them."""
        return tuple((code, node.consensus) for code, node in self.nodes.items() if node.validator)

    def node(self, participant: str) -> Node | None:
        """The participant's node, None when it has none."""
        return self.nodes.get(participant)

    def node_of_consensus(self, key: bytes) -> Node | None:
        """The node with this consensus key, or whose participant votes with it until the epoch ends."""
        return self._by_key.get(key)

    def votes_with(self, participant: str) -> bytes | None:
        """The consensus key with which a participant votes in the epoch in force, None when it does not."""
        return next((key for code, key in self.epoch.validators if code == participant), None)

    def with_node(self, node: Node) -> "Network":
        """After a `node.set`."""
        return _settled(replace(self, nodes=_ascending((*self.nodes.values(), node))))

    def with_ready(self, participant: str) -> "Network":
        """After a `node.ready` of a member of the pending list."""
        ready = self.ready | {participant}
        scheduled = self.pending if len(ready) >= quorum(len(self.candidates)) else b""
        return replace(self, ready=ready, scheduled=scheduled)

    def with_epoch(self, validators: Validators, first_height: int, first_size: int) -> "Network":
        """With a scheduled list in force as the next epoch. What else was pending is pending still, and nobody ready for it."""
        epoch = Epoch(self.epoch.number + 1, validators, first_height, first_size)
        return _settled(replace(self, epoch=epoch, pending=b"", ready=frozenset(), scheduled=b""))

    def entry(self) -> NetworkEntry:
        """As the store has it; nodes and epoch have their own entries."""
        return NetworkEntry(self.epoch.number, self.pending, tuple(sorted(self.ready)), self.scheduled)


def _settled(network: Network) -> Network:
    """With what is pending according to nodes and epoch; readiness for another list is void."""
    wanted = network.candidates
    pending = b"" if wanted == tuple(sorted(network.epoch.validators)) else list_hash(wanted)
    return network if pending == network.pending else replace(network, pending=pending, ready=frozenset(), scheduled=b"")


def of_genesis(genesis: Genesis) -> Network:
    """The network at height 0."""
    voting = tuple((node.participant, node.consensus) for node in genesis.nodes if node.validator)
    return Network(_ascending(genesis.nodes), Epoch(0, voting, FIRST_HEIGHT, 0))


def load(genesis: Genesis, get: Get, nodes: Iterable[tuple[bytes, bytes]]) -> Network:
    """The network that the store holds.

    Args:
        genesis: what it began with.
        get: the store's look-up.
        nodes: what it has under `keys.NODES`.

    Raises:
        StoreError: what it holds does not fit together.
    """
    first = of_genesis(genesis)
    changed = [_node(code.decode(), entries.decode_node(data)) for code, data in nodes]
    held = get(keys.NETWORK)
    entry = first.entry() if held is None else entries.decode_network(held)
    epoch = first.epoch if entry.epoch == 0 else read_epoch(get, entry.epoch)
    if epoch is None:
        raise StoreError(f"epoch {entry.epoch} is in force and missing")
    now = _ascending((*genesis.nodes, *changed))
    return Network(now, epoch, entry.pending, frozenset(entry.ready), entry.scheduled)


def read_epoch(get: Get, number: int) -> Epoch | None:
    """An epoch that the store holds, None where there is none; epoch 0 is there only once it has ended."""
    data = get(keys.epoch(number))
    return None if data is None else Epoch.of(number, entries.decode_epoch(data))


def node_entry(node: Node) -> NodeEntry:
    """A node as the store has it."""
    return NodeEntry(node.address, node.consensus, node.log, node.cosign, node.tls, node.validator)


def _node(participant: str, entry: NodeEntry) -> Node:
    return Node(participant, entry.address, entry.consensus, entry.log, entry.cosign, entry.tls, entry.validator)


def _ascending(nodes: Iterable[Node]) -> Mapping[str, Node]:
    """By participant, ascending; the last one of a participant counts."""
    found = {node.participant: node for node in nodes}
    return MappingProxyType(dict(sorted(found.items())))
