"""`ledger.witness`, `node.witness`, `api.witness`: who asks for a cosignature gets it exactly when the log only grew.

The vectors of others run over real HTTP; a forked log is refused, each way of forking with its own error; what was signed is
durable before the signature, whatever happens then.
"""

import asyncio
import contextlib
import errno
import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.app import create_app
from api.errors import NotReady
from ledger.checkpoint import Checkpoint, cosignature_time
from ledger.errors import (
    BadSignatureError,
    InconsistentError,
    LogSignatureMissingError,
    MalformedCheckpointError,
    MalformedNoteError,
    MalformedRequestError,
    ProofError,
    StaleSizeError,
    TwoRootsError,
    UnknownLogError,
)
from ledger.merkle import EMPTY_ROOT
from ledger.note import Note, Signature, parse_note, parse_signatures, parse_vkey, verify_signature
from ledger.policy import PolicyLog
from ledger.witness import MAX_REQUEST_BYTES, AddCheckpoint, check_growth, check_signatures, parse_add_checkpoint
from node import witness as module
from node.errors import FatalError, WalFailedError
from node.guard import log_id
from node.keyring import witness_key
from node.witness import NO_ONE, read_outside
from tests.conftest import shared
from tests.support.http import ask, running
from tests.support.parts import memory, until
from tests.support.port import local_port
from tests.support.witnesses import OtherLog, witness_of


def vectors(name: str):
    return json.loads(shared("data/tlog/witness_add_checkpoint.json").read_text())[name]


@contextlib.contextmanager
def witness(folder, *logs: PolicyLog, disk=None):
    """A port whose witness cosigns these logs too; its cosigner does not run unless a test runs it."""
    with local_port(folder, cosigning=False) as port:
        port.witness, cosigner = witness_of(port.ledger, port.network.keys["BW"], disk or memory(), logs)
        port.cosigner = cosigner
        try:
            yield port
        finally:
            cosigner.close()


def own_key(port):
    return witness_key("BW", port.ledger.network.node("BW").cosign)


def play(folder, work, *logs: PolicyLog, disk=None) -> None:
    async def whole(port) -> None:
        async with asyncio.timeout(60):
            await work(port)

    with witness(folder, *logs, disk=disk) as port:
        asyncio.run(whole(port))


def cosigned(port, answer: str, note: Note) -> Signature:
    """The one line of an answer, which verifies over the note's text."""
    (line,) = parse_signatures(answer.encode())
    verify_signature(own_key(port), note.text, line)
    return line


class TestRequest:
    def test_round_trip(self):
        log = OtherLog(entries=[b"a", b"b", b"c"])
        request = log.request(2)
        assert parse_add_checkpoint(request.encode()) == request
        assert request.path

    @pytest.mark.parametrize(
        "change",
        [
            lambda body: body.replace(b"old 2", b"old 02"),
            lambda body: body.replace(b"old 2", b"old  2"),
            lambda body: body.replace(b"old 2", b"old -1"),
            lambda body: body.replace(b"old 2", b"Old 2"),
            lambda body: body.replace(b"old 2", b"2"),
            lambda body: body.replace(b"old 2", b"old 9223372036854775808"),
            lambda body: body.replace(b"old 2\n", b""),
            lambda body: body.replace(b"old 2\n", b"old 2\nAAAA\n"),
            lambda body: body.replace(b"old 2\n", b"old 2\n\xff\n"),
            lambda body: body.replace(b"old 2\n", b"old 2\n" + b"A" * 43 + b"=\n" + b"A" * 42 + b"B=\n"),
            lambda body: body.replace(b"old 2\n", b"old 2\n" + (b"A" * 43 + b"=\n") * 63),
            lambda body: body.replace(b"\n\n", b"\n"),
            lambda _body: b"",
            lambda body: body + b"x" * MAX_REQUEST_BYTES,
        ],
    )
    def test_malformed(self, change):
        body = OtherLog(entries=[b"a", b"b", b"c"]).request(2).encode()
        changed = change(body)
        assert changed != body
        with pytest.raises((MalformedRequestError, MalformedNoteError)):
            parse_add_checkpoint(changed)

    @given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
    def test_any_bytes_are_a_request_or_a_typed_error(self, junk, where, byte):
        body = OtherLog(entries=[b"a", b"b", b"c"]).request(2).encode()
        for data in (junk, body[:where] + bytes([byte]) + body[where + 1 :]):
            try:
                request = parse_add_checkpoint(data)
                checkpoint = check_signatures(request, lambda _origin: [OtherLog().signer.key])
                check_growth(request, checkpoint, 2, OtherLog(entries=[b"a", b"b"]).tree().root(2))
            except ProofError:
                continue
            assert (request.old, checkpoint.size) == (2, 3)


