"""`node.home`: made step by step, interrupted anywhere, never anything replaced, and no key without its guard."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from api.demo.network import Seat, make_network
from ledger.genesis import Genesis, make_genesis
from ledger.units import Ms
from node.config import load_config
from node.errors import Exit, FatalError
from node.home import Found, Home, init
from node.keys import NAMES, load_keys
from node.lock import HomeLock
from node.tls import contexts
from node.wal import Wal
from tests.simulation.disk import CrashError
from tests.support.parts import node_of
from tests.support.world import genesis, participants

TIME = Ms(1_790_000_000_000)


def small(name: str) -> bytes:
    """A genesis of one participant, which is read in a millisecond."""
    return make_genesis(
        network="dev",
        origin=f"kpledger.example/{name}",
        time=TIME,
        parameters={},
        participants=participants()[:1],
        nodes=[node_of("BW")],
        secretariat=genesis().secretariat,
        chair="BW",
    )


GENESIS, OTHER = small("one"), small("other")
LEDGER = Genesis.from_json(GENESIS).ledger_id


def contents(home: Home) -> dict[str, bytes]:
    return {str(file.relative_to(home.path)): file.read_bytes() for file in sorted(home.path.rglob("*")) if file.is_file()}


def complete(home: Home) -> None:
    """Everything that a start needs is there and whole."""
    load_keys(home.path, raw_allowed=True)
    contexts(home.tls_key, home.tls_certificate, None, [home.read_certificate()])
    assert load_config(home.path, {}).participant == "BW"
    assert home.read_genesis().ledger_id == LEDGER
    logs, key = home.logs(LEDGER), load_keys(home.path, raw_allowed=True).consensus.public
    for wal in (logs.open(0, key), Wal.open(home.guard, LEDGER)):
        assert wal.records == []
        wal.close()


def make(home: Home, genesis: bytes | None = GENESIS) -> list[Found]:
    return init(home, None, {("node", "participant"): "BW"}, genesis)


def refusal(home: Home, genesis: bytes | None = GENESIS) -> FatalError:
    with pytest.raises(FatalError) as caught:
        make(home, genesis)
    assert str(caught.value).count("\n") == 2
    return caught.value


def test_generated_then_found_and_nothing_changes(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first = make(home)
    assert [item.what for item in first] == [
        "consensus key",
        "log key",
        "cosign key",
        "TLS key",
        "TLS certificate",
        "configuration",
        "genesis",
        "consensus log",
        "cosigning log",
    ]
    assert all(item.generated and item.path.exists() for item in first)
    before = contents(home)
    second = make(home)
    assert [(item.what, item.path) for item in second] == [(item.what, item.path) for item in first]
    assert not any(item.generated for item in second)
    assert {name: data for name, data in contents(home).items() if name != "node.lock"} == {
        name: data for name, data in before.items() if name != "node.lock"
    }
    complete(home)


def test_only_the_owner_reads_the_secrets(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make(home)
    for folder in (home.path, home.keys, home.wal, home.guard):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for name in (*NAMES, "tls.key"):
        assert stat.S_IMODE((home.keys / name).stat().st_mode) == 0o600


class CrashAt:
    """The machine stops at the n-th operation on a file's name or content."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self.left = number
        for owner, name in ((os, "open"), (os, "fsync"), (os, "link"), (os, "write"), (Path, "replace"), (Path, "mkdir")):
            monkeypatch.setattr(owner, name, self._wrap(getattr(owner, name)))

    def _wrap(self, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **options: object) -> object:
            self.left -= 1
            if self.left == 0:
                raise CrashError
            return real(*args, **options)

        return call


def test_interrupted_at_any_point_it_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _handle: None)  # the process ends, not the power
    number, crashed = 0, True
    while crashed:
        number += 1
        home = Home(tmp_path / str(number))
        with monkeypatch.context() as patch:
            machine = CrashAt(patch, number)
            try:
                make(home)
            except CrashError:
                pass
            else:
                crashed = machine.left <= 0
        keys = {file.name: file.read_bytes() for file in home.keys.glob("[!.]*")} if home.keys.exists() else {}
        make(home)
        complete(home)
        assert {name: (home.keys / name).read_bytes() for name in keys} == keys
        assert not list(home.path.rglob(".*.new"))
        shutil.rmtree(home.path)
    assert number > 50


def test_a_full_disk_is_told_in_three_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert refusal(home).code is Exit.DISK
    make(home)
    complete(home)


def test_another_ledgers_genesis_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make(home)
    assert refusal(home, OTHER).code is Exit.REFUSED
    assert home.genesis.read_bytes() == GENESIS


