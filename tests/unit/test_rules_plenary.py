"""ledger/rules/plenary.py, decisions.py, missions.py: each refusal, how proposals are decided, what decisions change."""

from dataclasses import replace

import pytest

from ledger import keys
from ledger.bodies import BilateralBody, MissionReportBody, PositionBody, ProposeBody
from ledger.errors import Code, ProtocolError, Refusal
from ledger.overlay import Reader
from ledger.participants import SECRETARIAT, Admission, Suspension
from ledger.plenary import decode_proposal
from ledger.state import Ledger
from tests.support.world import DAY_MS, START, World, equivocation, genesis, participants, public

CLOSES = START + 2 * DAY_MS
CLOSING_DAY, NEXT_DAY = "2026-03-03", "2026-03-04"
DIGEST = bytes(range(32))


@pytest.fixture
def world(tmp_path):
    """Two must support a proposal."""
    with World.make(tmp_path / "db", genesis(parameters={"plenary-support": 2, "written-support": 3})) as held:
        yield held


def propose(world, decision, author="BW", **changes):
    fields = {
        "closes": CLOSES,
        "decision": decision,
        "effective": CLOSING_DAY,
        "procedure": "plenary",
        "title": "A proposal",
    }
    return world.sign("plenary.propose", ProposeBody(**(fields | changes)), author)


def position(world, proposal, author, stand="support"):
    return world.sign("plenary.position", PositionBody(stand, proposal.id), author)


def report(world, subject="GH", author=SECRETARIAT, **changes):
    fields = {"began": "2026-01-10", "digest": DIGEST, "ended": "2026-01-20", "finding": "meets", "subject": subject}
    return world.sign("mission.report", MissionReportBody(**(fields | changes)), author)


def accepts(world, author, partner, form="electronic", effective=NEXT_DAY):
    return world.sign("bilateral.accept", BilateralBody(effective, form, partner), author)


def decide(world, proposal, *supporters):
    """Files the proposal, the positions, and a block at its closing; the outcome."""
    world.accept(proposal, *(position(world, proposal, code) for code in supporters or ("BW", "RU")))
    world.now = max(world.now, CLOSES)
    world.block()
    return outcome(world, proposal)


def outcome(world, proposal):
    return decode_proposal(world.store.get(keys.proposal(proposal.id))).outcome


def refused(world, record):
    with pytest.raises(Refusal) as caught:
        world.ledger.check(record, world.now)
    (judgement,) = world.block(record).judgements
    assert judgement.refusal.problem() == caught.value.problem()
    return caught.value.code, caught.value.field


