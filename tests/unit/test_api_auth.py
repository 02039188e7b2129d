"""Tokens: shown once, kept hashed, scoped, expiring, revocable without a restart."""

import json
import stat

import pytest

import api.auth
from api.auth import TokenBook, new_token
from api.errors import TokenFileError

NOW = 1_760_000_000_000
DAY = 86_400_000


def test_a_token_reads_back_as_its_scope_until_it_expires(tmp_path):
    book = TokenBook.load(tmp_path / "tokens.json")
    text = book.issue("participant:BW", NOW, days=2, label="ministry")
    reader = book.find(text, NOW)
    assert (reader.scope, reader.participant, reader.auditor) == ("participant:BW", "BW", False)
    assert book.find(text, NOW + 2 * DAY - 1) == reader
    assert book.find(text, NOW + 2 * DAY) is None


def test_an_auditor_belongs_to_no_participant(tmp_path):
    book = TokenBook.load(tmp_path / "tokens.json")
    reader = book.find(book.issue("auditor", NOW), NOW)
    assert (reader.participant, reader.auditor) == ("", True)


def test_the_file_holds_no_token_and_is_private(tmp_path):
    path = tmp_path / "tokens.json"
    text = TokenBook.load(path).issue("participant:RU", NOW)
    assert text not in path.read_text()
    assert text.removeprefix("kpl_") not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["tokens.json"]
    assert TokenBook.load(path).find(text, NOW).participant == "RU"


def test_two_hundred_and_fifty_six_random_bits():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == len("kpl_") + 43 for token in tokens)


def test_the_same_token_may_stand_on_several_nodes(tmp_path):
    text = new_token()
    for name in ("a", "b"):
        book = TokenBook.load(tmp_path / name)
        assert book.issue("auditor", NOW, text=text) == text
        assert TokenBook.load(tmp_path / name).find(text, NOW).auditor


@pytest.mark.parametrize(
    "scope", ["", "participant:", "participant:bw", "participant:BWA", "auditor ", "admin", "participant:BW\n"]
)
def test_other_scopes_are_refused(tmp_path, scope):
    with pytest.raises(ValueError, match="scope"):
        TokenBook.load(tmp_path / "tokens.json").issue(scope, NOW)
    assert not (tmp_path / "tokens.json").exists()


def test_a_refused_entry_leaves_the_book_as_it_was(tmp_path):
    book = TokenBook.load(tmp_path / "tokens.json")
    text = book.issue("auditor", NOW)
    with pytest.raises(ValueError, match="label"):
        book.issue("auditor", NOW, label="x" * 201)
    assert len(book.entries) == 1
    assert book.find(text, NOW) is not None


@pytest.mark.parametrize("text", ["", "kpl_", "\x00", "\udcff", "ÿ" * 40, "kpl_" + "A" * 5000])
def test_nothing_else_is_a_token(tmp_path, text):
    book = TokenBook.load(tmp_path / "tokens.json")
    book.issue("auditor", NOW)
    assert book.find(text, NOW) is None


def test_revoking(tmp_path):
    path = tmp_path / "tokens.json"
    book = TokenBook.load(path)
    keep, drop = book.issue("auditor", NOW), book.issue("participant:AE", NOW)
    gone = book.find(drop, NOW).token_id
    assert book.revoke(gone).scope == "participant:AE"
    assert book.revoke(gone) is None
    assert TokenBook.load(path).find(drop, NOW) is None
    assert TokenBook.load(path).find(keep, NOW) is not None


def test_a_running_book_notices_another_process(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(api.auth.time, "monotonic", lambda: clock[0])
    path = tmp_path / "tokens.json"
    running = TokenBook.load(path)
    text = TokenBook.load(path).issue("participant:EU", NOW)
    assert running.find(text, NOW) is None, "looked at most once a second"
    clock[0] += 1.1
    assert running.find(text, NOW).participant == "EU"
    other = TokenBook.load(path)
    other.revoke(other.find(text, NOW).token_id)
    clock[0] += 1.1
    assert running.find(text, NOW) is None


def test_a_file_that_breaks_leaves_the_last_good_tokens(tmp_path, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(api.auth.time, "monotonic", lambda: clock[0])
    path = tmp_path / "tokens.json"
    running = TokenBook.load(path)
    text = running.issue("auditor", NOW)
    path.write_text("{")
    clock[0] += 1.1
    assert running.find(text, NOW) is not None


ROW = {"digest": "a" * 64, "scope": "auditor", "label": "", "created_ms": 1, "expires_ms": 2}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"tokens": 1}',
        '{"tokens": [1]}',
        *(
            json.dumps({"tokens": [{**ROW, key: value}]})
            for key, value in [
                ("digest", "A" * 64),
                ("digest", 5),
                ("scope", "root"),
                ("label", None),
                ("created_ms", -1),
                ("expires_ms", True),
                ("expires_ms", 1.5),
                ("more", 1),
            ]
        ),
    ],
)
def test_a_damaged_file_is_a_typed_error(tmp_path, content):
    path = tmp_path / "tokens.json"
    path.write_text(content)
    with pytest.raises(TokenFileError, match=r"tokens\.json"):
        TokenBook.load(path)


def test_an_unreadable_file_is_a_typed_error(tmp_path):
    (tmp_path / "tokens.json").mkdir()
    with pytest.raises(TokenFileError):
        TokenBook.load(tmp_path / "tokens.json")


def test_a_book_in_memory_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    book = TokenBook(None)
    assert book.find(book.issue("auditor", NOW), NOW) is not None
    assert not any(tmp_path.iterdir())
