"""The officers of a desk, each with a passphrase of their own: `DESK/officers.json`, names and Argon2id hashes.

A wrong passphrase costs half a second of work; after some of them each further one also costs a wait that doubles, by officer.
One is tried at a time: tries side by side would all be made before the first of them counts, and take a quarter of a GiB each.
Whoever can write the file can make themselves an officer: it is the desk's user's alone, and every start journals who is in it.
"""

import json
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from nacl import pwhash
from nacl.exceptions import CryptoError

from ledger.texts import is_text
from node.desk.errors import DeskError, Fault
from node.desk.limits import (
    FREE_TRIES,
    MAX_OFFICER_CHARACTERS,
    MAX_OFFICERS,
    MAX_PASSPHRASE_CHARACTERS,
    MAX_WAIT_S,
    MIN_PASSPHRASE_CHARACTERS,
)
from node.errors import Exit, FatalError
from node.files import write_atomic
from node.keys import require_private

FILE = "officers.json"


class Officers:
    """Who may sign in at a desk. `clock` gives seconds that never run backwards."""

    def __init__(self, home: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Reads the file, where there is one.

        Raises:
            FatalError: it cannot be read, or others can read it.
        """
        self._file = home / FILE
        self._clock = clock
        self._trying = Lock()
        self._wrong: dict[str, tuple[int, float]] = {}
        self._hashes: dict[str, str] = {}
        if not self._file.exists():
            return
        require_private(self._file)
        try:
            content = json.loads(self._file.read_bytes())
        except (OSError, ValueError) as error:
            raise _damaged(self._file) from error
        if not isinstance(content, dict) or not all(isinstance(hashed, str) for hashed in content.values()):
            raise _damaged(self._file)
        self._hashes = content

    @property
    def names(self) -> tuple[str, ...]:
        """By name."""
        return tuple(sorted(self._hashes))

    def set(self, name: str, passphrase: str) -> None:
        """Adds an officer, or gives one another passphrase.

        Raises:
            FatalError: name or passphrase are out of their bounds.
        """
        name = unicodedata.normalize("NFC", " ".join(name.split()))
        if not 1 <= len(name) <= MAX_OFFICER_CHARACTERS or not is_text(name) or not name.isprintable():
            raise _unfit(f"A name has 1 to {MAX_OFFICER_CHARACTERS} printable characters.")
        if not MIN_PASSPHRASE_CHARACTERS <= len(passphrase) <= MAX_PASSPHRASE_CHARACTERS:
            raise _unfit(f"A passphrase has {MIN_PASSPHRASE_CHARACTERS} to {MAX_PASSPHRASE_CHARACTERS} characters.")
        if name not in self._hashes and len(self._hashes) == MAX_OFFICERS:
            raise _unfit(f"A desk has at most {MAX_OFFICERS} officers.")
        hashed = pwhash.argon2id.str(
            _bytes(passphrase), opslimit=pwhash.argon2id.OPSLIMIT_MODERATE, memlimit=pwhash.argon2id.MEMLIMIT_MODERATE
        )
        self._write({**self._hashes, name: hashed.decode()})

    def remove(self, name: str) -> None:
        """Takes an officer out.

        Raises:
            FatalError: nobody has this name.
        """
        if name not in self._hashes:
            raise _unfit(f"No officer has the name {name!r}.")
        self._write({other: hashed for other, hashed in self._hashes.items() if other != name})

    def verify(self, name: str, passphrase: str) -> None:
        """Whether this is the officer's passphrase; an unknown name is told nothing else than a wrong passphrase.

        Takes half a second of work and a quarter of a GiB: call it on a thread.

        Raises:
            DeskError: WRONG_PASSPHRASE, TOO_MANY_TRIES.
        """
        with self._trying:
            self._try(name, passphrase)

    def _try(self, name: str, passphrase: str) -> None:
        tries, until = self._wrong.get(name, (0, 0.0))
        if self._clock() < until:
            raise DeskError(Fault.TOO_MANY_TRIES, "passphrase", 429)
        hashed = self._hashes.get(name)
        if hashed is not None and len(passphrase) <= MAX_PASSPHRASE_CHARACTERS:
            try:
                pwhash.verify(hashed.encode(), _bytes(passphrase))
            except CryptoError:
                pass
            else:
                self._wrong.pop(name, None)
                return
        if hashed is not None:
            wait = 0 if tries + 1 < FREE_TRIES else min(MAX_WAIT_S, 2 ** (tries + 1 - FREE_TRIES))
            self._wrong[name] = (tries + 1, self._clock() + wait)
        raise DeskError(Fault.WRONG_PASSPHRASE, "passphrase", 403)

    def _write(self, hashes: dict[str, str]) -> None:
        write_atomic(self._file, (json.dumps(hashes, ensure_ascii=False, indent=1) + "\n").encode(), 0o600)
        self._hashes = hashes


def _bytes(passphrase: str) -> bytes:
    return unicodedata.normalize("NFC", passphrase).encode()


def _unfit(what: str) -> FatalError:
    return FatalError(what, "Nothing was changed.", "Give another.", Exit.BAD_DATA)


def _damaged(file: Path) -> FatalError:
    return FatalError(
        f"{file} cannot be read as the desk's officers.",
        "Nobody can sign in.",
        "Restore it from where your office keeps it, or remove it and add the officers anew: kpledger desk officer add --help",
        Exit.BAD_CONFIGURATION,
    )
