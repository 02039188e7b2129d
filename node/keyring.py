"""The nodes' public keys as C2SP names them: verifier keys, and the policy file by which receipts are checked."""

from collections.abc import Mapping

from ledger.network import Network
from ledger.note import SignatureType, VerifierKey
from ledger.participants import Node
from ledger.policy import Policy, PolicyLog, PolicyWitness, ledger_policy


def log_key(origin: str, key: bytes) -> VerifierKey:
    """The verifier key of a node's log signatures, named by the origin."""
    return VerifierKey(origin, SignatureType.ED25519, key)


def witness_key(participant: str, key: bytes) -> VerifierKey:
    """The verifier key of a node's cosignatures, named by its participant."""
    return VerifierKey(f"{participant}/witness", SignatureType.COSIGNATURE, key)


def policy(origin: str, network: Network, urls: Mapping[str, str]) -> Policy:
    """Every node a witness, a quorum of the validators of the epoch in force, and as logs the nodes that `urls` names.

    A receipt carries the log signature of the node that made it, so it verifies with a policy that names that node.

    Args:
        origin: of the ledger.
        network: the nodes and the epoch.
        urls: by participant, where its node serves the log; empty where that is not known.
    """
    nodes = network.nodes
    voting = [code for code, _ in network.epoch.validators]
    logs = [PolicyLog(log_key(origin, node.log), urls[code]) for code, node in nodes.items() if code in urls]
    validators = [node_witness(nodes[code]) for code in voting]
    followers = [node_witness(node) for code, node in nodes.items() if code not in voting]
    return ledger_policy(logs, validators, followers, network.quorum)


def node_witness(node: Node) -> PolicyWitness:
    """A node as a policy's witness, known by its participant."""
    return PolicyWitness(node.participant, witness_key(node.participant, node.cosign))
