"""A log of any size without consensus, served by the real routes and exported by the real client."""

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from quart import Quart

from api.auth import TokenBook
from api.limits import ApiLimits
from api.log import log_routes
from api.problems import Problems
from ledger.checkpoint import Checkpoint
from ledger.log import Log
from ledger.merkle import leaf_hash
from ledger.note import Note, SignatureType, Signer
from ledger.policy import PolicyLog, PolicyWitness, ledger_policy, parse_policy
from ledger.tiles import encode_bundle
from node.client import Client
from node.export import Exported, export_log
from tests.support.http import running

ORIGIN = "kpledger.example/foreign"
NOW = 1_790_000_000_000


def entries(count: int) -> Iterator[bytes]:
    """Of the sizes that records have."""
    for n in range(count):
        yield hashlib.shake_128(b"entry %d" % n).digest(500 + n % 200)


class StaticLog:
    """The parts of a node's port that `/log/...` reads, over this many entries; cosigned by three of four."""

    def __init__(self, size: int) -> None:
        self.stored = list(entries(size))
        values: dict[bytes, bytes] = {}
        self.log = Log(values.get, 0)
        writes = self.log.append([leaf_hash(entry) for entry in self.stored])
        values.update(writes.puts)
        self.log.commit(writes)
        self.signer = Signer.from_seed(ORIGIN, SignatureType.ED25519, b"\x05" * 32)
        witnesses = [
            Signer.from_seed(f"{code}/witness", SignatureType.COSIGNATURE, code.encode() * 16)
            for code in ("BW", "RU", "EU", "AE")
        ]
        known = [PolicyWitness(code, witness.key) for code, witness in zip(("BW", "RU", "EU", "AE"), witnesses, strict=True)]
        self.text = ledger_policy([PolicyLog(self.signer.key)], known, [], 3).format()
        text = Checkpoint(ORIGIN, size, self.log.root).text()
        self.note = (
            Note(text, (self.signer.sign(text), *(witness.sign(text, 1_790_000_000) for witness in witnesses[:3])))
            .encode()
            .decode()
        )
        self.tokens = TokenBook(None)
        self.token = self.tokens.issue("auditor", NOW)
        self.ledger = self

    def quorum_checkpoint(self, size: int | None = None) -> str | None:
        return self.note if size in {None, self.log.size} else None

    def policy(self) -> str:
        return self.text

    def now_ms(self) -> int:
        return NOW

    def tile(self, level: int, n: int, width: int) -> bytes | None:
        return self.log.tile(level, n, width)

    def entries(self, n: int, width: int) -> bytes | None:
        found = self.stored[n * 256 : n * 256 + width]
        return encode_bundle(found) if len(found) == width else None

    @asynccontextmanager
    async def served(self):
        """Its URL while the block lasts."""
        app = Quart("static")
        app.url_map.merge_slashes = False
        Problems("http://node.test").install(app)
        app.register_blueprint(log_routes(self))
        async with running(app, ApiLimits()) as at:
            yield f"http://127.0.0.1:{at}"

    def export(self, directory: Path) -> Exported:
        """As `kpledger log export` does it."""

        async def run() -> Exported:
            async with self.served() as url, Client(url, self.token) as client:
                return await export_log(client, directory, parse_policy(self.text.encode()))

        return asyncio.run(run())
