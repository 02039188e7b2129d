"""`ledger.bodies.reports` and `ledger.bodies.inquiries`: the schemas, bound by bound, and how JSON shows them."""

import msgspec
import pytest

from ledger import codec
from ledger.bodies import KINDS
from ledger.errors import Code, Refusal
from ledger.jsonform import body_to_json
from ledger.limits import (
    MAX_AMOUNT,
    MAX_ANNUAL,
    MAX_CELLS,
    MAX_FINDING_CHARACTERS,
    MAX_NAME_CHARACTERS,
    MAX_PRODUCTION_LINES,
    MAX_RECORD_BYTES,
    MAX_REVISION,
    MAX_SUM,
    MAX_TEXT_CHARACTERS,
)
from ledger.record import build_statement, sign_statement

CELL = ["AE", "710231", 5, 100, bytes(32)]
LINE = {"cents": 0, "hs": "710231", "points": 5, "zone": "Orapa"}
BODIES = {
    "production.report": {"half": "2026H1", "lines": [LINE], "revision": 1},
    "stock.declare": {"date": "2026-02-28", "lines": [{"hs": "710221", "points": 1}]},
    "return.file": {
        "cells": [CELL],
        "certificates": 1,
        "flow": "export",
        "last": b"r" * 32,
        "annual": [["710231", 1, 5, 100], ["AE", 2, 6, 200], ["all", 3, 0, 300]],
        "protection": [["710231", 1, 5, 100], ["all", 1, 5, 100]],
        "quarter": "2026Q1",
        "revision": 1,
    },
    "return.countersign": {"filed": b"r" * 32},
    "inquiry.open": {"due": "2026-05-01", "finding": "negative-stock/BW", "participant": "BW", "question": "Why?"},
    "inquiry.answer": {"digest": b"d" * 32, "inquiry": b"r" * 32, "text": "So."},
    "inquiry.close": {"inquiry": b"r" * 32, "outcome": "resolved", "remark": "Thanks."},
    "sealed.share": {"epoch": 2026, "reader": "secretariat", "rid": b"r" * 16, "wrap": b"w" * 112},
    "sealed.fault": {"fault": "unreadable", "rid": b"r" * 16},
}
OPTIONAL = {"return.file": {"annual"}, "inquiry.open": {"finding"}, "inquiry.answer": {"digest"}, "inquiry.close": {"remark"}}


def reader(kind):
    return codec.typed(KINDS[kind].body)


def refusal(kind, **changes):
    with pytest.raises(Refusal) as caught:
        reader(kind).decode(codec.encode(BODIES[kind] | changes))
    return caught.value


@pytest.mark.parametrize("kind", BODIES)
def test_every_field_is_required_but_optional_ones_and_no_other_allowed(kind):
    body = BODIES[kind]
    assert reader(kind).encode(reader(kind).decode(codec.encode(body))) == codec.encode(body)
    for name in body:
        rest = codec.encode({key: value for key, value in body.items() if key != name})
        if name in OPTIONAL.get(kind, ()):
            assert reader(kind).encode(reader(kind).decode(rest)) == rest
            empty = refusal(kind, **{name: type(body[name])()})
            assert (empty.code, empty.field) == (Code.NOT_CANONICAL, name)
            continue
        with pytest.raises(Refusal) as caught:
            reader(kind).decode(rest)
        assert (caught.value.code, caught.value.field) == (Code.MALFORMED, name)
    found = refusal(kind, exporter="Kgalagadi Stones")
    assert (found.code, found.field) == (Code.MALFORMED, "exporter")


