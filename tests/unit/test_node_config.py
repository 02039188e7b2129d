"""Settings: every default written out, environment overrides, unknown keys refused."""

from pathlib import Path

import pytest

from node.config import SETTINGS, Address, config_file, load_config, write_config
from node.errors import Exit, FatalError


def test_defaults_written_out_and_read_back(tmp_path: Path) -> None:
    write_config(tmp_path, {("node", "participant"): "BW"})
    text = config_file(tmp_path).read_text(encoding="utf-8")
    config = load_config(tmp_path, {})
    assert config.participant == "BW"
    assert config.api_listen == Address("127.0.0.1", 8600)
    for setting in SETTINGS:
        assert setting.help in text
        assert setting.variable in text


def test_environment_overrides(tmp_path: Path) -> None:
    write_config(tmp_path, {})
    config = load_config(
        tmp_path, {"KPLEDGER_API_LISTEN": "[::1]:9000", "KPLEDGER_API_REQUESTS_PER_SECOND": "7", "PATH": "/bin"}
    )
    assert config.api_listen == Address("::1", 9000)
    assert str(config.api_listen) == "[::1]:9000"
    assert config.requests_per_second == 7


@pytest.mark.parametrize(
    ("text", "environment", "word"),
    [
        ("[node]\nname = 'x'\n", {}, "unknown key node.name"),
        ("[nodes]\n", {}, "unknown table or key 'nodes'"),
        ("participant = 'BW'\n", {}, "unknown table or key 'participant'"),
        ("[api]\nlisten = 8600\n", {}, "api.listen must be a text"),
        ("[api]\nrequests_per_second = 'many'\n", {}, "must be a number"),
        ("[api]\nrequests_per_second = 0\n", {}, "at least 1"),
        ("[api]\nlisten = 'nowhere'\n", {}, "not host:port"),
        ("[api]\nlisten = 'h:70000'\n", {}, "not host:port"),
        ("[admin]\nlisten = '0.0.0.0:1'\n", {}, "loopback"),
        ("[log]\nlevel = 'loud'\n", {}, "log.level"),
        ("not toml", {}, "cannot be read"),
        ("", {"KPLEDGER_API_LISTN": "x"}, "unknown environment variable KPLEDGER_API_LISTN"),
    ],
)
def test_refused(tmp_path: Path, text: str, environment: dict[str, str], word: str) -> None:
    config_file(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(FatalError) as error:
        load_config(tmp_path, environment)
    assert word in error.value.happened
    assert error.value.code is Exit.BAD_CONFIGURATION


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="no configuration"):
        load_config(tmp_path, {})
