"""The parts of a running node, as its service reads them."""

from dataclasses import dataclass

from ledger.state import Ledger
from node.config import Config
from node.cosigner import Cosigner
from node.driver import Driver
from node.finality import Finality
from node.intake import Intake
from node.keys import NodeKeys
from node.mempool import Mempool
from node.peers import Peers
from node.refusals import Refusals
from node.releases import Releases
from node.router import Router
from node.scrubbing import Scrubber
from node.witness import Witness


@dataclass(frozen=True, slots=True)
class Parts:
    """What a `Service` answers from; made and wired by `node.process`."""

    settings: Config
    keys: NodeKeys
    ledger: Ledger
    mempool: Mempool
    intake: Intake
    finality: Finality
    cosigner: Cosigner
    driver: Driver
    peers: Peers
    router: Router
    refusals: Refusals
    witness: Witness
    scrubber: Scrubber
    releases: Releases
