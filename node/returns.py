"""Prepares a participant's quarterly return: opens its own records' envelopes and adds up what stands in them.

Rules:
- which certificates count the node's lists say; what they are worth, the envelopes, opened here with the office's sealing key;
- every record is checked against its id, its envelope against the record, and the opened values against the commitments: a node
  that lies is found out, as is one that leaves something out, for the sums must be the ledger's, cell by cell;
- traders are told apart by licence, else by name: exporters for exports, importers for imports. Protection follows from them:
  how far what is left after the two largest falls short of `p-percent` of the largest, a parameter (6-statistics.md,
  "Disclosure control");
- the return of a fourth quarter also states what the year needs: the records of all four quarters are opened for it, and the
  sums of each are held against the ledger's.

Nothing is sent: the return is a file that an officer looks at, and `return file` signs.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ledger.bodies import AnnualProtection, ConfirmBody, PaperImportBody, Protection, ReturnBody, ReturnCell, StatedBody
from ledger.commitments import opens, sum_blindings
from ledger.entries import SOURCE_STATES, CertificateState, issuer_of
from ledger.errors import Code, Refusal
from ledger.periods import is_fourth, quarter_of, quarters_of
from ledger.quarterly import CountedLine
from ledger.statistics.tables import ALL, Need
from ledger.units import Cents, Points, carats, parse_carats, value
from ledger.unsealing import check_values, open_envelope
from node.client import Client, Quarter
from node.errors import Exit, FatalError
from node.sealed import fetch_envelope, fetch_record, untrue

MANY_TRADERS = 3
"""A return states no higher number."""

_NOT_EXPORTED = {CertificateState.VOID, CertificateState.RETURNED, CertificateState.REPLACED}

Flow = Literal["export", "import"]


@dataclass(frozen=True, slots=True)
class OpenedLine:
    """A line with what only its readers know."""

    partner: str
    hs: str
    points: int
    cents: int
    blinding: bytes
    trader: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Whose return it is, and what opens its envelopes.

    Attributes:
        ledger_id: 32 bytes.
        author: participant code.
        secrets: the reader's X25519 sealing keys, the newest first.
        reader: who opens them, when that is not the author: the secretariat, which countersigns.
    """

    ledger_id: bytes
    author: str
    secrets: Sequence[bytes]
    reader: str = ""


async def prepare(client: Client, desk: Desk, flow: Flow, quarter: str) -> ReturnBody:
    """The return that the ledger accepts now.

    Raises:
        FatalError: the sums are not the ledger's, or an envelope does not open.
        ProblemError: the node says no.
    """
    quarters = quarters_of(quarter[:4]) if is_fourth(quarter) else (quarter,)
    held = {name: await client.quarter(desk.author, name, flow) for name in quarters}
    lines: dict[str, list[OpenedLine]] = {name: [] for name in quarters}
    certificates = dict.fromkeys(quarters, 0)
    async for number in _counted(client, desk.author, flow, quarters):
        found = await _opened(client, desk, flow, quarters, number)
        if found is not None:
            certificates[found[0]] += 1
            lines[found[0]] += found[1]
    for name in quarters:
        _compare(cells(lines[name]), certificates[name], held[name])
    sums = held[quarter]
    percent = sums.p_percent
    return ReturnBody(
        annual=annual_protection(lines.values(), percent) if is_fourth(quarter) else (),
        cells=cells(lines[quarter]),
        certificates=certificates[quarter],
        flow=flow,
        last=None if sums.last is None else bytes.fromhex(sums.last),
        protection=protection(lines[quarter], percent),
        quarter=quarter,
        revision=len(sums.returns) + 1,
    )


