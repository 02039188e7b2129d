"""`fsck` of Tessera, as released, on our logs: exported and live ones of every awkward size are whole, each of 20 damages is found."""

import asyncio
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.errors import ProofError
from ledger.policy import parse_policy
from node.export import verify_log
from tests.foreign.static import ORIGIN, StaticLog
from tests.foreign.tools import go_tool

pytestmark = pytest.mark.timeout(400)


def fsck(folder: Path, url: str, key: str, *options: str) -> tuple[bool, str]:
    """Whether it accepts the log, and what it wrote. Its exit code is 0 either way: its words are the verdict."""
    file = folder / "key"
    file.write_text(key)
    command = [
        go_tool("fsck"),
        "--storage_url",
        url,
        "--public_key",
        file,
        "--origin",
        ORIGIN,
        "--ui=false",
        "-N",
        "4",
        *options,
    ]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    told = run.stdout + run.stderr
    good, bad = "Successfully fsck'd log" in told, "fsck failed" in told or run.returncode != 0
    assert good is not bad, told[-2000:]
    return good, told[-2000:]


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 70_000])
def test_an_exported_log_is_whole(tmp_path: Path, size: int) -> None:
    go_tool("fsck")
    log = StaticLog(size)
    assert log.export(tmp_path / "log").checkpoint.size == size
    accepted, told = fsck(tmp_path, f"file://{tmp_path / 'log'}/", str(log.signer.key))
    assert accepted, told


def test_a_live_log_is_whole_for_a_reader_and_closed_to_others(tmp_path: Path) -> None:
    go_tool("fsck")
    log = StaticLog(257)

    async def run() -> None:
        async with log.served() as url:
            at = f"{url}/log/"
            accepted, told = await asyncio.to_thread(fsck, tmp_path, at, str(log.signer.key), "--bearer_token", log.token)
            assert accepted, told
            accepted, _ = await asyncio.to_thread(fsck, tmp_path, at, str(log.signer.key))
            assert not accepted

    asyncio.run(run())


def flip(place: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:place] + bytes([data[place] ^ 1]) + data[place + 1 or len(data) :]


def without_line(data: bytes, number: int) -> bytes:
    return b"\n".join(line for at, line in enumerate(data.split(b"\n")) if at != number)


DAMAGES: dict[str, tuple[str, Callable[[bytes], bytes | None]]] = {
    "a byte of the first entry": ("tile/entries/000", flip(2)),
    "a byte in the middle": ("tile/entries/001", flip(70_000)),
    "the last byte of the last entry": ("tile/entries/002.p/88", flip(-1)),
    "the length of an entry": ("tile/entries/000", flip(1)),
    "an entry cut": ("tile/entries/001", lambda data: data[:-1]),
    "an entry too many": ("tile/entries/002.p/88", lambda data: data + b"\x00\x01x"),
    "an entry too few": ("tile/entries/000", lambda data: data[2 + int.from_bytes(data[:2]) :]),
    "two entries swapped": (
        "tile/entries/000",
        lambda data: data[502:1005] + data[:502] + data[1005:],
    ),
    "an empty bundle": ("tile/entries/001", lambda _data: b""),
    "no bundle": ("tile/entries/001", lambda _data: None),
    "no last bundle": ("tile/entries/002.p/88", lambda _data: None),
    "a hash of a full tile": ("tile/0/000", flip(99)),
    "a hash of a partial tile": ("tile/0/002.p/88", flip(87 * 32)),
    "a hash of the upper level": ("tile/1/000.p/2", flip(33)),
    "hashes swapped": ("tile/0/001", lambda data: data[32:64] + data[:32] + data[64:]),
    "a hash too few": ("tile/0/001", lambda data: data[:-32]),
    "a hash too many": ("tile/0/002.p/88", lambda data: data + bytes(32)),
    "half a hash": ("tile/1/000.p/2", lambda data: data[:-16]),
    "no tile": ("tile/0/001", lambda _data: None),
    "no upper tile": ("tile/1/000.p/2", lambda _data: None),
    "no checkpoint": ("checkpoint", lambda _data: None),
    "another size": ("checkpoint", lambda data: data.replace(b"\n600\n", b"\n599\n")),
    "another root": ("checkpoint", lambda data: data.replace(data.split(b"\n")[2], b"A" * 43 + b"=")),
    "another origin": ("checkpoint", lambda data: data.replace(ORIGIN.encode(), b"kpledger.example/another", 1)),
    "the log's signature gone": ("checkpoint", lambda data: without_line(data, 4)),
    "the log's signature spoilt": ("checkpoint", lambda data: data.replace(b"\n\xe2\x80\x94 kpledger.example/foreign ", b"\n\xe2\x80\x94 kpledger.example/foreign A", 1)),
}  # fmt: skip


BEYOND_THE_LOG = {"an entry too many", "a hash too many"}
"""What stands behind the last entry or hash that the checkpoint covers; fsck passes over it, our own check does not."""


def test_each_damage_is_found(tmp_path: Path) -> None:
    """By fsck, and by `log verify`."""
    assert len(DAMAGES.keys() - BEYOND_THE_LOG) >= 20
    go_tool("fsck")
    log = StaticLog(600)
    whole = tmp_path / "log"
    log.export(whole)
    key, policy = str(log.signer.key), parse_policy(log.text.encode())
    assert fsck(tmp_path, f"file://{whole}/", key)[0]
    missed = []
    for what, (name, spoil) in DAMAGES.items():
        file = whole / name
        intact = file.read_bytes()
        spoilt = spoil(intact)
        assert spoilt != intact, what
        if spoilt is None:
            file.unlink()
        else:
            file.write_bytes(spoilt)
        accepted, _ = fsck(tmp_path, f"file://{whole}/", key)
        if accepted is not (what in BEYOND_THE_LOG):
            missed.append(what)
        with pytest.raises((ProofError, FileNotFoundError)):
            verify_log(whole, policy, lambda _done, _size: None)
            pytest.fail(what)
        file.write_bytes(intact)
    assert not missed
    assert fsck(tmp_path, f"file://{whole}/", key)[0]


def test_another_key_is_not_the_logs(tmp_path: Path) -> None:
    go_tool("fsck")
    log = StaticLog(1)
    log.export(tmp_path / "log")
    other = StaticLog(0).signer.from_seed(ORIGIN, log.signer.key.kind, bytes(32)).key
    assert not fsck(tmp_path, f"file://{tmp_path / 'log'}/", str(other))[0]
