"""ledger/register.py: who may sign what and when, and who must be able to read an envelope."""

from dataclasses import replace

import pytest
from nacl.bindings import crypto_scalarmult_base

from ledger.errors import Code, Refusal
from ledger.participants import SECRETARIAT, Role, SealKey
from ledger.register import Register
from ledger.units import Ms
from tests.support.world import DAY_MS, EPOCH, START, World, genesis, participants, public, seal_secret


@pytest.fixture(scope="module")
def register():
    return Register(genesis())


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db") as held:
        yield held


def code_of(call, *arguments):
    with pytest.raises(Refusal) as caught:
        call(*arguments)
    return caught.value.code


def test_participants_and_their_countries(register):
    assert register.participant("BW").code == "BW"
    assert register.participant("BE") is None
    assert register.participant(SECRETARIAT) is None
    assert register.participant_of("BE").code == "EU"
    assert register.participant_of("NA").code == "NA"
    assert register.participant_of("CO") is None
    assert register.participant_of("EU") is None


@pytest.mark.parametrize(
    ("author", "key", "role", "date", "wanted"),
    [
        ("BW", "BW/issue", Role.ISSUE, "2026-01-01", None),
        ("BW", "BW/issue", Role.ISSUE, "2025-12-31", Code.KEY_NOT_IN_FORCE),
        ("BW", "BW/issue", Role.CONFIRM, "2026-03-01", Code.KEY_ROLE),
        ("BW", "BW/root", Role.ISSUE, "2026-03-01", Code.UNKNOWN_KEY),
        ("BW", "BW/consensus", Role.ISSUE, "2026-03-01", Code.UNKNOWN_KEY),
        ("BW", "RU/issue", Role.ISSUE, "2026-03-01", Code.UNKNOWN_KEY),
        ("TW", "BW/issue", Role.ISSUE, "2026-03-01", Code.UNKNOWN_AUTHOR),
        ("BE", "EU/issue", Role.ISSUE, "2026-03-01", Code.UNKNOWN_AUTHOR),
        ("ZA", "ZA/issue", Role.ISSUE, "2026-02-14", None),
        ("ZA", "ZA/issue", Role.ISSUE, "2026-02-15", Code.KEY_NOT_IN_FORCE),
        ("ZA", "ZA/later", Role.ISSUE, "2026-03-19", Code.KEY_NOT_IN_FORCE),
        ("ZA", "ZA/later", Role.ISSUE, "2026-03-20", None),
        ("ZA", "ZA/both", Role.CONFIRM, "2026-03-20", None),
        (SECRETARIAT, f"{SECRETARIAT}/issue", Role.ISSUE, "2026-03-01", None),
        (SECRETARIAT, f"{SECRETARIAT}/issue", Role.AUDIT, "2026-03-01", Code.KEY_ROLE),
        (SECRETARIAT, "BW/issue", Role.ISSUE, "2026-03-01", Code.UNKNOWN_KEY),
    ],
)
def test_signers(register, author, key, role, date, wanted):
    if wanted is None:
        assert register.signer(author, public(key), role, date).code == author
    else:
        assert code_of(register.signer, author, public(key), role, date) == wanted


ALL = [("BW", EPOCH), ("AE", EPOCH), (SECRETARIAT, EPOCH)]


@pytest.mark.parametrize(
    ("readers", "field"),
    [
        (ALL, None),
        (ALL[::-1], None),
        (ALL[:2], "readers"),
        ([*ALL, ("RU", EPOCH)], "readers"),
        ([*ALL, ALL[0]], "readers"),
        ([ALL[0], ALL[1], ALL[1]], "readers"),
        ([ALL[0], ("RU", EPOCH), ALL[2]], "readers"),
        ([], "readers"),
        ([("BW", 2025), *ALL[1:]], "readers[0]"),
        ([*ALL[:2], (SECRETARIAT, 0)], "readers[2]"),
        ([ALL[0], ("AE", EPOCH + 1), ALL[2]], "readers[1]"),
    ],
)
def test_readers(register, readers, field):
    if field is None:
        register.check_readers("BW", "AE", tuple(readers), Ms(START))
        return
    with pytest.raises(Refusal) as caught:
        register.check_readers("BW", "AE", tuple(readers), Ms(START))
    assert (caught.value.code, caught.value.field) == (Code.ENVELOPE_READERS, field)


