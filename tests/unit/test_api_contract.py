"""The OpenAPI document is true: schemathesis, with all of its checks, over a real ledger behind a real socket.

It sends what the document allows and what it forbids, to every operation, and holds status, media type, headers and body of each
answer against what is promised. The test gives it values that exist, so that it gets behind the 404s.
"""

import asyncio
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.request import urlopen

import uvloop

from api.app import create_app
from api.demo.burst import burst
from api.limits import ApiLimits
from api.schemas.base import Answer
from tests.simulation.disk import MemoryDisk
from tests.support.http import running
from tests.support.port import NOW, local_port
from tests.support.week import trade
from tests.support.witnesses import OtherLog, witness_of

LIMITS = ApiLimits(
    loopback_per_s=1e6,
    stream_s=0.05,
    heartbeat_s=0.02,
    final_wait_s=0.2,
    body_s=2.0,
    streams_per_key=64,
    exports=64,
    exports_per_key=64,
)


@contextmanager
def node(tmp_path, spoil=None):
    """A node with a week of trade in a thread of its own; gives URL, auditor's token, port and the log that it is a witness of."""
    ready, stopped = threading.Event(), threading.Event()
    found = {}

    async def serve():
        with local_port(tmp_path / "node", limits=LIMITS) as port:
            await trade(port)
            other = OtherLog(entries=[b"one", b"two", b"three"])
            port.witness, cosigner = witness_of(port.ledger, port.network.keys["BW"], MemoryDisk(Random(1)), [other.policy_log])
            signing = asyncio.ensure_future(cosigner.run())
            app = create_app(port)
            if spoil is not None:
                spoil(app)
            found.update(token=port.tokens.issue("auditor", NOW), port=port, other=other)
            async with running(app, port.limits) as number:
                found["url"] = f"http://127.0.0.1:{number}"
                ready.set()
                while not stopped.is_set():
                    await asyncio.sleep(0.05)
            signing.cancel()
            cosigner.close()

    (tmp_path / "node").mkdir()
    thread = threading.Thread(target=lambda: uvloop.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield found
    finally:
        stopped.set()
        thread.join(30)


def configuration(found) -> str:
    """Values that exist, by operation and parameter."""
    ledger = found["port"].ledger
    first, issue = ledger.history(0, 1)[0], "BW0000001"
    values = {
        "path.id": first.record.id.hex(), "path.number": issue, "path.code": "BW", "path.holder": "BW",
        "path.quarter": "2026Q3", "path.size": str(ledger.head.tree_size), "path.height": "1",
        "path.origin_hash": hashlib.sha256(found["other"].origin.encode()).hexdigest(),
    }  # fmt: skip
    paths = {
        "GET /log/tile/{path}": {"path.path": "0/000.p/1"},
        "GET /log/tile/entries/{path}": {"path.path": "000.p/1"},
    }
    lines = ["[parameters]", *(f"{json.dumps(name)} = {json.dumps(value)}" for name, value in values.items())]
    for name, parameters in paths.items():
        lines += ["[[operations]]", f"include-name = {json.dumps(name)}"]
        lines.append(f"parameters = {{ {', '.join(f'{json.dumps(k)} = {json.dumps(v)}' for k, v in parameters.items())} }}")
    return "\n".join(lines) + "\n"


def run(tmp_path, found, *options):
    """One run; the process and how many operations the document has."""
    bodies = tmp_path / "bodies"
    bodies.mkdir()
    port, other = found["port"], found["other"]
    for at, raw in enumerate(burst(port.network.genesis, port.network.keys, NOW, 40)):
        (bodies / f"{at:02}.msgpack").write_bytes(raw)
    for old in (0, 3):
        (bodies / f"{old}.txt").write_bytes(other.request(old).encode())
    (tmp_path / "schemathesis.toml").write_text(configuration(found))
    with urlopen(f"{found['url']}/v1/openapi.json") as answer:
        document = answer.read()
    file = tmp_path / "openapi.json"  # from its own address schemathesis would leave the document's out
    file.write_bytes(document)
    command = [
        str(Path(sys.executable).with_name("st")), "--config-file", str(tmp_path / "schemathesis.toml"), "--no-color", "run",
        str(file), "--url", found["url"], "--checks", "all", "--seed", "1", "--continue-on-failure", "--no-shrink",
        "-H", f"Authorization: Bearer {found['token']}", "--workers", "1", "--suppress-health-check", "all", *options,
    ]  # fmt: skip
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.support.generated", "KPLEDGER_BODIES": str(bodies)}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(command, check=False, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=280)
    return done, sum(len(methods) for methods in json.loads(document)["paths"].values())


def test_every_operation_answers_as_the_document_says(tmp_path):
    with node(tmp_path) as found:
        done, operations = run(tmp_path, found, "--max-examples", "10")
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-2_000:]
    tested, cases = re.search(r"Tested: (\d+)", done.stdout), re.search(r"([\d,]+) generated", done.stdout)
    assert tested, done.stdout[-3_000:]
    assert cases, done.stdout[-3_000:]
    assert int(tested[1]) == operations, done.stdout[-3_000:]
    assert int(cases[1].replace(",", "")) > 15 * operations


def test_an_answer_that_the_document_does_not_promise_is_noticed(tmp_path):
    def spoil(app):
        async def network():
            return {"read_at_height": "many"}

        network.__dict__.update(app.view_functions["network.network"].__dict__)
        app.view_functions["network.network"] = network

    with node(tmp_path, spoil) as found:
        done, _ = run(tmp_path, found, "--max-examples", "3", "--include-name", "GET /v1/network", "--phases", "fuzzing")
    assert done.returncode == 1, done.stdout[-3_000:] + done.stderr[-3_000:]
    assert "ST1" in done.stdout


def test_a_name_stands_for_one_model():
    """The document has each model once, under its name: of two with the same one the later would stand for both."""
    seen: dict[str, str] = {}
    waiting = [Answer]
    while waiting:
        model = waiting.pop()
        assert seen.setdefault(model.__name__, model.__module__) == model.__module__, model.__name__
        waiting += model.__subclasses__()
    assert len(seen) > 100
