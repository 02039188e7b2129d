"""The READMEs of the rooms: a newcomer finds every file there by its name, and each fits on a screen."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("ledger", "consensus", "node", "api", "deploy", "tests")
LINES = 65


def rooms_of(folder: Path) -> set[str]:
    """Modules and folders with something in them."""
    found = {file.stem for file in folder.glob("*.py")} | {file.parent.name for file in folder.glob("*/*") if file.is_file()}
    return found - {"__init__", "__main__", "__pycache__", "conftest"}


@pytest.mark.parametrize("room", ROOMS)
def test_every_file_of_a_room_is_named(room: str) -> None:
    told = re.findall(r"`([\w./*-]+?)/?`", (ROOT / room / "README.md").read_text(encoding="utf-8"))
    assert rooms_of(ROOT / room) - {part for one in told for part in Path(one).with_suffix("").parts} == set()


@pytest.mark.parametrize("room", [".", *ROOMS])
def test_a_readme_fits_on_a_screen(room: str) -> None:
    assert len((ROOT / room / "README.md").read_text(encoding="utf-8").splitlines()) <= LINES
