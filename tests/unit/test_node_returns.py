"""node/returns.py: returns prepared over the HTTP interface out of sealed records, which the ledger then accepts; lies found out."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.bodies import RETURN_FILE, CountersignBody, ProductionBody, ReturnBody, StockBody
from ledger.bodies.reports import ProductionLine, StockLine
from ledger.bodyform import parse_body
from ledger.errors import Refusal
from ledger.jsonform import body_to_json
from ledger.record import build_statement, sign_statement
from ledger.record import record_id as record_id_of
from node.errors import Exit, FatalError
from node.returns import Desk, OpenedLine, prepare, protection, recheck
from tests.support.checked import CheckedClient
from tests.support.port import NOW, local_port
from tests.support.reading import Reading
from tests.support.trade import Trader

GEMS = [("710231", "1200.50", ["BW"]), ("710221", "300.00", ["BW"])]
OCTOBER = NOW + 14 * 86_400_000
"""5 October 2026."""


def scenario(tmp_path, story):
    """Runs `story(port, client)` over a ledger on which BW exported five times, AE confirmed three."""

    async def run():
        with local_port(tmp_path) as port:
            client, trader = CheckedClient(port), Trader(port.network, NOW)
            made = [trader.issue(f"BW000000{n}", "EU" if n == 4 else "AE", GEMS[: 1 + n % 2]) for n in range(5)]
            answers = [
                trader.confirm(made[0]),
                trader.confirm(made[1], outcome="discrepancy", lines=[("710231", "0.01"), ("710210", "5.00")]),
                trader.confirm(made[2], outcome="refused"),
                trader.confirm(made[4]),
            ]
            for one in (*made, *answers):
                assert (await client.post("/v1/records", one.raw)).status in {200, 202}
            return await story(port, client)

    return asyncio.run(run())


def desk(port, code, **changes):
    fields = {"ledger_id": port.ledger.ledger_id, "author": code, "secrets": [port.network.keys[code]["seal"]]}
    return Desk(**(fields | changes))


def reading(port, client, code, lies=None):
    return Reading(client, port.tokens.issue(f"participant:{code}", NOW), lies)


async def file(port, client, code, body):
    statement = build_statement(RETURN_FILE, code, port.clock, body)
    raw = sign_statement(port.ledger.ledger_id, port.network.keys[code]["report"], statement)
    return await client.post("/v1/records", raw)


def test_what_is_prepared_is_accepted(tmp_path):
    async def story(port, client):
        port.clock = OCTOBER
        for code, flow, certificates, cells in (("BW", "export", 5, 3), ("AE", "import", 2, 2), ("EU", "import", 1, 1)):
            body = await prepare(reading(port, client, code), desk(port, code), flow, "2026Q3")
            assert (body.certificates, len(body.cells), body.revision) == (certificates, cells, 1)
            assert parse_body(ReturnBody, json.dumps(body_to_json(body)).encode()) == body
            assert (await file(port, client, code, body)).status in {200, 202}
            again = await prepare(reading(port, client, code), desk(port, code), flow, "2026Q3")
            assert (again.revision, again.cells) == (2, body.cells)
        return

    scenario(tmp_path, story)


def test_the_figures_are_those_of_the_trade(tmp_path):
    """Values are 10,000 cents a point in this trade; AE's second import is 0.01 ct and 5.00 ct."""

    async def story(port, client):
        body = await prepare(reading(port, client, "BW"), desk(port, "BW"), "export", "2026Q3")
        assert [(cell.partner, cell.hs, cell.points, cell.cents) for cell in body.cells] == [
            ("AE", "710221", 60_000, 600_000_000),
            ("AE", "710231", 480_200, 4_802_000_000),
            ("EU", "710231", 120_050, 1_200_500_000),
        ]
        assert [(entry.hs, entry.traders) for entry in body.protection] == [("710221", 1), ("710231", 1), ("all", 1)]
        assert body.annual == ()
        body = await prepare(reading(port, client, "AE"), desk(port, "AE"), "import", "2026Q3")
        assert [(cell.partner, cell.hs, cell.points) for cell in body.cells] == [
            ("BW", "710210", 500),
            ("BW", "710231", 120_051),
        ]
        empty = await prepare(reading(port, client, "AE"), desk(port, "AE"), "import", "2026Q2")
        assert (empty.cells, empty.certificates, empty.last, empty.protection) == ((), 0, None, ())

    scenario(tmp_path, story)