NEWCOMER = {"subject": "GH", "name": "Ghana", "root": public("GH/root"), "status": "provisional"}
PROPOSALS = [
    ("nobody to suspend", "suspend", {}, Code.PROPOSAL_FIELD, "subject"),
    ("zones of an appointment", "appoint", {"office": "chair", "subject": "RU", "zones": ("x",)}, Code.PROPOSAL_FIELD, "zones"),
    ("a digest too short", "endorse", {"name": "Principles", "digest": b"1"}, Code.PROPOSAL_FIELD, "digest"),
    ("closes now", "remove", {"subject": "CF", "closes": START + 1_000}, Code.CLOSES_TOO_SOON, "closes"),
    ("a written procedure of two days", "remove", {"subject": "CF", "procedure": "written"}, Code.CLOSES_TOO_SOON, "closes"),
    ("open for over a year", "remove", {"subject": "CF", "closes": START + 367 * DAY_MS}, Code.CLOSES_TOO_LATE, "closes"),
    ("holds before it is taken", "remove", {"subject": "CF", "effective": "2026-03-02"}, Code.EFFECTIVE_TOO_SOON, "effective"),
    ("suspends a stranger", "suspend", {"subject": "GH"}, Code.SUBJECT_UNKNOWN, "subject"),
    ("suspends the secretariat", "suspend", {"subject": SECRETARIAT}, Code.SUBJECT_UNKNOWN, "subject"),
    ("admits no country", "admit", NEWCOMER | {"subject": "ZZ"}, Code.SUBJECT_UNKNOWN, "subject"),
    ("admits somebody without a name", "admit", NEWCOMER | {"name": ""}, Code.PROPOSAL_FIELD, "name"),
    ("admits somebody without a root", "admit", NEWCOMER | {"root": b""}, Code.PROPOSAL_FIELD, "root"),
    ("a root that is no point", "admit", NEWCOMER | {"root": b"\xff" * 32}, Code.KEY_FORM, "root"),
    ("a root that serves another", "admit", NEWCOMER | {"root": public("RU/issue")}, Code.KEY_IN_USE, "root"),
    ("countries out of order", "admit", NEWCOMER | {"countries": ("TG", "GH")}, Code.PROPOSAL_FIELD, "countries[1]"),
    ("a country of the EU", "admit", NEWCOMER | {"countries": ("BE", "GH")}, Code.COUNTRY_TAKEN, "countries[0]"),
    ("admitted without a mission", "admit", NEWCOMER | {"status": "admitted"}, Code.MISSION_REPORT_MISSING, "subject"),
    ("admits BW, with a name", "admit", NEWCOMER | {"subject": "BW"}, Code.PROPOSAL_FIELD, "name"),
    ("admits BW", "admit", {"subject": "BW", "status": "provisional"}, Code.ADMITTED_ALREADY, "subject"),
    ("an unknown parameter", "set-parameter", {"parameter": "price", "value": 1}, Code.PARAMETER_UNKNOWN, "parameter"),
    ("below its least", "set-parameter", {"parameter": "validity-days"}, Code.PARAMETER_BOUNDS, "value"),
    ("above its most", "set-parameter", {"parameter": "validity-days", "value": 367}, Code.PARAMETER_BOUNDS, "value"),
    ("the protocol in force", "activate-protocol", {"value": 1}, Code.PROTOCOL_NOT_NEWER, "value"),
    ("a root for nobody", "replace-root", {"subject": "GH", "root": public("x")}, Code.SUBJECT_UNKNOWN, "subject"),
    ("a root in use", "replace-root", {"subject": "BW", "root": public("BW/root")}, Code.KEY_IN_USE, "root"),
]


@pytest.mark.parametrize(("case", "decision", "changes", "code", "field"), PROPOSALS, ids=[case[0] for case in PROPOSALS])
def test_a_proposal_is_refused(world, case, decision, changes, code, field):
    assert refused(world, propose(world, decision, **changes)) == (code, field), case
    assert not world.ledger._standing.rolls.plenary.open


def test_only_so_many_proposals_are_open(world, monkeypatch):
    monkeypatch.setattr("ledger.rules.plenary.MAX_OPEN_PROPOSALS", 1)
    world.accept(propose(world, "suspend", subject="RU"))
    assert refused(world, propose(world, "suspend", subject="AE")) == (Code.TOO_MANY, "decision")


def test_who_takes_no_position(world):
    proposal = propose(world, "suspend", subject="RU")
    world.accept(proposal)
    assert refused(world, position(world, proposal, "RU")) == (Code.CONCERNED, "author")
    assert refused(world, position(world, proposal, "CF")) == (Code.NO_VOICE, "author")
    assert refused(world, position(world, proposal, "VE")) == (Code.NO_VOICE, "author")
    assert refused(world, position(world, world.issue(), "AE")) == (Code.PROPOSAL_UNKNOWN, "proposal")
    world.accept(position(world, proposal, "AE", "object"))
    assert refused(world, position(world, proposal, "AE", "object")) == (Code.NOTHING_CHANGES, "position")
    world.now = CLOSES
    assert refused(world, position(world, proposal, "EU")) == (Code.PROPOSAL_CLOSED, "proposal")
    assert refused(world, position(world, proposal, "EU")) == (Code.PROPOSAL_CLOSED, "proposal")


def test_who_is_not_counted_or_not_yet_admitted_has_no_voice(tmp_path):
    others = [entry for entry in participants() if entry.code not in ("AO", "NA")]
    changed = [
        replace(entry, counted=False) if entry.code == "AO" else entry for entry in participants() if entry.code in ("AO", "NA")
    ]
    with World.make(tmp_path / "x", genesis(participants=(*others, *changed))) as world:
        proposal = propose(world, "suspend", subject="RU")
        world.accept(proposal)
        assert refused(world, position(world, proposal, "AO")) == (Code.NO_VOICE, "author")
        world.accept(position(world, proposal, "NA"))


