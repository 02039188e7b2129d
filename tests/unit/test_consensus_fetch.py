"""Open questions: asked once, the next peer after a while, forgotten when answered."""

import pytest

from consensus.fetch import Fetch, Need
from consensus.limits import FETCH_RETRY_MS
from consensus.messages import GetBlock, GetCertificates, GetHeaders
from consensus.pace import Hearing
from consensus.quorum import Committee
from tests.support.consensus import config, keys

PEERS = keys(4)[1:]
BLOCK = Need(GetBlock(0, b"d" * 32), PEERS[1])


def hearing():
    one = Hearing(Committee(config(4)), 0)
    for key in PEERS:
        one.heard(key, 0)
    return one


def certificates(first, last):
    return Need(GetCertificates(0, first, last), PEERS[2])


def test_asked_once_then_again_after_a_while_from_others():
    fetch = Fetch()
    assert fetch.wake_at() is None
    assert fetch.update([BLOCK], hearing(), 10) == [(PEERS[1], BLOCK.request)]
    assert fetch.update([BLOCK], hearing(), 11) == []
    assert fetch.wake_at() == 10 + FETCH_RETRY_MS
    later = [fetch.update([BLOCK], hearing(), 10 + turn * FETCH_RETRY_MS)[0][0] for turn in (1, 2, 3)]
    assert sorted(later) == sorted(PEERS)


def test_forgotten_when_no_longer_needed():
    fetch = Fetch()
    fetch.update([BLOCK], hearing(), 0)
    assert fetch.wants(b"d" * 32)
    fetch.update([], hearing(), 1)
    assert not fetch.wants(b"d" * 32)
    assert fetch.wake_at() is None


def test_a_preferred_peer_that_is_not_there_is_not_asked():
    one = Hearing(Committee(config(4)), 0)
    one.heard(PEERS[0], 1)
    assert Fetch().update([BLOCK], one, 1) == [(PEERS[0], BLOCK.request)]


def test_nobody_to_ask_is_asked_later():
    alone = Hearing(Committee(config(1)), 0)
    fetch = Fetch()
    assert fetch.update([BLOCK], alone, 5) == []
    assert fetch.wake_at() == 5 + FETCH_RETRY_MS


def test_certificates_that_come_one_by_one_do_not_make_new_questions():
    fetch = Fetch()
    assert len(fetch.update([certificates(1, 64)], hearing(), 0)) == 1
    assert fetch.update([certificates(2, 64)], hearing(), 1) == []
    assert fetch.update([certificates(64, 90)], hearing(), 2) == []
    assert fetch.update([certificates(65, 90)], hearing(), 3) == [(PEERS[2], GetCertificates(0, 65, 90))]
    assert len(fetch.update([certificates(3, 4)], hearing(), 4)) == 1, "views below the question are another one"
    assert fetch.update([certificates(4, 4)], hearing(), 4 + FETCH_RETRY_MS)[0][1] == GetCertificates(0, 4, 4)


def test_headers_are_asked_for_anew_when_the_tip_moves():
    fetch = Fetch()
    assert len(fetch.update([Need(GetHeaders(0, 1))], hearing(), 0)) == 1
    assert fetch.update([Need(GetHeaders(0, 1))], hearing(), 1) == []
    assert fetch.update([Need(GetHeaders(0, 9))], hearing(), 2)[0][1] == GetHeaders(0, 9)
    assert fetch.wants(GetHeaders)


def test_the_same_need_twice_is_one_question():
    assert len(Fetch().update([BLOCK, BLOCK], hearing(), 0)) == 1


@pytest.mark.parametrize("questions", [1, 2, 3, 6])
@pytest.mark.parametrize("peers", [2, 3, 4])
def test_each_question_reaches_every_peer_however_many_wait_beside_it(questions, peers):
    """Several at once once took turns so evenly that each went to one and the same peer for ever."""
    fetch, now = Fetch(), 0
    needs = [Need(GetHeaders(0, 1)), *(Need(GetBlock(0, bytes([number]) * 32)) for number in range(1, questions))]
    one = Hearing(Committee(config(peers + 1)), 0)
    sends = []
    for _ in range(peers):
        sends += fetch.update(needs, one, now)
        now += FETCH_RETRY_MS
    assert [len({peer for peer, request in sends if request == need.request}) for need in needs] == [peers] * questions
