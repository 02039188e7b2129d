"""ledger/recent.py: what was written last is what the store has, however much of it is held."""

import random
from contextlib import closing

from ledger import keys
from ledger.recent import Recent
from ledger.store import Store
from tests.bench.growth import apply, blocks, open_world


def test_it_answers_as_the_store_does_and_forgets_the_oldest(tmp_path, monkeypatch):
    monkeypatch.setattr("ledger.recent.MAX_RECENT", 40)
    draw = random.Random(1)
    families = (keys.CERTIFICATE, keys.TOTAL, keys.QUARTERS, keys.RID, keys.FINDING_NOTES + b"c")
    with closing(Store.open(tmp_path / "db")) as store:
        asked = []
        recent = Recent(lambda key: asked.append(key) or store.get(key))
        for turn in range(400):
            names = {draw.choice(families) + b"%d" % draw.randrange(30) for _ in range(8)}
            writes = [(key, draw.choice((None, b"%d" % turn))) for key in sorted(names)]
            store.write(writes, sync=False)
            recent.take(writes)
            assert len(recent) <= 40
            for _ in range(10):
                key = draw.choice(families) + b"%d" % draw.randrange(30)
                assert recent.get(key) == store.get(key)
        asked.clear()
        for key, value in writes:
            assert recent.get(key) == value
        assert all(key.startswith(keys.RID) for key in asked)


def test_the_state_does_not_depend_on_how_much_is_held(tmp_path, monkeypatch):
    """With outcomes a day after."""
    monkeypatch.setattr("tests.bench.growth._DAYS_ON_THE_WAY", 1)
    with open_world(tmp_path / "much") as much, open_world(tmp_path / "little") as little:
        for _, made in zip(range(40), blocks(much), strict=False):
            little.now = much.now
            for world, most in ((much, 40_000), (little, 7)):
                monkeypatch.setattr("ledger.recent.MAX_RECENT", most)
                apply(world, made)
        assert much.ledger.head == little.ledger.head
        assert dict(much.store.iterate(b"")) == dict(little.store.iterate(b""))
