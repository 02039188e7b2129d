"""Forged and mistaken import confirmations, each with the code it must meet."""

from dataclasses import replace

from api.demo.forgeries import Bench, Forger, Planted
from api.demo.shipments import Arrival, Shipment
from ledger.errors import Code
from ledger.units import date_of, day_number


def _arrival(bench: Bench, shipment: Shipment) -> Arrival:
    """The shipment arrives as certified, on the last day."""
    return Arrival(
        at=bench.moment(shipment.at),
        received=bench.date(),
        outcome="confirmed",
        parcels=shipment.parcels,
        goods=shipment.goods,
        inspection="opened",
        seals="intact",
        with_code=True,
    )


def _planted(
    bench: Bench, shipment: Shipment, arrival: Arrival, expect: Code, note: str, *, code: bytes | None = None
) -> Planted:
    receipt_code = code or bench.subjects.codes[shipment.number]
    draft = bench.office.confirm(shipment, arrival, bench.subjects.issued[shipment.number].id, receipt_code)
    return bench.planted(draft, expect, note, rests_on=[shipment])


def _never_issued(bench: Bench) -> Planted:
    shipment = bench.shipment("CM", "AE")
    draft = bench.office.confirm(shipment, _arrival(bench, shipment), bench.office.stream(32), bench.office.stream(10))
    return bench.planted(draft, Code.CERTIFICATE_UNKNOWN, "a forged CM paper presented at AE's customs (C4)")


def _second_outcome(bench: Bench) -> Planted:
    shipment = bench.settled()
    return _planted(bench, shipment, _arrival(bench, shipment), Code.CERTIFICATE_CLOSED, "confirmed a second time")


def _wrong_destination(bench: Bench) -> Planted:
    shipment = bench.open()
    stranger = next(code for code in ("TH", "SG", "JP") if code not in (shipment.issuer, shipment.destination))
    other = replace(shipment, destination=stranger)
    return _planted(bench, other, _arrival(bench, other), Code.WRONG_DESTINATION, "confirmed by a country it was not sent to")


def _stale_head(bench: Bench) -> Planted:
    shipment = bench.open()
    arrival, code = _arrival(bench, shipment), bench.subjects.codes[shipment.number]
    draft = bench.office.confirm(shipment, arrival, bench.office.stream(32), code)
    return bench.planted(draft, Code.STALE_HEAD, "answers another record than the certificate's newest", rests_on=[shipment])


def _confirmed_though_short(bench: Bench) -> Planted:
    shipment = bench.open()
    first, *rest = shipment.goods
    arrival = replace(_arrival(bench, shipment), goods=(replace(first, points=first.points + 100), *rest))
    return _planted(bench, shipment, arrival, Code.CONFIRMED_BUT_DIFFERS, "confirmed although a carat more arrived")


def _confirmed_though_split(bench: Bench) -> Planted:
    shipment = bench.open()
    arrival = replace(_arrival(bench, shipment), parcels=shipment.parcels + 1)
    return _planted(bench, shipment, arrival, Code.CONFIRMED_BUT_DIFFERS, "confirmed although a parcel more arrived")


def _confirmed_though_expired(bench: Bench) -> Planted:
    shipment = bench.expired()
    return _planted(bench, shipment, _arrival(bench, shipment), Code.CONFIRMED_BUT_EXPIRED, "confirmed although it had expired")


def _before_issue(bench: Bench) -> Planted:
    shipment = bench.open()
    arrival = replace(_arrival(bench, shipment), received=date_of(day_number(shipment.issued) - 1))
    return _planted(bench, shipment, arrival, Code.RECEIVED_BEFORE_ISSUED, "received the day before it was issued")


def _not_yet(bench: Bench) -> Planted:
    shipment = bench.open()
    arrival = replace(_arrival(bench, shipment), received=bench.date(5))
    return _planted(bench, shipment, arrival, Code.RECEIVED_IN_FUTURE, "received in five days")


def _guessed_code(bench: Bench) -> Planted:
    shipment = bench.open()
    note = "confirmed without the parcel: the receipt code is guessed"
    return _planted(bench, shipment, _arrival(bench, shipment), Code.RECEIPT_CODE, note, code=bench.office.stream(10))


FORGED_CONFIRMATIONS: tuple[Forger, ...] = (
    _never_issued,
    _second_outcome,
    _wrong_destination,
    _stale_head,
    _confirmed_though_short,
    _confirmed_though_split,
    _confirmed_though_expired,
    _before_issue,
    _not_yet,
    _guessed_code,
)
