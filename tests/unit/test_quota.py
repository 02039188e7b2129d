"""ledger/quota.py: so many records of one author a day of block time, each counted once, nobody's but the author's own."""

import hashlib

import msgpack
import pytest

from ledger.errors import Code, Refusal
from ledger.recent import Recent
from tests.support import reports
from tests.support.world import DAY_MS, START, World, genesis

LIMIT = 5
MIDNIGHT = START + DAY_MS // 2
"""Of 2 March 2026, UTC: the genesis is of noon on the first."""


@pytest.fixture
def world(tmp_path):
    with World.make(tmp_path / "db", genesis(parameters={"daily-records": LIMIT})) as held:
        yield held


def issues(world, count, first=0, **changes):
    return [world.issue(number=f"BW{first + digit:07}", **changes) for digit in range(count)]


def codes(applied):
    return [judgement.refusal and judgement.refusal.code for judgement in applied.judgements]


def counted(world, author="BW", purpose="role"):
    """Day and count as the store has them; None when nothing was counted."""
    data = world.store.get(f"s/q/{author}/{purpose}".encode())
    return None if data is None else tuple(msgpack.unpackb(data))


def refusal_of(world, record, now=None):
    """What `check` says of a record; None when it would be accepted."""
    try:
        world.ledger.check(record, world.now if now is None else now)
    except Refusal as refusal:
        return refusal
    return None


TODAY = START // DAY_MS
BEYOND = {"error": "daily-quota", "field": "author", "given": LIMIT + 1, "limit": LIMIT, "until": MIDNIGHT}


def test_beyond_the_quota_a_record_is_refused_and_says_until_when(world):
    records = issues(world, LIMIT + 2)
    applied = world.block(*records)
    assert codes(applied) == [None] * LIMIT + [Code.DAILY_QUOTA] * 2
    assert applied.judgements[-1].refusal.problem() == BEYOND
    assert counted(world) == (TODAY, LIMIT)
    assert refusal_of(world, records[-1]).problem() == BEYOND
    assert refusal_of(world, world.issue(number="BW0000099")).problem() == BEYOND
    assert refusal_of(world, records[0]) is None
    world.accept(world.issue(number="RU0000001"))


def test_it_counts_over_blocks_and_a_restart(world, tmp_path):
    world.accept(*issues(world, 2))
    world.accept(*issues(world, 2, first=10))
    made_of = world.ledger.genesis
    world.store.close()
    with World.make(tmp_path / "db", made_of) as again:
        again.made = world.made
        assert codes(again.block(*issues(again, 2, first=20))) == [None, Code.DAILY_QUOTA]


def test_the_day_is_that_of_the_block_in_utc(world):
    late, early = issues(world, LIMIT), issues(world, 2, first=10, at=MIDNIGHT)
    assert codes(world.block(*late, time=MIDNIGHT - 2)) == [None] * LIMIT
    assert codes(world.block(early[0], time=MIDNIGHT - 1)) == [Code.DAILY_QUOTA]
    assert refusal_of(world, early[0], MIDNIGHT - 1).code == Code.DAILY_QUOTA
    assert refusal_of(world, early[0], MIDNIGHT) is None
    assert codes(world.block(*early, time=MIDNIGHT)) == [None, None]
    assert counted(world) == (TODAY + 1, 2)
    third = issues(world, LIMIT - 1, first=20)
    assert codes(world.block(*third, time=MIDNIGHT + 1)) == [None] * (LIMIT - 2) + [Code.DAILY_QUOTA]


def test_refused_records_count_too(world):
    bad = issues(world, LIMIT, destination="BW")
    assert codes(world.block(*bad)) == [Code.DESTINATION_IS_ISSUER] * LIMIT
    assert codes(world.block(*issues(world, 1, first=50))) == [Code.DAILY_QUOTA]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "BW/confirm"}, Code.KEY_ROLE),
        ({"at": START - 8 * DAY_MS}, Code.TOO_OLD),
        ({"at": START + DAY_MS}, Code.IN_FUTURE),
        ({"number": "RU0000001", "author": "BW", "key": "BW/issue"}, Code.NUMBER_PREFIX),
    ],
)
def test_whatever_the_author_has_signed_counts(world, changes, code):
    assert codes(world.block(world.issue(**changes))) == [code]
    assert counted(world) == (TODAY, 1)


def test_an_expired_key_is_still_the_authors(world):
    assert codes(world.block(world.issue(number="ZA0000001"))) == [Code.KEY_NOT_IN_FORCE]
    assert counted(world, "ZA") == (TODAY, 1)


def test_what_others_sign_in_an_authors_name_does_not_count(world):
    """A leader could put it into its block, though no mempool takes it."""
    forged = issues(world, LIMIT, key="RU/issue")
    forged += [world.node_set("BW", "2", key="RU/root"), world.node_ready("BW", key="RU/consensus")]
    strange = [Code.UNKNOWN_KEY] * LIMIT + [Code.NOT_ROOT_KEY, Code.NOT_CONSENSUS_KEY]
    assert codes(world.block(*forged)) == strange
    assert codes(world.block(world.issue(number="BW0000001", author="TW", key="BW/issue"))) == [Code.UNKNOWN_AUTHOR]
    assert [counted(world, code) for code in ("BW", "RU", "TW")] == [None] * 3
    world.accept(*issues(world, LIMIT))
    assert codes(world.block(*issues(world, 1, key="RU/issue"))) == [Code.UNKNOWN_KEY]


