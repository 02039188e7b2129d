"""C2SP policy files (c2sp.org/tlog-policy): which logs, which witnesses, and what counts as a quorum of them."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from tests.outside.notes import COSIGNER, LOG, Key, parse_key
from tests.outside.wire import CheckFailedError, need

NUMBER = re.compile(r"[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Group:
    """A name for: at least k of these members."""

    k: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs by key, witnesses and groups by the file's own names, and the name a checkpoint must satisfy."""

    logs: tuple[Key, ...]
    witnesses: dict[str, Key]
    groups: dict[str, Group]
    quorum: str

    def met(self, signed: Collection[Key], name: str | None = None) -> bool:
        """Whether these cosigners satisfy the quorum (or the named witness or group)."""
        name = self.quorum if name is None else name
        if name == "none":
            return True
        if name in self.witnesses:
            return self.witnesses[name] in signed
        group = self.groups[name]
        return sum(self.met(signed, member) for member in group.members) >= group.k

    def lines(self) -> Iterator[str]:
        """The policy as a file's lines."""
        yield from (f"log {key}" for key in self.logs)
        yield from (f"witness {name} {key}" for name, key in self.witnesses.items())
        yield from (f"group {name} {group.k} {' '.join(group.members)}" for name, group in self.groups.items())
        yield f"quorum {self.quorum}"

    def __str__(self) -> str:
        return "".join(line + "\n" for line in self.lines())


def parse(data: bytes) -> Policy:
    """Read a policy file; names are opaque bytes, kept apart from text by surrogate escapes."""
    need(all(octet in {9, 10} or 0x20 <= octet <= 0x7E or octet >= 0x80 for octet in data), "bad-policy", "control character")
    need(data.endswith(b"\n"), "bad-policy", "last line has no newline")
    policy = Policy(logs=(), witnesses={}, groups={}, quorum="")
    members: set[str] = set()
    for number, raw in enumerate(data[:-1].split(b"\n"), start=1):
        items = [item.decode("utf-8", "surrogateescape") for item in re.split(rb"[ \t]+", raw.strip(b" \t")) if item]
        if not items or items[0].startswith("#"):
            continue
        try:
            policy = _line(policy, items, members)
        except CheckFailedError as error:
            raise CheckFailedError("bad-policy", f"line {number}: {error}") from error
    need(policy.quorum != "", "bad-policy", "no quorum line")
    return policy


def _line(policy: Policy, items: list[str], members: set[str]) -> Policy:
    logs, witnesses, groups, quorum = policy.logs, dict(policy.witnesses), dict(policy.groups), policy.quorum
    defined = witnesses.keys() | groups.keys()
    match items:
        case ["log", vkey, *url] if len(url) <= 1:
            key = parse_key(vkey)
            need(
                key.kind == LOG and all(key.public != other.public for other in logs),
                "bad-policy",
                "wrong type or duplicate log",
            )
            logs = (*logs, key)
        case ["witness", name, vkey, *url] if len(url) <= 1:
            key = parse_key(vkey)
            fresh = all(key.public != other.public for other in witnesses.values())
            need(key.kind == COSIGNER and fresh, "bad-policy", "wrong type or duplicate witness")
            need(name not in defined and name != "none", "bad-policy", f"name {name} taken")
            witnesses[name] = key
        case ["group", name, k, *names] if names:
            need(name not in defined and name != "none", "bad-policy", f"name {name} taken")
            for member in names:
                need(member in defined and member not in members, "bad-policy", f"member {member} undefined or taken")
                members.add(member)
            size = {"any": 1, "all": len(names)}.get(k) or (int(k) if NUMBER.fullmatch(k) else 0)
            need(1 <= size <= len(names), "bad-policy", f"threshold {k}")
            groups[name] = Group(size, tuple(names))
        case ["quorum", name]:
            need(quorum == "", "bad-policy", "a second quorum line")
            need(name == "none" or name in defined, "bad-policy", f"quorum {name} undefined")
            quorum = name
        case _:
            raise CheckFailedError("bad-policy", f"unknown line {items[0]}")
    return Policy(logs, witnesses, groups, quorum)
