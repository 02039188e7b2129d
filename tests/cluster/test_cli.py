"""The command line as an officer, an operator and an auditor use it: real processes, real files, exit codes."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from nacl.bindings import crypto_scalarmult_base

from ledger.unsealing import open_envelope
from node.keys import SigningKey
from tests.support.cluster import Devnet, devnet

TODAY = datetime.now(UTC).date()
EXPIRES = TODAY + timedelta(days=30)


def kpledger(*words: object, check: int | None = 0, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs one verb; `check` is the exit code it must have."""
    command = [sys.executable, "-m", "node.cli", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=120)
    assert check is None or done.returncode == check, f"{done.returncode}: {words}\n{done.stdout}\n{done.stderr}"
    if check not in (0, 2, None):
        assert len(done.stderr.strip().splitlines()) == 3, f"a fatal message has three lines: {done.stderr!r}"
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Devnet]:
    with devnet(tmp_path_factory.mktemp("cli") / "net") as running:
        yield running


@pytest.fixture(scope="module")
def office(network: Devnet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Options that every verb of BW's office takes."""
    description = network.description()
    out = tmp_path_factory.mktemp("office")
    return {
        "keys": description["keys"]["BW"],
        "genesis": str(network.directory / "genesis.json"),
        "url": description["nodes"][0]["api"],
        "out": str(out),
    }


def certificate(number: str, **changes: object) -> dict[str, object]:
    """A certificate as an officer writes it."""
    content: dict[str, object] = {
        "number": number,
        "type": "export",
        "issued": str(TODAY),
        "validated": str(TODAY),
        "expires": str(EXPIRES),
        "destination": "RU",
        "parcels": 2,
        "lines": [
            {"hs": "710231", "origin": ["BW"], "carats": "1200.50", "value": "240100.00"},
            {"hs": "710221", "origin": ["BW"], "carats": "300.00", "value": "1500.00"},
        ],
        "sealed": {
            "exporter": {"name": "An Exporter", "address": "Gaborone", "licence": "BW-1"},
            "importer": {"name": "An Importer", "address": "Moscow", "licence": "RU-1"},
            "invoice": "2026-17",
        },
    }
    return content | changes


def write(folder: Path, name: str, content: object) -> Path:
    file = folder / name
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def options(office: dict[str, str], *names: str) -> list[str]:
    return [word for name in names for word in (f"--{name}", office[name])]


def test_issue_confirm_show_verify(network: Devnet, office: dict[str, str], tmp_path: Path) -> None:
    description = network.description()
    file = write(tmp_path, "certificate.json", certificate("BW0000101"))
    issue = ["certificate", "issue", file, *options(office, "keys", "genesis", "url", "out"), "--json"]
    first = json.loads(kpledger(*issue).stdout)
    again = json.loads(kpledger(*issue).stdout)
    assert (again["id"], again["index"]) == (first["id"], first["index"]), "running it again is harmless"

    codes = json.loads((Path(office["out"]) / "BW0000101.codes.json").read_text(encoding="utf-8"))
    outcome = {
        "number": "BW0000101",
        "outcome": "confirmed",
        "received": str(TODAY),
        "parcels": 2,
        "lines": [
            {"hs": "710231", "carats": "1200.50", "value": "240100.00"},
            {"hs": "710221", "carats": "300.00", "value": "1500.00"},
        ],
        "inspection": "opened",
        "seals": "intact",
        "receipt_code": codes["receipt_code"],
    }
    token = description["tokens"]["participant"]["RU"]
    confirmation = write(tmp_path, "outcome.json", outcome)
    confirm = ["import", "confirm", confirmation, "--keys", description["keys"]["RU"], "--genesis", office["genesis"]]
    confirm += ["--url", description["nodes"][1]["api"], "--token", token, "--out", tmp_path / "ru"]
    assert "final" in kpledger(*confirm).stdout

    shown = json.loads(kpledger("certificate", "show", "BW0000101", "--token", token, *options(office, "url"), "--json").stdout)
    assert shown["certificate"]["state"] == "confirmed"
    assert shown["certificate"]["measured"] == "1500.50"
    assert "1500.50" in kpledger("certificate", "show", "BW0000101", "--token", token, *options(office, "url")).stdout

    chain = json.loads(kpledger("custody", "BW0000101", "--token", token, *options(office, "url"), "--json").stdout)
    assert [(one["number"], one["measured"]) for one in chain["up"]["certificates"]] == [("BW0000101", "1500.50")]
    assert [(one["country"], one["lowest"]) for one in chain["composition"]["origins"]] == [("BW", "1500.50")]
    assert "1500.50 ct not passed on" in kpledger("custody", "BW0000101", "--token", token, *options(office, "url")).stdout
    kpledger("stock", "RU", "--token", token, *options(office, "url"), check=77)
    auditor = description["tokens"]["auditor"]
    stock = json.loads(kpledger("stock", "RU", "--token", auditor, *options(office, "url"), "--json").stdout)
    assert stock["total"]["imports"] == "1500.50"

    for receipt in (Path(office["out"]) / "BW0000101.tlog-proof", tmp_path / "ru" / "BW0000101.confirm.tlog-proof"):
        verdict = json.loads(kpledger("receipt", "verify", receipt, "--policy", description["policy"], "--json").stdout)
        assert verdict["valid"] is True
        assert len(verdict["witnesses"]) >= 3
        assert verdict["record"]["body"]["number"] == "BW0000101"
        text = kpledger("receipt", "verify", receipt, "--policy", description["policy"]).stdout
        assert "valid" in text
        assert "not shown" in text
        assert "not checked" in kpledger("receipt", "show", receipt).stdout
        outside = [sys.executable, "-m", "tests.outside.receipts", "verify", str(receipt), "--policy", description["policy"]]
        assert subprocess.run(outside, capture_output=True, check=False).returncode == 0


def test_amend_confirm_correct_close(network: Devnet, office: dict[str, str], tmp_path: Path) -> None:
    description = network.description()
    tokens = description["tokens"]["participant"]
    sent = options(office, "keys", "genesis", "url", "out")
    kpledger("certificate", "issue", write(tmp_path, "c.json", certificate("BW0000601")), *sent)
    amended = write(tmp_path, "a.json", certificate("BW0000601", parcels=3))
    assert "is amended" in kpledger("certificate", "amend", amended, *sent, "--token", tokens["BW"]).stdout
    codes = json.loads((Path(office["out"]) / "BW0000601.codes.json").read_text(encoding="utf-8"))
    lines = [
        {"hs": "710231", "carats": "1200.50", "value": "240100.00"},
        {"hs": "710221", "carats": "300.00", "value": "1500.00"},
    ]
    outcome = {
        "number": "BW0000601",
        "outcome": "confirmed",
        "received": str(TODAY),
        "parcels": 3,
        "lines": lines,
        "inspection": "opened",
        "seals": "intact",
        "receipt_code": codes["receipt_code"],
    }
    there = ["--keys", description["keys"]["RU"], "--genesis", office["genesis"], "--url", description["nodes"][1]["api"]]
    there += ["--token", tokens["RU"], "--out", tmp_path / "ru"]
    assert "final" in kpledger("import", "confirm", write(tmp_path, "o.json", outcome), *there).stdout
    fewer = outcome | {"outcome": "discrepancy", "lines": lines[:1]}
    assert "is corrected" in kpledger("import", "correct", write(tmp_path, "f.json", fewer), *there).stdout
    kpledger("certificate", "issue", write(tmp_path, "d.json", certificate("BW0000602")), *sent)
    assert "is closed (void)" in kpledger("certificate", "close", "BW0000602", "void", *sent).stdout
    assert kpledger("certificate", "close", "BW0000601", "void", *sent, check=77).returncode == 77
    show = ["--token", tokens["BW"], *options(office, "url"), "--json"]
    shown = json.loads(kpledger("certificate", "show", "BW0000601", *show).stdout)
    row = shown["certificate"]
    assert (row["state"], row["parcels"], row["measured"], len(shown["records"])) == ("discrepancy", 3, "1200.50", 4)
    assert json.loads(kpledger("certificate", "show", "BW0000602", *show).stdout)["certificate"]["state"] == "void"


def test_a_participant_files_what_it_says_of_itself(network: Devnet, office: dict[str, str], tmp_path: Path) -> None:
    description = network.description()
    keys = Path(description["keys"]["BW"])
    sent = ["--author", "BW", *options(office, "genesis", "url")]
    year = TODAY.year
    numbers = write(tmp_path, "range.json", {"first": 900_000, "last": 900_999, "year": year + 1})
    assert "final" in kpledger("record", "file", "range.commit", numbers, *sent, "--key", keys / "issue").stdout
    again = kpledger("record", "file", "range.commit", numbers, *sent, "--key", keys / "issue", check=77)
    assert again.returncode == 77
    assert "range-overlaps" in again.stderr
    closes = (int(time.time()) + 86_400) * 1_000
    effective = str(TODAY + timedelta(days=9))
    proposal = {
        "closes": closes,
        "decision": "suspend",
        "effective": effective,
        "procedure": "plenary",
        "subject": "CF",
        "title": "For a try",
    }
    body = write(tmp_path, "proposal.json", proposal)
    said = kpledger("plenary", "propose", body, *sent, "--key", keys / "govern").stdout
    record = said.split()[2]
    kpledger("plenary", "position", record, "support", *sent, "--key", keys / "govern")
    token = ["--token", description["tokens"]["participant"]["BW"], *options(office, "url")]
    (listed,) = [one for one in json.loads(kpledger("plenary", "list", *token, "--json").stdout) if one["id"] == record]
    assert (listed["tally"], listed["outcome"], listed["title"]) == ("1/0/0", "", "For a try")
    assert "For a try" in kpledger("plenary", "list", *token).stdout
    shown = json.loads(kpledger("record", "show", record, *token).stdout)
    assert (shown["kind"], shown["body"]["subject"]) == ("plenary.propose", "CF")


def test_keys_registered_later_sign_and_are_sealed_to(network: Devnet, office: dict[str, str], tmp_path: Path) -> None:
    description = network.description()
    api, token = description["nodes"][0]["api"], description["tokens"]["participant"]["RU"]
    reach = options(office, "genesis", "url")
    folder = tmp_path / "new-office"
    kpledger("key", "new", "BW", "--keys", folder, "--raw-keys")
    with urlopen(f"{api}/v1/keys/BW") as answer:
        authority = json.load(answer)["keys"][0]["authority"]
    public = SigningKey.from_seed((folder / "issue").read_bytes()).public
    body = write(tmp_path, "key.json", {"key": public.hex(), "roles": ["issue"], "authority": authority})
    file = write(tmp_path, "c.json", certificate("BW0000701"))
    issue = ["certificate", "issue", file, "--keys", folder, *reach, "--out", tmp_path]
    assert kpledger(*issue, check=78).stderr.startswith(f"The key {folder / 'issue'} is nobody's")
    kpledger("key", "add", body, "--author", "BW", "--key", Path(description["keys"]["BW"]) / "root", *reach)

    sealing = crypto_scalarmult_base(b"r" * 32)
    epoch = TODAY.year + 1
    body = write(tmp_path, "seal.json", {"key": sealing.hex(), "roles": ["seal"], "epoch": epoch})
    kpledger("key", "add", body, "--author", "RU", "--key", Path(description["keys"]["RU"]) / "root", *reach)

    taken = json.loads(kpledger(*issue, "--json").stdout)
    asked = Request(f"{api}/v1/records/{taken['id']}/envelope", headers={"Authorization": f"Bearer {token}"})
    with urlopen(asked) as answer:
        envelope = answer.read()
    content = open_envelope(bytes.fromhex(description["ledger_id"]), envelope, "RU", b"r" * 32)
    assert content["exporter"]["name"] == "An Exporter"
    kpledger("key", "revoke", public.hex(), "--author", "BW", "--key", Path(description["keys"]["BW"]) / "root", *reach)
    refused = write(tmp_path, "d.json", certificate("BW0000702"))
    again = kpledger("certificate", "issue", refused, "--keys", folder, *reach, "--out", tmp_path, check=77)
    assert "key-not-in-force" in again.stderr


def test_refusals_name_rule_field_and_figures(office: dict[str, str], tmp_path: Path) -> None:
    cases = [
        (certificate("BW0000201", destination="BW"), "destination-is-issuer"),
        (certificate("RU0000201"), "number-prefix"),
        (certificate("BW0000202", expires=str(TODAY + timedelta(days=400))), "expiry-over-limit"),
        (certificate("BW0000203", sources=[{"number": "EU0000001", "carats": "1.00"}]), "source"),
    ]
    for content, word in cases:
        file = write(tmp_path, "c.json", content)
        done = kpledger("certificate", "issue", file, *options(office, "keys", "genesis", "url"), "--out", tmp_path, check=77)
        assert word in done.stderr
        assert not list(tmp_path.glob("*.submission")), "a mended draft must be made anew"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ({"number": "BW1"}, "type"),
        (certificate("BW0000301", surprise=1), "surprise"),
        (certificate("BW0000301", lines=[{"hs": "710231", "origin": ["BW"], "carats": "1.005", "value": "1.00"}]), "carats"),
        (certificate("BW0000301", issued="2026-02-30"), "issued"),
        ("not an object", ""),
    ],
)
def test_a_bad_draft_is_refused_before_anything_is_sent(
    office: dict[str, str], tmp_path: Path, content: object, word: str
) -> None:
    file = write(tmp_path, "c.json", content)
    done = kpledger("certificate", "issue", file, *options(office, "keys", "genesis", "url"), "--out", tmp_path, check=65)
    assert word in done.stderr


