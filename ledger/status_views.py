"""What a status file lists, read from one state of the store in short steps: see `ledger.status`.

The lists of certificates are read from their ends, newest first, as far as a certificate may have been issued since the day on
which the file begins: how long before it enters the ledger a certificate may have been issued is bounded, so the rest is older.
"""

from ledger import entries, keys
from ledger.custody import Steps
from ledger.entries import STATES, CertificateState, Head
from ledger.errors import StoreError
from ledger.genesis import Genesis
from ledger.limits import ISSUE_TOO_LATE_DAYS, STATUS_DAYS
from ledger.register import Register
from ledger.status import Committed, Status, list_numbers
from ledger.store import Reads
from ledger.units import block_date, date_of, day_number

_LOOKS_A_STEP = 200


def read(at: Reads, head: Head, genesis: Genesis, register: Register, signer: str, now: int) -> Steps[Status]:
    """The lists at a head, for `signer` to sign at `now` (milliseconds)."""
    today = day_number(block_date(head.time))
    since, enough = date_of(today - STATUS_DAYS), date_of(today - STATUS_DAYS - ISSUE_TOO_LATE_DAYS - 2)
    states: dict[str, int] = {}
    heads: dict[str, bytes] = {}
    looks = 0
    for place, state in enumerate(STATES):
        for _, name in at.iterate(keys.listing("", "", place), reverse=True):
            looks += 1
            if looks % _LOOKS_A_STEP == 0:
                yield
            number = name.decode()
            data = at.get(keys.certificate(number))
            if data is None:
                raise StoreError(f"{number} is on a list and has no entry")
            entry = entries.decode_certificate(data)
            if entry.kind != "paper" and entry.issued < enough:
                break
            if entry.issued >= since:
                states[number] = place
                if state is CertificateState.OPEN and len(entry.records) > 1:
                    heads[number] = entry.head
    ranges = [
        Committed(code, one.year, one.first, one.last)
        for code, participant in sorted(register.participants.items())
        for one in sorted(participant.ranges, key=lambda one: (one.year, one.first))
    ]
    return Status(
        at=now,
        height=head.height,
        ledger=genesis.ledger_id,
        numbers=list_numbers(states, heads),
        origin=genesis.origin,
        ranges=tuple(ranges),
        root=head.root,
        signer=signer,
        since=since,
        size=head.tree_size,
        v=1,
    )