def test_protection_follows_the_networks_parameter(tmp_path):
    async def story(port, client):
        first = await prepare(reading(port, client, "BW"), desk(port, "BW"), "export", "2026Q3")
        assert [(entry.hs, entry.points) for entry in first.protection] == [
            ("710221", 9_000),
            ("710231", 90_038),
            ("all", 99_038),
        ]
        other = {"/quarters/": lambda sums: sums.update(p_percent=50)}
        again = await prepare(reading(port, client, "BW", other), desk(port, "BW"), "export", "2026Q3")
        assert [(entry.hs, entry.points) for entry in again.protection] == [
            ("710221", 30_000),
            ("710231", 300_125),
            ("all", 330_125),
        ]

    scenario(tmp_path, story)


def test_the_right_key_among_several_opens(tmp_path):
    async def story(port, client):
        own = port.network.keys["BW"]["seal"]
        body = await prepare(reading(port, client, "BW"), desk(port, "BW", secrets=[b"k" * 32, own]), "export", "2026Q3")
        assert body.certificates == 5
        with pytest.raises(FatalError, match="does not open with any sealing key") as caught:
            await prepare(reading(port, client, "BW"), desk(port, "BW", secrets=[b"k" * 32]), "export", "2026Q3")
        assert caught.value.code == Exit.BAD_DATA

    scenario(tmp_path, story)


def leave_out(page):
    del page["items"][2]


