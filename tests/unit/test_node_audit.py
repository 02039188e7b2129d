"""`node.audit`: a small ledger exported over real HTTP and audited from the files; every way to spoil them has its own error."""

import asyncio
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from api.app import create_app
from api.auth import TokenBook
from consensus.messages import Block, Certificate, block_digest, decode, decode_block, encode
from ledger.bodies import PositionBody, ProposeBody
from ledger.entries import JudgementEntry
from ledger.errors import Code
from ledger.findings import Finding, Severity, Status
from ledger.genesis import Genesis
from ledger.policy import Policy, parse_policy
from ledger.record import parse_record, record_id, sign_statement
from node.audit import errors, frames
from node.audit.errors import AuditError, Place
from node.audit.export import Exported, export_ledger
from node.audit.frames import Frame
from node.audit.report import Report
from node.audit.verify import Trusted, verify_export
from node.client import Client, ProblemError
from node.errors import FatalError
from tests.support.agreed import Agreed, genesis_text
from tests.support.http import running
from tests.support.port import SEATS, LocalPort
from tests.support.world import DAY_MS, START, World, genesis, seed

KEYS = {code: {name: seed(f"{code}/{name}") for name in ("log", "cosign")} for code in SEATS}
QUIET = Trusted()


class Served:
    """A world on which validators agree, behind HTTP."""

    def __init__(self, world: World, text: bytes) -> None:
        self.world = world
        self.text = text
        self.agreed = Agreed(world)
        network = SimpleNamespace(genesis=world.ledger.genesis, keys=KEYS)
        self.port = LocalPort(world.ledger, network, TokenBook(None), clock=world.now)
        self.token = self.port.tokens.issue("auditor", world.now)
        self.app = create_app(self.port)

    def export(self, directory: Path, token: str | None = None, text: bytes | None = None) -> Exported:
        async def run() -> Exported:
            async with (
                running(self.app, self.port.limits) as at,
                Client(f"http://127.0.0.1:{at}", self.token if token is None else token) as client,
                asyncio.timeout(60),
            ):
                return await export_ledger(client, directory, text or self.text, lambda _done, _size: None)

        return asyncio.run(run())


@dataclass
class Story:
    """What the fixture made."""

    served: Served
    directory: Path
    policy: Policy


def first_part(served: Served) -> None:
    """Certificates, refusals, blocks without a FINAL of their own, views that came to nothing, findings."""
    world, block = served.world, served.agreed.block
    one, two = world.issue(), world.issue(number="BW0000002", author="BW")
    twice = world.issue(number="BW0000001", author="BW")
    assert [judged.refusal is None for judged in block(one, two, twice).judgements] == [True, True, False]
    late = world.issue(number="RU0000001", issued="2026-02-10", validated="2026-02-10", expires="2026-03-30")
    block(world.confirm(one), late, final=False)
    block(final=False)
    differs = world.confirm(two, outcome="discrepancy", parcels=1)
    block(differs, one, twice, skipped=2)  # `one` is in the log, `twice` is refused again
    for part in range(3):
        block(*(world.issue(number=f"BW{number:07d}") for number in range(10 + 5 * part, 15 + 5 * part)), final=part == 2)
    served.port.cosign()


def second_part(served: Served) -> None:
    """An epoch with other validators, and records in it; its first block comes to be final in a later view."""
    world, block = served.world, served.agreed.block
    block(world.node_set("RU", validator=False))
    block(*(world.node_ready(code) for code in ("BW", "EU", "AE")))
    assert world.ledger.scheduled
    block(final=False, behind=1)
    block(again=True)
    assert world.ledger.network.epoch.number == 1
    block(world.issue(number="EU0000001", lines=(world.line(500, "710231", ("BE",)),)), world.issue(number="BW0000030"))
    block(world.issue(number="BW0000031"), world.issue(number="BW0000032", destination="BW"))
    served.port.cosign()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("audit")
    text = genesis_text(genesis())
    with World.make(folder / "ledger", Genesis.from_json(text)) as world:
        served = Served(world, text)
        first_part(served)
        served.export(folder / "export")
        second_part(served)
        exported = served.export(folder / "export")
        assert (exported.kept, exported.fetched) == (7, 6)
        yield Story(served, folder / "export", parse_policy(served.port.policy().encode()))


@pytest.fixture
def copy(story: Story, tmp_path: Path) -> Path:
    return Path(shutil.copytree(story.directory, tmp_path / "export"))


