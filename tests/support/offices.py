"""The offices of a scenario: they write what a step says, seal it with real envelopes, and open what is sealed to them.

A step's members are those of an officer's file (`ledger.jsonform`, `ledger.bodyform`). What is left out follows from the step's
day and from the certificate it is about:

| kind | left out | means |
|---|---|---|
| certificate.issue | type, issued, validated, expires, parcels | `export`, the day, the day, 60 days later, 1 |
| certificate.amend | any member | as stated before |
| import.confirm, import.correct | outcome, received, parcels, lines, inspection, seals | `confirmed`, the day, as stated, `opened`, `intact` |
| | receipt_code | the one that lies in the container; `false`: none is stated |
| | number of a certificate that never was | one parcel of 1.00 ct, as the paper may say |
| paper.import | issued, received, parcels, reason | the day, the day, 1, `not-issuing` |
| technical.issue | issued, parcels | the day, 1 |
| plenary.propose | | `closes` is a day, at noon |
| return.file | annual, cells, certificates, last, protection | what the office opens of its own records of that quarter |

A text `id of NAME` stands for the id of the record that the step of this `name` made. A line without a `value` is worth nothing.
"""

import json
from collections import defaultdict
from datetime import date, timedelta

from msgspec.structs import asdict

from ledger.bodies import (
    ConfirmBody,
    CorrectBody,
    PaperImportBody,
    ReturnBody,
    ReturnCell,
    StatedBody,
    TechnicalBody,
)
from ledger.bodyform import body_from_json
from ledger.commitments import sum_blindings
from ledger.drafts import make_amend, make_confirm, make_issue
from ledger.entries import CertificateState, issuer_of
from ledger.jsonform import confirm_from_json, issue_from_json
from ledger.parameters import PARAMETERS
from ledger.participants import SECRETARIAT
from ledger.periods import quarter_of
from ledger.record import Record, Submission, parse_record
from ledger.units import DAY_MS, day_number
from ledger.unsealing import check_values, open_envelope
from node.returns import OpenedLine, annual_protection, protection
from tests.support.world import EPOCH, World, seal_secret

NOT_EXPORTED = {CertificateState.VOID, CertificateState.RETURNED, CertificateState.REPLACED}
P_PERCENT = PARAMETERS["p-percent"].default
_SEALED = {"certificate.issue", "certificate.amend", "import.confirm", "import.correct", "paper.import", "technical.issue"}