async def recheck(client: Client, desk: Desk, filed: ReturnBody) -> None:
    """Whether a filed return is what the opened records ask for now, sums and protection alike: then it may be countersigned.

    Raises:
        FatalError: it is not; as `prepare`.
        ProblemError: the node says no.
    """
    made = await prepare(client, desk, filed.flow, filed.quarter)
    for name in ("last", "certificates", "cells"):
        if getattr(made, name) != getattr(filed, name):
            raise FatalError(
                f"What {desk.author} recorded after this return has changed its quarter ({name}).",
                "It cannot be compared with the records any more, and was not countersigned.",
                f"Ask {desk.author} for a next revision: kpledger inquiry open",
                Exit.REFUSED,
            )
    stated, needed = _needs(filed), _needs(made)
    for name in sorted(stated.keys() | needed.keys()):
        if stated.get(name) != needed.get(name):
            said, asked = _protected(stated.get(name)), _protected(needed.get(name))
            raise FatalError(
                f"{desk.author} states {said} for {name}, the records ask for {asked}.",
                "A release computed with it could give a trader away; it was not countersigned.",
                f"Ask {desk.author} for a next revision: kpledger inquiry open",
                Exit.REFUSED,
            )


def _needs(body: ReturnBody) -> dict[str, Need]:
    """What a return states of protection, by what people call it."""
    quarter = {f"{row.hs} in {body.quarter}": Need(row.traders, row.points, row.cents) for row in body.protection}
    year = {f"{row.of} in {body.quarter[:4]}": Need(row.traders, row.points, row.cents) for row in body.annual}
    return quarter | year


def _protected(entry: Need | None) -> str:
    if entry is None:
        return "no protection"
    return f"{entry.traders} traders, {carats(entry.points)} ct, US$ {value(entry.cents)}"


async def _counted(client: Client, author: str, flow: Flow, quarters: Collection[str]) -> AsyncIterator[str]:
    """Numbers of the certificates of which the list does not say yet that they do not count."""
    rows = client.certificates(issuer=author) if flow == "export" else client.certificates(destination=author)
    async for row in rows:
        if flow == "export" and (quarter_of(row.issued) not in quarters or row.state in _NOT_EXPORTED):
            continue
        if flow == "import" and row.state not in SOURCE_STATES:
            continue
        yield row.number


async def _opened(
    client: Client, desk: Desk, flow: Flow, quarters: Collection[str], number: str
) -> tuple[str, list[OpenedLine]] | None:
    """Quarter and lines of a certificate's issue, or of its outcome; None when that was received in another quarter."""
    shown = await client.certificate(number)
    arrival = shown.outcome or shown.paper
    if flow == "import" and (arrival is None or quarter_of(arrival.received) not in quarters):
        return None
    for reference in reversed(shown.records):
        record = await fetch_record(client, reference.id)
        body = record.body
        if not isinstance(body, StatedBody | ConfirmBody | PaperImportBody) or isinstance(body, StatedBody) != (
            flow == "export"
        ):
            continue
        fields = _open(desk, await fetch_envelope(client, record), number)
        partner = body.destination if isinstance(body, StatedBody) else issuer_of(body.number)
        trader = trader_of(fields.get("exporter" if flow == "export" else "importer"))
        cents = check_values(fields, body.lines)
        lines: Sequence[CountedLine] = body.lines
        return quarter_of(body.issued if isinstance(body, StatedBody) else body.received), [
            OpenedLine(partner, line.hs, line.points, amount, blinding, trader)
            for line, amount, (_, blinding) in zip(lines, cents, fields["values"] if body.lines else [], strict=True)
        ]
    raise untrue(number, "a certificate without the record that counts")


def _open(desk: Desk, envelope: bytes, number: str) -> dict[str, Any]:
    for secret in desk.secrets:
        try:
            return open_envelope(desk.ledger_id, envelope, desk.reader or desk.author, secret)
        except Refusal as refusal:
            if refusal.code != Code.ENVELOPE_UNREADABLE:
                raise
    raise FatalError(
        f"The envelope of {number} does not open with any sealing key of {desk.reader or desk.author} that is here.",
        "The return cannot be computed without its values.",
        "Put the sealing key of its time into the folder of --keys (seal, seal-2025, ...); if it is there, the part is faulty.",
        Exit.BAD_DATA,
    )


