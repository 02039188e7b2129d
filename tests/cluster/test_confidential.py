"""Planted names and prices: on no disk, in no log, in no answer of a node or for a reader that may not know them."""

import asyncio
import base64
import re
import time
from pathlib import Path

import aiohttp
import msgpack

from ledger.genesis import Genesis
from ledger.periods import quarter_of
from ledger.units import block_date
from ledger.unsealing import open_envelope
from node.client import Client, ProblemError
from tests.support.cluster import devnet
from tests.support.records import confirm, issue, seed

NAME = "Canary Rough Trading and Sons Ltd"
ADDRESS = "17 Nightingale Lane, Nowhere"
INVOICE = "INV-CANARY-0042"
CENTS = 7_777_123_451

SEALED = {
    "exporter": {"name": NAME, "address": ADDRESS, "licence": "LIC-CANARY-1"},
    "importer": {"name": NAME[::-1], "address": ADDRESS, "licence": "LIC-CANARY-2"},
    "invoice": INVOICE,
}
MEASURED_CENTS = 6_666_123_457
MEASURED = {"importer": SEALED["importer"], "remarks": f"{NAME} owes us {INVOICE}"}
NEEDLES = [
    text.encode() for text in (NAME, NAME[::-1], ADDRESS, INVOICE, "LIC-CANARY", str(CENTS), "77771234.51", "77,771,234.51")
] + [
    msgpack.packb(CENTS),
    CENTS.to_bytes(8, "little"),
    str(MEASURED_CENTS).encode(),
    b"66661234.57",
    msgpack.packb(MEASURED_CENTS),
    base64.b64encode(NAME.encode()),
    NAME.encode().hex().encode(),
]

WRITTEN_OUT = {"/log/tile/{path}": "/log/tile/0/000.p/{size}", "/log/tile/entries/{path}": "/log/tile/entries/000.p/{size}"}
"""Paths of which the last part is not one word."""

STREAM = "/v1/stream"
"""Ends by itself after a quarter of an hour: read as far as it comes in a second, beside the others."""

MORE = ("/", "/docs", "/readyz?verbose", "/v1/certificates?limit=1", "/v1/participants/RU/stock")


BUSY_TRIES = 50


async def patient(client: Client, path: str) -> bytes:
    """What an address answers once the node has time for it."""
    for _ in range(BUSY_TRIES):
        try:
            return await client.get_bytes(path)
        except ProblemError as error:
            if error.status not in {429, 503}:
                raise
            await asyncio.sleep(0.1)
    return await client.get_bytes(path)


def assert_clean(data: bytes, where: str) -> None:
    for needle in NEEDLES:
        assert needle not in data, f"{needle!r} in {where}"


