"""A thinned run of the acceptance: everything is planted, found, refused, and nothing else is."""

import pytest

from ledger.findings import RULES
from tests.acceptance.refusals import REFUSALS
from tests.acceptance.run import Outcome, play

SEALED = {
    "duplicate-parcel",
    "unit-value",
    "value-uplift",
}
"""Rules of 7-audit.md that need what is sealed (`ledger.appraisal`): the acceptance has no envelopes."""

TRADE = {"discrepancy", "late-issue", "no-receipt-code", "unconfirmed"}
"""What comes of honest trade itself, not of planted cases beside it."""

CERTIFICATES, PLANTS, NEAR = 3_000, 4, 8


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return play(CERTIFICATES, PLANTS, NEAR, seed=4)


def test_the_acceptance_holds(outcome):
    assert outcome.failures() == []


def test_every_rule_has_its_cases(outcome):
    assert {row.rule: (row.planted, row.near) for row in outcome.rows} == dict.fromkeys(RULES.keys() - SEALED, (PLANTS, NEAR))


def test_no_near_miss_is_found(outcome):
    assert {row.rule: row.near_found for row in outcome.rows if row.near_found} == {}


def test_every_refusal_has_its_cases(outcome):
    for refusal in REFUSALS:
        assert outcome.verdicts.planted[refusal.code] >= PLANTS, refusal.code
        assert outcome.verdicts.near[refusal.code] >= NEAR, refusal.code


def test_honest_trade_brings_along_what_it_does(outcome):
    honest = {row.rule: row.honest for row in outcome.rows if row.honest}
    assert set(honest) == TRADE | {"bilateral-gap", "origin-exposure", "period-change", "tainted"}
    assert all(honest[rule] > 20 for rule in TRADE)


def test_the_same_blocks_give_the_same_findings(outcome):
    assert outcome.same
