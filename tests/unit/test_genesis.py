"""`ledger.genesis`: one sound file, and every way in which one value of it can be wrong."""

import hashlib
import json

import msgpack
import pytest
from nacl.bindings import crypto_core_ed25519_add, crypto_scalarmult_base, crypto_sign_seed_keypair

from ledger.countries import COUNTRIES, is_country, is_participant_code
from ledger.errors import Code, Refusal
from ledger.genesis import Genesis, make_genesis
from ledger.parameters import PARAMETERS
from ledger.participants import (
    Authority,
    CompliantZone,
    Node,
    NumberRange,
    Participant,
    Role,
    RoleKey,
    SealKey,
    Secretariat,
    Suspension,
    in_span,
)
from ledger.participants_reader import is_sealing_key
from ledger.register import Register

TLS = b"\x30\x05abcd"
P = 2**255 - 19


def ed(name):
    return crypto_sign_seed_keypair(hashlib.sha256(name.encode()).digest())[0]


def x25519(name):
    return crypto_scalarmult_base(hashlib.sha256(name.encode()).digest())


def participant(code, countries=None, **changes):
    fields = {
        "code": code,
        "name": f"Land {code}",
        "countries": countries or (code,),
        "root": ed(f"{code}root"),
        "since": "2003-01-01",
        "until": "",
        "issues_from": "2026-01-01",
        "confirms_from": "2026-02-01",
        "suspensions": (),
        "compliant_zones": (),
        "validity_days": 60,
        "authorities": (
            Authority(
                f"Office of {code}",
                (
                    RoleKey(ed(f"{code}issue"), (Role.ISSUE,), "2026-01-01", "2027-01-01"),
                    RoleKey(ed(f"{code}confirm"), (Role.CONFIRM, Role.REPORT), "2026-01-01"),
                ),
            ),
        ),
        "seals": (SealKey(2025, x25519(f"{code}2025")), SealKey(2026, x25519(f"{code}2026"))),
        "ranges": (NumberRange(2026, 100, 199), NumberRange(2026, 200, 299), NumberRange(2025, 150, 250)),
    }
    return Participant(**(fields | changes))


def parts():
    return {
        "network": "dev",
        "origin": "kpledger.example/dev",
        "time": 1_790_000_000_000,
        "parameters": {},
        "participants": (
            participant("BW"),
            participant("EU", ("BE", "DE"), counted=True),
            participant(
                "CF",
                suspensions=(Suspension("2013-05-23", "2024-11-15", ""), Suspension("2026-01-01", "", "Bria")),
                compliant_zones=(CompliantZone("Boda"),),
            ),
            participant("TW", counted=False),
        ),
        "nodes": tuple(
            Node(
                code,
                f"127.0.0.1:87{n:02}",
                ed(f"{code}cons"),
                ed(f"{code}log"),
                ed(f"{code}cosign"),
                TLS + bytes([n]),
                code != "TW",
            )
            for n, code in enumerate(("BW", "EU", "TW"))
        ),
        "secretariat": Secretariat(
            ed("sroot"), (RoleKey(ed("saudit"), (Role.AUDIT,), "2026-01-01"),), (SealKey(2026, x25519("s")),)
        ),
        "chair": "BW",
    }


def fix_tls(node):
    der = b"\x30" + bytes([len(node.tls) - 2]) + node.tls[2:]
    return Node(node.participant, node.address, node.consensus, node.log, node.cosign, der, node.validator)


def sound():
    made = parts()
    made["nodes"] = tuple(fix_tls(node) for node in made["nodes"])
    return made


def content():
    return json.loads(make_genesis(**sound()))


def refused(value):
    with pytest.raises(Refusal) as caught:
        Genesis.from_json(value if isinstance(value, bytes) else json.dumps(value).encode())
    assert caught.value.code is Code.BAD_GENESIS
    return caught.value


