"""ledger/rules/members.py: what a participant says of itself, each refusal, and what follows from each record."""

from dataclasses import replace

import pytest
from nacl.bindings import crypto_scalarmult_base

from ledger.bodies import (
    AuthoritySetBody,
    KeyAddBody,
    KeyRevokeBody,
    ParticipationSetBody,
    RangeCommitBody,
    WithdrawBody,
)
from ledger.errors import Code, Refusal
from ledger.limits import MAX_AUTHORITIES, MAX_KEYS, MAX_RANGES
from ledger.participants import SECRETARIAT, Authority, NumberRange, Role, RoleKey
from ledger.state import Ledger
from tests.support.world import DAY_MS, EPOCH, START, World, equivocation, genesis, participants, public, seal_secret

TOMORROW, AFTER = "2026-03-03", "2026-03-10"
OFFICE = "Authority of BW"


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def seal_key(code, epoch):
    return crypto_scalarmult_base(seal_secret(code, epoch))


def key_add(name="BW/new", roles=("issue",), authority=OFFICE, **changes):
    return "key.add", KeyAddBody(**({"key": public(name), "roles": roles, "authority": authority} | changes))


def seal_add(epoch=EPOCH + 1, **changes):
    return "key.add", KeyAddBody(**({"key": seal_key("BW", epoch), "roles": ("seal",), "epoch": epoch} | changes))


def participation(confirms="", issues=""):
    return "participation.set", ParticipationSetBody(confirms, issues)


def committed(first, last, year=2026):
    return "range.commit", RangeCommitBody(first, last, year)


REFUSED = [
    ("LR issues from today", "LR", participation(issues="2026-03-01"), Code.DATE_NOT_FUTURE, "issues"),
    ("LR confirms from yesterday", "LR", participation(confirms="2026-02-28"), Code.DATE_NOT_FUTURE, "confirms"),
    ("BW issues here already", "BW", participation(issues=AFTER), Code.PARTICIPATION_BEGUN, "issues"),
    ("BW confirms here already", "BW", participation(confirms=AFTER), Code.PARTICIPATION_BEGUN, "confirms"),
    ("nothing is said", "LR", participation(), Code.NOTHING_CHANGES, ""),
    ("withdrawn yesterday", "BW", ("participant.withdraw", WithdrawBody("2026-02-28")), Code.DATE_NOT_FUTURE, "effective"),
    ("CF is suspended", "CF", ("participant.withdraw", WithdrawBody("2026-03-01")), Code.NOTHING_CHANGES, "effective"),
    ("last before first", "BW", committed(200, 199), Code.RANGE_ORDER, "last"),
    ("a year that is over", "BW", committed(1, 9, 2025), Code.RANGE_YEAR, "year"),
    ("one number in common, below", "AO", committed(50, 100), Code.RANGE_OVERLAPS, "first"),
    ("one number in common, above", "AO", committed(310, 400), Code.RANGE_OVERLAPS, "first"),
    ("all of a range", "AO", committed(1, 999), Code.RANGE_OVERLAPS, "first"),
    ("an office that is there", "BW", ("authority.set", AuthoritySetBody(False, OFFICE)), Code.NOTHING_CHANGES, "name"),
    ("the end of none", "BW", ("authority.set", AuthoritySetBody(True, "Mint")), Code.AUTHORITY_UNKNOWN, "name"),
    ("a role twice", "BW", key_add(roles=("issue", "issue")), Code.ROLES, "roles"),
    ("seal and a role", "BW", key_add(roles=("issue", "seal")), Code.ROLES, "roles"),
    ("an office of a sealing key", "BW", seal_add(authority=OFFICE), Code.ROLES, "authority"),
    ("a sealing key from a day on", "BW", seal_add(since=AFTER), Code.ROLES, "since"),
    ("a sealing key until a day", "BW", seal_add(until=AFTER), Code.ROLES, "until"),
    ("the epoch in force", "BW", seal_add(EPOCH, key=seal_key("BW", 1)), Code.SEAL_EPOCH, "epoch"),
    ("no point", "BW", seal_add(key=b"\xff" * 32), Code.KEY_FORM, "key"),
    ("an epoch of a signing key", "BW", key_add(epoch=3), Code.ROLES, "epoch"),
    ("no office", "BW", key_add(authority=""), Code.AUTHORITY_UNKNOWN, "authority"),
    ("the secretariat has no offices", SECRETARIAT, key_add("s"), Code.AUTHORITY_UNKNOWN, "authority"),
    ("from yesterday", "BW", key_add(since="2026-02-28"), Code.KEY_SPAN, "since"),
    ("an end before the beginning", "BW", key_add(since=AFTER, until=AFTER), Code.KEY_SPAN, "until"),
    ("ends today", "BW", key_add(until="2026-03-01"), Code.KEY_SPAN, "until"),
    ("a point of small order", "BW", key_add(key=b"\x01" + bytes(31)), Code.KEY_FORM, "key"),
    ("another one's key", "BW", key_add("RU/issue"), Code.KEY_IN_USE, "key"),
    ("its own root", "BW", key_add("BW/root"), Code.KEY_IN_USE, "key"),
    ("its node's key", "BW", key_add("BW/consensus"), Code.KEY_IN_USE, "key"),
    ("a key it has", "BW", key_add("BW/issue"), Code.NOTHING_CHANGES, "key"),
    ("a key of RU", "BW", ("key.revoke", KeyRevokeBody(public("RU/issue"))), Code.KEY_NOT_HELD, "key"),
    ("its root", "BW", ("key.revoke", KeyRevokeBody(public("BW/root"))), Code.KEY_NOT_HELD, "key"),
    ("a key whose days are over", "ZA", ("key.revoke", KeyRevokeBody(public("ZA/issue"))), Code.KEY_REVOKED, "key"),
]


