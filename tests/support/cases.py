"""Reads tests/data/refusals/*.json: each case changes one thing in a record that is accepted as it stands, and says what
follows.

`change` names fields as the API shows them (`carats`, `sources[1].carats`); a value `rid of NUMBER` or `id of NUMBER` stands
for that of a record of the story (rows of `cells` and `protection` are named by their fields, though they are arrays); `key of BW/log`, `certificate of BW` and `pending` for what `tests.support.world` and the
network have by that name. Beside the body's fields: `author`, `key` (whose key signs, like `RU/issue`), `at_ms` (the author's instant relative to
the block's) and `block_ms` (the block's time, counted from noon of 1 March 2026). `refused` is the whole problem; `*` stands
for any value.
"""

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from ledger.bodies import Body
from ledger.record import Record
from ledger.units import parse_carats, parse_value
from tests.support.story import Records
from tests.support.world import START, World, certificate, public

FOLDER = Path(__file__).resolve().parents[1] / "data" / "refusals"
_STEP = re.compile(r"([a-z_]+)(?:\[([0-9]+)\])?")
_ROWS = {
    "cells": ("partner", "hs", "points", "cents", "blinding"),
    "protection": ("hs", "traders", "points", "cents"),
    "annual": ("of", "traders", "points", "cents"),
}
"""Fields of what stands as an array in the bytes."""
_IDS = {"last", "filed", "inquiry", "digest", "blinding", "wrap"}
_BYTES = {"consensus", "cosign", "log", "tls", "validators", "first", "second"}
_OUTSIDE_BODY = {"author", "key", "at_ms", "block_ms"}


def load(name: str) -> dict[str, Any]:
    """One file of cases."""
    return json.loads((FOLDER / name).read_bytes())


def changed(body: Body, change: dict[str, Any], world: World, records: Records) -> Body:
    """The body with these fields changed."""
    value = msgspec.to_builtins(body, builtin_types=(bytes,))
    for path, new in change.items():
        if path not in _OUTSIDE_BODY:
            _put(value, path, _value(path, new, world, records))
    return msgspec.convert(value, type(body))


def _value(path: str, new: Any, world: World, records: Records) -> Any:
    if path.endswith("carats"):
        return parse_carats(new)
    if path.endswith("value") and isinstance(new, str):
        return parse_value(new)
    if path.rpartition(".")[2] in _IDS and isinstance(new, str):
        return records[new.removeprefix("id of ")].id if new.startswith("id of ") else bytes.fromhex(new)
    if path in _ROWS:
        return [_row(path, row, world, records) for row in new]
    if isinstance(new, list):
        return [_value("", entry, world, records) for entry in new]
    if isinstance(new, dict):
        inner = {_name(name): _value(name, entry, world, records) for name, entry in new.items()}
        return inner | ({} if "number" in inner else {"commitment": world.commitment()})
    if isinstance(new, str) and new.startswith("key of "):
        return public(new.removeprefix("key of "))
    if isinstance(new, str) and new.startswith("certificate of "):
        return certificate(new.removeprefix("certificate of "))
    if path in _BYTES and isinstance(new, str):
        return world.ledger.network.pending if new == "pending" else bytes.fromhex(new)
    if path in {"rid", "answers", "receipt_code"} and isinstance(new, str):
        if new.startswith("rid of "):
            return records[new.removeprefix("rid of ")].body.rid
        return records[new.removeprefix("id of ")].id if new.startswith("id of ") else bytes.fromhex(new)
    return new


def _row(path: str, row: dict[str, Any], world: World, records: Records) -> list[Any]:
    given = {_name(name): _value(name, entry, world, records) for name, entry in row.items()}
    return [given[name] for name in _ROWS[path]]


def _put(value: Any, path: str, new: Any) -> None:
    steps = [match.groups() for match in map(_STEP.fullmatch, path.split("."))]
    for name, place in steps[:-1]:
        value = value[_name(name)][int(place)]
    name, place = steps[-1]
    if isinstance(value, list):
        value[_ROWS[steps[0][0]].index(_name(name))] = new
    elif place is None:
        value[_name(name)] = new
    else:
        value[_name(name)][int(place)] = new


def _name(name: str) -> str:
    return {"carats": "points", "value": "cents"}.get(name, name)


def signed(world: World, record: Record, change: dict[str, Any], records: Records) -> Record:
    """The record of a case; sets the world's clock where `block_ms` says so."""
    world.now = START + change["block_ms"] if "block_ms" in change else world.now
    author = change.get("author", record.author)
    body = changed(record.body, change, world, records)
    return world.sign(record.kind, body, author, change.get("key", ""), world.now + change.get("at_ms", 0))


def matches(problem: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Whether a refusal is the one that a case expects, every figure included."""
    return problem.keys() == expected.keys() and all(wanted in ("*", problem[name]) for name, wanted in expected.items())