LIES = {
    "a certificate kept back": ({"/certificates?": leave_out}, "ct opened"),
    "a certificate without records": (
        {"/certificates/BW": lambda answer: answer["records"].clear()},
        "as this program expects",
    ),
    "other carats": ({"/quarters/": lambda sums: sums["cells"][0].update(carats="600.01")}, "600.01 ct on the ledger"),
    "a cell kept back": ({"/quarters/": lambda sums: sums["cells"].pop()}, "0.00 ct on the ledger"),
    "a cell too many": (
        {"/quarters/": lambda sums: sums["cells"].append(sums["cells"][0] | {"partner": "ZA"})},
        "ZA 710221: 0.00 ct opened",
    ),
    "another commitment": (
        {"/quarters/": lambda sums: sums["cells"][1].update(commitment=sums["cells"][2]["commitment"])},
        "values opened are not those",
    ),
    "another count": ({"/quarters/": lambda sums: sums.update(certificates=6)}, "5 certificates opened, 6 on the ledger"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_node_that_lies_is_found_out(tmp_path, name):
    lies, text = LIES[name]

    async def story(port, client):
        with pytest.raises(FatalError, match=text):
            await prepare(reading(port, client, "BW", lies), desk(port, "BW"), "export", "2026Q3")

    scenario(tmp_path, story)


def secretariat(port, client, code, lies=None):
    """The secretariat's reading and its desk for a participant's return."""
    own = Desk(port.ledger.ledger_id, code, [port.network.keys["secretariat"]["seal"]], "secretariat")
    return Reading(client, port.tokens.issue("auditor", NOW), lies), own


def test_the_secretariat_countersigns_what_its_own_opening_shows(tmp_path):
    async def story(port, client):
        port.clock = OCTOBER
        body = await prepare(reading(port, client, "BW"), desk(port, "BW"), "export", "2026Q3")
        await recheck(*secretariat(port, client, "BW"), body)
        with pytest.raises(FatalError, match="does not open with any sealing key of secretariat"):
            await recheck(secretariat(port, client, "BW")[0], desk(port, "BW", reader="secretariat"), body)

    scenario(tmp_path, story)


FILED = {
    "a trader hidden": (
        lambda body: [replace(body.protection[0], traders=3), *body.protection[1:]],
        "3 traders, .* for 710221 in 2026Q3, the records ask for 1 tr",
    ),
    "less protection": (lambda body: [body.protection[0], replace(body.protection[1], points=0)], "states 1 traders, 0.00 ct"),
    "a code left out": (lambda body: body.protection[::2], "states no protection for 710231"),
    "less for all codes": (
        lambda body: [*body.protection[:2], replace(body.protection[2], cents=0)],
        "0.00 for all in 2026Q3",
    ),
}


@pytest.mark.parametrize("name", FILED)
def test_protection_that_the_records_do_not_bear_out_is_not_countersigned(tmp_path, name):
    change, text = FILED[name]

    async def story(port, client):
        body = await prepare(reading(port, client, "BW"), desk(port, "BW"), "export", "2026Q3")
        with pytest.raises(FatalError, match=text) as caught:
            await recheck(*secretariat(port, client, "BW"), replace(body, protection=tuple(change(body))))
        assert caught.value.code == Exit.REFUSED

    scenario(tmp_path, story)


def test_a_return_that_later_records_have_overtaken_is_not_countersigned(tmp_path):
    async def story(port, client):
        body = await prepare(reading(port, client, "BW"), desk(port, "BW"), "export", "2026Q3")
        later = Trader(port.network, NOW, 1_000).issue("BW0000009", "AE", GEMS)
        assert (await client.post("/v1/records", later.raw)).status in {200, 202}
        with pytest.raises(FatalError, match=r"has changed its quarter \(last\)"):
            await recheck(*secretariat(port, client, "BW"), body)

    scenario(tmp_path, story)


def test_another_record_than_the_one_asked_for(tmp_path):
    async def story(port, client):
        seen = {}

        def swap(answer):
            first = seen.setdefault("record", answer["record"])
            answer["record"] = first

        with pytest.raises(FatalError, match="not the one asked for"):
            await prepare(reading(port, client, "BW", {"/records/": swap}), desk(port, "BW"), "export", "2026Q3")

    scenario(tmp_path, story)


def test_the_ledgers_own_sums_over_http(tmp_path):
    async def story(port, client):
        token = port.tokens.issue("auditor", NOW)
        path = "/v1/participants/BW/quarters/2026Q3?flow=export"
        shown = (await client.get(path, token)).json()
        assert (shown["certificates"], shown["returns"], shown["read_at_height"], shown["p_percent"]) == (5, [], 9, 15)
        assert [(cell["partner"], cell["hs"], cell["carats"], cell["certificates"]) for cell in shown["cells"]] == [
            ("AE", "710221", "600.00", 2),
            ("AE", "710231", "4802.00", 4),
            ("EU", "710231", "1200.50", 1),
        ]
        assert (await client.get(path)).status == 401
        empty = (await client.get("/v1/participants/BW/quarters/2026Q3?flow=import", token)).json()
        assert (empty["cells"], empty["last"], empty["certificates"]) == ([], None, 0)
        for wrong, status, field in (
            ("XX/quarters/2026Q3?flow=export", 404, "code"),
            ("BW/quarters/2026Q5?flow=export", 404, "quarter"),
            ("BW/quarters/2026H1?flow=export", 404, "quarter"),
            ("BW/quarters/2026Q3?flow=production", 400, "flow"),
            ("BW/quarters/2026Q3", 400, "flow"),
        ):
            reply = await client.get(f"/v1/participants/{wrong}", token)
            assert (reply.status, reply.json()["field"]) == (status, field)

    scenario(tmp_path, story)


def test_every_record_of_figures_reads_back(tmp_path):
    """Each kind over HTTP: the answer's body is the record's, as JSON names things."""

    async def story(port, client):
        port.clock, token = OCTOBER, port.tokens.issue("auditor", NOW)
        figures = await prepare(reading(port, client, "BW"), desk(port, "BW"), "export", "2026Q3")
        line = ProductionLine(700_000, "710231", 7_000, "Jwaneng")
        told = [
            (RETURN_FILE, "BW", "report", figures),
            ("production.report", "BW", "report", ProductionBody("2026H1", (line,), 1)),
            ("stock.declare", "BW", "report", StockBody("2026-06-30", (StockLine("710221", 1_000),))),
        ]
        ids = [await send(port, client, *one) for one in told]
        told.append(("return.countersign", "secretariat", "audit", CountersignBody(ids[0])))
        ids.append(await send(port, client, *told[-1]))
        for record_id, (kind, author, _, body) in zip(ids, told, strict=True):
            shown = (await client.get(f"/v1/records/{record_id.hex()}", token)).json()
            assert (shown["kind"], shown["author"], shown["envelope"]) == (kind, author, False)
            assert shown["body"] == ({"annual": []} if kind == RETURN_FILE else {}) | body_to_json(body)
        quarter = (await client.get("/v1/participants/BW/quarters/2026Q3?flow=export", token)).json()
        assert quarter["returns"] == [ids[0].hex()]

    async def send(port, client, kind, author, role, body):
        raw = sign_statement(
            port.ledger.ledger_id, port.network.keys[author][role], build_statement(kind, author, port.clock, body)
        )
        assert (await client.post("/v1/records", raw)).status in {200, 202}
        return record_id_of(raw)

    scenario(tmp_path, story)


# --- the year


JANUARY = OCTOBER + 92 * 86_400_000
"""5 January 2027."""


def year_scenario(tmp_path, story):
    """As `scenario`, with a sixth export and its confirmation in December; then it is January."""

    async def told(port, client):
        port.clock = JANUARY - 20 * 86_400_000
        trader = Trader(port.network, port.clock, 5_000)
        issue = trader.issue("BW0000008", "EU", [("710210", "7.00", ["BW"])])
        for one in (issue, trader.confirm(issue)):
            assert (await client.post("/v1/records", one.raw)).status in {200, 202}
        port.clock = JANUARY
        return await story(port, client)

    scenario(tmp_path, told)


def test_the_return_of_a_fourth_quarter_states_what_its_year_needs(tmp_path):
    async def story(port, client):
        body = await prepare(reading(port, client, "BW"), desk(port, "BW"), "export", "2026Q4")
        assert [(cell.partner, cell.hs, cell.points) for cell in body.cells] == [("EU", "710210", 700)]
        assert [(row.hs, row.points) for row in body.protection] == [("710210", 105), ("all", 105)]
        assert [(row.of, row.traders, row.points) for row in body.annual] == [
            ("710210", 1, 105),
            ("710221", 1, 9_000),
            ("710231", 1, 90_038),
            ("AE", 1, 81_030),
            ("EU", 1, 18_113),
            ("all", 1, 99_143),
        ]
        assert parse_body(ReturnBody, json.dumps(body_to_json(body)).encode()) == body
        for short in (body.annual[1:], body.annual[:-1], (*body.annual[:4], body.annual[5])):
            refused = await file(port, client, "BW", replace(body, annual=short))
            assert (refused.status, refused.json()["error"]) == (422, "return-annual")
        assert (await file(port, client, "BW", body)).status in {200, 202}
        await recheck(*secretariat(port, client, "BW"), body)

    year_scenario(tmp_path, story)


def test_who_traded_earlier_in_a_year_states_its_needs_without_trade_in_the_fourth_quarter(tmp_path):
    async def story(port, client):
        body = await prepare(reading(port, client, "AE"), desk(port, "AE"), "import", "2026Q4")
        assert (body.cells, body.certificates, body.last, body.protection) == ((), 0, None, ())
        assert [row.of for row in body.annual] == ["710210", "710231", "BW", "all"]
        assert (await file(port, client, "AE", body)).status in {200, 202}
        await recheck(*secretariat(port, client, "AE"), body)
        nothing = await prepare(reading(port, client, "AE"), desk(port, "AE"), "export", "2026Q4")
        assert nothing.annual == ()
        assert (await file(port, client, "AE", nothing)).status in {200, 202}

    year_scenario(tmp_path, story)


@pytest.mark.parametrize("changes", [{"traders": 3}, {"points": 0}, {"cents": 1}])
def test_a_year_that_the_records_do_not_bear_out_is_not_countersigned(tmp_path, changes):
    async def story(port, client):
        body = await prepare(reading(port, client, "BW"), desk(port, "BW"), "export", "2026Q4")
        untrue = (*body.annual[:3], replace(body.annual[3], **changes), *body.annual[4:])
        with pytest.raises(FatalError, match="for AE in 2026, the records ask for 1 traders") as caught:
            await recheck(*secretariat(port, client, "BW"), replace(body, annual=untrue))
        assert caught.value.code == Exit.REFUSED

    year_scenario(tmp_path, story)


def test_a_node_that_lies_about_an_earlier_quarter_is_found_out(tmp_path):
    async def story(port, client):
        for lie in (lambda sums: sums["cells"].pop(), lambda sums: sums.update(certificates=4)):
            with pytest.raises(FatalError, match="The sums differ"):
                await prepare(reading(port, client, "BW", {"/2026Q3?": lie}), desk(port, "BW"), "export", "2026Q4")

    year_scenario(tmp_path, story)


# --- protection, files


def lines(*shares, hs="710231"):
    return [OpenedLine("AE", hs, points, cents, bytes(32), trader) for trader, points, cents in shares]


@pytest.mark.parametrize(
    ("shares", "stated"),
    [
        ([("A", 100, 1_000)], (1, 15, 150)),
        ([("A", 60, 600), ("A", 40, 400)], (1, 15, 150)),
        ([("A", 100, 1_000), ("B", 99, 990)], (2, 15, 150)),
        ([("A", 100, 1_000), ("B", 99, 990), ("C", 14, 200)], (3, 1, 0)),
        ([("A", 101, 1_001), ("B", 1, 1), ("C", 1, 1), ("D", 1, 1)], (3, 14, 149)),
        ([("A", 1, 0), ("B", 1, 0), ("C", 1, 0), ("D", 1, 0)], (3, 0, 0)),
    ],
)
def test_protection_by_the_largest_shares(shares, stated):
    entry, whole = protection(lines(*shares), 15)
    assert (entry.hs, whole.hs, whole.traders, whole.points, whole.cents) == ("710231", "all", *stated)
    assert (entry.traders, entry.points, entry.cents) == stated


@given(
    st.lists(st.tuples(st.sampled_from("ABCDE"), st.integers(1, 10**9), st.integers(0, 10**12)), min_size=1, max_size=9),
    st.integers(1, 100),
)
def test_with_its_protection_no_trader_is_estimated_too_closely(shares, percent):
    """The second largest knows the total and its own share: what it can say of the largest is off by that much at least."""
    entry, _ = protection(lines(*shares), percent)
    for place, need in ((1, entry.points), (2, entry.cents)):
        sums = {}
        for share in shares:
            sums[share[0]] = sums.get(share[0], 0) + share[place]
        first, second, *rest = [*sorted(sums.values(), reverse=True), 0]
        assert (sum(rest) + need) * 100 >= percent * first
        assert need == 0 or (sum(rest) + need - 1) * 100 < percent * first
        assert second <= first


FILE = {
    "flow": "import", "quarter": "2026Q3", "revision": 2, "certificates": 1, "last": "ab" * 32,
    "cells": [{"partner": "BW", "hs": "710231", "carats": "1.50", "value": "20.00", "blinding": "07" + "00" * 31}],
    "protection": [{"hs": "710231", "traders": 1, "carats": "0.23", "value": "3.00"}],
}  # fmt: skip


def test_a_file_reads_as_it_was_written():
    body = parse_body(ReturnBody, json.dumps(FILE).encode())
    assert body_to_json(body) == FILE
    nothing = {name: content for name, content in FILE.items() if name != "last"} | {"cells": [], "protection": []}
    assert body_to_json(parse_body(ReturnBody, json.dumps(nothing).encode())) == nothing | {"last": None}


PRODUCTION = {
    "half": "2026H1",
    "revision": 1,
    "lines": [
        {"hs": "710231", "carats": "1.50", "value": "20.00", "zone": "Orapa"},
        {"hs": "710231", "carats": "2.00", "value": "0.00"},
    ],
}
STOCK = {"date": "2026-06-30", "lines": [{"hs": "710221", "carats": "1.50"}]}


def test_production_and_stock_read_as_they_are_written():
    for content, read in ((PRODUCTION, ProductionBody), (STOCK, StockBody)):
        shown = body_to_json(parse_body(read, json.dumps(content).encode()))
        assert {name: shown[name] for name in content} == content == shown


@pytest.mark.parametrize(
    ("read", "content", "field"),
    [
        (ProductionBody, PRODUCTION | {"half": "2026Q1"}, "half"),
        (ProductionBody, PRODUCTION | {"lines": [PRODUCTION["lines"][0] | {"zone": "z" * 61}]}, "lines[0].zone"),
        (ProductionBody, PRODUCTION | {"lines": [PRODUCTION["lines"][1] | {"carats": "0.00"}]}, "lines[0].carats"),
        (ProductionBody, PRODUCTION | {"lines": [PRODUCTION["lines"][1] | {"value": "x"}]}, "lines[0].value"),
        (ProductionBody, PRODUCTION | {"date": "2026-06-30"}, "date"),
        (StockBody, STOCK | {"lines": [STOCK["lines"][0] | {"zone": "Orapa"}]}, "lines[0].zone"),
        (StockBody, STOCK | {"lines": [STOCK["lines"][0] | {"hs": "7102"}]}, "lines[0].hs"),
        (StockBody, STOCK | {"date": "2026-06-31"}, "date"),
    ],
)
def test_figures_that_are_none(read, content, field):
    with pytest.raises(Refusal) as caught:
        parse_body(read, json.dumps(content).encode())
    assert (caught.value.code, caught.value.field) == ("bad-value", field)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"flow": "both"}, "flow"),
        ({"quarter": "2026H1"}, "quarter"),
        ({"revision": 0}, "revision"),
        ({"certificates": -1}, "certificates"),
        ({"last": "ab"}, "last"),
        ({"extra": 1}, "extra"),
        ({"cells": [FILE["cells"][0] | {"carats": "0.00"}]}, "cells[0].carats"),
        ({"cells": [FILE["cells"][0] | {"value": "1.234"}]}, "cells[0].value"),
        ({"cells": [FILE["cells"][0] | {"value": -1}]}, "cells[0].value"),
        ({"cells": [FILE["cells"][0] | {"blinding": "07"}]}, "cells[0].blinding"),
        ({"cells": [FILE["cells"][0] | {"partner": "bw"}]}, "cells[0].partner"),
        ({"cells": [FILE["cells"][0] | {"points": 1}]}, "cells[0].points"),
        ({"protection": [FILE["protection"][0] | {"traders": 4}]}, "protection[0].traders"),
        ({"protection": [FILE["protection"][0] | {"hs": "7102"}]}, "protection[0].hs"),
    ],
)
def test_a_file_that_is_none(changes, field):
    with pytest.raises(Refusal) as caught:
        parse_body(ReturnBody, json.dumps(FILE | changes).encode())
    assert (caught.value.code, caught.value.field) == ("bad-value", field)