@pytest.mark.parametrize(("case", "author", "stated", "code", "field"), REFUSED, ids=[case[0] for case in REFUSED])
def test_refused(world, case, author, stated, code, field):
    record = world.sign(*stated, author)
    with pytest.raises(Refusal) as caught:
        world.ledger.check(record, world.now)
    assert (caught.value.code, caught.value.field) == (code, field), case
    before, register = world.ledger.head, world.ledger.register
    (judgement,) = world.block(record).judgements
    assert judgement.refusal.problem() == caught.value.problem()
    assert world.ledger.head.tree_size == before.tree_size
    assert world.ledger.register is register


@pytest.mark.parametrize(
    ("kind", "key", "code"),
    [
        (participation(issues=AFTER), "LR/govern", Code.NOT_ROOT_KEY),
        (key_add(), "BW/govern", Code.NOT_ROOT_KEY),
        (committed(1, 2), "BW/confirm", Code.KEY_ROLE),
        (("participant.withdraw", WithdrawBody(AFTER)), "BW/root", Code.UNKNOWN_KEY),
    ],
)
def test_another_key_does_not_do(world, kind, key, code):
    with pytest.raises(Refusal) as caught:
        world.ledger.check(world.sign(*kind, key[:2], key), world.now)
    assert caught.value.code == code


def test_only_participants_have_offices_and_numbers(world):
    for stated, key in ((committed(1, 2), "issue"), (("authority.set", AuthoritySetBody(False, "x")), "root")):
        with pytest.raises(Refusal) as caught:
            world.ledger.check(world.sign(*stated, SECRETARIAT, f"{SECRETARIAT}/{key}"), world.now)
        assert (caught.value.code, caught.value.field) == (Code.KEY_ROLE, "author")


def refused(world, record):
    with pytest.raises(Refusal) as caught:
        world.ledger.check(record, world.now)
    return caught.value.code


