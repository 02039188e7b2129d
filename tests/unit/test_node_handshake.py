"""`node.handshake` over a channel that this test holds: what is said on one channel is of no use on another."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest

from ledger.network import Network, of_genesis
from ledger.participants import Node
from node.errors import BadProofError, NoCommonVersionError
from node.handshake import Identity, Side, shake
from node.keys import SigningKey
from node.wire import Hello, Item
from tests.support.world import genesis

KEYS = {code: SigningKey.from_seed(code.encode() * 16) for code in ("BW", "RU")}
Change = Callable[[Item], Item]


def network() -> Network:
    return of_genesis(genesis())


def node(code: str) -> Node:
    found = network().node(code)
    assert found is not None
    return found


def identity(code: str, certificate: bytes | None = None) -> Identity:
    return Identity(genesis().ledger_id, KEYS[code], certificate or node(code).tls)


def meet(
    dialler: Identity, listener: Identity, *, shown: bytes | None = None, on_the_way: Change = lambda item: item
) -> list[BaseException | None]:
    """Both sides' outcomes; `shown`: the certificate that the dialler was shown; `on_the_way`: what becomes of the listener's words."""

    async def run() -> list[BaseException | None]:
        there: asyncio.Queue[Item] = asyncio.Queue()
        back: asyncio.Queue[Item] = asyncio.Queue()

        async def answer(item: Item) -> None:
            await back.put(on_the_way(item))

        async with asyncio.timeout(5):
            return await asyncio.gather(
                shake(dialler, network(), replace(node("RU"), tls=shown or node("RU").tls), Side.DIAL, there.put, back.get),
                shake(listener, network(), node("BW"), Side.LISTEN, answer, there.get),
                return_exceptions=True,
            )

    return asyncio.run(run())


def test_two_that_know_each_other_meet() -> None:
    assert meet(identity("BW"), identity("RU")) == [None, None]


def test_a_proof_is_bound_to_the_certificates_of_its_channel() -> None:
    """Somebody in between ends TLS with both and passes their words on: each side has seen another certificate."""
    between = b"\x30\x03\x02\x01\x00"
    assert [type(one) for one in meet(identity("BW"), identity("RU"), shown=between)] == [BadProofError, BadProofError]


def test_a_proof_is_bound_to_the_hellos_of_its_channel() -> None:
    def altered(item: Item) -> Item:
        return msgspec.structs.replace(item, nonce=bytes(32)) if isinstance(item, Hello) else item

    outcomes = meet(identity("BW"), identity("RU"), on_the_way=altered)
    assert [type(one) for one in outcomes] == [BadProofError, BadProofError]


@pytest.mark.parametrize("versions", [(), (2,), (0, 2, 3)])
def test_no_common_version(versions: tuple[int, ...]) -> None:
    async def run() -> None:
        ours: list[Item] = []

        async def say(item: Item) -> None:
            ours.append(item)

        async def hear() -> Item:
            return Hello(genesis().ledger_id, versions, KEYS["RU"].public, bytes(32))

        with pytest.raises(NoCommonVersionError):
            await shake(identity("BW"), network(), node("RU"), Side.DIAL, say, hear)
        assert len(ours) == 1, "no proof for who speaks another language"

    asyncio.run(run())
