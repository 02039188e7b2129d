"""An authority's desk work: from a draft file to a submission, sealed and signed with the office's own keys.

A made submission is kept in a file before it is sent, beside the draft it was made of: running the same command again after a
lost connection sends the same bytes, which is harmless, instead of a second record. What the ledger refuses is set aside
(`.refused`), so that no code of a certificate that does not exist is ever printed.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ledger.bodies import Body
from ledger.drafts import ConfirmDraft, IssueDraft
from ledger.entries import issuer_of
from ledger.envelope import Reader
from ledger.genesis import Genesis
from ledger.paperdrafts import PaperDraft, TechnicalDraft
from ledger.participants import SECRETARIAT, Holder, Role
from ledger.record import parse_submission
from ledger.register import Register
from node.client import Author, Client, MadeCertificate
from node.client.author import now_ms
from node.directory import fetch_register, key_holder
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.keys import SEED_BYTES, SigningKey, damaged, passphrase, read_secret

Draft = TypeVar("Draft", IssueDraft, ConfirmDraft, PaperDraft, TechnicalDraft)
T = TypeVar("T")
SUBMISSION, DRAFT, CODES, RECEIPT = ".submission", ".draft.json", ".codes.json", ".tlog-proof"
"""Endings of what is kept of a certificate or an outcome."""


@dataclass(frozen=True, slots=True)
class Office:
    """An authority at work.

    Attributes:
        genesis: of the ledger it signs for.
        author: the participant it signs as, or `secretariat`.
        seed: its signing key for this role, 32 bytes.
        url: the node that is asked for keys newer than the genesis; empty: none is.
    """

    genesis: Genesis
    author: str
    seed: bytes
    url: str = ""

    @classmethod
    def open(cls, genesis: Genesis, keys: Path, role: Role, url: str = "") -> "Office":
        """The office whose key for `role` is in the folder `keys`; a key that the genesis does not name, the node at `url` may.

        Raises:
            FatalError: no such key, or the ledger does not know it.
        """
        file = keys / role
        seed = read_secret(file, passphrase())
        if len(seed) != SEED_BYTES:
            raise damaged(file)
        public = SigningKey.from_seed(seed).public
        holders: tuple[Holder, ...] = (*genesis.participants.values(), genesis.secretariat)
        for holder in holders:
            if public in holder.keys:
                return cls(genesis, holder.code, seed, url)
        author = asyncio.run(_ask(url, lambda client: key_holder(client, public))) if url else None
        if author is not None:
            return cls(genesis, author, seed, url)
        raise FatalError(
            f"The key {file} is nobody's on the ledger {genesis.origin}.",
            "Nothing signed with it would be accepted.",
            "Check --keys and --genesis: both must be of the same ledger.",
            Exit.BAD_CONFIGURATION,
        )

    def issue(self, draft: IssueDraft, text: bytes, folder: Path) -> bytes:
        """A certificate's submission, kept in `folder` with its draft's `text` and the codes to print.

        Raises:
            Refusal: the draft does not make a record, or its number is another participant's.
        """
        made = self.make_issue(draft, self.register(draft.destination))
        keep_issue(folder, draft, text, made)
        return made.submission

    def make_issue(self, draft: IssueDraft, register: Register) -> "MadeCertificate":
        """A certificate's submission, kept nowhere yet; errors as `issue`."""
        return self.as_author.certificate(draft, register)

    def confirm(self, draft: ConfirmDraft, text: bytes, folder: Path) -> bytes:
        """An outcome's submission, kept in `folder` with its draft's `text`.

        Raises:
            Refusal: the draft does not make a record.
        """
        submission = self.as_author.outcome(draft, self.register(issuer_of(draft.number)))
        keep(folder, outcome_name(draft.number), text, submission)
        return submission

    def amend(self, draft: IssueDraft, text: bytes, printed: tuple[bytes, bytes], answers: bytes, folder: Path) -> bytes:
        """An amendment's submission, kept in `folder` with its draft's `text`.

        Args:
            draft: all of the certificate as it is to be.
            text: what it was made of.
            printed: hashes of its receipt code and its verdict code, which stay.
            answers: id of its newest record.
            folder: where the office keeps what it has made.

        Raises:
            Refusal: the draft does not make a record.
        """
        submission = self.as_author.amendment(draft, printed, answers, self.register(draft.destination))
        keep(folder, amended_name(draft.number), text, submission)
        return submission

    def correct(self, draft: ConfirmDraft, text: bytes, folder: Path) -> bytes:
        """A corrected outcome's submission, kept in `folder` with its draft's `text`.

        Raises:
            Refusal: the draft does not make a record.
        """
        submission = self.as_author.correction(draft, self.register(issuer_of(draft.number)))
        keep(folder, corrected_name(draft.number), text, submission)
        return submission

    def state(self, kind: str, body: Body, folder: Path, name: str) -> bytes:
        """The submission of a record without a sealed part, kept in `folder`: the one made before, when it says the same.

        Raises:
            Refusal: the body does not make a record.
            FatalError: what was made before under this name says something else.
        """
        file = folder / f"{name}{SUBMISSION}"
        if not file.exists():
            submission = self.sign(kind, body, None)
            folder.mkdir(parents=True, exist_ok=True)
            write_atomic(file, submission, 0o600)
            return submission
        kept = file.read_bytes()
        if parse_submission(kept).record.body != body:
            raise FatalError(
                f"{file} says something else.",
                "Nothing was sent: what was sent before may be on the ledger.",
                f"If it is not there, remove {file} and run again; if it is, a next revision replaces it.",
                Exit.REFUSED,
            )
        return kept

    def register(self, *others: str) -> Register:
        """The register, with the newest keys of those to whom an envelope between this office and others is sealed."""
        if not self.url:
            return Register(self.genesis)
        codes = dict.fromkeys((self.author, *others, SECRETARIAT))
        return asyncio.run(_ask(self.url, lambda client: fetch_register(client, self.genesis, codes)))

    def readers(self, issuer: str, destination: str) -> tuple[Reader, ...]:
        """Whom an envelope of these two is sealed to now; this office is one of them."""
        return self.register(issuer, destination).readers(issuer, destination, now_ms())

    def sign(self, kind: str, body: Body, envelope: bytes | None) -> bytes:
        """A submission signed now; raises Refusal when body or envelope are out of their bounds."""
        return self.as_author.sign(kind, body, envelope)

    @property
    def as_author(self) -> Author:
        """What makes, seals and signs for this office."""
        return Author(self.genesis, self.author, self.seed)