class TestVectors:
    def test_the_sequence_of_others(self, tmp_path):
        """Eleven requests in order against one fresh witness, over HTTP."""
        told = vectors("sequence")

        async def work(port):
            async with running(create_app(port), port.limits) as at:
                for case in told["cases"]:
                    reply = await ask(at, "POST", "/log/add-checkpoint", case["body"].encode())
                    assert reply.status in {case["status"], case.get("status_alt")}, case["name"]
                    if reply.status == 200:
                        note = parse_note(case["body"].split("\n\n", 1)[1].encode())
                        cosigned(port, reply.body.decode(), note)
                        assert reply.headers["content-type"] == "text/plain; charset=utf-8"
                    elif reply.status == 409:
                        assert reply.body.decode() == case["body_contains"]
                        assert reply.headers["content-type"] == "text/x.tlog.size"
                    else:
                        assert reply.headers["content-type"] == "application/problem+json"
                    assert reply.headers["cache-control"] == "no-store"

        play(tmp_path, work, PolicyLog(parse_vkey(told["log_vkey"])))

    def test_the_other_log_of_others(self, tmp_path):
        told = vectors("monkeys")
        five, eight = (parse_note(told[f"checkpoint_{size}"].encode()) for size in (5, 8))
        path = tuple(bytes.fromhex(item) for item in told["consistency_5_8_hex"])

        async def work(port):
            add = port.witness.add_checkpoint
            cosigned(port, await add(AddCheckpoint(0, (), five).encode()), five)
            with pytest.raises(InconsistentError):
                await add(AddCheckpoint(5, path[:-1], eight).encode())
            with pytest.raises(InconsistentError):
                await add(AddCheckpoint(5, path[::-1], eight).encode())
            cosigned(port, await add(AddCheckpoint(5, path, eight).encode()), eight)
            with pytest.raises(StaleSizeError) as caught:
                await add(AddCheckpoint(5, path, eight).encode())
            assert caught.value.size == 8
            cosigned(port, await add(AddCheckpoint(8, (), eight).encode()), eight)
            with pytest.raises(MalformedRequestError):
                await add(AddCheckpoint(8, (), five).encode())

        play(tmp_path, work, PolicyLog(parse_vkey(told["log_vkey"])))


