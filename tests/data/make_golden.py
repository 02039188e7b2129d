"""Makes a golden file: a small ledger that holds every kind of record, accepted and refused, and what each block led to.

Run once for a version of the protocol (`python -m tests.data.make_golden`): the file is named after it, and is never changed once
that version is released. A later program that reads the same blocks must give the same answers (`tests/unit/test_golden.py`).

The story: nodes join and an epoch ends; certificates are issued, amended, closed, confirmed, corrected and taken from; some go by
paper; participants speak of themselves, and decide; figures are filed and asked about, statistics released; then months pass in which nobody confirms.
"""

import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import asdict

from ledger.bodies import (
    KINDS,
    AmendBody,
    AuthoritySetBody,
    BilateralBody,
    CloseBody,
    ConfirmLine,
    CorrectBody,
    KeyAddBody,
    KeyRevokeBody,
    MissionReportBody,
    PaperConfirmBody,
    PaperImportBody,
    ParticipationSetBody,
    PositionBody,
    ProposeBody,
    RangeCommitBody,
    TechnicalBody,
    TransitBody,
    WithdrawBody,
)
from ledger.errors import Refusal
from ledger.findings import RULES
from ledger.genesis import PROTOCOL, Genesis
from ledger.participants import SECRETARIAT
from ledger.record import Record, parse_record
from ledger.release_entries import ReleaseState
from ledger.state import Applied
from tests.support import golden
from tests.support.releases import PERIOD, attach, publish, verdict
from tests.support.reports import tell_of_reports
from tests.support.story import tell_of_nodes
from tests.support.world import DAY_MS, START, World, genesis_text, public

FILE = golden.FOLDER / f"protocol-{PROTOCOL}.json"
_PARAMETERS = {"plenary-support": 2, "number-gap-days": 5}
_CLOSES = START + 2 * DAY_MS
_PASSING_DAYS = (40, 50, 90)


class Recorder(World):
    """A world that notes its blocks and what they led to."""

    def block(self, *records: Record, time: int | None = None, extra: dict | None = None, ends_for: bytes = b"") -> Applied:
        epoch = self.ledger.network.epoch.number
        applied = super().block(*records, time=time, extra=extra, ends_for=ends_for)
        head, rules = applied.head, {rule: info.version for rule, info in RULES.items()}
        blocks = self.__dict__.setdefault("blocks", [])
        blocks.append(
            {
                "height": head.height,
                "time": head.time,
                "digest": head.digest.hex(),
                "epoch": epoch,
                "next": ends_for.hex(),
                "records": [base64.b64encode(record.raw).decode() for record in records],
                "after": golden.outcome(self.ledger, applied, rules),
            }
        )
        return applied


def trade(world: World) -> None:
    """Certificates and what becomes of them, with AE left alone: its quarter belongs to the figures."""
    made = {
        number: world.issue(number=number, destination="EU") for number in ("RU0000001", "RU0000002", "RU0000003", "RU0000007")
    }
    made["RU0000004"] = world.issue(number="RU0000004", destination="LR")
    world.accept(*made.values())
    stated = world.issue_body(number="RU0000002", destination="EU", parcels=3)
    amended = world.sign("certificate.amend", AmendBody(answers=made["RU0000002"].id, **asdict(stated)), "RU")
    closed = world.sign("certificate.close", CloseBody(number="RU0000003", reason="stolen"), "RU")
    confirmed = world.confirm(made["RU0000001"])
    world.accept(amended, closed, confirmed)
    fewer = tuple(ConfirmLine(world.commitment(), hs, points) for hs, points in (("710231", 7_000), ("710221", 3_000)))
    outcome = world.confirm(made["RU0000002"], answers=amended.id, parcels=3)
    world.accept(outcome, world.reexport("EU0000001", {"RU0000001": 5_000}, destination="BW"))
    again = world.confirm_body(made["RU0000002"], answers=outcome.id, parcels=3, outcome="discrepancy", lines=fewer)
    world.accept(world.sign("import.correct", CorrectBody(**asdict(again)), "EU"))
    world.block(
        world.issue(number="RU0000001", destination="EU"),
        world.issue(number="RU0000008", destination="RU"),
        world.issue(number="AO0000200"),
        world.reexport("EU0000002", {"RU0000001": 7_001}, destination="BW"),
        world.confirm(made["RU0000003"]),
        world.confirm(made["RU0000007"], author="BW"),
    )


def paper(world: World) -> None:
    """What goes by paper, back or through."""
    line = world.line(5_000, origin=("LR",))
    dates = {"issued": "2026-02-10", "received": "2026-02-20"}
    sealed = {"rid": world.rng(16), "sealed": world.rng(32)}
    came = PaperImportBody(lines=(line,), number="LR0000001", parcels=1, points=5_000, reason="not-issuing", **dates, **sealed)
    answers = world.ledger.certificate("RU0000004").records[-1]
    mail = {"digest": bytes(range(32)), "number": "RU0000004", "outcome": "confirmed", "parcels": 2, "points": 12_000}
    sent = TechnicalBody(
        destination="BW",
        issued="2026-03-01",
        lines=(ConfirmLine(world.commitment(), "710231", 100),),
        number="EU0000900",
        parcels=1,
        points=100,
        reason="research",
        rid=world.rng(16),
        sealed=world.rng(32),
    )
    world.accept(
        world.sign("paper.import", came, "EU"),
        world.sign("paper.confirm", PaperConfirmBody(answers=answers, received="2026-03-01", **mail), "RU"),
        world.sign("technical.issue", sent, "EU"),
        world.sign("transit.notice", TransitBody("2026-02-28", "RU0000007", False, "intact"), "BW"),
    )


