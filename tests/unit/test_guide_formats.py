"""deploy/guides/formats.md: its tables, its figures and its examples are what the program makes."""

import ast
import csv
import hashlib
import inspect
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ledger import limits
from ledger.codec import decode
from ledger.genesis import Genesis
from ledger.record import record_id
from ledger.statistics import errors
from ledger.statistics.cells import all_figures
from ledger.statistics.errors import ObjectionCode
from ledger.statistics.proposal import Proposal, encode_proposal
from ledger.statistics.release import COLUMNS, Release, write_release
from ledger.statistics.tables import Cell
from node.audit import frames
from node.limits import AUDIT_FRAME_BYTES
from node.releases import NOT_CHECKED
from tests.support.agreed import genesis_text
from tests.support.world import World, genesis
from tests.unit.test_node_audit import Served
from tests.unit.test_statistics_release import FINE, FIRST, OTHER, ROUGH, cube

GUIDE = Path(__file__).parents[2] / "deploy" / "guides" / "formats.md"
TEXT = GUIDE.read_text(encoding="utf-8")


def table(first: str) -> dict[str, str]:
    """The rows of the guide's only table whose first row names `first`."""
    (found,) = re.findall(rf"---\|\n(\| `{re.escape(first)}` \|.*?\n)\n", TEXT, re.DOTALL)
    rows = [re.fullmatch(r"\| `([^`]+)` \| (.+) \|", line) for line in found.strip().splitlines()]
    assert all(rows)
    return {row[1]: row[2] for row in rows if row is not None}


@pytest.fixture(scope="module")
def proposal() -> Proposal:
    hidden = (Cell("2026Q1", "export", "BW", ROUGH), Cell("2026Q1", "export", "BW", FINE))
    return Proposal("2026Q1", 0, 77, hidden, (), ())


@pytest.fixture(scope="module")
def release(proposal: Proposal) -> Release:
    figures = cube("2026Q1", FIRST, OTHER)
    return write_release(figures, all_figures(figures), proposal, None)


def test_the_columns_and_members_of_a_release(release: Release) -> None:
    content = json.loads(release.json)
    assert tuple(table("period")) == COLUMNS == tuple(content["columns"])
    assert list(table("citation")) == list(content)
    assert content["csv_sha256"] == hashlib.sha256(release.csv).hexdigest()
    assert release.digest == hashlib.sha256(release.json).digest()


def test_the_rows_that_are_shown(release: Release) -> None:
    (shown,) = re.findall(r"```csv\n(.*?)```", TEXT, re.DOTALL)
    lines = release.csv.decode().split("\r\n")
    assert shown.splitlines() == [lines[0], *(line for line in lines if line.startswith("2026Q1,2026,1,export,BW,"))]
    statuses = {row["status"] for row in csv.DictReader(io.StringIO(shown))}
    assert statuses == {"", "c"}


def test_the_members_and_bounds_of_a_proposal(proposal: Proposal) -> None:
    told = table("concessions")
    assert list(told) == list(decode(encode_proposal(proposal)))
    for name, *bounds in (
        ("concessions", limits.MAX_CONCESSIONS, limits.MAX_WEIGHTS),
        ("confidential", limits.MAX_CONFIDENTIAL),
        ("held", limits.MAX_HELD),
        ("witnesses", limits.MAX_WITNESSES, limits.MAX_WITNESS_MOVES),
    ):
        assert [int(one.replace(",", "")) for one in re.findall(r"at most ([\d,]+)", told[name])] == bounds
    assert f"at most {limits.MAX_PROPOSAL_BYTES:,} bytes, in parts of at most {limits.MAX_PART_BYTES:,} bytes" in TEXT


def test_what_nodes_object_to() -> None:
    (found,) = [
        one
        for one in ast.parse(inspect.getsource(errors)).body
        if isinstance(one, ast.ClassDef) and one.name == "ObjectionCode"
    ]
    said = [" ".join(one.value.value.split()) for one in found.body[1:] if isinstance(one, ast.Expr)]
    told = table("malformed")
    assert told.pop(NOT_CHECKED)
    assert told == dict(zip(map(str, ObjectionCode), said, strict=True))


def test_the_files_of_an_export_and_its_reader(tmp_path: Path) -> None:
    """The guide's program, run as it stands there, finds every record of a real export, with the node's judgement."""
    text = genesis_text(genesis())
    with World.make(tmp_path / "ledger", Genesis.from_json(text)) as world:
        served = Served(world, text)
        one, twice, two = world.issue(), world.issue(number="BW0000001", author="BW"), world.issue(number="BW0000002")
        served.agreed.block(one, twice)
        served.agreed.block(two)
        served.port.cosign()
        served.export(tmp_path / "export")
    files = {str(file.relative_to(tmp_path / "export")) for file in (tmp_path / "export").rglob("*") if file.is_file()}
    told = table(frames.GENESIS_FILE)
    assert files == set(told)
    for file, magic in (("blocks/0000000001.seg", frames.BLOCKS), (frames.FINDINGS_FILE, frames.FINDINGS)):
        assert (tmp_path / "export" / file).read_bytes().startswith(magic)
        assert told[file].startswith(f"`{magic.decode().strip()}`, a line feed")
    members = re.findall(r"`(\w+)`", told[frames.MANIFEST_FILE])
    assert members == list(json.loads((tmp_path / "export" / frames.MANIFEST_FILE).read_bytes()))
    assert f"at most {AUDIT_FRAME_BYTES:,} bytes" in TEXT

    (program,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    printed = subprocess.run(
        [sys.executable, "-I", "-c", program, str(tmp_path / "export")], check=True, capture_output=True, text=True
    ).stdout
    assert [line.split() for line in printed.splitlines()] == [
        [record_id(one.raw).hex(), "1", "0", "None"],
        [record_id(twice.raw).hex(), "1", "None", "number-used"],
        [record_id(two.raw).hex(), "2", "1", "None"],
    ]
