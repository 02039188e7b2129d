"""The model holds and can fail; its traces hold on the real core, which is then visited in every state of two views."""

import os
from itertools import islice

import pytest

from tests.model import checks, spin
from tests.model.automaton import Violation
from tests.model.explore import Exploration
from tests.model.replay import Divergence, Replay
from tests.simulation import mutants

TRACES = 200
SLOW = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def traces():
    _needs_spin()
    return list(islice(spin.traces(), TRACES))


def _needs_spin():
    missing = spin.missing()
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the model's tests need {missing} (Debian: spin, gcc, libc6-dev)")
        pytest.skip(f"needs {missing} (Debian: sudo apt-get install spin gcc libc6-dev)")


# --- the model --------------------------------------------------------------------------------------------------------


@SLOW
@pytest.mark.parametrize("switches", checks.SHORT, ids=" ".join)
def test_the_model_holds_in_every_state_of_two_views(switches):
    _needs_spin()
    found = spin.verify(["VIEWS=2", *switches], optimize="-O0")
    assert (found.broken, found.complete) == (None, True)
    assert found.states > 100_000


@SLOW
@pytest.mark.parametrize("check", [checks.CHECKS[0], checks.CHECKS[6], checks.CHECKS[13]], ids=lambda check: check.switch)
def test_the_model_breaks_without_a_check(check):
    """The others take as long each and are asked in the soak."""
    _needs_spin()
    assert spin.verify(["VIEWS=2", *check.arrangement, check.switch], optimize="-O0").broken == check.broken


# --- its traces on the core -------------------------------------------------------------------------------------------


def test_traces_of_the_model_hold_on_the_core(traces):
    for trace in traces:
        Replay(trace).run()


def test_traces_reach_what_matters(traces):
    """Without votes, forks of views and final blocks in them, traces would show little."""
    assert len({trace.steps for trace in traces}) == TRACES
    final = sum(any(step.what == "final" for step in trace.steps) for trace in traces)
    late = sum(
        any(step.what in {"notar", "null"} and step.view < step.view_after - 1 for step in trace.steps) for trace in traces
    )
    equivocated = sum(len({step.variant for step in trace.steps if step.what == "notarize"}) > 1 for trace in traces)
    skipping = sum(
        any(step.what == "lead" and spin.view_of(step.parent) < step.view - 1 for step in trace.steps) for trace in traces
    )
    assert min(final, late, equivocated, skipping) > TRACES // 10


@pytest.mark.parametrize(
    ("mutant", "told"),
    [
        (mutants.double_vote, "votes twice"),
        (mutants.notarize_after_nullify, "the model forbids .* NOTARIZE"),
        (mutants.finalize_after_nullify, "the model forbids .* FINALIZE"),
        (mutants.finalize_at_once, "the model forbids .* FINALIZE"),
        (mutants.parent_gap, "the model forbids .* NOTARIZE|asks to build on something else"),
        (mutants.amnesia, "votes twice|the model forbids"),
        (mutants.repeated_signer, "is at"),
        (mutants.delivers_with_gaps, "has not delivered"),
        (mutants.own_votes_not_counted_again, "is at"),
        (mutants.resumes_in_an_old_view, "is at"),
        (mutants.refuses_late_notarizations, "is at"),
    ],
)
def test_traces_tell_a_broken_core(monkeypatch, traces, mutant, told):
    mutant(monkeypatch)
    with pytest.raises(Divergence, match=told):
        for trace in traces:
            Replay(trace).run()


# --- the core in every state ------------------------------------------------------------------------------------------


@SLOW
def test_the_core_in_every_state_of_two_views():
    """Neither view is the Byzantine validator's; the soak has those in which one is."""
    found = Exploration(0).run()
    assert found.states > 1_000_000
    assert found.final > 100_000


@SLOW
@pytest.mark.parametrize(
    ("mutant", "leads", "rule"),
    [
        (mutants.double_vote, 0, "one-vote"),
        (mutants.notarize_after_nullify, 0, "notarize-after-nullify"),
        (mutants.finalize_after_nullify, 0, "nullify-finalize"),
        (mutants.send_before_durable, 0, "sent-before-durable"),
        (mutants.finalize_at_once, 1, "finalize-unnotarized"),
        (mutants.parent_gap, 2, "parent-gap"),
        (mutants.amnesia, 0, "one-vote"),
        (mutants.delivers_with_gaps, 0, "delivery"),
    ],
)
def test_the_exploration_finds_a_broken_core(monkeypatch, mutant, leads, rule):
    mutant(monkeypatch)
    with pytest.raises(Violation, match=f"^{rule}:"):
        Exploration(leads).run()
