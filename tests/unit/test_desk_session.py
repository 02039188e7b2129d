"""Who gets in: foreign hosts and origins, the one-time door, passphrases, the lock, and what a locked form keeps."""

import asyncio
import json
import socket
import stat
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from node.cli import desk as cli
from node.desk.errors import DeskError, Fault
from node.desk.journal import Act, Journal
from node.desk.limits import FREE_TRIES
from node.desk.office import KeyStore
from node.desk.officers import Officers
from node.desk.pages import releasing
from node.desk.settings import DeskLock, is_loopback, open_settings
from node.errors import FatalError
from tests.support.desks import ADA, BEN, PORT, phrase, play, write_keys, write_officers

HERE = f"http://127.0.0.1:{PORT}"


def test_another_host_or_origin_is_turned_away(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        door = desk.address.partition(str(PORT))[2]
        for host in (
            "evil.example",
            f"evil.example:{PORT}",
            "127.0.0.1",
            "127.0.0.1:8600",
            f"127.0.0.1:{PORT}.evil.example",
            "",
        ):
            window.host = host
            await window.ask("GET", door)
            assert window.status == 421, host
            await window.ask("GET", "/static/site.css")
            assert window.status == 421, host
        window.host = f"localhost:{PORT}"
        await window.go("/static/site.css")
        assert window.status == 200, "the same machine, when the desk listens there"
        window.host = f"127.0.0.1:{PORT}"
        await window.sign_in(desk, ADA)
        token = window.fields("/drafts")["form_token"]
        form = f"form_token={token}&kind=issue".encode()
        kind = {"Content_Type": "application/x-www-form-urlencoded"}
        for foreign in (
            {},
            {"Origin": "null"},
            {"Origin": "http://evil.example"},
            {"Origin": "http://127.0.0.1:8600"},
            {"Origin": f"https://127.0.0.1:{PORT}"},
            {"Origin": f"http://localhost:{PORT}"},
            {"Origin": HERE, "Sec_Fetch_Site": "cross-site"},
            {"Origin": HERE, "Sec_Fetch_Site": "same-site"},
        ):
            await window.ask("POST", "/drafts", form, **kind, **foreign)
            assert window.status == 403, foreign
        await window.ask("POST", "/drafts", b"form_token=x&kind=issue", **kind, Origin=HERE)
        assert window.status == 403
        assert list(desk.drafts) == []
        await window.ask("POST", "/drafts", form, **kind, Origin=HERE, Sec_Fetch_Site="same-origin")
        assert window.status == 200
        assert len(list(desk.drafts)) == 1

    play(tmp_path, story)


def test_every_answer_is_shut_in(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        await window.sign_in(desk, ADA)
        for path in ("/", "/inbox", "/nothing", "/drafts/0000000000000000", "/static/desk.css"):
            await window.go(path)
            policy = window.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'")
            assert "script" not in policy
            assert window.headers["X-Frame-Options"] == "DENY"
            assert window.headers["Referrer-Policy"] == "same-origin"
            assert "<script" not in window.page
            assert " style=" not in window.page
            assert window.headers["Cache-Control"] == ("no-cache" if path.startswith("/static") else "no-store")

    play(tmp_path, story)


def test_the_door_opens_once_and_nothing_is_shown_before_it(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        for path in ("/", "/inbox", "/sign-in", "/drafts/0000000000000000", "/journal", "/open?key=", "/open?key=guessed"):
            await window.go(path)
            assert window.status == 403, path
            assert ADA not in window.page
        door = desk.address.partition(str(PORT))[2]
        await window.go(door)
        assert (window.status, window.path) == (200, "/sign-in")
        cookies = window.client.cookie_jar
        assert all(cookie.has_nonstandard_attr("HttpOnly") for cookie in cookies if "desk" in cookie.name)
        before = next(cookie.value for cookie in cookies if "desk" in cookie.name)
        await window.go("/inbox")
        assert window.path == "/sign-in", "through the door is not signed in"
        await window.send("/sign-in", officer=ADA, passphrase=phrase(ADA))
        assert next(cookie.value for cookie in cookies if "desk" in cookie.name) != before
        other = type(window)(window.client.app)
        await other.go(door)
        assert other.status == 403
        await other.sign_in(desk, BEN)
        assert other.status == 200

    play(tmp_path, story)


def test_it_locks_after_idle_time_and_a_form_comes_back_whole(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        now = [0.0]
        desk.door._clock = lambda: now[0]
        await window.sign_in(desk, ADA)
        where = await window.certificate(number="BW0000001")
        now[0] += 599
        await window.go(where)
        assert "Serowe" in window.page
        form = window.fields()
        now[0] += 601
        await window.go(where)
        assert "Locked" in window.page
        assert "Serowe" not in window.page
        await window.go("/journal")
        assert "Locked" in window.page
        # what was typed before it locked is sent after it: nothing is done, and nothing is lost
        window.path = where
        body = urlencode({**form, "parcels": "7", "act": "save"}).encode()
        await window.ask("POST", where, body, Content_Type="application/x-www-form-urlencoded", Origin=HERE)
        (draft,) = desk.drafts
        assert draft.fields["parcels"] == "1"
        await window.send_fields(where, {"unlock_passphrase": phrase(BEN)})
        (draft,) = desk.drafts
        assert (window.status, draft.fields["parcels"]) == (403, "1")
        await window.send_fields(where, {"unlock_passphrase": phrase(ADA)})
        (draft,) = desk.drafts
        assert (window.status, draft.fields["parcels"]) == (200, "7")
        await window.go("/table")
        now[0] += 601
        await window.send_file("file", b"number,type")
        assert "choose them again" in window.page, "a page cannot give a file back"
        await window.send("/table", unlock_passphrase=phrase(ADA))
        assert 'id="file-fault"' in window.page
        now[0] += 601
        await window.go("/inbox?after=AAAAAAAAAAE")
        await window.send("/unlock", unlock_passphrase=phrase(ADA))
        assert window.path == "/inbox?after=AAAAAAAAAAE"
        now[0] += 601
        await window.go("/")
        await window.send("/unlock", unlock_passphrase=phrase(ADA), back="//evil.example/")
        assert window.path == "/"

    play(tmp_path, story)


def test_wrong_passphrases_cost_time(tmp_path):
    write_officers(tmp_path, ADA, BEN)
    now = [100.0]
    officers = Officers(tmp_path, lambda: now[0])

    def tried(name, given):
        try:
            officers.verify(name, given)
        except DeskError as error:
            return error.fault
        return None

    assert [tried(ADA, "wrong") for _ in range(5)] == [Fault.WRONG_PASSPHRASE] * 5
    assert tried(ADA, phrase(ADA)) is Fault.TOO_MANY_TRIES
    assert tried(BEN, phrase(BEN)) is None, "another officer is not shut out"
    now[0] += 1.1
    assert tried(ADA, "wrong") is Fault.WRONG_PASSPHRASE
    now[0] += 1.1
    assert tried(ADA, phrase(ADA)) is Fault.TOO_MANY_TRIES
    now[0] += 1.1
    assert tried(ADA, phrase(ADA)) is None
    assert tried(ADA, "wrong") is Fault.WRONG_PASSPHRASE
    assert tried(ADA, phrase(ADA)) is None
    assert tried("nobody", "wrong") is Fault.WRONG_PASSPHRASE


def test_tries_side_by_side_are_no_more_than_one_after_the_other(tmp_path):
    write_officers(tmp_path, ADA)
    officers = Officers(tmp_path, lambda: 0.0)

    def guess(number):
        with pytest.raises(DeskError) as caught:
            officers.verify(ADA, f"guess number {number}")
        return caught.value.fault

    with ThreadPoolExecutor(2 * FREE_TRIES) as threads:
        faults = Counter(threads.map(guess, range(2 * FREE_TRIES)))
    assert faults == {Fault.WRONG_PASSPHRASE: FREE_TRIES, Fault.TOO_MANY_TRIES: FREE_TRIES}


def test_officers_are_added_and_taken_out(tmp_path):
    officers = Officers(tmp_path)
    officers.set("  Ada   Molefe ", "eight or more")
    assert Officers(tmp_path).names == (ADA,)
    assert stat.S_IMODE((tmp_path / "officers.json").stat().st_mode) == 0o600
    assert b"eight or more" not in (tmp_path / "officers.json").read_bytes()
    Officers(tmp_path).verify(ADA, "eight or more")
    for name, given in (("", "long enough"), ("x" * 61, "long enough"), ("a\x07b", "long enough"), (BEN, "short")):
        with pytest.raises(FatalError):
            officers.set(name, given)
    officers.remove(ADA)
    assert Officers(tmp_path).names == ()
    (tmp_path / "officers.json").chmod(0o644)
    with pytest.raises(FatalError, match="others on this machine"):
        Officers(tmp_path)


def test_it_listens_on_loopback_alone(tmp_path):
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    for host in ("0.0.0.0", "192.168.1.7", "localhost", "desk.example", "::", ""):
        assert not is_loopback(host)
    for at in ("0.0.0.0:8590", "192.168.1.7:8590", "localhost:8590", "8590"):
        with pytest.raises(FatalError):
            open_settings(tmp_path / "desk", {("desk", "listen"): at})


def test_settings_are_written_out_and_understood_wholly(tmp_path):
    settings = open_settings(tmp_path / "desk", {("ledger", "token"): 'kpl_"x"'})
    assert (settings.token, settings.second) == ('kpl_"x"', {"certificates", "outcomes", "corrections"})
    file = tmp_path / "desk" / "desk.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert open_settings(tmp_path / "desk", {}) == settings
    text = file.read_text()
    for broken in (
        text.replace("outcomes = 1", "outcomes = 2"),
        text.replace("outcomes = 1", "outcomes = true"),
        text.replace("idle_minutes = 10", "idle_minutes = 0"),
        text.replace("idle_minutes = 10", 'idle_minutes = "10"'),
        text.replace('url = "http://', 'url = "ftp://'),
        text + "unknown = 1\n",
        "desk = 1\n",
        "not toml",
    ):
        file.write_text(broken)
        with pytest.raises(FatalError):
            open_settings(tmp_path / "desk", {})
    file.write_text(text)
    (tmp_path / "desk").chmod(0o755)
    with pytest.raises(FatalError, match="open to others"):
        open_settings(tmp_path / "desk", {})


def test_one_process_runs_a_desk(tmp_path):
    first = DeskLock(tmp_path)
    with pytest.raises(FatalError, match="Another process"):
        DeskLock(tmp_path)
    first.release()
    DeskLock(tmp_path).release()


def test_the_journal_shows_what_was_changed(tmp_path):
    journal = Journal(tmp_path)
    for at in range(4):
        journal.add(at, ADA, Act.WRITTEN, draft=f"{at:016}", number="BW0000001", detail="d" * 64)
    file = tmp_path / "journal.ndjson"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    whole = file.read_bytes()
    assert Journal(tmp_path).lines == journal.lines
    lines = whole.splitlines(keepends=True)
    for changed in (
        whole.replace(ADA.encode(), BEN.encode(), 1),
        b"".join(lines[1:]),
        b"".join([lines[0], lines[2], lines[1], lines[3]]),
        b"".join([lines[0], lines[2], lines[3]]),
        whole.replace(b'"at":1', b'"at": 1', 1),
        b"{}\n" + whole,
    ):
        file.write_bytes(changed)
        with pytest.raises(FatalError, match="not as it was written"):
            Journal(tmp_path)
    # what was being written when the machine stopped never took effect
    file.write_bytes(whole + lines[0][:40])
    again = Journal(tmp_path)
    assert again.lines == journal.lines
    again.add(9, BEN, Act.APPROVED)
    assert [line.n for line in Journal(tmp_path).lines] == [0, 1, 2, 3, 4]
    file.chmod(0o644)
    with pytest.raises(FatalError):
        Journal(tmp_path)


def test_an_address_that_was_cut_off_leads_to_the_beginning_of_the_list(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        await window.sign_in(desk, ADA)
        await window.go("/inbox?after=AAAA")
        assert (window.status, window.path) == (200, "/inbox")

    play(tmp_path, story)


def test_a_node_that_is_away_is_said_and_drafts_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr(releasing, "_PATIENCE_S", 0.5)

    async def story(scene):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            away = f"http://127.0.0.1:{free.getsockname()[1]}"
        desk, window = scene.desk(url=away)
        scene.send(desk)
        await window.sign_in(desk, ADA)
        await window.go("/inbox")
        assert window.status == 503
        assert "The node does not answer" in window.page
        await window.certificate(number="BW0000001")
        await window.fill({}, "hand-on")
        await asyncio.wait_for(window.release(BEN), 60)
        assert "on its way" in window.page

    play(tmp_path, story)


def test_what_a_first_start_named_wrongly_is_not_kept(tmp_path):
    async def story(scene):
        genesis, home = tmp_path / "genesis.json", tmp_path / "first"
        genesis.write_bytes(scene.port.network.genesis_json)
        given = {"genesis": genesis, "url": f"http://127.0.0.1:{scene.number}", "listen": "127.0.0.1:0", "token": "kpl_x"}
        with pytest.raises(FatalError, match="There is no folder"):
            await asyncio.to_thread(cli.run, home=home, keys=tmp_path / "keys" / "bw", **given)
        (tmp_path / "empty").mkdir()
        with pytest.raises(FatalError, match="has no key issue"):
            await asyncio.to_thread(cli.run, home=home, keys=tmp_path / "empty", **given)
        assert not (home / "desk.toml").exists()
        open_settings(home, {("ledger", "keys"): str(tmp_path / "empty"), ("ledger", "genesis"): str(genesis)})
        with pytest.raises(FatalError):
            await asyncio.to_thread(cli.run, home=home, url=given["url"])
        assert (home / "desk.toml").exists(), "what a person has written stays"

    play(tmp_path, story)


def test_officers_on_the_command_line(tmp_path, capsys):
    phrase_file = tmp_path / "phrase"
    phrase_file.write_text("several words here\n")
    home = tmp_path / "desk"
    cli.add(ADA, home=home, passphrase_file=phrase_file)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    cli.list_officers(home=home, json=True)
    assert json.loads(capsys.readouterr().out.partition("\n")[2]) == [ADA]
    Officers(home).verify(ADA, "several words here")
    Journal(home).add(1_790_000_000_000, ADA, Act.WRITTEN, number="BW0000001")
    cli.journal(home=home, json=True)
    assert json.loads(capsys.readouterr().out)[0]["number"] == "BW0000001"
    cli.journal(home=home)
    assert "2026-09-21 14:13:20" in capsys.readouterr().out
    cli.remove(ADA, home=home)
    with pytest.raises(FatalError):
        cli.remove(ADA, home=home)


def test_a_desk_without_one_of_its_keys_offers_what_it_can(tmp_path):
    async def story(scene):
        desk, window = scene.desk()
        (desk.store.folder / "issue").unlink()
        again, window = scene.desk()
        await window.sign_in(again, ADA)
        assert 'value="issue"' not in window.page
        assert 'value="technical"' in window.page, "either key signs technical certificates"
        with pytest.raises(FatalError, match="no key issue and no key confirm"):
            KeyStore.open(again.genesis, tmp_path, again.settings.url)
        with pytest.raises(FatalError, match="keys of AE and BW"):
            mixed = tmp_path / "mixed"
            write_keys(
                mixed, {"issue": scene.port.network.keys["BW"]["issue"], "confirm": scene.port.network.keys["AE"]["confirm"]}
            )
            await asyncio.to_thread(KeyStore.open, again.genesis, mixed, again.settings.url)

    play(tmp_path, story)
