"""Records per second made final by 4 nodes, and by 1, on this machine.

The limit by the clock is that of `limit` with all cores. Beside it stands the same by processor time: what the nodes spent a
record against what they cannot do without. That one is lowered neither by others who use the machine nor by the clients.
"""

import statistics

from tests.bench.figures import Figure, Report
from tests.bench.limit import Limit
from tests.bench.machine import CORES
from tests.bench.network import Network

WARM = 400
"""Records before the first that counts: the first blocks find cold caches."""

_GOAL = 0.5


async def measure(network: Network, count: int, rounds: int, limit: Limit, report: Report) -> float:
    """Loads the network in rounds of `count` records; records per second of the median round."""
    nodes = range(network.nodes)
    network.first_final = network.first
    await network.load(network.take(WARM), nodes, clients=1)
    loads = [await network.load(network.take(count), nodes) for _ in range(rounds)]
    rate = statistics.median(load.rate for load in loads)
    cpu = statistics.median(load.cpu for load in loads)
    others = statistics.median(load.spent.others for load in loads)
    who = f"{network.nodes} nodes" if network.nodes > 1 else "1 node"
    bound, against = limit.rate(network.nodes), f"cryptography, {CORES} cores"
    goal = _GOAL if network.nodes > 1 else None
    report.add(Figure("finality", f"records final, {who}", rate, "/s", bound, against, goal))
    report.add(Figure("finality", f"the same by processor time, {who}", CORES / cpu, "/s", bound, "the same", goal))
    spent = cpu / network.nodes * 1e6
    report.add(Figure("finality", f"a node's time, {who}", spent, "us/record", limit.per_record() * 1e6, "check and addition"))
    report.add(Figure("finality", f"others' use of the machine, {who}", others * CORES, "cores"))
    return rate
