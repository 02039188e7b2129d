"""`kpledger custody`, `stock` and `import list`: real processes against a node's interface; and how a chain is drawn."""

import asyncio
import json
import sys
from itertools import pairwise

import pytest
from rich.text import Text

from api.app import create_app
from node.cli.chains import dot, plain, tree
from node.cli.imports import _open
from tests.support.checked import CheckedClient
from tests.support.http import running
from tests.support.port import NOW, local_port
from tests.support.trade import Trader
from tests.unit.test_api_custody import mixed

TREE_UP = """\
AE0000001  AE to IN  300.00 ct  open  2026-09-18
└── 300.00 ct of EU0000001  EU to AE  1300.00 ct  confirmed  2026-09-18
    ├── 1000.00 ct of BW0000001  BW to EU  1500.50 ct  confirmed  2026-09-18  production
    ├── 250.00 ct of RU0000001  RU to EU  500.50 ct  confirmed  2026-09-18  production
    └── 50.00 ct without a source
"""
TREE_DOWN = """\
BW0000001  BW to EU  1500.50 ct  confirmed  2026-09-18
├── 1000.00 ct to EU0000001  EU to AE  1300.00 ct  confirmed  2026-09-18
│   ├── 300.00 ct to AE0000001  AE to IN  300.00 ct  open  2026-09-18
│   └── 1000.00 ct not passed on
└── 500.50 ct not passed on
"""


class Desk:
    """The command line against one node."""

    def __init__(self, url, tokens, policy):
        self.url, self.tokens, self.policy = url, tokens, policy

    async def run(self, *words, scope="auditor", code=0):
        command = [sys.executable, "-m", "node.cli", *words]
        if scope:
            command += ["--token", self.tokens.issue(scope, NOW)]
        process = await asyncio.create_subprocess_exec(*command, "--url", self.url, stdout=-1, stderr=-1)
        out, err = (data.decode() for data in await process.communicate())
        assert process.returncode == code, (words, out, err)
        assert "Traceback" not in out + err
        if code not in {0, 2}:
            assert len(err.strip().splitlines()) == 3, err
        return err if code else out


def desk(tmp_path, story):
    """Runs `story(desk)` on a ledger with the mixed chain of the interface's tests."""

    async def run():
        with local_port(tmp_path) as port:
            await mixed(CheckedClient(port), Trader(port.network, NOW))
            async with running(create_app(port_of_its_own(port)), port.limits) as at:
                await story(Desk(f"http://127.0.0.1:{at}", port.tokens, port.policy()))

    asyncio.run(run())


def port_of_its_own(port):
    """Another port over the same ledger: an app registers its metrics once."""
    return type(port)(port.ledger, port.network, port.tokens)


def test_a_chain_as_a_tree_a_graph_and_json(tmp_path):
    async def story(desk):
        up, down, both, graph, as_json, formatted = await asyncio.gather(
            desk.run("custody", "AE0000001", "--up", scope="participant:BW"),
            desk.run("custody", "BW0000001", "--down"),
            desk.run("custody", "EU0000001"),
            desk.run("custody", "EU0000001", "--format", "dot"),
            desk.run("custody", "EU0000001", "--json"),
            desk.run("custody", "EU0000001", "--format", "json", "--up", "--down"),
        )
        assert up.startswith("came from\n" + TREE_UP + "\n")
        assert "went to" not in up
        rows = [line.split() for line in up.splitlines()]
        assert ["BW", "0.00", "230.77", "300.00", "0.00"] in rows
        assert ["RU", "0.00", "57.69", "300.00", "0.00"] in rows
        assert ["not", "stated", "11.54"] in rows
        assert down == "went to\n" + TREE_DOWN + "\nread at height 7\n"
        assert both.index("came from") < both.index("went to") < both.index("origin")
        assert '  "BW0000001" -> "EU0000001" [label="1000.00 ct"];' in graph.splitlines()
        assert '  "EU0000001" -> "AE0000001" [label="300.00 ct"];' in graph.splitlines()
        assert graph.count("penwidth") == 1
        assert json.loads(as_json) == json.loads(formatted)
        assert json.loads(as_json)["up"]["certificates"][0]["number"] == "EU0000001"
        file, policy = tmp_path / "dossier.pdf", tmp_path / "policy"
        policy.write_text(desk.policy)
        assert "written" in await desk.run("custody", "EU0000001", "--dossier", str(file), "--policy", str(policy))
        assert file.read_bytes().startswith(b"%PDF-")
        file.unlink()
        policy.write_text(desk.policy.replace("kpledger.example", "another.example"))
        assert "policy" in await desk.run("custody", "EU0000001", "--dossier", str(file), "--policy", str(policy), code=65)
        assert not file.exists()

    desk(tmp_path, story)


