"""What stops or hinders a running node; each class says what it means and whether the process may go on."""


class NodeError(Exception):
    """Root of this package's errors."""


class WalError(NodeError):
    """Root of the write-ahead log's errors; the node must not vote with this log."""


class WalMissingError(WalError):
    """There is no write-ahead log where one is expected: a node that has a key but no log must not vote (sign guard)."""


class WalExistsError(WalError):
    """A new write-ahead log was asked for where one is already; making it anew would forget votes."""


class WalForeignError(WalError):
    """The write-ahead log belongs to another ledger or to a later version of the program."""


class WalDamagedError(WalError):
    """Bytes that were durable have changed. This counts as the loss of the disk: the consensus key is to be retired."""


class WalFailedError(WalError):
    """A write or fsync failed. What is on disk is unknown, so the process must end; a restart reads what is there."""
