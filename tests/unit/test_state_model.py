"""The ledger against a model of it (`tests.support.state_model`): any sequence of records is judged alike, and leaves the same
certificates, sums, lists, stocks and chains. Small histories of hypothesis, and one of ten thousand records.
"""

from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import asdict

from ledger.bodies import (
    AmendBody,
    CloseBody,
    ConfirmLine,
    CorrectBody,
    PaperConfirmBody,
    PaperImportBody,
    ProductionBody,
    Source,
    StockBody,
    TechnicalBody,
    TransitBody,
)
from ledger.bodies.reports import ProductionLine, StockLine
from ledger.composition import compose
from ledger.custody import finish
from ledger.totals import ALL_HS
from tests.support.state_model import ABSENT, ARRIVED, CODES, OUTCOMES, Model
from tests.support.world import TODAY, World

ALL = (*CODES, ABSENT)
CARATS = (1, 50, 100, 150)
REASONS = ("void", "lost", "stolen", "returned-unused", "replaced-by")
SOURCES = {code: [(code, state) for state in ARRIVED] for code in CODES}
HALVES = ("2025H1", "2025H2")
OPERATIONS = 10_000
BLOCK = 40

BEGINNING = [
    [("issue", "BW0000000", "AE", 100, []), ("issue", "EU0000000", "AE", 150, []), ("issue", "BW0000001", "EU", 100, [])],
    [("confirm", "BW0000000", "AE", 100, "confirmed"), ("confirm", "EU0000000", "AE", 100, "discrepancy")],
    [("paper", "LR0000000", "AE", 150), ("issue", "EU0000001", "LR", 50, [])],
]
"""So that there is something to take carats from."""


def numbers(count):
    """So many of each issuer."""
    return [f"{code}{digit:07}" for code in ALL for digit in range(count)]


def action(pick, known, model):
    """Any record, by what `pick(sequence)` chooses of each part; two of three times parts that fit together, if there are such."""
    kind = pick(("issue",) * 3 + ("confirm",) * 3 + ("amend", "correct", "close", "paper", "mail", "technical", "transit"))
    kind = pick(("stock", "mine")) if pick(range(20)) == 0 else kind
    fits = pick((True, True, False))
    if kind == "stock":
        return kind, pick(CODES), pick(CARATS)
    if kind == "mine":
        return kind, pick(CODES), pick(HALVES), pick(CARATS), pick((1, 2, 3))
    number = pick(fitting(kind, known, model) if fits else known)
    held = model.held.get(number)
    if number[:2] == ABSENT and kind in ("issue", "amend", "technical"):
        number = CODES[0] + number[2:]
    if kind in ("issue", "amend"):
        usable = [
            one for one in known if (found := model.held.get(one)) and (found.destination, found.state) in SOURCES[number[:2]]
        ]
        sources = [(pick(usable if fits and usable else known), pick(CARATS)) for _ in range(pick((0, 0, 1, 2)))]
        return kind, number, pick([code for code in ALL if code != number[:2]] if fits else ALL), pick(CARATS), sources
    if kind == "close":
        return kind, number, number[:2] if fits else pick(CODES), pick(REASONS)
    if kind == "paper":
        return kind, number, pick(CODES), pick(CARATS)
    if kind == "technical":
        linked = [one for one in known if one in model.held and number[:2] in (one[:2], model.held[one].destination)]
        link = pick(linked if fits and linked else ("", *known))
        return kind, number, pick(ALL), pick(("returned", "seized", "research", "other")), link
    if kind == "transit":
        return kind, number, pick(CODES)
    author = pick(ALL) if held is None or not fits else number[:2] if kind == "mail" else held.destination
    return kind, number, author, pick(CARATS) if held is None or not fits else held.points, pick(OUTCOMES)


def fitting(kind, known, model):
    """Numbers that may do for a kind; all of them when none does."""
    states = {"amend": ("open",), "confirm": ("open",), "mail": ("open",), "close": ("open", "refused"), "correct": OUTCOMES}
    if kind in states:
        found = [one for one in known if one in model.held and model.held[one].state in states[kind]]
        found = [
            one for one in found if (model.held[one].destination == ABSENT) == (kind == "mail") or kind in ("amend", "close")
        ]
    else:
        found = [one for one in known if one not in model.held and (one[:2] == ABSENT) == (kind == "paper")]
    return found or known