def audit(directory: Path, trusted: Trusted = QUIET) -> Report:
    return verify_export(directory, trusted, lambda _done, _size: None, processes=0)


# --- what holds -------------------------------------------------------------------------------------------------------


def test_an_export_holds_and_says_what_was_checked(story: Story) -> None:
    told: list[tuple[int, int]] = []
    trusted = Trusted(story.served.text, story.policy)
    report = verify_export(story.directory, trusted, lambda done, size: told.append((done, size)), processes=0)
    head = story.served.world.ledger.head
    assert told == [(height, 13) for height in range(1, 14)]
    assert (report.height, report.tree_size, report.root) == (head.height, head.tree_size, head.root.hex())
    assert report.state == head.state.hex()
    assert (report.blocks, report.finals, report.epochs, report.marks) == (13, 8, 2, 13)
    assert report.votes == 3 * 6 + 2 * 2
    assert report.accepted == report.checkpoint_size == head.tree_size
    assert (report.refused, report.repeated) == (3, 1)
    assert report.refusals == {"number-used": 2, "destination-is-issuer": 1}
    assert (report.judgements, report.unstated) == (report.records - 1, 1)
    assert report.findings == len(story.served.world.ledger.findings_by_name()) >= 3
    assert report.newer == 0
    assert report.witnesses == ["BW", "EU", "RU"]
    assert report.as_json()["valid"] is True
    assert len(report.lines()) > 10


def test_processes_that_check_signatures_say_the_same(story: Story) -> None:
    report = verify_export(story.directory, QUIET, lambda _done, _size: None, processes=1)
    assert report.votes == audit(story.directory).votes


def test_again_costs_only_what_is_new_and_gives_the_same_answer(story: Story, tmp_path: Path) -> None:
    again = story.served.export(tmp_path / "export")
    assert (again.kept, again.fetched) == (0, 13)
    assert len(list((tmp_path / "export" / "blocks").iterdir())) == 1
    assert story.served.export(tmp_path / "export").fetched == 0
    assert audit(tmp_path / "export").state == audit(story.directory).state


def test_an_export_of_a_ledger_without_blocks(tmp_path: Path) -> None:
    text = genesis_text(genesis())
    with World.make(tmp_path / "ledger", Genesis.from_json(text)) as world:
        exported = Served(world, text).export(tmp_path / "export")
    assert exported.manifest.height == 0
    assert audit(tmp_path / "export").blocks == 0


def test_a_finding_that_changed_after_the_last_block_is_newer(story: Story, copy: Path) -> None:
    found = read_findings(copy)
    changed = [replace(found[0], height=99, status=Status.RESOLVED), *found[1:]]
    later = replace(found[-1], about="zz", height=99, first_seen=99, serial=99)
    write_findings(copy, [*changed, later])
    report = audit(copy)
    assert (report.findings, report.newer) == (len(found) - 1, 2)


def test_blocks_beyond_the_checkpoint_are_told(story: Story, copy: Path) -> None:
    note = story.served.port.quorum_checkpoint(story.served.world.ledger.head.tree_size - 3)
    assert note is None
    sizes = sorted(story.served.port.notes)
    (copy / "checkpoint").write_text(story.served.port.notes[sizes[-2]], encoding="utf-8")
    report = audit(copy)
    assert report.checkpoint_size == sizes[-2] < report.tree_size
    assert any("rest on the votes alone" in text for _, text in report.lines())


def test_the_node_gives_it_to_auditors_only(story: Story, tmp_path: Path) -> None:
    served = story.served
    for token, status in (("", 401), (served.port.tokens.issue("participant:BW", served.world.now), 403)):
        with pytest.raises(ProblemError) as caught:
            served.export(tmp_path / "export", token)
        assert caught.value.status == status
    assert not (tmp_path / "export" / "export.json").exists()


def test_another_ledgers_genesis_or_directory_is_refused(story: Story, tmp_path: Path) -> None:
    other = genesis_text(genesis(origin="kpledger.example/other"))
    with pytest.raises(FatalError, match="is of ledger"):
        story.served.export(tmp_path / "export", text=other)
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "genesis.json").write_bytes(other)
    with pytest.raises(FatalError, match="holds an export of ledger"):
        story.served.export(tmp_path / "theirs")


