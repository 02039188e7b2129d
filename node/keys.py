"""A node's secret keys at rest and in use.

Four keys live in `HOME/keys`: `consensus`, `log` and `cosign` (Ed25519 seeds of 32 bytes) and `tls` (a PEM key beside its
certificate `tls.crt`). While the consensus key is being rotated its successor, `consensus-next`, is there too: the node votes
with whichever of the two the epoch's list of validators names. At rest each is a libsodium SecretBox under a key that Argon2id
(MODERATE: 256 MiB, about half a second) derives from the operator's passphrase; a development network may keep raw seeds. Files
are 0600, or the node refuses to start.

File format: `kpledger-key-1` newline, 16 bytes of salt, the SecretBox (24 bytes of nonce, ciphertext).
A raw file holds the secret alone.
"""

import os
import secrets
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nacl import pwhash
from nacl.bindings import crypto_sign, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from ledger.note import Signer, VerifierKey
from node.errors import Exit, FatalError
from node.files import write_new

MAGIC = b"kpledger-key-1\n"
SEED_BYTES = 32
CREDENTIAL = "kpledger-passphrase"
VARIABLE = "KPLEDGER_PASSPHRASE_FILE"
NAMES = ("consensus", "log", "cosign")
NEXT = "consensus-next"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One Ed25519 key pair; its repr shows the public half alone."""

    public: bytes
    _secret: bytes

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """The key pair of a seed of 32 bytes."""
        public, secret = crypto_sign_seed_keypair(seed)
        return cls(public, secret)

    def sign(self, message: bytes) -> bytes:
        """64 bytes of signature."""
        return crypto_sign(message, self._secret)[:64]

    def signer(self, key: VerifierKey) -> Signer:
        """This key as a signer of notes under the name and type that `key` states."""
        return Signer(key, self._secret)

    def __repr__(self) -> str:
        return f"SigningKey({self.public.hex()})"


@dataclass(frozen=True, slots=True)
class NodeKeys:
    """What a running node signs with; `coming`: the consensus key's successor, while it is being rotated."""

    consensus: SigningKey
    log: SigningKey
    cosign: SigningKey
    coming: SigningKey | None = None

    @property
    def newest(self) -> SigningKey:
        """The consensus key that the node goes by as soon as the ledger knows it."""
        return self.coming or self.consensus

    def voting(self, validators: Sequence[bytes]) -> SigningKey:
        """The consensus key for an epoch with these validators: the one that is among them, else the newest."""
        return self.consensus if self.consensus.public in validators else self.newest

    def all_consensus(self) -> tuple[SigningKey, ...]:
        """Every consensus key of this home."""
        return (self.consensus,) if self.coming is None else (self.consensus, self.coming)


