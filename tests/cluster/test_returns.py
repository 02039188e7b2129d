"""An office at work beyond single certificates, as an officer sees it: a real network, real envelopes, exit codes."""

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.csvform import COLUMNS
from ledger.periods import day_after, quarter_of
from ledger.units import date_of, day_number
from tests.cluster.test_cli import TODAY, certificate, kpledger, write
from tests.support.cluster import Devnet, devnet

THIS = quarter_of(str(TODAY))
LAST = quarter_of(date_of(day_number(f"{THIS[:4]}-{3 * int(THIS[5]) - 2:02}-01") - 1))
"""The quarter that is over, of which a new network has seen nothing."""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("returns") / "net") as running:
        yield running


def words(network: Devnet, out: Path, *names: str) -> list[str]:
    description = network.description()
    given = {
        "keys": description["keys"]["BW"],
        "genesis": str(network.directory / "genesis.json"),
        "url": description["nodes"][0]["api"],
        "token": description["tokens"]["participant"]["BW"],
        "out": str(out),
    }
    return [word for name in names for word in (f"--{name}", given[name])]


def prepared(network: Devnet, out: Path, quarter: str) -> dict[str, object]:
    options = words(network, out, "keys", "genesis", "url", "token", "out")
    done = kpledger("return", "prepare", "--flow", "export", "--quarter", quarter, *options, "--json")
    return json.loads(done.stdout)


def test_a_quarter_is_prepared_from_sealed_records_and_refused_while_it_runs(network: Devnet, tmp_path: Path) -> None:
    options = words(network, tmp_path, "keys", "genesis", "url", "out")
    for number in ("BW0000001", "BW0000002"):
        kpledger("certificate", "issue", write(tmp_path, f"{number}.json", certificate(number)), *options)
    made = prepared(network, tmp_path, THIS)
    cells = [[cell[name] for name in ("partner", "hs", "carats", "value")] for cell in made["cells"]]
    assert cells == [["RU", "710221", "600.00", "3000.00"], ["RU", "710231", "2401.00", "480200.00"]]
    assert (made["certificates"], made["revision"], made["quarter"]) == (2, 1, THIS)
    file = Path(str(made["file"]))
    assert (file.name, file.stat().st_mode & 0o777) == (f"BW-export-{THIS}-r1.json", 0o600)
    refused = kpledger("return", "file", file, *options, check=77)
    assert "period-not-over" in refused.stderr
    assert day_after(THIS) > str(TODAY)


def test_a_quarter_without_trade_is_filed_and_its_next_revision_prepared(network: Devnet, tmp_path: Path) -> None:
    options = words(network, tmp_path, "keys", "genesis", "url", "out")
    made = prepared(network, tmp_path, LAST)
    assert (made["cells"], made["certificates"], made["revision"]) == ([], 0, 1)
    done = json.loads(kpledger("return", "file", made["file"], *options, "--json").stdout)
    again = json.loads(kpledger("return", "file", made["file"], *options, "--json").stdout)
    assert done == again
    assert Path(done["receipt"]).read_text(encoding="utf-8").startswith("c2sp.org/tlog-proof@v1")
    assert prepared(network, tmp_path, LAST)["revision"] == 2


