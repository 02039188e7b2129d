"""Who may sign what, and when: the register of participants as rules ask it (2-records.md, "The date that counts").

Rules:
- keys and roles are judged at block time, never at `at`: a stolen key would back-date;
- an envelope's readers are the issuer, the destination and the secretariat, each once and in any order, each at its newest
  key epoch; the one before is accepted for 30 days (keys of the genesis count from its time); who has no sealing key yet
  stands with epoch 0 and a decoy.

Everything here comes out of the genesis; nothing is written.
"""

from typing import Final

from ledger import units
from ledger.envelope import Reader
from ledger.errors import Code, Refusal
from ledger.genesis import Genesis
from ledger.limits import SEAL_EPOCH_OVERLAP_DAYS
from ledger.participants import SECRETARIAT, KeyUse, Participant, Role, RoleKey, SealKey
from ledger.units import Ms

NO_EPOCH: Final = 0
"""The key epoch of a reader that has no sealing key: its wrap is a decoy."""

_REMEMBERED: Final = 10_000
"""Sound sets of readers that are remembered: every pair of participants for a few days."""


class Register:
    """Look-ups by code and key; the genesis is their only source."""

    __slots__ = ("_genesis", "_sound_readers")

    def __init__(self, genesis: Genesis) -> None:
        self._genesis = genesis
        self._sound_readers: set[tuple[str, str, tuple[tuple[str, int], ...], int]] = set()

    def participant(self, code: str) -> Participant | None:
        """The participant of this code; None for others, the secretariat among them."""
        return self._genesis.participants.get(code)

    def participant_of(self, country: str) -> Participant | None:
        """The participant that stands for a country, None for a country outside the KP."""
        return self._genesis.participants.get(self._genesis.countries.get(country, ""))

    def signer(self, author: str, key: bytes, role: Role, date: str) -> Participant:
        """The participant that signs, when this key may do so in this role on this date (of the block).

        Raises:
            Refusal: UNKNOWN_AUTHOR, UNKNOWN_KEY, KEY_NOT_IN_FORCE, KEY_ROLE.
        """
        participant = self._genesis.participants.get(author)
        entry = self.key(author, key)
        if not entry.in_force(date):
            raise Refusal(Code.KEY_NOT_IN_FORCE, "key", given=date, since=entry.since, until=entry.until)
        if participant is None:
            raise Refusal(Code.KEY_ROLE, "author", given=author, limit="a participant")
        if role not in entry.roles:
            raise Refusal(Code.KEY_ROLE, "key", given=" ".join(entry.roles), limit=str(role))
        return participant

    def member(self, author: str) -> Participant:
        """The participant that is the author.

        Raises:
            Refusal: UNKNOWN_AUTHOR; KEY_ROLE, the secretariat.
        """
        participant = self._genesis.participants.get(author)
        if author == SECRETARIAT:
            raise Refusal(Code.KEY_ROLE, "author", given=author, limit="a participant")
        if participant is None:
            raise Refusal(Code.UNKNOWN_AUTHOR, "author", given=author)
        return participant

    def key_use(self, key: bytes) -> KeyUse | None:
        """The purpose that the genesis gives a key or certificate, None for one that it does not name."""
        return self._genesis.keys.get(key)

    def key(self, author: str, key: bytes) -> RoleKey:
        """The author's key, whatever it may sign and when.

        Raises:
            Refusal: UNKNOWN_AUTHOR, UNKNOWN_KEY.
        """
        holder = self._genesis.secretariat if author == SECRETARIAT else self._genesis.participants.get(author)
        if holder is None:
            raise Refusal(Code.UNKNOWN_AUTHOR, "author", given=author)
        entry = holder.keys.get(key)
        if entry is None:
            raise Refusal(Code.UNKNOWN_KEY, "key", given=key.hex(), author=author)
        return entry

    def check_readers(self, issuer: str, destination: str, readers: tuple[tuple[str, int], ...], now: Ms) -> None:
        """Whether an envelope is sealed to exactly those who must be able to read it.

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
        wanted = tuple(dict.fromkeys((issuer, destination, SECRETARIAT)))
        if sorted(code for code, _ in readers) != sorted(wanted):
            given = " ".join(code for code, _ in readers)
            raise Refusal(Code.ENVELOPE_READERS, "readers", given=given, limit=" ".join(wanted))
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

    def _reader(self, code: str, now: Ms) -> Reader:
        epoch = self.epochs(code, now)[0]
        return code, epoch, next((seal.key for seal in self._seals(code) if seal.epoch == epoch), None)

    def epochs(self, code: str, now: Ms) -> tuple[int, ...]:
        """The key epochs to which an envelope for this reader may be sealed at an instant, the newest first."""
        seals = self._seals(code)
        if not seals:
            return (NO_EPOCH,)
        newest = [seal.epoch for seal in reversed(seals)]
        overlap = units.day_number(units.block_date(now)) - units.day_number(units.block_date(Ms(self._genesis.time)))
        return tuple(newest[:2]) if overlap <= SEAL_EPOCH_OVERLAP_DAYS else (newest[0],)

    def _seals(self, code: str) -> tuple[SealKey, ...]:
        participant = self._genesis.participants.get(code)
        if participant is not None:
            return participant.seals
        return self._genesis.secretariat.seals if code == SECRETARIAT else ()
