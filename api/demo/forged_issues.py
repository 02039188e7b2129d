"""Forged certificates, each with the code it must meet. C1, C2, ... are the real cases they follow (`README.md` names them)."""

from dataclasses import replace

from msgspec.structs import replace as changed

from api.demo.forgeries import Bench, Forger, NoSubjectError, Planted
from api.demo.office import Draft
from ledger.bodies import IssueBody
from ledger.envelope import Reader
from ledger.errors import Code
from ledger.units import DAY_MS, Points, date_of, day_number

NON_PARTICIPANT = "KE"
SUSPENDED = "VE"
RANGED = "SL"


def _body(draft: Draft) -> IssueBody:
    assert isinstance(draft.body, IssueBody)
    return draft.body


def _number_of_another(bench: Bench) -> Planted:
    shipment = bench.shipment(number=bench.numbers.next("BW", bench.date()))
    readers: tuple[Reader, ...] = bench.office.readers("BW", shipment.destination, shipment.at)
    draft = bench.office.issue(shipment, readers=readers)
    return bench.planted(draft, Code.NUMBER_PREFIX, "AE issues under a number of BW")


def _unknown_signer(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment("GH", "US"))
    return bench.planted(draft, Code.UNKNOWN_KEY, "a counterfeit GH certificate (C5)", seed=bench.office.stream(32))


def _no_participant(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment(NON_PARTICIPANT, "AE"))
    note = "a certificate of a country that takes no part (C2)"
    return bench.planted(draft, Code.UNKNOWN_AUTHOR, note, seed=bench.office.stream(32))


def _wrong_role(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment("ZA", "EU"))
    note = "signed with the key of the import desk"
    return bench.planted(draft, Code.KEY_ROLE, note, seed=bench.office.keys["ZA"]["confirm"])


def _outside_range(bench: Bench) -> Planted:
    year = int(bench.date(-1)[:4])
    issuer = bench.office.genesis.participants[RANGED]
    if not issuer.range_of(year - 1) or not issuer.range_of(year):
        raise NoSubjectError
    draft = bench.issue(bench.shipment(RANGED, "EU", number=f"{RANGED}{issuer.range_of(year - 1)[0].first + 4306}"))
    return bench.planted(draft, Code.NUMBER_OUT_OF_RANGE, "a number of last year's range (C1)")


def _number_used(bench: Bench) -> Planted:
    subject = bench.settled()
    draft = bench.issue(bench.shipment(subject.issuer, _elsewhere(subject.issuer), number=subject.number))
    return bench.planted(draft, Code.NUMBER_USED, "a number that stands on another certificate", rests_on=[subject])


def _rid_used(bench: Bench) -> Planted:
    subject = bench.settled()
    shipment = bench.shipment("RU", "AE")
    draft = bench.office.issue(shipment, rid=bench.subjects.rid(subject.number))
    return bench.planted(draft, Code.RID_USED, "the sealed part's rid stands on another record", rests_on=[subject])


def _source_unknown(bench: Bench) -> Planted:
    shipment = bench.shipment("EU", "AE")
    shipment.sources = ((bench.numbers.next("CD", bench.date()), shipment.points),)
    return bench.planted(bench.issue(shipment), Code.SOURCE_UNKNOWN, "cites a certificate that nobody issued (C6)")


def _source_open(bench: Bench) -> Planted:
    subject = bench.open()
    shipment = bench.shipment(subject.destination, _elsewhere(subject.destination), points=subject.points)
    shipment.sources = ((subject.number, 1),)
    note = "cites goods whose arrival was never confirmed"
    return bench.planted(bench.issue(shipment), Code.SOURCE_NOT_CONFIRMED_HERE, note, rests_on=[subject])


def _source_elsewhere(bench: Bench) -> Planted:
    subject = bench.settled()
    issuer = "AE" if subject.destination != "AE" else "EU"
    shipment = bench.shipment(issuer, "CN", points=subject.points)
    shipment.sources = ((subject.number, subject.points),)
    note = "cites goods that arrived in another country"
    return bench.planted(bench.issue(shipment), Code.SOURCE_NOT_CONFIRMED_HERE, note, rests_on=[subject])


def _over_claim(bench: Bench) -> Planted:
    subject = bench.settled()
    shipment = bench.shipment(subject.destination, _elsewhere(subject.destination), points=2 * subject.points)
    shipment.sources = ((subject.number, subject.points + 1),)
    note = "claims 0.01 ct more than arrived"
    return bench.planted(bench.issue(shipment), Code.CARATS_EXCEED_SOURCE, note, rests_on=[subject])


