"""`return.file`, `return.countersign`: a participant's quarterly figures, provable by all (3-confidentiality.md, "Values").

Checks of `return.file` (role report), in this order, the dearest last:

1. the quarter is over; the revision is the next one for this flow;
2. it names its author's last record that counted in these sums (else it is stale: something counted after it was prepared);
3. as many certificates count as it says;
4. cells ascend by partner and HS code, each once; those of the ledger are neither more nor others, with exactly their points;
5. it states the protection of each HS code that has a cell, of no other, and of `all` when there is a cell, ascending;
6. the return of a fourth quarter, and no other, states the same of the year: of each HS code and each partner that has a cell
   in one of its quarters, and of `all` when there is such a cell, ascending;
7. for each cell the sum of blindings is a reduced scalar, and the ledger's summed commitments open to the stated value.

Checks of `return.countersign` (the secretariat, role audit): there is such a return, in no newer revision, not countersigned
yet. What it says no rule can check: nodes cannot open the records.
"""

from msgspec.structs import replace

from ledger import keys, units
from ledger.bodies import CountersignBody, ReturnBody, ReturnCell
from ledger.commitments import is_sum_of_blindings, opens
from ledger.entries import HS_CODES
from ledger.errors import Code, Refusal
from ledger.participants import Holder
from ledger.periods import is_fourth, quarters_of
from ledger.quarterly import Cell
from ledger.record import Record
from ledger.report_entries import ReturnEntry
from ledger.rules.common import Place, View
from ledger.rules.effects import Writer
from ledger.rules.reports import check_order, check_period, check_revision
from ledger.statistics.tables import ALL

_CODE_CHARACTERS = 2


def check_file(view: View, holder: Holder, record: Record) -> None:
    """Every check of `return.file`; raises the first Refusal."""
    body, author = record.body, holder.code
    assert isinstance(body, ReturnBody)
    check_period(view, body.quarter, "quarter")
    check_revision(view, keys.FLOW_LETTERS[body.flow], author, body.quarter, body.revision)
    held = view.state.trade.quarter(author, body.flow, body.quarter)
    if body.last != (held.last or None):
        given = None if body.last is None else body.last.hex()
        raise Refusal(Code.RETURN_STALE, "last", given=given, limit=held.last.hex() or None)
    if body.certificates != held.certificates:
        raise Refusal(Code.RETURN_CERTIFICATES, "certificates", given=body.certificates, limit=held.certificates)
    check_order([(cell.partner, cell.hs) for cell in body.cells], "cells")
    sums = [_check_points(view, author, body, cell, f"cells[{place}]") for place, cell in enumerate(body.cells)]
    if len(body.cells) != held.cells:
        raise Refusal(Code.RETURN_CELLS, "cells", given=len(body.cells), limit=held.cells)
    _check_protection(body)
    _check_annual(view, author, body)
    for place, (cell, total) in enumerate(zip(body.cells, sums, strict=True)):
        _check_value(cell, total, f"cells[{place}]")


def enact_file(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Files the figures."""
    body = record.body
    assert isinstance(body, ReturnBody)
    writer.file(keys.FLOW_LETTERS[body.flow], record.author, body.quarter, body.revision, record.id)
    trade = view.state.trade
    cells = (trade.cell(record.author, body.flow, body.quarter, cell.partner, cell.hs) for cell in body.cells)
    counts = tuple(cell.certificates for cell in cells)
    year = quarters_of(body.quarter[:4]) if is_fourth(body.quarter) else ()
    lasts = tuple(trade.quarter(record.author, body.flow, quarter).last for quarter in year)
    entry = ReturnEntry(record.author, body.flow, body.quarter, body.revision, counts, lasts)
    writer.put_return(record.id, entry)


def _check_points(view: View, author: str, body: ReturnBody, cell: ReturnCell, field: str) -> Cell:
    """The ledger's sums for a cell, when their points are what the return says."""
    total = view.state.trade.cell(author, body.flow, body.quarter, cell.partner, cell.hs)
    if total.points != cell.points:
        figures = {"partner": cell.partner, "hs": cell.hs, "limit": units.carats(total.points)}
        raise Refusal(Code.RETURN_CARATS, f"{field}.carats", given=units.carats(cell.points), **figures)
    return total


def _check_protection(body: ReturnBody) -> None:
    check_order([(entry.hs,) for entry in body.protection], "protection")
    traded = _with_all({cell.hs for cell in body.cells})
    stated = [entry.hs for entry in body.protection]
    if stated != traded:
        raise Refusal(Code.RETURN_PROTECTION, "protection", given=" ".join(stated), limit=" ".join(traded))


def _check_annual(view: View, author: str, body: ReturnBody) -> None:
    """What is stated of the year is of all its cells, since as many are found under its partners as the ledger counts."""
    if not is_fourth(body.quarter):
        if body.annual:
            raise Refusal(Code.RETURN_ANNUAL_QUARTER, "annual", given=body.quarter, limit=f"{body.quarter[:4]}Q4")
        return
    stated = [entry.of for entry in body.annual]
    check_order([(name,) for name in stated], "annual")
    trade, year = view.state.trade, quarters_of(body.quarter[:4])
    traded = [
        (partner, hs)
        for partner in (name for name in stated if len(name) == _CODE_CHARACTERS)
        for quarter in year
        for hs in HS_CODES
        if trade.cell(author, body.flow, quarter, partner, hs).certificates
    ]
    found = _with_all({name for cell in traded for name in cell})
    if stated != found:
        raise Refusal(Code.RETURN_ANNUAL, "annual", given=" ".join(stated), limit=" ".join(found))
    cells = sum(trade.quarter(author, body.flow, quarter).cells for quarter in year)
    if len(traded) != cells:
        raise Refusal(Code.RETURN_ANNUAL, "annual", given=len(traded), limit=cells)


def _with_all(names: set[str]) -> list[str]:
    """Ascending, with the margin over all of them when there is any."""
    return [*sorted(names), *([ALL] if names else [])]


def _check_value(cell: ReturnCell, total: Cell, field: str) -> None:
    if not is_sum_of_blindings(cell.blinding):
        raise Refusal(Code.RETURN_BLINDING, f"{field}.blinding", given=cell.blinding.hex())
    if not opens(total.commitment, cell.cents, cell.blinding):
        figures = {"partner": cell.partner, "hs": cell.hs, "limit": total.commitment.hex()}
        raise Refusal(Code.RETURN_VALUE, f"{field}.value", given=units.value(cell.cents), **figures)


def check_countersign(view: View, holder: Holder, record: Record) -> None:  # its signer has looked
    """Every check of `return.countersign`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, CountersignBody)
    entry = view.state.filed_return(body.filed)
    if entry is None:
        raise Refusal(Code.RETURN_UNKNOWN, "filed", given=body.filed.hex())
    newest = view.state.filing(keys.FLOW_LETTERS[entry.flow], entry.author, entry.quarter)
    if newest is not None and newest.record != body.filed:
        raise Refusal(Code.RETURN_REPLACED, "filed", given=entry.revision, limit=newest.revision)
    if entry.countersigned:
        raise Refusal(Code.RETURN_COUNTERSIGNED, "filed", given=body.filed.hex(), record=entry.countersigned.hex())


def enact_countersign(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Notes the countersignature."""
    body = record.body
    assert isinstance(body, CountersignBody)
    entry = view.state.filed_return(body.filed)
    assert entry is not None, "the checks have found it"
    writer.countersign(body.filed, replace(entry, countersigned=record.id))
