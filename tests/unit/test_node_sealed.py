"""node/sealed.py and ledger/disclosure.py: parts read over HTTP, handed on, complained about; one field proven offline."""

import asyncio
import json
import secrets

import pytest

from ledger import codec
from ledger.bodies import SEALED_FAULT, SEALED_SHARE, FaultBody
from ledger.disclosure import check_disclosure, disclosure_to_json
from ledger.envelope import seal
from ledger.errors import Code, ProofError, Refusal
from ledger.participants import SECRETARIAT
from ledger.policy import parse_policy
from ledger.record import build_statement, sign_statement
from ledger.units import Ms
from node.errors import FatalError
from node.sealed import Reader, disclose_part, fetch_part, garbage, lines_of, opened, share_part
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port
from tests.support.reading import Reading
from tests.support.trade import Trader

LINES = [("710231", "1200.50", ["BW"]), ("710221", "300.00", ["BW"])]


def scenario(tmp_path, story, trader=Trader):
    """Runs `story(desk)` over a ledger with BW0000001 to AE and its outcome."""

    async def run():
        with local_port(tmp_path) as port:
            desk = Desk(port, CheckedClient(port), trader(port.network, NOW))
            desk.issued = desk.trader.issue("BW0000001", "AE", LINES)
            desk.outcome = desk.trader.confirm(desk.issued)
            for one in (desk.issued, desk.outcome):
                await desk.post(one.raw)
            return await story(desk)

    return asyncio.run(run())


class Desk:
    def __init__(self, port, client, trader):
        self.port, self.client, self.trader = port, client, trader

    def reading(self, code, lies=None):
        scope = "auditor" if code == SECRETARIAT else f"participant:{code}"
        return Reading(self.client, self.port.tokens.issue(scope, NOW), lies)

    def reader(self, code, *keys):
        return Reader(self.port.ledger.ledger_id, code, keys or [self.port.network.keys[code]["seal"]])

    async def part(self, code, what="BW0000001", side="issue", lies=None):
        return await fetch_part(self.reading(code, lies), self.reader(code), what, side)

    async def post(self, raw):
        reply = await self.client.post("/v1/records", raw)
        assert reply.status in {200, 202}, reply.body

    async def state(self, kind, code, body):
        statement = build_statement(kind, code, NOW, body)
        await self.post(sign_statement(self.port.ledger.ledger_id, self.port.network.keys[code]["audit"], statement))

    async def share(self, code, to):
        register = self.port.ledger.register
        (epoch, *_) = register.epochs(to, Ms(NOW))
        part, public = await self.part(code), register.holder(to).seal(epoch)
        await self.state(SEALED_SHARE, code, share_part(self.reader(code), part, to, epoch, public, secrets.token_bytes))


@pytest.mark.parametrize("code", ["BW", "AE", SECRETARIAT])
def test_readers_read_both_sides(tmp_path, code):
    async def story(desk):
        part = await desk.part(code)
        assert part.record.id == desk.issued.id
        fields = opened(desk.reader(code), part).fields
        assert fields["invoice"] == "INV-CANARY-BW0000001"
        assert list(lines_of(fields, part)) == [("710231", 120_050, 1_200_500_000), ("710221", 30_000, 300_000_000)]
        assert (await desk.part(code, side="outcome")).record.id == desk.outcome.id
        assert (await desk.part(code, what=desk.outcome.id.hex())).record.id == desk.outcome.id
        assert await garbage(desk.reading(code), desk.reader(code), part) is None

    scenario(tmp_path, story)


def test_a_later_reader_reads_and_hands_on(tmp_path):
    async def story(desk):
        await desk.share("BW", "RU")
        part = await desk.part("RU")
        assert (part.epoch, len(part.wraps)) == (None, 1)
        assert opened(desk.reader("RU"), part).fields["invoice"] == "INV-CANARY-BW0000001"
        await desk.share("RU", "EU")
        await desk.share("AE", SECRETARIAT)
        assert disclose_part(desk.reader("EU"), await desk.part("EU"), "invoice").value == "INV-CANARY-BW0000001"
        assert len((await desk.part(SECRETARIAT)).wraps) == 2

    scenario(tmp_path, story)


def test_another_key_opens_nothing_and_is_no_ground_for_a_complaint(tmp_path):
    async def story(desk):
        part, stranger = await desk.part("AE"), desk.reader("AE", b"k" * 32)
        with pytest.raises(FatalError, match="does not open with any sealing key of AE"):
            opened(stranger, part)
        with pytest.raises(FatalError, match=r"sealed to AE's key of epoch \d+, which is not here"):
            await garbage(desk.reading("AE"), stranger, part)
        outsider = await desk.part(SECRETARIAT)
        with pytest.raises(FatalError, match="is not for RU"):
            opened(desk.reader("RU"), type(outsider)(outsider.record, outsider.envelope, None, ()))
        with pytest.raises(FatalError, match="is not for RU"):
            await garbage(desk.reading("RU"), desk.reader("RU"), type(outsider)(outsider.record, outsider.envelope, None, ()))

    scenario(tmp_path, story)


class Sealing(Trader):
    """Seals for the destination with a key that is nobody's: what it gets it cannot open."""

    __slots__ = ()

    def _seal(self, issuer, destination, rid, fields, values):
        genesis = self.network.genesis
        readers = [
            (issuer, genesis.participants[issuer].seals[-1].epoch, genesis.participants[issuer].seals[-1].key),
            (destination, genesis.participants[destination].seals[-1].epoch, b"\x09" + bytes(31)),
            (SECRETARIAT, genesis.secretariat.seals[-1].epoch, genesis.secretariat.seals[-1].key),
        ]
        return seal(genesis.ledger_id, rid, {**fields, "values": values}, readers, self.random)


