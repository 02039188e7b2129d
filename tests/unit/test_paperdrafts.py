"""ledger/paperdrafts.py, node/papers.py: files of imports on paper and of technical certificates, sealed; what is no such file."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from ledger.bodies import PaperConfirmBody, PaperImportBody, TechnicalBody
from ledger.errors import Code, Refusal
from ledger.paperdrafts import make_paper, make_technical, paper_from_json, technical_from_json
from ledger.record import parse_submission
from ledger.units import block_date, date_of, day_number
from ledger.unsealing import check_values, open_envelope
from node.errors import FatalError
from node.office import Office, kept_submission
from node.papers import answer_from_json, import_paper, issue_technical, kept_answers, state_answer
from tests.support.port import NOW, local_port
from tests.support.sealed import LEDGER, PARTY, READERS, SECRETS, randomness

PAPER = {
    "number": "BW0001234", "reason": "outage", "issued": "2026-09-18", "received": "2026-09-20", "parcels": 1, "carats": "12.35",
    "lines": [
        {"hs": "710231", "origin": ["BW"], "zone": "Jwaneng", "carats": "12.34", "value": "2500.00"},
        {"hs": "710221", "origin": [], "carats": "0.01", "value": "0.00"},
    ],
    "sealed": {"exporter": PARTY, "seals": ["S-1"]},
}  # fmt: skip
TECHNICAL = {
    "number": "BW0001234", "reason": "research", "issued": "2026-09-18", "destination": "AE", "parcels": 1,
    "lines": [{"hs": "710231", "carats": "12.34", "value": "2500.00"}],
}  # fmt: skip
ANSWER = {
    "number": "BW0001234", "answers": "ab" * 32, "outcome": "confirmed", "received": "2026-09-20", "parcels": 1, "carats": "12.00",
    "digest": "cd" * 32,
}  # fmt: skip


def text(content):
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("read", "make", "content", "body"),
    [(paper_from_json, make_paper, PAPER, PaperImportBody), (technical_from_json, make_technical, TECHNICAL, TechnicalBody)],
)
def test_what_is_written_is_sealed_for_each_reader(read, make, content, body):
    draft = read(text(content))
    made = make(LEDGER, draft, READERS, randomness())
    assert isinstance(made.body, body)
    assert made.body.points == sum(line.points for line in draft.lines)
    for reader, secret in SECRETS.items():
        fields = open_envelope(LEDGER, made.envelope, reader, secret)
        assert check_values(fields, made.body.lines) == [line.cents for line in draft.lines]
        assert {name: fields[name] for name in draft.sealed} == draft.sealed


def without(content, name):
    return {key: given for key, given in content.items() if key != name}


def line(content, **change):
    return content | {"lines": [content["lines"][0] | change]}


BAD = [
    *((read, without(content, name), name) for read, content in ((paper_from_json, PAPER), (technical_from_json, TECHNICAL))
      for name in ("number", "reason", "issued", "parcels", "lines")),
    (paper_from_json, without(PAPER, "received"), "received"),
    (technical_from_json, without(TECHNICAL, "destination"), "destination"),
    (paper_from_json, PAPER | {"destination": "AE"}, "destination"),
    (technical_from_json, TECHNICAL | {"received": "2026-09-20"}, "received"),
    (technical_from_json, line(TECHNICAL, origin=["BW"]), "lines[0].origin"),
    (paper_from_json, PAPER | {"carats": "12.34"}, "carats"),
    (paper_from_json, PAPER | {"received": "2026-02-30"}, "received"),
    (paper_from_json, PAPER | {"parcels": 0}, "parcels"),
    (paper_from_json, PAPER | {"lines": []}, "lines"),
    (technical_from_json, line(TECHNICAL, carats="0.00"), "lines[0].carats"),
    (technical_from_json, line(TECHNICAL, value="1.005"), "lines[0].value"),
    (technical_from_json, TECHNICAL | {"sealed": {"price": "1"}}, "sealed.price"),
    (technical_from_json, TECHNICAL | {"link": 5}, "link"),
    (paper_from_json, [PAPER], ""),
]  # fmt: skip


@pytest.mark.parametrize(("read", "content", "field"), BAD)
def test_what_is_no_such_file(read, content, field):
    with pytest.raises(Refusal) as caught:
        read(text(content))
    assert caught.value.field == field


def test_both_are_accepted_as_they_come_from_the_desk(tmp_path):
    async def run():
        with local_port(tmp_path / "node") as port:
            today = block_date(NOW)
            yesterday = date_of(day_number(today) - 1)
            keys, now = port.network.keys, lambda: NOW
            importer = Office(port.network.genesis, "AE", keys["AE"]["confirm"])
            draft = paper_from_json(text(PAPER | {"issued": yesterday, "received": today}))
            issuer = Office(port.network.genesis, "BW", keys["BW"]["issue"])
            technical = technical_from_json(text(TECHNICAL | {"issued": today, "number": "BW0001235"}))
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("node.office.now_ms", now)
                patch.setattr("node.client.author.now_ms", now)
                paper = import_paper(importer, draft, text(PAPER), tmp_path / "AE")
                moved = issue_technical(issuer, technical, text(TECHNICAL), tmp_path / "BW")
                with pytest.raises(Refusal) as caught:
                    issue_technical(importer, technical, b"", tmp_path / "AE")
            assert caught.value.code == Code.NUMBER_PREFIX
            for submission in (paper, moved):
                await port.submit(submission, wait=False)
            assert port.ledger.certificate("BW0001234") is not None
            assert port.ledger.head.tree_size == 2
            assert kept_submission(tmp_path / "BW", "BW0001235", technical, lambda _: technical) == moved
            with pytest.raises(FatalError, match="made of another text"):
                kept_submission(tmp_path / "AE", "BW0001234.paper", draft, lambda _: None)

    asyncio.run(run())


def test_an_answer_on_paper_may_leave_out_what_is_looked_up():
    whole = answer_from_json(text(ANSWER))
    assert isinstance(whole, PaperConfirmBody)
    fewer = text(without(without(ANSWER, "answers"), "digest"))
    assert answer_from_json(fewer, answers=b"\xab" * 32, digest=b"\xcd" * 32) == whole
    assert answer_from_json(text(ANSWER), answers=bytes(32)) == whole, "what the file says counts"
    for given, field in ((fewer, "answers"), (text(ANSWER | {"digest": 5}), "digest"), (b"[]", "")):
        with pytest.raises(Refusal) as caught:
            answer_from_json(given)
        assert caught.value.field == field
    with pytest.raises(Refusal) as caught:
        answer_from_json(text(ANSWER), digest=bytes(32))
    assert (caught.value.code, caught.value.field) == (Code.BAD_VALUE, "digest")


def test_an_answer_that_was_made_keeps_what_it_answers(tmp_path):
    with local_port(tmp_path / "node") as port:
        office = Office(port.network.genesis, "BW", port.network.keys["BW"]["issue"])
        assert kept_answers(tmp_path, "BW0001234") is None
        body = answer_from_json(text(ANSWER))
        submission = state_answer(office, body, tmp_path)
        assert parse_submission(submission).record.body == body
        assert kept_answers(tmp_path, "BW0001234") == b"\xab" * 32
        assert state_answer(office, body, tmp_path) == submission


def test_the_examples_of_the_guide_are_such_files():
    guide = Path(__file__).parents[2] / "deploy/guides/authority.md"
    blocks = re.findall(r"```json\n(.*?)```", guide.read_text(encoding="utf-8"), re.DOTALL)
    paper, answer, technical = (
        next(block for block in blocks if number in block and word in block)
        for number, word in (("TG0001234", "received"), ("BW0012345", "outcome"), ("BW0012399", "link"))
    )
    assert paper_from_json(paper.encode()).reason == "not-issuing"
    assert answer_from_json(answer.encode(), answers=bytes(32), digest=bytes(32)).outcome == "confirmed"
    assert technical_from_json(technical.encode()).link == "RU0000042"