def test_stock_and_open_confirmations(tmp_path):
    async def story(desk):
        stock, as_json, listed, none, ages, ages_json = await asyncio.gather(
            desk.run("stock", "BW"),
            desk.run("stock", "EU", "--json"),
            desk.run("import", "list", scope="participant:BW"),
            desk.run("import", "list", "--issuer", "BW", "--json"),
            desk.run("import", "list", "--by-age"),
            desk.run("import", "list", "--by-age", "--destination", "BW", "--json"),
        )
        assert ["all", "0.00", "0.00", "0.00", "1500.50", "-1500.50", "1500.50", "100.00", "%"] in [
            line.split() for line in stock.splitlines()
        ]
        assert json.loads(as_json)["total"]["stock"] == "701.00"
        assert [line.split() for line in listed.splitlines()][1] == [
            "AE0000001", "IN", "300.00", "2026-09-18", "3", "2026-11-07",
        ]  # fmt: skip
        assert "1 open at height 7" in listed
        assert json.loads(none)["items"] == []
        assert ["IN", "1", "300.00", "1", "0", "0", "0", "2026-09-18"] in [line.split() for line in ages.splitlines()]
        assert json.loads(ages_json)["destinations"] == []

    desk(tmp_path, story)


def test_refusals_have_three_lines_and_their_exit_codes(tmp_path):
    async def story(desk):
        unknown, forbidden, nobody, *_ = await asyncio.gather(
            desk.run("custody", "BW0000099", code=1),
            desk.run("stock", "EU", scope="participant:EU", code=77),
            desk.run("import", "list", scope="", code=77),
            desk.run("custody", "EU0000001", "--format", "svg", code=2),
            desk.run("import", "list", "--limit", "0", code=2),
            desk.run("custody", code=2),
        )
        assert "not-found at number (given BW0000099" in unknown
        assert "forbidden" in forbidden
        assert "unauthorized" in nobody

    desk(tmp_path, story)


def test_a_long_list_is_read_page_by_page(tmp_path, monkeypatch):
    monkeypatch.setattr("node.client.connection.MAX_PAGE", 2)

    async def run():
        with local_port(tmp_path) as port:
            trader, token = Trader(port.network, NOW), port.tokens.issue("auditor", NOW)
            for n in range(1, 6):
                await port.submit(trader.issue(f"BW000000{n}", "AE", [("710231", "1.00", ["BW"])]).raw, wait=False)
            async with running(create_app(port), port.limits) as at:
                for limit, more in ((1, True), (2, True), (3, True), (5, False), (9, False)):
                    answer = await _open(f"http://127.0.0.1:{at}", token, {"issuer": "BW"}, limit)
                    assert [row["number"] for row in answer["items"]] == [f"BW000000{n}" for n in range(1, min(limit, 5) + 1)]
                    assert (answer["next"] is not None) is more

    asyncio.run(run())


# --- how a chain is drawn


