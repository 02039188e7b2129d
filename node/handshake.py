r"""How two nodes know each other: pinned TLS certificates, then a signed hello bound to them.

Both sides send `Hello`, then `Proof`: the signature of the hello's consensus key over

    "kpledger/hello/v1\0" || ledger_id || SHA-256(dialler's certificate) || SHA-256(listener's certificate)
                          || dialler's hello || listener's hello || side ("dial" or "listen")

TLS has shown that each side holds the key of its certificate; the ledger says whose certificate that is; so the signature
binds the consensus key to this very channel, and neither side's can be taken for the other's or be replayed (nonces).

Who it is, the certificate says. The key may be one that this node does not know, because it lags behind a rotation; what it can
never be is another participant's. No vote is believed because of it: each is signed and judged by its epoch's list.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

from ledger.network import Network
from ledger.participants import Node as NodeEntry
from node.errors import (
    BadProofError,
    HandshakeOrderError,
    NoCommonVersionError,
    OtherKeyError,
    OtherLedgerError,
    UnknownCertificateError,
)
from node.keys import SigningKey
from node.wire import Hello, Item, Proof, encode_item

VERSIONS = (1,)


class Side(StrEnum):
    """Who opened the connection."""

    DIAL = "dial"
    LISTEN = "listen"


@dataclass(frozen=True, slots=True)
class Identity:
    """What this node shows to others."""

    ledger_id: bytes
    key: SigningKey
    certificate: bytes


Send = Callable[[Item], Awaitable[None]]
Receive = Callable[[], Awaitable[Item]]


def entry_of_certificate(network: Network, certificate: bytes | None) -> NodeEntry:
    """The node that the ledger pins this DER certificate to.

    Raises:
        UnknownCertificateError: nobody's.
    """
    for entry in network.nodes.values():
        if certificate == entry.tls:
            return entry
    raise UnknownCertificateError("the peer's TLS certificate is not on the ledger")


async def shake(identity: Identity, network: Network, peer: NodeEntry, side: Side, send: Send, receive: Receive) -> None:
    """Runs the handshake on an open channel whose other end has shown `peer`'s certificate.

    Raises:
        HandshakeError: another ledger, no common version, somebody else's key, or a bad proof.
    """
    mine = Hello(identity.ledger_id, VERSIONS, identity.key.public, secrets.token_bytes(32))
    await send(mine)
    theirs = await receive()
    if not isinstance(theirs, Hello):
        raise HandshakeOrderError(f"expected hello, got {type(theirs).__name__}")
    if theirs.ledger_id != identity.ledger_id:
        raise OtherLedgerError(f"the peer is a node of another ledger ({theirs.ledger_id.hex()})")
    if not set(VERSIONS) & set(theirs.versions):
        raise NoCommonVersionError(f"no common protocol version: ours {VERSIONS}, theirs {theirs.versions}")
    owner = network.node_of_consensus(theirs.key)
    if owner is not None and owner.participant != peer.participant:
        raise OtherKeyError(f"{peer.participant}'s node shows the consensus key of {owner.participant}")
    transcript = _transcript(identity, peer, side, mine, theirs)
    await send(Proof(identity.key.sign(transcript + side.encode())))
    proof = await receive()
    if not isinstance(proof, Proof):
        raise HandshakeOrderError(f"expected proof, got {type(proof).__name__}")
    other = Side.LISTEN if side is Side.DIAL else Side.DIAL
    try:
        crypto_sign_open(proof.signature + transcript + other.encode(), theirs.key)
    except BadSignatureError as error:
        raise BadProofError(f"{peer.participant}'s proof does not verify") from error


def _transcript(identity: Identity, peer: NodeEntry, side: Side, mine: Hello, theirs: Hello) -> bytes:
    own, other = hashlib.sha256(identity.certificate).digest(), hashlib.sha256(peer.tls).digest()
    parts = [own, other, encode_item(mine), encode_item(theirs)]
    if side is Side.LISTEN:
        parts = [other, own, encode_item(theirs), encode_item(mine)]
    return b"kpledger/hello/v1\0" + identity.ledger_id + b"".join(parts)