class TestOtherLogs:
    def test_growth_is_cosigned_and_each_step_is_kept(self, tmp_path):
        log = OtherLog()

        async def work(port):
            held = 0
            for size in (0, 1, 2, 7, 8, 300):
                log.entries += [bytes([n % 251]) * 3 for n in range(len(log.entries), size)]
                request = log.request(held)
                line = cosigned(port, await port.witness.add_checkpoint(request.encode()), request.note)
                assert abs(cosignature_time(line) - module.time.time()) < 60
                held = size
                shown = parse_note(port.witnessed(log_id(log.origin)).encode())
                assert shown.signatures == (*request.note.signatures, line)
            assert port.cosigner.guard.signed(log_id(log.origin)) == (300, log.tree().root(300))

        play(tmp_path, work, log.policy_log)

    def test_a_log_that_forked_is_refused_each_way_with_its_own_error(self, tmp_path):
        log = OtherLog(entries=[b"a", b"b", b"c", b"d"])
        forked = OtherLog(entries=[b"a", b"B", b"c", b"d", b"e"])

        async def work(port):
            add = port.witness.add_checkpoint
            await add(log.request(0).encode())
            with pytest.raises(TwoRootsError):  # two heads for one size
                await add(AddCheckpoint(4, (), forked.note(4)).encode())
            with pytest.raises(InconsistentError):  # a rewritten leaf
                await add(forked.request(4).encode())
            with pytest.raises(StaleSizeError) as stale:  # a shrunk tree, at its own size
                await add(AddCheckpoint(2, (), log.note(2)).encode())
            assert stale.value.size == 4
            with pytest.raises(MalformedRequestError):  # and begun where the witness is
                await add(AddCheckpoint(4, (), log.note(2)).encode())
            log.entries.append(b"e")
            await add(log.request(4).encode())
            assert port.cosigner.guard.signed(log_id(log.origin))[0] == 5

        play(tmp_path, work, log.policy_log)

    def test_each_status_of_the_specification_over_http(self, tmp_path):
        log = OtherLog(entries=[b"a", b"b", b"c"])
        stranger = OtherLog("example.org/stranger", entries=[b"a"])
        impostor = OtherLog(log.origin, b"\x01" * 32, [b"a"])
        flawed = log.request(0)
        (line,) = flawed.note.signatures
        spoilt = Signature(line.name, line.key_id, line.value[:-1] + bytes([line.value[-1] ^ 1]))
        cases = {
            "malformed": (b"old 0\n", 400, "witness-request"),
            "no checkpoint": (AddCheckpoint(0, (), Note(b"x\n", (line,))).encode(), 400, "witness-request"),
            "unknown": (stranger.request(0).encode(), 404, "log-unknown"),
            "another's key": (impostor.request(0).encode(), 403, "log-signature"),
            "bad signature": (AddCheckpoint(0, (), Note(flawed.note.text, (spoilt,))).encode(), 403, "log-signature"),
            "good and bad": (AddCheckpoint(0, (), Note(flawed.note.text, (line, spoilt))).encode(), 403, "log-signature"),
            "old beyond": (AddCheckpoint(4, (), log.note()).encode(), 400, "witness-request"),
            "proof from zero": (AddCheckpoint(0, (bytes(32),), log.note()).encode(), 422, "not-consistent"),
            "empty with a root": (log.request(0, 0, bytes(32)).encode(), 422, "not-consistent"),
            "too large": (b"old 0\n" + b"x" * MAX_REQUEST_BYTES, 413, "body-too-large"),
        }

        async def work(port):
            async with running(create_app(port), port.limits) as at:
                for name, (body, status, code) in cases.items():
                    reply = await ask(at, "POST", "/log/add-checkpoint", body)
                    assert (reply.status, reply.json()["error"]) == (status, code), name
                path = f"/log/{log_id(log.origin).hex()}/checkpoint"
                assert (await ask(at, "GET", path)).status == 404, "nothing was cosigned by then"
                assert (await ask(at, "POST", "/log/add-checkpoint", log.request(0).encode())).status == 200
                reply = await ask(at, "POST", "/log/add-checkpoint", AddCheckpoint(3, (), log.note(3, bytes(32))).encode())
                assert (reply.status, reply.json()["error"]) == (422, "two-roots")
                shown = await ask(at, "GET", path)
                assert (shown.status, shown.headers["cache-control"]) == (200, "no-store")
                assert parse_note(shown.body).text == log.note().text
                for bad in (path.upper().replace("/LOG/", "/log/").replace("/CHECKPOINT", "/checkpoint"), "/log/00/checkpoint"):
                    assert (await ask(at, "GET", bad)).status == 404
                assert (await ask(at, "GET", "/log/add-checkpoint")).status == 405

        play(tmp_path, work, log.policy_log)

    def test_signatures_of_others_on_the_note_are_passed_over(self, tmp_path):
        log = OtherLog(entries=[b"a"])
        text = log.note().text
        stranger = OtherLog("example.org/stranger").signer.sign(text)

        async def work(port):
            note = Note(text, (stranger, *log.note().signatures))
            cosigned(port, await port.witness.add_checkpoint(AddCheckpoint(0, (), note).encode()), note)
            assert stranger not in parse_note(port.witnessed(log_id(log.origin)).encode()).signatures

        play(tmp_path, work, log.policy_log)

    def test_requests_at_once_are_answered_one_after_the_other(self, tmp_path):
        """The race of the specification: the smaller of two proven steps never replaces the larger."""
        log = OtherLog(entries=[bytes([n]) for n in range(9)])

        async def work(port):
            await port.witness.add_checkpoint(log.request(0, 3).encode())
            bodies = [log.request(3, size).encode() for size in (9, 5, 7, 4)]
            answers = await asyncio.gather(*map(port.witness.add_checkpoint, bodies), return_exceptions=True)
            taken = [answer for answer in answers if isinstance(answer, str)]
            assert len(taken) == 1
            assert all(isinstance(answer, str | StaleSizeError) for answer in answers)
            held = port.cosigner.guard.signed(log_id(log.origin))[0]
            assert all(answer.size == held for answer in answers if isinstance(answer, StaleSizeError))

        play(tmp_path, work, log.policy_log)


class TestGuard:
    def test_durable_before_it_is_given(self, tmp_path):
        log, disk = OtherLog(entries=[b"a", b"b"]), memory()
        events = []
        disk.before = events.append

        async def work(port):
            events.clear()
            await port.witness.add_checkpoint(log.request(0).encode())
            assert "sync" in events

        play(tmp_path / "one", work, log.policy_log, disk=disk)

        async def restarted(port):
            with pytest.raises(StaleSizeError) as caught:
                await port.witness.add_checkpoint(log.request(0).encode())
            assert caught.value.size == 2
            with pytest.raises(TwoRootsError):
                await port.witness.add_checkpoint(AddCheckpoint(2, (), log.note(2, bytes(32))).encode())

        play(tmp_path / "two", restarted, log.policy_log, disk=disk)

    def test_what_cannot_be_made_durable_is_not_signed(self, tmp_path):
        log, disk = OtherLog(entries=[b"a"]), memory()

        async def work(port):
            def fail(event):
                raise OSError(errno.EIO, event)

            disk.before = fail
            with pytest.raises(WalFailedError):
                await port.witness.add_checkpoint(log.request(0).encode())
            assert port.cosigner.guard.signed(log_id(log.origin)) == (-1, b"")
            assert port.witnessed(log_id(log.origin)) is None

        play(tmp_path, work, log.policy_log, disk=disk)

    def test_a_new_segment_forgets_no_log(self, tmp_path, monkeypatch):
        monkeypatch.setattr("node.guard._ROTATE_BYTES", 300)
        logs, disk = [OtherLog(f"example.org/{n}", entries=[b"a"] * 30) for n in range(3)], memory()

        async def work(port):
            for size in range(1, 12):
                for log in logs[:1] if size > 1 else logs:
                    await port.witness.add_checkpoint(log.request(size - 1, size).encode())
                await port.cosigner.guard.remember(size, bytes(32))

        play(tmp_path / "one", work, *(log.policy_log for log in logs), disk=disk)

        async def restarted(port):
            held = [port.cosigner.guard.signed(log_id(log.origin))[0] for log in logs]
            assert (held, port.cosigner.guard.signed()[0]) == ([11, 1, 1], 11)

        play(tmp_path / "two", restarted, disk=disk)