def _claims_more_than_itself(bench: Bench) -> Planted:
    subject = bench.settled()
    shipment = bench.shipment(subject.destination, _elsewhere(subject.destination), points=max(1, subject.points // 2))
    shipment.sources = ((subject.number, subject.points),)
    note = "its sources weigh more than itself"
    return bench.planted(bench.issue(shipment), Code.SOURCES_EXCEED_CERTIFICATE, note, rests_on=[subject])


def _source_twice(bench: Bench) -> Planted:
    subject = bench.settled()
    shipment = bench.shipment(subject.destination, _elsewhere(subject.destination), points=subject.points)
    shipment.sources = ((subject.number, 1), (subject.number, 1))
    return bench.planted(bench.issue(shipment), Code.SOURCE_REPEATED, "cites one certificate twice", rests_on=[subject])


def _wrong_sum(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment("BW", "IN"))
    body = changed(_body(draft), points=Points(_body(draft).points + 100))
    return bench.planted(replace(draft, body=body), Code.CARATS_DIFFER_FROM_LINES, "states one carat more than its lines")


def _suspended_issuer(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment(SUSPENDED, "AE"))
    return bench.planted(draft, Code.ISSUER_SUSPENDED, "exports although suspended")


def _suspended_zone(bench: Bench) -> Planted:
    shipment = bench.shipment("CF", "AE")
    shipment.goods = tuple(replace(line, zone="Bria") for line in shipment.goods)
    return bench.planted(bench.issue(shipment), Code.ORIGIN_SUSPENDED, "goods from the suspended zone")


def _suspended_in_the_mix(bench: Bench) -> Planted:
    shipment = bench.shipment("AE", "EU")
    shipment.goods = tuple(replace(line, origin=("CD", "CF")) for line in shipment.goods)
    note = "goods that may come from the suspended zone, under a hub's certificate (C8)"
    return bench.planted(bench.issue(shipment), Code.ORIGIN_SUSPENDED, note)


def _unknown_origin(bench: Bench) -> Planted:
    shipment = bench.shipment("EU", "IN")
    shipment.goods = tuple(replace(line, origin=("EU",)) for line in shipment.goods)
    return bench.planted(bench.issue(shipment), Code.UNKNOWN_ORIGIN, "EU as a country of mining")


def _origin_order(bench: Bench) -> Planted:
    shipment = bench.shipment("EU", "IN")
    shipment.goods = tuple(replace(line, origin=("RU", "BW")) for line in shipment.goods)
    return bench.planted(bench.issue(shipment), Code.ORIGIN_ORDER, "countries of mining out of order")


def _unknown_destination(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment("TZ", NON_PARTICIPANT))
    return bench.planted(draft, Code.DESTINATION_UNKNOWN, "addressed to a country that takes no part")


def _too_late(bench: Bench) -> Planted:
    shipment = bench.shipment("AO", "AE")
    shipment.issued, shipment.validated = bench.date(-45), bench.date(-45)
    shipment.expires = bench.date(10)
    return bench.planted(bench.issue(shipment), Code.ISSUED_TOO_LATE, "issued 45 days ago")


def _from_tomorrow(bench: Bench) -> Planted:
    shipment = bench.shipment("AO", "AE")
    shipment.issued, shipment.validated, shipment.expires = bench.date(10), bench.date(10), bench.date(40)
    return bench.planted(bench.issue(shipment), Code.ISSUED_IN_FUTURE, "dated ten days ahead")


def _too_long(bench: Bench) -> Planted:
    shipment = bench.shipment("NA", "EU")
    shipment.expires = date_of(day_number(shipment.validated) + 61)
    return bench.planted(bench.issue(shipment), Code.EXPIRY_OVER_LIMIT, "valid for 61 days")


def _expired_at_once(bench: Bench) -> Planted:
    shipment = bench.shipment("LS", "EU")
    shipment.expires = bench.date(-2)
    return bench.planted(bench.issue(shipment), Code.EXPIRES_BEFORE_VALIDATED, "expires the day before it begins")


def _replayed(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment("CA", "EU"))
    return bench.planted(replace(draft, at=bench.subjects.end - 9 * DAY_MS), Code.TOO_OLD, "signed nine days ago")


def _broken_signature(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment("CM", "AE"))
    note = "a CM certificate with one bit changed after signing (C4)"
    return bench.tampered(draft, Code.BAD_SIGNATURE, note, _flip_signature, draft.envelope)


def _flip_signature(raw: bytes) -> bytes:
    at = raw.index(b"\xa3sig") + 4 + 2 + 7
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]


def _swapped_envelope(bench: Bench) -> Planted:
    draft, other = bench.issue(bench.shipment("RU", "AE")), bench.issue(bench.shipment("RU", "AE"))
    note = "the sealed part of another certificate"
    return bench.tampered(draft, Code.ENVELOPE_HASH, note, lambda raw: raw, other.envelope)


def _missing_envelope(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment("RU", "IN"))
    return bench.tampered(draft, Code.ENVELOPE_MISSING, "without its sealed part", lambda raw: raw, None)


def _hidden_from_secretariat(bench: Bench) -> Planted:
    shipment = bench.shipment("AE", "IN")
    readers = bench.office.readers(shipment.issuer, shipment.destination, shipment.at)[:2]
    draft = bench.office.issue(shipment, readers=readers)
    return bench.planted(draft, Code.ENVELOPE_READERS, "sealed so that the secretariat cannot read it")


def _no_commitment(bench: Bench) -> Planted:
    draft = bench.issue(bench.shipment("ZW", "AE"))
    line = changed(_body(draft).lines[0], commitment=b"\xff" * 32)
    body = changed(_body(draft), lines=(line,))
    return bench.planted(replace(draft, body=body), Code.BAD_COMMITMENT, "its value is committed to no point of the curve")


def _elsewhere(code: str) -> str:
    return "CN" if code != "CN" else "US"


FORGED_ISSUES: tuple[Forger, ...] = (
    _number_of_another,
    _unknown_signer,
    _no_participant,
    _wrong_role,
    _outside_range,
    _number_used,
    _rid_used,
    _source_unknown,
    _source_open,
    _source_elsewhere,
    _over_claim,
    _claims_more_than_itself,
    _source_twice,
    _wrong_sum,
    _suspended_issuer,
    _suspended_zone,
    _suspended_in_the_mix,
    _unknown_origin,
    _origin_order,
    _unknown_destination,
    _too_late,
    _from_tomorrow,
    _too_long,
    _expired_at_once,
    _replayed,
    _broken_signature,
    _swapped_envelope,
    _missing_envelope,
    _hidden_from_secretariat,
    _no_commitment,
)