def members(world: World) -> None:
    """What participants say of themselves, and decide together."""
    key = KeyAddBody(key=public("BW/new"), roles=("issue",), authority="Authority of BW")
    world.accept(
        world.sign("participation.set", ParticipationSetBody("2026-03-10", ""), "LR"),
        world.sign("participant.withdraw", WithdrawBody("2026-03-05"), "NA"),
        world.sign("range.commit", RangeCommitBody(1, 500, 2027), "BW"),
        world.sign("authority.set", AuthoritySetBody(False, "Mint"), "BW"),
        world.sign("key.add", key, "BW"),
        world.sign("key.revoke", KeyRevokeBody(public("ZA/later")), "ZA"),
        world.sign("bilateral.accept", BilateralBody("2026-03-04", "electronic", "EU"), "BW"),
        world.sign("bilateral.accept", BilateralBody("2026-03-04", "electronic", "BW"), "EU"),
    )
    mission = MissionReportBody("2026-01-10", bytes(range(32)), "2026-01-20", "meets", "GN")
    zones = propose(world, "suspend", "CD", zones=("Ituri",))
    limit = propose(world, "set-parameter", parameter="confirmation-days", value=20)
    world.accept(world.sign("mission.report", mission, SECRETARIAT), zones, limit)
    for_all = [
        world.sign("plenary.position", PositionBody("support", one.id), code) for one in (zones, limit) for code in ("BW", "RU")
    ]
    world.accept(*for_all, world.sign("plenary.position", PositionBody("object", zones.id), "AE"))
    refused(world)
    world.now = _CLOSES
    world.block()


def propose(world: World, decision: str, subject: str = "", **changes: object) -> Record:
    """A proposal that is decided on 3 March."""
    fields = {"closes": _CLOSES, "effective": "2026-03-03", "procedure": "plenary", "title": "A proposal", "subject": subject}
    return world.sign("plenary.propose", ProposeBody(decision=decision, **(fields | changes)), "BW")


def statistics(world: World) -> None:
    """A release that is withdrawn, and one that stands."""
    parts = [attach(world, "a", place) for place in range(3)]
    world.accept(*parts)
    for objecting in (("AE", "EU"), ("AE",)):
        release = publish(world, parts)
        world.accept(release)
        for code in ("AE", "EU", "RU", "BW", "CF"):
            if world.ledger.release(release.id)[1].entry.state == ReleaseState.UNDECIDED:
                why = ("figures", f"{PERIOD}/export/BW/all") if code in objecting else ("", "")
                world.accept(verdict(world, release, code, *why))
    world.block(verdict(world, release, "CF"))


def refused(world: World) -> None:
    """Each kind that was accepted so far once more: said again, or else signed with a key of another role."""
    known: dict[str, Record] = {}
    for block in world.blocks:
        for raw, judgement in zip(block["records"], block["after"]["judgements"], strict=True):
            record = parse_record(base64.b64decode(raw))
            if isinstance(judgement, int):
                known.setdefault(record.kind, record)
            else:
                known[record.kind] = None
    again = []
    for record in filter(None, known.values()):
        repeated = world.sign(record.kind, record.body, record.author, at=world.now + 1)
        wrong = f"{record.author}/issue"
        again.append(repeated if _is_refused(world, repeated) else world.sign(record.kind, record.body, record.author, wrong))
    world.block(*again)


def _is_refused(world: World, record: Record) -> bool:
    try:
        world.ledger.check(record, world.now)
    except Refusal:
        return True
    return False


def tell(world: World) -> None:
    """The whole story."""
    tell_of_nodes(world)
    trade(world)
    paper(world)
    members(world)
    tell_of_reports(world)
    statistics(world)
    refused(world)
    for days in _PASSING_DAYS:
        world.now = START + days * DAY_MS
        world.block()


def make(folder: Path) -> dict:
    """The content of the file."""
    text = genesis_text(parameters=_PARAMETERS)
    with Recorder.make(folder, Genesis.from_json(text)) as world:
        tell(world)
        return {
            "about": "Blocks of a small ledger, and what they led to: see tests/support/golden.py.",
            "rules": {rule: info.version for rule, info in sorted(RULES.items())},
            "genesis": json.loads(text),
            "blocks": world.blocks,
        }


def kinds(content: dict) -> tuple[set[str], set[str]]:
    """The kinds of which a record was accepted, and of which one was refused."""
    accepted, turned_down = set(), set()
    for block in content["blocks"]:
        for raw, judgement in zip(block["records"], block["after"]["judgements"], strict=True):
            (accepted if isinstance(judgement, int) else turned_down).add(parse_record(base64.b64decode(raw)).kind)
    return accepted, turned_down


def main() -> None:
    """Write the file."""
    with TemporaryDirectory() as folder:
        content = make(Path(folder) / "db")
    assert kinds(content) == (set(KINDS), set(KINDS)), "each kind is accepted once, and refused once"
    FILE.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