def with_quorum_alone(receipt: bytes) -> bytes:
    """The log's signature and three cosignatures: a fourth one, which may have come in time, could be left out or spoilt."""
    lines = receipt.split(b"\n")
    signatures = [place for place, line in enumerate(lines) if line.startswith("\u2014 ".encode())]
    return b"\n".join(line for place, line in enumerate(lines) if place not in signatures[4:])


def test_every_flipped_byte_of_a_receipt_is_noticed(network: Devnet, office: dict[str, str], tmp_path: Path) -> None:
    file = write(tmp_path, "c.json", certificate("BW0000401"))
    kpledger("certificate", "issue", file, *options(office, "keys", "genesis", "url"), "--out", tmp_path)
    receipt = with_quorum_alone((tmp_path / "BW0000401.tlog-proof").read_bytes())
    (tmp_path / "BW0000401.tlog-proof").write_bytes(receipt)
    policy = network.description()["policy"]
    program = (
        "import sys, pathlib\n"
        "from ledger.errors import ProofError\n"
        "from ledger.policy import parse_policy\n"
        "from ledger.receipt import verify_receipt\n"
        "policy = parse_policy(pathlib.Path(sys.argv[2]).read_bytes())\n"
        "data = pathlib.Path(sys.argv[1]).read_bytes()\n"
        "kinds = set()\n"
        "for place in range(len(data)):\n"
        "    spoilt = data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]\n"
        "    try:\n"
        "        verify_receipt(spoilt, policy)\n"
        "    except ProofError as error:\n"
        "        kinds.add(type(error).__name__)\n"
        "    else:\n"
        "        sys.exit(f'byte {place} does not matter')\n"
        "print(len(data), sorted(kinds))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "BW0000401.tlog-proof"), policy],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(str(len(receipt)))
    spoilt = tmp_path / "spoilt"
    spoilt.write_bytes(receipt[:200] + bytes([receipt[200] ^ 1]) + receipt[201:])
    assert "Not verified" in kpledger("receipt", "verify", spoilt, "--policy", policy, check=65).stderr


def test_export_and_verify_the_log(network: Devnet, office: dict[str, str], tmp_path: Path) -> None:
    description = network.description()
    file = write(tmp_path, "c.json", certificate("BW0000501"))
    kpledger("certificate", "issue", file, *options(office, "keys", "genesis", "url"), "--out", tmp_path)
    network.wait_equal(1)
    export = ["log", "export", tmp_path / "log", "--policy", description["policy"], "--url", description["nodes"][2]["api"]]
    kpledger(*export, check=77)
    kpledger(*export, "--token", description["tokens"]["auditor"])
    kpledger(*export, "--token", description["tokens"]["auditor"])
    verified = json.loads(kpledger("log", "verify", tmp_path / "log", "--policy", description["policy"], "--json").stdout)
    assert verified["entries"] >= 1
    outside = [sys.executable, "-m", "tests.outside.log", str(tmp_path / "log"), "--policy", description["policy"]]
    done = subprocess.run([*outside, "--genesis", office["genesis"]], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for name in sorted((tmp_path / "log" / "tile").rglob("*")):
        if name.is_file():
            data = name.read_bytes()
            name.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
            kpledger("log", "verify", tmp_path / "log", "--policy", description["policy"], check=65)
            name.write_bytes(data)


def test_audit_the_whole_ledger(network: Devnet, office: dict[str, str], tmp_path: Path) -> None:
    description = network.description()
    kpledger(
        "certificate", "issue", write(tmp_path, "c.json", certificate("BW0000502")), *options(office, "keys", "genesis", "url"),
        "--out", tmp_path,
    )  # fmt: skip
    network.wait_equal(1)
    export = ["audit", "export", tmp_path / "all", *options(office, "genesis"), "--url", description["nodes"][3]["api"]]
    kpledger(*export, check=77)
    kpledger(*export, "--token", description["tokens"]["participant"]["BW"], check=77)
    kpledger("audit", "verify", tmp_path / "all", check=65)
    kpledger(*export, "--token", description["tokens"]["auditor"])
    assert "kept" in kpledger(*export, "--token", description["tokens"]["auditor"]).stdout
    verify = ["audit", "verify", tmp_path / "all", *options(office, "genesis"), "--policy", description["policy"]]
    report = json.loads(kpledger(*verify, "--json").stdout)
    assert report["valid"] is True
    assert report["records"] == report["accepted"] == report["checkpoint_size"] >= 1
    assert report["votes"] >= 3 * report["finals"] > 0
    told = kpledger("audit", "verify", tmp_path / "all", "--processes", "1").stdout
    assert "valid: every record" in told
    assert "not covered" in told
    assert "No genesis of your own" in told
    segment = max((tmp_path / "all" / "blocks").iterdir())
    intact = segment.read_bytes()
    for place in (len(intact) // 3, len(intact) - 1):
        segment.write_bytes(intact[:place] + bytes([intact[place] ^ 1]) + intact[place + 1 :])
        failed = kpledger(*verify, "--json", check=65)
        assert json.loads(failed.stdout)["file"].startswith("blocks/")
    kpledger(*verify, "--processes", "99", check=2)


def test_operating(network: Devnet, tmp_path: Path) -> None:
    home = network.description()["nodes"][0]["home"]
    status = json.loads(kpledger("status", "--home", home, "--json").stdout)
    assert status["ready"] is True
    assert status["participant"] == "BW"
    assert len(status["peers"]) == 3
    assert "participant" in kpledger("status", "--home", home).stdout
    assert json.loads(kpledger("id", "--home", home).stdout)["participant"] == "BW"
    assert "Another process" in kpledger("start", "--home", home, check=1).stderr
    kpledger("config", "check", "--home", home)
    assert "api_listen" in kpledger("config", "show", "--home", home).stdout
    assert "validators" in kpledger("genesis", "show", network.directory / "genesis.json").stdout
    assert "group validators 3" in kpledger("genesis", "policy", network.directory / "genesis.json").stdout


def test_usage_and_unreachable(tmp_path: Path, network: Devnet) -> None:
    policy = network.description()["policy"]
    kpledger("certificate", "isue", check=2)
    kpledger("receipt", "verify", check=2)
    kpledger("receipt", "verify", tmp_path / "nothing", "--policy", policy, check=65)
    kpledger("status", "--home", tmp_path / "nothing", check=78)
    kpledger("start", "--home", tmp_path / "nothing", check=78)
    kpledger("certificate", "show", "BW0000101", "--url", "http://127.0.0.1:9", check=69)
    kpledger("certificate", "show", "BW0000101", "--url", network.description()["nodes"][0]["api"], check=77)


def test_init_twice_says_found(tmp_path: Path) -> None:
    words = ["init", "--home", tmp_path / "home", "--participant", "BW", "--raw-keys"]
    assert "generated" in kpledger(*words).stdout
    before = {file: file.read_bytes() for file in (tmp_path / "home" / "keys").iterdir()}
    again = kpledger(*words).stdout
    assert "found" in again
    assert "generated" not in again
    assert before == {file: file.read_bytes() for file in (tmp_path / "home" / "keys").iterdir()}
    assert "passphrase" in kpledger("init", "--home", tmp_path / "other", "--participant", "BW", check=78).stderr


def test_tokens(tmp_path: Path) -> None:
    kpledger("init", "--home", tmp_path, "--participant", "BW", "--raw-keys")
    text = kpledger("token", "new", "participant:BW", "--home", tmp_path, "--label", "desk").stdout.strip()
    listed = json.loads(kpledger("token", "list", "--home", tmp_path, "--json").stdout)
    assert [entry["scope"] for entry in listed] == ["participant:BW"]
    assert text not in (tmp_path / "tokens.json").read_text(encoding="utf-8")
    kpledger("token", "revoke", listed[0]["id"], "--home", tmp_path)
    assert json.loads(kpledger("token", "list", "--home", tmp_path, "--json").stdout) == []
    kpledger("token", "new", "everything", "--home", tmp_path, check=2)
