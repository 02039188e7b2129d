"""A whole network, and a client that knows the format pages only: what it sends is taken, and what it gets back it can check.

One network of four processes for the whole file. The client learns everything from `devnet.json`, the genesis and HTTP.
"""

import json
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.outside import envelopes, log, pedersen, policy, receipts, records, samples
from tests.outside.wire import leaf_hash

ROOT = Path(__file__).resolve().parents[2]
KPLEDGER = Path(sys.executable).parent / "kpledger"
START_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Network:
    """What `devnet.json` and the genesis tell a client."""

    about: dict[str, Any]
    genesis: bytes
    seals: dict[str, tuple[int, bytes]]

    @property
    def ledger(self) -> bytes:
        return bytes.fromhex(self.about["ledger_id"])

    @property
    def policy(self) -> policy.Policy:
        return policy.parse(Path(self.about["policy"]).read_bytes())

    def seed(self, code: str, role: str) -> bytes:
        return (Path(self.about["keys"][code]) / role).read_bytes()

    def readers(self, *codes: str) -> list[envelopes.Reader]:
        return [(code, *self.seals[code]) for code in codes]

    def request(self, node: int, path: str, code: str | None = None, body: bytes | None = None) -> tuple[int, bytes]:
        headers = {} if body is None else {"Content-Type": "application/msgpack"}
        if code is not None:
            headers["Authorization"] = f"Bearer {self.about['tokens']['participant'][code]}"
        request = urllib.request.Request(self.about["nodes"][node]["api"] + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def free_base() -> int:
    """A port from which on the twelve that four nodes need are free."""
    for base in random.SystemRandom().sample(range(20_000, 30_000, 10), 50):
        sockets = []
        try:
            for port in (base + group + node for group in (0, 100, 200) for node in range(4)):
                sockets.append(socket.socket())
                sockets[-1].bind(("127.0.0.1", port))
        except OSError:
            continue
        else:
            return base
        finally:
            for one in sockets:
                one.close()
    raise AssertionError("no free ports")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    directory = tmp_path_factory.mktemp("live") / "net"
    output = directory.with_suffix(".log")
    with output.open("wb") as sink:
        command = [KPLEDGER, "devnet", "--dir", directory, "--base-port", str(free_base())]
        process = subprocess.Popen(command, cwd=ROOT, stdout=sink, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not (directory / "devnet.json").exists():
            assert process.poll() is None, output.read_text()
            assert time.monotonic() < deadline, output.read_text()
            time.sleep(0.1)
        about = json.loads((directory / "devnet.json").read_text())
        genesis = (Path(about["nodes"][0]["home"]) / "genesis.json").read_bytes()
        content = json.loads(genesis)
        holders = [(one["code"], one["seals"]) for one in content["participants"]] + [
            ("secretariat", content["secretariat"]["seals"])
        ]
        seals = {code: (keys[-1]["epoch"], bytes.fromhex(keys[-1]["key"])) for code, keys in holders if keys}
        yield Network(about, genesis, seals)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def issue(network: Network, rng: random.Random, number: str, order: int = 1) -> tuple[bytes, bytes, bytes, dict[str, Any]]:
    """Record, envelope, receipt code and sealed fields of a certificate from BW to AE, dated today."""
    today = datetime.now(UTC).date()
    fields = samples.sealed_fields(rng, 2)
    rid, code = rng.randbytes(16), rng.randbytes(10)
    envelope, sealed = envelopes.make(
        network.ledger, rid, fields, network.readers("BW", "AE", "secretariat")[::order], rng.randbytes
    )
    commitments = [pedersen.commit(*value) for value in fields["values"]]
    body = {
        "number": number,
        "type": "export",
        **dict.fromkeys(("issued", "validated"), str(today)),
        "expires": str(today + timedelta(days=50)),
        "destination": "AE",
        "parcels": 1,
        "points": 1500,
        "lines": [
            {"commitment": commitments[0], "hs": "710231", "origin": ["BW"], "points": 1000},
            {"commitment": commitments[1], "hs": "710210", "origin": [], "points": 500},
        ],
        "sources": [],
        "rid": rid,
        "sealed": sealed,
        "receipt_hash": records.receipt_hash(number, code),
        "verdict_hash": records.verdict_hash(number, rng.randbytes(10)),
    }
    statement = records.statement("certificate.issue", "BW", time.time_ns() // 1_000_000, body)
    return records.sign(network.ledger, network.seed("BW", "issue"), statement), envelope, code, fields


def confirm(network: Network, rng: random.Random, number: str, answers: bytes, code: bytes) -> tuple[bytes, bytes]:
    """AE's confirmation that the same carats arrived."""
    values, rid = [[5, samples.blinding(rng)], [0, samples.blinding(rng)]], rng.randbytes(16)
    readers = network.readers("BW", "AE", "secretariat")
    envelope, sealed = envelopes.make(network.ledger, rid, {"remarks": "good", "values": values}, readers, rng.randbytes)
    points = [("710231", 1000), ("710210", 500)]
    body = {
        "number": number,
        "answers": answers,
        "outcome": "confirmed",
        "received": str(datetime.now(UTC).date()),
        "parcels": 1,
        "points": 1500,
        "lines": [
            {"commitment": pedersen.commit(*value), "hs": hs, "points": weight}
            for value, (hs, weight) in zip(values, points, strict=True)
        ],
        "inspection": "opened",
        "seals": "intact",
        "receipt_code": code,
        "rid": rid,
        "sealed": sealed,
    }
    statement = records.statement("import.confirm", "AE", time.time_ns() // 1_000_000, body)
    return records.sign(network.ledger, network.seed("AE", "confirm"), statement), envelope


def final(answer: tuple[int, bytes]) -> dict[str, Any]:
    status, body = answer
    assert status == 200, body
    return json.loads(body)


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_the_ledger_id_is_the_genesis_files(network: Network) -> None:
    assert log.ledger_id(network.genesis) == network.ledger


def test_records_made_outside_are_taken_and_their_receipts_hold(network: Network, tmp_path: Path) -> None:
    rng = random.Random(11)
    record, envelope, code, fields = issue(network, rng, "BW0071001")
    posted = records.submission(record, envelope)
    answer = final(network.request(0, "/v1/records?wait=final", "BW", posted))
    assert answer["id"] == leaf_hash(record).hex()
    assert final(network.request(0, "/v1/records?wait=final", "BW", posted))["index"] == answer["index"]
    confirmation, confirmation_envelope = confirm(network, rng, "BW0071001", leaf_hash(record), code)
    outcome = final(network.request(3, "/v1/records?wait=final", "AE", records.submission(confirmation, confirmation_envelope)))
    for told, sent in ((answer, record), (outcome, confirmation)):
        verdict = receipts.verify(told["receipt"].encode(), network.policy)
        assert (verdict.record, verdict.index) == (sent, told["index"])
        assert len(verdict.witnesses) >= 3
        file = tmp_path / "a.tlog-proof"
        file.write_text(told["receipt"])
        assert (
            run(sys.executable, "-m", "tests.outside.receipts", "verify", file, "--policy", network.about["policy"]).returncode
            == 0
        )
        assert run(KPLEDGER, "receipt", "verify", file, "--policy", network.about["policy"]).returncode == 0
        file.write_text(told["receipt"].replace("index ", "index 1"))
        assert (
            run(sys.executable, "-m", "tests.outside.receipts", "verify", file, "--policy", network.about["policy"]).returncode
            == 1
        )
        assert run(KPLEDGER, "receipt", "verify", file, "--policy", network.about["policy"]).returncode == 65
    status, stored = network.request(0, f"/v1/records/{answer['id']}/envelope", "AE")
    assert (status, stored) == (200, envelope)
    opened = envelopes.open_with(network.ledger, stored, "AE", network.seed("AE", "seal"))
    assert opened.values == fields


def test_a_record_of_another_ledger_is_refused(network: Network) -> None:
    record, envelope, _, _ = issue(network, random.Random(12), "BW0072001")
    elsewhere = records.sign(bytes(32), network.seed("BW", "issue"), records.parse(record).statement)
    status, problem = network.request(0, "/v1/records?wait=final", "BW", records.submission(elsewhere, envelope))
    assert (status, json.loads(problem)["error"]) == (422, "bad-signature")


def test_readers_may_stand_in_any_order_but_are_these_three(network: Network) -> None:
    rng = random.Random(13)
    record, envelope, _, _ = issue(network, rng, "BW0073001", order=-1)
    final(network.request(0, "/v1/records?wait=final", "BW", records.submission(record, envelope)))
    seals = dict(network.seals)
    narrow = Network(
        network.about, network.genesis, {**seals, "secretariat": (seals["secretariat"][0] + 1, seals["secretariat"][1])}
    )
    record, envelope, _, _ = issue(narrow, rng, "BW0073002")
    status, problem = network.request(0, "/v1/records?wait=final", "BW", records.submission(record, envelope))
    assert (status, json.loads(problem)["error"]) == (422, "envelope-readers")


def test_a_batch_and_the_exported_log(network: Network, tmp_path: Path) -> None:
    rng = random.Random(14)
    made = [issue(network, rng, f"BW0074{n:03}") for n in range(60)]
    batch = records.batch([records.submission(record, envelope) for record, envelope, _, _ in made])
    status, body = network.request(1, "/v1/records/batch?wait=final", "BW", batch)
    assert status == 200
    told = json.loads(body)
    assert [one["id"] for one in told] == [leaf_hash(record).hex() for record, _, _, _ in made]
    for one, (record, _, _, _) in zip(told, made, strict=True):
        assert receipts.verify(one["receipt"].encode(), network.policy).record == record
    node = network.about["nodes"][1]
    export = run(
        KPLEDGER,
        "log",
        "export",
        tmp_path / "log",
        "--policy",
        network.about["policy"],
        "--url",
        node["api"],
        "--token",
        network.about["tokens"]["participant"]["BW"],
    )
    assert export.returncode == 0, export.stderr
    audited = log.audit(tmp_path / "log", network.policy)
    assert [audited.entries[one["index"]] for one in told] == [record for record, _, _, _ in made]
    assert log.check_records(audited.entries, network.ledger) == audited.checkpoint.size
    bundle = next(file for file in sorted((tmp_path / "log" / "tile" / "entries").rglob("*")) if file.is_file())
    bundle.write_bytes(bundle.read_bytes()[:-1] + b"\0")
    broken = run(sys.executable, "-m", "tests.outside.log", tmp_path / "log", "--policy", network.about["policy"])
    assert (broken.returncode, broken.stderr.split(":")[0]) == (1, "error bad-entry")


def test_a_nodes_own_policy_takes_that_nodes_receipts(network: Network) -> None:
    record, envelope, _, _ = issue(network, random.Random(15), "BW0075001")
    receipt = final(network.request(2, "/v1/records?wait=final", "BW", records.submission(record, envelope)))[
        "receipt"
    ].encode()
    status, printed = network.request(2, "/log/policy")
    assert status == 200
    assert receipts.verify(receipt, policy.parse(printed)).record == record
    assert {str(key) for key in policy.parse(printed).logs} <= {str(key) for key in network.policy.logs}