def link(number, carats="10.00", **changes):
    shown = {
        "number": number, "issuer": number[:2], "destination": "ZA", "state": "confirmed", "type": "re-export",
        "issued": "2026-03-01", "carats": carats, "measured": carats, "claimed": "0.00", "unattributed": "0.00",
        "beyond": "0.00", "level": 0,
    }  # fmt: skip
    return shown | changes


def taking(source, number, carats="10.00"):
    return {"source": source, "number": number, "carats": carats}


def drawn(chain, **options):
    return [line.plain for line in tree(chain, **options)]


def test_what_is_reached_twice_is_drawn_once():
    chain = {
        "certificates": [link("ZA0004"), link("AE0002"), link("AE0003"), link("BW0001", type="export")],
        "takings": [
            taking("AE0002", "ZA0004", "5.00"),
            taking("AE0003", "ZA0004", "5.00"),
            taking("BW0001", "AE0002", "5.00"),
            taking("BW0001", "AE0003", "5.00"),
        ],
    }
    assert drawn(chain, up=True) == [
        "ZA0004  ZA to ZA  10.00 ct  confirmed  2026-03-01",
        "├── 5.00 ct of AE0002  AE to ZA  10.00 ct  confirmed  2026-03-01",
        "│   └── 5.00 ct of BW0001  BW to ZA  10.00 ct  confirmed  2026-03-01  production",
        "└── 5.00 ct of AE0003  AE to ZA  10.00 ct  confirmed  2026-03-01",
        "    └── 5.00 ct of BW0001  BW to ZA  10.00 ct  confirmed  2026-03-01  (see above)",
    ]


def test_what_was_cut_off_is_drawn():
    chain = {"certificates": [link("ZA0004", beyond="7.00", unattributed="3.00")], "takings": []}
    assert drawn(chain, up=True, ascii_only=True)[1:] == [
        "|-- 7.00 ct of others that are not followed",
        "`-- 3.00 ct without a source",
    ]
    chain = {"certificates": [link("ZA0004", beyond="7.00", claimed="7.00")], "takings": []}
    assert drawn(chain, up=False)[1:] == ["├── 7.00 ct to others that are not followed", "└── 3.00 ct not passed on"]


def test_goods_without_a_source_are_production_or_not_told():
    assert drawn({"certificates": [link("ZA0004")], "takings": []}, up=True)[0].endswith("no source named")
    assert drawn({"certificates": [link("ZA0004", type="export")], "takings": []}, up=True)[0].endswith("production")
    assert drawn({"certificates": [link("ZA0004", measured=None, state="open")], "takings": []}, up=False)[1:] == []


@pytest.mark.parametrize("up", [True, False])
def test_a_deep_chain_is_drawn_without_recursion(up):
    numbers = [f"AE{n:05}" for n in range(3_000)]
    links = [link(number, claimed="10.00") for number in numbers]
    pairs = [pair[::-1] if up else pair for pair in pairwise(numbers)]
    chain = {"certificates": links, "takings": [taking(*pair) for pair in pairs]}
    lines = drawn(chain, up=up)
    assert len(lines) == 3_000
    assert max(line.count("    ") for line in lines) == 2_998


def test_nothing_a_record_says_is_obeyed_by_the_terminal():
    assert plain("Ka\x1b[2Jsai\u202e") == "Ka?[2Jsai?"
    chain = {"certificates": [link("ZA0004", issued="\x1b[31m")], "takings": []}
    (line,) = drawn(chain | {"certificates": [link("ZA0004", issued="\x1b[31m", measured=None)]}, up=False)
    assert "\x1b" not in line
    assert isinstance(next(tree(chain, up=True)), Text)


def test_a_graph_quotes_what_it_names():
    answer = {"number": "ZA0004", "up": {"certificates": [link('ZA"x')], "takings": []}, "down": None}
    assert '  "ZA\\"x" [label="ZA\\"x\\nZA to ZA\\n10.00 ct, confirmed"];' in dot(answer).splitlines()
