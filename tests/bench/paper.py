"""Receipts and certificates on paper: verifying, and printing, in a log of a million leaves; how wide the proof's code is."""

import statistics
import time
from collections.abc import Callable

from ledger.drafts import DraftLine
from ledger.paper import make_paper, verify_paper
from ledger.receipt import verify_receipt
from node.paper.contents import Contents
from node.paper.document import PROOF_MODULE_MM, code_width_mm, make_pdf
from tests.bench.figures import Figure, Report
from tests.support.papers import CODES, body, placed, policy, record_of

_LEAVES = 1_000_000
_VERIFIED_MS, _PRINTED_S, _WIDTH_MM = 5.0, 2.0, 65.0
_ROUNDS, _PRINTS = 200, 5


def measure(report: Report) -> None:
    """A two-line certificate, cosigned by the destination, the issuer and one more."""
    stated = body(lines=2)
    receipt = placed(record_of(stated), _LEAVES, 654_321).receipt(("RU", "BW", "AE"))
    known, text = policy(CODES[:4]), make_paper(receipt)
    against = "the design's bound"
    for name, work in (
        ("receipt verified", lambda: verify_receipt(receipt, known)),
        ("proof on paper verified", lambda: verify_paper(text, known)),
    ):
        spent = _median(work, _ROUNDS) * 1e3
        report.add(Figure("paper", f"{name} at {_LEAVES:,}", spent, "ms", _VERIFIED_MS, against, 1.0))
    width = code_width_mm(text, PROOF_MODULE_MM)
    report.add(Figure("paper", f"proof of two lines at {_LEAVES:,}", width, "mm", _WIDTH_MM, against, 1.0))
    contents = Contents(
        body=stated,
        lines=tuple(DraftLine(line.hs, line.points, 2_500_000, line.origin) for line in stated.lines),
        exporter=("Exporter", "Address", "Licence"),
        importer=("Importer", "Address", "Licence"),
        issuer="Botswana (BW)",
        destination="United Arab Emirates (AE)",
        origin="Botswana (BW)",
        authority="Ministry of Minerals",
        link=f"https://ledger.example/v1/certificates/{stated.number}/verdict?code=ABCDEFGH23456777",
        verdict_code="ABCDEFGH23456777",
        proof=text,
        receipt=receipt,
        record_id=bytes(32),
    )
    printed = _median(lambda: make_pdf(contents, "fr"), _PRINTS)
    report.add(Figure("paper", "certificate printed", printed, "s", _PRINTED_S, against, 1.0))


def _median(work: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)
