"""`node.feeder`: our checkpoints at outside witnesses, their cosignatures in ours; witnesses that are away, ahead, forged or odd."""

import asyncio
import base64
import contextlib
import json
import socket
from pathlib import Path

import pytest
from quart import Quart, Response, request

from api.app import create_app
from api.limits import ApiLimits
from ledger.checkpoint import parse_checkpoint
from ledger.errors import StoreError
from ledger.note import Note, SignatureType, Signer, parse_note, parse_vkey, verify_signature
from ledger.policy import PolicyLog, PolicyWitness
from ledger.witness import parse_add_checkpoint
from node import feeder as module
from node.feeder import Feeder
from node.keyring import log_key, witness_key
from tests.foreign.tools import go_tool
from tests.support.http import running as serving
from tests.support.parts import memory, node_keys, running, until
from tests.support.port import local_port
from tests.support.witnesses import witness_of
from tests.support.world import VALIDATORS, World
from tests.unit.test_node_cosigner import ME, Signing


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEED_WAIT_SECONDS", (0.02, 0.05))


class Feeding:
    """A cosigner of BW whose checkpoints are fed to these witnesses."""

    def __init__(self, signing: Signing, witnesses: list[PolicyWitness]) -> None:
        self.signing = signing
        self.feeder = Feeder(signing.world.ledger, signing.cosigner, witnesses)
        signing.cosigner.on_quorum = lambda _size: self.feeder.grown()
        self.grown = 0

    async def grow(self, count: int = 1) -> int:
        """Certificates in one block, and a quorum's word on it; the new size."""
        numbers = [f"BW{self.grown + n + 1:07d}" for n in range(count)]
        self.grown += count
        await self.signing.grow(*numbers)
        for code in VALIDATORS[1:3]:
            self.signing.receive(code)
        return self.signing.world.ledger.head.tree_size

    def note(self, size: int | None = None) -> Note:
        return parse_note(self.signing.cosigner.quorum_checkpoint(size).encode())

    def has(self, name: str, size: int | None = None) -> bool:
        return any(line.name == name for line in self.note(size).signatures)


def play(tmp_path: Path, work, witnesses) -> None:
    """`work(feeding)` while `witnesses` (a context that gives them) are there."""

    async def whole() -> None:
        async with asyncio.timeout(60):
            with World.make(tmp_path / "own") as world:
                async with witnesses(world) as found, Signing(world) as signing:
                    feeding = Feeding(signing, found)
                    async with running(feeding.feeder.run()):
                        await work(feeding)

    asyncio.run(whole())


def our_log(world: World) -> PolicyLog:
    return PolicyLog(log_key(world.ledger.origin, node_keys(ME).log.public))


def test_a_node_of_another_ledger_cosigns_our_growth(tmp_path: Path) -> None:
    """Another ledger's node, as its operator lists our log: its cosignature is in our quorum checkpoint of each size."""
    key = None

    @contextlib.asynccontextmanager
    async def another(world: World):
        nonlocal key
        with local_port(tmp_path / "theirs", cosigning=False) as port:
            port.witness, cosigner = witness_of(port.ledger, port.network.keys["RU"], memory(), [our_log(world)], "RU")
            key = witness_key("RU", port.ledger.network.node("RU").cosign)
            async with serving(create_app(port), port.limits) as at:
                yield [PolicyWitness("ngo", key, f"http://127.0.0.1:{at}/log/")]
            cosigner.close()

    async def work(feeding: Feeding) -> None:
        for count in (1, 3, 1):
            size = await feeding.grow(count)
            await until(lambda size=size: feeding.feeder.sizes.get("ngo") == size)
            note = feeding.note()
            (line,) = [line for line in note.signatures if line.is_by(key)]
            verify_signature(key, note.text, line)
            assert feeding.signing.cosigner.quorum_size == size
        assert feeding.signing.signers()[:3] == [ME, *VALIDATORS[1:3]], "those that count stand first"
        feeding.signing.receive("AE")
        assert feeding.has(key.name), "a later cosignature makes the note fuller, never poorer"
        feeding.feeder.sizes.clear()  # as after a restart
        size = await feeding.grow()
        await until(lambda: feeding.has(key.name, size))

    play(tmp_path, work, another)


