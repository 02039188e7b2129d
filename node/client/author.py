"""An authority as a program: makes, seals and signs its records with one key, submits them and waits until they are final.

What is made stands in bytes before it is sent; whoever must not lose it (a code that is printed, a submission to be repeated
after a crash) keeps the bytes first and submits them then, as the command line does (`node.office`).
"""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import asdict

from ledger.bodies import CERTIFICATE_AMEND, CERTIFICATE_ISSUE, IMPORT_CONFIRM, IMPORT_CORRECT, Body, CorrectBody
from ledger.drafts import ConfirmDraft, IssueDraft, code_text, make_amend, make_confirm, make_issue
from ledger.entries import issuer_of
from ledger.envelope import Reader
from ledger.errors import Code, Refusal
from ledger.genesis import Genesis
from ledger.participants import SECRETARIAT
from ledger.record import build_statement, encode_submission, parse_submission, sign_statement
from ledger.register import Register
from ledger.units import Ms
from node.client.connection import Connection, Taken
from node.directory import fetch_register

_FINAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class MadeCertificate:
    """A certificate's submission, and the codes to print by what they are called (`receipt_code`, `verdict_code`)."""

    submission: bytes
    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Issued:
    """A final certificate: the codes to print, and where it stands with its receipt."""

    codes: Mapping[str, str]
    taken: Taken


@dataclass(frozen=True, slots=True)
class Author:
    """An authority at work.

    Attributes:
        genesis: of the ledger it signs for.
        code: the participant it signs as, or `secretariat`.
        seed: its signing key for the role, 32 bytes.
    """

    genesis: Genesis
    code: str
    seed: bytes

    # --- over a node

    async def issue(self, node: Connection, draft: IssueDraft, seconds: float = _FINAL_SECONDS) -> Issued:
        """Makes a certificate and waits until it is final.

        Raises:
            Refusal: the draft does not make a record, or its number is another participant's.
            ProblemError: the ledger refused it; its document names the rule.
            FatalError: it is not final within `seconds`, or the node names other keys than the genesis.
        """
        made = self.certificate(draft, await self.register(node, draft.destination))
        return Issued(made.codes, await node.submit_until_final(made.submission, seconds))

    async def confirm(self, node: Connection, draft: ConfirmDraft, seconds: float = _FINAL_SECONDS) -> Taken:
        """Makes an outcome and waits until it is final; errors as `issue`."""
        submission = self.outcome(draft, await self.register(node, issuer_of(draft.number)))
        return await node.submit_until_final(submission, seconds)

    async def register(self, node: Connection, *others: str) -> Register:
        """The register with the sealing keys that these, the secretariat and this authority have now."""
        return await fetch_register(node, self.genesis, dict.fromkeys((self.code, *others, SECRETARIAT)))

    # --- bytes

    def certificate(self, draft: IssueDraft, register: Register) -> MadeCertificate:
        """A certificate, sealed and signed.

        Raises:
            Refusal: the draft does not make a record, or its number is another participant's.
        """
        if issuer_of(draft.number) != self.code:
            raise Refusal(Code.NUMBER_PREFIX, "number", given=draft.number, limit=self.code)
        if register.participant(draft.destination) is None:
            raise Refusal(Code.DESTINATION_UNKNOWN, "destination", given=draft.destination)
        readers = register.readers(self.code, draft.destination, now_ms())
        made = make_issue(self.genesis.ledger_id, draft, readers, secrets.token_bytes)
        submission = self.sign(CERTIFICATE_ISSUE, made.body, made.envelope)
        codes = {"receipt_code": code_text(made.receipt_code), "verdict_code": code_text(made.verdict_code)}
        return MadeCertificate(submission, codes)

    def outcome(self, draft: ConfirmDraft, register: Register) -> bytes:
        """An outcome, sealed and signed; raises Refusal when the draft does not make a record."""
        made = make_confirm(self.genesis.ledger_id, draft, self._readers(draft.number, register), secrets.token_bytes)
        return self.sign(IMPORT_CONFIRM, made.body, made.envelope)

    def correction(self, draft: ConfirmDraft, register: Register) -> bytes:
        """A corrected outcome; errors as `outcome`."""
        made = make_confirm(self.genesis.ledger_id, draft, self._readers(draft.number, register), secrets.token_bytes)
        return self.sign(IMPORT_CORRECT, CorrectBody(**asdict(made.body)), made.envelope)

    def amendment(self, draft: IssueDraft, printed: tuple[bytes, bytes], answers: bytes, register: Register) -> bytes:
        """An amendment of a certificate.

        Args:
            draft: all of the certificate as it is to be.
            printed: hashes of its receipt code and its verdict code, which stay.
            answers: id of its newest record.
            register: whose keys it is sealed to.

        Raises:
            Refusal: the draft does not make a record.
        """
        readers = register.readers(self.code, draft.destination, now_ms())
        made = make_amend(self.genesis.ledger_id, draft, printed, answers, readers, secrets.token_bytes)
        return self.sign(CERTIFICATE_AMEND, made.body, made.envelope)

    def sign(self, kind: str, body: Body, envelope: bytes | None = None) -> bytes:
        """A submission signed now; raises Refusal when body or envelope are out of their bounds."""
        statement = build_statement(kind, self.code, now_ms(), body)
        submission = encode_submission(sign_statement(self.genesis.ledger_id, self.seed, statement), envelope)
        parse_submission(submission)
        return submission

    def _readers(self, number: str, register: Register) -> tuple[Reader, ...]:
        return register.readers(issuer_of(number), self.code, now_ms())


def now_ms() -> Ms:
    """The clock, milliseconds since 1970 UTC."""
    return Ms(time.time_ns() // 1_000_000)
