"""A release of statistics in the hands of whoever publishes it: proposed, kept as a draft, signed, followed to its decision.

A draft is a folder: `proposal` (the attachment's bytes), `release.json` and `release.csv` (the files as every node will make
them) and `draft.json` with what the `statistics.publish` states; written last, so a folder is a draft or not. The records that
are signed are kept in it, too (`node.office`): the same command again goes on where it was.
"""

import asyncio
import hashlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from ledger.bodies import STATISTICS_ATTACH, STATISTICS_PUBLISH, AttachBody, PublishBody
from ledger.limits import MAX_PART_BYTES
from ledger.record import parse_submission
from ledger.statistics.basis import Basis
from ledger.statistics.proposal import Proposal, encode_proposal
from ledger.statistics.release import Release, release_name
from ledger.statistics.tables import Cube
from ledger.statistics.verify import Published, verify
from node.client import Client
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.office import Office

DRAFT, PROPOSAL = "draft.json", "proposal"
_POLL_SECONDS = 0.5


class Proposer(Protocol):
    """Finds what must stay confidential, and shows that it suffices (`node.disclosure`)."""

    def __call__(self, earlier: Sequence[Published], cube: Cube) -> Proposal:
        """A proposal that `verify` accepts."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a release is to state: period, revision, height, and digests (hex) and length of its file and its attachment."""

    period: str
    revision: int
    height: int
    digest: str
    attachment: str
    length: int

    @property
    def name(self) -> str:
        """What people call it: `2026Q1`, `2026Q1-r1`."""
        return release_name(self.period, self.revision)


def proposer() -> Proposer:
    """The proposer of this installation.

    Raises:
        FatalError: the solver is not installed.
    """
    try:
        return cast("Proposer", import_module("node.disclosure.propose").propose)
    except ImportError as error:
        raise FatalError(
            f"The solver that proposals are made with is not installed: {error.name}.",
            "Nothing was proposed. (Nodes check releases without it.)",
            "Install it: pip install 'kpledger[disclosure]'",
            Exit.BAD_CONFIGURATION,
        ) from error


def make_draft(basis: Basis, propose: Proposer, folder: Path) -> tuple[Draft, Release]:
    """Proposes a release, verifies it as every node will, and keeps it as a draft.

    Raises:
        Objection: the proposal does not hold, so the proposer is at fault.
    """
    with _silence():
        proposal = propose(basis.earlier, basis.cube)
    release = verify(basis.earlier, basis.cube, proposal)
    data = encode_proposal(proposal)
    draft = Draft(
        proposal.period,
        proposal.revision,
        proposal.height,
        release.digest.hex(),
        hashlib.sha256(data).hexdigest(),
        len(data),
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / PROPOSAL, data)
    write_atomic(folder / "release.json", release.json)
    write_atomic(folder / "release.csv", release.csv)
    write_atomic(folder / DRAFT, (json.dumps(asdict(draft), indent=1) + "\n").encode())
    return draft, release


@contextmanager
def _silence() -> Iterator[None]:
    """The solver, which is told to be silent, still writes its name to standard output, where a verb's answer goes."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def read_draft(folder: Path) -> tuple[Draft, bytes]:
    """A draft and its attachment.

    Raises:
        FatalError: there is none, or its files do not belong together.
    """
    try:
        draft = Draft(**json.loads((folder / DRAFT).read_bytes()))
        data = (folder / PROPOSAL).read_bytes()
        held = hashlib.sha256((folder / "release.json").read_bytes()).hexdigest()
    except (OSError, ValueError, TypeError) as error:
        raise _no_draft(folder, str(error)) from error
    if (hashlib.sha256(data).hexdigest(), len(data), held) != (draft.attachment, draft.length, draft.digest):
        raise _no_draft(folder, "its files are not those that it names")
    return draft, data


def parts_of(data: bytes) -> Iterator[AttachBody]:
    """The bodies that carry an attachment."""
    digest = hashlib.sha256(data).digest()
    for place, start in enumerate(range(0, len(data), MAX_PART_BYTES)):
        yield AttachBody(digest, data[start : start + MAX_PART_BYTES], place)


def publish_body(draft: Draft, attachment: Sequence[bytes]) -> PublishBody:
    """The body that publishes a draft whose parts have these ids."""
    return PublishBody(tuple(attachment), bytes.fromhex(draft.digest), draft.height, draft.length, draft.period, draft.revision)


async def publish(office: Office, folder: Path, send: Callable[[bytes, str], Awaitable[object]]) -> bytes:
    """Signs a draft's records and sends them one after the other; the id of the `statistics.publish`.

    Args:
        office: with its key of role audit.
        folder: the draft.
        send: submits a submission of this name until it is final.

    Raises:
        FatalError: it is no draft; what `send` raises.
    """
    draft, data = read_draft(folder)
    ids = []
    for body in parts_of(data):
        name = f"attach-{draft.attachment[:16]}-{body.place}"
        submission = office.state(STATISTICS_ATTACH, body, folder, name)
        await send(submission, name)
        ids.append(parse_submission(submission).record.id)
    name = f"publish-{draft.attachment[:16]}"
    submission = office.state(STATISTICS_PUBLISH, publish_body(draft, ids), folder, name)
    await send(submission, name)
    return parse_submission(submission).record.id


async def decided(client: Client, release: str, seconds: float, told: Callable[[int, int], None]) -> dict[str, Any]:
    """The release's answer once it is decided; `told` is how many nodes agree, and object.

    Raises:
        FatalError: it is not, in this time.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = await client.get_json(f"/v1/statistics/releases/{release}")
        row = answer["release"]
        told(row["agreed"], row["objected"])
        if row["state"] != "undecided":
            return answer
        if time.monotonic() > deadline:
            raise FatalError(
                f"The nodes have not decided within {seconds:.0f} seconds: {row['agreed']} agree, {row['objected']} object.",
                "The release is published and waits for the verdicts of more nodes.",
                f"See later: {command('statistics', 'list', '--state', 'undecided')}",
                Exit.UNREACHABLE,
            )
        await asyncio.sleep(_POLL_SECONDS)


def suppressed(release: Release) -> tuple[int, int]:
    """How many cells of a release are confidential, and of how many."""
    rows = json.loads(release.json)["rows"]
    return sum(row["status"] == "c" for row in rows), len(rows)


def default_folder(basis: Basis) -> Path:
    """What a draft's folder is called unless somebody says otherwise."""
    return Path(f"statistics-{release_name(basis.cube.period, basis.revision)}")


def _no_draft(folder: Path, why: str) -> FatalError:
    return FatalError(
        f"{folder} holds no draft of a release: {why}.",
        "Nothing was sent.",
        f"Make one: {command('statistics', 'propose', 'PERIOD', '--out', folder)}",
        Exit.BAD_DATA,
    )
