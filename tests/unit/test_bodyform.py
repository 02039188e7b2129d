"""ledger/bodyform.py: what shows a body reads back as that body, for every kind without a sealed part."""

import json

import pytest

from ledger.bodies import (
    KINDS,
    AnnualProtection,
    AttachBody,
    AuthoritySetBody,
    BilateralBody,
    CloseBody,
    CountersignBody,
    EquivocationBody,
    FaultBody,
    InquiryAnswerBody,
    InquiryCloseBody,
    InquiryOpenBody,
    KeyAddBody,
    KeyRevokeBody,
    MissionReportBody,
    NodeReadyBody,
    NodeSetBody,
    PaperConfirmBody,
    ParticipationSetBody,
    PositionBody,
    ProductionBody,
    ProposeBody,
    Protection,
    PublishBody,
    RangeCommitBody,
    ReturnBody,
    ReturnCell,
    ShareBody,
    StockBody,
    TransitBody,
    VerdictBody,
    WithdrawBody,
)
from ledger.bodies.reports import ProductionLine, StockLine
from ledger.bodyform import body_from_json
from ledger.errors import Code, Refusal
from ledger.jsonform import body_to_json
from tests.support.world import certificate, public

KEY, DAY = public("x"), "2026-03-01"
SAMPLES = {
    "participation.set": [ParticipationSetBody("", DAY), ParticipationSetBody(DAY, "")],
    "participant.withdraw": [WithdrawBody(DAY)],
    "range.commit": [RangeCommitBody(0, 9_999, 2026)],
    "authority.set": [AuthoritySetBody(False, "Office of Diamonds"), AuthoritySetBody(True, "Bureau de l'État")],
    "key.add": [
        KeyAddBody(key=KEY, roles=("issue", "confirm"), authority="Office", since=DAY, until="2027-03-01"),
        KeyAddBody(key=KEY, roles=("seal",), epoch=2027),
    ],
    "key.revoke": [KeyRevokeBody(KEY)],
    "node.set": [NodeSetBody("127.0.0.1:8700", KEY, KEY, KEY, certificate("x"), True)],
    "node.ready": [NodeReadyBody(1, KEY)],
    "plenary.propose": [
        ProposeBody(closes=1, decision="remove", effective=DAY, procedure="plenary", title="t", subject="CF"),
        ProposeBody(
            closes=9,
            decision="admit",
            effective=DAY,
            procedure="written",
            title="t",
            subject="GH",
            name="Ghana",
            root=KEY,
            countries=("GH",),
            status="applicant",
        ),
        ProposeBody(
            closes=9, decision="suspend", effective=DAY, procedure="written", title="t", subject="AO", zones=("Lunda",)
        ),
    ],
    "plenary.position": [PositionBody("object", KEY)],
    "mission.report": [MissionReportBody(DAY, KEY, DAY, "meets", "GH")],
    "bilateral.accept": [BilateralBody(DAY, "electronic", "AE")],
    "evidence.equivocation": [EquivocationBody(3, b"one", b"two")],
    "certificate.close": [
        CloseBody(number="BW0000001", reason="void"),
        CloseBody(number="BW0000001", reason="replaced-by", replacement="BW0000002"),
    ],
    "paper.confirm": [PaperConfirmBody(KEY, KEY, "BW0000001", "confirmed", 2, 12_345, DAY)],
    "transit.notice": [TransitBody(DAY, "BW0000001", False, "intact")],
    "production.report": [
        ProductionBody("2026H1", (ProductionLine(1, "710210", 150, "Orapa"), ProductionLine(0, "710231", 1)), 1),
        ProductionBody("2026H2", (), 2),
    ],
    "stock.declare": [StockBody(DAY, (StockLine("710231", 7),))],
    "return.file": [
        ReturnBody(
            cells=(ReturnCell("AE", "710231", 9, 10, KEY),),
            certificates=1,
            flow="export",
            last=KEY,
            protection=(Protection("710231", 3, 0, 5), Protection("all", 1, 7, 0)),
            quarter="2026Q1",
            revision=1,
        ),
        ReturnBody(
            annual=(AnnualProtection("710231", 1, 2, 3), AnnualProtection("AE", 3, 0, 5), AnnualProtection("all", 2, 0, 9)),
            cells=(),
            certificates=0,
            flow="import",
            last=None,
            protection=(),
            quarter="2026Q4",
            revision=2,
        ),
    ],
    "return.countersign": [CountersignBody(KEY)],
    "inquiry.open": [
        InquiryOpenBody(due=DAY, finding="late-issue/BW", participant="BW", question="Why? " * 300),
        InquiryOpenBody(due=DAY, participant="BW", question="Pourquoi l'été ?"),
    ],
    "inquiry.answer": [InquiryAnswerBody(digest=KEY, inquiry=KEY, text="So."), InquiryAnswerBody(inquiry=KEY, text="So.")],
    "inquiry.close": [InquiryCloseBody(inquiry=KEY, outcome="resolved", remark="Done.")],
    "sealed.share": [ShareBody(1, "secretariat", KEY[:16], bytes(112))],
    "sealed.fault": [FaultBody("values", KEY[:16])],
    "statistics.attach": [AttachBody(KEY, b"part", 0)],
    "statistics.publish": [PublishBody((KEY, KEY), KEY, 7, 9, "2026H1", 2)],
    "statistics.verdict": [
        VerdictBody(agree=True, release=KEY),
        VerdictBody(agree=False, cell="2026Q1/export/BW/all", code="unsafe-shown", release=KEY),
    ],
}


