import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.checkpoint import Checkpoint
from ledger.errors import (
    AmbiguousKeyError,
    BadSignatureError,
    LogSignatureMissingError,
    MalformedCheckpointError,
    MalformedNoteError,
    MalformedPolicyError,
    OriginMismatchError,
    QuorumNotMetError,
)
from ledger.note import Note, Signature, SignatureType, Signer, VerifierKey
from ledger.policy import NONE, Policy, PolicyGroup, PolicyLog, PolicyWitness, accept, ledger_policy, parse_policy

ORIGIN = "kpledger.example/test"
LOG = Signer.from_seed(ORIGIN, SignatureType.ED25519, bytes(32))
OTHER_LOG = Signer.from_seed("other.example", SignatureType.ED25519, bytes([77]) * 32)
NODES = [
    Signer.from_seed(f"{code}/witness", SignatureType.COSIGNATURE, bytes([i]) * 32)
    for i, code in enumerate(("BW", "RU", "EU", "AE"), 1)
]
WITNESSES = tuple(PolicyWitness(node.key.name, node.key) for node in NODES)
POINT = Checkpoint(ORIGIN, 7, bytes(range(32)))
TEXT = POINT.text()
W = [f"witness W{i} {node.key}\n".encode() for i, node in enumerate(NODES)]
L = f"log {LOG.key}\n".encode()


def note(*signatures):
    return Note(TEXT, signatures).encode()


def cosigned(*indexes):
    return note(LOG.sign(TEXT), *(NODES[i].sign(TEXT, 100 + i) for i in indexes))


class TestParse:
    def test_levels_of_groups(self):
        """The shape of the specification's example."""
        text = (
            b"# comment \xff\n  \t # another\n\n"
            + L
            + W[0]
            + W[1]
            + b"group X\t 2 W0   W1 \n"
            + W[2]
            + W[3]
            + b"group Y any W2 W3\n\tgroup X-and-Y all X Y\nquorum X-and-Y\n"
        )
        policy = parse_policy(text)
        assert policy.logs == (PolicyLog(LOG.key),)
        assert [(group.name, group.threshold, group.members) for group in policy.groups] == [
            ("X", 2, ("W0", "W1")),
            ("Y", 1, ("W2", "W3")),
            ("X-and-Y", 2, ("X", "Y")),
        ]
        assert parse_policy(policy.format().encode()) == policy
        for count in range(5):
            for chosen in itertools.combinations(range(4), count):
                wanted = {0, 1} <= set(chosen) and bool({2, 3} & set(chosen))
                assert policy.is_quorum(frozenset(f"W{i}" for i in chosen)) == wanted

    def test_urls_and_names_of_any_octets(self):
        text = (
            f"log {LOG.key} https://x.example/log\n".encode()
            + b"witness \xe2\x84\xaa\xff "
            + str(NODES[0].key).encode()
            + b" https://\xc3\xa9.example\nquorum \xe2\x84\xaa\xff\n"
        )
        policy = parse_policy(text)
        assert policy.logs[0].url == "https://x.example/log"
        assert policy.is_quorum(frozenset({policy.witnesses[0].name}))
        assert policy.format().encode(errors="surrogateescape") == text
        with pytest.raises(MalformedPolicyError):
            parse_policy(text.replace(b"quorum \xe2\x84\xaa\xff", b"quorum K\xff"))

    @pytest.mark.parametrize(
        "text",
        [
            b"", b"\n", L, L + b"quorum none", L + b"quorum none\nquorum none\n", L + b"quorum W0\n", b"quorum W0\n" + W[0], b"quorum\n", b"quorum none none\n",
            b"Log x\nquorum none\n", b"log\nquorum none\n", b"log x\nquorum none\n", L[:-1] + b" u v\nquorum none\n", L + L + b"quorum none\n",
            W[0] + W[0] + b"quorum none\n", W[0] + W[0].replace(b"W0", b"W9") + b"quorum none\n", W[0] + W[1].replace(b"W1", b"W0") + b"quorum none\n",
            W[0].replace(b"W0", b"none") + b"quorum none\n", W[0].replace(b"\n", b" u v\n") + b"quorum none\n", b"witness W0\nquorum none\n",
            W[0] + b"group none any W0\nquorum none\n", W[0] + b"group W0 any W0\nquorum none\n", W[0] + b"group G any none\nquorum none\n",
            W[0] + b"group G any\nquorum none\n", W[0] + b"group G 0 W0\nquorum none\n", W[0] + b"group G 2 W0\nquorum none\n",
            W[0] + b"group G 01 W0\nquorum none\n", W[0] + b"group G some W0\nquorum none\n", W[0] + b"group G 1 W1\n" + W[1] + b"quorum none\n",
            W[0] + b"group G 1 G\nquorum none\n", W[0] + b"group G 1 W0 W0\nquorum none\n", W[0] + b"group G 1 W0\ngroup H 1 W0\nquorum none\n",
            W[0] + b"group G 1 H\ngroup H 1 W0\nquorum G\n", W[0] + b"group G \xd9\xa1 W0\nquorum none\n", W[0] + b"group G 1000000 W0\nquorum none\n",
            f"log {NODES[0].key}\nquorum none\n".encode(), f"witness W0 {LOG.key}\nquorum none\n".encode(),
            L + b"quorum none\n#\r\n", L + b"quorum none\n\x0b\n", L + b"quorum\xc2\xa0none\n", L + b"quorum none\n#\x7f\n", L + b"quorum none\n#\x00\n",
        ],
    )  # fmt: skip
    def test_refused(self, text):
        with pytest.raises(MalformedPolicyError):
            parse_policy(text)

    def test_the_line_is_named(self):
        with pytest.raises(MalformedPolicyError, match="line 3: "):
            parse_policy(L + b"\nwitness W0 nonsense\nquorum none\n")

    def test_limits(self):
        comment = b"#" * (256 * 1024 - len(L) - 13) + b"\n"
        assert parse_policy(L + b"quorum none\n" + comment).quorum == NONE
        with pytest.raises(MalformedPolicyError):
            parse_policy(L + b"quorum none\n" + b"#" + comment)
        many = tuple(
            PolicyWitness(str(i), VerifierKey("w", SignatureType.COSIGNATURE, i.to_bytes(32, "big"))) for i in range(1_025)
        )
        assert parse_policy(Policy((), many[:-1], (), NONE).format().encode()).witnesses == many[:-1]
        with pytest.raises(MalformedPolicyError):
            Policy((), many, (), NONE)
        room = 256 * 1024 - len(L) - len(" quorum none\n")
        assert len(Policy((PolicyLog(LOG.key, "u" * room),), (), (), NONE).format()) == 256 * 1024
        with pytest.raises(MalformedPolicyError):
            Policy((PolicyLog(LOG.key, "u" * (room + 1)),), (), (), NONE).format()

    @given(
        st.lists(
            st.sampled_from(
                [
                    L,
                    *W,
                    b"group G 1 W0 W1\n",
                    b"group H all W2 G\n",
                    b"quorum H\n",
                    b"quorum none\n",
                    b"#\n",
                    b"group G any W3\n",
                ]
            ),
            max_size=10,
        )
    )
    def test_any_lines_are_a_policy_that_survives_or_the_typed_error(self, lines):
        try:
            policy = parse_policy(b"".join(lines))
        except MalformedPolicyError:
            return
        assert parse_policy(policy.format().encode()) == policy

    @given(st.binary(max_size=60))
    def test_any_bytes(self, junk):
        with pytest.raises(MalformedPolicyError):
            parse_policy(L + junk.replace(b"quorum", b""))


