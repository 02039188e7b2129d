"""`kpledger errors` and api/reasons.py: every code, with the kinds that really meet it."""

import json
from pathlib import Path

import pytest

from api.errors import ApiCode
from api.reasons import kinds_by_code, kinds_by_signing, met_by
from ledger.bodies import KINDS
from ledger.errors import Code
from node.cli.errors import errors
from node.errors import Exit, FatalError

ROOT = Path(__file__).parents[2]
REFUSALS = sorted((ROOT / "tests/data/refusals").glob("*.json"))


def test_every_code_is_met_somewhere():
    assert met_by().keys() == set(Code)
    assert all(met_by().values())


@pytest.mark.parametrize("file", REFUSALS, ids=lambda file: file.stem)
def test_what_is_refused_in_the_tests_of_rules_is_in_the_table(file):
    kind = file.stem.replace("-", ".", 1)
    assert kind in KINDS
    own, signing = kinds_by_code(), kinds_by_signing()
    for case in json.loads(file.read_text(encoding="utf-8"))["refused"]:
        code = Code(case["refused"]["error"])
        assert kind in (*own.get(code, ()), *signing.get(code, ())), f"{code} of {kind}: {case['case']}"


def test_kinds_whose_rules_have_nothing_to_do_with_a_code_are_not_named():
    own, signing = kinds_by_code(), kinds_by_signing()
    assert own[Code.CARATS_EXCEED_SOURCE] == ("certificate.issue", "certificate.amend")
    assert own[Code.RETURN_COUNTERSIGNED] == ("return.countersign",)
    assert own[Code.PARAMETER_BOUNDS] == ("plenary.propose",), "by the table of decisions"
    assert signing[Code.NOT_CONSENSUS_KEY] == ("node.ready", "evidence.equivocation", "statistics.verdict")
    assert set(signing[Code.TOO_OLD]) == set(KINDS)


def test_one_error_is_explained_and_an_unknown_one_told(capsys):
    errors("return-stale", json=True)
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["error"], row["met_by"]) == ("return-stale", "return.file")
    errors("return-stale")
    assert "prepare it again" in capsys.readouterr().out
    errors(json=True)
    assert len(json.loads(capsys.readouterr().out)) == len(Code) + len(ApiCode)
    with pytest.raises(FatalError) as caught:
        errors("return-stael")
    assert caught.value.code == Exit.USAGE
