"""Sealed parts: sealed show, share, fault, disclose; sealed check, offline."""

import asyncio
import secrets
import time
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from cyclopts import Parameter

from ledger.bodies import SEALED_FAULT, SEALED_SHARE, FaultBody
from ledger.disclosure import check_disclosure, disclosure_to_json
from ledger.envelope import NAMES
from ledger.errors import Refusal
from ledger.participants import SECRETARIAT, Role
from ledger.register import Register
from ledger.units import Ms, carats, value
from node.cli.chains import plain
from node.cli.options import (
    GenesisOption,
    JsonOption,
    KeysOption,
    OutOption,
    PolicyOption,
    TokenOption,
    UrlOption,
    read_file,
    read_genesis,
    read_policy,
)
from node.cli.output import console, explain, print_fields, print_json, print_table, say
from node.cli.submit import submit, tell
from node.client import Client
from node.directory import fetch_register
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.office import SUBMISSION, Office
from node.office_keys import sealing_keys
from node.sealed import Reader, SealedPart, Side, disclose_part, fetch_part, garbage, lines_of, opened, share_part

What = Annotated[str, Parameter(help="A certificate's number, or the id of any record with a sealed part.")]
SideOption = Annotated[Side, Parameter(name="--side", help="Of a certificate: what its issuer states, or its outcome.")]
_READING = (Role.AUDIT, Role.CONFIRM, Role.ISSUE, Role.REPORT)


def show(
    what: What,
    /,
    *,
    side: SideOption = "issue",
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    json: JsonOption = False,
) -> None:
    """Open a sealed part with the office's own key (seal) and check it against its record. It leaves this machine nowhere."""
    office = _reading_office(keys, genesis, url)
    reader = _reader(office, keys)
    part = _fetch(url, token, reader, what, side)
    fields = opened(reader, part).fields
    try:
        lines = [[hs, carats(points), value(cents)] for hs, points, cents in lines_of(fields, part)]
    except Refusal as refusal:
        raise FatalError(
            f"The sealed values of {part.body.number} are not those of its record: {explain(refusal.problem())}.",
            "Whoever sealed it has committed to other values than it shows.",
            f"Say so: {command('sealed', 'fault', part.record.id.hex())}",
            Exit.BAD_DATA,
        ) from refusal
    shown = {name: _json(fields[name]) for name in NAMES if name in fields and name != "values"}
    if json:
        names = ("hs", "carats", "value")
        print_json({"id": part.record.id.hex(), **shown, "lines": [dict(zip(names, line, strict=True)) for line in lines]})
        return
    print_fields({"record": part.record.id.hex(), "kind": part.record.kind} | {name: _text(one) for name, one in shown.items()})
    print_table(["HS", "carats", "US$"], lines, right=(1, 2))


