"""The desk's words: every language has all of them, every reason that can be met has a sentence and a step, at its field."""

import re

import pytest

from api.pages.language import LANGUAGES
from api.reasons import kinds_by_code, kinds_by_signing
from ledger.bodies import PaperConfirmBody
from ledger.csvform import COLUMNS
from ledger.csvform import Fault as CellFault
from ledger.drafts import ConfirmDraft, DraftLine, IssueDraft
from ledger.errors import Code, Refusal
from node.desk.comparison import compare, compare_paper, suggest, suggest_paper
from node.desk.drafts import Draft, Kind, Standing
from node.desk.errors import Fault
from node.desk.faults import Shown, shown
from node.desk.filling import from_issue, from_paper
from node.desk.forms import confirm_draft, faults, issue_draft, paper_draft, read, rows_of
from node.desk.frame import TABLES, TEMPLATES, figures, texts
from node.desk.journal import Act
from node.desk.strings import advice, english, french
from tests.support.desks import LINE, PARTIES

KINDS = {"certificate.issue", "certificate.amend", "certificate.close", "import.confirm", "import.correct"}
KINDS |= {"paper.import", "paper.confirm", "technical.issue"}
PLACEHOLDER = re.compile(r"\{(\w*)\}")
CALL = re.compile(r"""\bt\('([^']+)'(?!\s*~)""")
TEXT = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}|<pre.*?</pre>|<[^>]*>|&\w+;", re.DOTALL)
TEMPLATE_FILES = sorted(TEMPLATES.glob("*.html"))


def test_every_language_has_every_text():
    assert english.TEXTS.keys() == french.TEXTS.keys()
    for key, text in english.TEXTS.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(french.TEXTS[key])), key
        assert text
        assert french.TEXTS[key]
    for act in Act:
        assert f"act_{act}" in english.TEXTS
    for fault in Fault:
        assert f"fault_{fault}" in english.TEXTS
    for kind in Kind:
        assert f"kind_{kind}" in english.TEXTS
    for standing in Standing:
        assert f"standing_{standing}" in english.TEXTS
    assert set(french.COLUMNS) == set(COLUMNS)
    assert texts("fr")("signed_in_as") == "Connecté\N{NO-BREAK SPACE}:"


@pytest.mark.parametrize("file", TEMPLATE_FILES, ids=lambda file: file.stem)
def test_no_template_has_a_text_of_its_own(file):
    source = file.read_text()
    assert re.findall(r"[^\W\d_]{2,}", re.sub(r"""[\w-]+="[^"]*\"""", "", TEXT.sub(" ", source))) == []
    assert [key for key in CALL.findall(source) if key not in english.TEXTS] == []


def test_no_text_is_left_over():
    used = "".join(file.read_text() for file in TEMPLATE_FILES)
    built = ("fault_", "act_", "kind_", "standing_", "state_", "said_", "record_", "hs_", "figure_", "outcome_", "suggested_")
    built += (
        "inspection_",
        "seals_",
        "close_",
        "type_",
        "group_",
        "detail_",
        "pdf_",
        "begin_",
        "nav_",
        "told_",
        "party_",
        "source_",
        "reason_",
    )
    plain = {
        "too_large",
        "bad_request",
        "no_node",
        "no_token",
        "node_says_no",
        "not_sound",
        "disk",
        "unforeseen",
        "trouble",
        "trouble_keys",
    }
    plain |= {"trouble_disk", "any_reason"}
    left = [
        key
        for key in english.TEXTS
        if f"'{key}'" not in used and not key.startswith(built) and key not in plain | {"licence", "figure", "line", "source"}
    ]
    assert left == []


def test_each_reason_that_can_be_met_says_what_to_do():
    own, signing = kinds_by_code(), kinds_by_signing()
    met = {code for code in Code if KINDS & {*own.get(code, ()), *signing.get(code, ())}}
    met |= {Code.BAD_VALUE, Code.TOO_LARGE, Code.MALFORMED, Code.DAILY_QUOTA, Code.BAD_SIGNATURE, Code.ENVELOPE_READERS}
    assert len(met) > 40
    for code in met:
        reason = shown(Kind.ISSUE, Refusal(code))
        for language in TABLES:
            assert len(advice.sentence(reason, language)) > 10, code
            assert len(advice.step(reason, language)) > 10, code
        assert advice.sentence(reason, "fr") != advice.sentence(reason, "en")
    assert {str(code) for code in met} <= set(advice.ADVICE)
    cell = CellFault(2, "carats", "BW0000001", "bad-value (given x)", "Write it so.")
    assert advice.cell_step(cell, "en") == "Write it so."
    assert advice.cell_step(cell, "fr") == french.COLUMNS["carats"]
    assert advice.cell_sentence(cell, "fr").startswith("Le champ")


