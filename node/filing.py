"""The quarterly returns of a generated year: what its records' envelopes hold is added up, as each participant's office would.

The generator holds every key, so nothing is fetched but the record that counted last, which only the ledger knows.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from api.demo.office import Keys
from api.demo.trade import Step
from ledger.bodies import (
    CERTIFICATE_ISSUE,
    IMPORT_CONFIRM,
    RETURN_COUNTERSIGN,
    RETURN_FILE,
    ConfirmBody,
    CountersignBody,
    IssueBody,
    ReturnBody,
)
from ledger.entries import issuer_of
from ledger.genesis import Genesis
from ledger.periods import is_fourth, quarter_of, quarters_of
from ledger.quarterly import CountedLine
from ledger.record import build_statement, encode_submission, parse_submission, record_id, sign_statement
from ledger.unsealing import check_values, open_envelope
from node.returns import OpenedLine, annual_protection, cells, protection, trader_of


class Filing:
    """What counts so far, by author, flow and quarter."""

    def __init__(self, genesis: Genesis, keys: Keys) -> None:
        self._ledger_id = genesis.ledger_id
        self._keys = keys
        self._percent = genesis.parameters["p-percent"]
        self._lines: Mapping[tuple[str, str], list[OpenedLine]] = defaultdict(list)
        self._filed: dict[str, bytes] = {}
        self._certificates: dict[tuple[str, str], int] = defaultdict(int)

    def count(self, step: Step) -> None:
        """An accepted step of trade; others count nowhere."""
        if step.kind not in (CERTIFICATE_ISSUE, IMPORT_CONFIRM):
            return
        submission = parse_submission(step.submission)
        body, envelope = submission.record.body, submission.envelope
        assert isinstance(body, IssueBody | ConfirmBody)
        assert envelope is not None, "trade has sealed parts"
        fields = open_envelope(self._ledger_id, envelope, step.author, self._keys[step.author]["seal"])
        if isinstance(body, IssueBody):
            period, partner, party = f"{quarter_of(body.issued)} export", body.destination, "exporter"
        elif body.outcome == "refused":
            return
        else:
            period, partner, party = f"{quarter_of(body.received)} import", issuer_of(body.number), "importer"
        lines: Sequence[CountedLine] = body.lines
        opened = zip(lines, check_values(fields, body.lines), fields["values"], strict=True)
        trader = trader_of(fields.get(party))
        self._lines[step.author, period].extend(
            OpenedLine(partner, line.hs, line.points, cents, blinding, trader) for line, cents, (_, blinding) in opened
        )
        self._certificates[step.author, period] += 1

    def submission(self, step: Step, last: bytes | None) -> bytes:
        """A return, signed, whose author's record `last` counted last."""
        quarter, flow = step.period.split()
        lines = self._lines[step.author, step.period]
        year = [self._lines[step.author, f"{name} {flow}"] for name in quarters_of(quarter[:4])]
        body = ReturnBody(
            annual=annual_protection(year, self._percent) if is_fourth(quarter) else (),
            cells=cells(lines),
            certificates=self._certificates[step.author, step.period],
            flow="export" if flow == "export" else "import",
            last=last,
            protection=protection(lines, self._percent),
            quarter=quarter,
            revision=1,
        )
        statement = build_statement(RETURN_FILE, step.author, step.at, body)
        record = sign_statement(self._ledger_id, self._keys[step.author]["report"], statement)
        self._filed[f"{step.period} {step.author}"] = record_id(record)
        return encode_submission(record)

    def countersigned(self, step: Step) -> bytes:
        """The secretariat's countersignature of a return that was made before."""
        statement = build_statement(RETURN_COUNTERSIGN, step.author, step.at, CountersignBody(self._filed[step.period]))
        return encode_submission(sign_statement(self._ledger_id, self._keys[step.author]["audit"], statement))
