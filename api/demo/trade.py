"""World trade as a stream of submissions: what the demo replays, tests judge and benchmarks load.

`make_trade` plans shipments (`shipments`), lets re-exports cite what arrived (`custody`), drafts, seals and signs everything
(`office`) and plants what must be refused (`forgeries`). The same genesis, keys, end and seed give the same bytes.

Every step has a *wave*: all steps it rests on have a lower one. Steps of one wave may be submitted in any order and at once;
the next wave when those are final. In the order of their instants the steps are sound one by one.
"""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass

from api.demo.custody import add_custody
from api.demo.forged_confirmations import FORGED_CONFIRMATIONS
from api.demo.forged_issues import FORGED_ISSUES
from api.demo.forgeries import Bench, Planted, Subjects, plant
from api.demo.numbers import Numbers
from api.demo.office import Keys, Made, Office, Stream
from api.demo.people import People
from api.demo.shipments import Shipment, plan
from api.demo.world import load_world
from ledger.errors import Code
from ledger.genesis import Genesis
from ledger.units import DAY_MS, Ms

WEEK_DAYS = 7
WEEK_CERTIFICATES = 1_000


@dataclass(frozen=True, slots=True)
class Step:
    """One submission.

    Attributes:
        at: the author's instant, milliseconds; steps are in this order.
        kind: of the record.
        author: who signs (or pretends to).
        number: of the certificate.
        submission: bytes to submit.
        id: record id; None where the bytes are no record.
        wave: after which earlier steps it may go.
        rests_on: certificates whose steps before it must be final.
        expect: None when it must be accepted, else the code of its refusal.
        note: what is unusual about it, empty for ordinary trade.
        period: quarter and flow of a return, `2026Q1 export`, and of a countersignature the author, `2026Q1 export BW`. Their
            bytes are made when their time has come, since a return states the record that counted last: `submission` is empty.
    """

    at: Ms
    kind: str
    author: str
    number: str
    submission: bytes
    id: bytes | None
    wave: int
    expect: Code | None
    note: str
    rests_on: tuple[str, ...] = ()
    period: str = ""


@dataclass(frozen=True, slots=True)
class Trade:
    """The steps in time order, the plan behind those that are sound, names of findings that must come of it."""

    steps: tuple[Step, ...]
    shipments: tuple[Shipment, ...]
    findings: tuple[str, ...] = ()

    def waves(self) -> list[list[Step]]:
        """The steps by wave, each wave in time order."""
        found: list[list[Step]] = [[] for _ in range(1 + max((step.wave for step in self.steps), default=-1))]
        for step in self.steps:
            found[step.wave].append(step)
        return found

    def days(self) -> list[list[list[Step]]]:
        """The steps by day of their instants, each day by wave; days without steps are left out."""
        found: dict[int, dict[int, list[Step]]] = {}
        newest: dict[tuple[int, str], int] = {}
        for step in self.steps:
            day = step.at // DAY_MS
            wave = 1 + max((newest.get((day, number), -1) for number in step.rests_on), default=-1)
            found.setdefault(day, {}).setdefault(wave, []).append(step)
            if step.expect is None and step.number:
                newest[day, step.number] = wave
        return [[waves[wave] for wave in sorted(waves)] for _, waves in sorted(found.items())]


