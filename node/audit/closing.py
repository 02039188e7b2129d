"""What is compared when all blocks are applied: the checkpoint, and the node's findings.

1. The checkpoint is of this ledger, of a size at which a block ends, and states the root that the records make there.
2. It is signed by the log of a node, and cosigned by a quorum of the validators; by whom that is, the ledger itself says at
   that size. (Where an epoch ended without another record, the validators of either will do: both executed the same.)
3. Findings of the node that stood as they are when the export ends are those that the records bring about, and none is
   missing. One that has changed since is newer than the export; that there is one of this name is all that can be compared.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from ledger.checkpoint import Checkpoint, parse_checkpoint
from ledger.errors import ProofError
from ledger.findings import Finding
from ledger.limits import MAX_PAGE
from ledger.network import Network
from ledger.note import parse_note
from ledger.policy import Accepted, Policy, accept
from ledger.state import Ledger
from node.audit.errors import (
    CheckpointFormError,
    CheckpointQuorumError,
    CheckpointRootError,
    CheckpointSizeError,
    FindingDiffersError,
    FindingMissingError,
    FindingOrderError,
    FindingUnknownError,
    Place,
)
from node.audit.frames import CHECKPOINT_FILE, FINDINGS_FILE
from node.audit.reader import Export
from node.keyring import policy as policy_of

_HERE = Place(CHECKPOINT_FILE)


def read_checkpoint(data: bytes, origin: str) -> Checkpoint:
    """What a checkpoint states, before anything of it is verified.

    Raises:
        CheckpointFormError: it is none, or another ledger's.
    """
    try:
        checkpoint = parse_checkpoint(parse_note(data).text)
    except ProofError as error:
        raise CheckpointFormError(_HERE, f"{type(error).__name__}: {error}") from error
    if checkpoint.origin != origin:
        raise CheckpointFormError(_HERE, f"it is of the log {checkpoint.origin}, not of {origin}")
    return checkpoint


def compare_checkpoint(
    ledger: Ledger, data: bytes, networks: Sequence[Network], policy: Policy | None
) -> tuple[Checkpoint, Accepted]:
    """The checkpoint, and by whom it is signed.

    Args:
        ledger: after all blocks.
        data: the checkpoint.
        networks: as they were while the log had the checkpoint's size, one an epoch; none when no block ended there.
        policy: by which it must be accepted, too.

    Raises:
        CheckpointSizeError, CheckpointRootError, CheckpointQuorumError: it does not hold.
    """
    checkpoint = read_checkpoint(data, ledger.origin)
    size = checkpoint.size
    if not networks:
        held = f"the export's blocks hold {ledger.head.tree_size} accepted records, and none of them ends at {size}"
        raise CheckpointSizeError(_HERE, f"its size is {size}; {held}")
    root = ledger.root_at(size)
    if checkpoint.root != root:
        raise CheckpointRootError(
            _HERE, f"it states {checkpoint.root.hex()}; the first {size} accepted records make {root.hex()}"
        )
    accepted: Accepted | None = None
    failure: ProofError | None = None
    for network in networks:
        try:
            accepted = accept(policy_of(ledger.origin, network, dict.fromkeys(network.nodes, "")), data)
        except ProofError as error:
            failure = failure or error
    if accepted is None:
        raise CheckpointQuorumError(_HERE, f"{type(failure).__name__}: {failure}")
    if policy is not None:
        try:
            accept(policy, data)
        except ProofError as error:
            raise CheckpointQuorumError(_HERE, f"the policy that you trust: {type(error).__name__}: {error}") from error
    return checkpoint, accepted


class Compared(NamedTuple):
    """Findings that are equal, and those that have changed on the node since."""

    equal: int
    newer: int


def compare_findings(ledger: Ledger, export: Export) -> Compared:
    """The node's findings against those that the records bring about: two lists in one order, side by side.

    Raises:
        AuditError: one differs, is missing, or is none; or they are out of order.
    """
    height, equal, newer, before, place = ledger.head.height, 0, 0, b"", Place(FINDINGS_FILE)
    own = _findings(ledger)
    mine = next(own, None)
    for place, theirs in export.findings():
        name = theirs.name.encode()
        if name <= before:
            raise FindingOrderError(place, f"{theirs.name} stands behind {before.decode()}")
        before = name
        if mine is not None and mine.name.encode() < name:
            raise FindingMissingError(place, f"{mine.name} should stand before it")
        if mine is None or mine.name != theirs.name:
            if theirs.first_seen <= height:
                raise FindingUnknownError(place, f"{theirs.name}, first seen at height {theirs.first_seen}")
            newer += 1
            continue
        if theirs.height > height and theirs.first_seen == mine.first_seen and theirs.serial == mine.serial:
            newer += 1
        elif theirs != mine:
            raise FindingDiffersError(place, f"{theirs.name}: {_difference(theirs, mine)}")
        else:
            equal += 1
        mine = next(own, None)
    if mine is not None:
        raise FindingMissingError(place, f"{mine.name} should stand behind it")
    if equal + newer != export.manifest.findings:
        raise FindingOrderError(place, f"{equal + newer} findings; the export says that it has {export.manifest.findings}")
    return Compared(equal, newer)


def _findings(ledger: Ledger) -> Iterator[Finding]:
    page = ledger.findings_by_name("", MAX_PAGE)
    while page:
        yield from page
        page = ledger.findings_by_name(page[-1].name, MAX_PAGE)


def _difference(theirs: Finding, mine: Finding) -> str:
    fields = (field for field in Finding.__struct_fields__ if getattr(theirs, field) != getattr(mine, field))
    field = next(chain(fields, ("nothing",)))
    return f"its {field} is {getattr(theirs, field, None)!r}; the records make {getattr(mine, field, None)!r}"