@contextlib.asynccontextmanager
async def odd(answer):
    """A witness that answers as a test says: `answer(request)` to (status, body)."""
    app = Quart("odd")
    signer = Signer.from_seed("odd.example/w", SignatureType.COSIGNATURE, bytes(range(32)))

    @app.post("/w/add-checkpoint")
    async def add() -> Response:
        body = await request.get_data()
        status, data = answer(parse_add_checkpoint(body), signer)
        return Response(data, status)

    async with serving(app, ApiLimits()) as at:
        yield PolicyWitness("odd", signer.key, f"http://127.0.0.1:{at}/w")


def test_what_a_witness_answers_wrongly_is_never_merged_and_it_is_asked_again(tmp_path: Path) -> None:
    told = []
    stranger = Signer.from_seed("odd.example/w", SignatureType.COSIGNATURE, bytes(32))

    def forged(note: Note, signer: Signer) -> str:
        good = signer.sign(note.text, 5)
        return type(good)(good.name, good.key_id, good.value[:-1] + bytes([good.value[-1] ^ 1])).line()

    answers = [
        lambda _note, _signer: (500, "no"),
        lambda _note, _signer: (200, ""),
        lambda _note, _signer: (200, "nonsense"),
        lambda note, _signer: (200, stranger.sign(note.text, 5).line()),
        lambda note, signer: (200, forged(note, signer)),
        lambda note, signer: (200, signer.sign(note.text.replace(b"\n1\n", b"\n2\n"), 5).line()),
        lambda _note, _signer: (409, "99\n"),
        lambda _note, _signer: (409, "nine\n"),
        lambda _note, _signer: (409, "0\n"),
        lambda _note, _signer: (409, "0\n"),
        lambda note, signer: (200, stranger.sign(note.text, 5).line() + signer.sign(note.text, 6).line()),
    ]

    def answer(asked, signer):
        told.append(asked.old)
        return answers.pop(0)(asked.note, signer)

    @contextlib.asynccontextmanager
    async def one(_world: World):
        async with odd(answer) as witness:
            yield [witness]

    async def work(feeding: Feeding) -> None:
        await feeding.grow()
        while answers:
            assert not feeding.has("odd.example/w")
            await asyncio.sleep(0.01)
        await until(lambda: feeding.has("odd.example/w"))
        lines = [line for line in feeding.note().signatures if line.name == "odd.example/w"]
        assert [line.key_id for line in lines] == [
            Signer.from_seed("odd.example/w", SignatureType.COSIGNATURE, bytes(range(32))).key.key_id
        ]
        assert set(told) == {0}

    play(tmp_path, work, one)


def test_one_that_is_away_holds_up_nobody(tmp_path: Path) -> None:
    @contextlib.asynccontextmanager
    async def two(_world: World):
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))  # and does not listen
            away = PolicyWitness(
                "away",
                Signer.from_seed("a", SignatureType.COSIGNATURE, bytes(32)).key,
                f"http://127.0.0.1:{sock.getsockname()[1]}",
            )
            async with odd(lambda asked, signer: (200, signer.sign(asked.note.text, 7).line())) as witness:
                yield [away, witness]

    async def work(feeding: Feeding) -> None:
        for size in (1, 2):
            assert await feeding.grow() == size
            await until(lambda size=size: feeding.feeder.sizes.get("odd") == size)
        assert "away" not in feeding.feeder.sizes

    play(tmp_path, work, two)


def test_a_store_that_fails_ends_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise StoreError("damaged")

    async def whole() -> None:
        with World.make(tmp_path / "own") as world:
            async with (
                odd(lambda asked, signer: (200, signer.sign(asked.note.text, 7).line())) as witness,
                Signing(world) as signing,
            ):
                feeding = Feeding(signing, [witness])
                task = asyncio.ensure_future(feeding.feeder.run())
                monkeypatch.setattr(signing.cosigner, "add_outside", fail)
                await feeding.grow()
                with pytest.raises(StoreError):
                    await asyncio.wait_for(task, 10)

    asyncio.run(whole())


