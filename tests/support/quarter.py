"""A quarter of trade whose release has published and confidential cells, on the ledger of `tests.support.world`.

BW, AO, NA and MZ issue certificates to AE, EU and RU on 27 February 2026, of 710231, each pair one of its own weight; all are
confirmed. In April everybody files its return, and the secretariat countersigns it: three traders each, but one for NA's exports and
RU's imports. On 1 June 2026Q1 has closed. `python -m tests.support.quarter` makes it and its release in a process of its own.
"""

import hashlib
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import asdict, replace

from ledger.bodies import ConfirmLine, CorrectBody
from ledger.bodies.reports import Protection
from ledger.record import Record
from ledger.statistics.proposal import decode_proposal
from ledger.statistics.verify import verify
from tests.support import reports
from tests.support.world import DAY_MS, START, World

EXPORTERS, IMPORTERS = ("BW", "AO", "NA", "MZ"), ("AE", "EU", "RU")
JUNE = START + 92 * DAY_MS
PERIOD = "2026Q1"
_FIRST = {"AO": 100}
_HS = "710231"


def tell_of_quarter(world: World) -> dict[str, Record]:
    """Writes the quarter; the certificates by their numbers."""
    made: dict[str, Record] = {}
    for row, exporter in enumerate(EXPORTERS):
        for column, importer in enumerate(IMPORTERS):
            number = f"{exporter}{_FIRST.get(exporter, 0) + column + 1:07}"
            line = world.line(10_000 + 1_000 * row + 170 * column, _HS, (exporter,))
            expires = "2026-03-28"  # NA's certificates are valid for 30 days
            made[number] = world.issue(number=number, destination=importer, lines=(line,), expires=expires)
    world.accept(*made.values())
    outcomes = {number: world.confirm(record) for number, record in made.items()}
    world.accept(*outcomes.values())
    world.now = reports.APRIL
    world.accept(*(_return(world, code, "export", made) for code in EXPORTERS))
    world.accept(*(_return(world, code, "import", outcomes) for code in IMPORTERS))
    filed = [record for record in world.log() if record.kind == "return.file"]
    world.accept(*(reports.countersign(world, record) for record in filed))
    world.now = JUNE
    world.block()
    return made


def corrected(world: World, number: str = "BW0000001") -> list[Record]:
    """AE has weighed wrongly: half a carat less of one certificate; its return is filed anew and countersigned."""
    issue = next(record for record in world.log() if record.kind == "certificate.issue" and record.body.number == number)
    outcome = next(record for record in world.log() if record.kind == "import.confirm" and record.body.number == number)
    (line,) = outcome.body.lines
    lines = (ConfirmLine(world.commitment(), line.hs, line.points - 50),)
    body = world.confirm_body(issue, answers=outcome.id, outcome="discrepancy", lines=lines)
    return [world.sign("import.correct", CorrectBody(**asdict(body)), "AE")]


def returned_again(world: World, less: int = 50) -> list[Record]:
    """AE's next return, with so many points less of BW's goods."""
    before = next(record for record in world.log() if record.kind == "return.file" and record.author == "AE")
    last = world.ledger.quarter("AE", "import", PERIOD).counts.last
    (first, *others) = sorted(before.body.cells, key=lambda cell: (cell.partner != "BW", cell.partner))
    cells = (replace(first, points=first.points - less), *others)
    ordered = tuple(sorted(cells, key=lambda cell: (cell.partner, cell.hs)))
    return [reports.file_return(world, "AE", replace(before.body, cells=ordered, last=last, revision=2))]


def _return(world: World, code: str, flow: str, records: dict[str, Record]) -> Record:
    if flow == "export":
        own = [(record.body.destination, record) for number, record in records.items() if number[:2] == code]
    else:
        own = [(number[:2], record) for number, record in records.items() if record.author == code]
    lines = [line for partner, record in own for line in reports.opened(partner, _lines(record))]
    alone = code in ("NA", "RU")
    need = (1, 2_000, 20) if alone else (3, 0, 0)
    protection = tuple(Protection(hs, *need) for hs in (_HS, "all"))
    last = world.ledger.quarter(code, flow, PERIOD).counts.last
    return reports.file_return(world, code, reports.return_body(flow, lines, len(own), last, protection=protection))


def _lines(record: Record) -> tuple[ConfirmLine, ...]:
    return record.body.lines


def main() -> None:
    """Makes the quarter anew in a ledger of its own, and the release of the proposal on standard input; prints what it is."""
    proposal = decode_proposal(sys.stdin.buffer.read())
    with TemporaryDirectory() as folder, World.make(Path(folder) / "db") as world:
        tell_of_quarter(world)
        release = verify((), world.ledger.cube(PERIOD, proposal.height), proposal)
        state = world.ledger.head.state.hex()
    print(json.dumps([release.digest.hex(), hashlib.sha256(release.csv).hexdigest(), state]))


if __name__ == "__main__":
    main()
