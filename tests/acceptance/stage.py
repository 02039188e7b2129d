"""The ledger under test, its calendar, and the truth about what happens on it.

Acts are put on days (counted from the first one, with an order within the day) and may put further acts on the same or later
days; each builds its records when its day has come. A day is one block, at 18:00 UTC. Whoever lets something happen says what
is true of it: planted (must be found), a near miss (must not), honest (what honest trade brings along, must be found as well),
or possible (either is right). What is refused is told with its code. The ledger is told none of it.
"""

import hashlib
import heapq
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import count, permutations
from pathlib import Path
from typing import Self

from ledger.bodies import CERTIFICATE_CLOSE, CloseBody, IssueBody, Line, Source
from ledger.errors import Code
from ledger.periods import quarter_of
from ledger.record import Record, Submission
from ledger.state import Block
from ledger.units import DAY_MS, date_of, day_number
from tests.acceptance.members import (
    FIRST_DAY,
    MINORS,
    RUSHED,
    SPARED,
    SUSPENDED,
    VALIDITY_DAYS,
    WITHDRAWN,
    today,
    world_genesis,
)
from tests.support.world import World

SATURDAY = 5
EVENING_MS = 18 * 3_600_000
NOON = 12 * 3_600_000
SHARED_PAIRS = 150
"""The order, within their day, of acts that say nothing else."""

SHARED_PAIRS = 150
SHARED_DESTINATIONS = ("AE", "EU", "IN", "US")
"""Cases of all rules send goods there: no planter has a pair with one of them alone."""

Act = Callable[[], None]


@dataclass
class Truth:
    """What was made to happen, by rule: findings' subjects."""

    planted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    near: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    honest: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    possible: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


@dataclass
class Verdicts:
    """What was to be refused, by code: how often, how often it was; near misses likewise; and every other answer."""

    planted: Counter[Code] = field(default_factory=Counter)
    refused: Counter[Code] = field(default_factory=Counter)
    near: Counter[Code] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


