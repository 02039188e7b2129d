"""`genesis.json`: the one file that makes a ledger, parsed strictly (2-records.md, Genesis; 10-formats.md, `ledger_id`).

Rules:
1. `ledger_id` = SHA-256 of the canonical MessagePack of the file's content: white space and the order of keys do not matter,
   every value does.
2. Nothing may be missing, unknown or twice: fields, participants, countries, authorities, epochs, nodes, addresses, keys. One
   key serves one purpose on the whole ledger, or a leak of one would be a leak of two.
3. Every Ed25519 key is a canonical point of prime order (libsodium's `is_valid_point`); every X25519 key is the image of one.
4. Dates are days of the calendar, spans are not empty, a key's validity may begin before its participant's.
Every fault is a `Refusal` BAD_GENESIS with the field. `make_genesis` writes what `Genesis.from_json` reads.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from ledger import codec
from ledger.errors import Code
from ledger.limits import MAX_GENESIS_BYTES, MAX_INSTANT_MS, MAX_PARTICIPANTS
from ledger.parameters import PARAMETERS
from ledger.participants import SECRETARIAT, KeyUse, Node, Participant, RoleKey, SealKey, Secretariat
from ledger.participants_reader import RegisterReader
from ledger.strict_json import Cursor, Json, load

PROTOCOL = 1
"""The protocol version this program speaks."""

_NETWORK = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ORIGIN = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*(/[a-z0-9]+([._-][a-z0-9]+)*)+")


def quorum(n: int) -> int:
    """Votes out of n that decide: (n+f)//2 + 1, f = (n-1)//3 (4-consensus.md)."""
    return (n + (n - 1) // 3) // 2 + 1


@dataclass(frozen=True, slots=True)
class Genesis:
    """A checked genesis.

    Attributes:
        network: `dev` for test networks; shown to people and read by what only test networks may do.
        origin: the log's name (5-log.md).
        time: instant of height 0, milliseconds.
        parameters: every known parameter, defaults filled in.
        participants: by code, in the file's order.
        nodes: in the file's order.
        chair: code of the KP Chair.
        ledger_id: 32 bytes.
        validators: consensus keys of the voting nodes, in the file's order (derived).
        countries: the participant that stands for each country (derived).
        keys: the purpose of every key and certificate that it names (derived).
    """

    network: str
    origin: str
    time: int
    protocol: int
    parameters: Mapping[str, int]
    participants: Mapping[str, Participant]
    nodes: tuple[Node, ...]
    secretariat: Secretariat
    chair: str
    ledger_id: bytes
    validators: tuple[bytes, ...] = field(init=False)
    countries: Mapping[str, str] = field(init=False, repr=False)
    keys: Mapping[bytes, KeyUse] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "validators", tuple(node.consensus for node in self.nodes if node.validator))
        countries = {country: entry.code for entry in self.participants.values() for country in entry.countries}
        object.__setattr__(self, "countries", MappingProxyType(countries))
        object.__setattr__(self, "keys", MappingProxyType(dict(_uses(self.participants, self.nodes, self.secretariat))))

    @property
    def quorum(self) -> int:
        """Votes that decide, of the first validators."""
        return quorum(len(self.validators))

    def node(self, participant: str) -> Node | None:
        """The participant's node, None when it has none."""
        return next((node for node in self.nodes if node.participant == participant), None)

    @staticmethod
    def from_json(data: bytes) -> "Genesis":
        """Parse and check; raises Refusal BAD_GENESIS with the field."""
        return _read(load(data, Code.BAD_GENESIS, MAX_GENESIS_BYTES))


