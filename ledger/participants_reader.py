"""The participants, nodes and secretariat of a genesis, read strictly out of its JSON (rules 2 to 4 of `ledger.genesis`)."""

import re
from collections.abc import Mapping

import nacl.bindings as sodium

from ledger.countries import EU, is_country, is_participant_code
from ledger.limits import (
    MAX_ADDRESS_CHARACTERS,
    MAX_SERIAL,
    MAX_TLS_BYTES,
    MAX_VALIDATORS,
    MAX_VALIDITY_DAYS,
    MIN_TLS_BYTES,
)
from ledger.participants import (
    Authority,
    CompliantZone,
    Node,
    NumberRange,
    Participant,
    Role,
    RoleKey,
    SealKey,
    Secretariat,
    Suspension,
)
from ledger.record import valid_public_key
from ledger.strict_json import Cursor

_ADDRESS = re.compile(r"([a-z0-9]+([.-][a-z0-9]+)*|\[[0-9a-f:]+\]):[0-9]{1,5}")
_FIELD_PRIME = 2**255 - 19
_MAX_EPOCH = 2**31 - 1
"""What an envelope can state; 0 there says that a reader has no key."""


def is_sealing_key(key: bytes) -> bool:
    """Whether 32 bytes are a canonical X25519 public key in the subgroup of prime order, as all honest ones are.

    The Montgomery u maps to the Edwards y = (u-1)/(u+1) (RFC 7748, 4.1), and libsodium judges that point.
    """
    u = int.from_bytes(key, "little")
    if u >= _FIELD_PRIME - 1:
        return False
    y = (u - 1) * pow(u + 1, -1, _FIELD_PRIME) % _FIELD_PRIME
    return sodium.crypto_core_ed25519_is_valid_point(y.to_bytes(32, "little"))


def is_address(text: str) -> bool:
    """Whether this is `host:port` of a listener: a name or an address in lower case, a port from 1 to 65535."""
    form = len(text) <= MAX_ADDRESS_CHARACTERS and _ADDRESS.fullmatch(text) is not None
    return form and 1 <= int(text.rpartition(":")[2]) <= 65_535


def is_certificate(data: bytes) -> bool:
    """Whether this is one SEQUENCE with its length in the shortest form, as every DER certificate is (X.690, 10.1)."""
    if data[:1] != b"\x30" or not MIN_TLS_BYTES <= len(data) <= MAX_TLS_BYTES:
        return False
    size = data[1]
    if size < 0x80:
        return size == len(data) - 2
    digits = data[2 : 2 + (size & 0x7F)]
    length = int.from_bytes(digits, "big")
    shortest = length > 0x7F and digits[:1] != b"\0" and size != 0x80
    return shortest and length == len(data) - 2 - len(digits)


