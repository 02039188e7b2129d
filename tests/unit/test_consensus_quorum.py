"""Arithmetic of validators: faults, quorums, leaders."""

import hashlib
from itertools import combinations

import pytest

from consensus.events import Config
from consensus.quorum import Committee, leader_order, max_faulty, quorum
from tests.support.consensus import LEDGER, config, keys

TABLE = {
    1: (0, 1),
    2: (0, 2),
    3: (0, 2),
    4: (1, 3),
    5: (1, 4),
    6: (1, 4),
    7: (2, 5),
    8: (2, 6),
    9: (2, 6),
    10: (3, 7),
    11: (3, 8),
    12: (3, 8),
    13: (4, 9),
}


@pytest.mark.parametrize("n", TABLE)
def test_faults_and_quorum(n):
    assert (max_faulty(n), quorum(n)) == TABLE[n]


@pytest.mark.parametrize("n", TABLE)
def test_two_quorums_share_an_honest_validator_and_the_honest_ones_are_a_quorum(n):
    f, q = max_faulty(n), quorum(n)
    assert 2 * q - n >= f + 1
    assert n - f >= q
    assert 2 * (q - 1) - n < f + 1, "a smaller quorum would do"


@pytest.mark.parametrize("n", [1, 4, 5, 7])
def test_intersection_by_enumeration(n):
    quorums = list(combinations(range(n), quorum(n)))
    assert min(len(set(one) & set(other)) for one in quorums for other in quorums) > max_faulty(n)


@pytest.mark.parametrize("n", TABLE)
def test_everybody_leads_once_in_n_views(n):
    committee = Committee(config(n))
    assert sorted(committee.leader(view) for view in range(1, n + 1)) == list(range(n))
    assert [committee.leader(view) for view in range(n)] == list(leader_order(config(n)))


def test_leaders_are_sorted_by_hash_of_ledger_epoch_and_key():
    of_epoch = Config(LEDGER, 3, keys(7), keys(7)[0])
    expected = sorted(keys(7), key=lambda key: hashlib.sha256(LEDGER + (3).to_bytes(8, "big") + key).digest())
    assert [of_epoch.validators[index] for index in leader_order(of_epoch)] == expected
    assert leader_order(of_epoch) != leader_order(config(7)), "another epoch has another order"


def test_index_and_me():
    committee = Committee(config(4, 2))
    assert committee.me == 2
    assert [committee.index(key) for key in keys(5)] == [0, 1, 2, 3, None]
    assert Committee(config(4, 4)).me is None


@pytest.mark.parametrize("validators", [(), keys(129), (keys(2)[0], keys(2)[1], keys(2)[0])])
def test_no_committee_of_none_too_many_or_repeated_keys(validators):
    with pytest.raises(ValueError, match="validators"):
        Committee(Config(LEDGER, 0, validators, keys(1)[0]))