def test_an_interrupted_export_goes_on(story: Story, tmp_path: Path) -> None:
    directory = tmp_path / "export"
    real, left = Client.get_bytes, [2]

    async def cut(client: Client, path: str) -> bytes:
        left[0] -= 1
        if left[0] < 0:
            raise FatalError("cut", "off", "again")
        return await real(client, path)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(FatalError, match="cut"):
        patch.setattr(Client, "get_bytes", cut)
        story.served.export(directory)
    with pytest.raises(errors.MissingFileError):
        audit(directory)
    assert story.served.export(directory).kept == 13
    assert audit(directory).blocks == 13


# --- what does not ----------------------------------------------------------------------------------------------------


def segments(directory: Path) -> list[Path]:
    return sorted((directory / "blocks").iterdir())


def read_frames(file: Path) -> list[Frame]:
    return [frames.decode_frame(data) for data in frames.split(file.read_bytes()[len(frames.BLOCKS) :])]


def write_frames(file: Path, content: Sequence[Frame]) -> None:
    file.write_bytes(frames.BLOCKS + b"".join(frames.framed(frames.encode(frame)) for frame in content))


def read_findings(directory: Path) -> list[Finding]:
    data = (directory / "findings").read_bytes()[len(frames.FINDINGS) :]
    return [frames.decode_finding(one) for one in frames.split(data)]


def write_findings(directory: Path, content: Sequence[Finding]) -> None:
    data = b"".join(frames.framed(frames.encode(one)) for one in content)
    (directory / "findings").write_bytes(frames.FINDINGS + data)
    edit_manifest(directory, findings=len(content))


def edit_manifest(directory: Path, **changes: object) -> None:
    file = directory / "export.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def change(height: int, edit: Callable[[Frame], Frame]) -> Callable[[Path, Story], None]:
    """Spoils the frame of one height."""

    def spoil(directory: Path, _story: Story) -> None:
        for file in segments(directory):
            content = read_frames(file)
            first = int(file.stem)
            if first <= height < first + len(content):
                content[height - first] = edit(content[height - first])
                write_frames(file, content)

    return spoil


def agree(height: int, edit: Callable[[Story, Block, Frame], tuple[Block, Frame]]) -> Callable[[Path, Story], None]:
    """Another block in the last one's place, for which the validators' keys really sign: what a quorum of liars could do."""

    def spoil(directory: Path, story: Story) -> None:
        def forge(frame: Frame) -> Frame:
            block, frame = edit(story, decode_block(frame.block), frame)
            final = story.served.agreed.final(block, block_digest(story.served.world.ledger.ledger_id, block))
            return replace(frame, block=encode(block), final=encode(final))

        change(height, forge)(directory, story)

    return spoil


def liars(**changes: object) -> Callable[[Path, Story], None]:
    """The last block with other fields."""
    return agree(13, lambda _story, block, frame: (replace(block, **changes), frame))


def liars_payload(edit: Callable[[Block], dict[str, object]]) -> Callable[[Path, Story], None]:
    """The last block with another payload."""
    return agree(13, lambda _story, block, frame: (replace(block, payload=replace(block.payload, **edit(block))), frame))


def with_record(make: Callable[[bytes, Story], bytes]) -> Callable[[Path, Story], None]:
    """The last block with its first record replaced, by a quorum."""

    def edit(story: Story, block: Block, frame: Frame) -> tuple[Block, Frame]:
        raw = make(frame.records[0], story)
        ids = (record_id(raw), *block.payload.records[1:])
        return replace(block, payload=replace(block.payload, records=ids)), replace(frame, records=(raw, *frame.records[1:]))

    return agree(13, edit)


def flip(data: bytes, place: int) -> bytes:
    place %= len(data)
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def final(edit: Callable[[Certificate], Certificate]) -> Callable[[Frame], Frame]:
    def apply(frame: Frame) -> Frame:
        message = decode(frame.final)
        assert isinstance(message, Certificate)
        return replace(frame, final=encode(edit(message)))

    return apply


def judged(position: int, entry: JudgementEntry | None) -> Callable[[Frame], Frame]:
    return lambda frame: replace(frame, judgements=(*frame.judgements[:position], entry, *frame.judgements[position + 1 :]))


def file(name: str, edit: Callable[[bytes], bytes]) -> Callable[[Path, Story], None]:
    def spoil(directory: Path, _story: Story) -> None:
        (directory / name).write_bytes(edit((directory / name).read_bytes()))

    return spoil