def test_what_is_written_is_what_is_read():
    made = sound()
    genesis = Genesis.from_json(make_genesis(**made))
    assert tuple(genesis.participants.values()) == made["participants"]
    assert list(genesis.participants) == ["BW", "EU", "CF", "TW"]
    assert genesis.nodes == made["nodes"]
    assert genesis.secretariat == made["secretariat"]
    assert (genesis.network, genesis.origin, genesis.time, genesis.chair) == (
        "dev",
        "kpledger.example/dev",
        1_790_000_000_000,
        "BW",
    )
    assert genesis.parameters == {name: parameter.default for name, parameter in PARAMETERS.items()}
    assert (genesis.parameters["daily-records"], genesis.parameters["validity-days"]) == (10_000, 60)
    assert genesis.countries == {"BW": "BW", "BE": "EU", "DE": "EU", "CF": "CF", "TW": "TW"}
    assert genesis.validators == (ed("BWcons"), ed("EUcons"))
    assert genesis.node("EU").address == "127.0.0.1:8701"
    assert genesis.node("CF") is None
    named = [genesis.nodes[0].tls, genesis.secretariat.root, genesis.participants["BW"].root, ed("EUcons")]
    named += [genesis.secretariat.seals[0].key, next(iter(genesis.participants["BW"].keys))]
    assert [str(genesis.keys[key]) for key in named] == [
        "tls of BW", "root of secretariat", "root of BW", "consensus of EU", "seal of secretariat", "role of BW",
    ]  # fmt: skip


