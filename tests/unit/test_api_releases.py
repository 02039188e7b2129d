"""`/v1/statistics`, `/v1/statistics/releases`: what is released, who has checked it, its files, over a real ledger.

The figures are those of a ledger without trade: of their protection other tests speak.
"""

import asyncio
import csv
import gzip
import hashlib
import io
import json

import pytest

from ledger.statistics.basis import decode_basis
from ledger.statistics.proposal import Proposal
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port
from tests.support.publishing import Publisher

PERIOD = "2026Q1"
VALIDATORS = ("BW", "RU", "EU", "AE")


class Told:
    """A port whose ledger has one block, and who publishes on it."""

    def __init__(self, port, client):
        self.port, self.client = port, client
        self.publisher = Publisher(port.ledger, port.network.keys, lambda: port.clock)

    async def submit(self, *records):
        for record in records:
            assert (await self.client.post("/v1/records", record)).status in {200, 202}

    async def begin(self):
        """A block at which 2026Q1 has closed, and 2026Q2."""
        await self.submit(self.publisher.publish(Proposal(PERIOD, 0, 9, (), (), ()), b"").records[0])

    async def publish(self, period=PERIOD):
        made = self.publisher.draft(self.publisher.propose(period))
        await self.submit(*made.records)
        return made

    async def release(self, period=PERIOD):
        """Published, agreed to by three, its files kept as a node does it."""
        made = await self.publish(period)
        await self.submit(*(self.publisher.verdict(made.id, code) for code in VALIDATORS[:3]))
        self.port.ledger.keep_release(made.id, {"json": made.json, "csv": made.csv})
        return made


def scenario(tmp_path, story, **options):
    async def run():
        with local_port(tmp_path, **options) as port:
            told = Told(port, CheckedClient(port))
            await told.begin()
            return await story(told)

    return asyncio.run(run())


def test_a_release_and_its_files(tmp_path):
    async def story(told):
        client, made = told.client, await told.release()
        listed = (await client.get("/v1/statistics/releases")).json()
        (row,) = listed["items"]
        path = f"/v1/statistics/releases/{made.id.hex()}"
        height = row["height"]
        assert row == {
            "id": made.id.hex(), "period": PERIOD, "revision": 0, "state": "released", "replaced": False,
            "author": "secretariat", "published": "2026-09-21", "height": 1, "tree_size": 1,
            "digest": hashlib.sha256(made.json).hexdigest(), "agreed": 3, "objected": 0, "decided": 6,
            "json_file": f"{path}.json", "csv_file": f"{path}.csv", "index": 2,
        }  # fmt: skip
        assert height == 1
        one = await client.get(path)
        assert one.headers["access-control-allow-origin"] == "*"
        assert one.json()["release"] == row
        assert [(told["participant"], told["agree"]) for told in one.json()["verdicts"]] == [
            (code, True) for code in VALIDATORS[:3]
        ]
        text, table = await client.get(row["json_file"]), await client.get(row["csv_file"])
        assert (text.body, table.body) == (made.json, made.csv)
        assert hashlib.sha256(text.body).hexdigest() == row["digest"]
        assert hashlib.sha256(table.body).hexdigest() == json.loads(text.body)["csv_sha256"]
        for reply in (text, table):
            assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert reply.headers["access-control-allow-origin"] == "*"
            assert reply.headers["etag"] == f'"{hashlib.sha256(reply.body).hexdigest()}"'
        again = await client.get(row["json_file"], If_None_Match=text.headers["etag"])
        assert (again.status, again.body) == (304, b"")

    scenario(tmp_path, story)


def test_files_are_small_for_those_who_take_them_so(tmp_path):
    async def story(told):
        made = await told.release()
        path = f"/v1/statistics/releases/{made.id.hex()}.csv"
        packed = await told.client.get(path, Accept_Encoding="gzip")
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == "Accept-Encoding"
        assert gzip.decompress(packed.body) == made.csv
        assert len(packed.body) * 3 < len(made.csv)
        plain = await told.client.get(path, Accept_Encoding="gzip;q=0")
        assert "content-encoding" not in plain.headers
        assert plain.headers["etag"] != packed.headers["etag"]
        again = await told.client.get(path, Accept_Encoding="gzip", If_None_Match=packed.headers["etag"])
        assert again.status == 304

    scenario(tmp_path, story)


def test_what_is_not_released_has_no_files(tmp_path):
    async def story(told):
        made = await told.publish()
        told.port.ledger.keep_release(made.id, {"json": made.json, "csv": made.csv})
        path = f"/v1/statistics/releases/{made.id.hex()}"
        assert (await told.client.get("/v1/statistics/releases")).json()["items"] == []
        waiting = (await told.client.get("/v1/statistics/releases?state=undecided")).json()["items"]
        assert [(row["id"], row["json_file"], row["decided"]) for row in waiting] == [(made.id.hex(), None, None)]
        assert (await told.client.get(f"{path}.json")).status == 404
        verdicts = [told.publisher.verdict(made.id, code) for code in VALIDATORS[:3]]
        await told.submit(*verdicts)
        assert (await told.client.get(f"{path}.json")).status == 200
        for wrong in (bytes(32).hex(), "x", made.id.hex().upper()):
            for ending in ("", ".json", ".csv"):
                assert (await told.client.get(f"/v1/statistics/releases/{wrong}{ending}")).status == 404

    scenario(tmp_path, story)