def share(
    what: What,
    to: Annotated[str, Parameter(help="Who is to read it, too: a participant's code, or `secretariat`.")],
    /,
    *,
    side: SideOption = "issue",
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """Give another reader the key to a sealed part: all see that, none what is in it. Key of role audit. Safe to run again."""
    office = Office.open(read_genesis(genesis), keys, Role.AUDIT, url)
    reader = _reader(office, keys)
    part = _fetch(url, token, reader, what, side)
    register = asyncio.run(_register(url, office, to))
    now = Ms(time.time_ns() // 1_000_000)
    holder = register.holder(to)
    epoch = register.epochs(to, now)[0]
    public = None if holder is None else holder.seal(epoch)
    if public is None:
        raise FatalError(
            f"{to} has no sealing key in force.",
            "Nothing can be sealed to it.",
            f"{to} registers one first (a key.add with the role seal): kpledger key add --help",
            Exit.REFUSED,
        )
    name = f"share-{part.body.rid.hex()}-{to}-{epoch}"
    kept = out / f"{name}{SUBMISSION}"
    submission = kept.read_bytes() if kept.exists() else None
    if submission is None:
        body = share_part(reader, part, to, epoch, public, secrets.token_bytes)
        submission = office.state(SEALED_SHARE, body, out, name)
    fields = {"number": part.body.number, "record": part.record.id.hex(), "reader": to, "epoch": epoch}
    taken = submit(url, submission, out, name)
    tell(f"{to} can read the sealed part of {part.body.number}", fields, taken, out, name, json=json)


def fault(
    what: What,
    /,
    *,
    side: SideOption = "issue",
    content: Annotated[
        bool, Parameter(name="--content", negative="", help="It opens and its values match, yet it says nothing of this trade.")
    ] = False,
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
    json: JsonOption = False,
) -> None:
    """State that a sealed part is garbage: it is opened first, and what is wrong is found out. Key of role audit."""
    office = Office.open(read_genesis(genesis), keys, Role.AUDIT, url)
    reader = _reader(office, keys)

    async def judge() -> tuple[SealedPart, str | None]:
        async with Client(url, token) as client:
            part = await fetch_part(client, reader, what, side)
            return part, await garbage(client, reader, part)

    part, found = asyncio.run(judge())
    if found is None and not content:
        raise FatalError(
            f"The sealed part of {part.body.number} opens, and its values are those that its record commits to.",
            "There is nothing to complain about; nothing was sent.",
            f"Read it: {command('sealed', 'show', what)}; if what it says is none of this trade, give --content.",
            Exit.REFUSED,
        )
    stated = cast("Literal['unreadable', 'values', 'content']", found or "content")
    name = f"fault-{part.body.rid.hex()}"
    body = FaultBody(fault=stated, rid=part.body.rid)
    taken = submit(url, office.state(SEALED_FAULT, body, out, name), out, name)
    fields = {"number": part.body.number, "record": part.record.id.hex(), "fault": stated}
    tell(f"the complaint about {part.body.number} is on the ledger", fields, taken, out, name, json=json)


def disclose(
    what: What,
    field: Annotated[
        Literal["exporter", "importer", "invoice", "remarks", "route", "seals", "values"],
        Parameter(help="What is handed over; all else stays sealed."),
    ],
    /,
    *,
    side: SideOption = "issue",
    keys: KeysOption,
    genesis: GenesisOption,
    token: TokenOption = "",
    url: UrlOption = "http://127.0.0.1:8600",
    out: OutOption = Path(),
) -> None:
    """Write one field with its proof to a file, for somebody who may read nothing else (a court). Sends nothing.

    Whoever gets the file checks it without a node: kpledger sealed check FILE --policy POLICY
    """
    office = _reading_office(keys, genesis, url)
    reader = _reader(office, keys)

    async def run() -> tuple[SealedPart, bytes]:
        async with Client(url, token) as client:
            part = await fetch_part(client, reader, what, side)
            disclosure = disclose_part(reader, part, field)
            receipt = await client.get_bytes(f"/v1/records/{part.record.id.hex()}/receipt")
            return part, disclosure_to_json(receipt.decode(), part.envelope, disclosure)

    part, data = asyncio.run(run())
    out.mkdir(parents=True, exist_ok=True)
    file = out / f"{part.body.number}.{part.record.id.hex()[:16]}.{field}.json"
    write_atomic(file, data, 0o600)
    say(f"{field} of {part.body.number}: {file}")
    say(f"whoever gets it checks it: {command('sealed', 'check', file, '--policy', 'POLICY')}")


def check(
    file: Annotated[Path, Parameter(help="What `sealed disclose` wrote.")],
    /,
    *,
    policy: PolicyOption,
    json: JsonOption = False,
) -> None:
    """Check a disclosed field with the policy file alone: sealed with this record, which is in the log. Exit code 65 if not."""
    try:
        found = check_disclosure(read_file(file), read_policy(policy))
    except Refusal as refusal:
        raise FatalError(
            f"{file} proves nothing: {explain(refusal.problem())}.",
            "The field is not what was sealed with that record.",
            "Ask who gave you the file for another one.",
            Exit.BAD_DATA,
        ) from refusal
    record = found.record
    fields: dict[str, Any] = {"id": record.id.hex(), "kind": record.kind, "author": record.author, "name": found.name}
    shown = [value(cents) for cents, _ in found.value] if found.name == "values" else _json(found.value)
    if json:
        print_json({"valid": True, **fields, "value": shown})
        return
    console.print("[bold green]valid[/bold green]: this was sealed with the record, which is in the ledger's log")
    print_fields({**fields, "value": _text(shown)})


def _reading_office(keys: Path, genesis: Path, url: str) -> Office:
    """Whose folder it is: by any of its signing keys."""
    role = next((role for role in _READING if (keys / role).exists()), Role.AUDIT)
    return Office.open(read_genesis(genesis), keys, role, url)


def _reader(office: Office, keys: Path) -> Reader:
    return Reader(office.genesis.ledger_id, office.author, sealing_keys(keys))


def _fetch(url: str, token: str, reader: Reader, what: str, side: Side) -> SealedPart:
    async def run() -> SealedPart:
        async with Client(url, token) as client:
            return await fetch_part(client, reader, what, side)

    return asyncio.run(run())


async def _register(url: str, office: Office, to: str) -> Register:
    async with Client(url) as client:
        return await fetch_register(client, office.genesis, (to, SECRETARIAT))


def _text(content: Any) -> str:
    """A sealed field for people; what a terminal would obey is taken out."""
    match content:
        case dict():
            parts = sorted(content.items(), key=lambda part: part[0] != "name")
            text = ", ".join(str(part) for _, part in parts if part)
        case list():
            text = ", ".join(map(str, content))
        case _:
            text = str(content)
    return plain(text)


def _json(content: Any) -> Any:
    """A sealed field as JSON has it, whatever was sealed."""
    match content:
        case bytes():
            return content.hex()
        case dict():
            return {name: _json(part) for name, part in content.items()}
        case list():
            return [_json(part) for part in content]
        case _:
            return content
