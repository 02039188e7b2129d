"""Options that several verbs share, and the files they name."""

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import Parameter

from ledger.errors import ProofError, Refusal
from ledger.genesis import Genesis
from ledger.policy import Policy, parse_policy
from node.cli.output import explain, unreadable
from node.errors import Exit, FatalError, command
from node.keys import VARIABLE, passphrase

Draft = TypeVar("Draft")
_ID = re.compile(r"[0-9a-f]{64}")

HomeOption = Annotated[Path, Parameter(name="--home", help="The node's home directory.", env_var="KPLEDGER_HOME")]
JsonOption = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
UrlOption = Annotated[str, Parameter(name="--url", help="The node to talk to.", env_var="KPLEDGER_URL")]
TokenOption = Annotated[str, Parameter(name="--token", help="A reading token.", env_var="KPLEDGER_TOKEN")]
PolicyOption = Annotated[Path, Parameter(name="--policy", help="The ledger's policy file (any node prints it at /log/policy).")]
KeysOption = Annotated[
    Path, Parameter(name="--keys", help="Folder with the office's signing keys (issue, confirm, ...).", env_var="KPLEDGER_KEYS")
]
GenesisOption = Annotated[Path, Parameter(name="--genesis", help="The ledger's genesis.json.", env_var="KPLEDGER_GENESIS")]
GenesisArgument = Annotated[Path, Parameter(help="The ledger's genesis.json.")]
RawKeysOption = Annotated[
    bool, Parameter(name="--raw-keys", negative="", help="Keep keys without a passphrase (development networks only).")
]
OutOption = Annotated[Path, Parameter(name="--out", help="Folder for the receipt and what belongs to it.")]


def passphrase_or_raw(*, raw: bool) -> bytes | None:
    """The passphrase for new keys; None, which leaves them unsealed, only where that was asked for.

    Raises:
        FatalError: there is no passphrase, or it cannot be read.
    """
    phrase = passphrase()
    if phrase is None and not raw:
        raise FatalError(
            "There is no passphrase to seal the keys with.",
            "Unsealed keys could be copied by whoever reads the disk.",
            f"Let {VARIABLE} name a file with the passphrase (or give --raw-keys for a development network).",
            Exit.BAD_CONFIGURATION,
        )
    return phrase


def read_file(file: Path) -> bytes:
    """A file named on the command line.

    Raises:
        FatalError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise unreadable(str(file), error.strerror) from error


def read_genesis(file: Path) -> Genesis:
    """The ledger of a genesis file.

    Raises:
        FatalError: it cannot be read, or is not valid.
    """
    try:
        return Genesis.from_json(read_file(file))
    except Refusal as refusal:
        raise unreadable(str(file), explain(refusal.problem())) from refusal


def read_policy(file: Path) -> Policy:
    """The policy in a file; errors as `read_genesis`."""
    try:
        return parse_policy(read_file(file))
    except ProofError as error:
        raise FatalError(
            f"{file} is no policy: {error}.",
            "Without a policy nothing can be verified: it says whose signatures count.",
            f"Make it from the ledger's genesis: {command('genesis', 'policy', 'genesis.json')} > policy",
            Exit.BAD_DATA,
        ) from error


def parse_id(text: str) -> str:
    """The id of a record as it was given: 64 hex digits; raises FatalError for what is none."""
    if _ID.fullmatch(text.lower()) is None:
        raise unreadable(text[:100], "no id of a record: 64 hex digits")
    return text.lower()


def read_draft(file: Path, parse: Callable[[bytes], Draft]) -> tuple[Draft, bytes]:
    """What an officer wrote, and its text: a byte order mark, or letters composed otherwise, are the editor's matter.

    Raises:
        FatalError: it cannot be read, or does not say what it must.
    """
    try:
        text = unicodedata.normalize("NFC", read_file(file).decode("utf-8-sig")).encode()
    except UnicodeDecodeError as error:
        raise unreadable(str(file), "not text in UTF-8") from error
    try:
        return parse(text), text
    except Refusal as refusal:
        raise FatalError(
            f"{file}: {explain(refusal.problem())}.",
            "Nothing was sent.",
            "Mend the named field (deploy/guides/authority.md shows how it is written) and run the command again.",
            Exit.BAD_DATA,
        ) from refusal