def trader_of(party: object) -> str:
    """Who trades: a licence, or a name where there is none; all who are not named are one."""
    if not isinstance(party, dict):
        return ""
    return str(party.get("licence") or party.get("name") or "")


def cells(lines: Sequence[OpenedLine]) -> tuple[ReturnCell, ...]:
    """The sums by partner and HS code, in order."""
    by_cell: dict[tuple[str, str], list[OpenedLine]] = defaultdict(list)
    for line in lines:
        by_cell[line.partner, line.hs].append(line)
    return tuple(
        ReturnCell(
            partner=partner,
            hs=hs,  # type: ignore[arg-type]  # a record's, which its form has checked
            points=Points(sum(line.points for line in found)),
            cents=Cents(sum(line.cents for line in found)),
            blinding=sum_blindings(line.blinding for line in found),
        )
        for (partner, hs), found in sorted(by_cell.items())
    )


def protection(lines: Iterable[OpenedLine], percent: int) -> tuple[Protection, ...]:
    """What each HS code of a quarter needs by the p-percent rule, and all of them, by the traders that have such lines."""
    found = _stated(((name, line) for line in lines for name in (line.hs, ALL)), percent)
    return tuple(
        Protection(
            hs=hs,  # type: ignore[arg-type]  # likewise
            traders=need.traders,
            points=Points(need.points),
            cents=Cents(need.cents),
        )
        for hs, need in found
    )


def annual_protection(quarters: Iterable[Iterable[OpenedLine]], percent: int) -> tuple[AnnualProtection, ...]:
    """What a year needs, of which these are the quarters: each HS code, each partner, and `all`."""
    lines = (line for quarter in quarters for line in quarter)
    found = _stated(((name, line) for line in lines for name in (line.hs, line.partner, ALL)), percent)
    return tuple(
        AnnualProtection(of=name, traders=need.traders, points=Points(need.points), cents=Cents(need.cents))
        for name, need in found
    )


def _stated(named: Iterable[tuple[str, OpenedLine]], percent: int) -> list[tuple[str, Need]]:
    """By name, ascending: how many traders have lines of that name, and what these need."""
    traders: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for name, line in named:
        share = traders[name][line.trader]
        share[0] += line.points
        share[1] += line.cents
    return [
        (
            name,
            Need(
                min(len(shares), MANY_TRADERS),
                _need([points for points, _ in shares.values()], percent),
                _need([cents for _, cents in shares.values()], percent),
            ),
        )
        for name, shares in sorted(traders.items())
    ]


def _need(shares: list[int], percent: int) -> int:
    """How far `percent` of the largest share exceeds what is left after the two largest, rounded up; at least nothing."""
    largest, *others = sorted(shares, reverse=True)
    return max(0, -(-largest * percent // 100) - sum(others[1:]))


def _compare(stated: Sequence[ReturnCell], certificates: int, sums: Quarter) -> None:
    """Whether the sums are those against which the ledger will hold the return."""
    own: dict[tuple[str, str], ReturnCell] = {(cell.partner, cell.hs): cell for cell in stated}
    held = {(cell.partner, cell.hs): cell for cell in sums.cells}
    for partner, hs in sorted(own.keys() | held.keys()):
        cell, total = own.get((partner, hs)), held.get((partner, hs))
        if cell is None or total is None or cell.points != parse_carats(total.carats):
            given = carats(cell.points if cell else 0)
            raise _differs(f"{partner} {hs}: {given} ct opened, {total.carats if total else '0.00'} ct on the ledger")
        if not opens(bytes.fromhex(total.commitment), cell.cents, cell.blinding):
            raise _differs(f"{partner} {hs}: the values opened are not those that the ledger's commitments hold")
    if certificates != sums.certificates:
        raise _differs(f"{certificates} certificates opened, {sums.certificates} on the ledger")


def _differs(what: str) -> FatalError:
    return FatalError(
        f"The sums differ: {what}.",
        "The ledger would refuse this return.",
        "Run the command again: something may have been recorded meanwhile. If it stays so, ask another node (--url).",
        Exit.BAD_DATA,
    )
