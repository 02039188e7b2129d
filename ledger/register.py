"""Who may sign what, and when: the register of participants as rules ask it (2-records.md, "The date that counts").

Rules:
- keys and roles are judged at block time, never at `at`: a stolen key would back-date;
- an envelope's readers are the issuer, the destination and the secretariat, each once and in any order, each at its newest
  key epoch; the one before is accepted for 30 days after that one's registration (keys of the genesis count from its time);
  who has no sealing key stands with epoch 0 and a decoy;
- a parameter has its newest value of which the day has come; the genesis' values count from the beginning.

The register of a ledger begins as its genesis says; records change it (`ledger.rules.members`, `ledger.rules.plenary`). One
value is the register at one head and never changes: the next block's is another one. All of it is state, an entry a holder.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from ledger import units
from ledger.envelope import Reader
from ledger.errors import Code, Refusal
from ledger.genesis import Genesis
from ledger.limits import SEAL_EPOCH_OVERLAP_DAYS
from ledger.parameters import PROTOCOL
from ledger.participants import SECRETARIAT, Holder, KeyUse, Participant, Role, RoleKey, Secretariat
from ledger.register_entries import (
    ParticipantEntry,
    SecretariatEntry,
    Setting,
    decode_participant,
    decode_secretariat,
    decode_settings,
)
from ledger.units import Ms

CHAIR: Final = "office/chair"
NO_EPOCH: Final = 0
"""The key epoch of a reader that has no sealing key: its wrap is a decoy."""

_REMEMBERED: Final = 10_000
"""Sound sets of readers that are remembered: every pair of participants for a few days."""


class Register:
    """Participants, the secretariat, parameters at one head. Without more, those of a genesis.

    Attributes:
        participants: by code; those of the genesis in its order, then those admitted later.
        secretariat: its keys.
        settings: each parameter's values, and who holds each office, with the days from which that counts, ascending.
    """

    __slots__ = ("_countries", "_genesis", "_sound_readers", "participants", "secretariat", "settings")

    def __init__(
        self,
        genesis: Genesis,
        participants: Mapping[str, Participant] | None = None,
        secretariat: Secretariat | None = None,
        settings: Mapping[str, tuple[Setting, ...]] | None = None,
    ) -> None:
        self._genesis = genesis
        self._sound_readers: set[tuple[str, str, tuple[tuple[str, int], ...], int]] = set()
        self.participants = genesis.participants if participants is None else MappingProxyType(participants)
        self.secretariat = secretariat or genesis.secretariat
        first = {name: (Setting("", value),) for name, value in genesis.parameters.items()}
        first |= {PROTOCOL: (Setting("", genesis.protocol),), CHAIR: (Setting("", holder=genesis.chair),)}
        self.settings: Mapping[str, tuple[Setting, ...]] = MappingProxyType(first | dict(settings or {}))
        self._countries = {country: entry.code for entry in self.participants.values() for country in entry.countries}

    # --- who --------------------------------------------------------------------------------------------------------

    def participant(self, code: str) -> Participant | None:
        """The participant of this code; None for others, the secretariat among them."""
        return self.participants.get(code)

    def holder(self, code: str) -> Holder | None:
        """The participant of this code, or the secretariat."""
        return self.secretariat if code == SECRETARIAT else self.participants.get(code)

    def participant_of(self, country: str) -> Participant | None:
        """The participant that stands for a country, None for a country outside the KP."""
        return self.participants.get(self._countries.get(country, ""))

    def author(self, code: str) -> Holder:
        """Who signs as this author.

        Raises:
            Refusal: UNKNOWN_AUTHOR.
        """
        holder = self.holder(code)
        if holder is None:
            raise Refusal(Code.UNKNOWN_AUTHOR, "author", given=code)
        return holder

    def member(self, author: str) -> Participant:
        """The participant that is the author.

        Raises:
            Refusal: UNKNOWN_AUTHOR; KEY_ROLE, the secretariat.
        """
        holder = self.author(author)
        if not isinstance(holder, Participant):
            raise Refusal(Code.KEY_ROLE, "author", given=author, limit="a participant")
        return holder

    # --- keys -------------------------------------------------------------------------------------------------------

    def signer(self, author: str, key: bytes, role: Role, date: str, or_role: Role | None = None) -> Holder:
        """Who signs, when this key may do so in this role, or the other one, on this date (of the block).

        Raises:
            Refusal: UNKNOWN_AUTHOR, UNKNOWN_KEY, KEY_NOT_IN_FORCE, KEY_ROLE.
        """
        entry = self.key(author, key)
        if not entry.in_force(date):
            raise Refusal(Code.KEY_NOT_IN_FORCE, "key", given=date, since=entry.since, until=entry.until)
        if role not in entry.roles and or_role not in entry.roles:
            raise Refusal(Code.KEY_ROLE, "key", given=" ".join(entry.roles), limit=str(role))
        return self.author(author)

    def key(self, author: str, key: bytes) -> RoleKey:
        """The author's key, whatever it may sign and when.

        Raises:
            Refusal: UNKNOWN_AUTHOR, UNKNOWN_KEY.
        """
        entry = self.author(author).keys.get(key)
        if entry is None:
            raise Refusal(Code.UNKNOWN_KEY, "key", given=key.hex(), author=author)
        return entry

    def key_use(self, key: bytes) -> KeyUse | None:
        """The purpose that the genesis gives a key or certificate, None for one that it does not name."""
        return self._genesis.keys.get(key)

    # --- envelopes --------------------------------------------------------------------------------------------------

    def check_readers(self, issuer: str, destination: str, readers: tuple[tuple[str, int], ...], now: Ms) -> None:
        """Whether an envelope is sealed to exactly those who must be able to read it, at key epochs that are accepted.

        Pairs of participants repeat all day long, so what was found sound on a day is remembered.

        Args:
            issuer: code.
            destination: code.
            readers: (code, key epoch) of the envelope's header.
            now: block time.

        Raises:
            Refusal: ENVELOPE_READERS.
        """
        question = (issuer, destination, readers, now // units.DAY_MS)
        if question in self._sound_readers:
            return
        check_reader_codes(issuer, destination, readers)
        for place, (code, epoch) in enumerate(readers):
            accepted = self.epochs(code, now)
            if epoch not in accepted:
                raise Refusal(Code.ENVELOPE_READERS, f"readers[{place}]", reader=code, given=epoch, limit=accepted[0])
        if len(self._sound_readers) >= _REMEMBERED:
            self._sound_readers.clear()
        self._sound_readers.add(question)

    def readers(self, issuer: str, destination: str, now: Ms) -> tuple[Reader, ...]:
        """Whom an envelope is to be sealed to: issuer, destination, secretariat, each at its newest key epoch."""
        return tuple(self._reader(code, now) for code in dict.fromkeys((issuer, destination, SECRETARIAT)))

    def epochs(self, code: str, now: Ms) -> tuple[int, ...]:
        """The key epochs to which an envelope for this reader may be sealed at an instant, the newest first."""
        holder, today = self.holder(code), units.block_date(now)
        seals = [] if holder is None else [seal for seal in reversed(holder.seals) if not seal.until or today < seal.until]
        if not seals:
            return (NO_EPOCH,)
        registered = seals[0].since or units.block_date(Ms(self._genesis.time))
        overlap = units.day_number(today) - units.day_number(registered)
        return tuple(seal.epoch for seal in seals[: 2 if overlap <= SEAL_EPOCH_OVERLAP_DAYS else 1])

    def _reader(self, code: str, now: Ms) -> Reader:
        epoch, holder = self.epochs(code, now)[0], self.holder(code)
        return code, epoch, None if holder is None else holder.seal(epoch)

    # --- parameters -------------------------------------------------------------------------------------------------

    def parameter(self, name: str, date: str) -> int:
        """A parameter's value on a day (of the block)."""
        return next(setting.value for setting in reversed(self.settings[name]) if setting.since <= date)

    def appointed(self, name: str, date: str) -> str:
        """Who holds an office on a day: a code, empty while nobody does."""
        return next((setting.holder for setting in reversed(self.settings.get(name, ())) if setting.since <= date), "")

    def validity_days(self, participant: Participant, date: str) -> int:
        """The participant's limit from validation to expiry: its own, else the parameter's on this day."""
        return participant.validity_days or self.parameter("validity-days", date)

    # --- the next one -----------------------------------------------------------------------------------------------

    def with_holder(self, holder: Holder) -> "Register":
        """With this participant, known before or new, or this secretariat."""
        if isinstance(holder, Secretariat):
            return Register(self._genesis, self.participants, holder, self.settings)
        return Register(self._genesis, {**self.participants, holder.code: holder}, self.secretariat, self.settings)

    def with_setting(self, name: str, setting: Setting) -> "Register":
        """With a parameter's new value; one that was to count from the same day or later is dropped."""
        kept = tuple(other for other in self.settings.get(name, ()) if other.since < setting.since)
        return Register(self._genesis, self.participants, self.secretariat, {**self.settings, name: (*kept, setting)})