def test_every_field_that_a_person_types_says_how_it_is_written():
    typed = ["number", "parcels", "carats", "digest", "received", "receipt_code", "link", "replacement", "sealed.seals"]
    typed += [
        "lines[3].carats",
        "lines[0].value",
        "lines[0].origin",
        "sources[0].number",
        "sealed.exporter.name",
        "sealed.remarks",
    ]
    for name in typed:
        reason = shown(Kind.ISSUE, Refusal(Code.BAD_VALUE, name, given="x", expected="[A-Z]{2}"))
        for language in TABLES:
            step = advice.step(Shown(reason.code, name, reason.details), language)
            assert step not in ("", *advice.ADVICE["bad-value"]), name
            assert "[A-Z]" not in figures(Shown(reason.code, name, reason.details), LANGUAGES[language], texts(language))
    assert "the letter O, I or B" in advice.step(Shown("bad-value", "receipt_code", {}), "en")


@pytest.mark.parametrize(
    ("kind", "named", "field"),
    [
        (Kind.ISSUE, "body.lines[3].points", "lines[3].carats"),
        (Kind.ISSUE, "lines[0].commitment", "lines[0].value"),
        (Kind.ISSUE, "lines[1].origin[2]", "lines[1].origin"),
        (Kind.ISSUE, "lines[1]", "lines[1].carats"),
        (Kind.ISSUE, "sources[63].carats", "sources[63].carats"),
        (Kind.ISSUE, "sources", "sources[0].carats"),
        (Kind.ISSUE, "carats", "lines[0].carats"),
        (Kind.ISSUE, "sealed.exporter.name", "sealed.exporter.name"),
        (Kind.ISSUE, "sealed.exporter", "sealed.exporter.name"),
        (Kind.ISSUE, "sealed.seals[3]", "sealed.seals"),
        (Kind.ISSUE, "fields", "sealed.remarks"),
        (Kind.ISSUE, "answers", ""),
        (Kind.ISSUE, "key", ""),
        (Kind.ISSUE, "", ""),
        (Kind.AMEND, "expires", "expires"),
        (Kind.CONFIRM, "receipt_code", "receipt_code"),
        (Kind.CONFIRM, "lines[0].origin", ""),
        (Kind.CORRECT, "carats", "lines[0].carats"),
        (Kind.CLOSE, "replacement", "replacement"),
        (Kind.CLOSE, "lines[0].carats", ""),
        (Kind.PAPER, "lines[1].origin[0]", "lines[1].origin"),
        (Kind.PAPER, "received", "received"),
        (Kind.PAPER, "destination", ""),
        (Kind.TECHNICAL, "link", "link"),
        (Kind.TECHNICAL, "lines[0].origin", ""),
        (Kind.TECHNICAL, "sources", ""),
        (Kind.ANSWER, "carats", "carats"),
        (Kind.ANSWER, "body.points", "carats"),
        (Kind.ANSWER, "digest", "digest"),
        (Kind.ANSWER, "answers", ""),
        (Kind.ANSWER, "lines[0].carats", ""),
        (Kind.ANSWER, "sealed.remarks", ""),
    ],
)
def test_a_refusal_is_shown_at_its_field(kind, named, field):
    assert shown(kind, Refusal(Code.BAD_VALUE, named)).field == field


def draft(kind=Kind.ISSUE, basis=None, **fields):
    return Draft("0" * 16, kind, read(kind, fields), basis or {}, (), Standing.OPEN, 0, 0)


WHOLE = {
    "number": "bw0000001", "type": "export", "issued": "2026-09-21", "validated": "2026-09-21", "expires": "2026-10-21",
    "destination": "ae", "parcels": "1", **PARTIES, **LINE,
}  # fmt: skip


