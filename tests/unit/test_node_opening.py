"""`node.opening`: with whose keys a home may start, also one that waits for the ledger to learn of them."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from consensus.messages import Vote, VoteKind, encode, vote_input
from ledger.errors import ProtocolError, StoreError
from ledger.network import of_genesis
from node.config import make_config
from node.errors import Exit, FatalError
from node.keys import SigningKey
from node.opening import check_identity, convicted, fatal, is_registered
from tests.support.parts import node_keys, node_of, with_nodes
from tests.support.world import VALIDATORS

GENESIS = with_nodes(*(node_of(code) for code in VALIDATORS))
NETWORK = of_genesis(GENESIS)
KEYS, CERTIFICATE = node_keys("BW"), node_of("BW").tls
FRESH = SigningKey.from_seed(b"f" * 32)


def check(participant: str, keys=KEYS, certificate: bytes = CERTIFICATE) -> None:
    check_identity(NETWORK, GENESIS, make_config({("node", "participant"): participant}), keys, certificate)


def test_the_own_keys_and_those_that_nobody_has() -> None:
    check("BW")
    check("BW", replace(KEYS, consensus=FRESH))
    check("CF", node_keys("CF"), node_of("CF").tls)


def refused(*arguments: object) -> FatalError:
    with pytest.raises(FatalError) as caught:
        check(*arguments)  # passed on as given
    assert caught.value.code is Exit.BAD_CONFIGURATION
    return caught.value


def test_who_is_no_participant_has_no_node() -> None:
    assert "no participant" in refused("JP", replace(KEYS, consensus=FRESH)).happened
    assert "no participant" in refused("JP", node_keys("JP"), node_of("JP").tls).happened


OTHERS = node_keys("RU")


@pytest.mark.parametrize(
    ("keys", "certificate"),
    [
        (replace(KEYS, consensus=OTHERS.consensus), CERTIFICATE),
        (replace(KEYS, coming=OTHERS.consensus), CERTIFICATE),
        (replace(KEYS, log=OTHERS.log), CERTIFICATE),
        (replace(KEYS, cosign=OTHERS.cosign), CERTIFICATE),
        (replace(KEYS, cosign=OTHERS.log), CERTIFICATE),
        (KEYS, node_of("RU").tls),
    ],
)
def test_no_key_is_another_nodes(keys, certificate: bytes) -> None:
    assert "that of RU's node" in refused("BW", keys, certificate).happened


@pytest.mark.parametrize("name", ["consensus", "log", "cosign"])
def test_registered_is_who_has_all_of_its_keys_on_the_ledger(name: str) -> None:
    assert is_registered(NETWORK, "BW", KEYS, CERTIFICATE)
    assert is_registered(NETWORK, "BW", replace(KEYS, coming=FRESH), CERTIFICATE)
    assert not is_registered(NETWORK, "BW", replace(KEYS, **{name: FRESH}), CERTIFICATE)
    assert not is_registered(NETWORK, "BW", KEYS, CERTIFICATE + b"x")
    assert not is_registered(NETWORK, "CF", KEYS, CERTIFICATE)


def votes(key: SigningKey, *, signed: bool = True) -> tuple[bytes, bytes]:
    """Two nullify and finalize votes of BW in one view."""
    made = []
    for kind, digest in ((VoteKind.NULLIFY, b""), (VoteKind.FINALIZE, bytes(32))):
        signature = key.sign(vote_input(GENESIS.ledger_id, kind, 0, 5, 0, digest)) if signed else bytes(64)
        made.append(encode(Vote(kind, 0, 5, 0, digest, VALIDATORS.index("BW"), signature)))
    return made[0], made[1]


def test_evidence_is_judged_with_the_validators_signatures() -> None:
    arguments = (GENESIS.ledger_id, 0, NETWORK.epoch.keys)
    assert convicted(*arguments, *votes(KEYS.consensus)) == VALIDATORS.index("BW")
    for first, second in (votes(FRESH), votes(KEYS.consensus, signed=False)):
        with pytest.raises(ValueError, match="signature"):
            convicted(*arguments, first, second)


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (ProtocolError("version 2 of the protocol is in force"), Exit.BAD_CONFIGURATION, "Install the version"),
        (StoreError("a block is damaged"), Exit.DISK, "Check the disk"),
        (ValueError("x"), Exit.FAILED, "fault of the program"),
    ],
)
def test_what_is_told_when_a_part_of_the_node_fails(tmp_path, error, code, word):
    told = fatal(error, SimpleNamespace(path=tmp_path))
    assert told.code == code
    assert word in str(told)
    assert len(str(told).splitlines()) == 3
