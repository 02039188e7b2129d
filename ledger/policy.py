"""C2SP tlog-policy: whose word makes a checkpoint valid. Reading, writing and applying the policy file.

Rules:
- lines of items between spaces and tabs; lines that are empty or begin with `#` say nothing; every line ends in a newline;
- `log <vkey> [<url>]`, `witness <name> <vkey> [<url>]`, `group <name> all|any|<k> <name>...`, and exactly one
  `quorum <name>|none`; a name is defined once, before it is used, and is a member of one group at most; no key stands twice;
- names are octets: they are read as UTF-8 where they are, and any other octet survives as it is;
- a checkpoint is valid when a listed log named by its origin signed it and the quorum's witnesses cosigned it. A line by any
  listed key that does not verify spoils it.

Reference: c2sp.org/tlog-policy.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.checkpoint import Checkpoint, cosignature_time, parse_checkpoint
from ledger.errors import (
    LogSignatureMissingError,
    MalformedPolicyError,
    OriginMismatchError,
    ProofError,
    QuorumNotMetError,
    UnverifiedNoteError,
)
from ledger.limits import MAX_POLICY_BYTES, MAX_POLICY_NAMES
from ledger.note import SignatureType, VerifierKey, parse_note, parse_vkey, verify_note

NONE = "none"
"""The quorum that asks for no witness; no name of anything else."""

_OCTETS = re.compile(rb"[\x09\x0a\x20-\x7e\x80-\xff]*")
_ITEM = re.compile(r"[^ \t\n]+")
_COUNT = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A log whose checkpoints are accepted: its key is named by the origin."""

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness: the name that groups and quorum know it by, its cosigning key."""

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class PolicyGroup:
    """A group that witnesses what at least `threshold` of its members witness."""

    name: str
    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """A whole policy, checked when built.

    Attributes:
        logs: accepted logs.
        witnesses: known witnesses.
        groups: in the order of definition; members are witnesses or earlier groups.
        quorum: name of a witness or group, or `NONE`.

    Raises:
        MalformedPolicyError: a rule of the format is broken.
    """

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[PolicyGroup, ...]
    quorum: str

    def __post_init__(self) -> None:
        if len(self.logs) + len(self.witnesses) + len(self.groups) > MAX_POLICY_NAMES:
            raise MalformedPolicyError(f"more than {MAX_POLICY_NAMES} logs, witnesses and groups")
        _require_keys([log.key for log in self.logs], SignatureType.ED25519, "log")
        _require_keys([witness.key for witness in self.witnesses], SignatureType.COSIGNATURE, "witness")
        for item in (*(log.url for log in self.logs), *(witness.url for witness in self.witnesses)):
            if item and not _ITEM.fullmatch(item):
                raise MalformedPolicyError("a URL has no spaces")
        defined: dict[str, None] = {}
        grouped: dict[str, None] = {}
        for name in (witness.name for witness in self.witnesses):
            _define(name, defined)
        for group in self.groups:
            for member in group.members:
                if member not in defined or member in grouped:
                    raise MalformedPolicyError(f"{member} is not defined before it is a member, or is one of two groups")
                grouped[member] = None
            if not 1 <= group.threshold <= len(group.members):
                raise MalformedPolicyError(f"group {group.name} asks for {group.threshold} of {len(group.members)}")
            _define(group.name, defined)
        if self.quorum != NONE and self.quorum not in defined:
            raise MalformedPolicyError(f"the quorum {self.quorum} is not defined")

    def is_quorum(self, witnessed: frozenset[str]) -> bool:
        """Whether the witnesses of these names together are enough."""
        holds = {witness.name: witness.name in witnessed for witness in self.witnesses}
        for group in self.groups:
            holds[group.name] = sum(holds[member] for member in group.members) >= group.threshold
        return self.quorum == NONE or holds[self.quorum]

    def format(self) -> str:
        """The policy file's text.

        Raises:
            MalformedPolicyError: larger than a policy may be.
        """
        lines = [" ".join(("log", str(log.key), log.url)).rstrip(" ") for log in self.logs]
        lines += [" ".join(("witness", item.name, str(item.key), item.url)).rstrip(" ") for item in self.witnesses]
        lines += [" ".join(("group", item.name, str(item.threshold), *item.members)) for item in self.groups]
        text = "".join(f"{line}\n" for line in (*lines, f"quorum {self.quorum}"))
        if len(text.encode(errors="surrogateescape")) > MAX_POLICY_BYTES:
            raise MalformedPolicyError(f"a policy of more than {MAX_POLICY_BYTES} bytes")
        return text


@dataclass(frozen=True, slots=True)
class Accepted:
    """A checkpoint that a policy accepts.

    Attributes:
        checkpoint: what it says.
        witnesses: those that cosigned it, in the policy's order.
        newest: the newest time that one of them states, in seconds since 1970 UTC; None without witnesses.
    """

    checkpoint: Checkpoint
    witnesses: tuple[PolicyWitness, ...]
    newest: int | None


def parse_policy(data: bytes) -> Policy:
    """The policy that a file states.

    Raises:
        MalformedPolicyError: a rule of the format is broken; the message names the line where one line breaks it.
    """
    if len(data) > MAX_POLICY_BYTES or _OCTETS.fullmatch(data) is None:
        raise MalformedPolicyError(f"a policy is at most {MAX_POLICY_BYTES} bytes without control characters")
    *lines, rest = data.decode(errors="surrogateescape").split("\n")
    if rest:
        raise MalformedPolicyError("the last line does not end in a newline")
    logs: list[PolicyLog] = []
    witnesses: list[PolicyWitness] = []
    groups: list[PolicyGroup] = []
    quorum: list[str] = []
    names: dict[str, None] = {}
    for number, line in enumerate(lines, 1):
        try:
            match _ITEM.findall(line):
                case []:
                    pass
                case [word, *_] if word.startswith("#"):
                    pass
                case ["log", vkey, *url] if len(url) <= 1:
                    logs.append(PolicyLog(parse_vkey(vkey), "".join(url)))
                case ["witness", name, vkey, *url] if len(url) <= 1:
                    witnesses.append(PolicyWitness(name, parse_vkey(vkey), "".join(url)))
                    _define(name, names)
                case ["group", name, count, *members] if members:
                    # The order of lines matters and the order of the fields does not keep it: checked here.
                    _require_defined(members, names)
                    groups.append(PolicyGroup(name, _threshold(count, len(members)), tuple(members)))
                    _define(name, names)
                case ["quorum", name] if not quorum:
                    _require_defined([name] if name != NONE else [], names)
                    quorum.append(name)
                case _:
                    raise MalformedPolicyError("not a log, witness, group or the one quorum")
        except ProofError as error:
            raise MalformedPolicyError(f"line {number}: {error}") from error
    if not quorum:
        raise MalformedPolicyError("no quorum")
    return Policy(tuple(logs), tuple(witnesses), tuple(groups), quorum[0])


def ledger_policy(
    logs: Sequence[PolicyLog], validators: Sequence[PolicyWitness], others: Sequence[PolicyWitness], quorum: int
) -> Policy:
    """A ledger's policy: log keys of the nodes whose receipts are to verify, every node a witness, a quorum of the validators.

    Raises:
        MalformedPolicyError: names or keys that a policy cannot hold, or not `1 <= quorum <= len(validators)`.
    """
    group = PolicyGroup("validators", quorum, tuple(witness.name for witness in validators))
    return Policy(tuple(logs), (*validators, *others), (group,), group.name)


def accept(policy: Policy, data: bytes) -> Accepted:
    """The checkpoint note that `data` encodes, if the policy accepts it.

    Raises:
        MalformedNoteError, MalformedCheckpointError: not of the form.
        OriginMismatchError: the policy knows no log of this origin.
        AmbiguousKeyError: two keys of the policy share name and key id.
        BadSignatureError: a line by a key of the policy does not verify.
        LogSignatureMissingError: no signature by the log.
        QuorumNotMetError: the witnesses that cosigned are too few.
    """
    note = parse_note(data)
    checkpoint = parse_checkpoint(note.text)
    logs = [log.key for log in policy.logs if log.key.name == checkpoint.origin]
    if not logs:
        raise OriginMismatchError(f"the policy knows no log {checkpoint.origin}")
    keys = [*(log.key for log in policy.logs), *(witness.key for witness in policy.witnesses)]
    try:
        verified = verify_note(note, keys)
    except UnverifiedNoteError as error:
        raise LogSignatureMissingError(f"no signature by the log {checkpoint.origin}") from error
    if not any(key in logs for key, _ in verified):
        raise LogSignatureMissingError(f"no signature by the log {checkpoint.origin}")
    times = [cosignature_time(signature) for key, signature in verified if key.kind is SignatureType.COSIGNATURE]
    signers = [key for key, _ in verified]
    witnesses = tuple(witness for witness in policy.witnesses if witness.key in signers)
    if not policy.is_quorum(frozenset(witness.name for witness in witnesses)):
        names = ", ".join(witness.key.name for witness in witnesses) or "nobody"
        raise QuorumNotMetError(f"cosigned by {names}, which is no quorum of {policy.quorum}")
    return Accepted(checkpoint, witnesses, max(times, default=None))


def _define(name: str, names: dict[str, None]) -> None:
    if name == NONE or name in names or not _ITEM.fullmatch(name):
        raise MalformedPolicyError(f"{name} cannot be defined, or is defined already")
    names[name] = None


def _require_defined(wanted: Sequence[str], names: dict[str, None]) -> None:
    for name in wanted:
        if name not in names:
            raise MalformedPolicyError(f"{name} is not defined before it is used")


def _threshold(count: str, members: int) -> int:
    if count in {"all", "any"}:
        return members if count == "all" else 1
    if _COUNT.fullmatch(count) is None:
        raise MalformedPolicyError("a group asks for all, any, or a number of its members")
    return int(count)


def _require_keys(keys: Sequence[VerifierKey], kind: SignatureType, what: str) -> None:
    seen: dict[bytes, None] = {}
    for key in keys:
        if key.kind is not kind:
            raise MalformedPolicyError(f"the key of {what} {key.name} is of signature type {key.kind:#04x}")
        if key.public in seen:
            raise MalformedPolicyError(f"the key of {what} {key.name} stands twice")
        seen[key.public] = None
