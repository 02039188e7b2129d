"""`python -m tests.simulation.scale [--nodes 64,100] [--seeds 20]`: many nodes on a wide-area network, and what it costs them.

Virtual time, so figures are exact and the seed decides them. The core of every node is the real one, and every invariant of
`invariants` is checked. Clients hand single records to random live nodes; each counts from then until it is executed. What a
machine, a line and a distance are is in `wan_costs` and `wan`.
"""

import argparse
import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import product
from random import Random

from consensus.events import Build, Config, Deliver
from consensus.messages import Payload
from consensus.quorum import max_faulty
from tests.simulation.invariants import Checker, Violation
from tests.simulation.scale_figures import HEADING, Figures, row
from tests.simulation.signatures import make_keys
from tests.simulation.wan import Queue, Wan
from tests.simulation.wan_costs import FREE, MEASURED, Costs
from tests.simulation.wan_machine import CountingScheme, Node

LEDGER_ID = hashlib.sha256(b"wide-area ledger").digest()
SECOND = 1_000_000
RECORD_BYTES = 1_000
SUBMITTED_AT_ONCE = 100
PATIENCE_S = 120


@dataclass(frozen=True, slots=True)
class Scenario:
    """One run by name.

    Attributes:
        validators, followers: how many nodes.
        dead: validators that are silent from the start.
        records: how many single ones clients submit.
        rate: of these, a second.
        begin: seconds until the first one.
        burst: records of 1,000 bytes that one node is handed at once, in the middle.
        limit: which figures of 4-consensus.md must be met (`scale_figures.met`).
    """

    name: str
    validators: int
    followers: int = 0
    dead: int = 0
    records: int = 250
    rate: float = 20
    begin: float = 1
    burst: int = 0
    costs: Costs = MEASURED
    limit: str = ""

    @property
    def nodes(self) -> int:
        """All of them, dead or alive."""
        return self.validators + self.followers


