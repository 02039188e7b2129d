"""The real cases of tests/data/real_cases.csv: each scenario file ends in the refusal or finding that would have caught it."""

import csv

import pytest

from tests.support import scenario

REAL = list(csv.DictReader((scenario.FOLDER.parent / "real_cases.csv").read_text(encoding="utf-8").splitlines()))
FILES = sorted(scenario.FOLDER.glob("*.toml"), key=lambda file: int(file.stem[1:]))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_scenario_ends_as_it_says(file, tmp_path):
    told = scenario.load(file)
    with scenario.make(tmp_path / "db", told) as world:
        offices = scenario.tell(world, told)
        assert scenario.compare(world, offices, told) > 0


def test_scenarios_are_those_of_the_table():
    told = {found["case"]: found for found in map(scenario.load, FILES)}
    assert [file.stem for file in FILES] == list(told) == [row["id"] for row in REAL]
    for row in REAL:
        found = told[row["id"]]
        assert (found["year"], found["source"]) == (row["year"], row["source"])
        assert all(found[name] for name in ("title", "happened", "caught"))
