"""What a decision of the Plenary needs to be possible, and what it changes once it is adopted.

`check_possible` is asked when a proposal is made, and again when it is decided.

By decision: `admit` enters an applicant, or changes how far it is admitted; `suspend` and `readmit` begin and end suspensions,
of the whole or of zones; `remove` ends participation; `compliant-zones` replaces the zones that may export although the whole
is suspended; `appoint` gives an office from a day on (a Vice-Chair becomes Chair on the next 1 January); `endorse` keeps a
declaration's digest; `set-parameter` and `activate-protocol` give a parameter a value from a day on; `replace-root` gives a
participant, or the secretariat, another root key.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ledger import keys
from ledger.bodies import ProposeBody
from ledger.countries import is_country, is_participant_code
from ledger.errors import Code, Refusal
from ledger.parameters import PARAMETERS, PROTOCOL
from ledger.participants import SECRETARIAT, Admission, CompliantZone, Holder, KeyUse, Participant, Suspension
from ledger.record import valid_public_key
from ledger.register_entries import Setting
from ledger.rules.common import View, check_use
from ledger.rules.effects import Writer

_SUBJECTS_KNOWN: Final = frozenset({"suspend", "readmit", "remove", "compliant-zones", "appoint"})


def check_possible(view: View, body: ProposeBody) -> None:
    """Whether the decision can be done as things stand; raises the Refusal that says why not."""
    held = view.register.holder(body.subject)
    if body.decision in _SUBJECTS_KNOWN and not isinstance(held, Participant):
        raise Refusal(Code.SUBJECT_UNKNOWN, "subject", given=body.subject)
    check = _CHECKS.get(body.decision)
    if check is not None:
        check(view, body, held)


def _check_admit(view: View, body: ProposeBody, held: Holder | None) -> None:
    if isinstance(held, Participant):
        for field in ("name", "root", "countries"):
            if getattr(body, field):
                raise Refusal(Code.PROPOSAL_FIELD, field, reason="an applicant's is known", decision=body.decision)
        if held.admission == Admission.ADMITTED and held.in_force(body.effective):
            raise Refusal(Code.ADMITTED_ALREADY, "subject", given=body.subject)
    else:
        _check_newcomer(view, body)
    if body.status == "admitted" and not view.state.holds(keys.missions(body.subject)):
        raise Refusal(Code.MISSION_REPORT_MISSING, "subject", given=body.subject)


def _check_newcomer(view: View, body: ProposeBody) -> None:
    if not is_participant_code(body.subject):
        raise Refusal(Code.SUBJECT_UNKNOWN, "subject", given=body.subject, limit="an ISO 3166-1 alpha-2 code")
    for field in ("name", "root"):
        if not getattr(body, field):
            raise Refusal(Code.PROPOSAL_FIELD, field, reason="missing", decision=body.decision)
    for place, country in enumerate(body.countries or (body.subject,)):
        if not is_country(country) or (place and country <= body.countries[place - 1]):
            raise Refusal(Code.PROPOSAL_FIELD, f"countries[{place}]", given=country, limit="ISO codes, ascending")
        if view.register.participant_of(country) is not None:
            raise Refusal(Code.COUNTRY_TAKEN, f"countries[{place}]", given=country)
    _check_root(view, body, None)


def _check_root(view: View, body: ProposeBody, held: Holder | None) -> None:  # a root has one holder for ever
    if not valid_public_key(body.root):
        raise Refusal(Code.KEY_FORM, "root", given=body.root.hex(), limit="an Ed25519 public key of prime order")
    check_use(view, KeyUse(body.subject, "new root"), body.root, "root")


def _check_replaced(view: View, body: ProposeBody, held: Holder | None) -> None:
    if held is None:
        raise Refusal(Code.SUBJECT_UNKNOWN, "subject", given=body.subject, limit=f"a participant or {SECRETARIAT}")
    _check_root(view, body, held)


def _check_parameter(view: View, body: ProposeBody, held: Holder | None) -> None:
    found = PARAMETERS.get(body.parameter)
    if found is None:
        raise Refusal(Code.PARAMETER_UNKNOWN, "parameter", given=body.parameter, limit=" ".join(PARAMETERS))
    if not found.least <= body.value <= found.most:
        raise Refusal(Code.PARAMETER_BOUNDS, "value", given=body.value, limit=f"{found.least}-{found.most}")


def _check_protocol(view: View, body: ProposeBody, held: Holder | None) -> None:
    newest = view.register.settings[PROTOCOL][-1].value
    if body.value <= newest:
        raise Refusal(Code.PROTOCOL_NOT_NEWER, "value", given=body.value, limit=newest + 1)


_CHECKS: Final[Mapping[str, Callable[[View, ProposeBody, Holder | None], None]]] = MappingProxyType(
    {
        "admit": _check_admit,
        "set-parameter": _check_parameter,
        "activate-protocol": _check_protocol,
        "replace-root": _check_replaced,
    }
)


# --- effects of decisions ---------------------------------------------------------------------------------------------


def _admit(view: View, writer: Writer, body: ProposeBody, proposal: bytes) -> None:
    held, since = view.register.participant(body.subject), body.effective
    if held is not None and held.in_force(body.effective):
        since = held.since
    if held is None:
        writer.use_key(body.root, body.subject, "root")
        held = Participant(
            body.subject, body.name, body.countries or (body.subject,), body.root, "", "", "", "", (), (), 0, (), (), ()
        )
    writer.set_holder(replace(held, admission=Admission(body.status), since=since, until=""))


def _suspend(view: View, writer: Writer, body: ProposeBody, proposal: bytes) -> None:
    held = view.register.participants[body.subject]
    begun = tuple(Suspension(body.effective, "", zone) for zone in body.zones or ("",))
    writer.set_holder(replace(held, suspensions=(*held.suspensions, *begun)))


def _readmit(view: View, writer: Writer, body: ProposeBody, proposal: bytes) -> None:
    held = view.register.participants[body.subject]
    after = tuple(
        replace(span, until=body.effective) if span.zone in (body.zones or (span.zone,)) and not span.until else span
        for span in held.suspensions
    )
    writer.set_holder(replace(held, suspensions=tuple(span for span in after if not span.until or span.since < span.until)))


def _remove(view: View, writer: Writer, body: ProposeBody, proposal: bytes) -> None:
    writer.set_holder(replace(view.register.participants[body.subject], until=body.effective))


def _compliant(view: View, writer: Writer, body: ProposeBody, proposal: bytes) -> None:
    held = view.register.participants[body.subject]
    ended = [span if span.until else replace(span, until=body.effective) for span in held.compliant_zones]
    begun = [CompliantZone(zone, body.effective) for zone in body.zones]
    writer.set_holder(replace(held, compliant_zones=(*(span for span in ended if span.since < span.until), *begun)))


def _appoint(view: View, writer: Writer, body: ProposeBody, proposal: bytes) -> None:
    writer.set_setting(office(body.office), Setting(body.effective, holder=body.subject))
    if body.office == "vice-chair":
        following = f"{int(body.effective[:4]) + 1:04d}-01-01"
        writer.set_setting(office("chair"), Setting(following, holder=body.subject))


def _endorse(view: View, writer: Writer, body: ProposeBody, proposal: bytes) -> None:
    writer.keep_declaration(body.digest, proposal)


def _set_parameter(view: View, writer: Writer, body: ProposeBody, proposal: bytes) -> None:
    name = PROTOCOL if body.decision == "activate-protocol" else body.parameter
    writer.set_setting(name, Setting(body.effective, body.value))


def _replace_root(view: View, writer: Writer, body: ProposeBody, proposal: bytes) -> None:
    held = view.register.author(body.subject)
    writer.use_key(body.root, held.code, "root")
    writer.set_holder(replace(held, root=body.root))


EFFECTS: Final[Mapping[str, Callable[[View, Writer, ProposeBody, bytes], None]]] = MappingProxyType(
    {
        "admit": _admit,
        "suspend": _suspend,
        "readmit": _readmit,
        "remove": _remove,
        "compliant-zones": _compliant,
        "appoint": _appoint,
        "endorse": _endorse,
        "set-parameter": _set_parameter,
        "activate-protocol": _set_parameter,
        "replace-root": _replace_root,
    }
)


def office(name: str) -> str:
    """Under which name the register's settings hold an office."""
    return f"office/{name}"
