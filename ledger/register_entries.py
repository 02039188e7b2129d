"""The register as the store has it: an entry a participant, one for the secretariat, one a parameter, one an office.

Decoding is strict: an entry that does not fit is damage, since only this program wrote it, and raises StoreError.
"""

from typing import Self

import msgspec
from msgspec import Struct

from ledger.entries import decode_with
from ledger.participants import (
    Admission,
    Authority,
    CompliantZone,
    NumberRange,
    Participant,
    RoleKey,
    SealKey,
    Secretariat,
    Suspension,
)


class ParticipantEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A participant that is no longer, or never was, as in the genesis; see `ledger.participants.Participant`."""

    name: str
    countries: tuple[str, ...]
    root: bytes
    since: str
    until: str
    issues_from: str
    confirms_from: str
    suspensions: tuple[Suspension, ...]
    compliant_zones: tuple[CompliantZone, ...]
    validity_days: int
    authorities: tuple[Authority, ...]
    seals: tuple[SealKey, ...]
    ranges: tuple[NumberRange, ...]
    counted: bool
    admission: Admission

    @classmethod
    def of(cls, participant: Participant) -> Self:
        """The entry of a participant."""
        return cls(*(getattr(participant, name) for name in cls.__struct_fields__))

    def participant(self, code: str) -> Participant:
        """The participant of an entry."""
        return Participant(code, **{name: getattr(self, name) for name in self.__struct_fields__})


class SecretariatEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The secretariat when it is no longer as in the genesis."""

    root: bytes
    entries: tuple[RoleKey, ...]
    seals: tuple[SealKey, ...]

    @classmethod
    def of(cls, secretariat: Secretariat) -> Self:
        """The entry of the secretariat."""
        return cls(secretariat.root, secretariat.entries, secretariat.seals)

    def secretariat(self) -> Secretariat:
        """The secretariat of an entry."""
        return Secretariat(self.root, self.entries, self.seals)


class Setting(Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """A parameter's value, or who holds an office, from a day on; the empty day is the ledger's beginning."""

    since: str
    value: int = 0
    holder: str = ""


_participant = msgspec.msgpack.Decoder(ParticipantEntry)
_secretariat = msgspec.msgpack.Decoder(SecretariatEntry)
_settings = msgspec.msgpack.Decoder(tuple[Setting, ...])


def decode_participant(data: bytes) -> ParticipantEntry:
    """Raises StoreError for anything else."""
    return decode_with(_participant, data)


def decode_secretariat(data: bytes) -> SecretariatEntry:
    """Raises StoreError for anything else."""
    return decode_with(_secretariat, data)


def decode_settings(data: bytes) -> tuple[Setting, ...]:
    """Raises StoreError for anything else."""
    return decode_with(_settings, data)