def test_a_key_signs_from_its_day_until_it_is_revoked(world):
    world.accept(world.sign(*key_add(since=TOMORROW), "BW"))
    issue = world.issue(key="BW/new")
    assert refused(world, issue) == Code.KEY_NOT_IN_FORCE
    world.now += 2 * DAY_MS
    world.accept(world.issue(number="BW0000002", key="BW/new"))
    world.accept(world.sign("key.revoke", KeyRevokeBody(public("BW/new")), "BW"))
    assert refused(world, world.issue(number="BW0000003", key="BW/new")) == Code.KEY_NOT_IN_FORCE
    assert refused(world, world.sign("key.revoke", KeyRevokeBody(public("BW/new")), "BW")) == Code.KEY_REVOKED
    assert refused(world, world.sign(*key_add(), "BW")) == Code.NOTHING_CHANGES
    assert refused(world, world.sign(*key_add(authority="Authority of RU"), "RU")) == Code.KEY_IN_USE
    assert world.ledger.certificate("BW0000002").row.state == "open"


def test_within_a_block_the_first_record_counts_for_the_next(world):
    added = world.sign(*key_add(), "BW")
    revoked = world.sign("key.revoke", KeyRevokeBody(public("BW/issue")), "BW")
    applied = world.block(added, world.issue(key="BW/new"), revoked, world.issue(number="BW0000002"))
    assert [judgement.refusal and judgement.refusal.code for judgement in applied.judgements] == [
        None,
        None,
        None,
        Code.KEY_NOT_IN_FORCE,
    ]


def test_the_secretariat_changes_its_own_keys(world):
    world.accept(world.sign(*key_add("s/audit", ("audit",), ""), SECRETARIAT))
    world.accept(world.sign("key.revoke", KeyRevokeBody(public(f"{SECRETARIAT}/audit")), SECRETARIAT))
    entries = {entry.key: entry for entry in world.ledger.register.secretariat.entries}
    assert entries[public("s/audit")] == RoleKey(public("s/audit"), (Role.AUDIT,), "2026-03-01")
    assert entries[public(f"{SECRETARIAT}/audit")].until == "2026-03-01"


def test_an_office_that_ends_takes_its_keys_along_and_may_begin_anew(world):
    world.accept(world.sign("authority.set", AuthoritySetBody(False, "Mint"), "BW"))
    world.accept(world.sign(*key_add(authority="Mint"), "BW"))
    world.accept(world.sign("authority.set", AuthoritySetBody(True, "Mint"), "BW"))
    assert refused(world, world.issue(key="BW/new")) == Code.KEY_NOT_IN_FORCE
    assert refused(world, world.sign(*key_add("BW/newer", authority="Mint"), "BW")) == Code.AUTHORITY_UNKNOWN
    assert refused(world, world.sign("authority.set", AuthoritySetBody(True, "Mint"), "BW")) == Code.AUTHORITY_UNKNOWN
    world.accept(world.sign("authority.set", AuthoritySetBody(False, "Mint"), "BW"))
    world.accept(world.sign(*key_add("BW/newer", authority="Mint"), "BW"))
    world.accept(world.issue(key="BW/newer"))
    assert [office.name for office in world.ledger.register.participant("BW").authorities] == [OFFICE, "Mint"]


def test_a_new_sealing_key_counts_at_once_and_the_one_before_for_thirty_days(world):
    world.now += 100 * DAY_MS
    world.accept(world.sign(*seal_add(), "BW"))
    register = world.ledger.register
    assert register.epochs("BW", world.now) == (EPOCH + 1, EPOCH)
    assert register.readers("BW", "AE", world.now)[0] == ("BW", EPOCH + 1, seal_key("BW", EPOCH + 1))
    assert register.epochs("BW", world.now + 30 * DAY_MS) == (EPOCH + 1, EPOCH)
    assert register.epochs("BW", world.now + 31 * DAY_MS) == (EPOCH + 1,)
    world.accept(world.sign("key.revoke", KeyRevokeBody(seal_key("BW", EPOCH + 1)), "BW"))
    assert world.ledger.register.epochs("BW", world.now) == (EPOCH,)
    assert refused(world, world.sign(*seal_add(key=seal_key("BW", 7)), "BW")) == Code.SEAL_EPOCH