def _read(root: Cursor) -> Genesis:
    parameters = _parameters(root.member("parameters"))
    reader = RegisterReader()
    participants: dict[str, Participant] = {}
    for item in root.member("participants").items(1, MAX_PARTICIPANTS):
        entry = reader.participant(item)
        if entry.code in participants:
            item.member("code").refuse("stands twice")
        participants[entry.code] = entry
    genesis = Genesis(
        network=root.member("network").text(1, 32, _NETWORK),
        origin=root.member("origin").text(3, 100, _ORIGIN),
        time=root.member("time").integer(1, MAX_INSTANT_MS),
        protocol=root.member("protocol").integer(PROTOCOL, PROTOCOL),
        parameters=parameters,
        participants=MappingProxyType(participants),
        nodes=reader.nodes(root.member("nodes"), participants),
        secretariat=reader.secretariat(root.member("secretariat")),
        chair=root.member("chair").one_of(participants.__contains__, "is no participant"),
        ledger_id=hashlib.sha256(codec.encode(root.value)).digest(),
    )
    root.close()
    return genesis


def _uses(
    participants: Mapping[str, Participant], nodes: Sequence[Node], secretariat: Secretariat
) -> Iterator[tuple[bytes, KeyUse]]:
    holders: list[tuple[str, Participant | Secretariat]] = [*participants.items(), (SECRETARIAT, secretariat)]
    for code, holder in holders:
        yield holder.root, KeyUse(code, "root")
        for key in holder.keys:
            yield key, KeyUse(code, "role")
        for seal in holder.seals:
            yield seal.key, KeyUse(code, "seal")
    for node in nodes:
        for purpose, key in node.purposes():
            yield key, KeyUse(node.participant, purpose)


def _parameters(given: Cursor) -> Mapping[str, int]:
    found = {name: parameter.default for name, parameter in PARAMETERS.items()}
    for name, value in given.members():
        if name not in PARAMETERS:
            value.refuse("unknown parameter")
        found[name] = value.integer(PARAMETERS[name].least, PARAMETERS[name].most)
    return MappingProxyType(found)


def make_genesis(
    *,
    network: str,
    origin: str,
    time: int,
    parameters: Mapping[str, int],
    participants: Sequence[Participant],
    nodes: Sequence[Node],
    secretariat: Secretariat,
    chair: str,
) -> bytes:
    """The text of `genesis.json` for these parts, checked by reading it back; raises Refusal BAD_GENESIS with the field."""
    content: Json = {
        "network": network,
        "origin": origin,
        "time": time,
        "protocol": PROTOCOL,
        "parameters": dict(parameters),
        "participants": [_participant_json(entry) for entry in participants],
        "nodes": [_node_json(node) for node in nodes],
        "secretariat": {
            "root": secretariat.root.hex(),
            "keys": [_key_json(entry) for entry in secretariat.entries],
            "seals": [_seal_json(seal) for seal in secretariat.seals],
        },
        "chair": chair,
    }
    text = json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"
    Genesis.from_json(text)
    return text


def _participant_json(entry: Participant) -> Json:
    content: dict[str, Json] = {
        "code": entry.code,
        "name": entry.name,
        "countries": list(entry.countries),
        "root": entry.root.hex(),
        "issues_from": entry.issues_from,
        "confirms_from": entry.confirms_from,
        "from": entry.since,
        "until": entry.until,
        "suspended": [{"from": span.since, "until": span.until, "zone": span.zone} for span in entry.suspensions],
        "compliant_zones": [span.zone for span in entry.compliant_zones],
        "validity_days": entry.validity_days,
        "authorities": [{"name": office.name, "keys": [_key_json(key) for key in office.keys]} for office in entry.authorities],
        "seals": [_seal_json(seal) for seal in entry.seals],
        "ranges": [{"year": span.year, "first": span.first, "last": span.last} for span in entry.ranges],
    }
    return content if entry.counted else content | {"counted": False}


def _key_json(entry: RoleKey) -> Json:
    return {"key": entry.key.hex(), "roles": list(entry.roles), "from": entry.since, "until": entry.until}


def _seal_json(seal: SealKey) -> Json:
    return {"epoch": seal.epoch, "key": seal.key.hex()}


def _node_json(node: Node) -> Json:
    return {
        "participant": node.participant,
        "address": node.address,
        "consensus": node.consensus.hex(),
        "log": node.log.hex(),
        "cosign": node.cosign.hex(),
        "tls": node.tls.hex(),
        "validator": node.validator,
    }
