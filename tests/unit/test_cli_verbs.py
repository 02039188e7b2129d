"""The command line's table: every verb is where it says, in its group, and reads no more than it needs."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from node.cli import verbs

ROOT = Path(__file__).parents[2]
READ = "import sys; from node.cli.verbs import command_line; command_line().parse_args(sys.argv[1:]); print(*sys.modules)"
SERVER = {"quart", "hypercorn", "pydantic", "uvloop", "typst", "highspy", "api.app", "node.process", "consensus"}
PATHS = [*verbs.ALONE.values(), *(path for _, group in verbs.GROUPS.values() for path in group.values())]


def read(*words: str) -> set[str]:
    """The modules there are once a verb is ready to run."""
    done = subprocess.run([sys.executable, "-c", READ, *words], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_every_verb_is_where_the_table_says():
    assert len(set(PATHS)) == len(PATHS)
    for path in PATHS:
        module, _, name = path.partition(":")
        verb = getattr(import_module(f"node.cli.{module}"), name)
        assert verb.help if module == "desk" else verb.__doc__, path


def test_help_tells_what_every_verb_is_for(capsys):
    for words, group in (([], verbs.ALONE), *(([name], group) for name, (_, group) in verbs.GROUPS.items())):
        app = verbs.command_line()
        app.help_print(words)
        printed = capsys.readouterr().out
        for name in group:
            (line,) = [line for line in printed.splitlines() if line.startswith(f"│ {name} ")]
            assert line.strip("│ ").removeprefix(name).strip(), line


@pytest.mark.parametrize(
    "words",
    [
        ("findings", "list"),
        ("receipt", "verify", "file", "--policy", "policy"),
        ("certificate", "show", "BW0000001"),
        ("import", "list"),
        ("record", "show", "00", "--token", "token"),
    ],
    ids=" ".join,
)
def test_a_verb_of_a_client_reads_no_server(words):
    assert not SERVER & read(*words)


def test_a_node_reads_one():
    """Who looks for modules finds them where they are."""
    assert SERVER - {"typst", "highspy"} <= read("start", "--home", "home")
