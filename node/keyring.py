"""The nodes' public keys as C2SP names them: verifier keys, and the policy file by which receipts are checked."""

from collections.abc import Mapping

from ledger.genesis import Genesis
from ledger.note import SignatureType, VerifierKey
from ledger.participants import Node
from ledger.policy import Policy, PolicyLog, PolicyWitness, ledger_policy


def log_key(genesis: Genesis, node: Node) -> VerifierKey:
    """The verifier key of a node's log signatures, named by the origin."""
    return VerifierKey(genesis.origin, SignatureType.ED25519, node.log)


def witness_key(node: Node) -> VerifierKey:
    """The verifier key of a node's cosignatures, named by its participant."""
    return VerifierKey(f"{node.participant}/witness", SignatureType.COSIGNATURE, node.cosign)


def policy(genesis: Genesis, urls: Mapping[str, str]) -> Policy:
    """Every node a witness, a quorum of the validators, and as logs the nodes that `urls` names.

    A receipt carries the log signature of the node that made it, so it verifies with a policy that names that node.

    Args:
        genesis: of the ledger.
        urls: by participant, where its node serves the log; empty where that is not known.
    """
    logs = [PolicyLog(log_key(genesis, node), urls[node.participant]) for node in genesis.nodes if node.participant in urls]
    validators = [PolicyWitness(node.participant, witness_key(node)) for node in genesis.nodes if node.validator]
    followers = [PolicyWitness(node.participant, witness_key(node)) for node in genesis.nodes if not node.validator]
    return ledger_policy(logs, validators, followers, genesis.quorum)
