"""An office at work beyond single certificates, as an officer sees it: a real network, real envelopes, exit codes."""

import contextlib
import csv
import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.csvform import COLUMNS
from ledger.periods import day_after, quarter_of
from ledger.units import date_of, day_number
from node.cli.main import main
from tests.cluster.test_cli import TODAY, certificate, write
from tests.support.cluster import Devnet, devnet

THIS = quarter_of(str(TODAY))
LAST = quarter_of(date_of(day_number(f"{THIS[:4]}-{3 * int(THIS[5]) - 2:02}-01") - 1))
"""The quarter that is over, of which a new network has seen nothing."""


def kpledger(*words: object, check: int = 0) -> subprocess.CompletedProcess[str]:
    """Runs one verb in this process, which takes a tenth of the time of another one (tests/cluster/test_cli.py starts those)."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    done = subprocess.CompletedProcess(words, int(str(ended.value.code)), out.getvalue(), err.getvalue())
    assert done.returncode == check, f"{done.returncode}: {words}\n{done.stdout}\n{done.stderr}"
    assert not check or len(done.stderr.splitlines()) == 3, f"a fatal message has three lines: {done.stderr!r}"
    return done


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
        {"number": "RU0001010", **whole, **line, "carats": "12,505"},
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


def desk(network: Devnet, code: str, out: Path) -> list[str]:
    """The options of an office: its keys, a token to read with, where it keeps things."""
    description = network.description()
    tokens = description["tokens"]["participant"] | {"secretariat": description["tokens"]["auditor"]}
    given = {"keys": description["keys"][code], "token": tokens[code], "out": str(out / code)}
    given |= {"genesis": str(network.directory / "genesis.json"), "url": description["nodes"][0]["api"]}
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def no_token(options: list[str]) -> list[str]:
    place = options.index("--token")
    return options[:place] + options[place + 2 :]


def no_out(options: list[str]) -> list[str]:
    place = options.index("--out")
    return options[:place] + options[place + 2 :]


def test_goods_on_paper_and_goods_that_are_not_traded(network: Devnet, tmp_path: Path) -> None:
    issuer, importer = desk(network, "RU", tmp_path), desk(network, "AE", tmp_path)
    yesterday = date_of(day_number(str(TODAY)) - 1)
    line = {"hs": "710231", "origin": ["ZA"], "carats": "12.50", "value": "2500.00"}
    sealed = {"exporter": {"name": "A Mine", "address": "", "licence": ""}}
    paper = {"number": "ZA0002001", "reason": "outage", "issued": yesterday, "received": str(TODAY), "parcels": 1}
    file = write(tmp_path, "paper.json", paper | {"lines": [line], "sealed": sealed})
    first = json.loads(kpledger("paper", "import", file, *no_token(importer), "--json").stdout)
    assert json.loads(kpledger("paper", "import", file, *no_token(importer), "--json").stdout) == first
    assert Path(first["receipt"]).exists()
    read = json.loads(kpledger("sealed", "show", "ZA0002001", *no_out(importer), "--json").stdout)
    assert (read["exporter"], read["lines"]) == (sealed["exporter"], [{"hs": "710231", "carats": "12.50", "value": "2500.00"}])

    back = {"number": "RU0002001", "reason": "returned", "issued": str(TODAY), "destination": "AE", "parcels": 1}
    del line["origin"]
    file = write(tmp_path, "technical.json", back | {"lines": [line]})
    assert "link-missing" in kpledger("technical", "issue", file, *no_token(issuer), check=77).stderr
    file = write(tmp_path, "technical.json", back | {"reason": "research", "lines": [line]})
    assert "RU0002001 is on the ledger" in kpledger("technical", "issue", file, "--role", "confirm", *no_token(issuer)).stdout

    file = write(tmp_path, "c.json", certificate("RU0002002", destination="AE", sealed=sealed))
    kpledger("certificate", "issue", file, *no_token(issuer))
    outcome = {"number": "RU0002002", "outcome": "confirmed", "received": str(TODAY), "parcels": 2, "carats": "1500.50"}
    answer = write(tmp_path, "answer.json", outcome)
    refused = kpledger("paper", "confirm", answer, "--document", file, *issuer, check=77).stderr
    assert "paper-not-needed" in refused, "AE confirms here"


def test_a_sealed_part_is_read_handed_on_and_disclosed(network: Devnet, tmp_path: Path) -> None:
    issuer, later, court = (desk(network, code, tmp_path) for code in ("RU", "EU", "BW"))
    file = write(tmp_path, "c.json", certificate("RU0003001", destination="AE"))
    kpledger("certificate", "issue", file, *no_token(issuer))
    assert "is not for EU" in kpledger("sealed", "show", "RU0003001", *no_out(later), check=77).stderr
    first = json.loads(kpledger("sealed", "share", "RU0003001", "EU", *issuer, "--json").stdout)
    assert json.loads(kpledger("sealed", "share", "RU0003001", "EU", *issuer, "--json").stdout) == first
    text = kpledger("sealed", "show", "RU0003001", *no_out(later)).stdout
    assert "An Exporter, Gaborone, BW-1" in text
    assert "240100.00" in text
    assert "nothing to complain about" in kpledger("sealed", "fault", "RU0003001", *later, check=77).stderr
    assert "on the ledger" in kpledger("sealed", "fault", "RU0003001", "--content", *later).stdout

    kpledger("sealed", "disclose", "RU0003001", "invoice", *later)
    (proof,) = (tmp_path / "EU").glob("RU0003001.*.invoice.json")
    assert b"Exporter" not in proof.read_bytes()
    policy = network.description()["policy"]
    shown = json.loads(kpledger("sealed", "check", proof, "--policy", policy, "--json").stdout)
    assert (shown["name"], shown["value"], shown["author"]) == ("invoice", "2026-17", "RU")
    proof.write_bytes(proof.read_bytes().replace(b'"invoice"', b'"remarks"'))
    assert "envelope-unreadable" in kpledger("sealed", "check", proof, "--policy", policy, check=65).stderr
    assert "is not for BW" in kpledger("sealed", "show", "RU0003001", *no_out(court), check=77).stderr


def test_the_secretariat_countersigns_a_return(network: Devnet, tmp_path: Path) -> None:
    own, office = desk(network, "AE", tmp_path), desk(network, "secretariat", tmp_path)
    made = json.loads(kpledger("return", "prepare", "--flow", "import", "--quarter", LAST, *own, "--json").stdout)
    filed = json.loads(kpledger("return", "file", made["file"], *no_token(own), "--json").stdout)
    assert "holds the keys of AE" in kpledger("return", "countersign", filed["id"], *own, check=77).stderr
    signed = json.loads(kpledger("return", "countersign", filed["id"], *office, "--json").stdout)
    assert (signed["filed"], signed["quarter"], signed["revision"]) == (filed["id"], LAST, 1)
    assert json.loads(kpledger("return", "countersign", filed["id"], *office, "--json").stdout) == signed
    assert "not a return" in kpledger("return", "countersign", signed["id"], *office, check=65).stderr
