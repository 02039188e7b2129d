"""Blocks of earlier versions lead to the same answers in this one, whatever process, locale, time zone or Python applies them."""

import copy
import json
import os
import subprocess
import sys

import pytest

from ledger.bodies import KINDS
from tests.data import make_golden
from tests.support import golden
from tests.support.pythons import others

ROOT = golden.FOLDER.parents[2]
SURROUNDINGS = {
    "hash seed 0, no locale, Kiritimati": {"PYTHONHASHSEED": "0", "LC_ALL": "C", "TZ": "Pacific/Kiritimati", "PYTHONUTF8": "0"},
    "hash seed 1, Turkish, Chatham": {"PYTHONHASHSEED": "1", "LC_ALL": "tr_TR.UTF-8", "TZ": "Pacific/Chatham"},
    "hash seed of its own, C.UTF-8, New York": {"PYTHONHASHSEED": "random", "LC_ALL": "C.UTF-8", "TZ": "America/New_York"},
    "optimized": {"PYTHONHASHSEED": "4294967295", "PYTHONOPTIMIZE": "1", "TZ": "UTC-14"},
}
NEEDED = "import msgspec, nacl.bindings, plyvel"

files = pytest.mark.parametrize("file", golden.FILES, ids=lambda file: file.stem)


def answers(content):
    return [block["after"] for block in content["blocks"]]


def replayed_by(python, file, surroundings):
    """What another process makes of the file."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    ran = subprocess.run(
        [python, "-m", "tests.support.golden", str(file)], cwd=ROOT, env=kept | surroundings, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr.decode()
    return json.loads(ran.stdout)


def test_there_is_a_file_of_this_version():
    assert make_golden.FILE in golden.FILES


@files
def test_the_same_blocks_give_the_same_answers(file):
    content = golden.load(file)
    for now, then in zip(golden.replay(content), answers(content), strict=True):
        assert now == then


def test_it_holds_every_kind_accepted_and_refused():
    assert make_golden.kinds(golden.load(make_golden.FILE)) == (set(KINDS), set(KINDS))


@pytest.mark.parametrize("height", [2, 6, 13, 19])
def test_a_block_without_its_last_record_gives_other_answers(height):
    content = golden.load(make_golden.FILE)
    changed = copy.deepcopy(content)
    assert changed["blocks"][height - 1]["records"].pop()
    changed["blocks"] = changed["blocks"][:height]
    now, then = golden.replay(changed), answers(content)[:height]
    assert now[:-1] == then[:-1]
    assert now[-1]["state"] != then[-1]["state"]
    assert now[-1]["root"] != then[-1]["root"]


def test_findings_are_among_the_answers():
    content = golden.load(make_golden.FILE)
    assert len({after["findings"] for after in answers(content)}) > 4
    without = copy.deepcopy(content)
    del without["rules"]["unconfirmed"]
    assert golden.replay(without)[-1]["findings"] != answers(content)[-1]["findings"]


@files
@pytest.mark.parametrize("surroundings", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_another_process_gives_the_same_answers(file, surroundings):
    assert replayed_by(sys.executable, file, surroundings) == answers(golden.load(file))


@files
def test_another_python_gives_the_same_answers(file):
    """`KPLEDGER_OTHER_PYTHON` names one that has this program's libraries, or there is one on the path."""
    found = others(NEEDED)
    if not found:
        pytest.skip("no other minor version of Python here has the libraries: name one in KPLEDGER_OTHER_PYTHON")
    assert replayed_by(found[0], file, {"PYTHONHASHSEED": "7"}) == answers(golden.load(file))
