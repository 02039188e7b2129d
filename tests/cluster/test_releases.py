"""Statistics of a real network, as the secretariat releases them: proposed, judged by four nodes, exported, verified; and a lie."""

import contextlib
import hashlib
import io
import json
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.periods import period_before
from node.cli.main import main
from tests.cluster.test_returns import LAST, kpledger
from tests.support.cluster import Devnet, devnet

CLOSED = period_before(LAST)
"""A quarter that closed before the network began: it has seen nothing of it, and says so."""


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("releases") / "net") as running:
        yield running


def reading(network: Devnet) -> list[str]:
    description = network.description()
    return ["--url", description["nodes"][0]["api"], "--token", description["tokens"]["auditor"]]


def signing(network: Devnet) -> list[str]:
    keys = network.description()["keys"]["secretariat"]
    return ["--keys", keys, "--genesis", str(network.directory / "genesis.json")]


def stand(network: Devnet, draft: Path) -> None:
    """Releases the quarter where no test before has: each test may be the first one on its network."""
    if not json.loads(kpledger("statistics", "list", "--state", "released", *reading(network)[:2], "--json").stdout):
        kpledger("statistics", "propose", CLOSED, *reading(network), "--out", draft)
        kpledger("statistics", "release", draft, *signing(network), *reading(network))


def file_of(network: Devnet, node: int, path: str) -> bytes:
    """The file, once the node has made it."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{network.base + node}{path}", timeout=10) as answer:
                return answer.read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_a_release_from_the_proposal_to_the_archive(network: Devnet, tmp_path: Path) -> None:
    """One node is killed before and comes back afterwards: it has the same file."""
    draft = tmp_path / "draft"
    begun = json.loads(kpledger("statistics", "propose", CLOSED, *reading(network), "--out", draft, "--json").stdout)
    assert (begun["period"], begun["revision"], begun["confidential"]) == (CLOSED, 0, 0)
    network.kill_node(3)
    released = kpledger("statistics", "release", draft, *signing(network), *reading(network), "--json")
    row = json.loads(released.stdout)["release"]
    assert (row["state"], row["agreed"], row["digest"]) == ("released", 3, begun["digest"])
    again = kpledger("statistics", "release", draft, *signing(network), *reading(network), "--json")
    assert json.loads(again.stdout)["release"]["id"] == row["id"], "safe to run again"
    network.restart_node(3)
    files = {file_of(network, node, row["json_file"]) for node in range(4)}
    assert [hashlib.sha256(file).hexdigest() for file in files] == [row["digest"]]
    (listed,) = json.loads(kpledger("statistics", "list", *reading(network)[:2], "--json").stdout)
    assert listed["id"] == row["id"]


def test_a_wrong_sum_is_refused_by_every_node(network: Devnet, tmp_path: Path) -> None:
    draft = tmp_path / "lie"
    kpledger("statistics", "propose", CLOSED, *reading(network), "--out", draft)
    text = (draft / "release.json").read_bytes()
    lie = text.replace(b'"carats":"0.00"', b'"carats":"1.00"', 1)
    assert lie != text
    (draft / "release.json").write_bytes(lie)
    content = json.loads((draft / "draft.json").read_text())
    (draft / "draft.json").write_text(json.dumps(content | {"digest": hashlib.sha256(lie).hexdigest()}))
    done = kpledger_refused("statistics", "release", draft, *signing(network), *reading(network), "--json")
    answer = json.loads(done)
    assert answer["release"]["state"] == "withdrawn"
    objections = [(one["code"], one["cell"]) for one in answer["verdicts"] if not one["agree"]]
    assert len(objections) >= 2
    assert set(objections) == {("digest", "digest")}
    rows = json.loads(kpledger("statistics", "list", "--state", "withdrawn", *reading(network)[:2], "--json").stdout)
    assert [row["json_file"] for row in rows] == [None]


def test_what_stands_is_exported_and_made_anew_from_the_ledger(network: Devnet, tmp_path: Path) -> None:
    files, ledger, anew = tmp_path / "files", tmp_path / "ledger", tmp_path / "anew"
    stand(network, tmp_path / "draft")
    (one,) = json.loads(kpledger("statistics", "export", files, *reading(network)[:2], "--json").stdout)
    assert one["fetched"]
    (again,) = json.loads(kpledger("statistics", "export", files, *reading(network)[:2], "--json").stdout)
    assert not again["fetched"]
    described = json.loads((files / "datapackage.json").read_text())["resources"][0]
    table = (files / f"{CLOSED}.csv").read_bytes()
    assert described["hash"] == f"sha256:{hashlib.sha256(table).hexdigest()}"
    assert table.decode().splitlines()[0].split(",") == [field["name"] for field in described["schema"]["fields"]]
    assert one["digest"] in (files / "CITATION.txt").read_text()
    kpledger("audit", "export", ledger, *signing(network)[2:], *reading(network))
    report = json.loads(kpledger("statistics", "verify", ledger, "--out", anew, "--json").stdout)
    assert [(row["period"], row["same"]) for row in report["releases"]] == [(CLOSED, True)]
    for name in (f"{CLOSED}.json", f"{CLOSED}.csv"):
        assert (anew / name).read_bytes() == (files / name).read_bytes()
    segment = next((ledger / "blocks").iterdir())
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    assert "Not valid" in kpledger("statistics", "verify", ledger, check=65).stderr


def test_what_cannot_be_proposed_or_sent(network: Devnet, tmp_path: Path) -> None:
    said = kpledger("statistics", "propose", "spring", *reading(network), check=2).stderr
    assert "is no period" in said
    running = kpledger("statistics", "propose", f"{int(CLOSED[:4]) + 2}Q1", *reading(network), check=1).stderr
    assert "closes on" in running
    assert (
        "holds no draft" in kpledger("statistics", "release", tmp_path, *signing(network), *reading(network), check=65).stderr
    )
    home = network.home(0)
    assert "Traceback" not in kpledger("statistics", "propose", CLOSED, "--home", home, "--out", tmp_path, check=1).stderr


def kpledger_refused(*words: object) -> str:
    """A verb that ends with 77 and an answer, not with a message."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit) as ended:
        main(list(map(str, words)))
    assert ended.value.code == 77
    return out.getvalue()