def gone(name: str) -> Callable[[Path, Story], None]:
    return lambda directory, _story: (directory / name).unlink()


def findings(edit: Callable[[list[Finding]], list[Finding]]) -> Callable[[Path, Story], None]:
    return lambda directory, _story: write_findings(directory, edit(read_findings(directory)))


def cosigned(count: int, root: bytes | None = None) -> Callable[[Path, Story], None]:
    """A checkpoint that so many validators really signed."""

    def spoil(directory: Path, story: Story) -> None:
        port, ledger = story.served.port, story.served.world.ledger
        before = dict(port.notes)
        if root is None:
            port.cosign(count)
        else:
            head = SimpleNamespace(tree_size=ledger.head.tree_size, root=root)
            fork = SimpleNamespace(head=head, origin=ledger.origin)
            LocalPort.cosign(
                SimpleNamespace(**vars(port) | {"ledger": fork, "_log_signer": port._log_signer, "_witness": port._witness}),
                count,
            )
        (directory / "checkpoint").write_text(port.notes[ledger.head.tree_size], encoding="utf-8")
        port.notes.clear()
        port.notes.update(before)

    return spoil


def unsigned(raw: bytes, _story: Story) -> bytes:
    return flip(raw, raw.index(b"sig") + 20)


def of_another_ledger(raw: bytes, _story: Story) -> bytes:
    return sign_statement(bytes(32), seed("BW/issue"), parse_record(raw).statement)


def malformed(raw: bytes, story: Story) -> bytes:
    statement = parse_record(raw).statement.replace(b"710231", b"710299")
    return sign_statement(story.served.world.ledger.ledger_id, seed("BW/issue"), statement)


def marked(block: Block, **changes: object) -> dict[str, object]:
    return {"mark": replace(block.payload.mark, **changes)}


def invented(found: list[Finding]) -> list[Finding]:
    return [*found, Finding("zz", "about", 1, 1, Severity.HIGH, (), (), {}, 1, Status.OPEN, 50)]


def at(name: str, height: int | None = None, position: int | None = None) -> Place:
    """The file, block and record that an error must name."""
    return Place(name, None, height, position)


FIRST, SECOND = "blocks/0000000001.seg", "blocks/0000000008.seg"

