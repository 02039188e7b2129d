"""Options that several verbs share, and the files they name."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ledger.errors import Refusal
from ledger.genesis import Genesis
from node.cli.output import unreadable

HomeOption = Annotated[Path, Parameter(name="--home", help="The node's home directory.", env_var="KPLEDGER_HOME")]
JsonOption = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON.")]
UrlOption = Annotated[str, Parameter(name="--url", help="The node to talk to.", env_var="KPLEDGER_URL")]
TokenOption = Annotated[str, Parameter(name="--token", help="A reading token.", env_var="KPLEDGER_TOKEN")]
PolicyOption = Annotated[Path, Parameter(name="--policy", help="The ledger's policy file (any node prints it at /log/policy).")]
KeysOption = Annotated[
    Path, Parameter(name="--keys", help="Folder with the office's signing keys (issue, confirm, ...).", env_var="KPLEDGER_KEYS")
]
GenesisOption = Annotated[Path, Parameter(name="--genesis", help="The ledger's genesis.json.", env_var="KPLEDGER_GENESIS")]
OutOption = Annotated[Path, Parameter(name="--out", help="Folder for the receipt and what belongs to it.")]


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
        raise unreadable(str(file), refusal) from refusal
