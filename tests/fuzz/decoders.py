"""Every decoder of bytes from outside: it gives the one value that encodes to these bytes, or its documented error."""

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

from consensus.errors import MalformedMessageError
from consensus.messages import decode, decode_block, decode_vote, encode
from ledger.checkpoint import parse_checkpoint
from ledger.envelope import check_envelope
from ledger.errors import ProofError, Refusal
from ledger.fork import parse_fork
from ledger.genesis import Genesis
from ledger.note import parse_note, parse_vkey
from ledger.policy import parse_policy
from ledger.proof import parse_proof
from ledger.receipt import verify_receipt
from ledger.record import encode_batch, encode_submission, parse_batch, parse_submission, record_id, submitted_record
from ledger.tiles import decode_bundle, encode_bundle, parse_path
from ledger.witness import parse_add_checkpoint
from node.audit import frames as audit
from node.errors import FrameError
from node.wire import decode_frame, encode_frame, encode_item
from tests.fuzz import corpus
from tests.unit.hostile import HASH, RID

BYTES_FACTOR, BYTES_BASE = 24, 256 * 1024
"""What an input may take in memory while it is decoded: so many times its length, and this."""
SECONDS = 0.25
"""Of processor time, for an input under 1 MiB: a hundred times what any should take, so that a slow machine passes."""


class FuzzError(AssertionError):
    """A decoder did what it must not; the text says what."""


@dataclass(frozen=True, slots=True)
class Decoder:
    """One decoder.

    Attributes:
        name: for reports, and to choose it.
        seeds: valid bytes.
        again: decodes, and encodes again where there is one encoding; None where nothing is encoded.
        errors: what it may raise.
        terse: whether its errors must be short, whatever the input; not where an operator reads their own file.
    """

    name: str
    seeds: tuple[bytes, ...]
    again: Callable[[bytes], bytes | None]
    errors: tuple[type[Exception], ...]
    terse: bool = True

    def check(self, data: bytes) -> bool:
        """One input; whether it was taken.

        Raises:
            FuzzError: another error than the documented ones, other bytes than were taken, or far too much time.
        """
        started = time.process_time()
        try:
            again = self.again(data)
        except self.errors as error:
            if self.terse and len(str(error)) > 4_000:
                raise FuzzError(f"an error of {len(str(error))} characters") from error
            return False
        except Exception as error:
            raise FuzzError(f"{type(error).__name__}: {error}"[:500]) from error
        finally:
            spent = time.process_time() - started
            if spent > SECONDS and len(data) < 1 << 20:
                raise FuzzError(f"{spent:.2f} s of processor time for {len(data)} bytes")
        if again is not None and again != data:
            raise FuzzError(f"taken, but encodes as {again[:80].hex()}...")
        return True

    def measured(self, data: bytes) -> bool:
        """As `check`, with a bound on memory; slow.

        Raises:
            FuzzError: also when too much was allocated.
        """
        tracemalloc.start()
        try:
            taken = self.check(data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        if peak > BYTES_FACTOR * len(data) + BYTES_BASE:
            raise FuzzError(f"{peak} bytes of memory for {len(data)}")
        return taken


def _frame(data: bytes) -> bytes:
    return encode_frame([encode_item(item) for item in decode_frame(data)])


def _submission(data: bytes) -> bytes:
    claimed = record_id(submitted_record(data))  # what a peer's record is called before it is looked at
    parsed = parse_submission(data)
    if parsed.record.id != claimed:
        raise FuzzError("another id than it claims")
    return encode_submission(parsed.record.raw, parsed.envelope)


def _receipt(data: bytes) -> None:
    verify_receipt(data, parse_policy(corpus.texts()["policy"][0]))


def _vkey(data: bytes) -> bytes:
    return str(parse_vkey(data.decode(errors="replace"))).encode()


def _bundle(data: bytes) -> bytes:
    return encode_bundle(decode_bundle(data, 2))


def _path(data: bytes) -> bytes:
    return parse_path(data.decode(errors="replace")).path().encode()


def _policy(data: bytes) -> None:
    parse_policy(data)


def _fork(data: bytes) -> None:
    parse_fork(data)


def _envelope(data: bytes) -> None:
    check_envelope(data, HASH, RID)


def _genesis(data: bytes) -> None:
    Genesis.from_json(data)


def _audit_frames(data: bytes) -> bytes:
    return b"".join(map(audit.framed, audit.split(data)))


def _contents(file: int) -> tuple[bytes, ...]:
    """The frames of one file of the exported sample."""
    return tuple(audit.split(corpus.exported()[file]))


def _manifest(data: bytes) -> None:
    audit.decode_manifest(data)


def all_decoders() -> tuple[Decoder, ...]:
    """Those of nodes, of the log and of records."""
    texts = corpus.texts()
    paths = (b"tile/0/000", b"tile/entries/x001/234", b"tile/3/x001/x234/067.p/12")
    bundle = encode_bundle(corpus.submissions())
    blocks = tuple(encode(corpus.block(view, view, view - 1, corpus.digest(str(view)), records=view)) for view in (1, 2, 40))
    votes = tuple(data for data in corpus.messages() if data[2:6] == b"vote")
    return (
        Decoder("frame", corpus.frames(), _frame, (FrameError,)),
        Decoder("message", corpus.messages(), lambda data: encode(decode(data)), (MalformedMessageError,)),
        Decoder("block", blocks, lambda data: encode(decode_block(data)), (MalformedMessageError,)),
        Decoder("vote", votes, lambda data: encode(decode_vote(data)), (MalformedMessageError,)),
        Decoder("submission", corpus.submissions()[1:], _submission, (Refusal,)),
        Decoder("batch", texts["batch"], lambda data: encode_batch(parse_batch(data)), (Refusal,)),
        Decoder("envelope", texts["envelope"], _envelope, (Refusal,)),
        Decoder("note", texts["note"], lambda data: parse_note(data).encode(), (ProofError,)),
        Decoder("checkpoint", texts["checkpoint"], lambda data: parse_checkpoint(data).text(), (ProofError,)),
        Decoder("proof", texts["proof"], lambda data: parse_proof(data).encode(), (ProofError,)),
        Decoder("request", texts["request"], lambda data: parse_add_checkpoint(data).encode(), (ProofError,)),
        Decoder("fork", texts["fork"], _fork, (ProofError,)),
        Decoder("receipt", texts["receipt"], _receipt, (ProofError,)),
        Decoder("policy", texts["policy"], _policy, (ProofError,), terse=False),
        Decoder("vkey", texts["vkey"], _vkey, (ProofError,)),
        Decoder("bundle", (bundle,), _bundle, (ProofError,)),
        Decoder("path", paths, _path, (ProofError,)),
        Decoder("genesis", texts["genesis"], _genesis, (Refusal,)),
        Decoder("audit-frames", corpus.exported(), _audit_frames, (audit.FormatError,)),
        Decoder("audit-block", _contents(0), lambda data: audit.encode(audit.decode_frame(data)), (audit.FormatError,)),
        Decoder("audit-finding", _contents(1), lambda data: audit.encode(audit.decode_finding(data)), (audit.FormatError,)),
        Decoder("audit-manifest", corpus.manifests(), _manifest, (audit.FormatError,)),
    )
