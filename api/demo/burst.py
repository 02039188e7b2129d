"""Many sound certificates that rest on nothing, signed beforehand: the load of benchmarks and of tests with many clients.

Each has its own number, rid, envelope, commitments and signature, so a node has all its work with every one of them.
About 0.6 ms each on one core; several processes may share the work with different `first`.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from itertools import islice

from api.demo.office import Keys, Office, Stream
from api.demo.people import People
from api.demo.shipments import VALIDITY_DAYS, Goods, Shipment
from ledger.genesis import Genesis
from ledger.units import Ms, block_date, date_of, day_number

AUTHORS = ("BW", "RU", "EU", "AE")
FIRST_NUMBER = 9_000_000_000
"""Ten digits beginning with 9: generated trade never reaches them."""


def burst(
    genesis: Genesis,
    keys: Keys,
    at: Ms,
    count: int,
    *,
    authors: Sequence[str] = AUTHORS,
    lines: int = 1,
    first: int = 0,
    seed: int = 0,
) -> list[bytes]:
    """Submissions of `count` independent `certificate.issue` records, the authors in turn.

    Args:
        genesis: of the network.
        keys: seeds of the authors.
        at: their instant, milliseconds: they are sound for seven days from it.
        count: how many.
        authors: participants without committed ranges, not suspended; each sends to the next one.
        lines: of each certificate.
        first: number of the first one; runs on the same ledger must not overlap.
        seed: another one gives other bytes.
    """
    return list(islice(_submissions(genesis, keys, at, tuple(authors), lines, first, seed), count))


def _submissions(
    genesis: Genesis, keys: Keys, at: Ms, authors: tuple[str, ...], lines: int, first: int, seed: int
) -> Iterator[bytes]:
    stream = Stream(hashlib.sha256(b"kpledger burst" + genesis.ledger_id + repr((seed, first, at)).encode()).digest())
    rng = random.Random(repr((seed, first)))  # noqa: S311 - weights to be repeated, no secret
    office = Office(genesis, keys, stream, People(rng))
    issued = block_date(at)
    expires = date_of(day_number(issued) + VALIDITY_DAYS)
    serial = first
    while True:
        place = serial % len(authors)
        goods = tuple(Goods("710231", points := rng.randrange(100, 2_000_000), points * 75) for _ in range(lines))
        shipment = Shipment(
            issuer=authors[place],
            destination=authors[(place + 1) % len(authors)] if len(authors) > 1 else _other(authors[0]),
            reexport=True,
            at=at,
            issued=issued,
            validated=issued,
            expires=expires,
            parcels=1,
            goods=goods,
            number=f"{authors[place]}{FIRST_NUMBER + serial}",
        )
        yield office.sign(office.issue(shipment)).submission
        serial += 1


def _other(code: str) -> str:
    return "IN" if code != "IN" else "AE"
