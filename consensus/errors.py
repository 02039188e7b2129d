"""Whose fault it was: ours (the process must stop) or a peer's (count it, drop the message)."""


class ConsensusError(Exception):
    """Root of this package's errors."""


class PeerFaultError(ConsensusError):
    """A peer sent something that no correct node sends; it is dropped and counted by `reason`, nothing else changes."""

    reason = "fault"


class MalformedMessageError(PeerFaultError):
    """Bytes that are no message."""

    reason = "malformed"


class MisdirectedError(PeerFaultError):
    """A vote or proposal whose sender is not its signer, or that no leader of that view can have sent."""

    reason = "misdirected"


class ForgedVoteError(PeerFaultError):
    """A vote whose signature is not its signer's."""

    reason = "forged"


class BadCertificateError(PeerFaultError):
    """A certificate that proves nothing."""

    reason = "bad-certificate"


class BadHeadersError(PeerFaultError):
    """Blocks that do not hang together, or are not what their certificate finalizes."""

    reason = "bad-headers"


class BadEvidenceError(ConsensusError, ValueError):
    """Two votes that prove nothing against anybody; the text says why."""


class LocalFaultError(ConsensusError):
    """Our own durable state contradicts itself; the node must stop rather than vote."""


class JournalError(LocalFaultError):
    """The write-ahead log holds something this core could not have written."""