async def every_path(url: str, record_id: str, size: int) -> list[str]:
    """Every address that the document offers to readers, filled in for the shipment."""
    async with Client(url) as client:
        document = await client.get_json("/v1/openapi.json")
    quarter = quarter_of(block_date(time.time_ns() // 1_000_000))
    words = {"number": "BW0000001", "id": record_id, "code": "RU", "holder": "RU", "quarter": quarter, "size": size}
    words |= {"rule": "no-receipt-code", "about": "BW0000001", "height": 1}
    paths = [WRITTEN_OUT.get(path, path) for path, methods in document["paths"].items() if "get" in methods and path != STREAM]
    paths += [f"{path}?flow={flow}" for path in paths if "{quarter}" in path for flow in ("export", "import")]
    filled = [re.sub(r"\{(\w+)\}", lambda match: str(words.get(match[1], "x")), path) for path in paths]
    return [*filled, *MORE]


async def streamed(url: str, token: str) -> bytes:
    """What the stream tells in a second of all behind the first record."""
    data = b""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with aiohttp.ClientSession(headers=headers) as http:
        try:
            async with asyncio.timeout(1), http.get(f"{url}{STREAM}?after=0") as answer:
                async for part in answer.content.iter_any():
                    data += part
        except TimeoutError:
            pass
    return data


async def read_everything(description: dict, record_id: str, size: int) -> None:
    """Every answer of every node, as nobody, as a stranger to the shipment, as the secretariat and as the two sides."""
    tokens = {"": "", "CA": description["tokens"]["participant"]["CA"], "auditor": description["tokens"]["auditor"]}
    tokens |= {code: description["tokens"]["participant"][code] for code in ("BW", "RU")}
    paths = await every_path(description["nodes"][0]["api"], record_id, size)
    given: dict[str, set[str]] = {}
    for node in description["nodes"]:
        for reader, token in tokens.items():
            async with Client(node["api"], token) as client:
                for path in paths:
                    try:
                        data = await patient(client, path)
                    except ProblemError as error:
                        data = repr(error.problem).encode()
                    else:
                        given.setdefault(path, set()).add(reader)
                    assert_clean(data, f"{path} of {node['participant']} for {reader or 'anybody'}")
        async with Client(node["admin"] if node["admin"].startswith("http") else f"http://{node['admin']}") as client:
            assert_clean(await client.get_bytes("/metrics"), "metrics")
            assert_clean(await client.get_bytes("/admin/status"), "status")
    for reader, token in tokens.items():
        told = await streamed(description["nodes"][0]["api"], token)
        assert_clean(told, f"{STREAM} for {reader or 'anybody'}")
        assert (b"import.confirm" in told) is bool(reader)
    assert given[f"/v1/records/{record_id}/envelope"] == {"auditor", "BW", "RU"}
    assert given["/v1/participants/RU/stock"] == {"auditor"}
    assert given["/v1/certificates/BW0000001/custody"] == {"CA", "auditor", "BW", "RU"}
    assert "" not in given[f"/v1/records/{record_id}"]
    assert "" not in given[f"/log/tile/entries/000.p/{size}"]
    assert given["/v1/findings/no-receipt-code/BW0000001"] == {"auditor", "BW", "RU"}
    assert "" in given["/log/checkpoint"]
    silent = [path for path in set(paths) - given.keys() if not path.startswith("/v1/statistics/")]  # nothing is released here
    assert len(silent) < 6, "most addresses answer somebody"


async def provoke(url: str, submission: bytes) -> list[bytes]:
    """Refusals and faults around the same content: a flipped byte anywhere, the wrong number, the record twice."""
    answers = []
    async with Client(url) as client:
        for place in range(0, len(submission), 97):
            spoilt = bytearray(submission)
            spoilt[place] ^= 1
            try:
                answers.append(repr(await client.submit(bytes(spoilt), wait=False)).encode())
            except ProblemError as error:
                answers.append(repr(error.problem).encode())
    return answers


def test_planted_names_and_prices_stay_where_they_belong(tmp_path: Path) -> None:
    with devnet(tmp_path / "net") as network:
        description = network.description()
        genesis = Genesis.from_json((tmp_path / "net" / "genesis.json").read_bytes())
        keys = description["keys"]
        submission = issue(genesis, "BW", seed(keys, "BW", "issue"), "RU", "BW0000001", SEALED, CENTS)
        url = description["nodes"][0]["api"]

        async def submit() -> str:
            async with Client(url) as client:
                return (await client.submit_until_final(submission, 30)).id

        record_id = asyncio.run(submit())
        for answer in asyncio.run(provoke(url, submission)):
            assert_clean(answer, "a refusal")
        outcome = confirm(genesis, submission, seed(keys, "RU", "confirm"), MEASURED, MEASURED_CENTS)

        async def answer() -> str:
            async with Client(url) as client:
                return (await client.submit_until_final(outcome, 30)).id

        outcome_id = asyncio.run(answer())
        for spoilt in asyncio.run(provoke(url, outcome)):
            assert_clean(spoilt, "a refusal")
        size, _ = network.wait_equal(2)
        for read in (record_id, outcome_id):
            asyncio.run(read_everything(description, read, size))

        async def fetch() -> bytes:
            async with Client(description["nodes"][3]["api"], description["tokens"]["participant"]["RU"]) as client:
                return await client.get_bytes(f"/v1/records/{record_id}/envelope")

        envelope = asyncio.run(fetch())
        opened = open_envelope(genesis.ledger_id, envelope, "RU", seed(keys, "RU", "seal"))
        assert opened["exporter"]["name"] == NAME, "the search above would have found nothing"
        assert opened["values"][0][0] == CENTS
        network.stop()
    secret = {file.read_bytes() for file in (tmp_path / "net" / "keys").glob("*/*")}
    for file in sorted((tmp_path / "net").rglob("*")):
        if file.is_file() and (tmp_path / "net" / "keys") not in file.parents:
            data = file.read_bytes()
            assert_clean(data, str(file))
            if file.parent.name != "keys":
                assert not any(seed_bytes in data for seed_bytes in secret), f"a key in {file}"
    assert_clean(network.output.read_bytes(), "devnet's own output")
