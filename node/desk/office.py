"""The office's keys, opened when they are needed: nothing here keeps one for longer than a signature or an opening takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.genesis import Genesis
from ledger.participants import SECRETARIAT, Role
from node.errors import Exit, FatalError
from node.office import Office
from node.office_keys import sealing_keys


@dataclass(frozen=True, slots=True)
class KeyStore:
    """Where a participant's keys are, and whose.

    Attributes:
        genesis: of the ledger.
        folder: with the files `issue`, `confirm`, `seal`.
        url: the node that knows keys newer than the genesis.
        participant: whose keys these are.
    """

    genesis: Genesis
    folder: Path
    url: str
    participant: str

    @classmethod
    def open(cls, genesis: Genesis, folder: Path, url: str) -> "KeyStore":
        """Finds out whose keys these are; a desk may lack one of the two that sign.

        Raises:
            FatalError: neither is there, one cannot be opened or is nobody's, or they are of two participants.
        """
        roles = [role for role in (Role.ISSUE, Role.CONFIRM) if (folder / role).exists()]
        holders: Sequence[str] = sorted({Office.open(genesis, folder, role, url).author for role in roles})
        if len(holders) != 1 or SECRETARIAT in holders:
            what = "no key issue and no key confirm" if not holders else f"keys of {' and '.join(holders)}"
            raise FatalError(
                f"The folder {folder} has {what}." if folder.is_dir() else f"There is no folder {folder}.",
                "A desk signs as one participant's authority.",
                "Name the folder with the office's keys: --keys KEYS (kpledger key new CODE makes them).",
                Exit.BAD_CONFIGURATION,
            )
        sealing_keys(folder)
        return cls(genesis, folder, url, holders[0])

    def has(self, role: Role) -> bool:
        """Whether the key of a role is here."""
        return (self.folder / role).exists()

    def office(self, role: Role) -> Office:
        """The office with its signing key of a role; errors as `Office.open`."""
        return Office.open(self.genesis, self.folder, role, self.url)

    def secrets(self) -> list[bytes]:
        """The sealing keys, the newest first; errors as `sealing_keys`."""
        return sealing_keys(self.folder)
