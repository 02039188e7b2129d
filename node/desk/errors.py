"""What the desk says no to, beside the ledger's own reasons (`ledger.errors.Code`): one enum, one exception.

The words are keys of the tables of texts; nothing typed by an officer is ever part of a message.
"""

from enum import StrEnum


class Fault(StrEnum):
    """Why the desk does not do what it was asked to."""

    OWN_DRAFT = "own-draft"
    WRONG_PASSPHRASE = "wrong-passphrase"  # noqa: S105 - a word for it
    TOO_MANY_TRIES = "too-many-tries"
    UNKNOWN_DRAFT = "unknown-draft"
    NOT_OPEN = "not-open"
    NOT_WAITING = "not-waiting"
    CHANGED_SINCE = "changed-since"
    CHANGED_MEANWHILE = "changed-meanwhile"
    DIFFERS = "differs"
    IN_ANOTHER_DRAFT = "in-another-draft"
    NUMBER_CHANGED = "number-changed"
    REQUIRED = "required"
    NOT_FOUND = "not-found"
    NOT_OURS = "not-ours"
    CONFIRMS_HERE = "confirms-here"
    FOREIGN_REQUEST = "foreign-request"
    FOREIGN_HOST = "foreign-host"
    DOOR_CLOSED = "door-closed"
    NO_FILE = "no-file"
    NOTHING_THERE = "nothing-there"


class DeskError(Exception):
    """The officer is told, and nothing was done.

    Attributes:
        fault: why.
        field: the field it is about, empty for the whole.
        status: of the HTTP answer.
    """

    def __init__(self, fault: Fault, field: str = "", status: int = 422) -> None:
        super().__init__(str(fault))
        self.fault = fault
        self.field = field
        self.status = status