class Stage:
    """One run. `days` long; everything drawn from `seed`."""

    def __init__(self, path: Path, seed: int, days: int) -> None:
        self.world = World.make(path, world_genesis())
        self.rng = random.Random(seed)
        self.days = days
        self.day = 0
        self.truth = Truth()
        self.verdicts = Verdicts()
        self.blocks: list[Block] = []
        self.certificates = 0
        self.forged = 0
        """Certificates that were refused and took no number."""
        self.top: dict[int, int] = {}
        """By year, the lowest of the highest committed numbers that are used."""
        self.seconds = 0.0
        """Processor time that the ledger took."""
        self._acts: list[tuple[int, int, int, Act]] = []
        self._serial = count()
        self._today: list[tuple[Record, Code | None, Code | None]] = []
        self._numbers: Counter[str] = Counter()
        others = sorted(
            set(self.world.ledger.genesis.participants) - {*MINORS, *RUSHED, *SHARED_DESTINATIONS, SUSPENDED, SPARED, WITHDRAWN}
        )
        self._pairs = self._shuffled((issuer, code) for issuer in MINORS for code in others)
        self._shared = [self._pairs.pop() for _ in range(SHARED_PAIRS)]
        self._minor_pairs = self._shuffled(permutations(MINORS, 2))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.world.store.close()

    # --- the calendar -------------------------------------------------------------------------------------------------

    def on(self, day: int, act: Act, order: int = NOON) -> None:
        """Put an act on a day; one that is over already, or lies behind the end, is an error of the case."""
        assert self.day <= day < self.days, f"day {day} of {self.days}, on day {self.day}"
        heapq.heappush(self._acts, (day, order, next(self._serial), act))

    def later(self, days: int, act: Act) -> None:
        """Put an act some days from now."""
        self.on(self.day + days, act)

    def draw_day(self, span: int, first: int = 0) -> int:
        """A day from which on that many are left."""
        return self.rng.randrange(first, self.days - span)

    def run(self) -> None:
        """Let every day come."""
        for day in range(self.days):
            self.day = day
            self.world.now = (FIRST_DAY + self.day) * DAY_MS + EVENING_MS
            while self._acts and self._acts[0][0] == day:
                heapq.heappop(self._acts)[3]()
            self._end_day()

    @property
    def date(self) -> str:
        """Today's."""
        return today(self.day)

    @staticmethod
    def date_of(day: int) -> str:
        """The date of a day counted from the first one."""
        return today(day)

    @property
    def minors(self) -> list[str]:
        """Those that issue nothing in the honest world."""
        return list(MINORS)

    def past(self, days: int) -> str:
        """The date so many days ago."""
        return today(self.day - days)

    def coming(self, days: int) -> str:
        """The date in so many days."""
        return today(self.day + days)

    def working_day(self, count: int) -> int:
        """The day that is so many working days, Monday to Friday, after today."""
        day = self.day
        while count:
            day += 1
            count -= date.fromisoformat(today(day)).weekday() < SATURDAY
        return day

    # --- records ------------------------------------------------------------------------------------------------------

    def put(self, record: Record, *, refused: Code | None = None, near: Code | None = None) -> Record:
        """Into today's block; `refused`: with this code; `near`: accepted, though it comes near to it."""
        self._today.append((record, refused, near))
        return record

    def pair(self) -> tuple[str, str]:
        """Issuer and destination that nobody else is given."""
        return self._pairs.pop()

    def minor_pair(self) -> tuple[str, str]:
        """Two of those that issue nothing in the honest world, in an order that nobody else is given."""
        return self._minor_pairs.pop()

    def any_minors(self) -> tuple[str, str]:
        """Two of those: their trade is of goods whose origin is not stated, so that no balance of origins moves."""
        return tuple(self.rng.sample(MINORS, 2))

    def shared_pair(self) -> tuple[str, str]:
        """Issuer and destination with little trade."""
        return self.rng.choice(self._shared)

    def number(self, issuer: str) -> str:
        """The issuer's next number, to be used at once."""
        self._numbers[issuer] += 1
        return f"{issuer}{self._numbers[issuer]:07}"

    def lines(self, points: int, origin: tuple[str, ...]) -> tuple[Line, ...]:
        """One line of gem-quality rough."""
        return (self.world.line(points, "710231", origin),)

    def body(self, pair: tuple[str, str], weight: int = 0, **changes: object) -> dict[str, object]:
        """Fields of a certificate of the issuer's own goods, issued and validated today, valid for sixty days."""
        issuer, destination = pair
        issued = changes.get("issued", self.date)
        validated = str(changes.get("validated", issued))
        fields: dict[str, object] = {
            "number": "",
            "destination": destination,
            "issued": issued,
            "validated": validated,
            "expires": date_of(day_number(validated) + VALIDITY_DAYS),
            "lines": self.lines(weight or self.rng.randrange(2_000, 400_000), (issuer,)),
            "parcels": 1,
        }
        fields |= changes
        fields["number"] = fields["number"] or self.number(issuer)
        return fields

    def issue(self, pair: tuple[str, str], weight: int = 0, near: Code | None = None, **changes: object) -> Record:
        """Issues a certificate today; `near`: to this refusal."""
        self.certificates += 1
        issue = self.put(self.world.issue(**self.body(pair, weight, **changes)), near=near)
        self._after_return(issue.body.number, issue.body.issued)
        return issue

    def reexport_body(self, pair: tuple[str, str], sources: dict[str, int], **changes: object) -> dict[str, object]:
        """Fields of a certificate of goods of no stated origin that takes all its carats from these sources."""
        taken = tuple(Source(number, points) for number, points in sources.items())
        fields: dict[str, object] = {"type": "re-export", "lines": self.lines(sum(sources.values()), ()), "sources": taken}
        return self.body(pair, **(fields | changes))

    def reexport(self, pair: tuple[str, str], sources: dict[str, int], near: Code | None = None) -> Record:
        """Issues such a certificate today; `near`: to this refusal."""
        self.certificates += 1
        return self.put(self.world.issue(**self.reexport_body(pair, sources)), near=near)

    def confirm(self, issue: Record, **changes: object) -> Record:
        """The destination answers today."""
        return self.put(self.answer(issue, **changes))

    def answer(self, issue: Record, **changes: object) -> Record:
        """An answer of today that is not put yet."""
        return self.world.confirm(issue, **({"received": self.date} | changes))

    def differ(self, issue: Record, points: int) -> Record:
        """So many points arrive more (or less): an honest discrepancy."""
        body = issue.body
        assert isinstance(body, IssueBody)
        self.truth.honest["discrepancy"].add(body.number)
        first, *rest = self.world.confirm_body(issue).lines
        lines = (type(first)(first.commitment, first.hs, first.points + points), *rest)
        return self.confirm(issue, outcome="discrepancy", lines=lines)

    def miscount(self, issue: Record) -> Record:
        """A parcel more arrives, of the same weight."""
        body = issue.body
        assert isinstance(body, IssueBody)
        self.truth.honest["discrepancy"].add(body.number)
        return self.confirm(issue, outcome="discrepancy", parcels=body.parcels + 1)

    def close(self, number: str, reason: str = "void") -> Record:
        """The issuer closes a certificate today."""
        held = self.world.ledger.certificate(number)
        if held is not None:
            self._after_return(number, held.row.issued)
        return self.put(self.world.sign(CERTIFICATE_CLOSE, CloseBody(number=number, reason=reason), number[:2]))

    def _after_return(self, number: str, issued: str) -> None:
        """A certificate of a quarter that is over: its issuer's return may have been filed."""
        if quarter_of(issued) != quarter_of(self.date):
            quarter = quarter_of(issued)
            self.truth.possible["return-mismatch"] |= {f"{number[:2]}/export/{name}" for name in (quarter, f"{quarter[:4]}Q4")}

    # --- inside -------------------------------------------------------------------------------------------------------

    def _shuffled(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        drawn = list(pairs)
        self.rng.shuffle(drawn)
        return drawn

    def _end_day(self) -> None:
        """Today's block, and whether every record in it met what it was to meet."""
        ledger, put = self.world.ledger, self._today
        self._today = []
        records = [record for record, _, _ in put]
        height = ledger.head.height + 1
        digest = hashlib.sha256(b"block %d" % height).digest()
        block = Block(height, self.world.now, digest, records, ledger.network.epoch.number)
        started = time.process_time()
        ledger.keep_bodies([Submission(record) for record in records])
        applied = ledger.apply(block)
        self.seconds += time.process_time() - started
        self.blocks.append(block)
        for (record, refused, near), judgement in zip(put, applied.judgements, strict=True):
            code = judgement.refusal.code if judgement.refusal else None
            if refused is not None:
                self.verdicts.planted[refused] += 1
                self.verdicts.refused[refused] += code is refused
            if near is not None:
                self.verdicts.near[near] += 1
            if code is not refused:
                about = getattr(record.body, "number", record.id.hex()[:8])
                told = f"{self.date} {record.kind} {about}: {code or 'accepted'} instead of {refused or 'accepted'}"
                self.verdicts.wrong.append(f"{told} {judgement.refusal.details if judgement.refusal else ''}")
