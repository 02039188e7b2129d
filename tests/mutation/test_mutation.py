"""The tables still fit today's source; two mutations end to end; and what must not pass for a killed one does not."""

import ast
from pathlib import Path

import pytest

from tests.mutation.__main__ import judge_all, main
from tests.mutation.mutation import ROOT, Mutation, StaleMutationError, parse, table
from tests.mutation.running import Bench, NotGreenError, Outcome

TESTS = ROOT / "tests"
JOURNAL = "unit/test_consensus_journal.py"


def test_every_mutation_applies_exactly_once_and_is_another_program() -> None:
    entries = table()
    names = [entry.name for entry in entries]
    assert len(entries) >= 300
    assert sorted(set(names)) == sorted(names)
    for entry in entries:
        compile(entry.applied((ROOT / entry.file).read_text()), entry.file, "exec")


def test_every_mutation_names_tests_that_there_are() -> None:
    known: dict[str, set[str]] = {}
    for entry in table():
        assert entry.tests, f"{entry.name} names no test"
        for test in entry.tests:
            file, _, name = test.partition("::")
            if file not in known:
                body = ast.parse((TESTS / file).read_text()).body
                known[file] = {
                    node.name for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                }
            assert not name or name.partition("[")[0].partition("::")[0] in known[file], f"{entry.name}: {test} is not there"


def test_every_package_has_tests_beyond_those_named() -> None:
    for entry in table():
        stages = entry.broader()
        assert stages
        assert all(stages)
        assert all((TESTS / test.partition("::")[0]).is_file() for stage in stages for test in stage)


def chosen(*names: str) -> list[Mutation]:
    return [entry for entry in table() if entry.name in names]


def test_two_of_them_end_to_end(tmp_path: Path) -> None:
    """A core that signs twice and a log that does not fsync are noticed, each in a copy; the working tree is as it was."""
    entries = chosen("double-notarize", "sync-without-fsync")
    before = [(ROOT / entry.file).read_text() for entry in entries]
    verdicts = judge_all(tmp_path, entries, jobs=2)
    assert [verdict.outcome for verdict in verdicts] == [Outcome.KILLED] * 2
    assert verdicts[0].by[0].startswith("tests/unit/test_consensus_journal.py::test_forbidden_pairs_are_never_signed")
    assert [(ROOT / entry.file).read_text() for entry in entries] == before


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


def journal(name: str, before: str, after: str) -> Mutation:
    return Mutation(name, "consensus/journal.py", "", "", [([before], [after])], [JOURNAL])


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        (journal("harmless", "        self.first = 1", "        self.first = 0 + 1"), Outcome.SURVIVED),
        (journal("cannot-be-imported", "_KEY = object()", "_KEY = objects()"), Outcome.BROKEN),
        (journal("name-is-missing", "        return durable", "        return durables"), Outcome.BROKEN),
        (journal("no-longer-there", "        self.second = 1", "        self.second = 2"), Outcome.STALE),
    ],
    ids=lambda value: value.name if isinstance(value, Mutation) else "",
)
def test_what_is_not_noticed_or_proves_nothing(bench: Bench, entry: Mutation, outcome: Outcome) -> None:
    verdict = bench.judge(entry, [entry.tests])
    assert verdict.outcome is outcome
    assert not verdict.fine


def test_nothing_is_judged_by_tests_that_are_not_there(bench: Bench) -> None:
    with pytest.raises(NotGreenError):
        bench.require_green(["unit/test_consensus_journal.py::test_that_is_not_there"])


def test_a_name_that_is_none_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "no-such-mutation"])
    assert ended.value.code == 2
    assert main(["--list", "--only", "consensus/*"]) == 0
    assert "double-notarize" in capsys.readouterr().out


ENTRY = "=== x.py\n\na [R1] why\n{}\n> unit/test_x.py\n"


@pytest.mark.parametrize(
    ("patch", "source"),
    [
        ("-a = 1\n+a = 2", "a = 3\n"),
        ("-a = 1\n+a = 2", "a = 1\na = 1\n"),
        ("-a = 1\n+a = 2", "  a = 1\n"),
        ("-a = 1\n+a = 1  # the same", "a = 1\n"),
        ("-a = 1\n+a = ", "a = 1\n"),
        ("-a = 1\n+a = 2\n@@\n-b = 1\n+b = 2", "a = 1\n"),
        ("+a = 1", "b = 1\n"),
    ],
)
def test_stale(patch: str, source: str) -> None:
    (entry,) = parse(ENTRY.format(patch))
    with pytest.raises(StaleMutationError):
        entry.applied(source)


def test_a_patch_has_context() -> None:
    (entry,) = parse(ENTRY.format(" if b:\n-    a = 1\n+    a = 2"))
    assert entry.applied("a = 1\nif b:\n    a = 1\n") == "a = 1\nif b:\n    a = 2\n"
    assert (entry.name, entry.file, entry.module, entry.rule, entry.why) == ("a", "x.py", "x", "R1", "why")


def test_two_patches_of_one_file() -> None:
    (entry,) = parse(ENTRY.format("-a = 1\n+a = 2\n@@\n-b = 1"))
    assert entry.applied("a = 1\nc = 1\nb = 1\n") == "a = 2\nc = 1\n"


def test_a_line_that_belongs_to_nothing() -> None:
    with pytest.raises(ValueError, match="line 3"):
        parse("=== x.py\n\nNot an entry\n")
