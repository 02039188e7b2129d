"""ledger/findings: one block's work, the agenda's bound, serials, lists and pages, equivocation, what an inquiry cites, thresholds."""

import re
from itertools import product
from pathlib import Path

import pytest

import ledger.findings
from ledger import keys, state
from ledger.bodies import INQUIRY_OPEN, InquiryOpenBody
from ledger.findings import RULES, Severity, Status, book, timing
from ledger.findings.entries import decode_finding
from ledger.findings.lists import certificates
from ledger.findings.thresholds import THRESHOLDS
from ledger.limits import MAX_FINDING_CHARACTERS
from ledger.parameters import PARAMETERS
from ledger.participants import SECRETARIAT
from tests.support.findings import begin, close, finding, finding_world, issue, names, outcome, pass_days, propose
from tests.support.world import World


@pytest.fixture
def world(tmp_path):
    with finding_world(tmp_path, rush_certificates=3) as held:
        yield held


def test_what_a_block_finds_is_numbered_as_it_comes(world):
    """What the day brings first, then record by record, for each of them rule by rule."""
    waits = issue(world)
    world.accept(waits)
    begin(world, "2026-04-01")
    late, quick = issue(world, "BW0000003", days_ago=9), issue(world, "BW0000002")
    world.accept(quick, late, outcome(world, quick, 9_000, receipt_code=None))
    found = world.ledger.findings().rows[::-1]
    assert [one.name for one in found] == [
        "unconfirmed/BW0000001", "late-issue/BW0000003", "discrepancy/BW0000002", "no-receipt-code/BW0000002",
        "quick-transit/BW0000002",
    ]  # fmt: skip
    assert [one.serial for one in found] == list(range(5))
    assert {one.first_seen for one in found} == {one.height for one in found} == {2}
    begin(world, "2026-04-02")
    world.accept(issue(world, "BW0000004", days_ago=9), close(world, "BW0000001"))
    assert names(world) == [one.name for one in found] + ["late-issue/BW0000004"]
    assert finding(world, "late-issue/BW0000004").serial == 5
    resolved = finding(world, "unconfirmed/BW0000001")
    assert (resolved.serial, resolved.first_seen, resolved.height, resolved.status) == (0, 2, 3, "resolved")


def test_a_refused_record_finds_nothing_and_an_accepted_one_once(world):
    late = issue(world, days_ago=9)
    refused = issue(world, "BW0000002", days_ago=31)
    world.accept(late)
    world.block(late, refused, issue(world, "BW0000001", days_ago=8))
    assert names(world) == ["late-issue/BW0000001"]
    assert finding(world, "late-issue/BW0000001").height == 1


def test_a_block_takes_so_many_from_the_agenda_and_leaves_the_rest_to_the_next(world, monkeypatch):
    monkeypatch.setattr(book, "MAX_DUE_FINDINGS", 3)
    world.accept(*(issue(world, f"BW000000{serial}") for serial in range(7)))
    begin(world, "2026-04-01")
    for count in (3, 6, 7, 7):
        world.block()
        assert names(world, "unconfirmed") == [f"unconfirmed/BW000000{serial}" for serial in range(count)]
    assert list(world.store.iterate(keys.FINDING_AGENDA, limit=1)) != []  # their expiry
    begin(world, "2026-04-16")
    world.block()
    begin(world, "2026-04-30")
    for count in (6, 7, 7):
        world.block()
        assert len(names(world, "unconfirmed", severity=Severity.HIGH)) == count
    left = [key for key, _ in world.store.iterate(keys.FINDING_AGENDA)]
    assert [key for key in left if key[keys.DAY_BYTES :].startswith(timing.LETTER.encode())] == []


def test_a_whole_number_of_full_blocks_leaves_nothing_behind(world, monkeypatch):
    monkeypatch.setattr(book, "MAX_DUE_FINDINGS", 3)
    world.accept(*(issue(world, f"BW000000{serial}") for serial in range(6)))
    begin(world, "2026-04-01")
    for _ in range(2):
        world.block()
    assert len(names(world, "unconfirmed")) == 6
    world.accept(issue(world, "BW0000007"))
    pass_days(world, 60)
    for _ in range(3):
        world.block()
    assert "unconfirmed/BW0000007" in names(world)


def test_one_that_the_agenda_has_not_reached_is_found_and_resolved_by_its_outcome(world, monkeypatch):
    monkeypatch.setattr(book, "MAX_DUE_FINDINGS", 1)
    first, second = issue(world, "BW0000000"), issue(world, "BW0000001")
    world.accept(first, second)
    begin(world, "2026-04-01")
    world.accept(outcome(world, second))
    assert (finding(world, "unconfirmed/BW0000000").status, finding(world, "unconfirmed/BW0000001").status) == (
        "open",
        "resolved",
    )


def test_lists_hold_what_passes_every_filter_in_pages(world):
    world.accept(*(issue(world, f"BW000000{serial}", days_ago=8 + serial) for serial in range(3)))
    world.accept(*(issue(world, f"RU000000{serial}", destination="EU", expires="2026-03-05") for serial in range(3)))
    quick = issue(world, "RU0000003", destination="BW")
    world.accept(quick)
    world.accept(outcome(world, quick, 9_000, receipt_code=None))
    pass_days(world, 10)
    world.accept(close(world, "RU0000001"))
    pass_days(world, 30)
    every = world.ledger.findings().rows
    assert [one.serial for one in every] == list(range(len(every)))[::-1]
    statuses, severities = {one.status for one in every}, {one.severity for one in every}
    assert (statuses, severities) == (set(Status), set(Severity))
    for rule, code, status, severity in product(
        (None, *RULES), (None, "BW", "RU", "EU", "AE", "LR"), (None, *Status), (None, *Severity)
    ):
        expected = [
            one
            for one in every
            if (not rule or one.rule == rule)
            and (not code or code in one.participants)
            and (not status or one.status is status)
            and (not severity or one.severity is severity)
        ]
        filters = {"rule": rule, "participant": code, "status": status, "severity": severity}
        assert paged(world, 2, **filters) == expected
    for number in ("BW0000001", "RU0000001", "RU0000003", "RU000000", "RU00000030"):
        expected = tuple(one for one in every if number in certificates(one))
        assert world.ledger.certificate_findings(number).rows == expected
        first = world.ledger.certificate_findings(number, limit=1)
        assert first.rows == expected[:1]
        if first.cursor is not None:
            assert world.ledger.certificate_findings(number, first.cursor).rows == expected[1:]