SPOILT: dict[str, tuple[Callable[[Path, Story], None], type[AuditError], Place]] = {
    "no genesis": (gone("genesis.json"), errors.MissingFileError, at("genesis.json")),
    "no checkpoint": (gone("checkpoint"), errors.MissingFileError, at("checkpoint")),
    "no findings": (gone("findings"), errors.MissingFileError, at("findings")),
    "no manifest": (gone("export.json"), errors.MissingFileError, at("export.json")),
    "a first segment gone": (gone(FIRST), errors.MissingSegmentError, at(SECOND)),
    "the last segment gone": (gone(SECOND), errors.MissingSegmentError, at(SECOND)),
    "a segment too many": (
        lambda directory, _story: shutil.copy(directory / SECOND, directory / "blocks/0000000014.seg"),
        errors.MissingSegmentError,
        at("blocks/0000000014.seg"),
    ),
    "another genesis": (
        lambda directory, _story: (directory / "genesis.json").write_bytes(genesis_text(genesis(chair="RU"))),
        errors.GenesisError,
        at("genesis.json"),
    ),
    "no genesis at all": (file("genesis.json", lambda _data: b"{}"), errors.GenesisError, at("genesis.json")),
    "another format": (
        lambda directory, _story: edit_manifest(directory, format=2),
        errors.ManifestError,
        at("export.json"),
    ),
    "another name": (
        lambda directory, _story: edit_manifest(directory, origin="x/y"),
        errors.ManifestError,
        at("export.json"),
    ),
    "a manifest with more": (
        lambda directory, _story: edit_manifest(directory, more=1),
        errors.ManifestError,
        at("export.json"),
    ),
    "other entries told": (
        lambda directory, _story: edit_manifest(directory, tree_size=5),
        errors.ExtentError,
        at("export.json"),
    ),
    "a segment cut": (file(SECOND, lambda data: data[:-1]), errors.TruncatedError, at(SECOND)),
    "a segment cut in a length": (file(SECOND, lambda data: data + b"\0\0"), errors.TruncatedError, at(SECOND)),
    "a frame of no bytes": (file(SECOND, lambda data: data + bytes(4)), errors.SegmentError, at(SECOND)),
    "another beginning": (file(FIRST, lambda data: flip(data, 3)), errors.SegmentError, at(FIRST)),
    "a frame in another form": (
        file(
            FIRST,
            lambda data: data[: len(frames.BLOCKS)] + frames.framed(b"\xdc\0\4" + frames.encode(Frame(b"", b"", (), ()))[1:]),
        ),
        errors.FrameError,
        at(FIRST, 1),
    ),
    "a block that is none": (change(3, lambda frame: replace(frame, block=b"\x90")), errors.BlockFormError, at(FIRST, 3)),
    "a block left out": (
        lambda directory, _story: write_frames(
            directory / FIRST, [*read_frames(directory / FIRST)[:2], *read_frames(directory / FIRST)[3:]]
        ),
        errors.HeightError,
        at(FIRST, 3),
    ),
    "a byte of a record": (
        change(2, lambda frame: replace(frame, records=(flip(frame.records[0], 300), *frame.records[1:]))),
        errors.RecordBytesError,
        at(FIRST, 2, 0),
    ),
    "a record dropped": (
        change(2, lambda frame: replace(frame, records=frame.records[1:])),
        errors.RecordCountError,
        at(FIRST, 2),
    ),
    "a refused record dropped with its judgement": (
        change(1, lambda frame: replace(frame, records=frame.records[:2], judgements=frame.judgements[:2])),
        errors.RecordCountError,
        at(FIRST, 1),
    ),
    "two records swapped": (
        change(2, lambda frame: replace(frame, records=frame.records[::-1])),
        errors.RecordOrderError,
        at(FIRST, 2, 0),
    ),
    "a block without its record": (
        change(
            5,
            lambda frame: replace(
                frame,
                block=encode(
                    replace(b := decode_block(frame.block), payload=replace(b.payload, records=b.payload.records[:-1]))
                ),
                records=frame.records[:-1],
                judgements=frame.judgements[:-1],
            ),
        ),
        errors.ParentError,
        at(FIRST, 6),
    ),
    "a vote forged": (
        change(4, final(lambda one: replace(one, signatures=(flip(one.signatures[0], 3), *one.signatures[1:])))),
        errors.QuorumError,
        at(FIRST, 4),
    ),
    "a vote too few": (
        change(4, final(lambda one: replace(one, signers=b"\3", signatures=one.signatures[:2]))),
        errors.QuorumError,
        at(FIRST, 4),
    ),
    "a vote counted twice": (
        change(4, final(lambda one: replace(one, signatures=(one.signatures[0], *one.signatures[:2])))),
        errors.QuorumError,
        at(FIRST, 4),
    ),
    "a signer more than votes": (
        change(4, final(lambda one: replace(one, signers=b"\x0f"))),
        errors.QuorumError,
        at(FIRST, 4),
    ),
    "a validator more than there are": (
        change(4, final(lambda one: replace(one, signers=b"\x13"))),
        errors.QuorumError,
        at(FIRST, 4),
    ),
    "another kind of votes": (
        change(4, final(lambda one: replace(one, kind=type(one.kind).NOTARIZE))),
        errors.QuorumError,
        at(FIRST, 4),
    ),
    "a quorum of another view": (
        change(4, final(lambda one: replace(one, view=one.view + 1))),
        errors.QuorumError,
        at(FIRST, 4),
    ),
    "a quorum for another block": (
        change(4, final(lambda one: replace(one, digest=bytes(32)))),
        errors.QuorumError,
        at(FIRST, 4),
    ),
    "no certificate": (change(4, lambda frame: replace(frame, final=frame.block)), errors.QuorumError, at(FIRST, 4)),
    "an epoch's end that is not final": (
        change(11, lambda frame: replace(frame, final=b"")),
        errors.NotFinalError,
        at(SECOND, 11),
    ),
    "a last block that is not final": (
        change(13, lambda frame: replace(frame, final=b"")),
        errors.NotFinalError,
        at("export.json", 13),
    ),
    "a quorum: another version": (liars(version=2), errors.BlockFormError, at(SECOND, 13)),
    "a quorum: another epoch": (liars(epoch=0), errors.EpochError, at(SECOND, 13)),
    "a quorum: another parent": (liars(parent=bytes(32)), errors.ParentError, at(SECOND, 13)),
    "a quorum: a view not above": (liars(view=1), errors.ParentError, at(SECOND, 13)),
    "a quorum: a time not after": (liars_payload(lambda _block: {"time": 1}), errors.BlockTimeError, at(SECOND, 13)),
    "a quorum: another root": (
        liars_payload(lambda block: marked(block, root=bytes(32))),
        errors.MarkError,
        at(SECOND, 13),
    ),
    "a quorum: another state": (
        liars_payload(lambda block: marked(block, state=bytes(32))),
        errors.MarkError,
        at(SECOND, 13),
    ),
    "a quorum: a mark ahead": (liars_payload(lambda block: marked(block, height=13)), errors.MarkError, at(SECOND, 13)),
    "a quorum: an end for nobody": (
        agree(
            13,
            lambda _story, block, frame: (
                replace(block, payload=replace(block.payload, next=bytes(32), records=())),
                replace(frame, records=(), judgements=()),
            ),
        ),
        errors.EpochError,
        at(SECOND, 13),
    ),
    "a quorum: a record twice": (
        agree(
            13,
            lambda _story, block, frame: (
                replace(block, payload=replace(block.payload, records=block.payload.records[:1] * 2)),
                replace(frame, records=frame.records[:1] * 2),
            ),
        ),
        errors.BlockFormError,
        at(SECOND, 13),
    ),
    "a quorum: a record not signed": (with_record(unsigned), errors.RecordSignatureError, at(SECOND, 13, 0)),
    "a quorum: another ledger's record": (with_record(of_another_ledger), errors.RecordSignatureError, at(SECOND, 13, 0)),
    "a quorum: a malformed record": (with_record(malformed), errors.RecordFormError, at(SECOND, 13, 0)),
    "a refusal rewritten": (
        change(4, judged(2, JudgementEntry(4, None, Code.TOO_OLD, "at"))),
        errors.JudgementError,
        at(FIRST, 4, 2),
    ),
    "a refusal's figure rewritten": (
        change(4, lambda frame: judged(2, replace(frame.judgements[2], details={}))(frame)),
        errors.JudgementError,
        at(FIRST, 4, 2),
    ),
    "a refused record said to be accepted": (
        change(4, judged(2, JudgementEntry(4, 4))),
        errors.JudgementError,
        at(FIRST, 4, 2),
    ),
    "an accepted record said to be refused": (
        change(1, judged(0, JudgementEntry(1, None, Code.TOO_OLD, "at"))),
        errors.JudgementError,
        at(FIRST, 1, 0),
    ),
    "an accepted record at another entry": (
        change(1, judged(0, JudgementEntry(1, 1))),
        errors.JudgementError,
        at(FIRST, 1, 0),
    ),
    "an acceptance not told": (change(1, judged(0, None)), errors.JudgementError, at(FIRST, 1, 0)),
    "a checkpoint that is none": (file("checkpoint", lambda _data: b"x"), errors.CheckpointFormError, at("checkpoint")),
    "another log's checkpoint": (
        file("checkpoint", lambda data: data.replace(b"example/test", b"example/tost")),
        errors.CheckpointFormError,
        at("checkpoint"),
    ),
    "a checkpoint of more": (
        file("checkpoint", lambda data: data.replace(b"\n27\n", b"\n28\n")),
        errors.CheckpointSizeError,
        at("checkpoint"),
    ),
    "a checkpoint within a block": (
        file("checkpoint", lambda data: data.replace(b"\n27\n", b"\n8\n")),
        errors.CheckpointSizeError,
        at("checkpoint"),
    ),
    "a root that validators sign, and no records make": (
        cosigned(3, bytes(32)),
        errors.CheckpointRootError,
        at("checkpoint"),
    ),
    "a checkpoint without a quorum": (cosigned(1), errors.CheckpointQuorumError, at("checkpoint")),
    "a cosignature forged": (
        file("checkpoint", lambda data: flip(data, -20)),
        errors.CheckpointQuorumError,
        at("checkpoint"),
    ),
    "the first finding left out": (findings(lambda found: found[1:]), errors.FindingMissingError, at("findings")),
    "the last finding left out": (findings(lambda found: found[:-1]), errors.FindingMissingError, at("findings")),
    "all findings left out": (findings(lambda _found: []), errors.FindingMissingError, at("findings")),
    "a finding made milder": (
        findings(lambda found: [replace(found[0], severity=Severity.LOW, numbers={}), *found[1:]]),
        errors.FindingDiffersError,
        at("findings"),
    ),
    "a finding said to be resolved": (
        findings(lambda found: [replace(found[0], status=Status.RESOLVED), *found[1:]]),
        errors.FindingDiffersError,
        at("findings"),
    ),
    "a finding first seen later": (
        findings(lambda found: [replace(found[0], height=99, first_seen=9), *found[1:]]),
        errors.FindingDiffersError,
        at("findings"),
    ),
    "a finding invented": (findings(invented), errors.FindingUnknownError, at("findings")),
    "findings swapped": (
        findings(lambda found: [found[1], found[0], *found[2:]]),
        errors.FindingMissingError,
        at("findings"),
    ),
    "a finding twice": (findings(lambda found: [found[0], *found]), errors.FindingOrderError, at("findings")),
    "a finding counted that is not there": (
        lambda directory, _story: edit_manifest(directory, findings=99),
        errors.FindingOrderError,
        at("findings"),
    ),
    "a finding in another form": (
        file("findings", lambda data: data + frames.framed(b"\xc0")),
        errors.FrameError,
        at("findings"),
    ),
}


