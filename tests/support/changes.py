"""Records that change a certificate of the world, or stand beside one: amendments, closings, corrections, paper, technical."""

from msgspec.structs import asdict

from ledger.bodies import (
    AmendBody,
    CloseBody,
    ConfirmLine,
    CorrectBody,
    PaperConfirmBody,
    PaperImportBody,
    TechnicalBody,
    TransitBody,
)

DIGEST = b"\x07" * 32
"""Of a document on paper."""


def amended(world, before, answers=None, author="", **changes):
    """All that the certificate said, with changes; `before` is the record that is answered."""
    fields = asdict(before.body) | {"rid": world.rng(16), "sealed": world.rng(32), "answers": answers or before.id} | changes
    if "lines" in changes:
        fields["points"] = changes.get("points", sum(line.points for line in changes["lines"]))
    fields.pop("answers")
    body = AmendBody(answers=answers or before.id, **fields)
    return world.sign("certificate.amend", body, author or body.number[:2])


def closed(world, number, reason="void", replacement="", author=""):
    return world.sign(
        "certificate.close", CloseBody(number=number, reason=reason, replacement=replacement), author or number[:2]
    )


def corrected(world, stated, author="AE", answers=None, **changes):
    fields = asdict(stated.body) | {"rid": world.rng(16), "sealed": world.rng(32), "answers": answers or stated.id} | changes
    if "lines" in changes:
        fields["points"] = sum(line.points for line in changes["lines"])
    return world.sign("import.correct", CorrectBody(**fields), author)


def paper(world, number="LR0000001", author="AE", **changes):
    """AE imports 50.00 ct under a paper certificate of LR, which does not issue here."""
    lines = changes.pop("lines", (world.line(5_000, origin=("LR",)),))
    fields = {
        "issued": "2026-02-10",
        "lines": lines,
        "number": number,
        "parcels": 1,
        "points": sum(line.points for line in lines),
        "reason": "not-issuing",
        "received": "2026-02-20",
        "rid": world.rng(16),
        "sealed": world.rng(32),
    }
    return world.sign("paper.import", PaperImportBody(**(fields | changes)), author)


def mailed(world, issue, author="", **changes):
    fields = {
        "answers": issue.id,
        "digest": DIGEST,
        "number": issue.body.number,
        "outcome": "confirmed",
        "parcels": issue.body.parcels,
        "points": issue.body.points,
        "received": "2026-03-01",
    }
    return world.sign("paper.confirm", PaperConfirmBody(**(fields | changes)), author or issue.body.number[:2])


def technical(world, number="AE0000900", author="", key="", **changes):
    lines = (ConfirmLine(world.commitment(), "710231", 100),)
    fields = {
        "destination": "BW",
        "issued": "2026-03-01",
        "lines": lines,
        "number": number,
        "parcels": 1,
        "points": 100,
        "reason": "research",
        "rid": world.rng(16),
        "sealed": world.rng(32),
    }
    return world.sign("technical.issue", TechnicalBody(**(fields | changes)), author or number[:2], key)


def passage(world, number, author="EU"):
    return world.sign("transit.notice", TransitBody("2026-02-28", number, False, "intact"), author)