def test_a_restart_keeps_every_cosignature_of_a_size(tmp_path: Path) -> None:
    """A process begins with what the one before had collected, outside witnesses' word and that of nodes that are away now."""
    disk = memory()
    signer = Signer.from_seed("ngo.example/w", SignatureType.COSIGNATURE, bytes(32))

    async def life(first: bool) -> Note:
        with World.make(tmp_path) as world:
            async with Signing(world, disk) as signing:
                if first:
                    await signing.grow("BW0000001")
                for code in VALIDATORS[1:] if first else VALIDATORS[1:3]:
                    signing.receive(code, time=1_000 if first else 2_000)
                if first:
                    checkpoint = parse_checkpoint(parse_note(signing.cosigner.quorum_checkpoint().encode()).text)
                    signing.cosigner.add_outside(checkpoint, signer.sign(checkpoint.text(), 9))
                return parse_note(signing.cosigner.quorum_checkpoint().encode())

    before, after = asyncio.run(life(True)), asyncio.run(life(False))
    assert len(before.signatures) == 1 + len(VALIDATORS) + 1
    assert {line.name for line in after.signatures} == {line.name for line in before.signatures}


def test_an_outside_cosignature_of_a_size_long_past_is_merged_once(tmp_path: Path) -> None:
    disk = memory()
    signer = Signer.from_seed("ngo.example/w", SignatureType.COSIGNATURE, bytes(32))

    async def work() -> None:
        with World.make(tmp_path) as world:
            async with Signing(world, disk) as signing:
                await signing.grow("BW0000001")
                for code in VALIDATORS[1:3]:
                    signing.receive(code)
                checkpoint = parse_checkpoint(parse_note(signing.cosigner.quorum_checkpoint(1).encode()).text)
                signing.cosigner._rounds.clear()
                for seconds in (9, 10):
                    signing.cosigner.add_outside(checkpoint, signer.sign(checkpoint.text(), seconds))
                lines = [
                    line
                    for line in parse_note(signing.cosigner.quorum_checkpoint(1).encode()).signatures
                    if line.is_by(signer.key)
                ]
                assert lines == [signer.sign(checkpoint.text(), 10)]

    asyncio.run(work())


@pytest.mark.timeout(400)
def test_an_unmodified_omniwitness_cosigns_our_growth(tmp_path: Path) -> None:
    """The public witness network's own program, as released, with nothing but our log's key and address in its configuration."""
    binary = go_tool("omniwitness")
    public = []

    @contextlib.asynccontextmanager
    async def omniwitness(world: World):
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            two.bind(("127.0.0.1", 0))
            listen, metrics = (f"127.0.0.1:{sock.getsockname()[1]}" for sock in (one, two))
        signer = Signer.from_seed("omni.example/w", SignatureType.ED25519, b"\x07" * 32)
        secret = "PRIVATE+KEY+omni.example/w+{}+{}".format(
            signer.key.key_id.hex(), base64.b64encode(b"\x01" + b"\x07" * 32).decode()
        )
        (tmp_path / "key").write_text(secret)
        # JSON is YAML
        logs = [
            {
                "Origin": world.ledger.origin,
                "URL": "http://127.0.0.1:9/",
                "PublicKey": str(our_log(world).key),
                "Feeder": "none",
            }
        ]
        (tmp_path / "logs.yaml").write_text(json.dumps({"Logs": logs}))
        output = (tmp_path / "omniwitness.log").open("wb")
        process = await asyncio.create_subprocess_exec(
            binary, "--listen", listen, "--metrics_listen", metrics, "--private_key_path", tmp_path / "key",
            "--additional_logs", tmp_path / "logs.yaml", "--db_file", tmp_path / "db", "-logtostderr",
            stderr=output,
        )  # fmt: skip
        key = Signer.from_seed("omni.example/w", SignatureType.COSIGNATURE, b"\x07" * 32).key
        public.append(key)
        try:
            yield [PolicyWitness("omni", key, f"http://{listen}")]
        finally:
            process.terminate()
            await process.wait()
            output.close()

    async def work(feeding: Feeding) -> None:
        for count in (1, 1, 5, 20):
            size = await feeding.grow(count)
            try:
                await until(lambda size=size: feeding.feeder.sizes.get("omni") == size, 20)
            except TimeoutError:
                raise AssertionError((tmp_path / "omniwitness.log").read_text()) from None
            note = feeding.note(size)
            (line,) = [line for line in note.signatures if line.is_by(public[0])]
            verify_signature(parse_vkey(str(public[0])), note.text, line)

    play(tmp_path, work, omniwitness)