def test_every_open_kind_is_tried():
    assert SAMPLES.keys() == {name for name, kind in KINDS.items() if not kind.sealed}


@pytest.mark.parametrize(("kind", "body"), [(kind, body) for kind, bodies in SAMPLES.items() for body in bodies])
def test_what_shows_a_body_reads_back_as_it(kind, body):
    assert body_from_json(kind, json.dumps(body_to_json(body)).encode()) == body


@pytest.mark.parametrize(
    ("kind", "change", "code", "field"),
    [
        ("certificate.issue", {}, Code.UNKNOWN_KIND, "kind"),
        ("certificate.forge", {}, Code.UNKNOWN_KIND, "kind"),
        ("range.commit", {"first": None}, Code.BAD_VALUE, "first"),
        ("range.commit", {"first": -1}, Code.BAD_VALUE, "first"),
        ("range.commit", {"first": 10**10}, Code.BAD_VALUE, "first"),
        ("range.commit", {"first": True}, Code.BAD_VALUE, "first"),
        ("range.commit", {"more": 1}, Code.BAD_VALUE, "more"),
        ("key.revoke", {"key": "AB"}, Code.BAD_VALUE, "key"),
        ("key.revoke", {"key": "ab"}, Code.BAD_VALUE, "key"),
        ("key.add", {"roles": ["judge"]}, Code.BAD_VALUE, "roles[0]"),
        ("key.add", {"roles": []}, Code.BAD_VALUE, "roles"),
        ("key.add", {"since": "2026-02-30"}, Code.BAD_VALUE, "since"),
        ("participant.withdraw", {"effective": "soon"}, Code.BAD_VALUE, "effective"),
        ("plenary.position", {"position": "perhaps"}, Code.BAD_VALUE, "position"),
        ("authority.set", {"ended": 0}, Code.BAD_VALUE, "ended"),
    ],
)
def test_what_does_not_fit_is_named(kind, change, code, field):
    shown = body_to_json(SAMPLES[kind][0]) | change if kind in SAMPLES else {}
    with pytest.raises(Refusal) as caught:
        body_from_json(kind, json.dumps(shown).encode())
    assert (caught.value.code, caught.value.field) == (code, field)
