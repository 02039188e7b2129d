"""What accepted records write: the only places where state changes. Nothing here refuses anything; the checks came before.

Every change keeps an entry, its place in the lists and the running sums in step, within the block's overlay.
"""

from msgspec.structs import replace

from ledger import keys
from ledger.entries import STATE_NUMBER, CertificateEntry, CertificateState, issuer_of
from ledger.overlay import Overlay
from ledger.totals import Totals


class Writer:
    """Writes of one block into its overlay and sums."""

    __slots__ = ("_overlay", "_totals")

    def __init__(self, overlay: Overlay, totals: Totals) -> None:
        self._overlay = overlay
        self._totals = totals

    def open_certificate(self, number: str, entry: CertificateEntry) -> None:
        """A new certificate enters the register and the lists."""
        self._overlay.put_certificate(number, entry)
        self._list(number, entry, listed=True)

    def settle(self, number: str, state: CertificateState, record_id: bytes, height: int, measured: int) -> None:
        """The certificate's outcome: it moves from one list to another."""
        before = self._certificate(number)
        after = replace(
            before, state=state, records=(*before.records, record_id), heights=(*before.heights, height), measured=measured
        )
        self._list(number, before, listed=False)
        self._overlay.put_certificate(number, after)
        self._list(number, after, listed=True)

    def claim(self, source: str, number: str, points: int) -> None:
        """The certificate `number` takes points from what arrived under `source`."""
        entry = self._certificate(source)
        self._overlay.put_certificate(source, replace(entry, claimed=entry.claimed + points))
        self._overlay.put(keys.claims(source) + number.encode(), points.to_bytes(keys.INDEX_BYTES, "big"))

    def take_rid(self, rid: bytes) -> None:
        """The rid is used now."""
        self._overlay.put(keys.rid(rid), b"")

    def add_export(self, participant: str, points: tuple[int, ...]) -> None:
        """Points by HS code leave a participant under one certificate."""
        self._totals.add(participant, "export", points)

    def add_import(self, participant: str, points: tuple[int, ...]) -> None:
        """Points by HS code arrive at a participant under one certificate."""
        self._totals.add(participant, "import", points)

    def _certificate(self, number: str) -> CertificateEntry:
        entry = self._overlay.certificate(number)
        assert entry is not None, "the checks have found it"
        return entry

    def _list(self, number: str, entry: CertificateEntry, *, listed: bool) -> None:
        """Puts the certificate on the lists of its state, or takes it off, and counts it."""
        position = keys.position(entry.index)
        state = STATE_NUMBER[entry.state]
        self._totals.count(state, 1 if listed else -1)
        for issuer in ("", issuer_of(number)):
            for destination in ("", entry.destination):
                key = keys.listing(issuer, destination, state) + position
                if listed:
                    self._overlay.put(key, number.encode())
                else:
                    self._overlay.delete(key)
