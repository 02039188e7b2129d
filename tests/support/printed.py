"""A certificate as an office makes and prints it: real commands against a node's interface."""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from node.keys import write_secret


def day(ahead: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(days=ahead)).date().isoformat()


def draft(number="BW0012345", destination="AE", lines=2, exporter="Côte & Сыновья Mining", **changes) -> dict:
    """A draft as an officer writes it."""
    made = [
        {"hs": ("710231", "710221", "710210")[n % 3], "origin": ["BW"], "carats": f"12{n}.50", "value": f"24{n}100.25"}
        for n in range(lines)
    ]
    party = {"address": "1 Main Mall, Gaborone", "licence": "L-77"}
    fields = {
        "number": number,
        "type": "export",
        "issued": day(),
        "validated": day(),
        "expires": day(50),
        "destination": destination,
        "parcels": 3,
        "lines": made,
        "sources": [],
        "sealed": {"exporter": party | {"name": exporter}, "importer": party | {"name": "Almas Trading"}, "invoice": "INV-1"},
    }
    return fields | changes


class PrintingOffice:
    """An office's folder, with the keys of a test network: `run` is `kpledger`, whose exit code must be `code`."""

    def __init__(self, folder: Path, port, url: str) -> None:
        self.folder, self.url, self.port = folder, url, port
        self.genesis, self.keys = folder / "genesis.json", folder / "keys"
        self.genesis.write_bytes(port.network.genesis_json)
        for code in ("BW", "AE"):
            (self.keys / code).mkdir(parents=True)
            for name, secret in port.network.keys[code].items():
                write_secret(self.keys / code / name, secret, None)
        self.seconds = 0.0

    async def run(self, *words, code=0, given=None) -> str:
        began = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "node.cli", *map(str, words), cwd=self.folder, stdin=-1, stdout=-1, stderr=-1
        )
        out, err = (data.decode() for data in await process.communicate(None if given is None else given.encode()))
        self.seconds = time.monotonic() - began
        assert process.returncode == code, (words, out, err)
        assert "Traceback" not in out + err
        return out + err

    async def issue(self, **fields) -> str:
        content = draft(**fields)
        (self.folder / "draft.json").write_text(json.dumps(content))
        signing = ("--keys", self.keys / "BW", "--genesis", self.genesis)
        await self.run("certificate", "issue", self.folder / "draft.json", *signing, "--url", self.url, "--out", self.folder)
        (self.folder / "policy").write_text(self.port.policy())
        return content["number"]

    async def print(self, number: str, *words, code=0) -> str:
        where = ("--out", self.folder / "out.pdf", "--genesis", self.genesis, "--folder", self.folder)
        return await self.run("certificate", "print", number, *where, "--url", "https://ledger.example", *words, code=code)
