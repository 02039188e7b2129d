"""An authority's desk work: from a draft file to a submission, sealed and signed with the office's own keys.

A made submission is kept in a file before it is sent: running the same command again after a lost connection sends the same
bytes, which is harmless, instead of a second record.
"""

import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from ledger.bodies import CERTIFICATE_ISSUE, IMPORT_CONFIRM, Body
from ledger.drafts import ConfirmDraft, IssueDraft, code_text, make_confirm, make_issue
from ledger.entries import issuer_of
from ledger.genesis import Genesis
from ledger.participants import Role
from ledger.record import build_statement, encode_submission, parse_submission, sign_statement
from ledger.register import Register
from ledger.units import Ms
from node.errors import Exit, FatalError
from node.files import write_atomic
from node.keys import SigningKey, passphrase, read_secret


@dataclass(frozen=True, slots=True)
class Office:
    """An authority at work.

    Attributes:
        genesis: of the ledger it signs for.
        author: the participant it signs as.
        seed: its signing key for this role, 32 bytes.
    """

    genesis: Genesis
    author: str
    seed: bytes

    @classmethod
    def open(cls, genesis: Genesis, keys: Path, role: Role) -> "Office":
        """The office whose key for `role` is in the folder `keys`.

        Raises:
            FatalError: no such key, or the ledger does not know it.
        """
        seed = read_secret(keys / role, passphrase())
        public = SigningKey.from_seed(seed).public
        for participant in genesis.participants.values():
            if public in participant.keys:
                return cls(genesis, participant.code, seed)
        raise FatalError(
            f"The key {keys / role} is nobody's on the ledger {genesis.origin}.",
            "Nothing signed with it would be accepted.",
            "Check --keys and --genesis: both must be of the same ledger.",
            Exit.BAD_CONFIGURATION,
        )

    def issue(self, draft: IssueDraft, folder: Path) -> bytes:
        """The submission of a certificate, new or as kept in `folder`; the codes to print are kept beside it.

        Raises:
            Refusal: the draft does not make a record.
            FatalError: the number is not this participant's.
        """
        kept = folder / f"{draft.number}.submission"
        if kept.exists():
            return kept.read_bytes()
        readers = Register(self.genesis).readers(self.author, draft.destination, _now())
        made = make_issue(self.genesis.ledger_id, draft, readers, secrets.token_bytes)
        submission = self._sign(CERTIFICATE_ISSUE, made.body, made.envelope)
        codes = {"receipt_code": code_text(made.receipt_code), "verdict_code": code_text(made.verdict_code)}
        write_atomic(folder / f"{draft.number}.codes.json", (json.dumps(codes, indent=1) + "\n").encode(), 0o600)
        write_atomic(kept, submission, 0o600)
        return submission

    def confirm(self, draft: ConfirmDraft, folder: Path) -> bytes:
        """The submission of an import's outcome, new or as kept in `folder`.

        Raises:
            Refusal: the draft does not make a record.
        """
        kept = folder / f"{draft.number}.confirm.submission"
        if kept.exists():
            return kept.read_bytes()
        readers = Register(self.genesis).readers(issuer_of(draft.number), self.author, _now())
        made = make_confirm(self.genesis.ledger_id, draft, readers, secrets.token_bytes)
        submission = self._sign(IMPORT_CONFIRM, made.body, made.envelope)
        write_atomic(kept, submission, 0o600)
        return submission

    def _sign(self, kind: str, body: Body, envelope: bytes) -> bytes:
        statement = build_statement(kind, self.author, _now(), body)
        submission = encode_submission(sign_statement(self.genesis.ledger_id, self.seed, statement), envelope)
        parse_submission(submission)
        return submission


def _now() -> Ms:
    return Ms(time.time_ns() // 1_000_000)