@pytest.mark.parametrize(
    ("positions", "wanted"),
    [
        ({"AE": "support", "EU": "support"}, "adopted"),
        ({"AE": "support", "EU": "support", "AO": "abstain"}, "adopted"),
        ({"AE": "support", "EU": "support", "AO": "object"}, "rejected"),
        ({"AE": "support", "AO": "abstain"}, "rejected"),
        ({}, "rejected"),
    ],
)
def test_consensus_decides_at_the_first_block_at_or_after_the_closing(world, positions, wanted):
    proposal = propose(world, "suspend", subject="RU", effective=NEXT_DAY)
    world.accept(proposal, *(position(world, proposal, code, stand) for code, stand in positions.items()))
    world.now = CLOSES - 1
    world.block()
    assert outcome(world, proposal) == ""
    world.now = CLOSES
    world.block()
    assert outcome(world, proposal) == wanted
    held = world.ledger.register.participant("RU").suspensions
    assert held == ((Suspension(NEXT_DAY, "", ""),) if wanted == "adopted" else ())
    assert not world.ledger._standing.rolls.plenary.open


def test_the_newest_position_counts(world):
    proposal = propose(world, "suspend", subject="RU")
    world.accept(proposal, position(world, proposal, "AE", "object"), position(world, proposal, "EU"))
    world.accept(position(world, proposal, "AE"))
    world.now = CLOSES
    world.block()
    assert outcome(world, proposal) == "adopted"


def test_written_and_plenary_differ_in_their_parameters_alone(world):
    closes = START + 15 * DAY_MS
    proposal = propose(world, "suspend", subject="RU", procedure="written", closes=closes, effective="2026-03-20")
    world.accept(proposal, position(world, proposal, "AE"), position(world, proposal, "EU"))
    world.now = closes
    world.block()
    assert outcome(world, proposal) == "rejected"


def test_records_of_the_deciding_block_are_judged_after_the_decision(world):
    proposal = propose(world, "suspend", subject="RU")
    world.accept(proposal, position(world, proposal, "AE"), position(world, proposal, "EU"))
    world.now = CLOSES
    (judgement,) = world.block(world.issue(number="RU0000001")).judgements
    assert judgement.refusal.code == Code.ISSUER_SUSPENDED


def test_what_can_no_longer_be_done_is_void(world):
    first, second = propose(world, "admit", **NEWCOMER), propose(world, "admit", **(NEWCOMER | {"name": "Ghana again"}))
    world.accept(first, second, *(position(world, one, code) for one in (first, second) for code in ("BW", "RU")))
    world.now = CLOSES
    world.block()
    assert sorted((outcome(world, first), outcome(world, second))) == ["adopted", "void"]


def exported(world, number, zone="", issued=None):
    lines = (world.line(100, origin=(number[:2],), zone=zone),)
    dates = {"issued": issued, "validated": issued} if issued else {}
    return world.issue(number=number, lines=lines, **dates)


def test_a_zone_is_suspended_and_readmitted(world):
    assert decide(world, propose(world, "suspend", subject="AO", zones=("Lunda",))) == "adopted"
    number = {"issued": CLOSING_DAY}
    assert refused(world, exported(world, "AO0000100", "Lunda", **number))[0] == Code.ORIGIN_SUSPENDED
    world.accept(exported(world, "AO0000101", "Huambo", **number))
    later = START + 5 * DAY_MS
    proposal = propose(world, "readmit", subject="AO", zones=("Lunda",), closes=later, effective="2026-03-06")
    world.accept(proposal, position(world, proposal, "BW"), position(world, proposal, "RU"))
    world.now = later
    world.accept(exported(world, "AO0000102", "Lunda", issued="2026-03-06"))
    assert refused(world, exported(world, "AO0000103", "Lunda", issued="2026-03-05"))[0] == Code.ORIGIN_SUSPENDED