@pytest.mark.parametrize(
    ("kind", "changes", "field", "code"),
    [
        ("production.report", {"half": "2026Q1"}, "half", Code.BAD_VALUE),
        ("production.report", {"half": "2026H3"}, "half", Code.BAD_VALUE),
        ("production.report", {"half": "1999H1"}, "half", Code.BAD_VALUE),
        ("production.report", {"half": "2026H1\n"}, "half", Code.BAD_VALUE),
        ("production.report", {"revision": 0}, "revision", Code.BAD_VALUE),
        ("production.report", {"revision": MAX_REVISION + 1}, "revision", Code.BAD_VALUE),
        ("production.report", {"lines": [LINE] * (MAX_PRODUCTION_LINES + 1)}, "lines", Code.BAD_VALUE),
        ("production.report", {"lines": [LINE | {"points": 0}]}, "lines[0].points", Code.BAD_VALUE),
        ("production.report", {"lines": [LINE | {"cents": -1}]}, "lines[0].cents", Code.BAD_VALUE),
        ("production.report", {"lines": [LINE | {"cents": MAX_AMOUNT + 1}]}, "lines[0].cents", Code.BAD_VALUE),
        ("production.report", {"lines": [LINE | {"zone": ""}]}, "lines[0].zone", Code.NOT_CANONICAL),
        ("stock.declare", {"date": "2026-02-30"}, "date", Code.BAD_VALUE),
        ("stock.declare", {"lines": [{"hs": "710221", "points": 1}] * 4}, "lines", Code.BAD_VALUE),
        ("stock.declare", {"lines": [{"hs": "710239", "points": 1}]}, "lines[0].hs", Code.BAD_VALUE),
        ("return.file", {"quarter": "2026Q0"}, "quarter", Code.BAD_VALUE),
        ("return.file", {"quarter": "2026Q5"}, "quarter", Code.BAD_VALUE),
        ("return.file", {"quarter": "2026H1"}, "quarter", Code.BAD_VALUE),
        ("return.file", {"flow": "production"}, "flow", Code.BAD_VALUE),
        ("return.file", {"last": b"r" * 31}, "last", Code.BAD_VALUE),
        ("return.file", {"last": ""}, "last", Code.MALFORMED),
        ("return.file", {"certificates": -1}, "certificates", Code.BAD_VALUE),
        ("return.file", {"cells": [CELL] * (MAX_CELLS + 1)}, "cells", Code.BAD_VALUE),
        ("return.file", {"cells": [CELL[:4]]}, "cells[0]", Code.BAD_VALUE),
        ("return.file", {"cells": [[*CELL, 0]]}, "cells[0]", Code.BAD_VALUE),
        ("return.file", {"cells": [["ae", *CELL[1:]]]}, "cells[0].partner", Code.BAD_VALUE),
        ("return.file", {"cells": [[*CELL[:2], 0, *CELL[3:]]]}, "cells[0].points", Code.BAD_VALUE),
        ("return.file", {"cells": [[*CELL[:2], MAX_SUM + 1, *CELL[3:]]]}, "cells[0].points", Code.BAD_VALUE),
        ("return.file", {"cells": [[*CELL[:3], -1, CELL[4]]]}, "cells[0].cents", Code.BAD_VALUE),
        ("return.file", {"cells": [[*CELL[:3], MAX_SUM + 1, CELL[4]]]}, "cells[0].cents", Code.BAD_VALUE),
        ("return.file", {"cells": [[*CELL[:4], bytes(31)]]}, "cells[0].blinding", Code.BAD_VALUE),
        ("return.file", {"cells": [[*CELL[:4], bytes(33)]]}, "cells[0].blinding", Code.BAD_VALUE),
        ("return.file", {"protection": [["710231", 0, 5, 100]]}, "protection[0].traders", Code.BAD_VALUE),
        ("return.file", {"protection": [["710231", 4, 5, 100]]}, "protection[0].traders", Code.BAD_VALUE),
        ("return.file", {"protection": [["AE", 1, 5, 100]]}, "protection[0].hs", Code.BAD_VALUE),
        ("return.file", {"protection": [["all", 1, 5, 100]] * 5}, "protection", Code.BAD_VALUE),
        ("return.file", {"annual": [["710211", 1, 5, 100]]}, "annual[0].of", Code.BAD_VALUE),
        ("return.file", {"annual": [["ae", 1, 5, 100]]}, "annual[0].of", Code.BAD_VALUE),
        ("return.file", {"annual": [["AE", 0, 5, 100]]}, "annual[0].traders", Code.BAD_VALUE),
        ("return.file", {"annual": [["AE", 1, -1, 100]]}, "annual[0].points", Code.BAD_VALUE),
        ("return.file", {"annual": [["AE", 1, 5, MAX_SUM + 1]]}, "annual[0].cents", Code.BAD_VALUE),
        ("return.file", {"annual": [["AE", 1, 5, 100]] * (MAX_ANNUAL + 1)}, "annual", Code.BAD_VALUE),
        ("return.countersign", {"filed": b"r"}, "filed", Code.BAD_VALUE),
        ("inquiry.open", {"due": "soon"}, "due", Code.BAD_VALUE),
        ("inquiry.open", {"participant": "secretariat"}, "participant", Code.BAD_VALUE),
        ("inquiry.open", {"question": ""}, "question", Code.BAD_VALUE),
        ("inquiry.open", {"question": "?" * (MAX_TEXT_CHARACTERS + 1)}, "question", Code.BAD_VALUE),
        ("inquiry.open", {"question": "Su\u0308d"}, "question", Code.NOT_CANONICAL),
        ("inquiry.open", {"finding": "f" * (MAX_FINDING_CHARACTERS + 1)}, "finding", Code.BAD_VALUE),
        ("inquiry.answer", {"text": ""}, "text", Code.BAD_VALUE),
        ("inquiry.answer", {"text": "a" * (MAX_TEXT_CHARACTERS + 1)}, "text", Code.BAD_VALUE),
        ("inquiry.answer", {"digest": b"d" * 33}, "digest", Code.BAD_VALUE),
        ("inquiry.answer", {"digest": b"d" * 31}, "digest", Code.BAD_VALUE),
        ("inquiry.close", {"outcome": "forgotten"}, "outcome", Code.BAD_VALUE),
        ("inquiry.close", {"remark": "r" * (MAX_NAME_CHARACTERS + 1)}, "remark", Code.BAD_VALUE),
        ("sealed.share", {"epoch": 0}, "epoch", Code.BAD_VALUE),
        ("sealed.share", {"reader": "court"}, "reader", Code.BAD_VALUE),
        ("sealed.share", {"rid": bytes(15)}, "rid", Code.BAD_VALUE),
        ("sealed.share", {"wrap": bytes(111)}, "wrap", Code.BAD_VALUE),
        ("sealed.share", {"wrap": bytes(113)}, "wrap", Code.BAD_VALUE),
        ("sealed.fault", {"fault": "dull"}, "fault", Code.BAD_VALUE),
        ("sealed.fault", {"rid": b"r" * 32}, "rid", Code.BAD_VALUE),
    ],
)
def test_what_may_not_be_said(kind, changes, field, code):
    found = refusal(kind, **changes)
    assert (found.field, found.code) == (field, code)


