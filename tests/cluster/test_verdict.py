"""The judge: a sound history passes, and each planted violation is found and named, by what shows it."""

from dataclasses import replace

import pytest

from ledger.policy import Policy
from tests.cluster.history import ACCEPTED, OPEN, READ, REFUSED, Operation
from tests.cluster.verdict import Entry, judge, step
from tests.support.linearizability import NEVER

A, B, C, D, E, F = (letter * 64 for letter in "abcdef")


def issue(record, called, returned, index=-1, height=-1, number="BW1", **more):
    outcome = ACCEPTED if index >= 0 else OPEN
    return Operation("issue", number, "BW", called, returned, outcome, record, index=index, height=height, **more)


def confirm(record, answers, called, returned, index=-1, height=-1, **more):
    outcome = ACCEPTED if index >= 0 else OPEN
    return Operation("confirm", "BW1", "RU", called, returned, outcome, record, answers, index, height, **more)


def refused(kind, record, called, returned, code, node="EU", answers="", **more):
    attempts = [(node, 0.1, code)]
    return Operation(
        kind, "BW1", node, called, returned, REFUSED, record, answers, code=code, reason_read=True, attempts=attempts, **more
    )


def read(called, returned, height, issued="", settled="", least=-1, node="BW"):
    return Operation("read", "BW1", node, called, returned, READ, height=height, issued=issued, settled=settled, least=least)


LOG = [Entry(A, 3), Entry(C, 5), Entry(E, 5)]
"""Issue of BW1, its confirmation, and another certificate's issue that nobody got an answer for."""

SOUND = (
    issue(A, 0, 2, 0, 3),
    refused("issue", B, 0, 3, "number-used"),
    refused("confirm", D, 0, 1, "certificate-unknown", answers=A),
    read(0.5, 0.6, 2),
    read(1, 1.5, 3, A),
    read(3, 4, 4, A, least=3, node="RU"),
    confirm(C, A, 4, 6, 1, 5),
    refused("confirm", F, 4, 6, "certificate-closed", answers=A),
    issue(E, 4, NEVER, number="BW2"),
    read(7, 8, 5, A, C, least=5, node="RU"),
    read(7, 8, 3, A, node="EU"),
)


def found(operations=SOUND, log=LOG, other=None, jumped=()):
    return judge(operations, {"BW": log, "RU": log if other is None else other}, None, jumped)


def changed(place, **changes):
    return [replace(one, **changes) if at == place else one for at, one in enumerate(SOUND)]


def test_a_sound_history_passes():
    assert found() == []


PLANTED = {
    "two nodes' logs differ": (SOUND, LOG, LOG[:2], "the logs of BW and RU differ"),
    "an acknowledged record is lost": (SOUND, [LOG[0], LOG[2]], None, "was acknowledged and is not in the log"),
    "a record has moved": (changed(6, index=2), LOG, None, "was acknowledged at 2 of block 5, and is at 1"),
    "a record is in another block": (changed(0, height=4), LOG, None, "was acknowledged at 0 of block 4"),
    "a record is there twice": (SOUND, [*LOG, LOG[0]], None, "in the log twice"),
    "a record of nobody": (SOUND, [*LOG, Entry("1" * 64, 6)], None, "nobody has submitted it"),
    "blocks go back": (SOUND, [*LOG[:2], Entry(E, 4)], None, "of an earlier block"),
    "two issues of a number are accepted": (
        [*SOUND, issue("2" * 64, 8, 9, 3, 6)],
        [*LOG, Entry("2" * 64, 6)],
        None,
        "was accepted where",
    ),
    "two outcomes are accepted": (
        [*SOUND, confirm("2" * 64, A, 4, 9, 3, 6)],
        [*LOG, Entry("2" * 64, 6)],
        None,
        "no order explains",
    ),
    "a refused record is in the log": (SOUND, [LOG[0], LOG[1], LOG[2], Entry(D, 6)], None, "and is in the log"),
    "refused as used before anybody asked": (changed(1, called=-3, returned=-1), LOG, None, "for no reason"),
    "refused as closed before anybody answered": (changed(7, returned=3.9), LOG, None, "for no reason"),
    "refused as unknown where it was shown": (changed(2, called=2, attempts=[("BW", 0.1, "")]), LOG, None, "for no reason"),
    "refused with a right clock": (changed(1, code="in-future"), LOG, None, "for no reason"),
    "the log's order is not time's": (changed(6, called=-2, returned=-1), LOG, None, "was acknowledged before"),
    "a stale snapshot": (changed(10, height=4, issued="", settled=""), LOG, None, "showed"),
    "a read of what is not yet there": (changed(5, settled=C), LOG, None, "showed"),
    "a node goes back": ([*SOUND, read(1.6, 1.7, 2)], LOG, None, "BW went back from height 3 to 2"),
    "a stale waiting read": (changed(9, height=4, settled=""), LOG, None, "no order explains"),
    "a waiting read saw what another one no longer sees": (
        [*SOUND, read(8.5, 8.6, 5, A, least=5, node="EU")],
        LOG,
        None,
        "no order explains",
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_violations_are_found(name):
    operations, log, other, words = PLANTED[name]
    violations = found(operations, log, other)
    assert any(words in violation for violation in violations), violations


def test_a_wrong_clock_is_a_reason_to_refuse():
    assert found(changed(1, code="in-future"), jumped=["EU"]) == []
    assert found(changed(1, code="in-future"), jumped=["RU"]) != []


def test_an_open_operation_may_have_taken_effect_or_not():
    other = issue("3" * 64, 1, NEVER, number="BW3")
    assert found([*SOUND, other]) == []
    assert found([*SOUND, other], [*LOG, Entry(other.record, 9)]) == []


def test_a_refusal_of_unknown_height_says_nothing_of_other_nodes():
    """RU may not yet have what EU refused a record for, unless EU's height was read before."""
    late = read(3.1, 3.2, 2, least=0, node="RU")
    held = [one for one in changed(1, returned=1.9) if one.height not in {3, 4} or one.kind != "read"]
    assert any("no order explains" in violation for violation in found([*held, late]))
    held = [replace(one, reason_read=False) if one.record == B else one for one in held]
    late = replace(late, called=1.95, returned=1.99)
    assert found([*held, late]) == []


def test_a_receipt_that_does_not_verify_is_found():
    operations = [replace(one, receipt="no receipt") for one in SOUND]
    policy = Policy(logs=(), witnesses=(), groups=(), quorum="none")
    violations = judge(operations, {"BW": LOG}, policy)
    assert len(violations) == 2
    assert all("does not verify" in violation for violation in violations)


def test_the_model_knows_no_other_outcomes():
    with pytest.raises(ValueError, match="none of this model"):
        step(("", ""), refused("issue", A, 0, 1, "key-role"), REFUSED)
