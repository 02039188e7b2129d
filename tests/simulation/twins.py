"""Twins: two copies of one validator run with one key, each of them honest, while the network parts the nodes anew in each view.

What a Byzantine node could do with its key, two honest copies of it do between them: vote differently to different sides, propose
twice, forget. In the first views a message about view v reaches only who is in its sender's part of that view's partition; then the
network is whole and ten more blocks must become final.

Reference: Bano et al., "Twins: BFT Systems Made Robust" (OPODIS 2021).
"""

from collections.abc import Iterator
from functools import cache
from itertools import count
from random import Random

from consensus.events import Config
from consensus.messages import Certificate, GotBlock, Headers, Proposal, Vote
from tests.simulation.invariants import Violation
from tests.simulation.machine import Machine
from tests.simulation.options import Options, from_seed
from tests.simulation.simulation import AFTER_HEALING, BUSY_MS, Simulation
from tests.simulation.stage import LEDGER_ID

VALIDATORS = 4
QUORUM = 3
VIEWS = 3
FINALIZATIONS = 10
LONGEST_MS = 25_000
Partition = tuple[tuple[int, ...], ...]


@cache
def partitions(nodes: int) -> tuple[Partition, ...]:
    """All ways to part so many nodes: 52 for five."""

    def parted(node: int, parts: Partition) -> Iterator[Partition]:
        if node == nodes:
            yield parts
            return
        for place in range(len(parts)):
            yield from parted(node + 1, (*parts[:place], (*parts[place], node), *parts[place + 1 :]))
        yield from parted(node + 1, (*parts, (node,)))

    return tuple(parted(0, ()))


@cache
def decisive(twin: int) -> tuple[Partition, ...]:
    """Those in which some part holds a quorum of keys, the second copy counting as its validator; in others a view just stands."""

    def keys(part: tuple[int, ...]) -> int:
        return len({twin if node == VALIDATORS else node for node in part})

    return tuple(one for one in partitions(VALIDATORS + 1) if any(keys(part) >= QUORUM for part in one))


def scenarios() -> int:
    """How many there are: a validator that has a twin, decisive partitions in all views but the last, any one in that."""
    return VALIDATORS * len(decisive(0)) ** (VIEWS - 1) * len(partitions(VALIDATORS + 1))


def scenario(number: int) -> Options:
    """The scenario of this number; all are different up to `scenarios()`, and neighbours have little in common."""
    total = scenarios()
    left, twin = divmod(number % total * _stride(total) % total, VALIDATORS)
    chosen = []
    for ways in [decisive(twin)] * (VIEWS - 1) + [partitions(VALIDATORS + 1)]:
        left, place = divmod(left, len(ways))
        chosen.append(ways[place])
    random = Random(f"twins {number}")
    return from_seed(number).but(
        validators=VALIDATORS,
        followers=0,
        twin=twin,
        partitions=tuple(chosen),
        chaos=LONGEST_MS,
        records=0,
        blocks=0,
        backlog=0,
        loss=0,
        duplication=random.choice((0, 200)),
        delay_max=random.choice((2, 20, 100)),
        stragglers=0,
        starved="",
        dropped=0,
        fsync=random.choice((0, 5)),
        check=random.choice((0, 20)),
        skew=0,
        frozen=0,
        faults=(),
    )


def _stride(total: int) -> int:
    """A number that shares no factor with `total`, near its golden section."""
    return next(number for number in count(int(total * 0.618)) if all(number % factor for factor in (2, 3, 5, 7, 13)))


class Twin(Machine):
    """One of the two copies. It has no scruples: where it learns that its key has voted elsewhere, it goes on."""

    honest = False

    def _handle(self, event: object) -> object:
        output = super()._handle(event)
        if self._around.options.seed % 2:
            self.core._engine.alarm = self.core._engine.journal.lost = None
        self.application.alarms.clear()
        return output


class Twins(Simulation):
    """Machines 0 to n - 1 are the validators, machine n is the second copy."""

    def _make_keys(self) -> tuple[list[bytes], dict[bytes, bytes]]:
        keys, secrets = super()._make_keys()
        return [*keys, keys[self.options.twin]], secrets

    def _make_machine(self, index: int, key: bytes) -> Machine:
        config = Config(LEDGER_ID, 0, tuple(self.keys[: self.options.validators]), key)
        kind = Twin if index in self.checker.traitors else Machine
        return kind(index, config, self._scheme(self.index_of[key], key), self)

    def transmit(self, sender: int, receiver: int | None, message: object) -> None:
        """What is sent to one copy is sent to both; the partition of the view that it is about decides who gets it."""
        if receiver is None:
            others = [other for other in range(len(self.machines)) if other != sender]
        elif self.keys[receiver] == self.keys[self.options.twin]:
            others = [self.options.twin, self.options.validators]
        else:
            others = [receiver]
        for other in others:
            if self.keys[other] != self.keys[sender] and (self.network.healed or self._together(sender, other, message)):
                self.network.send(self.now, sender, other, message)

    def _connect(self, machine: Machine, peer: Machine) -> None:
        """No node has a link to its own key."""
        if self.keys[machine.index] != self.keys[peer.index]:
            super()._connect(machine, peer)

    def _together(self, sender: int, receiver: int, message: object) -> bool:
        view = view_of(message)
        view = self.machines[sender].core.view if view is None else view
        if not 1 <= view <= len(self.options.partitions):
            return False
        return any(sender in part and receiver in part for part in self.options.partitions[view - 1])

    def prepare(self) -> None:
        """Each node has a record of its own from the start, so that there is work in every part."""
        if self._plan is None:
            for node in range(len(self.keys)):
                self.submit(1, node=node)
        super().prepare()

    def chaos(self) -> None:
        """Until an honest node has left the scripted views, or none can."""
        end = self.options.chaos if self._plan is None else self._plan.run.end
        while self.now < end:
            if self._plan is None and max(one.core.view for one in self.machines if one.honest) > len(self.options.partitions):
                return
            self.run_until(min(end, self.now + BUSY_MS))

    def come_to_an_end(self) -> None:
        """The network is whole: one block after the other becomes final on all honest nodes."""
        self.random = Random(f"healed {self.options.seed}")
        self.heal([])
        honest = [machine for machine in self.machines if machine.honest]
        height = self.checker.highest
        for number in range(FINALIZATIONS):
            self.submit(self.now + 1, AFTER_HEALING + number, honest[number % len(honest)].index)
            self.finish(honest)
        if self.checker.highest < height + FINALIZATIONS:
            raise Violation("liveness", f"{self.checker.highest - height} blocks after the healing, not {FINALIZATIONS}")


def view_of(message: object) -> int | None:
    """The view that a message is about, None: none in particular."""
    match message:
        case Vote() | Certificate():
            return message.view
        case Proposal():
            return message.vote.view
        case GotBlock():
            return message.block.view
        case Headers():
            return message.final.view
        case _:
            return None