def test_compliant_zones_export_although_the_whole_is_suspended(world):
    assert decide(world, propose(world, "compliant-zones", subject="CF", zones=("Berberati",))) == "adopted"
    world.accept(exported(world, "CF0000001", "Berberati", issued=CLOSING_DAY))
    assert refused(world, exported(world, "CF0000002", "Boda", issued=CLOSING_DAY))[0] == Code.ISSUER_SUSPENDED
    world.accept(exported(world, "CF0000003", "Boda", issued="2026-03-02"))
    assert refused(world, exported(world, "CF0000004", "Berberati", issued="2026-03-02"))[0] == Code.ISSUER_SUSPENDED


def test_who_is_removed_takes_part_no_longer(world):
    assert decide(world, propose(world, "remove", subject="NA")) == "adopted"
    assert refused(world, world.issue(destination="NA", issued=CLOSING_DAY, validated=CLOSING_DAY))[0] == (
        Code.DESTINATION_NOT_IN_FORCE
    )
    world.accept(world.issue(destination="NA", issued="2026-03-02", validated="2026-03-02"))


def test_an_applicant_is_admitted_after_a_mission(world):
    proposal = propose(world, "admit", **(NEWCOMER | {"status": "applicant"}))
    world.accept(proposal, report(world))
    assert decide(world, propose(world, "admit", "AE", **(NEWCOMER | {"status": "applicant", "name": "G"}))) == "adopted"
    found = world.ledger.register.participant("GH")
    assert (found.admission, found.in_force("2026-04-01")) == (Admission.APPLICANT, False)
    assert world.ledger.register.participant_of("GH") == found
    later = START + 6 * DAY_MS
    admitted = propose(world, "admit", subject="GH", status="admitted", closes=later, effective="2026-03-08")
    world.accept(admitted, *(position(world, admitted, code) for code in ("BW", "RU")))
    world.now = later
    world.block()
    found = world.ledger.register.participant("GH")
    assert (found.admission, found.since, found.root) == (Admission.ADMITTED, "2026-03-08", public("GH/root"))
    assert list(world.ledger.register.participants)[-1] == "GH"
    assert found.in_force("2026-03-08")
    assert not found.in_force("2026-03-07")


def test_a_provisional_participant_goes_on_trading_while_it_is_admitted(world):
    assert decide(world, propose(world, "admit", **NEWCOMER)) == "adopted"
    assert world.ledger.register.participant("GH").in_force(CLOSING_DAY)
    world.accept(report(world))
    later = START + 6 * DAY_MS
    admitted = propose(world, "admit", subject="GH", status="admitted", closes=later, effective="2026-06-01")
    world.accept(admitted, *(position(world, admitted, code) for code in ("BW", "RU")))
    world.now = later
    world.block()
    found = world.ledger.register.participant("GH")
    assert (found.admission, found.since) == (Admission.ADMITTED, CLOSING_DAY)


def test_offices_are_held_from_a_day_on_and_a_vice_chair_becomes_chair(world):
    assert decide(world, propose(world, "appoint", office="vice-chair", subject="EU")) == "adopted"
    register = world.ledger.register
    assert register.appointed("office/vice-chair", "2026-03-02") == ""
    assert register.appointed("office/vice-chair", CLOSING_DAY) == "EU"
    assert register.appointed("office/chair", "2026-12-31") == "BW"
    assert register.appointed("office/chair", "2027-01-01") == "EU"


def test_an_appointment_concerns_nobody(world):
    proposal = propose(world, "appoint", office="chair", subject="EU")
    world.accept(proposal, position(world, proposal, "EU"))


def test_a_parameter_has_its_new_value_from_its_day_on(world):
    assert decide(world, propose(world, "set-parameter", parameter="daily-records", value=1, effective=NEXT_DAY)) == "adopted"
    world.accept(world.issue(), world.issue(number="BW0000002"))
    world.now += DAY_MS
    world.accept(world.issue(number="BW0000003"))
    assert refused(world, world.issue(number="BW0000004"))[0] == Code.DAILY_QUOTA
    assert world.ledger.register.parameter("daily-records", CLOSING_DAY) == 10_000


def test_a_declaration_is_kept_by_its_digest(world):
    proposal = propose(world, "endorse", name="Principles of Responsible Diamond Sourcing", digest=DIGEST)
    assert decide(world, proposal) == "adopted"
    assert world.store.get(keys.declaration(DIGEST)) == proposal.id