class Offices:
    """All offices of a world. `ids` are the records by the names of their steps."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.ids: dict[str, str] = {}
        self._stated: dict[str, dict] = {}
        self._codes: dict[str, str] = {}
        self._printed: dict[str, tuple[bytes, bytes]] = {}

    # --- writing ------------------------------------------------------------------------------------------------------

    def write(self, kind: str, who: str, day: str, given: dict) -> Submission:
        """The record of a step, with its envelope when its kind has one."""
        given = self._named(given)
        if kind in _SEALED:
            body, envelope = getattr(self, "_" + kind.replace(".", "_"))(who, day, given)
            return Submission(self.world.sign(kind, body, who), envelope)
        if kind == "return.file":
            return Submission(self.world.sign(kind, self.quarterly_return(who, **given), who))
        if kind == "plenary.propose":
            given["closes"] = day_number(given["closes"]) * DAY_MS + DAY_MS // 2
        return Submission(self.world.sign(kind, body_from_json(kind, json.dumps(given).encode()), who))

    def _named(self, value):
        if isinstance(value, dict):
            return {name: self._named(part) for name, part in value.items()}
        if isinstance(value, list):
            return [self._named(part) for part in value]
        return self.ids[value.removeprefix("id of ")] if isinstance(value, str) and value.startswith("id of ") else value

    def _readers(self, issuer: str, destination: str):
        epoch = {code: EPOCH if self._is_reader(code) else 0 for code in (issuer, destination, SECRETARIAT)}
        return [(code, number, self.world.public_seal(code, number) if number else None) for code, number in epoch.items()]

    def _is_reader(self, code: str) -> bool:
        return self.world.ledger.register.holder(code) is not None

    def _certificate_issue(self, who, day, given):
        until = (date.fromisoformat(day) + timedelta(days=60)).isoformat()
        stated = {"type": "export", "issued": day, "validated": day, "expires": until, "parcels": 1, **_lines(given)}
        draft = issue_from_json(json.dumps(stated).encode())
        made = make_issue(self.world.ledger.ledger_id, draft, self._readers(who, draft.destination), self.world.rng)
        if draft.number not in self._stated:
            self._stated[draft.number] = stated
            self._codes[draft.number] = made.receipt_code.hex()
            self._printed[draft.number] = made.body.receipt_hash, made.body.verdict_hash
        return made.body, made.envelope

    def _certificate_amend(self, who, day, given):
        number = given["number"]
        stated = self._stated[number] = {**self._stated[number], **_lines(given)}
        draft = issue_from_json(json.dumps(stated).encode())
        readers = self._readers(who, draft.destination)
        made = make_amend(
            self.world.ledger.ledger_id, draft, self._printed[number], self._newest(number), readers, self.world.rng
        )
        return made.body, made.envelope

    def _import_confirm(self, who, day, given):
        number = given["number"]
        stated = self._stated.get(number, {"parcels": 1, "lines": [{"hs": "710210", "carats": "1.00", "value": "0.00"}]})
        lines = [{name: line[name] for name in ("hs", "carats", "value")} for line in stated["lines"]]
        left_out = {"outcome": "confirmed", "received": day, "inspection": "opened", "seals": "intact"}
        left_out |= {"parcels": stated["parcels"], "lines": lines, "receipt_code": self._codes.get(number)}
        said = {"answers": self._newest(number).hex(), **left_out, **_lines(given)}
        said["receipt_code"] = said["receipt_code"] or None
        draft = confirm_from_json(json.dumps(said).encode())
        made = make_confirm(self.world.ledger.ledger_id, draft, self._readers(issuer_of(number), who), self.world.rng)
        return made.body, made.envelope

    def _import_correct(self, who, day, given):
        body, envelope = self._import_confirm(who, day, given)
        return CorrectBody(**asdict(body)), envelope

    def _paper_import(self, who, day, given):
        made, envelope = self._certificate_issue(
            who, given.get("issued", day), _without(given, "received", "reason") | {"destination": who}
        )
        names = ("issued", "lines", "number", "parcels", "points", "rid", "sealed")
        taken = {name: getattr(made, name) for name in names}
        body = PaperImportBody(received=given.get("received", day), reason=given.get("reason", "not-issuing"), **taken)
        return body, envelope

    def _technical_issue(self, who, day, given):
        lines = [{"origin": [], **line} for line in given["lines"]]
        issue = _without(given, "link", "reason") | {"lines": lines, "number": given["number"]}
        made, _ = self._certificate_issue(who, given.get("issued", day), issue)
        confirm = {name: value for name, value in _lines(given).items() if name in ("lines", "number")}
        extra = {"outcome": "confirmed", "received": day, "inspection": "opened", "seals": "intact", "parcels": made.parcels}
        draft = confirm_from_json(json.dumps({**extra, **confirm, "answers": bytes(32).hex()}).encode())
        sealed = make_confirm(self.world.ledger.ledger_id, draft, self._readers(who, made.destination), self.world.rng)
        body = TechnicalBody(
            destination=made.destination,
            issued=made.issued,
            lines=sealed.body.lines,
            link=given.get("link", ""),
            number=made.number,
            parcels=made.parcels,
            points=made.points,
            reason=given["reason"],
            rid=sealed.body.rid,
            sealed=sealed.body.sealed,
        )
        return body, sealed.envelope

    def _newest(self, number: str) -> bytes:
        held = self.world.ledger.certificate(number)
        return bytes(32) if held is None else held.records[-1]

    # --- opening ------------------------------------------------------------------------------------------------------

    def opened(self, reader: str, record_id: bytes) -> tuple[Record, dict, list[int]]:
        """A record, its sealed fields as this reader opens them, and its lines' values in cents, held against the record."""
        ledger = self.world.ledger
        record = parse_record(ledger.body(record_id))
        fields = open_envelope(ledger.ledger_id, ledger.envelope(record_id) or b"", reader, seal_secret(reader))
        return record, fields, check_values(fields, record.body.lines)

    def quarterly_return(self, who: str, flow: str, quarter: str) -> ReturnBody:
        """The return that an office makes of its own records: each one opened, and added up by partner and HS code."""
        lines, certificates = self._lines(who, flow, quarter)
        cells = defaultdict(lambda: [0, 0, []])
        for line in lines:
            cell = cells[line.partner, line.hs]
            cell[0] += line.points
            cell[1] += line.cents
            cell[2].append(line.blinding)
        held = self.world.ledger.quarter(who, flow, quarter)
        year = [self._lines(who, flow, f"{quarter[:4]}Q{place}")[0] for place in range(1, 5)] if quarter.endswith("Q4") else []
        return ReturnBody(
            annual=annual_protection(year, P_PERCENT),
            cells=tuple(ReturnCell(*key, *sums[:2], sum_blindings(sums[2])) for key, sums in sorted(cells.items())),
            certificates=certificates,
            flow=flow,
            last=held.counts.last or None,
            protection=protection(lines, P_PERCENT),
            quarter=quarter,
            revision=len(held.revisions) + 1,
        )

    def _lines(self, who: str, flow: str, quarter: str) -> tuple[list[OpenedLine], int]:
        """What counts in a quarter, opened, and of how many certificates."""
        lines, certificates = [], 0
        for row in self.world.ledger.certificates().rows:
            record_id = self._counted(row, who, flow, quarter)
            if record_id is None:
                continue
            certificates += 1
            record, fields, cents = self.opened(who, record_id)
            partner = row.destination if flow == "export" else row.issuer
            trader = fields.get("exporter" if flow == "export" else "importer", {"licence": ""})["licence"]
            for line, value, (_, blinding) in zip(record.body.lines, cents, fields["values"], strict=True):
                lines.append(OpenedLine(partner, line.hs, line.points, value, blinding, trader))
        return lines, certificates

    def _counted(self, row, who: str, flow: str, quarter: str) -> bytes | None:
        """The record of a certificate that counts in a quarter of this flow, None when none does."""
        held = self.world.ledger.certificate(row.number)
        bodies = [(record_id, parse_record(self.world.ledger.body(record_id)).body) for record_id in held.records]
        if flow == "export":
            if row.issuer != who or row.state in NOT_EXPORTED or held.issue is None or quarter_of(row.issued) != quarter:
                return None
            return [record_id for record_id, body in bodies if isinstance(body, StatedBody)][-1]
        if row.destination != who or row.measured is None:
            return None
        arrivals = [(record_id, body) for record_id, body in bodies if isinstance(body, ConfirmBody | PaperImportBody)]
        return arrivals[-1][0] if arrivals and quarter_of(arrivals[-1][1].received) == quarter else None


def _lines(given: dict) -> dict:
    """With a value in each line."""
    return given | ({"lines": [{"value": "0.00", **line} for line in given["lines"]]} if "lines" in given else {})


def _without(given: dict, *names: str) -> dict:
    return {name: value for name, value in given.items() if name not in names}