def test_ledger_id_depends_on_values_and_not_on_layout():
    value = content()
    first = Genesis.from_json(json.dumps(value).encode()).ledger_id
    backwards = json.loads(json.dumps(value), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    assert Genesis.from_json(json.dumps(backwards, indent=3).encode()).ledger_id == first
    value["time"] += 1
    assert Genesis.from_json(json.dumps(value).encode()).ledger_id != first


def test_ledger_id_is_the_hash_of_canonical_messagepack():
    """By hand, for the smallest part that shows order, shortest integers and booleans: the whole is checked against msgpack."""

    def ordered(value):
        if isinstance(value, dict):
            return {key: ordered(value[key]) for key in sorted(value, key=lambda name: name.encode())}
        return [ordered(item) for item in value] if isinstance(value, list) else value

    value = content()
    packed = msgpack.packb(ordered(value), use_bin_type=True)
    assert Genesis.from_json(json.dumps(value).encode()).ledger_id == hashlib.sha256(packed).digest()


@pytest.mark.parametrize(("n", "quorum"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (10, 7), (13, 9), (21, 14)])
def test_quorum(n, quorum):
    made = sound()
    codes = COUNTRIES[:n]
    made["participants"] = tuple(participant(code) for code in codes)
    made["chair"] = codes[0]
    made["nodes"] = tuple(
        Node(code, f"[::1]:{9000 + k}", ed(f"{code}c"), ed(f"{code}l"), ed(f"{code}w"), b"\x30\x02" + code.encode(), True)
        for k, code in enumerate(codes)
    )
    assert Genesis.from_json(make_genesis(**made)).quorum == quorum


def test_who_states_no_limit_of_validity_has_the_networks():
    made = sound()
    made["parameters"] = {"validity-days": 45}
    made["participants"] += (participant("ZA", validity_days=0),)
    genesis = Genesis.from_json(make_genesis(**made))
    register = Register(genesis)
    assert [register.validity_days(genesis.participants[code], "2026-03-01") for code in ("BW", "ZA")] == [60, 45]


def test_views_answer_by_date():
    genesis = Genesis.from_json(make_genesis(**sound()))
    bw, cf = genesis.participants["BW"], genesis.participants["CF"]
    assert not bw.in_force("2002-12-31")
    assert bw.in_force("2003-01-01")
    assert not bw.issues_on("2025-12-31")
    assert bw.issues_on("2026-01-01")
    issue = bw.keys[ed("BWissue")]
    assert issue.roles == (Role.ISSUE,)
    assert [issue.in_force(day) for day in ("2025-12-31", "2026-01-01", "2026-12-31", "2027-01-01")] == [
        False,
        True,
        True,
        False,
    ]
    assert bw.keys[ed("BWconfirm")].in_force("2099-01-01")
    assert ed("EUissue") not in bw.keys
    assert bw.seal(2026) == x25519("BW2026")
    assert bw.seal(2027) is None
    assert genesis.secretariat.seal(2026) == x25519("s")
    assert genesis.secretariat.seal(2025) is None
    assert genesis.secretariat.keys[ed("saudit")].roles == (Role.AUDIT,)
    assert [entry.first for entry in bw.range_of(2026)] == [100, 200]
    assert bw.range_of(2024) == ()
    assert cf.suspended_on("2013-05-23")
    assert not cf.suspended_on("2024-11-15")
    assert not cf.suspended_on("2026-06-01"), "a zone's suspension is not the whole's"
    assert cf.goods_suspended_on("2014-01-01")
    assert cf.goods_suspended_on("2014-01-01", "Nola")
    assert not cf.goods_suspended_on("2014-01-01", "Boda"), "a compliant zone"
    assert cf.goods_suspended_on("2026-06-01", "Bria")
    assert cf.goods_suspended_on("2026-06-01"), "goods that might come from the suspended zone"
    assert not cf.goods_suspended_on("2026-06-01", "Boda")
    assert not cf.goods_suspended_on("2025-06-01")
    assert not bw.goods_suspended_on("2026-06-01")
    assert not in_span("2026-01-02", "2026-01-01", "2026-01-02")


def test_a_participant_that_left_issues_no_more():
    left = participant("BW", until="2026-06-01")
    assert left.issues_on("2026-05-31")
    assert not left.issues_on("2026-06-01")
    silent = participant("BW", issues_from="", confirms_from="")
    assert not silent.issues_on("2026-05-31")


def put(value, path, new):
    """`value` with the member at `path` replaced, or removed when `new` is `put`."""
    *way, last = path
    place = value
    for step in way:
        place = place[step]
    if new is put:
        del place[last]
    else:
        place[last] = new
    return value


def small_order(sign=0):
    return (1 | sign << 255).to_bytes(32, "little").hex()


NOT_CANONICAL = (P + 3).to_bytes(32, "little").hex()
EIGHTH_ORDER = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")
MIXED_ORDER = crypto_core_ed25519_add(ed("mixed"), EIGHTH_ORDER).hex()
KEY0 = ("participants", 0, "authorities", 0, "keys", 0)

FAULTS = [
    (("network",), "Dev", "network"),
    (("network",), "", "network"),
    (("network",), "a" * 33, "network"),
    (("origin",), "kpledger", "origin"),
    (("origin",), "kpledger.example/de v", "origin"),
    (("origin",), "kpledger.example/dev+x", "origin"),
    (("time",), 0, "time"),
    (("time",), 2**63, "time"),
    (("time",), True, "time"),
    (("time",), "1", "time"),
    (("protocol",), 2, "protocol"),
    (("parameters",), [], "parameters"),
    (("parameters", "unheard-of"), 1, "parameters.unheard-of"),
    (("parameters", "daily-records"), 0, "parameters.daily-records"),
    (("parameters", "daily-records"), 10**9 + 1, "parameters.daily-records"),
    (("parameters", "validity-days"), 0, "parameters.validity-days"),
    (("parameters", "validity-days"), 367, "parameters.validity-days"),
    (("participants",), [], "participants"),
    (("participants",), {}, "participants"),
    (("participants", 0), "BW", "participants[0]"),
    (("participants", 0, "code"), "bw", "participants[0].code"),
    (("participants", 0, "code"), "XX", "participants[0].code"),
    (("participants", 0, "code"), "UK", "participants[0].code"),
    (("participants", 0, "name"), "", "participants[0].name"),
    (("participants", 0, "name"), "a\nb", "participants[0].name"),
    (("participants", 0, "name"), "e\u0301", "participants[0].name"),
    (("participants", 0, "name"), "\ud800", "participants[0].name"),
    (("participants", 0, "name"), "x" * 201, "participants[0].name"),
    (("participants", 0, "countries"), [], "participants[0].countries"),
    (("participants", 0, "countries"), ["ZA"], "participants[0].countries"),
    (("participants", 0, "countries"), ["BW", "BW"], "participants[0].countries[1]"),
    (("participants", 0, "countries"), ["BW", "EU"], "participants[0].countries[1]"),
    (("participants", 1, "countries"), ["BW"], "participants[1].countries[0]"),
    (("participants", 0, "root"), small_order(), "participants[0].root"),
    (("participants", 0, "root"), small_order(1), "participants[0].root"),
    (("participants", 0, "root"), NOT_CANONICAL, "participants[0].root"),
    (("participants", 0, "root"), EIGHTH_ORDER.hex(), "participants[0].root"),
    (("participants", 0, "root"), MIXED_ORDER, "participants[0].root"),
    (("participants", 0, "root"), "00" * 32, "participants[0].root"),
    (("participants", 0, "root"), ed("BWroot").hex().upper(), "participants[0].root"),
    (("participants", 0, "root"), ed("BWroot").hex()[2:], "participants[0].root"),
    (("participants", 0, "root"), ed("BWissue").hex(), "participants[0].authorities[0].keys[0].key"),
    (("participants", 0, "from"), "2003-02-29", "participants[0].from"),
    (("participants", 0, "from"), "20030101", "participants[0].from"),
    (("participants", 0, "from"), "2003-1-001", "participants[0].from"),
    (("participants", 0, "from"), "", "participants[0].from"),
    (("participants", 0, "until"), "2003-01-01", "participants[0].until"),
    (("participants", 0, "issues_from"), "2002-12-31", "participants[0].issues_from"),
    (("participants", 0, "confirms_from"), "2002-12-31", "participants[0].confirms_from"),
    (("participants", 0, "validity_days"), -1, "participants[0].validity_days"),
    (("participants", 0, "validity_days"), 367, "participants[0].validity_days"),
    (("participants", 0, "compliant_zones"), ["a", "a"], "participants[0].compliant_zones[1]"),
    (("participants", 0, "counted"), 1, "participants[0].counted"),
    (("participants", 2, "suspended", 0, "until"), "2013-05-23", "participants[2].suspended[0].until"),
    (("participants", 2, "suspended", 0, "zone"), None, "participants[2].suspended[0].zone"),
    (("participants", 2, "suspended", 0, "why"), "war", "participants[2].suspended[0].why"),
    (("participants", 0, "authorities", 0, "name"), 7, "participants[0].authorities[0].name"),
    ((*KEY0, "roles"), [], "participants[0].authorities[0].keys[0].roles"),
    ((*KEY0, "roles"), ["seal"], "participants[0].authorities[0].keys[0].roles[0]"),
    ((*KEY0, "roles"), ["issue", "issue"], "participants[0].authorities[0].keys[0].roles[1]"),
    ((*KEY0, "until"), "2025-01-01", "participants[0].authorities[0].keys[0].until"),
    ((*KEY0, "key"), ed("sroot").hex(), "secretariat.root"),
    (("participants", 0, "seals", 1, "epoch"), 2025, "participants[0].seals[1].epoch"),
    (("participants", 0, "seals", 0, "epoch"), 0, "participants[0].seals[0].epoch"),
    (("participants", 0, "seals", 1, "epoch"), 2**31, "participants[0].seals[1].epoch"),
    (("participants", 0, "seals", 1, "key"), "00" * 32, "participants[0].seals[1].key"),
    (("participants", 0, "seals", 1, "key"), "01" + "00" * 31, "participants[0].seals[1].key"),
    (("participants", 0, "seals", 1, "key"), x25519("BW2025").hex(), "participants[0].seals[1].key"),
    (("participants", 0, "ranges", 0, "last"), 99, "participants[0].ranges[0].last"),
    (("participants", 0, "ranges", 1, "first"), 199, "participants[0].ranges[1]"),
    (("participants", 0, "ranges", 0, "year"), 1999, "participants[0].ranges[0].year"),
    (("participants", 0, "ranges", 0, "last"), 10**10, "participants[0].ranges[0].last"),
    (("nodes",), [], "nodes"),
    (("nodes", 0, "participant"), "ZA", "nodes[0].participant"),
    (("nodes", 1, "participant"), "BW", "nodes[1].participant"),
    (("nodes", 1, "address"), "127.0.0.1:8700", "nodes[1].address"),
    (("nodes", 1, "address"), "127.0.0.1", "nodes[1].address"),
    (("nodes", 1, "address"), "127.0.0.1:0", "nodes[1].address"),
    (("nodes", 1, "address"), "127.0.0.1:65536", "nodes[1].address"),
    (("nodes", 1, "address"), "http://a:1", "nodes[1].address"),
    (("nodes", 0, "consensus"), ed("BWlog").hex(), "nodes[0].log"),
    (("nodes", 0, "tls"), "3082000461626364", "nodes[0].tls"),
    (("nodes", 0, "tls"), "30810461626364", "nodes[0].tls"),
    (("nodes", 0, "tls"), "300561626364", "nodes[0].tls"),
    (("nodes", 0, "tls"), "308061626364", "nodes[0].tls"),
    (("nodes", 0, "tls"), "30", "nodes[0].tls"),
    (("nodes", 0, "validator"), 1, "nodes[0].validator"),
    (("secretariat", "root"), "zz" * 32, "secretariat.root"),
    (("secretariat", "keys"), {}, "secretariat.keys"),
    (("chair",), "ZA", "chair"),
    (("chair",), 3, "chair"),
    (("unheard-of",), 3, "unheard-of"),
]


@pytest.mark.parametrize(("path", "new", "field"), FAULTS, ids=[f"{fault[2]}-{n}" for n, fault in enumerate(FAULTS)])
def test_each_fault_is_refused_at_its_field(path, new, field):
    assert refused(put(content(), path, new)).field == field


def every_path(value, path=()):
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name)
            yield from every_path(item, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from every_path(item, (*path, index))


def test_every_member_is_needed_but_counted():
    value = content()
    paths = list(every_path(value))
    assert len(paths) > 150
    for path in paths:
        text = json.dumps(put(json.loads(json.dumps(value)), path, put)).encode()
        if path[-1] == "counted":
            assert Genesis.from_json(text).participants["TW"].counted
        else:
            with pytest.raises(Refusal, match="missing"):
                Genesis.from_json(text)


def test_every_object_is_closed():
    value = content()
    objects = {path[:-1] for path in every_path(value)}
    assert len(objects) > 20
    for path in sorted(objects, key=str):
        error = refused(put(json.loads(json.dumps(value)), (*path, "surplus"), 1))
        assert error.field.endswith("surplus")


def test_two_participants_with_one_code():
    value = content()
    twin = json.loads(json.dumps(value["participants"][0]))
    value["participants"].append(twin | {"countries": ["EU"]})
    assert refused(value).field == "participants[4].countries[0]"
    made = sound()
    made["participants"] += (participant("EU", ("FR",), root=ed("other"), authorities=(), seals=()),)
    with pytest.raises(Refusal) as caught:
        make_genesis(**made)
    assert caught.value.field == "participants[4].code"


def test_somebody_must_vote():
    value = content()
    for node in value["nodes"]:
        node["validator"] = False
    assert refused(value).field == "nodes"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b'{"network": 1.5}',
        b'{"network": NaN}',
        b'{"network": 1e400}',
        b'{"network": -Infinity}',
        b'{"network": "a", "network": "a"}',
        b'{"network": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"network": "dev"} x',
    ],
)
def test_what_is_no_strict_json_is_refused(data):
    refused(data)