def record_of(world, made, heads, wanted):
    """The record of an action; it answers the certificate's newest record as it is when the action is made."""
    kind, number, *more = wanted
    head = heads.get(number, bytes(32))
    world.rng(1)  # no two records are the same bytes: what was accepted once would be skipped
    return {
        "issue": _stated,
        "amend": _stated,
        "confirm": _outcome,
        "correct": _outcome,
        "close": _closed,
        "paper": _paper,
        "mail": _mailed,
        "technical": _technical,
        "transit": _transit,
        "stock": _stock,
        "mine": _mined,
    }[kind](world, made, head, kind, number, *more)


def _stated(world, made, head, kind, number, destination, points, sources):
    taken = tuple(Source(source, one) for source, one in sources)
    stated = {"number": number, "destination": destination, "lines": (world.line(points),), "sources": taken}
    if kind == "issue":
        return world.issue(**stated)
    return world.sign("certificate.amend", AmendBody(answers=head, **asdict(world.issue_body(**stated))), number[:2])


def _outcome(world, made, head, kind, number, author, points, outcome):
    issue = made.get(number) or world.issue(number=number, author="BW")
    lines = (ConfirmLine(world.commitment(), "710231", points),)
    body = world.confirm_body(issue, lines=lines, outcome=outcome, answers=head)
    if kind == "confirm":
        return world.sign("import.confirm", body, author)
    return world.sign("import.correct", CorrectBody(**asdict(body)), author)


def _closed(world, made, head, kind, number, author, reason):
    replacement = f"{number[:2]}9999999" if reason == "replaced-by" else ""
    body = CloseBody(number=number, reason=reason, replacement=replacement)
    return world.sign("certificate.close", body, author, at=world.now - world.made)


def _paper(world, made, head, kind, number, author, points):
    body = PaperImportBody(
        "2026-02-10", (world.line(points),), number, 2, points, "not-issuing", TODAY, world.rng(16), world.rng(32)
    )
    return world.sign("paper.import", body, author)


def _mailed(world, made, head, kind, number, author, points, outcome):
    body = PaperConfirmBody(head, world.rng(32), number, outcome, 2, points, TODAY)
    return world.sign("paper.confirm", body, author)


def _technical(world, made, head, kind, number, destination, reason, link):
    body = TechnicalBody(
        destination=destination,
        issued=TODAY,
        lines=(ConfirmLine(world.commitment(), "710231", 100),),
        link=link,
        number=number,
        parcels=1,
        points=100,
        reason=reason,
        rid=world.rng(16),
        sealed=world.rng(32),
    )
    return world.sign("technical.issue", body, number[:2])


def _transit(world, made, head, kind, number, author):
    return world.sign("transit.notice", TransitBody(TODAY, number, False, "intact"), author, at=world.now - world.made)


def _stock(world, made, head, kind, author, points):
    return world.sign(
        "stock.declare", StockBody("2026-02-28", (StockLine("710231", points),)), author, at=world.now - world.made
    )


def _mined(world, made, head, kind, author, half, points, revision):
    body = ProductionBody(half, (ProductionLine(1, "710231", points),), revision)
    return world.sign("production.report", body, author, at=world.now - world.made)


def judge(world, model, made, heads, actions):
    """One block of these actions: the ledger gives the model's answers."""
    records, expected, kinds = [], [], []
    for kind, number, *more in actions:
        record = record_of(world, made, heads, (kind, number, *more))
        code = getattr(model, kind)(number, *more)
        if code is None and kind in ("issue", "amend", "confirm", "correct", "close", "mail", "paper"):
            heads[number] = record.id
        if kind == "issue" and code is None:
            made[number] = record
        records.append(record)
        expected.append(code)
        kinds.append(kind)
    judgements = world.block(*records).judgements
    assert [judgement.refusal and str(judgement.refusal.code) for judgement in judgements] == expected
    return zip(kinds, expected, strict=True)