def test_an_inquiry_from_the_question_to_its_end(network: Devnet, tmp_path: Path) -> None:
    own = words(network, tmp_path, "keys", "genesis", "url", "out")
    reading = words(network, tmp_path, "url", "token")
    secretariat = ["--keys", network.description()["keys"]["secretariat"], *own[2:]]
    due = date_of(day_number(str(TODAY)) + 30)
    asked = ("inquiry", "open", "BW", "Why?", "--due", due, "--finding", "number-gap/BW0000007", *secretariat, "--json")
    first, again = (json.loads(kpledger(*asked).stdout) for _ in range(2))
    assert first == again
    (row,) = json.loads(kpledger("inquiry", "list", *reading[:2], "--json").stdout)
    assert (row["id"], row["participant"], row["due"], row["finding"]) == (first["id"], "BW", due, None)
    assert "BW" in kpledger("inquiry", "list", *reading[:2]).stdout
    paper = tmp_path / "explanation.pdf"
    paper.write_bytes(b"confidential")
    kpledger("inquiry", "answer", first["id"], "It was void.", "--document", paper, *own)
    assert json.loads(kpledger("inquiry", "list", *reading[:2], "--json").stdout) == []
    kpledger("inquiry", "list", "--state", "answered", *reading[:2], check=77)
    (row,) = json.loads(kpledger("inquiry", "list", "--state", "answered", *reading, "--json").stdout)
    assert (row["finding"], len(row["answers"])) == ("number-gap/BW0000007", 1)
    refused = kpledger("inquiry", "close", first["id"], "--outcome", "resolved", *own, check=77)
    assert "key-role" in refused.stderr
    kpledger("inquiry", "close", first["id"], "--outcome", "resolved", *secretariat)
    (row,) = json.loads(kpledger("inquiry", "list", "--state", "closed", "--participant", "BW", *reading, "--json").stdout)
    assert row["id"] == first["id"]
    assert "no id of a record" in kpledger("inquiry", "answer", "abc", "So.", *own, check=65).stderr


def test_production_and_opening_stock(network: Devnet, tmp_path: Path) -> None:
    options = words(network, tmp_path, "keys", "genesis", "url", "out")
    half = f"{int(THIS[:4]) - 1}H2"
    line = {"hs": "710231", "carats": "1200.50", "value": "240100.00", "zone": "Jwaneng"}
    report = write(tmp_path, "production.json", {"half": half, "revision": 1, "lines": [line]})
    kpledger("production", "report", report, *options)
    changed = write(tmp_path, "changed.json", {"half": half, "revision": 1, "lines": [line | {"carats": "1.00"}]})
    assert "says something else" in kpledger("production", "report", changed, *options, check=77).stderr
    stock = write(tmp_path, "stock.json", {"date": str(TODAY), "lines": [{"hs": "710231", "carats": "5.00"}]})
    kpledger("production", "stock", stock, *options)


def table(folder: Path, *rows: dict[str, object]) -> Path:
    file = folder / "certificates.csv"
    with file.open("w", encoding="utf-8-sig", newline="") as text:
        writer = csv.DictWriter(text, list(COLUMNS), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_a_table_of_certificates_is_issued_as_a_whole_and_found_again(network: Devnet, tmp_path: Path) -> None:
    out = tmp_path / "out"
    own = words(network, out, "genesis", "url", "out")
    issue = ["certificate", "issue", tmp_path / "certificates.csv", "--keys", network.description()["keys"]["RU"], *own]
    whole = {"type": "export", "issued": TODAY, "validated": TODAY, "expires": TODAY, "destination": "AE", "parcels": 1}
    line = {"hs": "710231", "origin": "RU", "carats": "12.50", "value": "2500.00"}
    rows = [
        {"number": "RU0001001", **whole, **line, "exporter_name": "An Exporter", "seals": "S-1;S-2"},
        {"number": "RU0001001", **line, "hs": "710221"},
        *({"number": f"RU000{number}", **whole, **line} for number in range(1002, 1010)),
    ]
    table(
        tmp_path,
        *rows,
        {"number": "RU0001010", **whole, **line, "carats": "12,50"},
        {"number": "RU0001011", **whole, **line, "hs": "1"},
    )
    wrong = kpledger(*issue, check=65)
    assert "row 12, column carats" in wrong.stderr
    assert re.search(r"^ *13 +hs +RU0001011 ", wrong.stdout, re.MULTILINE)
    assert not out.exists(), "nothing is kept before all can be made"

    table(tmp_path, *rows, {"number": "RU0001010", **whole, **line, "sources": "AE0000001:1.00"})
    some = kpledger(*issue, check=77)
    assert "1 of 10 certificates were refused" in some.stderr
    assert re.search(r"RU0001010 +refused .*source-unknown", some.stdout), some.stdout
    assert not (out / "RU0001010.submission").exists()
    table(tmp_path, *rows, {"number": "RU0001010", **whole, **line})
    again = json.loads(kpledger(*issue, "--json").stdout)
    assert [one["standing"] for one in again] == ["there already"] * 9 + ["accepted"]
    assert all((out / f"{one['number']}.tlog-proof").exists() for one in again)