def test_what_a_person_types_is_read():
    told = draft(
        **{
            **WHOLE,
            "lines[0].carats": "1 200,5",
            "lines[0].origin": "cd, ao;cd",
            "lines[4].carats": "3",
            "lines[4].value": "1",
        },
        **{
            "lines[4].hs": "710210",
            "lines[2].hs": "710221",
            "sealed.seals": "S-1;S-2",
            "sealed.remarks": "a\r\nb",
            "else": "x",
        },
    )
    assert faults(told) == []
    made = issue_draft(told)
    assert (made.number, made.destination) == ("BW0000001", "AE")
    assert [(line.hs, line.points, line.origin) for line in made.lines] == [
        ("710231", 120050, ("AO", "CD")),
        ("710210", 300, ()),
    ]
    assert made.sealed["seals"] == ["S-1", "S-2"]
    assert made.sealed["remarks"] == "a b"
    assert "else" not in told.fields
    again = draft(**from_issue(made))
    assert issue_draft(again) == made


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"number": "", "parcels": "", "sealed.importer.name": ""}, {"number", "parcels", "sealed.importer.name"}),
        ({"lines[0].carats": "many", "lines[0].value": "-1"}, {"lines[0].carats", "lines[0].value"}),
        ({"lines[0].carats": "", "lines[0].value": "", "lines[0].origin": ""}, {"lines[0].carats"}),
        ({"issued": "21.9.2026"}, {"issued"}),
        ({"sources[0].number": "RU0000001"}, {"sources[0].carats"}),
        ({"parcels": "none"}, {"parcels"}),
        ({"validated": "2026-09-01"}, {"validated"}),
        ({"destination": "BW"}, {"destination"}),
        ({"lines[0].origin": "XX"}, {"lines[0].origin"}),
        ({"number": "BW1"}, {"number"}),
        ({"lines[0].zone": "z" * 61}, {"lines[0].zone"}),
        ({"sealed.remarks": "r" * 4001}, {"sealed.remarks"}),
    ],
)
def test_what_is_wrong_is_named_by_its_field(changed, fields):
    told = draft(**{**WHOLE, **changed})
    assert {shown(told.kind, reason).field for reason in faults(told)} == fields


PAPER = {"number": "TG0001234", "reason": "not-issuing", "issued": "2026-09-01", "received": "2026-09-20", "parcels": "1"}
ANSWER = {
    "number": "BW0000001",
    "received": "2026-09-20",
    "parcels": "0",
    "carats": "0",
    "outcome": "refused",
    "digest": "Ab" * 32,
}
TECHNICAL = {"number": "BW0000009", "reason": "research", "issued": "2026-09-21", "destination": "AE", "parcels": "1"}


@pytest.mark.parametrize(
    ("kind", "changed", "fields"),
    [
        (Kind.PAPER, {}, set()),
        (Kind.PAPER, {"reason": "", "sealed.exporter.name": ""}, {"reason", "sealed.exporter.name"}),
        (Kind.PAPER, {"lines[0].carats": "", "lines[0].value": "", "lines[0].origin": ""}, {"lines[0].carats"}),
        (Kind.PAPER, {"received": "2026-08-31"}, {"received"}),
        (Kind.PAPER, {"lines[0].origin": "XX"}, {"lines[0].origin"}),
        (Kind.PAPER, {"reason": "none"}, {"reason"}),
        (Kind.PAPER, {"number": "TG-1"}, {"number"}),
        (Kind.TECHNICAL, {"sealed.exporter.name": "", "sealed.importer.name": ""}, set()),
        (Kind.TECHNICAL, {"reason": "seized"}, {"link"}),
        (Kind.TECHNICAL, {"reason": "seized", "link": "ae0000001"}, set()),
        (Kind.TECHNICAL, {"destination": "BW"}, {"destination"}),
        (Kind.TECHNICAL, {"lines[0].value": "none"}, {"lines[0].value"}),
        (Kind.TECHNICAL, {"issued": "21.9.2026"}, {"issued"}),
        (Kind.ANSWER, {}, set()),
        (Kind.ANSWER, {"outcome": "", "digest": "", "parcels": ""}, {"outcome", "digest", "parcels"}),
        (Kind.ANSWER, {"received": "20/9/2026", "carats": "1.234"}, {"received", "carats"}),
        (Kind.ANSWER, {"outcome": "lost"}, {"outcome"}),
        (Kind.ANSWER, {"parcels": "-1"}, {"parcels"}),
        (Kind.ANSWER, {"digest": "ab" * 31}, {"digest"}),
        (Kind.ANSWER, {"digest": "xy" * 32}, {"digest"}),
    ],
)
def test_what_is_wrong_with_what_came_on_paper_or_is_not_traded(kind, changed, fields):
    whole = {Kind.PAPER: PAPER, Kind.TECHNICAL: TECHNICAL, Kind.ANSWER: ANSWER}[kind]
    told = draft(kind, {"answers": "00" * 32}, **{**whole, **PARTIES, **LINE, **changed})
    assert {shown(kind, reason).field for reason in faults(told)} == fields


