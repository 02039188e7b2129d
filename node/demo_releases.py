"""Statistics of a network that has played a year: the secretariat releases each whole quarter and half that has closed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.demo.year import YEAR_DAYS
from ledger import periods
from ledger.genesis import Genesis
from ledger.participants import SECRETARIAT, Role
from ledger.statistics.basis import decode_basis
from ledger.units import DAY_MS, Ms, block_date
from node.client import Client, ProblemError
from node.office import Office
from node.releasing import Proposer, decided, make_draft, publish, suppressed

_DECIDE_SECONDS = 60.0
_FINAL_SECONDS = 60.0
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True)
class Shown:
    """A release of the demonstration: what it is called, where it stands, its cells, and those that are confidential."""

    name: str
    state: str
    cells: int
    confidential: int


def whole_periods(end: Ms) -> list[str]:
    """Quarters and halves that lie in the year before an instant, in the order in which they close."""
    first, found = block_date(Ms(end - YEAR_DAYS * DAY_MS)), list[str]()
    for period_of in (periods.quarter_of, periods.half_of):
        period = period_of(block_date(end))
        while periods.first_day(period) >= first:
            found.append(period)
            period = periods.period_before(period)
    return sorted(found, key=lambda period: (periods.day_after(period), period))


async def release_year(client: Client, directory: Path, end: Ms, propose: Proposer) -> Sequence[Shown]:
    """Proposes, publishes and follows what has closed and is not released yet.

    Args:
        client: of a node, with a token.
        directory: the network's; drafts are kept in `statistics/`.
        end: of the year.
        propose: the proposer.
    """
    genesis = Genesis.from_json((directory / "genesis.json").read_bytes())
    office = Office.open(genesis, directory / "keys" / SECRETARIAT, Role.AUDIT)
    done: list[Shown] = []
    for period in whole_periods(end):
        try:
            basis = decode_basis(await client.get_bytes(f"/v1/statistics/basis/{period}"))
        except ProblemError as error:
            if error.status != _NOT_FOUND:
                raise
            continue  # it has not closed
        if basis.revision:
            continue
        folder = directory / "statistics" / period
        draft, release = await asyncio.to_thread(make_draft, basis, propose, folder)
        record = await publish(office, folder, lambda raw, _: client.submit_until_final(raw, _FINAL_SECONDS))
        answer = await decided(client, record.hex(), _DECIDE_SECONDS, lambda agreed, objected: None)  # noqa: ARG005 - not shown
        confidential, cells = suppressed(release)
        done.append(Shown(draft.name, answer["release"]["state"], cells, confidential))
    return done
