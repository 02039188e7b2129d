"""Up to f validators lie; the others obey every invariant, accuse nobody wrongly, and come to an end."""

from collections import Counter
from collections.abc import Callable

import pytest

from consensus import admission, certificate
from consensus.ancestry import Entry, Verdict
from consensus.certificate import Verifier
from consensus.engine import Engine
from consensus.events import Check
from consensus.messages import Vote
from consensus.view import Round
from tests.simulation import mutants
from tests.simulation.behaviours import BEHAVIOURS
from tests.simulation.byzantine import Named, named_options, options_from_seed
from tests.simulation.habits import HABITS, Habitual
from tests.simulation.report import run
from tests.simulation.shrink import failure

SEEDS = 72
CHUNK = 12
NAMED_SEEDS = 20
NOTICED = {
    "equivocates to all",
    "two notarizes",
    "two finalizes",
    "nullify and finalize",
    "notarize after nullify",
    "floods the past",
    "floods the future",
    "impersonates",
    "bad signatures",
    "forges certificates",
    "garbage answers",
}
DENIABLE = {"withholds", "late", "silence", "wrong epoch", "censors"}
SEARCH = 60


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_traitors(first: int) -> None:
    for seed in range(first, first + CHUNK):
        run(options_from_seed(seed))


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_behaviour(name: str) -> None:
    """One attack at a time: the others hold out, and the attack did take place, in each role in which it can.

    What no correct node can have sent is counted against its sender; what a correct but slow or cut off node may do is not.
    """
    deeds: Counter[str] = Counter()
    counted = 0
    for seed in range(NAMED_SEEDS):
        simulation = run(named_options(seed, (name,)))
        for machine in simulation.machines:
            if isinstance(machine, Named):
                deeds += machine.behaviours[0].deeds
            else:
                counted += sum(machine.core.faults.values())
    kind = BEHAVIOURS[name]
    assert (deeds["leader"] > 0, deeds["follower"] > 0) == (kind.leads, kind.follows)
    assert counted > 0 or name not in NOTICED
    assert counted == 0 or name not in DENIABLE


@pytest.mark.parametrize("first", BEHAVIOURS)
def test_behaviours_in_pairs(first: str) -> None:
    """Once each; the soak does 200."""
    names = list(BEHAVIOURS)
    for second in names[names.index(first) + 1 :]:
        run(named_options(0, (first, second)))


def test_the_traitors_do_what_they_are_for() -> None:
    """Every habit occurs, honest nodes meet and count faulty messages, and convict who says two things."""
    habits: set[str] = set()
    faults = convicted = 0
    for seed in range(20):
        simulation = run(options_from_seed(seed))
        habits |= {habit for machine in simulation.machines if isinstance(machine, Habitual) for habit in machine.habits}
        faults += sum(sum(machine.core.faults.values()) for machine in simulation.machines if machine.honest)
        convicted += sum(map(len, simulation.checker.convicted))
    assert habits == set(HABITS)
    assert convicted > 20
    assert faults > 200


def trusts_signatures(patch: pytest.MonkeyPatch) -> None:
    """Whatever is signed, by whomever, is good."""
    patch.setattr(Verifier, "verify", lambda _self, batch: [True] * len(batch))


def trusts_certificates(patch: pytest.MonkeyPatch) -> None:
    """A certificate is not looked into (P17)."""
    patch.setattr(Verifier, "check", lambda self, one, _known=(): certificate.votes(one, self._committee.n))


def trusts_senders(patch: pytest.MonkeyPatch) -> None:
    """A vote counts as its sender's, whoever it says has signed it: others are blamed for forgeries."""
    patch.setattr(admission, "check_vote", lambda *_: None)


def keeps_the_last_vote(patch: pytest.MonkeyPatch) -> None:
    """A second vote of one signer takes the first one's place."""

    def admit(self: Round, vote: Vote) -> bool:
        self.ballots[vote.kind].add(vote)
        return True

    patch.setattr(Round, "admit", admit)


def trusts_blocks(patch: pytest.MonkeyPatch) -> None:
    """Height, time and version of a proposal are what its leader says."""

    def judge(self: Engine, entry: Entry) -> None:
        parent = self.blocks.tip(entry.block.parent)
        if entry.verdict is Verdict.UNKNOWN and parent is not None:
            entry.verdict = Verdict.CHECKING
            leader = self.committee.keys[self.committee.leader(entry.block.view)]
            self.outbox.call(Check(entry.block, entry.digest, parent, leader))

    patch.setattr(Engine, "_judge", judge)


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (trusts_signatures, {"sent-before-durable", "certificate", "alarm", "accusation", "evidence"}),
        (trusts_certificates, {"sent-before-durable", "certificate", "alarm", "accusation", "evidence"}),
        (trusts_senders, {"accusation"}),
        (keeps_the_last_vote, {"certificate"}),
        (trusts_blocks, {"height"}),
        (mutants.parent_gap, {"parent-gap"}),
        (mutants.finalize_after_nullify, {"nullify-finalize"}),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_core_that_trusts_too_much_is_found(
    broken: Callable[[pytest.MonkeyPatch], None], found: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    first = next((rule for seed in range(SEARCH) if (rule := failure(options_from_seed(seed)))), None)
    assert first in found
