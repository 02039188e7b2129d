"""A node's home directory: what is in it, how it is made, what must be there before the node may start.

    kpledger.toml   settings                     keys/          consensus, log, cosign, tls.key; tls.crt (public)
    genesis.json    the ledger this node is of   tokens.json    hashes of reading tokens
    data/           the store (LevelDB)          wal/           the consensus log: the guard against voting twice
    node.lock       held by the running process  cosign/        the last checkpoint this node signed, likewise a guard

`init` may be repeated: it makes what is missing and never replaces anything. The two guards are made only together with the
place they guard: a home that once voted and has lost its log is refused, never given a new one.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Refusal
from ledger.genesis import Genesis
from node.config import config_file, write_config
from node.errors import Exit, FatalError, WalExistsError
from node.files import write_atomic
from node.keys import NAMES, new_seed, write_secret
from node.tls import from_pem, make_certificate, to_pem
from node.wal import Wal


@dataclass(frozen=True, slots=True)
class Found:
    """One thing of a home: where it is and whether `init` found or generated it."""

    what: str
    path: Path
    generated: bool


class Home:
    """Paths of one home."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.keys = self.path / "keys"
        self.data = self.path / "data"
        self.wal = self.path / "wal"
        self.guard = self.path / "cosign"
        self.genesis = self.path / "genesis.json"
        self.tokens = self.path / "tokens.json"
        self.tls_key = self.keys / "tls.key"
        self.tls_certificate = self.keys / "tls.crt"

    def read_genesis(self) -> Genesis:
        """The ledger this home belongs to.

        Raises:
            FatalError: there is none, or it is not valid.
        """
        try:
            return Genesis.from_json(self.genesis.read_bytes())
        except OSError as error:
            raise FatalError(
                f"There is no genesis at {self.genesis}.",
                "Without it the node does not know which ledger it is of.",
                f"Put it there: kpledger init --home {self.path} --genesis FILE",
                Exit.BAD_CONFIGURATION,
            ) from error
        except Refusal as error:
            raise FatalError(
                f"The genesis at {self.genesis} is not valid: {error}.",
                "All nodes of a ledger must have the same, valid genesis.",
                "Get the file again from whoever convened the ledger.",
                Exit.BAD_CONFIGURATION,
            ) from error

    def read_certificate(self) -> bytes:
        """This node's own TLS certificate (DER).

        Raises:
            FatalError: it cannot be read.
        """
        try:
            return from_pem(self.tls_certificate.read_text(encoding="ascii"))
        except (OSError, ValueError) as error:
            raise FatalError(
                f"The TLS certificate {self.tls_certificate} cannot be read: {error}.",
                "Other nodes would not know this one.",
                f"Restore it, or see what is missing: kpledger init --home {self.path}",
                Exit.BAD_CONFIGURATION,
            ) from error


def init(home: Home, phrase: bytes | None, settings: dict[tuple[str, str], str | int], genesis: bytes | None) -> list[Found]:
    """Makes what a home lacks; says for each thing whether it was found or generated.

    Args:
        home: where.
        phrase: seals the keys at rest; None keeps raw files, which only a development network accepts.
        settings: values for a new configuration file.
        genesis: the ledger's genesis file; None leaves the home without (its keys are needed to make one).

    Raises:
        FatalError: the genesis is another than the home's, or not valid.
    """
    home.path.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.keys.mkdir(exist_ok=True, mode=0o700)
    found = []
    for name in NAMES:
        file = home.keys / name
        found.append(Found(f"{name} key", file, not file.exists()))
        if not file.exists():
            write_secret(file, new_seed(), phrase)
    found.append(Found("TLS key", home.tls_key, not home.tls_key.exists()))
    if not home.tls_key.exists():
        key, certificate = make_certificate(str(settings.get(("node", "participant"), "")) or "kpledger", phrase)
        write_secret(home.tls_key, key, None)
        home.tls_certificate.write_text(to_pem(certificate), encoding="ascii")
    file = config_file(home.path)
    found.append(Found("configuration", file, not file.exists()))
    if not file.exists():
        write_config(home.path, settings)
    if genesis is not None:
        found += _join(home, genesis)
    return found


def _join(home: Home, data: bytes) -> list[Found]:
    """Puts the genesis into the home and, the first time only, makes the two guards of its keys."""
    if home.genesis.exists():
        own = home.read_genesis()
        if Genesis.from_json(data).ledger_id != own.ledger_id:
            raise FatalError(
                f"{home.path} is the home of another ledger ({own.ledger_id.hex()[:16]}...).",
                "A node's keys and votes belong to one ledger.",
                "Use another --home for the other ledger.",
                Exit.REFUSED,
            )
        return [Found("genesis", home.genesis, generated=False), Found("consensus log", home.wal, generated=False)]
    try:
        ledger_id = Genesis.from_json(data).ledger_id
    except Refusal as error:
        raise FatalError(
            f"The given genesis is not valid: {error}.",
            "All nodes of a ledger must have the same, valid genesis.",
            "Get the file again from whoever convened the ledger.",
            Exit.BAD_DATA,
        ) from error
    for guard in (home.wal, home.guard):
        with contextlib.suppress(WalExistsError):  # an earlier run was interrupted here; a guard is never replaced
            Wal.create(guard, ledger_id).close()
    write_atomic(home.genesis, data)
    return [Found("genesis", home.genesis, generated=True), Found("consensus log", home.wal, generated=True)]