def test_a_protocol_is_activated(world):
    assert decide(world, propose(world, "activate-protocol", value=2, effective=NEXT_DAY)) == "adopted"
    assert world.ledger.register.parameter("protocol", CLOSING_DAY) == 1
    assert world.ledger.register.parameter("protocol", NEXT_DAY) == 2
    before, stored = world.ledger.head, dict(world.store.iterate(b""))
    world.now = CLOSES + DAY_MS
    with pytest.raises(ProtocolError, match="version 2"):
        world.block(world.issue())
    assert world.ledger.head == before
    after = {key: value for key, value in world.store.iterate(b"") if not key.startswith((keys.RECORD, keys.BODY))}
    assert after == {key: value for key, value in stored.items() if not key.startswith((keys.RECORD, keys.BODY))}


@pytest.mark.parametrize("subject", ["BW", SECRETARIAT])
def test_a_lost_root_key_is_replaced(world, subject):
    proposal = propose(world, "replace-root", "AE", subject=subject, root=public("new root"))
    assert decide(world, proposal, "AE", "RU") == "adopted"
    assert world.ledger.register.holder(subject).root == public("new root")
    again = propose(
        world, "replace-root", "AE", subject="RU", root=public("new root"), closes=CLOSES + DAY_MS, effective=NEXT_DAY
    )
    assert refused(world, again) == (Code.KEY_IN_USE, "root")


MISSIONS = [
    ({"subject": "GH"}, Code.SUBJECT_UNKNOWN, "subject"),
    ({"subject": "CF", "ended": "2026-01-09"}, Code.DATES_ORDER, "ended"),
    ({"subject": "CF", "ended": "2026-03-03"}, Code.DATES_ORDER, "ended"),
]


@pytest.mark.parametrize(("changes", "code", "field"), MISSIONS)
def test_a_mission_report_is_refused(world, changes, code, field):
    assert refused(world, report(world, **changes)) == (code, field)


def test_a_mission_has_a_lead_that_the_plenary_appoints(world):
    assert refused(world, report(world, "CF", "RU")) == (Code.NOT_MISSION_LEAD, "author")
    assert decide(world, propose(world, "appoint", office="mission-lead", subject="RU")) == "adopted"
    world.accept(report(world, "CF", "RU"), report(world, "CF"))
    assert refused(world, report(world, "CF", "AE")) == (Code.NOT_MISSION_LEAD, "author")


AGREEMENTS = [
    (("BW", "BW"), {}, Code.PARTNER_IS_SELF, "partner"),
    (("BW", "GH"), {}, Code.SUBJECT_UNKNOWN, "partner"),
    (("BW", "AE"), {"effective": "2026-03-01"}, Code.DATE_NOT_FUTURE, "effective"),
]


@pytest.mark.parametrize(("parties", "changes", "code", "field"), AGREEMENTS)
def test_an_agreement_is_refused(world, parties, changes, code, field):
    assert refused(world, accepts(world, *parties, **changes)) == (code, field)


def test_an_agreement_has_a_history(world):
    world.accept(accepts(world, "BW", "AE", "beside-paper"), accepts(world, "AE", "BW"))
    assert refused(world, accepts(world, "AE", "BW")) == (Code.NOTHING_CHANGES, "form")
    world.accept(accepts(world, "BW", "AE", "electronic", "2026-05-01"))
    held = Reader(world.store.get, world.ledger._standing.rolls).bilateral("BW", "AE")
    assert [(setting.since, setting.holder) for setting in held] == [(NEXT_DAY, "beside-paper"), ("2026-05-01", "electronic")]


def test_all_of_it_is_there_after_a_restart(world):
    proposal = propose(world, "suspend", subject="NA", closes=CLOSES + DAY_MS, effective=NEXT_DAY)
    world.accept(proposal, position(world, proposal, "AE"))
    decide(world, propose(world, "appoint", office="vice-chair", subject="EU"))
    ledger = world.ledger
    again = Ledger.open(world.store, ledger.genesis, equivocation)
    assert again._standing.rolls.plenary == ledger._standing.rolls.plenary
    assert dict(again.register.settings) == dict(ledger.register.settings)
    assert list(again._standing.rolls.plenary.open) == [proposal.id]