@pytest.mark.parametrize("what", SPOILT)
def test_every_way_to_spoil_it_has_its_own_error(story: Story, copy: Path, what: str) -> None:
    spoil, error, place = SPOILT[what]
    spoil(copy, story)
    with pytest.raises(error) as caught:
        audit(copy)
    assert type(caught.value) is error
    found = caught.value.place
    assert (found.file, found.height, found.position) == (place.file, place.height, place.position)
    assert caught.value.advice


def test_an_error_names_the_byte_at_which_its_frame_begins(story: Story, copy: Path) -> None:
    change(3, lambda frame: replace(frame, final=b"\x90"))(copy, story)
    with pytest.raises(errors.QuorumError) as caught:
        audit(copy)
    before = read_frames(copy / FIRST)[:2]
    assert caught.value.place.offset == len(frames.BLOCKS) + sum(4 + len(frames.encode(frame)) for frame in before)
    assert str(caught.value.place) == f"{FIRST}, byte {caught.value.place.offset}, height 3"


def test_what_the_auditor_trusts_counts(story: Story, copy: Path) -> None:
    other = genesis_text(genesis(chair="RU"))
    with pytest.raises(errors.GenesisError, match="you trust"):
        audit(copy, Trusted(genesis=other))
    with pytest.raises(errors.GenesisError, match="not valid"):
        audit(copy, Trusted(genesis=b"{}"))
    strict = parse_policy(story.policy.format().replace("validators 3", "validators 4").encode())
    with pytest.raises(errors.CheckpointQuorumError, match="you trust"):
        audit(copy, Trusted(policy=strict))


