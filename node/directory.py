"""The register as a node has it now, for an office: whose a signing key is, and to which keys an envelope is sealed.

The genesis says only how it began. What a node answers is held against it: a key that the genesis names for an epoch cannot be
another one, so a node that lies can only invent a newer one. An office asks the node it trusts, its own.
"""

from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import quote

from ledger.genesis import Genesis
from ledger.participants import Participant, SealKey
from ledger.register import Register
from node.client.answers import HolderKeys
from node.client.connection import Connection
from node.errors import Exit, FatalError, ProblemError

_NOT_FOUND = 404


async def key_holder(client: Connection, public: bytes) -> str | None:
    """The code of who has this signing key, `secretariat` for that one's, None for nobody."""
    try:
        return (await client.get(f"/v1/keys/{public.hex()}", HolderKeys)).holder
    except ProblemError as error:
        if error.status == _NOT_FOUND:
            return None
        raise


async def fetch_register(client: Connection, genesis: Genesis, codes: Iterable[str]) -> Register:
    """The register with the sealing keys that these holders have now; whoever is unknown is left out.

    Raises:
        FatalError: the node names another key than the genesis.
        ProblemError: it does not answer.
    """
    register = Register(genesis)
    for code in codes:
        try:
            shown = await client.get(f"/v1/keys/{quote(code, safe='')}", HolderKeys)
        except ProblemError as error:
            if error.status == _NOT_FOUND:
                continue
            raise
        seals = tuple(SealKey(seal.epoch, bytes.fromhex(seal.key), seal.since, seal.until) for seal in shown.seals)
        held = register.holder(code) or _newcomer(code, bytes.fromhex(shown.root))
        for known in held.seals:
            if not any((seal.epoch, seal.key) == (known.epoch, known.key) for seal in seals):
                raise FatalError(
                    f"The node names another sealing key of {code} for epoch {known.epoch} than the genesis.",
                    "Nothing was sealed: whoever has that key could read it.",
                    "Ask another node (--url), and tell the operator of this one.",
                    Exit.REFUSED,
                )
        register = register.with_holder(replace(held, seals=seals))
    return register


def _newcomer(code: str, root: bytes) -> Participant:
    """A participant that was admitted after the genesis, as far as sealing needs it."""
    return Participant(code, code, (code,), root, "", "", "", "", (), (), 0, (), (), ())