def test_a_key_that_stands_twice_is_refused_though_both_say_the_same():
    text = json.dumps(content()).encode()
    assert Genesis.from_json(text)
    refusal = refused(text.replace(b'{"network": "dev"', b'{"network": "dev", "network": "dev"', 1))
    assert "twice" in refusal.details["reason"]


def test_too_large():
    assert refused(b" " * (8 * 1024 * 1024 + 1)).details["limit"] == 8 * 1024 * 1024


def test_sealing_keys():
    assert all(is_sealing_key(x25519(str(n))) for n in range(50))
    base = (9).to_bytes(32, "little")
    assert is_sealing_key(base)
    for u in (0, 1, P - 1, P, P + 9, 2**255 - 1, 2**256 - 1, 9 + 2**255):
        assert not is_sealing_key(u.to_bytes(32, "little")), u
    on_the_twist = (2).to_bytes(32, "little")
    assert not is_sealing_key(on_the_twist)
    eighth_order = 39382357235489614581723060781553021112529911719440698176882885853963445705823
    assert not is_sealing_key(eighth_order.to_bytes(32, "little"))


def test_country_codes():
    assert len(COUNTRIES) == 249
    assert list(COUNTRIES) == sorted(set(COUNTRIES))
    assert is_country("NA")
    assert not is_country("EU")
    assert is_participant_code("EU")
    assert is_participant_code("TW")
    assert not is_participant_code("UK")
    assert not is_country("na")