def test_blocks_under_a_newer_protocol_are_not_judged(tmp_path: Path) -> None:
    """The Plenary activates a version that this program does not know; what was agreed before that day still holds."""
    text = genesis_text(genesis(parameters={"plenary-support": 2}))
    with World.make(tmp_path / "ledger", Genesis.from_json(text)) as world:
        served = Served(world, text)
        closes = START + 2 * DAY_MS
        fields = {"decision": "activate-protocol", "effective": "2026-03-04", "procedure": "plenary", "title": "Version 2"}
        proposal = world.sign("plenary.propose", ProposeBody(closes=closes, value=2, **fields), "BW")
        positions = [world.sign("plenary.position", PositionBody("support", proposal.id), code) for code in ("BW", "RU")]
        served.agreed.block(proposal, *positions)
        world.now = closes
        served.agreed.block()
        served.port.cosign()
        served.export(tmp_path / "export")
        assert audit(tmp_path / "export").blocks == 2
        world.now = closes + DAY_MS
        block = served.agreed.proposal()
        final = served.agreed.final(block, block_digest(world.ledger.ledger_id, block))
    write_frames(tmp_path / "export/blocks/0000000003.seg", [Frame(encode(block), encode(final), (), ())])
    edit_manifest(tmp_path / "export", height=3)
    with pytest.raises(errors.RulesError, match="version 2") as caught:
        audit(tmp_path / "export")
    assert caught.value.place.height == 3
    assert "Install" in caught.value.advice


def test_every_kind_of_error_has_a_name_of_its_own() -> None:
    kinds = AuditError.__subclasses__()
    assert len({kind.name for kind in kinds}) == len(kinds)
    shown = {error for _, error, _ in SPOILT.values()}
    assert set(kinds) - shown == {errors.RulesError}, "shown above"