class TestOwnLog:
    """Its own ledger's log it cosigns as it executes it: nobody can make it sign ahead."""

    def request(self, port, old: int, size: int, root: bytes | None = None) -> AddCheckpoint:
        text = Checkpoint(port.ledger.origin, size, port.ledger.root_at(size) if root is None else root).text()
        return AddCheckpoint(old, (), Note(text, (port._log_signer("RU").sign(text),)))

    def test_what_was_cosigned_is_cosigned_again_and_nothing_ahead(self, tmp_path):
        async def work(port):
            add = port.witness.add_checkpoint
            with pytest.raises(NotReady):
                await add(self.request(port, 0, 0).encode())
            run = asyncio.ensure_future(port.cosigner.run())
            await until(lambda: port.cosigner.own)
            request = self.request(port, 0, 0)
            cosigned(port, await add(request.encode()), request.note)
            with pytest.raises(NotReady):  # well signed and proven, and not executed here
                await add(self.request(port, 0, 1, bytes(32)).encode())
            assert port.cosigner.guard.signed() == (0, EMPTY_ROOT)
            with pytest.raises(InconsistentError):
                await add(self.request(port, 0, 0, bytes(32)).encode())
            with pytest.raises(StaleSizeError):
                await add(self.request(port, 1, 1, bytes(32)).encode())
            run.cancel()

        play(tmp_path, work)

    def test_only_keys_of_its_nodes_count(self, tmp_path):
        async def work(port):
            text = self.request(port, 0, 0).note.text
            stranger = OtherLog(port.ledger.origin, hashlib.sha256(b"stranger").digest()).signer
            with pytest.raises(LogSignatureMissingError):
                await port.witness.add_checkpoint(AddCheckpoint(0, (), Note(text, (stranger.sign(text),))).encode())

        play(tmp_path, work)


def test_rules_are_asked_in_their_order():
    log = OtherLog(entries=[b"a"])
    note = log.note(root=bytes(32))
    with pytest.raises(UnknownLogError):
        check_signatures(AddCheckpoint(9, (), note), lambda _origin: [])
    with pytest.raises(LogSignatureMissingError):
        check_signatures(AddCheckpoint(9, (), note), lambda _origin: [OtherLog("b.example/x").signer.key])
    (line,) = note.signatures
    with pytest.raises(BadSignatureError):
        wrong = Note(note.text, (Signature(line.name, line.key_id, bytes(64)),))
        check_signatures(AddCheckpoint(9, (), wrong), lambda _origin: [log.signer.key])
    with pytest.raises(MalformedRequestError):
        check_signatures(AddCheckpoint(9, (), note), lambda _origin: [log.signer.key])
    with pytest.raises(MalformedCheckpointError):
        check_signatures(AddCheckpoint(0, (), Note(b"x\n", (line,))), lambda _origin: [log.signer.key])


class TestSetting:
    def write(self, folder, text):
        (folder / "outside").write_text(text)
        return read_outside(folder, "outside", "own.example/log")

    def test_logs_and_witnesses(self, tmp_path):
        log = OtherLog().policy_log.key
        policy = self.write(tmp_path, f"log {log}\nquorum none\n")
        assert [other.key for other in policy.logs] == [log]
        assert read_outside(tmp_path, "", "own.example/log") is NO_ONE

    def test_what_cannot_be_used(self, tmp_path):
        own = OtherLog("own.example/log").policy_log.key
        key = witness_key("BW", bytes(range(32)))
        for text in (f"log {own}\nquorum none\n", f"witness a {key}\nquorum none\n", "nonsense\n"):
            with pytest.raises(FatalError):
                self.write(tmp_path, text)
        with pytest.raises(FatalError):
            read_outside(tmp_path, "missing", "own.example/log")
