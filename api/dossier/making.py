"""A node's dossiers: collected in steps on the event loop, set by a process of its own, one after the other.

Setting takes some tenths of a second of a core; in this process nothing could end it, and its memory
would stay. What it may cost is bounded four times: rows and receipts (`contents`), seconds, bytes, and how many may wait.
"""

import asyncio
import contextlib
import sys
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec

from api.access import concerns
from api.answers import encoded
from api.auth import Reader
from api.certificates import certificate_answer
from api.custody import read_custody
from api.dossier import sources
from api.dossier.contents import attached, contents
from api.dossier.sources import Sources
from api.errors import Overloaded
from api.inquiries import inquiry_answer
from api.limits import DOSSIER_S, MAX_DOSSIER_BYTES, MAX_WAITING_DOSSIERS
from api.port import NodePort
from api.schemas.base import Answer
from api.schemas.custody import CustodyQuery
from api.steps import Turns
from api.views import record_answer
from ledger.custody import Steps
from ledger.limits import MAX_PAGE
from ledger.report_entries import InquiryState
from ledger.units import Ms, block_date

T = TypeVar("T")

_RETRY_S: Final = 5.0


class Dossiers:
    """Makes the dossiers of a node."""

    def __init__(self, port: NodePort) -> None:
        self._port = port
        self._turns = Turns("dossiers")
        self._press = asyncio.Lock()
        self._waiting = 0

    async def make(self, number: str, reader: Reader, language: str) -> bytes | None:
        """The PDF of a certificate's dossier for this reader; None where there is no such certificate.

        Raises:
            Overloaded: too many wait, or it took too long.
        """
        if self._waiting >= MAX_WAITING_DOSSIERS:
            raise Overloaded(_RETRY_S, "too many dossiers are being asked for")
        self._waiting += 1
        try:
            async with self._press:
                found = await self._turns.run(collect(self._port, number, reader))
                return None if found is None else await _set(contents(found, language))
        finally:
            self._waiting -= 1


async def _set(data: Mapping[str, Any]) -> bytes:
    command = (sys.executable, "-I", "-m", "api.dossier")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(DOSSIER_S):
            made, _ = await process.communicate(msgspec.json.encode(data))
    except TimeoutError:
        raise Overloaded(_RETRY_S, "the dossier took too long") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode or len(made) > MAX_DOSSIER_BYTES:
        raise RuntimeError(f"a dossier was not made: exit {process.returncode}, {len(made)} bytes")
    return made


def collect(port: NodePort, number: str, reader: Reader) -> Steps[Sources | None]:
    """What a dossier says to this reader, read in steps; None where there is no such certificate."""
    ledger, head = port.ledger, port.ledger.head
    found = ledger.certificate(number)
    custody = None if found is None else (yield from read_custody(ledger, number, CustodyQuery(direction="both")))
    if found is None or custody is None:
        return None
    yield
    names = {finding.name for finding in found.findings.rows if concerns(reader, finding)}
    concerned = {code for finding in found.findings.rows if finding.name in names for code in finding.participants}
    inquiries, at = [], ledger.head.height
    for state in InquiryState:
        for code in sorted(concerned):
            page = ledger.inquiries(state, None, MAX_PAGE, participant=code)
            today = block_date(Ms(page.head.time))
            inquiries += [inquiry_answer(row, today, public=False) for row in page.rows if row.entry.finding in names]
            at = page.head.height
            yield
    certificate = _as(certificate_answer(found, reader), sources.Certificate)
    ids = [one.id for one in certificate.records] + certificate.beside
    records = [answer for one in ids if (answer := record_answer(ledger, bytes.fromhex(one))) is not None]
    receipts = {one: text for one in attached(certificate) if (text := port.receipt(bytes.fromhex(one))) is not None}
    return Sources(
        network=sources.Network(ledger.genesis.origin, ledger.genesis.ledger_id.hex(), head.height, head.time),
        certificate=certificate,
        custody=_as(custody, sources.Custody),
        inquiries=[_as(one, sources.Inquiry) for one in inquiries],
        inquiries_at=at,
        records=[_as(one, sources.Record) for one in records],
        receipts=receipts,
        names={code: one.name for code, one in ledger.register.participants.items()},
    )


def _as(answer: Answer, form: type[T]) -> T:
    """An answer of the interface as far as a dossier shows it."""
    return msgspec.json.decode(encoded(answer), type=form)
