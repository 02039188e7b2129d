"""Releases of statistics over a ledger whose every key is known: proposed, published and judged as secretariat and nodes do it.

signed = Publisher(port.ledger, port.network.keys, clock)
made = signed.draft(signed.propose("2026Q1"))    # any field may be given otherwise
for record in made.records: ...                   # the parts, then the statistics.publish
signed.verdict(made.id, "BW")
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ledger.bodies import STATISTICS_ATTACH, STATISTICS_PUBLISH, Body, PublishBody
from ledger.drafts import make_verdict
from ledger.participants import SECRETARIAT
from ledger.record import build_statement, record_id, sign_statement
from ledger.state import Ledger
from ledger.statistics.proposal import Proposal, encode_proposal
from ledger.statistics.review import Reviewer
from ledger.statistics.verify import verify
from node.releasing import parts_of

Propose = Callable[[Sequence, object], Proposal]


@dataclass(frozen=True, slots=True)
class Made:
    """Records of a release, the `statistics.publish` last, and its id; the files as they are published."""

    records: tuple[bytes, ...]
    id: bytes
    json: bytes
    csv: bytes


def plain(earlier: Sequence, cube) -> Proposal:
    """A proposal for figures of which none is unsafe."""
    revision = sum(one.cube.period == cube.period for one in earlier)
    return Proposal(cube.period, revision, cube.height, (), (), ())


class Publisher:
    """Signs for the secretariat and for nodes."""

    def __init__(self, ledger: Ledger, keys: Mapping[str, Mapping[str, bytes]], clock: Callable[[], int]) -> None:
        self._ledger = ledger
        self._keys = keys
        self._clock = clock

    def propose(self, period: str, propose: Propose = plain, height: int = 0) -> Proposal:
        """A proposal for a period's next release."""
        cube = self._ledger.cube(period, height or self._ledger.head.height)
        return propose(Reviewer(self._ledger).earlier(period[:4]), cube)

    def draft(self, proposal: Proposal, author: str = SECRETARIAT, **changes: object) -> Made:
        """The records that publish a proposal; `changes` are of the `statistics.publish`."""
        cube = self._ledger.cube(proposal.period, proposal.height)
        release = verify(Reviewer(self._ledger).earlier(proposal.period[:4]), cube, proposal)
        return self.publish(proposal, release.json, release.csv, author, **changes)

    def publish(
        self, proposal: Proposal, text: bytes, table: bytes = b"", author: str = SECRETARIAT, **changes: object
    ) -> Made:
        """The records that publish a proposal as this file, whatever it is."""
        data = encode_proposal(proposal)
        parts = [self.sign(STATISTICS_ATTACH, body, author) for body in parts_of(data)]
        fields: dict[str, object] = {
            "attachment": tuple(map(record_id, parts)),
            "digest": hashlib.sha256(text).digest(),
            "height": proposal.height,
            "length": len(data),
            "period": proposal.period,
            "revision": proposal.revision,
        }
        record = self.sign(STATISTICS_PUBLISH, PublishBody(**(fields | changes)), author)
        return Made((*parts, record), record_id(record), text, table)

    def sign(self, kind: str, body: Body, author: str) -> bytes:
        """A record of role audit."""
        statement = build_statement(kind, author, self._clock(), body)
        return sign_statement(self._ledger.ledger_id, self._keys[author]["audit"], statement)

    def verdict(self, release: bytes, code: str, why: str = "", cell: str = "") -> bytes:
        """The verdict of a participant's node."""
        statement = make_verdict(code, self._clock(), release, why, cell)
        return sign_statement(self._ledger.ledger_id, self._keys[code]["consensus"], statement)
