"""Records that must be refused, by the code that they must meet, and records that come near to it and are accepted.

Each stands on a day of its own, amid everybody else's trade.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ledger.bodies import ConfirmLine
from ledger.errors import Code
from ledger.record import Record
from tests.acceptance.cases import answer_some_day
from tests.acceptance.members import RANGED, SUSPENDED, SUSPENDED_ZONE, VALIDITY_DAYS, ZONES, first_number
from tests.acceptance.stage import Stage

UNUSED = "ZZ0000"
"""Stands for a number that nobody has used."""

Play = Callable[[Stage, int], None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code, and acts of a day that meet it or nearly do."""

    code: Code
    plant: Play
    near_miss: Play


def _one(
    code: Code, bad: Callable[[Stage, int], dict[str, object]], near: Callable[[Stage, int], dict[str, object]]
) -> Refusal:
    """Of a certificate with one thing wrong; `bad` and `near` give its fields."""

    def plant(stage: Stage, i: int) -> None:
        pair = stage.shared_pair()
        _put_unused(stage, stage.body(pair, number=UNUSED, **bad(stage, i)), code, pair[0])

    def near_miss(stage: Stage, i: int) -> None:
        issue = stage.issue(stage.shared_pair(), near=code, **near(stage, i))
        answer_some_day(stage, issue)

    return Refusal(code, plant, near_miss)


def _put_unused(stage: Stage, fields: dict[str, object], code: Code, issuer: str) -> None:
    """A certificate that is refused takes no number: it stands in a series of its own, far above any other."""
    if fields["number"] == UNUSED:
        stage.forged += 1
        fields["number"] = f"{issuer}{9_000_000_000 + 1_000 * stage.forged}"
    stage.put(stage.world.issue(**fields), refused=code)


def _answer(
    code: Code, bad: Callable[[Stage, Record, int], dict[str, object]], near: Callable[[Stage, Record, int], dict[str, object]]
) -> Refusal:
    """Of an answer with one thing wrong, eight days after the issue, valid to the ninth; a sound one follows, or it was near."""

    def play(stage: Stage, i: int, *, planted: bool) -> None:
        issue = stage.issue(stage.shared_pair(), expires=stage.coming(9), parcels=2)

        def first() -> None:
            stage.put(stage.answer(issue, **bad(stage, issue, i)), refused=code)
            if code is not Code.CONFIRMED_BUT_EXPIRED:
                stage.confirm(issue)

        def only() -> None:
            changes = near(stage, issue, i)
            if changes.get("outcome") == "discrepancy":
                stage.truth.honest["discrepancy"].add(issue.body.number)
            stage.put(stage.answer(issue, **changes), near=code)

        if planted and code is Code.CONFIRMED_BUT_EXPIRED:
            stage.truth.honest["unconfirmed"].add(issue.body.number)
        stage.later(10 if planted and code is Code.CONFIRMED_BUT_EXPIRED else 8, first if planted else only)

    return Refusal(code, lambda stage, i: play(stage, i, planted=True), lambda stage, i: play(stage, i, planted=False))


def _second_use(code: Code, changes: Callable[[Record], dict[str, object]]) -> Refusal:
    """Of something that another certificate has used; the near miss comes nearest by having its own."""

    def plant(stage: Stage, i: int) -> None:
        issue = stage.issue(stage.shared_pair())
        answer_some_day(stage, issue)
        pair = (issue.author, "AE" if issue.body.destination != "AE" else "IN")
        fields = stage.body(pair, number=UNUSED) | changes(issue)
        stage.later(3, lambda: _put_unused(stage, fields | {"issued": stage.date, "validated": stage.date}, code, pair[0]))

    def near_miss(stage: Stage, i: int) -> None:
        answer_some_day(stage, stage.issue(stage.shared_pair(), near=code))

    return Refusal(code, plant, near_miss)


def _ranged(stage: Stage, i: int, *, planted: bool) -> None:
    """The numbers below and above the year's, and last year's; the near miss takes the last but a few of them."""
    year = int(stage.date[:4])
    first = first_number(year)
    if planted:
        serial = (first - 4_306, first + 10_000, first + 15_000)[i % 3]
        fields = stage.body((RANGED, "EU"), number=f"{RANGED}{serial:06}")
        stage.put(stage.world.issue(**fields), refused=Code.NUMBER_OUT_OF_RANGE)
        return
    stage.top[year] = stage.top.get(year, first + 10_000) - 1
    answer_some_day(stage, stage.issue((RANGED, "EU"), number=f"{RANGED}{stage.top[year]:06}", near=Code.NUMBER_OUT_OF_RANGE))


