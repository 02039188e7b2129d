"""A thinned run of the acceptance: everything is planted, found, refused, and nothing else is."""

import pytest

from ledger.findings import RULES
from tests.acceptance.refusals import REFUSALS
from tests.acceptance.run import Outcome, play

WAITING = {
    "bilateral-gap",
    "duplicate-parcel",
    "negative-stock",
    "number-range",
    "origin-exposure",
    "period-change",
    "post-verification",
    "return-late",
    "return-mismatch",
    "sealed-fault",
    "tainted",
    "unit-value",
    "value-uplift",
}
"""Rules of 7-audit.md that have no cases here yet, whether or not the ledger knows them."""

CERTIFICATES, PLANTS, NEAR = 3_000, 4, 8


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return play(CERTIFICATES, PLANTS, NEAR, seed=4)


def test_the_acceptance_holds(outcome):
    assert outcome.failures() == []


def test_every_rule_has_its_cases(outcome):
    assert {row.rule: (row.planted, row.near) for row in outcome.rows} == dict.fromkeys(RULES.keys() - WAITING, (PLANTS, NEAR))


def test_no_near_miss_is_found(outcome):
    assert {row.rule: row.near_found for row in outcome.rows if row.near_found} == {}


def test_every_refusal_has_its_cases(outcome):
    for refusal in REFUSALS:
        assert outcome.verdicts.planted[refusal.code] >= PLANTS, refusal.code
        assert outcome.verdicts.near[refusal.code] >= NEAR, refusal.code


def test_honest_trade_brings_along_what_it_does(outcome):
    honest = {row.rule: row.honest for row in outcome.rows if row.honest}
    assert set(honest) == {"discrepancy", "late-issue", "no-receipt-code", "unconfirmed"}
    assert all(count > 20 for count in honest.values())


def test_the_same_blocks_give_the_same_findings(outcome):
    assert outcome.same