@pytest.mark.parametrize("joined", [False, True])
def test_a_bad_genesis_is_refused(tmp_path: Path, joined: bool) -> None:
    home = Home(tmp_path / "home")
    make(home, GENESIS if joined else None)
    assert refusal(home, GENESIS[:-2]).code is Exit.BAD_DATA
    assert home.genesis.exists() is joined


def test_guards_of_an_earlier_ledger_serve_no_other(tmp_path: Path) -> None:
    """An interrupted `init` with another genesis left its guards: they bind the keys to that ledger."""
    home = Home(tmp_path / "home")
    make(home, OTHER)
    home.genesis.unlink()
    error = refusal(home)
    assert error.code is Exit.REFUSED
    assert not home.genesis.exists()


@pytest.mark.parametrize("lost", ["wal", "cosign"])
def test_a_lost_guard_is_never_made_anew(tmp_path: Path, lost: str) -> None:
    home = Home(tmp_path / "home")
    make(home)
    shutil.rmtree(home.path / lost)
    error = refusal(home)
    assert error.code is Exit.REFUSED
    assert "new key" in error.next_step
    home.data.mkdir()  # the genesis is gone, too, but the store shows that this node has run
    home.genesis.unlink()
    assert refusal(home).code is Exit.REFUSED
    assert not (home.path / lost).exists()


@pytest.mark.parametrize("name", ["consensus", "log", "cosign", "tls"])
def test_a_lost_key_that_a_ledger_knows_is_never_made_anew(tmp_path: Path, name: str) -> None:
    home = Home(tmp_path / "home")
    make(home)
    key = home.tls_key if name == "tls" else home.keys / name
    key.unlink()
    home.tls_certificate.unlink()
    error = refusal(home)
    assert error.code is Exit.BAD_CONFIGURATION
    assert "is lost" in error.happened
    assert not key.exists()


def test_a_lost_genesis_can_be_put_back_beside_its_guards(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make(home)
    home.data.mkdir()
    home.genesis.unlink()
    assert [item.what for item in make(home) if item.generated] == ["genesis"]
    complete(home)


def test_guards_of_a_running_node_are_left_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make(home)
    home.genesis.unlink()
    lock = HomeLock(home.path)
    before = contents(home)
    assert "runs the node" in refusal(home).happened
    assert contents(home) == before
    lock.release()


def test_a_certificate_without_its_key_is_not_replaced(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make(home)
    certificate = home.tls_certificate.read_bytes()
    home.tls_key.unlink()
    assert refusal(home).code is Exit.BAD_CONFIGURATION
    assert home.tls_certificate.read_bytes() == certificate


@pytest.mark.parametrize("phrase", [None, b"phrase"])
def test_a_lost_certificate_is_made_for_the_key(tmp_path: Path, phrase: bytes | None) -> None:
    home = Home(tmp_path / "home")
    home.keys.mkdir(parents=True)
    for name in NAMES:
        (home.keys / name).write_bytes(bytes(32))  # sealing each takes half a second
    init(home, phrase, {}, None)
    home.tls_certificate.unlink()
    assert [item.what for item in init(home, phrase, {}, None) if item.generated] == ["TLS certificate"]
    contexts(home.tls_key, home.tls_certificate, phrase, [home.read_certificate()])


def test_a_lost_certificate_comes_back_from_the_genesis(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make(home, None)
    certificate = home.read_certificate()
    seats = [Seat("AE", "127.0.0.1:8701", b"\x30\x02AE"), Seat("BW", "127.0.0.1:8700", certificate)]
    own = make_network(seats, TIME, seed=b"own").genesis_json
    make(home, own)
    home.tls_certificate.unlink()
    make(home, own)
    assert home.read_certificate() == certificate


def test_a_tls_key_that_is_none_is_told(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make(home, None)
    home.tls_certificate.unlink()
    home.tls_key.write_bytes(b"not a key")
    assert refusal(home, None).code is Exit.BAD_CONFIGURATION


def test_no_genesis_and_no_certificate_are_told(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    make(home, None)
    for read, spoil in ((home.read_genesis, home.genesis), (home.read_certificate, home.tls_certificate)):
        for content in (None, b"\xff\xfe"):
            if content is not None:
                spoil.write_bytes(content)
            elif spoil.exists():
                spoil.unlink()
            with pytest.raises(FatalError) as caught:
                read()
            assert caught.value.code is Exit.BAD_CONFIGURATION
            assert str(caught.value).count("\n") == 2


def test_a_setting_with_a_quote_makes_no_broken_configuration(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    url = 'https://node.example/"é\\'
    init(home, None, {("node", "participant"): "BW", ("api", "url"): url}, None)
    assert load_config(home.path, {}).api_url == url