class TestBuilt:
    @pytest.mark.parametrize(
        "arguments",
        [
            ((PolicyLog(LOG.key), PolicyLog(VerifierKey("x", SignatureType.ED25519, LOG.key.public))), (), (), NONE),
            ((PolicyLog(LOG.key, "a b"),), (), (), NONE),
            ((), (PolicyWitness("a b", NODES[0].key),), (), NONE),
            ((), (PolicyWitness("", NODES[0].key),), (), NONE),
            ((), (PolicyWitness("a\n", NODES[0].key),), (), NONE),
            ((), (PolicyWitness("a", NODES[0].key, "u\nv"),), (), NONE),
            ((), WITNESSES, (PolicyGroup("G", 1, ()),), NONE),
            ((), WITNESSES, (PolicyGroup("G", -1, ("BW/witness",)),), NONE),
            ((), WITNESSES, (PolicyGroup("G", 1, ("G",)),), NONE),
            ((), WITNESSES, (), "G"),
        ],
    )
    def test_impossible_policies_are_never_built(self, arguments):
        with pytest.raises(MalformedPolicyError):
            Policy(*arguments)

    def test_what_a_node_prints(self):
        policy = ledger_policy([PolicyLog(LOG.key, "https://bw.example/log")], WITNESSES[:3], WITNESSES[3:], 2)
        assert policy.format() == (
            f"log {LOG.key} https://bw.example/log\n"
            + "".join(f"witness {node.key.name} {node.key}\n" for node in NODES)
            + "group validators 2 BW/witness RU/witness EU/witness\nquorum validators\n"
        )
        assert parse_policy(policy.format().encode()) == policy
        assert not policy.is_quorum(frozenset({"BW/witness", "AE/witness"}))
        for quorum in (0, 4):
            with pytest.raises(MalformedPolicyError):
                ledger_policy([PolicyLog(LOG.key)], WITNESSES[:3], (), quorum)