def test_a_node_that_has_not_made_the_file_says_so(tmp_path):
    async def story(told):
        made = await told.publish()
        await told.submit(*(told.publisher.verdict(made.id, code) for code in VALIDATORS[:3]))
        for path in (f"/v1/statistics/releases/{made.id.hex()}.json", "/v1/statistics.csv"):
            reply = await told.client.get(path)
            assert (reply.status, reply.json()["error"]) == (503, "not-ready")
            assert int(reply.headers["retry-after"]) >= 1

    scenario(tmp_path, story)


def test_why_a_node_objects_takes_a_token(tmp_path):
    async def story(told):
        made = await told.publish()
        await told.submit(
            told.publisher.verdict(made.id, "BW", "unsafe-published", "2026Q1/export/BW/all"),
            told.publisher.verdict(made.id, "RU", "digest", "digest"),
        )
        path = f"/v1/statistics/releases/{made.id.hex()}"
        public = await told.client.get(path)
        assert (public.json()["release"]["state"], public.json()["release"]["objected"]) == ("withdrawn", 2)
        assert {(one["code"], one["cell"]) for one in public.json()["verdicts"]} == {(None, None)}
        assert b"unsafe" not in public.body
        token = told.port.tokens.issue("participant:AE", NOW)
        shown = await told.client.get(path, token)
        assert shown.headers["cache-control"] == "private, no-cache"
        assert [(one["code"], one["cell"]) for one in shown.json()["verdicts"]] == [
            ("unsafe-published", "2026Q1/export/BW/all"),
            ("digest", "digest"),
        ]

    scenario(tmp_path, story)


@pytest.mark.parametrize("name", ["dev", "kp"])
def test_the_newest_releases_of_all_periods(tmp_path, name):
    async def story(told):
        first = await told.client.get("/v1/statistics.csv")
        assert (first.status, first.json()["error"]) == (404, "not-released")
        assert (await told.client.get("/v1/statistics")).status == (200 if name == "dev" else 404)
        for period in (PERIOD, "2026Q1", "2025Q4"):
            await told.release(period)
        shown = (await told.client.get("/v1/statistics")).json()
        releases = [(row["period"], row["revision"], row["replaced"]) for row in shown["releases"]]
        assert releases == [("2026Q1", 1, False), ("2025Q4", 0, False)]
        assert ("world_exports" in shown) == (name == "dev")
        table = await told.client.get("/v1/statistics.csv")
        rows = list(csv.DictReader(io.StringIO(table.body.decode())))
        assert list(dict.fromkeys(row["release"] for row in rows)) == ["2026Q1-r1", "2025Q4"]
        one = await told.client.get("/v1/statistics.csv?year=2025")
        assert {row["release"] for row in csv.DictReader(io.StringIO(one.body.decode()))} == {"2025Q4"}
        assert (await told.client.get("/v1/statistics.csv?year=2024")).status == 404
        assert (await told.client.get("/v1/statistics.csv?year=24")).status == 400
        again = await told.client.get("/v1/statistics.csv", If_None_Match=table.headers["etag"])
        assert again.status == 304

    scenario(tmp_path, story, name=name)


def test_pages_of_releases(tmp_path):
    async def story(told):
        ids = [(await told.release(period)).id.hex() for period in ("2026Q1", "2026Q1", "2025Q4")]
        found, cursor = [], ""
        while True:
            page = (await told.client.get(f"/v1/statistics/releases?limit=2{cursor}")).json()
            found += [row["id"] for row in page["items"]]
            if page["next"] is None:
                break
            cursor = f"&cursor={page['next']}"
        assert found == ids[::-1]

    scenario(tmp_path, story)


def test_what_a_proposer_asks_for(tmp_path):
    async def story(told):
        made = await told.release()
        assert (await told.client.get("/v1/statistics/basis/2026Q1")).status == 401
        token = told.port.tokens.issue("participant:AE", NOW)
        reply = await told.client.get("/v1/statistics/basis/2026Q1", token)
        basis = decode_basis(reply.body)
        head = told.port.ledger.head
        assert (basis.cube.period, basis.cube.height, basis.revision) == ("2026Q1", head.height, 1)
        assert [one.proposal.period for one in basis.earlier] == ["2026Q1"]
        at = await told.client.get("/v1/statistics/basis/2026Q1?height=1", token)
        assert decode_basis(at.body).cube.height == 1
        for wrong in ("2026Q3", "2026Q1?height=99", "spring"):
            assert (await told.client.get(f"/v1/statistics/basis/{wrong}", token)).status == 404
        assert made.json

    scenario(tmp_path, story)
