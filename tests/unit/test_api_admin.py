"""The operator's listener: status and metrics, and nothing of the public one."""

import asyncio

from prometheus_client.parser import text_string_to_metric_families

from api.admin import create_admin_app
from api.app import create_app
from api.port import ReadyCheck
from tests.support.checked import MSGPACK
from tests.support.port import NOW, local_port
from tests.support.trade import Trader


def scenario(tmp_path, story):
    """Runs `story(port, public client, admin client)`."""

    async def run():
        with local_port(tmp_path) as port:
            await story(port, create_app(port).test_client(), create_admin_app(port).test_client())

    asyncio.run(run())


async def metrics(admin):
    """Every sample: (name, labels) to value."""
    answer = await admin.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(await answer.get_data(as_text=True))
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def labels(**values):
    return tuple(sorted(values.items()))


def test_requests_are_counted_by_route_not_by_address(tmp_path):
    async def story(port, public, admin):
        made = Trader(port.network, NOW).issue("BW0000001", "EU", [("710231", "1.00", ["BW"])])
        await public.post("/v1/records", data=made.raw, headers={"Content-Type": MSGPACK})
        await public.post("/v1/records", data=b"", headers={"Content-Type": MSGPACK})
        for n in range(3):
            await public.get(f"/v1/participants/X{n}")
            await public.get(f"/anything/{n}")
        found = await metrics(admin)
        name = "kpledger_http_requests_total"
        assert found[name, labels(route="/v1/records", method="POST", status="202")] == 1
        assert found[name, labels(route="/v1/records", method="POST", status="400")] == 1
        assert found[name, labels(route="/v1/participants/<code>", method="GET", status="404")] == 3
        assert found[name, labels(route="none", method="any", status="404")] == 3
        assert found["kpledger_http_seconds_count", labels(route="/v1/records")] == 2
        text = str(found)
        assert "X0" not in text
        assert "anything" not in text
        assert made.id.hex() not in text

    scenario(tmp_path, story)


def test_status(tmp_path):
    async def story(port, public, admin):
        port.checks = (ReadyCheck("synced", False, "3 blocks behind"),)
        shown = await (await admin.get("/admin/status")).get_json()
        assert (shown["participant"], shown["height"], shown["tree_size"], shown["ready"]) == ("BW", 0, 0, False)
        assert shown["checks"] == [{"name": "synced", "ok": False, "detail": "3 blocks behind"}]
        assert [peer["participant"] for peer in shown["peers"]] == ["RU", "EU", "AE"]

    scenario(tmp_path, story)


def test_each_listener_answers_its_own_only(tmp_path):
    async def story(port, public, admin):
        for path in ("/metrics", "/admin/status"):
            assert (await public.get(path)).status_code == 404
            assert (await admin.get(path)).status_code == 200
        for path in ("/", "/v1/network", "/docs", "/log/checkpoint"):
            assert (await admin.get(path)).status_code == 404
        for path in ("/livez", "/readyz"):
            assert (await admin.get(path)).status_code == 200
        missing = await admin.get("/nothing")
        assert missing.headers["content-type"] == "application/problem+json"

    scenario(tmp_path, story)