class TestAccept:
    POLICY = ledger_policy([PolicyLog(LOG.key)], WITNESSES, (), 3)

    def test_quorum(self):
        for count in range(5):
            for chosen in itertools.combinations(range(4), count):
                if count < 3:
                    with pytest.raises(QuorumNotMetError):
                        accept(self.POLICY, cosigned(*chosen))
                else:
                    accepted = accept(self.POLICY, cosigned(*chosen))
                    assert accepted.checkpoint == POINT
                    assert accepted.witnesses == tuple(WITNESSES[i] for i in chosen)
                    assert accepted.newest == 100 + max(chosen)

    def test_the_refusal_says_who_cosigned(self):
        with pytest.raises(QuorumNotMetError, match="by RU/witness, AE/witness, which is no quorum of validators"):
            accept(self.POLICY, cosigned(1, 3))
        with pytest.raises(QuorumNotMetError, match="by nobody"):
            accept(self.POLICY, cosigned())

    def test_one_witness_counts_once(self):
        lines = [NODES[0].sign(TEXT, seconds) for seconds in (5, 6, 7)]
        with pytest.raises(QuorumNotMetError):
            accept(self.POLICY, note(LOG.sign(TEXT), *lines, *lines))

    def test_order_of_lines_does_not_matter(self):
        lines = [NODES[2].sign(TEXT, 9), LOG.sign(TEXT), NODES[0].sign(TEXT, 900), NODES[1].sign(TEXT, 8)]
        accepted = accept(self.POLICY, note(*lines))
        assert accepted.witnesses == WITNESSES[:3]
        assert accepted.newest == 900

    def test_log_signature(self):
        with pytest.raises(LogSignatureMissingError):
            accept(self.POLICY, note(*(node.sign(TEXT, 5) for node in NODES)))
        with pytest.raises(LogSignatureMissingError):
            accept(self.POLICY, note(OTHER_LOG.sign(TEXT)))

    def test_a_log_speaks_for_its_own_origin_only(self):
        policy = Policy((PolicyLog(LOG.key), PolicyLog(OTHER_LOG.key)), WITNESSES, (), NONE)
        with pytest.raises(LogSignatureMissingError):
            accept(policy, note(OTHER_LOG.sign(TEXT)))
        assert accept(policy, note(OTHER_LOG.sign(TEXT), LOG.sign(TEXT))).newest is None

    def test_unknown_log(self):
        with pytest.raises(OriginMismatchError):
            accept(Policy((PolicyLog(OTHER_LOG.key),), WITNESSES, (), NONE), cosigned(0, 1, 2))
        with pytest.raises(OriginMismatchError):
            accept(Policy((), (), (), NONE), cosigned(0))

    def test_one_bad_line_of_a_known_key_spoils_it(self):
        for signer in (*NODES, LOG):
            bad = Signature(signer.key.name, signer.key.key_id, bytes(72 if signer in NODES else 64))
            with pytest.raises(BadSignatureError):
                accept(self.POLICY, note(*(node.sign(TEXT, 5) for node in NODES), LOG.sign(TEXT), bad))

    def test_strangers_are_passed_over(self):
        stranger = Signature("stranger", b"abcd", b"anything")
        assert accept(self.POLICY, note(LOG.sign(TEXT), stranger, *(node.sign(TEXT, 5) for node in NODES[:3]))).newest == 5

    def test_keys_that_look_alike(self, monkeypatch):
        """Equal key ids cost 2**32 tries to find; here the short hash is shortened to nothing."""
        monkeypatch.setattr("ledger.note._key_id", lambda _name, _material: bytes(4))
        twin = VerifierKey(NODES[0].key.name, SignatureType.COSIGNATURE, NODES[1].key.public)
        policy = Policy((PolicyLog(LOG.key),), (WITNESSES[0], PolicyWitness("twin", twin)), (), NONE)
        with pytest.raises(AmbiguousKeyError):
            accept(policy, cosigned(0))

    def test_no_checkpoint(self):
        with pytest.raises(MalformedNoteError):
            accept(self.POLICY, TEXT)
        with pytest.raises(MalformedCheckpointError):
            accept(self.POLICY, Note(b"x\n", (LOG.sign(b"x\n"),)).encode())

    def test_no_quorum_asked_for(self):
        accepted = accept(Policy((PolicyLog(LOG.key),), (), (), NONE), cosigned(0, 1))
        assert (accepted.witnesses, accepted.newest) == ((), None)
