"""Signatures of blocks in batches: those of their records, and the votes of their quorums; in other processes where it pays.

Applying a block and checking signatures take a processor core each. Threads of one interpreter would wait for one another at
each of some hundred thousand calls, so other processes check; they get bytes, and say what is wrong with them.

A quorum is counted here anew, from the bitmap of signers: it must fit the validators, be at least q = (n+f)//2 + 1, and every
one of the votes must be valid.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from types import TracebackType
from typing import Self

from consensus.messages import Certificate, decode, vote_input
from consensus.quorum import quorum
from ledger.record import parse_record, verify_records
from node.scheme import verify_vote


@dataclass(frozen=True, slots=True)
class Work:
    """A batch: of each block its FINAL (empty: none) and its records' bytes; `keys` are the validators' in voting order."""

    ledger_id: bytes
    keys: tuple[bytes, ...]
    blocks: tuple[tuple[bytes, tuple[bytes, ...]], ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one block: what is wrong with its FINAL (empty: nothing), and with which record."""

    votes: int
    final: str
    record: tuple[int, str] | None


def check(work: Work) -> list[Verdict]:
    """What is wrong with a batch, block by block. Its bytes were decoded before: they are well formed."""
    return [_check(work, final, records) for final, records in work.blocks]


def _check(work: Work, final: bytes, raws: Sequence[bytes]) -> Verdict:
    message = decode(final) if final else None
    wrong = _wrong_quorum(work, message) if isinstance(message, Certificate) else ""
    refusals = verify_records(work.ledger_id, [parse_record(raw) for raw in raws])
    first = next(((place, str(refusal)) for place, refusal in enumerate(refusals) if refusal is not None), None)
    return Verdict(len(message.signatures) if isinstance(message, Certificate) else 0, wrong, first)


def _wrong_quorum(work: Work, final: Certificate) -> str:
    """Why a FINAL does not prove that a quorum of these validators voted so; empty when it does."""
    count = len(work.keys)
    if len(final.signers) != (count + 7) // 8 or int.from_bytes(final.signers, "little") >> count:
        return f"its signers are not of {count} validators"
    signers = [index for index in range(count) if final.signers[index // 8] >> index % 8 & 1]
    if len(signers) != len(final.signatures):
        return f"it names {len(signers)} signers and has {len(final.signatures)} signatures"
    if len(signers) < quorum(count):
        return f"{len(signers)} of {count} validators signed; a quorum is {quorum(count)}"
    signed = vote_input(work.ledger_id, final.kind, final.epoch, final.view, final.parent, final.digest)
    for signer, signature in zip(signers, final.signatures, strict=True):
        if not verify_vote(work.keys[signer], signed, signature):
            return f"the vote of validator {signer} is not signed by its key"
    return ""


class Checkers:
    """Processes that check batches; with 0 of them a batch is checked where it is asked for."""

    def __init__(self, processes: int) -> None:
        self._pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn")) if processes else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def begin(self, work: Work) -> "Future[list[Verdict]]":
        """The verdicts of a batch, to come."""
        if self._pool is not None:
            return self._pool.submit(check, work)
        done: Future[list[Verdict]] = Future()
        done.set_result(check(work))
        return done
