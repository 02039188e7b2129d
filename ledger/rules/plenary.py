"""What the participants decide together: proposals, positions, and what follows from a decision (2-records.md, "Kinds").

`plenary.propose` (role govern). Checks, in this order:

1. the decision has the fields it needs and no others (`_FIELDS`);
2. it closes no sooner than its procedure's days from now and at most a year from now; it holds from the day of closing at the
   earliest; there is room;
3. it can be done: `ledger.rules.decisions` says so, which is asked once more when it is decided.

`plenary.position` (role govern): the proposal is open; the author has a voice (counted, admitted, in force, not suspended as a
whole) and the proposal does not concern it; its newest position is another one.

A proposal concerns its subject, where that is the participant itself: not who is appointed to an office.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ledger import units
from ledger.bodies import PositionBody, ProposeBody
from ledger.bodies.plenary import OPTIONAL_FIELDS
from ledger.errors import Code, Refusal
from ledger.limits import MAX_OPEN_PROPOSALS, MAX_PROPOSAL_DAYS
from ledger.participants import Admission, Holder, Participant
from ledger.plenary import ProposalEntry
from ledger.record import Record
from ledger.rules.common import Place, View, participant
from ledger.rules.decisions import EFFECTS, check_possible
from ledger.rules.effects import Writer
from ledger.units import DAY_MS, Ms

_FIELDS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = MappingProxyType(
    {
        "admit": (frozenset({"subject", "status"}), frozenset({"name", "root", "countries"})),
        "suspend": (frozenset({"subject"}), frozenset({"zones"})),
        "readmit": (frozenset({"subject"}), frozenset({"zones"})),
        "remove": (frozenset({"subject"}), frozenset()),
        "compliant-zones": (frozenset({"subject"}), frozenset({"zones"})),
        "appoint": (frozenset({"office", "subject"}), frozenset()),
        "endorse": (frozenset({"name", "digest"}), frozenset()),
        "set-parameter": (frozenset({"parameter"}), frozenset({"value"})),
        "activate-protocol": (frozenset({"value"}), frozenset()),
        "replace-root": (frozenset({"subject", "root"}), frozenset()),
    }
)
"""Which optional fields each decision needs, and which it may have besides."""

_UNCONCERNED: Final = frozenset({"appoint", "endorse", "set-parameter", "activate-protocol"})
_DIGEST_BYTES: Final = 32


# --- proposals and positions ------------------------------------------------------------------------------------------


def check_propose(view: View, holder: Holder, record: Record) -> None:  # any participant may propose
    """Every check of `plenary.propose`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, ProposeBody)
    _check_fields(body)
    _check_times(view, body)
    if len(view.state.rolls.plenary.open) >= MAX_OPEN_PROPOSALS:
        raise Refusal(Code.TOO_MANY, "decision", given=len(view.state.rolls.plenary.open) + 1, limit=MAX_OPEN_PROPOSALS)
    check_possible(view, body)


def enact_propose(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Opens the proposal."""
    body = record.body
    assert isinstance(body, ProposeBody)
    writer.put_proposal(record.id, ProposalEntry(record.author, body))


def check_position(view: View, holder: Holder, record: Record) -> None:
    """Every check of `plenary.position`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, PositionBody)
    entry = view.state.proposal(body.proposal)
    if entry is None:
        raise Refusal(Code.PROPOSAL_UNKNOWN, "proposal", given=body.proposal.hex())
    if entry.outcome or view.now >= entry.body.closes:
        raise Refusal(Code.PROPOSAL_CLOSED, "proposal", given=view.now, limit=entry.body.closes)
    if not has_voice(author, view.date):
        raise Refusal(Code.NO_VOICE, "author", given=author.code, limit="an admitted participant in force")
    if concerns(entry.body, author.code):
        raise Refusal(Code.CONCERNED, "author", given=author.code, proposal=body.proposal.hex())
    if dict(entry.positions).get(author.code) == body.position:
        raise Refusal(Code.NOTHING_CHANGES, "position", given=body.position)


def enact_position(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Notes the position, in place of the author's earlier one."""
    body = record.body
    assert isinstance(body, PositionBody)
    entry = view.state.proposal(body.proposal)
    assert entry is not None, "the checks have found it"
    writer.put_proposal(body.proposal, entry.with_position(record.author, body.position))


def has_voice(author: Participant, date: str) -> bool:
    """Whether a participant takes positions on this day."""
    return author.counted and author.admission == Admission.ADMITTED and author.in_force(date) and not author.suspended_on(date)


def concerns(body: ProposeBody, code: str) -> bool:
    """Whether a proposal is about this participant itself."""
    return body.decision not in _UNCONCERNED and body.subject == code


# --- deciding ---------------------------------------------------------------------------------------------------------


def decide(view: View, writer: Writer, height: int) -> None:
    """Decides, before a block's records are judged, what closes by its time."""
    for proposal in view.state.rolls.plenary.due(view.now):
        entry = view.state.proposal(proposal)
        assert entry is not None, "it is among the open ones"
        enough = entry.count("support") >= view.parameter(f"{entry.body.procedure}-support")
        if not enough or entry.count("object"):
            writer.put_proposal(proposal, entry.decided("rejected", height))
            continue
        try:
            check_possible(view, entry.body)
        except Refusal:
            writer.put_proposal(proposal, entry.decided("void", height))
            continue
        EFFECTS[entry.body.decision](view, writer, entry.body, proposal)
        writer.put_proposal(proposal, entry.decided("adopted", height))


# --- checks of proposals ----------------------------------------------------------------------------------------------


def _check_fields(body: ProposeBody) -> None:
    needed, allowed = _FIELDS[body.decision]
    for field, empty in OPTIONAL_FIELDS.items():
        given = getattr(body, field) != empty
        if field in needed and not given:
            raise Refusal(Code.PROPOSAL_FIELD, field, reason="missing", decision=body.decision)
        if given and field not in needed | allowed:
            raise Refusal(Code.PROPOSAL_FIELD, field, reason="has no meaning here", decision=body.decision)
    if body.digest and len(body.digest) != _DIGEST_BYTES:
        raise Refusal(Code.PROPOSAL_FIELD, "digest", given=len(body.digest), limit=_DIGEST_BYTES)


def _check_times(view: View, body: ProposeBody) -> None:
    soonest = view.now + view.parameter(f"{body.procedure}-days") * DAY_MS
    if body.closes <= view.now or body.closes < soonest:
        raise Refusal(Code.CLOSES_TOO_SOON, "closes", given=body.closes, limit=soonest)
    if body.closes > view.now + MAX_PROPOSAL_DAYS * DAY_MS:
        raise Refusal(Code.CLOSES_TOO_LATE, "closes", given=body.closes, limit=view.now + MAX_PROPOSAL_DAYS * DAY_MS)
    earliest = units.block_date(Ms(body.closes))
    if body.effective < earliest:
        raise Refusal(Code.EFFECTIVE_TOO_SOON, "effective", given=body.effective, limit=earliest)