def test_what_an_import_on_paper_says_fills_its_form_again():
    told = draft(Kind.PAPER, **{**PAPER, **PARTIES, **LINE, "lines[0].origin": "tg gh"})
    made = paper_draft(told)
    assert made.lines[0].origin == ("GH", "TG")
    assert paper_draft(draft(Kind.PAPER, **from_paper(made))) == made


def test_an_outcome_may_measure_nothing():
    basis = {"answers": "00" * 32}
    common = {"number": "BW0000001", "received": "2026-09-21", "parcels": "0", "inspection": "not-opened", "seals": "none"}
    told = draft(Kind.CONFIRM, basis, **common, outcome="refused")
    assert faults(told) == []
    assert confirm_draft(told).lines == ()
    assert rows_of(told.fields, "lines") == []
    assert [shown(Kind.CONFIRM, one).code for one in faults(draft(Kind.CONFIRM, basis, **common, outcome="confirmed"))] == [
        "confirmed-but-differs"
    ]


def announced():
    lines = (DraftLine("710231", 1250, 1, ("BW",)), DraftLine("710231", 50, 1), DraftLine("710210", 100, 1))
    return IssueDraft("BW0000001", "export", "2026-09-01", "2026-09-01", "2026-10-01", "AE", 2, lines)


def measured(received="2026-09-20", parcels=2, lines=(("710231", 1300), ("710210", 100))):
    made = tuple(DraftLine(hs, points, 1) for hs, points in lines)
    return ConfirmDraft("BW0000001", "", received, parcels, made, "opened", "intact")


@pytest.mark.parametrize(
    ("arrived", "suggestion"),
    [
        (None, ""),
        (measured(), "confirmed"),
        (measured(received="2026-10-01"), "confirmed"),
        (measured(received="2026-10-02"), "discrepancy"),
        (measured(parcels=1), "discrepancy"),
        (measured(lines=(("710231", 1400),)), "discrepancy"),
        (measured(lines=(("710231", 1299), ("710210", 100))), "discrepancy"),
        (measured(parcels=0, lines=()), "refused"),
    ],
)
def test_what_the_figures_suggest(arrived, suggestion):
    assert suggest(announced(), arrived) == suggestion


@pytest.mark.parametrize(
    ("told", "suggestion"),
    [
        (None, ""),
        ({}, "confirmed"),
        ({"received": "2026-10-01"}, "confirmed"),
        ({"received": "2026-10-02"}, "discrepancy"),
        ({"parcels": 1}, "discrepancy"),
        ({"points": 1399}, "discrepancy"),
        ({"parcels": 0, "points": 0}, "refused"),
    ],
)
def test_what_the_figures_of_a_paper_suggest(told, suggestion):
    whole = {"outcome": "discrepancy", "parcels": 2, "points": 1400, "received": "2026-09-20"}
    paper = None if told is None else PaperConfirmBody(bytes(32), bytes(32), "BW0000001", **{**whole, **told})
    assert suggest_paper(announced(), paper) == suggestion
    assert [row.what for row in compare_paper(announced(), paper)] == ["parcels", "carats"]
    if paper is not None:
        assert [row.differs for row in compare_paper(announced(), paper)] == [paper.parcels != 2, paper.points != 1400]


def test_figures_stand_side_by_side():
    rows = compare(announced(), measured(parcels=3, lines=(("710231", 1290), ("710221", 5), ("710210", 100))))
    assert [(row.what, row.announced, row.measured, row.difference, row.differs) for row in rows] == [
        ("parcels", "2", "3", "+1", True),
        ("710210", "1.00", "1.00", "0.00", False),
        ("710221", "0.00", "0.05", "+0.05", True),
        ("710231", "13.00", "12.90", "-0.10", True),
        ("carats", "14.00", "13.95", "-0.05", True),
    ]
    assert [row.what for row in compare(announced(), None)] == ["parcels", "710210", "710231", "carats"]