def passphrase() -> bytes | None:
    """The operator's passphrase: a systemd credential, else the file that KPLEDGER_PASSPHRASE_FILE names, else none.

    Raises:
        FatalError: the file cannot be read, or is empty.
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and (Path(credentials) / CREDENTIAL).is_file():
        return _read_passphrase(Path(credentials) / CREDENTIAL)
    named = os.environ.get(VARIABLE)
    return _read_passphrase(Path(named)) if named else None


def _read_passphrase(file: Path) -> bytes:
    try:
        phrase = file.read_bytes().rstrip(b"\r\n")
    except OSError as error:
        raise FatalError(
            f"The passphrase file {file} cannot be read: {error.strerror}.",
            "The keys stay closed until the operator opens them.",
            f"Put the passphrase there, readable by this user alone, or let {VARIABLE} name the right file.",
            Exit.BAD_CONFIGURATION,
        ) from error
    if not phrase:
        raise FatalError(
            f"The passphrase file {file} is empty.",
            "Keys sealed with nothing are open to whoever reads the disk.",
            "Write a passphrase of several words into it.",
            Exit.BAD_CONFIGURATION,
        )
    return phrase


def write_secret(file: Path, secret: bytes, phrase: bytes | None) -> None:
    """Keeps `secret` in a new file of mode 0600, sealed under `phrase` unless that is None; never replaces a file."""
    write_new(file, secret if phrase is None else _seal(secret, phrase), 0o600)


def read_secret(file: Path, phrase: bytes | None) -> bytes:
    """The secret kept in `file`.

    Raises:
        FatalError: absent, readable by others, sealed without a passphrase at hand, wrong passphrase or damaged.
    """
    require_private(file)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _unreadable(file, error) from error
    if not data.startswith(MAGIC):
        return data
    if phrase is None:
        raise FatalError(
            f"The key file {file} is sealed and no passphrase is at hand.",
            "The keys stay closed until the operator opens them.",
            f"Give it as systemd credential {CREDENTIAL}, or let {VARIABLE} name a file with it.",
            Exit.BAD_CONFIGURATION,
        )
    return _open(file, data, phrase)


def require_private(file: Path) -> None:
    """Refuses a key file that is not there, or that others on this machine can read.

    Raises:
        FatalError: either.
    """
    try:
        mode = file.stat().st_mode & 0o777
    except OSError as error:
        raise _unreadable(file, error) from error
    if mode & 0o077:
        raise FatalError(
            f"The key file {file} has mode {mode:04o}: others on this machine can read it.",
            "Who has this key can sign in its owner's name.",
            f"If nobody else did read it: {shlex.join(['chmod', '600', str(file)])}. Otherwise replace it on the ledger.",
            Exit.BAD_CONFIGURATION,
        )


def _unreadable(file: Path, error: OSError) -> FatalError:
    return FatalError(
        f"The key file {file} cannot be read: {error.strerror}.",
        "Without it nothing can be signed.",
        "Check the path; if the file is lost, restore it from where your office keeps it.",
        Exit.BAD_CONFIGURATION,
    )


def is_sealed(file: Path) -> bool:
    """Whether this key file is under a passphrase."""
    return file.read_bytes().startswith(MAGIC)


def load_keys(home: Path, *, raw_allowed: bool) -> NodeKeys:
    """The node's signing keys; unsealed files only where `raw_allowed` (a development network).

    Raises:
        FatalError: as `read_secret`, an unsealed file, or a seed that is not 32 bytes.
    """
    phrase = passphrase()
    consensus, log, cosign = (_load_key(home / "keys" / name, phrase, raw_allowed=raw_allowed) for name in NAMES)
    coming = home / "keys" / NEXT
    return NodeKeys(consensus, log, cosign, _load_key(coming, phrase, raw_allowed=raw_allowed) if coming.exists() else None)


def _load_key(file: Path, phrase: bytes | None, *, raw_allowed: bool) -> SigningKey:
    key = read_key(file, phrase)
    if not raw_allowed and not is_sealed(file):
        raise FatalError(
            f"The key file {file} is not sealed.",
            "Only a development network may keep its keys in the open.",
            f"Make a new home with {VARIABLE} set; the ledger must be made with that home's keys.",
            Exit.BAD_CONFIGURATION,
        )
    return key


def read_key(file: Path, phrase: bytes | None) -> SigningKey:
    """The signing key in a file.

    Raises:
        FatalError: as `read_secret`, or a seed that is not 32 bytes.
    """
    seed = read_secret(file, phrase)
    if len(seed) != SEED_BYTES:
        raise damaged(file)
    return SigningKey.from_seed(seed)


def new_seed() -> bytes:
    """32 bytes from the operating system."""
    return secrets.token_bytes(SEED_BYTES)


def _derive(phrase: bytes, salt: bytes) -> bytes:
    return pwhash.argon2id.kdf(
        SecretBox.KEY_SIZE, phrase, salt, opslimit=pwhash.argon2id.OPSLIMIT_MODERATE, memlimit=pwhash.argon2id.MEMLIMIT_MODERATE
    )


def _seal(secret: bytes, phrase: bytes) -> bytes:
    salt = secrets.token_bytes(pwhash.argon2id.SALTBYTES)
    return MAGIC + salt + bytes(SecretBox(_derive(phrase, salt)).encrypt(secret))


def _open(file: Path, data: bytes, phrase: bytes) -> bytes:
    salt, box = data[len(MAGIC) :][:16], data[len(MAGIC) + 16 :]
    if len(salt) != pwhash.argon2id.SALTBYTES:
        raise damaged(file)
    try:
        return SecretBox(_derive(phrase, salt)).decrypt(box)
    except (CryptoError, ValueError) as error:
        raise damaged(file) from error


def damaged(file: Path) -> FatalError:
    """What to tell when a key file does not hold a key, or not under this passphrase."""
    return FatalError(
        f"The key file {file} does not open: the passphrase is wrong or the file is damaged.",
        "Nothing can be signed with it.",
        "Check the passphrase; else restore the file from where your office keeps it.",
        Exit.BAD_CONFIGURATION,
    )