def make_trade(
    genesis: Genesis,
    keys: Keys,
    end: Ms,
    *,
    seed: int = 0,
    certificates: int = WEEK_CERTIFICATES,
    days: int = WEEK_DAYS,
    forgeries: bool = True,
) -> Trade:
    """A stretch of world trade that ends at `end` (milliseconds); must be submitted within two hours of it.

    Args:
        genesis: of the network.
        keys: seeds of every participant.
        end: instant of the newest step.
        seed: another one gives another week of the same world.
        certificates: issued in all; at least one for each exporting participant.
        days: length; more than 7 only where the block clock follows the steps.
        forgeries: whether to plant what must be refused.
    """
    rng = random.Random(seed)  # noqa: S311 - a plan to be repeated, not a secret
    stream = Stream(
        hashlib.sha256(b"kpledger demo" + genesis.ledger_id + end.to_bytes(8, "big") + repr(seed).encode()).digest()
    )
    office = Office(genesis, keys, stream, People(rng))
    shipments = plan(load_world(), rng, end, days, certificates)
    numbers = Numbers(genesis, end)
    add_custody(shipments, [numbers.next(shipment.issuer, shipment.issued) for shipment in shipments], rng)
    desk = Desk(office)
    desk.trade(shipments)
    steps = desk.steps
    if forgeries:
        bench = Bench(office, numbers, Subjects(end, tuple(shipments), desk.issued, desk.codes), rng)
        planted = plant(FORGED_ISSUES + FORGED_CONFIRMATIONS, bench)
        # On a clock that follows the steps nothing comes too late.
        planted = [item for item in planted if days <= WEEK_DAYS or item.expect is not Code.TOO_OLD]
        steps += [planted_step(item, desk.waves) for item in planted]
    return Trade(in_order(steps), tuple(shipments))


def in_order(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Steps in time order."""
    return tuple(sorted(steps, key=lambda step: (step.at, step.wave, step.number, step.kind, step.author)))


def events(shipments: Sequence[Shipment]) -> list[tuple[Ms, bool, int, Shipment]]:
    """Departures (False) and arrivals (True) in time order; at one instant departures come first, as `custody` sees it."""
    events = [(shipment.at, False, n, shipment) for n, shipment in enumerate(shipments)]
    events += [(shipment.arrival.at, True, n, shipment) for n, shipment in enumerate(shipments) if shipment.arrival]
    return sorted(events, key=lambda event: event[:3])


class Desk:
    """Makes the sound steps in time order and remembers what later ones rest on.

    Attributes:
        steps: so far.
        issued: the record of issue by certificate number.
        codes: the code in its container, likewise.
        waves: of its newest step, likewise.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self.steps: list[Step] = []
        self.issued: dict[str, Made] = {}
        self.codes: dict[str, bytes] = {}
        self.waves: dict[str, int] = {}

    def trade(self, shipments: Sequence[Shipment]) -> None:
        """Certificates and answers of all shipments."""
        for at, arriving, _, shipment in events(shipments):
            if arriving:
                self.confirm(at, shipment)
            else:
                self.issue(at, shipment)

    def issue(self, at: Ms, shipment: Shipment) -> None:
        """A shipment's certificate."""
        draft = self._office.issue(shipment)
        self.codes[shipment.number] = draft.receipt_code
        made = self.issued[shipment.number] = self._office.sign(draft)
        wave = 1 + max((self.waves[number] for number, _ in shipment.sources), default=-1)
        sources = tuple(number for number, _ in shipment.sources)
        self._add(at, "certificate.issue", shipment.issuer, shipment, made, wave, shipment.note, sources)

    def confirm(self, at: Ms, shipment: Shipment) -> None:
        """Its destination's answer."""
        assert shipment.arrival is not None
        answers = self.issued[shipment.number].id
        draft = self._office.confirm(shipment, shipment.arrival, answers, self.codes[shipment.number])
        made = self._office.sign(draft)
        wave = self.waves[shipment.number] + 1
        own = (shipment.number,)
        self._add(at, "import.confirm", shipment.destination, shipment, made, wave, shipment.arrival.note, own)

    def _add(
        self, at: Ms, kind: str, author: str, shipment: Shipment, made: Made, wave: int, note: str, rests_on: tuple[str, ...]
    ) -> None:
        self.waves[shipment.number] = wave
        self.steps.append(Step(at, kind, author, shipment.number, made.submission, made.id, wave, None, note, rests_on))


def planted_step(item: Planted, waves: dict[str, int]) -> Step:
    """A planted submission goes after everything it abuses."""
    wave = 1 + max((waves[number] for number in item.rests_on), default=-1)
    return Step(
        Ms(item.at), item.kind, item.author, item.number, item.submission, item.id, wave, item.expect, item.note, item.rests_on
    )
