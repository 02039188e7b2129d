"""Where goods come from, as far as certificates say it.

`circular-custody`: a re-export brings goods to a participant that issued a certificate upstream of it itself. Sources are
followed, the nearest first, as far as each certificate was issued at most `circular-custody-days` before the one that returns.
A number says who issued it, so all sources of a certificate are seen, however many there are. Others' are followed on, up to
`MAX_CIRCLE_LOOKS` of them; the destination's own, which may be too old, are looked at, as many at most: what lies beyond is not
seen. It is resolved when the certificate is amended to another destination or other sources, or leaves the exports.

`origin-balance`: a participant exported more carats of a country that is not its own than it imported. An export counts whose
line names that country alone; void, returned and replaced certificates do not. An import counts when it arrived, by the lines
of its certificate; a line that names several countries counts for each of them, and no line for more than was measured in all.
Its declared opening stock may be of any origin. Carats imported without an origin may be, too: as long as these make good for
what is missing, the finding is low, else high.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from ledger.bodies import StockBody
from ledger.entries import CertificateEntry, issuer_of
from ledger.findings.book import ORIGINS, Book
from ledger.findings.change import ZONE, Change
from ledger.findings.entries import Balance, Lot, Origins, Severity
from ledger.limits import MAX_CIRCLE_LOOKS
from ledger.record import Record
from ledger.units import day_number

_SEVERITIES: Final = (None, Severity.LOW, Severity.HIGH)


# --- circular custody -------------------------------------------------------------------------------------------------


def circular_custody(book: Book, change: Change) -> None:
    """Follows a certificate's sources."""
    if not change.after.exported:
        book.clear("circular-custody", change.number)
    if change.stated is None:
        return
    path = _way_back(book, change)
    if not path:
        book.clear("circular-custody", change.number)
        return
    first = book.view.state.certificate(path[-1])
    assert first is not None, "it was followed"
    book.find(
        "circular-custody",
        change.number,
        Severity.MEDIUM,
        (change.after.destination, change.issuer, change.number, *path),
        (change.record.id, first.records[0]),
        days=change.after.issued - day_number(first.issued),
        certificates=len(path),
    )


def _way_back(book: Book, change: Change) -> tuple[str, ...]:
    """The certificates between this one and the nearest that its destination issued, that one last; empty: there is none."""
    earliest = change.after.issued - book.parameter("circular-custody-days")
    level: list[tuple[str, ...]] = [(number,) for number, _ in change.entry.sources]
    seen = {path[-1] for path in level}
    followed = looked = 0
    while level:
        own = [path for path in level if issuer_of(path[-1]) == change.after.destination]
        for path in own[: max(0, MAX_CIRCLE_LOOKS - looked)]:
            if _recent(book, path[-1], earliest) is not None:
                return path
        looked += len(own)
        others = [path for path in level if issuer_of(path[-1]) != change.after.destination][: MAX_CIRCLE_LOOKS - followed]
        followed += len(others)
        level = []
        for path in others:
            entry = _recent(book, path[-1], earliest)
            for source, _ in () if entry is None else entry.sources:
                if source not in seen:
                    seen.add(source)
                    level.append((*path, source))
    return ()


def _recent(book: Book, number: str, earliest: int) -> CertificateEntry | None:
    """A certificate that was issued on that day or later."""
    entry = book.view.state.certificate(number)
    return None if entry is None or day_number(entry.issued) < earliest else entry


# --- balance of origins -----------------------------------------------------------------------------------------------


def origin_balance(book: Book, change: Change) -> None:
    """Adds up what a certificate claims and what it brought."""
    before, after = change.before, change.after
    if _claims(before) != _claims(after):
        claims: dict[str, Balance] = {}
        for lot, sign in ((before, -1), (after, 1)):
            _add(claims, _claims(lot), exported=sign)
        _settle(book, change.issuer, claims, 0, change.record)
    if (before is not None and before.arrived) or after.arrived:
        brought: dict[str, Balance] = {}
        mixed = 0
        for lot, sign in ((before, -1), (after, 1)):
            if lot is not None and lot.arrived:
                for origin, points in _arrived(lot):
                    _add(brought, ((_country(one), points) for one in origin), imported=sign)
                    mixed += 0 if origin else sign * points
        _settle(book, after.destination, brought, mixed, change.record)


def opening(book: Book, record: Record) -> None:
    """A participant declares what it had when it joined."""
    if isinstance(record.body, StockBody):
        held: Origins = book.note(ORIGINS, record.author)
        points = sum(line.points for line in record.body.lines)
        book.keep(ORIGINS, record.author, Origins(held.balances, held.opening + points, held.mixed))
        _settle(book, record.author, {}, 0, record)


def _claims(lot: Lot | None) -> tuple[tuple[str, int], ...]:
    """Points that a certificate exports as of one country."""
    if lot is None or not lot.exported:
        return ()
    return tuple((_country(origin[0]), points) for origin, points in lot.origins if len(origin) == 1)


def _arrived(lot: Lot) -> tuple[tuple[tuple[str, ...], int], ...]:
    """Points that arrived, by set of countries, at most."""
    return tuple((origin, min(points, lot.measured)) for origin, points in lot.origins)


def _country(origin: str) -> str:
    return origin.partition(ZONE)[0]


def _add(moves: dict[str, Balance], claimed: Iterable[tuple[str, int]], *, imported: int = 0, exported: int = 0) -> None:
    """Adds points by country, with these signs."""
    for country, points in claimed:
        held = moves.get(country, Balance())
        moves[country] = Balance(held.imported + imported * points, held.exported + exported * points)


def _settle(book: Book, code: str, moves: Mapping[str, Balance], mixed: int, record: Record) -> None:
    """Adds these to a participant's balances, and judges all of them: carats of no stated origin may be of any."""
    held: Origins = book.note(ORIGINS, code)
    home = book.view.register.participant(code)
    own = () if home is None else home.countries
    balances = dict(held.balances)
    for country, move in moves.items():
        if country not in own:
            before = balances.get(country, Balance())
            balances[country] = Balance(before.imported + move.imported, before.exported + move.exported, before.verdict)
    after = Origins(dict(sorted(balances.items())), held.opening, held.mixed + mixed)
    for country, balance in after.balances.items():
        short = balance.exported - balance.imported - after.opening
        verdict = 0 if short <= 0 else 1 if short <= after.mixed else 2
        severity = _SEVERITIES[verdict]
        if severity is not None and (verdict != balance.verdict or country in moves):
            book.find(
                "origin-balance",
                f"{code}/{country}",
                severity,
                (code,),
                (record.id,),
                country=country,
                exported_points=balance.exported,
                imported_points=balance.imported,
                missing_points=short,
                mixed_points=after.mixed,
            )
        elif severity is None and balance.verdict:
            book.clear("origin-balance", f"{code}/{country}")
        balances[country] = Balance(balance.imported, balance.exported, verdict)
    book.keep(ORIGINS, code, Origins(dict(sorted(balances.items())), after.opening, after.mixed))
