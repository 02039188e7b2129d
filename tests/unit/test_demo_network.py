"""`api.demo.network`: the real participants, keys that fit them, files that only their owner reads."""

import csv
import stat
from itertools import pairwise
from pathlib import Path

import pytest
from nacl.bindings import crypto_scalarmult_base, crypto_sign_seed_keypair

from api.demo.network import NOTES, Seat, make_network, participant_rows, read_keys, write_keys
from ledger.errors import Refusal
from ledger.genesis import Genesis
from ledger.participants import Role

DATA = Path(__file__).parents[1] / "data"
NOW = 1_795_466_113_000  # 2026-11-23 UTC
CODES = ("BW", "RU", "EU", "AE")
SEVEN = {"root", "issue", "confirm", "report", "govern", "audit", "seal"}


def certificate(n):
    return b"\x30\x03ab" + bytes([n])


def seats(codes=CODES):
    return [Seat(code, f"127.0.0.1:{8700 + n}", certificate(n)) for n, code in enumerate(codes)]


@pytest.fixture(scope="module")
def network():
    return make_network(seats(), NOW, seed=b"a seed")


def public(seed):
    return crypto_sign_seed_keypair(seed)[0]


def test_sixty_participants_and_one_not_counted(network):
    participants = network.genesis.participants
    assert len(participants) == 61
    assert [code for code, entry in participants.items() if not entry.counted] == ["TW"]
    assert participants["NA"].name == "Namibia"
    assert participants["UZ"].since == "2024-11-15"


def test_eighty_six_countries(network):
    countries = {code for code in network.genesis.countries if code not in ("TW", "HK")}
    assert len(countries) == 86
    assert len(network.genesis.participants["EU"].countries) == 27
    assert network.genesis.countries["BE"] == "EU"
    assert network.genesis.countries["HK"] == "CN"


def test_the_list_is_that_of_the_data():
    with (DATA / "participants.csv").open(encoding="utf-8", newline="") as lines:
        given = [row["iso2"] for row in csv.DictReader(lines)]
    assert [row["code"] for row in participant_rows()] == given


def test_the_four_nodes_vote(network):
    genesis = network.genesis
    assert [node.participant for node in genesis.nodes] == list(CODES)
    assert genesis.quorum == 3
    for node in genesis.nodes:
        seeds = network.keys[node.participant]
        assert (node.consensus, node.log, node.cosign) == tuple(public(seeds[name]) for name in ("consensus", "log", "cosign"))
    assert genesis.chair in genesis.participants
    assert (genesis.parameters["daily-records"], genesis.parameters["validity-days"]) == (1_000_000, 60)
    assert genesis.network == "dev"
    assert genesis.origin == "kpledger.example/dev"
    assert genesis.time == NOW


def test_every_key_is_registered_with_its_role(network):
    for code, entry in network.genesis.participants.items():
        seeds = network.keys[code]
        assert set(seeds) >= SEVEN
        assert entry.root == public(seeds["root"])
        assert entry.seals[-1].key == crypto_scalarmult_base(seeds["seal"])
        for role in Role:
            registered = entry.keys[public(seeds[role])]
            assert registered.roles == (role,)
            assert registered.in_force("2026-11-23")
        assert entry.issues_on("2026-11-01")
        assert entry.confirms_from <= "2026-11-01"
    secretariat = network.genesis.secretariat
    assert secretariat.root == public(network.keys["secretariat"]["root"])
    assert secretariat.keys[public(network.keys["secretariat"]["audit"])].roles == (Role.AUDIT,)
    assert secretariat.seals[-1].key == crypto_scalarmult_base(network.keys["secretariat"]["seal"])


def test_the_eu_has_seven_authorities(network):
    authorities = network.genesis.participants["EU"].authorities
    assert [authority.name.split(":")[0] for authority in authorities] == [
        "Belgium",
        "Czechia",
        "Germany",
        "Ireland",
        "Italy",
        "Portugal",
        "Romania",
    ]
    third = network.keys["EU"]["issue-3"]
    assert network.genesis.participants["EU"].keys[public(third)].roles == (Role.ISSUE,)
    assert authorities[2].keys[0].key == public(third)


def test_suspensions_are_there_and_said(network):
    participants = network.genesis.participants
    assert participants["VE"].suspended_on("2026-11-23")
    assert not participants["CF"].suspended_on("2026-11-23")
    assert participants["CF"].goods_suspended_on("2026-11-23", "Bria")
    assert not participants["CF"].goods_suspended_on("2026-11-23", "Nola")
    assert any("VE" in note and "Bria" in note for note in NOTES)
    others = [entry.code for entry in participants.values() if entry.suspensions]
    assert others == ["CF", "VE"]


def test_ranges_follow_one_another(network):
    ranges = network.genesis.participants["SL"].ranges
    assert [entry.year for entry in ranges] == [2025, 2026, 2027]
    assert all(after.first == before.last + 1 for before, after in pairwise(ranges))


def test_same_seed_same_bytes(network):
    again = make_network(seats(), NOW, seed=b"a seed")
    assert again.genesis_json == network.genesis_json
    assert again.keys == network.keys
    assert make_network(seats(), NOW, seed=b"another").genesis.ledger_id != network.genesis.ledger_id
    assert make_network(seats(), NOW).genesis.ledger_id != make_network(seats(), NOW).genesis.ledger_id
    assert Genesis.from_json(network.genesis_json).ledger_id == network.genesis.ledger_id


def test_nodes_may_bring_their_own_keys():
    publics = tuple(public(bytes([n]) * 32) for n in range(3))
    made = make_network(
        [Seat("IN", "node.example:8700", certificate(1), publics, validator=True)], NOW, name="trial", seed=b"s"
    )
    node = made.genesis.node("IN")
    assert (node.consensus, node.log, node.cosign) == publics
    assert "consensus" not in made.keys["IN"]
    assert made.genesis.origin == "kpledger.example/trial"


@pytest.mark.parametrize("codes", [(), ("BW", "BW"), ("KE",)])
def test_a_seat_that_cannot_be(codes):
    with pytest.raises(Refusal):
        make_network(seats(codes), NOW, seed=b"s")


def test_key_files_are_raw_and_private(network, tmp_path):
    folders = write_keys(tmp_path / "keys", network.keys)
    assert set(folders) == set(network.genesis.participants) | {"secretariat"}
    for code, folder in folders.items():
        for file in folder.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert file.read_bytes() == network.keys[code][file.name]
            assert len(file.read_bytes()) == 32
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.name for file in folders["BW"].iterdir()} == SEVEN, "a node's own keys stay in its home"
    assert read_keys(tmp_path / "keys")["EU"]["issue-7"] == network.keys["EU"]["issue-7"]
    assert set(read_keys(tmp_path / "keys")) == set(folders)


def test_key_files_are_never_replaced(network, tmp_path):
    write_keys(tmp_path, {"BW": network.keys["BW"]})
    with pytest.raises(FileExistsError):
        write_keys(tmp_path, {"BW": network.keys["BW"]})
