"""`node.set` and `node.ready`: which node a participant has, and that it is ready to vote (2-records.md, table of kinds).

`node.set` is signed by the participant's root key. Checks, in this order:

1. the address is `host:port`, and no other participant's node has it;
2. keys are Ed25519 public keys of prime order, the certificate is one in DER;
3. each of them serves this participant for this purpose alone, on the whole ledger and for ever: roots, role and sealing keys,
   other nodes' keys, also former ones, count; and a consensus key that was replaced never comes back, not even to its owner;
4. something changes;
5. of the nodes that want to vote there is at least one, and at most `MAX_VALIDATORS`.

`node.ready` is signed by the node's own consensus key, as its newest `node.set` has it, although 2-records.md names the root
key: so it proves that whoever runs the node holds that key, and an epoch need not wait until root keys, which are offline, are
fetched once more. Checks: the epoch is the next one, the list is the one pending, the author is in it and not ready yet.
"""

from ledger.bodies import NodeReadyBody, NodeSetBody
from ledger.errors import Code, Refusal
from ledger.limits import MAX_VALIDATORS
from ledger.network import Network
from ledger.participants import Holder, KeyUse, Node
from ledger.participants_reader import is_address, is_certificate
from ledger.record import Record, valid_public_key
from ledger.rules.common import Place, View, check_use
from ledger.rules.effects import Writer


def check_set(view: View, author: Holder, record: Record) -> None:
    """Every check of `node.set`; raises the first Refusal."""
    node, network = _node(record), view.state.network
    _check_address(network, node)
    _check_form(node)
    seen: set[bytes] = set()
    for purpose, key in node.purposes():
        check_use(view, KeyUse(author.code, purpose), key, purpose, again=key in seen)
        seen.add(key)
    if node == network.node(author.code):
        raise Refusal(Code.NODE_UNCHANGED, given=author.code)
    _check_validators(network.with_node(node))


def enact_set(view: View, writer: Writer, record: Record, place: Place) -> None:  # the record says it all
    """Registers the node."""
    writer.set_node(_node(record))


def check_ready(view: View, author: Holder, record: Record) -> None:
    """Every check of `node.ready`; raises the first Refusal."""
    body, network = record.body, view.state.network
    assert isinstance(body, NodeReadyBody)
    following = network.epoch.number + 1
    if body.epoch != following:
        raise Refusal(Code.EPOCH_NOT_NEXT, "epoch", given=body.epoch, limit=following)
    if body.validators != network.pending:
        raise Refusal(Code.LIST_NOT_PENDING, "validators", given=body.validators.hex(), limit=network.pending.hex())
    members = [code for code, _ in network.candidates]
    if author.code not in members:
        raise Refusal(Code.NOT_IN_LIST, "author", given=author.code, limit=" ".join(members))
    if author.code in network.ready:
        raise Refusal(Code.READY_ALREADY, "author", given=author.code, epoch=following)


def enact_ready(view: View, writer: Writer, record: Record, place: Place) -> None:  # the record says it all
    """Notes that the author is ready."""
    writer.set_ready(record.author)


def _node(record: Record) -> Node:
    body = record.body
    assert isinstance(body, NodeSetBody)
    return Node(record.author, body.address, body.consensus, body.log, body.cosign, body.tls, body.validator)


def _check_address(network: Network, node: Node) -> None:
    if not is_address(node.address):
        raise Refusal(Code.NODE_ADDRESS, "address", given=node.address, limit="host:port, a port from 1 to 65535")
    for other in network.nodes.values():
        if other.address == node.address and other.participant != node.participant:
            raise Refusal(Code.NODE_ADDRESS_USED, "address", given=node.address, participant=other.participant)


def _check_form(node: Node) -> None:
    for purpose, key in node.purposes():
        if purpose == "tls":
            if not is_certificate(key):
                raise Refusal(Code.NODE_CERTIFICATE, purpose, given=len(key), limit="a certificate in DER")
        elif not valid_public_key(key):
            raise Refusal(Code.NODE_KEY, purpose, given=key.hex(), limit="an Ed25519 public key of prime order")


def _check_validators(after: Network) -> None:
    count = len(after.candidates)
    if count == 0:
        raise Refusal(Code.NO_VALIDATOR_LEFT, "validator", given=count, limit=1)
    if count > MAX_VALIDATORS:
        raise Refusal(Code.TOO_MANY_VALIDATORS, "validator", given=count, limit=MAX_VALIDATORS)
