"""A quarter of trade whose release has published and confidential cells, on the ledger of `tests.support.world`.

BW, AO, NA and MZ issue certificates to AE, EU and RU on 27 February 2026, of 710231, each pair one of its own weight; all are
confirmed. In April everybody files its return, and the secretariat countersigns it: three traders each, but one for NA's exports and
RU's imports. On 1 June 2026Q1 has closed.
"""

from ledger.bodies import ConfirmLine
from ledger.bodies.reports import Protection
from ledger.record import Record
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