def check_reader_codes(issuer: str, destination: str, readers: tuple[tuple[str, int], ...]) -> None:
    """Whether an envelope's readers are issuer, destination and secretariat, each once; which key epochs, the state decides.

    Raises:
        Refusal: ENVELOPE_READERS.
    """
    wanted = tuple(dict.fromkeys((issuer, destination, SECRETARIAT)))
    if sorted(code for code, _ in readers) != sorted(wanted):
        given = " ".join(code for code, _ in readers)
        raise Refusal(Code.ENVELOPE_READERS, "readers", given=given, limit=" ".join(wanted))


def load(genesis: Genesis, holders: Iterable[tuple[bytes, bytes]], settings: Iterable[tuple[bytes, bytes]]) -> Register:
    """The register that the store holds.

    Args:
        genesis: what it began with.
        holders: what the store has under `keys.HOLDERS`.
        settings: what it has under `keys.SETTINGS`.

    Raises:
        StoreError: an entry is damaged.
    """
    participants, secretariat = dict(genesis.participants), genesis.secretariat
    for code, data in holders:
        if code.decode() == SECRETARIAT:
            secretariat = decode_secretariat(data).secretariat()
        else:
            participants[code.decode()] = decode_participant(data).participant(code.decode())
    changed = {name.decode(): decode_settings(data) for name, data in settings}
    return Register(genesis, participants, secretariat, changed)


def holder_entry(holder: Holder) -> ParticipantEntry | SecretariatEntry:
    """A holder as the store has it."""
    return ParticipantEntry.of(holder) if isinstance(holder, Participant) else SecretariatEntry.of(holder)