class Run:
    """One scenario with one seed; the attributes are those of `wan_machine.World`."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.costs = scenario.costs
        self.queue = Queue()
        self._random = Random(f"scale {scenario.nodes} {seed}")
        self.wan = Wan(self.queue, self._random, scenario.nodes, scenario.costs.mbit)
        secrets = make_keys("fast", scenario.nodes, seed)
        self.keys = tuple(secrets)
        self.index_of = {key: index for index, key in enumerate(self.keys)}
        self.sizes: dict[bytes, int] = {}
        validators = self.keys[: scenario.validators]
        self.checker = Checker(LEDGER_ID, validators, scenario.nodes)
        dead = set(self._random.sample(range(scenario.validators), scenario.dead))
        self.live = [node for node in range(scenario.nodes) if node not in dead]
        self._scenario = scenario
        self._submitted: dict[bytes, tuple[int, int]] = {}
        self._executed: dict[bytes, dict[int, int]] = defaultdict(dict)
        self._proposed: dict[tuple[int, bytes], int] = {}
        self._blocks: list[int] = []
        self._kinds: Counter[str] = Counter()
        self._hash = hashlib.sha256()
        self._open = 0
        self.nodes: dict[int, Node] = {}
        for node in self.live:
            scheme = CountingScheme(self.keys[node], secrets, partial(self.checker.signed, node))
            self.nodes[node] = Node(node, Config(LEDGER_ID, 0, validators, self.keys[node]), scheme, self)

    # --- what the nodes tell ----------------------------------------------------------------------------------------

    def arrive(self, sender: int, receiver: int, size: int, item: object) -> None:
        """A message reaches a node."""
        self.nodes[receiver].arrive(sender, size, item)

    def count(self, node: int, kind: str, copies: int, size: int) -> None:
        """A message leaves."""
        if node < self._scenario.validators:
            self._kinds[kind] += copies * size

    def proposed(self, call: Build, payload: Payload, time: int) -> None:
        """A leader has built a block."""
        if payload.records:
            self._proposed[call.view, call.parent.digest] = time

    def executed(self, node: int, call: Deliver, time: int) -> None:
        """A node has executed a block; that it is everybody's the checker has seen."""
        block = call.block
        self._hash.update(f"{time} {node}".encode() + call.digest)
        if block.payload.records:
            self._blocks.append(time - self._proposed[block.view, block.parent])
        for one in block.payload.records:
            self._executed[one][node] = time
            if len(self._executed[one]) == len(self.live):
                self._open -= 1

    # --- the run ----------------------------------------------------------------------------------------------------

    def _submit(self, node: int, ids: tuple[bytes, ...]) -> None:
        for one in ids:
            self._submitted[one] = (node, self.queue.now)
        self.nodes[node].application.submit(self.queue.now, ids)

    def _records(self, count: int) -> tuple[bytes, ...]:
        first = len(self.sizes)
        ids = tuple(hashlib.sha256(f"record {first + number}".encode()).digest() for number in range(count))
        self.sizes.update(dict.fromkeys(ids, RECORD_BYTES))
        self._open += count
        return ids

    def _clients(self, begin: int) -> tuple[int, tuple[bytes, ...], tuple[bytes, ...]]:
        """Plans all submissions: when the last one is due, the single records, and those of the burst."""
        scenario, time = self._scenario, begin
        single = self._records(scenario.records)
        for one in single:
            time += int(self._random.expovariate(scenario.rate) * SECOND)
            self.queue.at(time, self._submit, self._random.choice(self.live), (one,))
        burst = self._records(scenario.burst)
        origin = self._random.choice(self.live)
        for start in range(0, len(burst), SUBMITTED_AT_ONCE):
            self.queue.at((begin + time) // 2, self._submit, origin, burst[start : start + SUBMITTED_AT_ONCE])
        return time, single, burst

    def run(self) -> Figures:
        """To the end, when every record is executed everywhere.

        Raises:
            Violation: an invariant does not hold, or it takes too long.
        """
        for node in self.nodes.values():
            node.start()
        begin = int(self._scenario.begin * SECOND)
        last, single, burst = self._clients(begin)
        self.queue.run(begin - 1)
        before, height, kinds = self._counters(), len(self.checker.chain), self._kinds.copy()
        self.queue.run(last + PATIENCE_S * SECOND, lambda: not self._open)
        if self._open:
            raise Violation("liveness", f"{self._open} records are not final everywhere {PATIENCE_S} s after the last one")
        used = [[b - a for a, b in zip(first, now, strict=True)] for first, now in zip(before, self._counters(), strict=True)]
        followers = [node for node in self.live if node >= self._scenario.validators]
        some = max_faulty(self._scenario.validators) + 1
        return Figures(
            origin=[self._after(one, self._executed[one][self._submitted[one][0]]) for one in single],
            some=[self._after(one, sorted(self._executed[one].values())[some - 1]) for one in single],
            every=[self._after(one, max(self._executed[one].values())) for one in single],
            followers=[self._after(one, self._executed[one][node]) for one in single for node in followers],
            burst=[self._after(one, self._executed[one][self._submitted[one][0]]) for one in burst],
            blocks=self._blocks,
            count=len(self.checker.chain) - height,
            micros=self.queue.now - begin,
            used=used,
            validators=len(self.live) - len(followers),
            kinds={kind: self._kinds[kind] - kinds[kind] for kind in sorted(self._kinds)},
            trace=self._hash.hexdigest(),
        )

    def _after(self, one: bytes, time: int) -> int:
        return time - self._submitted[one][1]

    def _counters(self) -> list[tuple[int, int, int, int]]:
        """Of each live node: bytes and copies that left, verifications, microseconds of work."""
        return [
            (self.wan.lines[index].sent, self.wan.lines[index].copies, node.scheme.checks, node.busy)
            for index, node in self.nodes.items()
        ]


def scenarios(n: int) -> list[Scenario]:
    """What is measured with so many validators."""
    dead = max_faulty(n)
    return [
        Scenario("light load", n, limit="live"),
        Scenario("machines that cost nothing", n, costs=FREE, limit="live"),
        Scenario("one at a time", n, records=40, rate=1, limit="live"),
        Scenario("f dead, from 0 s", n, dead=dead, records=30, rate=2),
        Scenario("f dead, from 16 s", n, dead=dead, begin=16, records=200, limit="dead"),
        Scenario("burst of 2 MB", n, burst=2_000),
    ]


FOLLOWED = Scenario("47 followers", 13, followers=47, limit="live")


def one(scenario: Scenario, seed: int) -> Figures:
    """One run."""
    return Run(scenario, seed).run()


def main(argv: Sequence[str]) -> int:
    """Prints a table over all seeds; 1 when a figure of 4-consensus.md is not met."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.scale", description=__doc__)
    parser.add_argument("--nodes", default="64,100", help="numbers of validators")
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 1")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    arguments = parser.parse_args(argv)
    seeds = range(1, arguments.seeds + 1)
    todo = [scenario for n in arguments.nodes.split(",") for scenario in scenarios(int(n))] + [FOLLOWED]
    runs = list(product(todo, seeds))
    sys.stdout.write(HEADING)
    failed = False
    with ProcessPoolExecutor(arguments.jobs) as pool:
        results = pool.map(one, *zip(*runs, strict=True))
        for scenario in todo:
            figures = [next(results) for _ in seeds]
            text, missed = row(scenario.name, scenario.validators, scenario.limit, figures)
            sys.stdout.write(text)
            sys.stdout.flush()
            failed |= missed
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
