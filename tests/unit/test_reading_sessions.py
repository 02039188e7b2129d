"""Sessions: never an id that came in, ended by everything that should end one; whether a form and an address are ours."""

import hashlib

import pytest

from api.auth import TokenBook
from api.limits import MAX_SESSIONS, MAX_SESSIONS_PER_TOKEN
from api.reading.guard import is_ours
from api.reading.sessions import IDLE_MS, LONGEST_MS, Sessions

NOW = 1_790_000_000_000
DAY = 86_400_000


@pytest.fixture
def tokens():
    return TokenBook(None)


@pytest.fixture
def sessions(tokens):
    return Sessions(tokens)


def test_a_valid_token_begins_a_session_of_its_scope(tokens, sessions):
    token = tokens.issue("participant:BW", NOW, label="Customs desk")
    cookie = sessions.begin(token, NOW)
    session, reader = sessions.find(cookie, NOW)
    assert (reader.scope, reader.participant) == ("participant:BW", "BW")
    assert session.digest == hashlib.sha256(token.encode()).hexdigest()
    assert len(cookie) == 43
    assert session.form_token not in {cookie, token}


def test_neither_the_token_nor_the_cookie_is_kept(tokens, sessions):
    token = tokens.issue("auditor", NOW)
    cookie = sessions.begin(token, NOW)
    held = repr(sessions._held)
    assert token not in held
    assert cookie not in held


@pytest.mark.parametrize("token", ["", "kpl_", "kpl_" + "x" * 43, "\udcff", "x" * 10_000])
def test_other_tokens_begin_none(sessions, token):
    assert sessions.begin(token, NOW) is None
    assert len(sessions) == 0


def test_an_id_that_came_in_is_never_a_sessions(tokens, sessions):
    token = tokens.issue("auditor", NOW)
    planted = "A" * 43
    assert sessions.find(planted, NOW) is None
    cookie = sessions.begin(token, NOW, planted)
    assert cookie != planted
    assert sessions.find(planted, NOW) is None


def test_signing_in_again_ends_the_session_before(tokens, sessions):
    token = tokens.issue("auditor", NOW)
    first = sessions.begin(token, NOW)
    second = sessions.begin(token, NOW, first)
    assert sessions.find(first, NOW) is None
    assert sessions.find(second, NOW) is not None
    assert sessions.begin("wrong", NOW, second) is None
    assert sessions.find(second, NOW) is not None, "a wrong token signs nobody out"


def test_a_session_ends_with_its_token(tokens, sessions):
    token = tokens.issue("auditor", NOW, days=1)
    cookie = sessions.begin(token, NOW + DAY - 10)
    assert sessions.find(cookie, NOW + DAY - 1) is not None
    assert sessions.find(cookie, NOW + DAY) is None
    other = tokens.issue("auditor", NOW)
    cookie = sessions.begin(other, NOW)
    tokens.revoke(hashlib.sha256(other.encode()).hexdigest()[:12])
    assert sessions.find(cookie, NOW) is None
    assert len(sessions) == 0


def test_a_session_ends_unused_and_in_any_case(tokens, sessions):
    token = tokens.issue("auditor", NOW)
    cookie = sessions.begin(token, NOW)
    assert sessions.find(cookie, NOW + IDLE_MS) is None
    cookie = sessions.begin(token, NOW)
    for at in range(NOW, NOW + LONGEST_MS, IDLE_MS - 1):
        assert sessions.find(cookie, at) is not None
    assert sessions.find(cookie, NOW + LONGEST_MS) is None


def test_a_clock_that_goes_back_does_not_lengthen_it(tokens, sessions):
    cookie = sessions.begin(tokens.issue("auditor", NOW), NOW)
    assert sessions.find(cookie, NOW + 1000) is not None
    assert sessions.find(cookie, NOW - DAY) is not None
    assert sessions.find(cookie, NOW + 1000 + IDLE_MS) is None


def test_signing_out(tokens, sessions):
    cookie = sessions.begin(tokens.issue("auditor", NOW), NOW)
    sessions.end(cookie)
    sessions.end("nothing")
    assert sessions.find(cookie, NOW) is None


def test_so_many_for_a_token_and_in_all(tokens, sessions):
    token = tokens.issue("auditor", NOW)
    cookies = [sessions.begin(token, NOW + at) for at in range(MAX_SESSIONS_PER_TOKEN + 1)]
    assert sessions.find(cookies[0], NOW) is None
    assert sessions.find(cookies[1], NOW) is not None
    others = [tokens.issue("participant:BW", NOW) for _ in range(MAX_SESSIONS // MAX_SESSIONS_PER_TOKEN + 1)]
    for other in others:
        for _ in range(MAX_SESSIONS_PER_TOKEN):
            sessions.begin(other, NOW + 100)
    assert len(sessions) == MAX_SESSIONS
    assert sessions.find(cookies[-1], NOW + 100) is None


def test_a_form_token_is_its_sessions_own(tokens, sessions):
    token = tokens.issue("auditor", NOW)
    one, other = (sessions.find(sessions.begin(token, NOW), NOW)[0] for _ in range(2))
    assert one.admits(one.form_token)
    for wrong in ("", other.form_token, one.form_token[:-1], one.form_token + "x", "\udcff"):
        assert not one.admits(wrong)


@pytest.mark.parametrize(
    "address", ["/reading", "/reading/findings?rule=discrepancy&lang=fr", "/reading/certificates/BW0000001"]
)
def test_addresses_of_these_pages(address):
    assert is_ours(address)


@pytest.mark.parametrize(
    "address",
    ["", "/", "/v1/records", "https://evil.example/reading", "//evil.example/reading", "/\\evil.example", "/reading\\..\\x",
     "/readings", "/reading//evil.example", "javascript:alert(1)", "/reading/sign-in", "/reading/sign-out", "/reading/\r\nX: y",
     "/reading?" + "x" * 700, "/reading/é", " /reading", "/reading/../v1/records", "/reading/./x", "\x00/reading", "http:/reading/x", "//reading/x"],
)  # fmt: skip
def test_addresses_of_others(address):
    assert not is_ours(address)