def test_participation_begins_on_its_day(world):
    world.accept(world.sign(*participation(AFTER, AFTER), "LR"))
    world.now = START + 7 * DAY_MS
    issued = {"number": "LR0000001", "lines": (world.line(100, origin=("LR",)),), "expires": "2026-04-15"}
    assert refused(world, world.issue(issued="2026-03-08", validated="2026-03-08", **issued)) == Code.ISSUER_NOT_IN_FORCE
    world.accept(world.sign(*participation(issues="2026-03-12"), "LR"))
    world.now += 5 * DAY_MS
    assert refused(world, world.issue(issued="2026-03-11", validated="2026-03-12", **issued)) == Code.ISSUER_NOT_IN_FORCE
    world.accept(world.issue(issued="2026-03-12", validated="2026-03-12", **issued))
    assert refused(world, world.sign(*participation(issues="2026-04-12"), "LR")) == Code.PARTICIPATION_BEGUN


def test_who_withdraws_issues_nothing_from_that_day_on(world):
    world.accept(world.sign("participant.withdraw", WithdrawBody(TOMORROW), "BW"))
    world.accept(world.issue())
    world.now += 2 * DAY_MS
    assert refused(world, world.issue(number="BW0000002")) == Code.ISSUER_SUSPENDED


def test_a_committed_range_holds_from_then_on(world):
    world.accept(world.issue(number="BW0009000"))
    world.accept(world.sign(*committed(1, 99), "BW"), world.sign(*committed(200, 299), "BW"))
    assert refused(world, world.issue(number="BW0009001")) == Code.NUMBER_OUT_OF_RANGE
    world.accept(world.issue(number="BW0000200"))
    assert world.ledger.register.participant("BW").ranges == (NumberRange(2026, 1, 99), NumberRange(2026, 200, 299))


def full(code, **changes):
    others = [entry for entry in participants() if entry.code != code]
    (held,) = [entry for entry in participants() if entry.code == code]
    return genesis(participants=(*others, replace(held, **changes)))


@pytest.mark.parametrize(
    ("made_of", "stated"),
    [
        (
            lambda: full("BW", ranges=tuple(NumberRange(2026, 10 * n, 10 * n) for n in range(MAX_RANGES))),
            committed(5, 5),
        ),
        (
            lambda: full("BW", authorities=tuple(Authority(f"Office {n}", ()) for n in range(MAX_AUTHORITIES))),
            ("authority.set", AuthoritySetBody(False, "Mint")),
        ),
    ],
)
def test_there_is_no_room_for_ever_more(tmp_path, made_of, stated):
    with World.make(tmp_path / "full", made_of()) as world:
        key = "BW/issue" if stated[0] == "range.commit" else "BW/root"
        assert refused(world, world.sign(*stated, "BW", key)) == Code.TOO_MANY


def test_a_participant_has_so_many_keys_and_no_more(world, monkeypatch):
    assert MAX_KEYS == 1_000
    monkeypatch.setattr("ledger.rules.members.MAX_KEYS", 6)
    assert refused(world, world.sign(*key_add(), "BW")) == Code.TOO_MANY


def test_all_of_it_is_there_after_a_restart(tmp_path):
    with World.make(tmp_path / "db") as world:
        world.accept(
            world.sign(*key_add(), "BW"),
            world.sign(*seal_add(), "BW"),
            world.sign(*committed(1, 99), "BW"),
            world.sign(*participation(AFTER, AFTER), "LR"),
            world.sign("participant.withdraw", WithdrawBody(AFTER), "RU"),
            world.sign(*key_add("s/audit", ("audit",), ""), SECRETARIAT),
        )
        ledger, store = world.ledger, world.store
        again = Ledger.open(store, ledger.genesis, equivocation)
        assert dict(again.register.participants) == dict(ledger.register.participants)
        assert list(again.register.participants) == list(ledger.register.participants)
        assert again.register.secretariat == ledger.register.secretariat