def test_the_longest_texts_and_the_largest_return_fit_a_record():
    ledger, seed = bytes(32), b"s" * 32
    cells = [[chr(65 + n // 26) + chr(65 + n % 26), "710231", MAX_SUM, MAX_SUM, b"\xff" * 32] for n in range(MAX_CELLS)]
    annual = [[cell[0], 3, MAX_SUM, MAX_SUM] for cell in cells[:MAX_ANNUAL]]
    lines = [{"cents": MAX_AMOUNT, "hs": "710231", "points": MAX_AMOUNT, "zone": "\u20ac" * 20}] * MAX_PRODUCTION_LINES
    for kind, author, changes in (
        ("return.file", "BW", {"cells": cells, "annual": annual}),
        ("production.report", "BW", {"lines": lines}),
        ("inquiry.open", "secretariat", {"question": "\U0001f48e" * MAX_TEXT_CHARACTERS}),
        ("inquiry.answer", "BW", {"text": "\U0001f48e" * MAX_TEXT_CHARACTERS}),
    ):
        body = msgspec.convert(BODIES[kind] | changes, KINDS[kind].body)
        raw = sign_statement(ledger, seed, build_statement(kind, author, 1, body))
        assert len(raw) <= MAX_RECORD_BYTES


def test_json_names_the_fields_of_rows():
    shown = body_to_json(msgspec.convert(BODIES["return.file"], KINDS["return.file"].body))
    assert shown["cells"] == [{"partner": "AE", "hs": "710231", "carats": "0.05", "value": "1.00", "blinding": "00" * 32}]
    assert shown["protection"][0] == {"hs": "710231", "traders": 1, "carats": "0.05", "value": "1.00"}
    assert shown["annual"][1] == {"of": "AE", "traders": 2, "carats": "0.06", "value": "2.00"}
    assert body_to_json(msgspec.convert(BODIES["production.report"], KINDS["production.report"].body))["lines"] == [
        {"value": "0.00", "hs": "710231", "carats": "0.05", "zone": "Orapa"}
    ]
