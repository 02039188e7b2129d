"""Replays tests/data/golden: blocks of a small ledger, and what they led to when they were first applied.

`replay` reads the file, holds every record's signature, applies block after block and says after each height what there is:

| member | what |
|---|---|
| state, root, size | state digest, root and size of the log |
| findings | SHA-256 over all findings of the rules that the file names, in the order of their names |
| judgements | of each record its leaf, or the code and field of its refusal |

A rule that came later finds more without being another answer: so findings count whose rule the file names, and the serial, which
numbers all findings there are, does not. `python -m tests.support.golden FILE` prints the replay as JSON, for comparison with
what another process, machine or version makes of the same blocks.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from ledger import entries
from ledger.findings import RULES
from ledger.genesis import Genesis
from ledger.record import Submission, parse_record, verify_records
from ledger.state import Applied, Block, Ledger
from ledger.store import Store
from tests.support.world import equivocation

FOLDER = Path(__file__).resolve().parents[1] / "data" / "golden"
FILES = sorted(FOLDER.glob("*.json"))


def load(file: Path) -> dict:
    """The content of a golden file."""
    return json.loads(file.read_text(encoding="utf-8"))


def replay(golden: dict) -> list[dict]:
    """What every block of the file leads to now."""
    unknown = {
        rule: version for rule, version in golden["rules"].items() if rule not in RULES or RULES[rule].version != version
    }
    assert not unknown, f"these rules are gone, or find something else: {unknown}"
    with TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "db")
        try:
            ledger = Ledger.open(store, Genesis.from_json(json.dumps(golden["genesis"]).encode()), equivocation)
            return [_apply(ledger, block, golden["rules"]) for block in golden["blocks"]]
        finally:
            store.close()


def _apply(ledger: Ledger, block: dict, rules: dict[str, int]) -> dict:
    records = [parse_record(base64.b64decode(raw)) for raw in block["records"]]
    assert not any(verify_records(ledger.ledger_id, records)), f"a record of block {block['height']} is not signed soundly"
    ledger.keep_bodies([Submission(record) for record in records])
    digest, after = bytes.fromhex(block["digest"]), bytes.fromhex(block["next"])
    applied = ledger.apply(Block(block["height"], block["time"], digest, records, block["epoch"], after))
    return outcome(ledger, applied, rules)


def outcome(ledger: Ledger, applied: Applied, rules: dict[str, int]) -> dict:
    """What there is after a block."""
    head = applied.head
    return {
        "height": head.height,
        "state": head.state.hex(),
        "root": head.root.hex(),
        "size": head.tree_size,
        "findings": findings_digest(ledger, rules),
        "judgements": [
            judgement.index if judgement.refusal is None else f"{judgement.refusal.code} {judgement.refusal.field}".strip()
            for judgement in applied.judgements
        ],
    }


def findings_digest(ledger: Ledger, rules: dict[str, int]) -> str:
    """One digest of all findings of these rules as they stand."""
    digest = hashlib.sha256()
    for rule in sorted(rules):
        found, cursor = [], None
        while True:
            page = ledger.findings(cursor, rule=rule)
            found += page.rows
            if page.cursor is None:
                break
            cursor = page.cursor
        for finding in sorted(found, key=lambda finding: finding.name):
            digest.update(entries.encode(replace(finding, serial=0)))
    return digest.hexdigest()


if __name__ == "__main__":
    json.dump(replay(load(Path(sys.argv[1]))), sys.stdout)
