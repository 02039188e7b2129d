"""The parts of the state that are small and read by every record, held decoded: nodes, the register, what is to be decided.

One value is what they are at one head, and never changes. Whoever changes one writes its entries, too (`ledger.rules.effects`).
"""

from dataclasses import dataclass, replace
from typing import Self

from ledger import keys, network, plenary, register
from ledger.genesis import Genesis
from ledger.network import Network
from ledger.plenary import Plenary
from ledger.register import Register
from ledger.store import Reads


@dataclass(frozen=True, slots=True)
class Rolls:
    """Nodes and epochs, participants and parameters, proposals that are open."""

    network: Network
    register: Register
    plenary: Plenary

    @classmethod
    def load(cls, genesis: Genesis, store: Reads) -> Self:
        """Those that the store holds.

        Raises:
            StoreError: what it holds does not fit together.
        """
        return cls(
            network.load(genesis, store.get, store.iterate(keys.NODES)),
            register.load(genesis, store.iterate(keys.HOLDERS), store.iterate(keys.SETTINGS)),
            plenary.load(store.iterate(keys.PROPOSALS)),
        )

    def with_network(self, after: Network) -> "Rolls":
        """With other nodes or another epoch."""
        return replace(self, network=after)

    def with_register(self, after: Register) -> "Rolls":
        """With another register."""
        return replace(self, register=after)

    def with_plenary(self, after: Plenary) -> "Rolls":
        """With other proposals."""
        return replace(self, plenary=after)