def test_readers_once_found_sound_are_judged_anew_on_another_day_and_for_other_parties(register):
    readers = (("NA", EPOCH - 1), ("AE", EPOCH), (SECRETARIAT, EPOCH))
    for _ in range(2):
        register.check_readers("NA", "AE", readers, Ms(START + 30 * DAY_MS))
    assert code_of(register.check_readers, "NA", "AE", readers, Ms(START + 31 * DAY_MS)) == Code.ENVELOPE_READERS
    assert code_of(register.check_readers, "NA", "BW", readers, Ms(START)) == Code.ENVELOPE_READERS
    assert code_of(register.check_readers, "BW", "AE", readers, Ms(START)) == Code.ENVELOPE_READERS


def test_few_readers_are_remembered(register, monkeypatch):
    monkeypatch.setattr("ledger.register._REMEMBERED", 3)
    for day in range(10):
        register.check_readers("BW", "AE", tuple(ALL), Ms(START + day * DAY_MS))
        assert len(register._sound_readers) <= 3


def test_key_epochs(register):
    """The one before the newest counts for 30 days; who has no key stands with epoch 0."""
    day30, day31 = Ms(START + 30 * DAY_MS), Ms(START + 31 * DAY_MS)
    assert register.epochs("NA", Ms(START)) == (2026, 2025)
    assert register.epochs("NA", day30) == (2026, 2025)
    assert register.epochs("NA", day31) == (2026,)
    assert register.epochs("BW", day31) == (2026,)
    assert register.epochs("GN", Ms(START)) == (0,)
    assert register.epochs(SECRETARIAT, day31) == (2026,)
    assert register.epochs("TW", Ms(START)) == (0,)


def test_only_the_epoch_before_the_newest_counts_with_it():
    one, *others = participants()
    seals = tuple(SealKey(epoch, crypto_scalarmult_base(seal_secret(one.code, epoch))) for epoch in (2024, 2025, 2026))
    register = Register(genesis(participants=(replace(one, seals=seals), *others)))
    assert register.epochs(one.code, Ms(START)) == (2026, 2025)


def test_whom_an_envelope_is_to_be_sealed_to(register):
    newest = [(code, EPOCH, crypto_scalarmult_base(seal_secret(code))) for code in ("NA", "BW", SECRETARIAT)]
    assert register.readers("NA", "BW", Ms(START)) == tuple(newest)
    assert register.readers("NA", "GN", Ms(START)) == (newest[0], ("GN", 0, None), newest[2])


def test_an_envelope_is_checked_with_its_record(world):
    issue = world.issue()
    good = world.sealed(issue)
    world.ledger.check_sealed(good, world.now)
    world.accept(good.record)
    outcome = world.sealed(world.confirm(good.record))
    world.ledger.check_sealed(outcome, world.now)
    bad = world.sealed(issue, readers=[("BW", EPOCH), ("RU", EPOCH), (SECRETARIAT, EPOCH)])
    assert code_of(world.ledger.check_sealed, bad, world.now) == Code.ENVELOPE_READERS
    stranger = world.sealed(world.confirm(good.record), readers=[("RU", EPOCH), ("AE", EPOCH), (SECRETARIAT, EPOCH)])
    assert code_of(world.ledger.check_sealed, stranger, world.now) == Code.ENVELOPE_READERS


def test_a_reader_without_a_key_and_one_of_the_year_before(world):
    world.ledger.check_sealed(world.sealed(world.issue(destination="GN")), world.now)
    older = world.sealed(world.issue(destination="NA"), readers=[("BW", EPOCH), ("NA", 2025), (SECRETARIAT, EPOCH)])
    world.ledger.check_sealed(older, world.now)
    assert code_of(world.ledger.check_sealed, older, world.now + 31 * DAY_MS) == Code.ENVELOPE_READERS


def test_without_an_envelope_there_is_nothing_to_check(world):
    submission = world.sealed(world.issue())
    world.ledger.check_sealed(type(submission)(submission.record), world.now)