async def _ask(url: str, question: Callable[[Client], Awaitable[T]]) -> T:
    async with Client(url) as client:
        return await question(client)


def outcome_name(number: str) -> str:
    """What the files of a certificate's outcome are called."""
    return f"{number}.confirm"


def amended_name(number: str) -> str:
    """What the files of an amendment are called."""
    return f"{number}.amend"


def corrected_name(number: str) -> str:
    """What the files of a corrected outcome are called."""
    return f"{number}.correct"


def keep_issue(folder: Path, draft: IssueDraft, text: bytes, made: MadeCertificate) -> None:
    """Keeps a certificate's submission in a folder, with its draft's text and the codes to print."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / f"{draft.number}{CODES}", (json.dumps(made.codes, indent=1) + "\n").encode(), 0o600)
    keep(folder, draft.number, text, made.submission)


def kept_submission(folder: Path, name: str, draft: Draft, parse: Callable[[bytes], Draft]) -> bytes | None:
    """The submission that was made of this draft before; None when there is none.

    Raises:
        FatalError: it was made of another draft: what was sent may stand on the ledger, and cannot be mended by sending more.
    """
    file, made_of = folder / f"{name}{SUBMISSION}", folder / f"{name}{DRAFT}"
    if not file.exists():
        return None
    if made_of.exists() and parse(made_of.read_bytes()) != draft:
        raise FatalError(
            f"{file} was made of another text, which stands in {made_of}.",
            "Nothing was sent: what was sent before may be on the ledger.",
            f"See: {command('certificate', 'show', draft.number)}; if it is not there, remove {file} and run again.",
            Exit.REFUSED,
        )
    return file.read_bytes()


def set_aside(folder: Path, name: str) -> None:
    """Renames what was made for a submission that was refused; what has a receipt stays."""
    if (folder / f"{name}{RECEIPT}").exists():
        return
    for ending in (SUBMISSION, CODES, DRAFT):
        file = folder / f"{name}{ending}"
        if file.exists():
            file.replace(file.with_name(f"{file.name}.refused"))


def keep(folder: Path, name: str, text: bytes, submission: bytes) -> None:
    """Keeps a submission in a folder with its draft's text; the submission last: where it is, all of it is."""
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / f"{name}{DRAFT}", text, 0o600)
    write_atomic(folder / f"{name}{SUBMISSION}", submission, 0o600)