class Mispricing(Trader):
    """Commits to values by one cent other than those it seals."""

    __slots__ = ()

    def _values(self, cents):
        sealed, commitments = Trader._values(self, cents)
        return [[amount + 1, blinding] for amount, blinding in sealed], commitments


@pytest.mark.parametrize(
    ("trader", "code", "found"), [(Sealing, "AE", "unreadable"), (Sealing, "BW", None), (Mispricing, "AE", "values")]
)
def test_garbage_is_told_apart_and_can_be_stated(tmp_path, trader, code, found):
    async def story(desk):
        part = await desk.part(code)
        assert await garbage(desk.reading(code), desk.reader(code), part) == found
        if found == "values":
            with pytest.raises(Refusal):
                list(lines_of(opened(desk.reader(code), part).fields, part))
        if found:
            await desk.state(SEALED_FAULT, code, FaultBody(fault=found, rid=part.body.rid))

    scenario(tmp_path, story, trader)


def test_what_is_no_sealed_part(tmp_path):
    async def story(desk):
        with pytest.raises(FatalError, match="is not sound: a record that is not the one asked for"):
            await desk.part("BW", lies={"/v1/records/": lambda answer: answer.update(record=desk.outcome.record.hex())})
        with pytest.raises(FatalError, match="is not sound: a record of another certificate"):
            other = desk.trader.issue("BW0000002", "AE", LINES)
            await desk.post(other.raw)
            await desk.part(
                "BW",
                "BW0000002",
                lies={
                    "/certificates/": lambda one: one["records"].__setitem__(
                        0, one["records"][0] | {"id": desk.issued.id.hex()}
                    )
                },
            )
        with pytest.raises(FatalError, match="nobody has confirmed it"):
            await desk.part("BW", "BW0000002", "outcome")
        await desk.share("BW", "RU")
        (row,) = json.loads((await desk.reading("BW").get_bytes(f"/v1/records/{desk.issued.id.hex()}/shares")).decode())[
            "items"
        ]
        with pytest.raises(FatalError, match=r"a sealed\.share has none"):
            await desk.part("BW", row["id"])

    scenario(tmp_path, story)


def trust(desk):
    return parse_policy(desk.port.policy().encode())


async def disclosed(desk, name, code="AE"):
    part = await desk.part(code)
    receipt = desk.port.receipt(part.record.id)
    return disclosure_to_json(receipt, part.envelope, disclose_part(desk.reader(code), part, name))


@pytest.mark.parametrize("name", ["invoice", "exporter", "values"])
def test_one_field_is_proven_with_the_policy_alone(tmp_path, name):
    async def story(desk):
        data = await disclosed(desk, name)
        found = check_disclosure(data, trust(desk))
        part = await desk.part("BW")
        assert (found.name, found.record.id) == (name, desk.issued.id)
        assert found.value == opened(desk.reader("BW"), part).fields[name]
        others = {
            field: codec.encode(value) for field, value in opened(desk.reader("BW"), part).fields.items() if field != name
        }
        for field, raw in others.items():
            assert raw.hex() not in data.decode(), f"{field} is given away, too"

    scenario(tmp_path, story)


def test_a_disclosure_that_was_tampered_with_proves_nothing(tmp_path):
    async def story(desk):
        trusted = trust(desk)
        first = json.loads(await disclosed(desk, "invoice"))
        other = json.loads(await disclosed(desk, "exporter"))
        second = desk.trader.issue("BW0000002", "AE", LINES)
        await desk.post(second.raw)
        foreign = desk.port.receipt(second.id)
        flipped = {
            name: (first[name][:-2] + f"{int(first[name][-2:], 16) ^ 1:02x}") for name in ("header", "rest", "salt", "value")
        }
        for change, codes in (
            ({"value": other["value"]}, {Code.ENVELOPE_UNREADABLE}),
            ({"name": "remarks"}, {Code.ENVELOPE_UNREADABLE}),
            ({"name": "price"}, {Code.BAD_VALUE}),
            ({"value": codec.encode("INV-1").hex()}, {Code.ENVELOPE_UNREADABLE}),
            ({"value": "c1"}, {Code.MALFORMED, Code.NOT_CANONICAL, Code.BAD_VALUE}),
            ({"receipt": foreign}, {Code.ENVELOPE_HASH}),
            ({"receipt": 5}, {Code.BAD_VALUE}),
            ({"more": "x"}, {Code.BAD_VALUE}),
            ({"header": ""}, {Code.MALFORMED}),
            *(
                ({name: text}, {Code.ENVELOPE_HASH, Code.ENVELOPE_UNREADABLE, Code.MALFORMED, Code.BAD_VALUE})
                for name, text in flipped.items()
            ),
        ):
            with pytest.raises(Refusal) as caught:
                check_disclosure(json.dumps(first | change).encode(), trusted)
            assert caught.value.code in codes, change
        with pytest.raises(ProofError):
            check_disclosure(json.dumps(first | {"receipt": first["receipt"][:-5]}).encode(), trusted)
        await desk.share("BW", "RU")
        (row,) = desk.port.ledger.shares(desk.issued.id)
        with pytest.raises(Refusal) as caught:
            check_disclosure(json.dumps(first | {"receipt": desk.port.receipt(row.record)}).encode(), trusted)
        assert caught.value.code == Code.ENVELOPE_UNEXPECTED

    scenario(tmp_path, story)
