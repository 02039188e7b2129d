"""node/cli/output.py: what a node says is shown, and does nothing to the terminal of whoever asked it."""

import pytest

from node.cli.output import fatal, print_fields, print_table, say
from node.errors import Exit, FatalError

HOSTILE = "sent\x1b[2K\x1b[1A\x9b31m\x07\x08\x7f\u202eetelpmoc\u2066 [bold]final[/bold]"
SHOWN = "sent�[2K�[1A�31m����etelpmoc� [bold]final[/bold]"


def test_what_moves_a_terminal_is_shown_and_does_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    print_fields({"reason": HOSTILE})
    print_table(["reason"], [[HOSTILE]])
    with pytest.raises(SystemExit) as ended:
        fatal(FatalError(HOSTILE, "Nothing was\tsent.", "Ask another node.", Exit.BAD_DATA))
    told = capsys.readouterr()
    assert told.out.count(SHOWN) == 3
    assert told.err == f"{SHOWN}\nNothing was\tsent.\nAsk another node.\n"
    assert ended.value.code == Exit.BAD_DATA
    assert not any(one in told.out + told.err for one in "\x1b\x9b\x07\x08\x7f\u202e\u2066")