def paged(world, limit, **filters):
    rows, cursor = [], None
    while True:
        page = world.ledger.findings(cursor, limit, **filters)
        assert page.head == world.ledger.head
        assert len(page.rows) <= limit
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            return rows


def test_the_ledger_does_not_know_other_rules_and_participants(world):
    world.accept(issue(world, days_ago=9))
    assert world.ledger.findings(rule="late").rows == world.ledger.findings(participant="XX").rows == ()
    assert world.ledger.finding("late-issue", "BW0000009") == (world.ledger.head, None)


def test_who_signed_two_histories(world):
    proof = world.evidence("BW", 1)
    world.accept(proof)
    (found,) = world.ledger.findings(rule="equivocation").rows
    signer, key = world.ledger.network.epoch.validators[1]
    assert found.name == f"equivocation/0/{key.hex()}"
    assert (found.severity, found.status, found.subjects) == ("high", "open", (signer,))
    assert (found.inputs, found.numbers) == ((proof.id,), {"epoch": 0})
    pass_days(world, 30)
    assert world.ledger.findings(rule="equivocation").rows == (found,)


def test_an_inquiry_cites_the_longest_name(world):
    for week in range(4):
        begin(world, f"2026-03-{1 + 7 * week:02}")
        world.accept(issue(world, f"BW000000{week}"))
    begin(world, "2026-03-29")
    world.accept(propose(world, "suspend", 30, subject="BW", closes_in=14))
    world.accept(*(issue(world, f"BW00001{serial}0") for serial in range(4)))
    (name,) = names(world, "rush")
    assert len(name) > 70
    body = InquiryOpenBody(due="2026-05-01", finding=name, participant="BW", question="Why so many?")
    world.accept(world.sign(INQUIRY_OPEN, body, SECRETARIAT))
    assert max(map(len, names(world))) <= MAX_FINDING_CHARACTERS
    assert [row.entry.finding for row in world.ledger.inquiries("unanswered").rows] == [name]


def test_state_and_log_are_the_same_without_findings(tmp_path, monkeypatch):
    class Nothing:
        def __init__(self, *_: object) -> None:
            pass

        due = write = remember = lambda _: None
        observe = lambda *_: None  # noqa: E731 - one line a method

    def told(path):
        path.mkdir()
        with finding_world(path) as world:
            heads = []
            first = issue(world, days_ago=9)
            for records in ((first,), (outcome(world, first, 9_000),), (issue(world, "BW0000002"),)):
                heads.append(world.accept(*records).head)
            pass_days(world, 60)
            stored = dict(world.store.iterate(b""))
            kept = {key: value for key, value in stored.items() if not key.startswith(b"k/")}
            return [*heads, world.ledger.head], kept, len(stored) - len(kept)

    heads, kept, found = told(tmp_path / "with")
    monkeypatch.setattr(state, "Findings", Nothing)
    assert (heads, kept, 0) == told(tmp_path / "without")
    assert found > 10


def test_findings_go_on_after_a_restart(tmp_path, monkeypatch):
    monkeypatch.setattr(book, "MAX_DUE_FINDINGS", 1)
    with finding_world(tmp_path) as world:
        world.accept(issue(world), issue(world, "BW0000002", days_ago=9))
        begin(world, "2026-04-01")
        world.block()
        made_of, made, path = world.ledger.genesis, world.made, world.path
    with World.make(path, made_of) as again:
        again.made = made
        again.block()
        again.accept(issue(again, "BW0000003", days_ago=9))
        assert names(again) == [
            "late-issue/BW0000002", "unconfirmed/BW0000001", "unconfirmed/BW0000002", "late-issue/BW0000003",
        ]  # fmt: skip
        assert finding(again, "late-issue/BW0000003").serial == 3


def test_what_stays_decoded_for_the_next_block_is_what_the_store_has(tmp_path):
    with finding_world(tmp_path, splitting_certificates=2) as world:
        one = issue(world)
        for records in ([one], [issue(world, "BW0000002")], [outcome(world, one, 9_000)], [issue(world, "BW0000003")]):
            world.accept(*records)
            held = world.ledger._memory.findings
            stored = {name: world.store.get(keys.finding(name)) for name in held}
            assert held == {name: None if data is None else decode_finding(data) for name, data in stored.items()}
        assert {name.partition("/")[0] for name in held} == {"splitting", "discrepancy-drift", "never-a-discrepancy"}
        assert [one.numbers["certificates"] for one in held.values() if one is not None] == [3]


def test_every_threshold_that_rules_read_is_shown_with_a_rule():
    folder = Path(ledger.findings.__file__).parent
    texts = [file.read_text() for file in sorted(folder.glob("*.py")) if file.name != "thresholds.py"]
    read = {name for text in texts for name in re.findall(r'"([a-z-]+)"', text)} & set(PARAMETERS)
    assert {name for shown in THRESHOLDS.values() for name in shown} == read
    assert set(THRESHOLDS) <= set(RULES)