def _sourced(code: Code, *, more: int, confirmed: bool) -> Refusal:
    """Of a re-export that takes more than arrived, or from what has not been confirmed; it takes all that arrived."""

    def play(stage: Stage, i: int, *, planted: bool) -> None:
        pair = stage.any_minors()
        source = stage.issue(pair, 8_000, lines=stage.lines(8_000, ()))
        measured = 7_900 if i % 2 and confirmed else 8_000
        onward = (pair[1], "IN" if i % 3 else "AE")

        def arrive() -> None:
            stage.differ(source, measured - 8_000) if measured != 8_000 else stage.confirm(source)

        def leave() -> None:
            sources = {source.body.number: measured + (more if planted else 0)}
            if planted:
                _put_unused(stage, stage.reexport_body(onward, sources, number=UNUSED), code, onward[0])
            else:
                answer_some_day(stage, stage.reexport(onward, sources, near=code))

        late = planted and not confirmed
        stage.later(9 if late else 4, arrive)
        stage.later(6, leave)

    return Refusal(code, lambda stage, i: play(stage, i, planted=True), lambda stage, i: play(stage, i, planted=False))


def _overdrawn_twice(stage: Stage, i: int, *, planted: bool) -> None:
    """Two re-exports that fit one by one, and together take a point more; or exactly all."""
    pair = stage.any_minors()
    source = stage.issue(pair, lines=stage.lines(8_000, ()))
    onward = (pair[1], "IN")
    stage.later(3, lambda: stage.confirm(source))

    def leave() -> None:
        answer_some_day(stage, stage.reexport(onward, {source.body.number: 5_000}))
        sources = {source.body.number: 3_000 + planted}
        if planted:
            _put_unused(stage, stage.reexport_body(onward, sources, number=UNUSED), Code.CARATS_EXCEED_SOURCE, onward[0])
        else:
            answer_some_day(stage, stage.reexport(onward, sources, near=Code.CARATS_EXCEED_SOURCE))

    stage.later(5, leave)


def _suspended_issuer(stage: Stage, i: int) -> None:
    fields = stage.body((SUSPENDED, "AE"), number=UNUSED)
    _put_unused(stage, fields, Code.ISSUER_SUSPENDED, SUSPENDED)


def _outsider(stage: Stage, i: int) -> None:
    """Signed by somebody whom the register does not know, or with a key that it does not."""
    fields = stage.body(stage.shared_pair(), number=f"KE{9_000_000_000 + i}")
    stage.put(stage.world.issue(author="KE", key="KE/issue", **fields), refused=Code.UNKNOWN_AUTHOR)


def _stranger(stage: Stage, i: int) -> None:
    issue = stage.issue(stage.shared_pair())
    other = "JP" if issue.body.destination != "JP" else "TH"
    stage.later(3, lambda: stage.put(stage.answer(issue, author=other), refused=Code.WRONG_DESTINATION))
    stage.later(4, lambda: stage.confirm(issue))


def _second_outcome(stage: Stage, i: int) -> None:
    issue = stage.issue(stage.shared_pair())
    stage.later(3, lambda: stage.confirm(issue))
    stage.later(3 + i % 3, lambda: stage.put(stage.answer(issue), refused=Code.CERTIFICATE_CLOSED))


def _accepted(code: Code, **changes: object) -> Play:
    """An ordinary certificate that is answered the day after."""

    def near_miss(stage: Stage, i: int) -> None:
        issue = stage.issue(stage.shared_pair(), **changes)
        stage.later(1 + i % 5, lambda: stage.put(stage.answer(issue), near=code))

    return near_miss


def _zone(stage: Stage, i: int, *, planted: bool) -> None:
    """Goods of the suspended zone, or of a zone that is not told; of a zone that may export."""
    zone = (SUSPENDED_ZONE, "")[i % 2] if planted else ZONES[i % len(ZONES)]
    pair = ("CF", "AE" if i % 2 else "EU")
    lines = (stage.world.line(3_000, "710231", ("CF",), zone),)
    if planted:
        _put_unused(stage, stage.body(pair, number=UNUSED, lines=lines), Code.ORIGIN_SUSPENDED, "CF")
    else:
        answer_some_day(stage, stage.issue(pair, lines=lines, near=Code.ORIGIN_SUSPENDED))


def _points(issue: Record, more: int) -> tuple[ConfirmLine, ...]:
    line = issue.body.lines[0]
    return (ConfirmLine(line.commitment, line.hs, line.points + more),)


def _differs(stage: Stage, issue: Record, i: int) -> dict[str, object]:
    return ({"lines": _points(issue, 1)}, {"lines": _points(issue, -1)}, {"parcels": 3})[i % 3]


REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        Code.NUMBER_OUT_OF_RANGE,
        lambda stage, i: _ranged(stage, i, planted=True),
        lambda stage, i: _ranged(stage, i, planted=False),
    ),
    _second_use(Code.NUMBER_USED, lambda issue: {"number": issue.body.number}),
    _second_use(Code.RID_USED, lambda issue: {"rid": issue.body.rid}),
    _sourced(Code.CARATS_EXCEED_SOURCE, more=1, confirmed=True),
    Refusal(
        Code.CARATS_EXCEED_SOURCE,
        lambda stage, i: _overdrawn_twice(stage, i, planted=True),
        lambda stage, i: _overdrawn_twice(stage, i, planted=False),
    ),
    _sourced(Code.SOURCE_NOT_CONFIRMED_HERE, more=0, confirmed=False),
    Refusal(
        Code.ORIGIN_SUSPENDED, lambda stage, i: _zone(stage, i, planted=True), lambda stage, i: _zone(stage, i, planted=False)
    ),
    Refusal(Code.ISSUER_SUSPENDED, _suspended_issuer, _accepted(Code.ISSUER_SUSPENDED)),
    Refusal(Code.UNKNOWN_AUTHOR, _outsider, _accepted(Code.UNKNOWN_AUTHOR)),
    Refusal(Code.WRONG_DESTINATION, _stranger, _accepted(Code.WRONG_DESTINATION)),
    Refusal(Code.CERTIFICATE_CLOSED, _second_outcome, _accepted(Code.CERTIFICATE_CLOSED)),
    _one(Code.DESTINATION_NOT_IN_FORCE, lambda _stage, _i: {"destination": SUSPENDED}, lambda _stage, _i: {}),
    _one(Code.EXPIRY_OVER_LIMIT, lambda stage, i: {"expires": stage.coming(VALIDITY_DAYS + 1 + i)}, lambda _stage, _i: {}),
    _one(
        Code.VALIDATED_BEFORE_ISSUED,
        lambda stage, i: {"validated": stage.past(1), "issued": stage.date},
        lambda stage, i: {"validated": stage.date, "issued": stage.past(i % 2)},
    ),
    _one(Code.ISSUED_TOO_LATE, lambda stage, i: {"issued": stage.past(31 + i)}, lambda stage, _i: {"issued": stage.past(7)}),
    _one(Code.ISSUED_IN_FUTURE, lambda stage, i: {"issued": stage.coming(2 + i)}, lambda _stage, _i: {}),
    _one(
        Code.CARATS_DIFFER_FROM_LINES,
        lambda stage, i: {"lines": stage.lines(5_000, ()), "points": 5_001 - 2 * (i % 2)},
        lambda stage, _i: {"lines": stage.lines(5_000, ()), "points": 5_000},
    ),
    _one(Code.UNKNOWN_ORIGIN, lambda stage, _i: {"lines": stage.lines(5_000, ("XX",))}, lambda _stage, _i: {}),
    _answer(Code.CONFIRMED_BUT_EXPIRED, lambda _stage, _issue, _i: {}, lambda stage, _issue, _i: {"received": stage.coming(1)}),
    _answer(
        Code.CONFIRMED_BUT_DIFFERS, _differs, lambda stage, issue, i: _differs(stage, issue, i) | {"outcome": "discrepancy"}
    ),
    _answer(
        Code.STALE_HEAD,
        lambda stage, _issue, _i: {"answers": stage.world.rng(32)},
        lambda _stage, issue, _i: {"answers": issue.id},
    ),
    _answer(Code.RECEIPT_CODE, lambda stage, _issue, _i: {"receipt_code": stage.world.rng(10)}, lambda _stage, _issue, _i: {}),
    _answer(
        Code.RECEIVED_IN_FUTURE,
        lambda stage, _issue, i: {"received": stage.coming(2 + i)},
        lambda _stage, _issue, _i: {},
    ),
    _answer(
        Code.RECEIVED_BEFORE_ISSUED,
        lambda stage, _issue, i: {"received": stage.past(9 + i)},
        lambda stage, _issue, _i: {"received": stage.past(7)},
    ),
)
"""What a ledger of certificates must refuse."""

SPAN_DAYS = 40
"""So long before the end the last of them begins."""

FIRST_DAY = 45
"""And the first one so long after the beginning, that dates may lie back."""


def plant_all(stage: Stage, planted: int, near: int) -> None:
    """Puts them on their days."""
    for refusal in REFUSALS:
        for i in range(planted):
            stage.on(stage.draw_day(SPAN_DAYS, FIRST_DAY), lambda refusal=refusal, i=i: refusal.plant(stage, i))
        for i in range(near):
            stage.on(stage.draw_day(SPAN_DAYS, FIRST_DAY), lambda refusal=refusal, i=i: refusal.near_miss(stage, i))
