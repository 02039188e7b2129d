"""Which key signs a kind of record: one of the author's by its role, its root key, or its node's consensus key.

Rules:
1. One key, one purpose: a root or consensus key signs nothing that needs a role, and no role lets a key sign for a node.
2. `known` asks only whether the key is the author's for this kind at all. So much a mempool asks of what others send, or
   anybody could fill it in anybody's name.
3. `check` is everything: that, and for a role whether the key has it and is in force on the block's date.
"""

from dataclasses import dataclass
from typing import ClassVar, Protocol

from ledger.errors import Code, Refusal
from ledger.network import Network
from ledger.participants import SECRETARIAT, Holder, Role
from ledger.record import Record
from ledger.register import Register


class Signer(Protocol):
    """Who signs a kind."""

    @property
    def purpose(self) -> str:
        """Of the keys that sign it, as `ledger.participants.KeyUse` names it."""

    def known(self, register: Register, network: Network, record: Record) -> None:
        """Whether the record's key is the author's for this kind.

        Raises:
            Refusal: see `ledger.rules.check_key`.
        """

    def check(self, register: Register, network: Network, record: Record, date: str) -> Holder:
        """The author, when its key may sign this on this date (of the block).

        Raises:
            Refusal: as `known`; KEY_NOT_IN_FORCE, KEY_ROLE.
        """


@dataclass(frozen=True, slots=True)
class RoleSigner:
    """A key of an authority, with this role.

    Attributes:
        secretariat: whether the secretariat may sign the kind, too.
        or_role: another role that will do.
    """

    role: Role
    secretariat: bool = False
    or_role: Role | None = None
    purpose: ClassVar[str] = "role"

    def known(self, register: Register, network: Network, record: Record) -> None:  # roles need no node
        """See `Signer`; raises UNKNOWN_AUTHOR, UNKNOWN_KEY; KEY_ROLE, the secretariat where it has no say."""
        register.key(record.author, record.key)
        if not self.secretariat:
            register.member(record.author)

    def check(self, register: Register, network: Network, record: Record, date: str) -> Holder:
        """See `Signer`."""
        self.known(register, network, record)
        return register.signer(record.author, record.key, self.role, date, self.or_role)


@dataclass(frozen=True, slots=True)
class SecretariatSigner:
    """A key of the secretariat's with this role, and nobody else's."""

    role: Role
    purpose: ClassVar[str] = "role"

    def known(self, register: Register, network: Network, record: Record) -> None:  # roles need no node
        """See `Signer`; raises UNKNOWN_AUTHOR, UNKNOWN_KEY; KEY_ROLE, a participant."""
        register.key(record.author, record.key)
        if record.author != SECRETARIAT:
            raise Refusal(Code.KEY_ROLE, "author", given=record.author, limit=SECRETARIAT)

    def check(self, register: Register, network: Network, record: Record, date: str) -> Holder:
        """See `Signer`."""
        return register.signer(SECRETARIAT, record.key, self.role, date)


@dataclass(frozen=True, slots=True)
class RootSigner:
    """The participant's root key, which is offline: for what nobody but the participant itself may change.

    Attributes:
        secretariat: whether the secretariat may sign the kind with its own root key, too.
    """

    secretariat: bool = False
    purpose: ClassVar[str] = "root"

    def known(self, register: Register, network: Network, record: Record) -> None:
        """See `Signer`; raises UNKNOWN_AUTHOR, NOT_ROOT_KEY."""
        self.check(register, network, record, "")

    def check(self, register: Register, network: Network, record: Record, date: str) -> Holder:
        """See `Signer`; a root key is in force on any date."""
        author = register.author(record.author) if self.secretariat else register.member(record.author)
        if record.key != author.root:
            raise Refusal(Code.NOT_ROOT_KEY, "key", given=record.key.hex(), limit=author.root.hex())
        return author


@dataclass(frozen=True, slots=True)
class NodeSigner:
    """The consensus key of the participant's node.

    Attributes:
        voting: the key with which it votes until the epoch ends will do as well as the one that its newest `node.set` names.
    """

    voting: bool
    purpose: ClassVar[str] = "consensus"

    def known(self, register: Register, network: Network, record: Record) -> None:
        """See `Signer`; raises UNKNOWN_AUTHOR, NOT_CONSENSUS_KEY."""
        self.check(register, network, record, "")

    def check(self, register: Register, network: Network, record: Record, date: str) -> Holder:
        """See `Signer`; a consensus key is in force until it is replaced."""
        author = register.member(record.author)
        node = network.node(author.code)
        newest = b"" if node is None else node.consensus
        if record.key != newest and not (self.voting and record.key == network.votes_with(author.code)):
            raise Refusal(Code.NOT_CONSENSUS_KEY, "key", given=record.key.hex(), limit=newest.hex())
        return author