class RegisterReader:
    """One pass over a genesis; remembers what must not occur twice."""

    def __init__(self) -> None:
        self._keys: set[bytes] = set()
        self._countries: set[str] = set()

    def participant(self, given: Cursor) -> Participant:
        """One entry of `participants`."""
        code = given.member("code").one_of(is_participant_code, "is no ISO 3166-1 alpha-2 code and not EU")
        since, until = self._span(given)
        counted = given.optional("counted")
        entry = Participant(
            code=code,
            name=given.member("name").text(),
            countries=self._country_codes(given.member("countries"), code),
            root=self._signing_key(given.member("root")),
            since=since,
            until=until,
            issues_from=self._from(given.member("issues_from"), since),
            confirms_from=self._from(given.member("confirms_from"), since),
            suspensions=tuple(self._suspension(item) for item in given.member("suspended").items()),
            compliant_zones=tuple(CompliantZone(zone) for zone in _distinct_texts(given.member("compliant_zones"))),
            validity_days=given.member("validity_days").integer(0, MAX_VALIDITY_DAYS),
            authorities=self._authorities(given.member("authorities")),
            seals=self._seals(given.member("seals")),
            ranges=_ranges(given.member("ranges")),
            counted=True if counted is None else counted.boolean(),
        )
        given.close()
        return entry

    def _span(self, given: Cursor) -> tuple[str, str]:
        since = given.member("from").date()
        until = given.member("until").date(empty=True)
        if until and until <= since:
            given.member("until").refuse("must be after from")
        return since, until

    def _from(self, given: Cursor, since: str) -> str:
        date = given.date(empty=True)
        if date and date < since:
            given.refuse("lies before the participation")
        return date

    def _country_codes(self, given: Cursor, code: str) -> tuple[str, ...]:
        found = []
        for item in given.items(1, 60):
            country = item.one_of(is_country, "is no ISO 3166-1 alpha-2 code")
            if country in self._countries:
                item.refuse("stands twice")
            self._countries.add(country)
            found.append(country)
        if code != EU and code not in found:
            given.refuse("must hold the participant's own code")
        return tuple(found)

    def _suspension(self, given: Cursor) -> Suspension:
        since, until = self._span(given)
        zone = given.member("zone").text(0)
        given.close()
        return Suspension(since, until, zone)

    def _authorities(self, given: Cursor) -> tuple[Authority, ...]:
        found: dict[str, Authority] = {}
        for item in given.items(0, 100):
            name = item.member("name").text()
            if name in found:
                item.member("name").refuse("stands twice")
            found[name] = Authority(name, self._role_keys(item.member("keys")))
            item.close()
        return tuple(found.values())

    def _role_keys(self, given: Cursor) -> tuple[RoleKey, ...]:
        return tuple(self._role_key(item) for item in given.items(0, 100))

    def _role_key(self, given: Cursor) -> RoleKey:
        key = self._signing_key(given.member("key"))
        names = _distinct_texts(given.member("roles"), least=1)
        for item in given.member("roles").items():
            item.one_of(set(Role).__contains__, "is no role")
        since, until = self._span(given)
        given.close()
        return RoleKey(key, tuple(Role(name) for name in names), since, until)

    def _seals(self, given: Cursor) -> tuple[SealKey, ...]:
        found: list[SealKey] = []
        for item in given.items(0, 100):
            epoch = item.member("epoch")
            seal = SealKey(epoch.integer(1, _MAX_EPOCH), self._sealing_key(item.member("key")))
            if found and seal.epoch <= found[-1].epoch:
                epoch.refuse("must be above the one before")
            found.append(seal)
            item.close()
        return tuple(found)

    def nodes(self, given: Cursor, participants: Mapping[str, Participant]) -> tuple[Node, ...]:
        """`nodes`: at most one a participant, at least one of them a validator."""
        found: list[Node] = []
        for item in given.items(1, 500):
            node = self._node(item, participants)
            if any(node.participant == other.participant for other in found):
                item.member("participant").refuse("stands twice")
            if any(node.address == other.address for other in found):
                item.member("address").refuse("stands twice")
            found.append(node)
        if not 1 <= sum(node.validator for node in found) <= MAX_VALIDATORS:
            given.refuse(f"must hold 1 to {MAX_VALIDATORS} validators")
        return tuple(found)

    def _node(self, given: Cursor, participants: Mapping[str, Participant]) -> Node:
        node = Node(
            participant=given.member("participant").one_of(participants.__contains__, "is no participant"),
            address=given.member("address").one_of(is_address, "is no host:port with a port from 1 to 65535"),
            consensus=self._signing_key(given.member("consensus")),
            log=self._signing_key(given.member("log")),
            cosign=self._signing_key(given.member("cosign")),
            tls=self._certificate(given.member("tls")),
            validator=given.member("validator").boolean(),
        )
        given.close()
        return node

    def secretariat(self, given: Cursor) -> Secretariat:
        """`secretariat`: a root, role keys, sealing keys."""
        found = Secretariat(
            root=self._signing_key(given.member("root")),
            entries=self._role_keys(given.member("keys")),
            seals=self._seals(given.member("seals")),
        )
        given.close()
        return found

    def _signing_key(self, given: Cursor) -> bytes:
        key = given.hexadecimal(32, 32)
        if not valid_public_key(key):
            given.refuse("is no Ed25519 public key of prime order")
        return self._once(given, key)

    def _sealing_key(self, given: Cursor) -> bytes:
        key = given.hexadecimal(32, 32)
        if not is_sealing_key(key):
            given.refuse("is no X25519 public key of prime order")
        return self._once(given, key)

    def _certificate(self, given: Cursor) -> bytes:
        der = given.hexadecimal(MIN_TLS_BYTES, MAX_TLS_BYTES)
        if not is_certificate(der):
            given.refuse("is no DER certificate")
        return self._once(given, der)

    def _once(self, given: Cursor, key: bytes) -> bytes:
        if key in self._keys:
            given.refuse("serves another purpose already")
        self._keys.add(key)
        return key


def _distinct_texts(given: Cursor, least: int = 0) -> tuple[str, ...]:
    found: list[str] = []
    for item in given.items(least, 100):
        if item.text() in found:
            item.refuse("stands twice")
        found.append(item.text())
    return tuple(found)


def _ranges(given: Cursor) -> tuple[NumberRange, ...]:
    found: list[NumberRange] = []
    for item in given.items(0, 1_000):
        first, last = item.member("first").integer(0, MAX_SERIAL), item.member("last").integer(0, MAX_SERIAL)
        entry = NumberRange(item.member("year").integer(2000, 9999), first, last)
        if last < first:
            item.member("last").refuse("lies before first")
        if any(other.year == entry.year and other.first <= last and first <= other.last for other in found):
            item.refuse("overlaps an earlier range")
        found.append(entry)
        item.close()
    return tuple(found)