def rows(world):
    found, cursor = {}, None
    while True:
        page = world.ledger.certificates(cursor)
        found |= {row.number: row for row in page.rows}
        if page.cursor is None:
            return found
        cursor = page.cursor


def compare(world, model):
    """Certificates, sums, lists and stocks."""
    found = rows(world)
    assert found.keys() == model.held.keys()
    for number, held in model.held.items():
        row, view = found[number], world.ledger.certificate(number)
        assert (row.destination, row.points, row.state, row.claimed) == (
            held.destination,
            held.points,
            held.state,
            held.claimed,
        )
        assert (row.measured or 0) == held.measured
        assert held.claimed <= held.measured
        assert (len(view.records), len(view.beside), row.type == "paper") == (held.records, held.beside, held.paper)
    margins = {(row.participant, row.flow): (row.points, row.certificates) for row in world.ledger.totals() if row.hs == ALL_HS}
    assert margins == model.sums
    opened = {number for number, held in model.held.items() if held.state == "open"}
    assert world.ledger.figures().open == len(opened)
    owed = {one.destination: one.all.certificates for one in world.ledger.ageing().owed}
    assert owed == Counter(model.held[number].destination for number in opened)
    for code in ALL:
        total = world.ledger.stock(code).total
        assert (total.imports, total.import_certificates) == margins.get((code, "import"), (0, 0))
        assert (total.exports, total.export_certificates) == margins.get((code, "export"), (0, 0))
        assert total.stock == model.left(code)
        assert total.uncovered == max(0, -model.left(code))


def compare_chains(world, model):
    """Each certificate's chains and origins."""
    assert {row.number for row in world.ledger.open_confirmations().rows} == {
        number for number, held in model.held.items() if held.state == "open"
    }
    for number, held in model.held.items():
        chains = finish(world.ledger.custody(number))
        assert sum(one.points for one in chains.down.takings if one.source == number) == held.claimed
        assert not chains.up.cut
        assert not chains.down.cut
        for one in chains.up.links[1:]:
            assert number in {link.number for link in finish(world.ledger.custody(one.number, up=False)).down.links}
        found = finish(compose(chains.up))
        parts = [share.pro_rata for share in found.shares if not share.zone] + [mixed.pro_rata for mixed in found.mixed]
        assert sum(parts) == found.points == held.points
        assert all(share.lowest <= share.pro_rata <= share.highest for share in found.shares)


@given(st.data(), st.lists(st.integers(0, 8), max_size=8))
def test_ledger_and_model_agree(data, sizes):
    with TemporaryDirectory() as folder, World.make(Path(folder) / "db") as world:
        model, made, heads, known = Model(), {}, {}, numbers(3)
        for actions in BEGINNING:
            judge(world, model, made, heads, actions)
        for size in sizes:
            actions = (action(lambda parts: data.draw(st.sampled_from(parts)), known, model) for _ in range(size))
            judge(world, model, made, heads, actions)
        compare(world, model)
        compare_chains(world, model)


def test_ten_thousand_records_are_judged_alike(tmp_path):
    """One ledger that grows: new numbers come in all the time, and are left after a while."""
    random = Random(2003)
    model, made, heads, answers = Model(), {}, {}, Counter()
    known = numbers(OPERATIONS // 20)
    with World.make(tmp_path / "db") as world:
        for done in range(0, OPERATIONS, BLOCK):
            serial = done // 20
            near = [number for number in known if serial - 20 <= int(number[2:]) < serial + 5]
            answers.update(judge(world, model, made, heads, chosen(random, near, model)))
            if done % 2_000 == 0:
                compare(world, model)
        compare(world, model)
    assert sum(answers.values()) == OPERATIONS
    accepted = {kind: count for (kind, code), count in answers.items() if code is None}
    assert sum(accepted.values()) > OPERATIONS // 3
    assert accepted.keys() == {kind for kind, _ in answers}
    assert len({code for _, code in answers}) > 20
    assert min(count for kind, count in accepted.items() if kind != "stock") > 10, accepted


def chosen(random, known, model):
    """A block's actions, each chosen when the model knows the one before."""
    return (action(random.choice, known, model) for _ in range(BLOCK))