def test_a_refused_record_that_is_named_again_does_not_count_again(world):
    """Nor does an accepted one; and it may still be accepted when the quota is used up."""
    issue = world.issue(number="RU0000001", destination="BW")
    early = world.confirm(issue)
    for _ in range(3):
        assert codes(world.block(early, early)) == [Code.CERTIFICATE_UNKNOWN] * 2
        assert counted(world) == (TODAY, 1)
    good = issues(world, LIMIT - 1)
    world.accept(*good)
    world.accept(*good, *good)
    assert counted(world) == (TODAY, LIMIT)
    world.accept(issue)
    assert refusal_of(world, early) is None
    world.accept(early)
    assert counted(world) == (TODAY, LIMIT)


def test_what_the_quota_has_refused_counts_when_it_comes_again(world):
    records = issues(world, 2 * LIMIT + 1)
    assert codes(world.block(*records)) == [None] * LIMIT + [Code.DAILY_QUOTA] * (LIMIT + 1)
    again = world.block(*records, time=MIDNIGHT)
    assert codes(again) == [None] * (2 * LIMIT) + [Code.DAILY_QUOTA]
    assert counted(world) == (TODAY + 1, LIMIT)


def test_a_key_registered_too_late_counts_once_it_is(world):
    joins, early = world.node_set("CF"), world.evidence("CF", 1)
    assert codes(world.block(early)) == [Code.NOT_CONSENSUS_KEY]
    assert counted(world, "CF", "consensus") is None
    world.accept(joins)
    world.accept(early)
    assert counted(world, "CF", "consensus") == (TODAY, 1)


def test_every_kind_counts_for_its_author(world):
    issue = world.issue()
    world.accept(issue)
    world.accept(world.confirm(issue), world.node_set("AE", "2"), world.evidence("BW", 1))
    world.accept(world.node_ready("AE"))
    found = {(code, use): counted(world, code, use) for code in ("BW", "AE") for use in ("role", "root", "consensus")}
    once = (TODAY, 1)
    assert found == {
        ("BW", "role"): once,
        ("BW", "root"): None,
        ("BW", "consensus"): once,
        ("AE", "role"): once,
        ("AE", "root"): once,
        ("AE", "consensus"): once,
    }


def test_a_stolen_role_key_cannot_stop_a_participant_from_changing_its_nodes_keys(world):
    world.block(*issues(world, LIMIT + 1))
    assert refusal_of(world, world.issue(number="BW0000099")).code == Code.DAILY_QUOTA
    world.accept(world.node_set("BW", "2"))
    world.accept(world.node_ready("BW"), world.evidence("BW", 1))
    changes = [world.node_set("BW", address=f"bw.example:{port}") for port in range(1, LIMIT + 1)]
    assert codes(world.block(*changes)) == [None] * (LIMIT - 1) + [Code.DAILY_QUOTA]


def test_the_secretariat_has_a_quota_like_others(world):
    """What it may sign at all counts, accepted or refused; it issues nothing, so what it tries there does not."""
    assert codes(world.block(world.issue(author="secretariat", key="secretariat/issue"))) == [Code.KEY_ROLE]
    assert counted(world, "secretariat") is None
    asked = [
        reports.ask(world, participant, f"Question {n}") for n, participant in enumerate(["BW", "TW", "BW", "BW", "BW", "BW"])
    ]
    assert codes(world.block(*asked)) == [None, Code.SUBJECT_UNKNOWN, None, None, None, Code.DAILY_QUOTA]
    assert counted(world, "secretariat") == (TODAY, LIMIT)


def test_check_counts_nothing(world):
    record = world.issue()
    for _ in range(LIMIT + 1):
        assert refusal_of(world, record) is None
    assert counted(world) is None


def test_the_default_is_ten_thousand():
    assert genesis().parameters["daily-records"] == 10_000


def test_one_counter_an_author_and_block_is_read_and_written(world, monkeypatch):
    world.accept(world.issue())
    records = issues(world, 3, first=10) + [world.issue(number=f"RU{digit:07}") for digit in range(3)]
    reads, real = [], Recent.get
    monkeypatch.setattr(Recent, "get", lambda recent, key: (reads.append(key), real(recent, key))[1])
    world.accept(*records)
    assert sorted(key for key in reads if key.startswith(b"s/q/")) == [b"s/q/BW/role", b"s/q/RU/role"]


def test_counts_are_state(world):
    """A block of one refused record: the state digest covers its count, and nothing else."""
    before = world.ledger.head.state
    world.block(world.issue(destination="BW"))
    writes = [[b"s/q/BW/role", msgpack.packb([TODAY, 1])]]
    assert world.ledger.head.state == hashlib.sha256(before + msgpack.packb(writes)).digest()
