"""Many certificates at once: what `certificate issue` does with a CSV, and the table that an officer starts from."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from api.strings import ERRORS
from ledger.csvform import COLUMNS, Fault, SheetCertificate, read_sheet
from ledger.errors import Refusal
from node.cli.options import read_file
from node.cli.output import console, explain, print_json, print_table, say, unreadable
from node.client import Client
from node.errors import Exit, FatalError
from node.office import Office
from node.sheets import Outcome, Ready, Standing, batches, make_ready, send

SHEET = ".csv"
WAIT_SECONDS = 120.0
_FAULTS_SHOWN = 50
_SENTENCES = {str(code): sentence for code, sentence in ERRORS.items()}
_PARTY = 'Kgalagadi Stones Ltd,"Plot 17, Gaborone",BW-17,Almas Trading,"Almas Tower, Dubai",AE-4'
_TEMPLATE = f"""{",".join(COLUMNS)}
BW0012345,export,2026-11-23,2026-11-23,2027-01-20,AE,1,710231,BW,Jwaneng,1200.50,240100.00,,{_PARTY},2026-17,,,S-101;S-102
BW0012345,,,,,,,710221,BW,,300.00,1500.00,,,,,,,,,,,
BW0012346,re-export,2026-11-23,2026-11-24,2027-01-20,EU,2,710231,AO;CD,,120.00,65000.00,RU0000042:100.00;RU0000043:20.00,{_PARTY},2026-18,,,
"""


def template() -> None:
    """Print a table (CSV) of two certificates to start from: its columns, a row for each line.

    For instance: kpledger certificate template > certificates.csv
    """
    console.file.write(_TEMPLATE)


def read_certificates(file: Path) -> list[SheetCertificate]:
    """All certificates of a table.

    Raises:
        FatalError: it cannot be read, or a row is not as it must be; every fault has been printed.
    """
    try:
        certificates, faults = read_sheet(read_file(file))
    except Refusal as refusal:
        raise unreadable(str(file), explain(refusal.problem())) from refusal
    _stop_at(faults, file)
    return certificates


def issue_many(
    office: Office, certificates: Sequence[SheetCertificate], file: Path, url: str, out: Path, *, json: bool
) -> None:
    """Makes, sends and waits for all certificates of a table, and prints what became of each.

    Raises:
        FatalError: something cannot be made (then nothing was sent), was refused, or is not final in time.
    """
    ready, faults = make_ready(office, certificates, out)
    _stop_at(faults, file)
    outcomes = asyncio.run(_send(url, ready, out, quiet=json or not console.is_terminal))
    if json:
        print_json([_shown(outcome) for outcome in outcomes])
    else:
        print_table(("row", "number", "", "record", ""), map(_row, outcomes), right=(0,))
    _tell(outcomes, out, json=json)


async def _send(url: str, ready: Sequence[Ready], out: Path, *, quiet: bool) -> list[Outcome]:
    outcomes: list[Outcome] = []
    with Progress(console=console, disable=quiet, transient=True) as progress:
        bar = progress.add_task("certificates", total=len(ready))
        async with Client(url) as client:
            for batch in batches(ready):
                outcomes += await send(client, batch, out, WAIT_SECONDS)
                progress.update(bar, completed=len(outcomes))
    return outcomes


def _stop_at(faults: Sequence[Fault], file: Path) -> None:
    if not faults:
        return
    rows = [(fault.row, fault.column, fault.certificate, fault.what, fault.step) for fault in faults[:_FAULTS_SHOWN]]
    print_table(("row", "column", "certificate", "what is wrong", "what to do"), rows, right=(0,))
    first = faults[0]
    more = f"; {len(faults)} faults" if len(faults) > 1 else ""
    raise FatalError(
        f"{file}: row {first.row}{f', column {first.column}' if first.column else ''}: {first.what}{more}.",
        "Nothing was sent, of the other rows neither.",
        "Mend the rows listed and run the same command again (columns: kpledger certificate template).",
        Exit.BAD_DATA,
    )


def _shown(outcome: Outcome) -> dict[str, object]:
    taken, problem = outcome.taken, outcome.problem
    place = {} if taken is None else {"id": taken.id, "index": taken.index, "height": taken.height}
    one = outcome.certificate
    return {"number": one.draft.number, "row": one.rows[0], "standing": str(outcome.standing), **place} | (
        {} if problem is None else {"problem": problem.problem}
    )


def _row(outcome: Outcome) -> tuple[object, ...]:
    record = f"{outcome.taken.id[:16]} at height {outcome.taken.height}" if outcome.taken else ""
    sentence = ""
    if outcome.problem is not None:
        told = outcome.problem.problem
        sentence = f"{_SENTENCES.get(str(told.get('error')), '')} {explain(told)}".strip()
    return outcome.certificate.rows[0], outcome.certificate.draft.number, str(outcome.standing), record, sentence


def _tell(outcomes: Sequence[Outcome], out: Path, *, json: bool) -> None:
    counts = Counter(outcome.standing for outcome in outcomes)
    there = counts[Standing.ACCEPTED] + counts[Standing.THERE_ALREADY]
    if counts[Standing.REFUSED]:
        raise FatalError(
            f"{counts[Standing.REFUSED]} of {len(outcomes)} certificates were refused.",
            f"{there} are on the ledger, with receipts in {out}; of those refused nothing was recorded.",
            "Mend their rows and run the same command again with the whole table: what is there is found there.",
            Exit.REFUSED,
        )
    if counts[Standing.NOT_FINAL]:
        raise FatalError(
            f"{counts[Standing.NOT_FINAL]} of {len(outcomes)} certificates are not final yet.",
            "They may still become final: the node keeps what it took.",
            "Run the same command again: nothing is ever recorded twice.",
            Exit.UNREACHABLE,
        )
    if not json:
        before = counts[Standing.THERE_ALREADY]
        say(f"\n{there} certificates are on the ledger, {before} of them from before; receipts in {out}")
