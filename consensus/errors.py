"""Whose fault it was: ours (the process must stop) or a peer's (count it, drop the message)."""


class ConsensusError(Exception):
    """Root of this package's errors."""


class PeerFaultError(ConsensusError):
    """A peer sent something that no correct node sends; the message is dropped and counted, nothing else changes."""


class MalformedMessageError(PeerFaultError):
    """Bytes that are no message."""


class LocalFaultError(ConsensusError):
    """Our own durable state contradicts itself; the node must stop rather than vote."""


class JournalError(LocalFaultError):
    """The write-ahead log holds something this core could not have written."""
