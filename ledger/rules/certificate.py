"""`certificate.issue`: an issuing authority opens a certificate (2-records.md, table of kinds; 10-formats.md, body).

Checks, in this order (the column "refused when" of the table):

1. number: the author's prefix, unused, inside a range committed for the year of `issued` when there is one;
2. parties, on the date `issued`: the issuer issues here, the destination is known and takes part, they differ; a suspended
   issuer (on `issued`, or now) exports nothing but goods of its own compliant zones, a suspended destination is not in force;
3. dates: issued <= validated <= expires, expiry within the issuer's limit, counted from `validated`;
4. lines: they add up; origins are countries, ascending, and not suspended on `issued` unless from a compliant zone;
5. sources: each once and not itself, confirmed by this issuer, not claimed beyond what arrived; together at most the
   certificate's carats;
6. neither `issued` nor `validated` is in the future (or the limit, counted from validation, would limit nothing); `issued`
   is at most 30 days ago (more than the parameter `late-issue-days`: late, which the entry notes).

A zone belongs to a line's one country; where a line names several, the zone does not clear any of them.
"""

from collections.abc import Sequence

from ledger import units
from ledger.bodies import IssueBody, Line, Source, StatedBody
from ledger.countries import is_country
from ledger.entries import PREFIX_CHARACTERS, SOURCE_STATES, CertificateEntry, CertificateState, issuer_of, points_by_hs
from ledger.errors import Code, Refusal
from ledger.limits import ISSUE_TOO_LATE_DAYS
from ledger.participants import Holder, Participant
from ledger.record import Record
from ledger.rules.common import Place, View, check_sums, participant
from ledger.rules.effects import Writer


def check(view: View, holder: Holder, record: Record) -> None:
    """Every check of the kind; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, IssueBody)
    _check_number(view, author, body)
    check_stated(view, author, body)
    check_age(view, body)


def check_stated(view: View, author: Participant, body: StatedBody) -> None:
    """The checks of what an issuer states, at first or anew: parties, dates, lines, sources; raises the first Refusal.

    What an amended certificate itself has taken from a source stands free for it.
    """
    _check_parties(view, author, body)
    _check_dates(view, author, body)
    check_sums(body)
    check_origins(view, body.issued, body.lines)
    _check_sources(view, author, body)


def check_alone(body: StatedBody) -> None:
    """Of these checks those that need neither register nor state: what can be said before anything is sent.

    Raises:
        Refusal: the first that fails.
    """
    if body.destination == issuer_of(body.number):
        raise Refusal(Code.DESTINATION_IS_ISSUER, "destination", given=body.destination)
    _check_order(body)
    check_sums(body)
    check_countries(body.lines)
    for place in range(len(body.sources)):
        _check_named_once(body, place)
    _check_taken(body)


def enact(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Opens the certificate, takes the carats from its sources, adds to the issuer's exports."""
    body = record.body
    assert isinstance(body, IssueBody)
    for source in body.sources:
        writer.claim(source.number, body.number, source.points)
    points = points_by_hs(body.lines)
    writer.open_certificate(
        body.number,
        CertificateEntry(
            state=CertificateState.OPEN,
            kind=body.type,
            destination=body.destination,
            issued=body.issued,
            expires=body.expires,
            parcels=body.parcels,
            points=points,
            receipt_hash=body.receipt_hash,
            index=place.index,
            records=(record.id,),
            heights=(place.height,),
            late=is_late(view, place.date, body.issued),
            sources=tuple((source.number, source.points) for source in body.sources),
        ),
    )
    writer.count_trade("export", body.number, record.author, body.issued, body.destination, body.lines, record.id)


def _check_number(view: View, author: Participant, body: IssueBody) -> None:
    number = body.number
    if issuer_of(number) != author.code:
        raise Refusal(Code.NUMBER_PREFIX, "number", given=number, limit=author.code)
    if view.state.certificate(number) is not None or view.state.technical(number) is not None:
        raise Refusal(Code.NUMBER_USED, "number", given=number)
    check_range(author, body)


def check_range(author: Participant, body: StatedBody) -> None:
    """Whether the number lies in a range committed for the year of issue, where there is one."""
    number = body.number
    ranges = author.range_of(int(body.issued[:4]))
    if ranges and not any(entry.first <= int(number[PREFIX_CHARACTERS:]) <= entry.last for entry in ranges):
        limit = " ".join(f"{entry.first}-{entry.last}" for entry in ranges)
        raise Refusal(Code.NUMBER_OUT_OF_RANGE, "number", given=number, year=body.issued[:4], limit=limit)


def _check_parties(view: View, author: Participant, body: StatedBody) -> None:
    if not author.issues_on(body.issued):
        figures = {"given": body.issued, "issuer": author.code, "limit": author.issues_from, "until": author.until}
        raise Refusal(Code.ISSUER_NOT_IN_FORCE, "issued", **figures)
    for date in (body.issued, view.date):
        if author.suspended_on(date) and not compliant(author, body.issued, body.lines):
            raise Refusal(Code.ISSUER_SUSPENDED, "issued", given=date, issuer=author.code)
    destination = view.register.participant(body.destination)
    if destination is None:
        raise Refusal(Code.DESTINATION_UNKNOWN, "destination", given=body.destination)
    if not destination.in_force(body.issued):
        figures = {"given": body.destination, "issued": body.issued, "limit": destination.since, "until": destination.until}
        raise Refusal(Code.DESTINATION_NOT_IN_FORCE, "destination", **figures)
    if destination.suspended_on(body.issued):
        figures = {"given": body.destination, "issued": body.issued, "reason": "suspended"}
        raise Refusal(Code.DESTINATION_NOT_IN_FORCE, "destination", **figures)
    if destination.code == author.code:
        raise Refusal(Code.DESTINATION_IS_ISSUER, "destination", given=body.destination)


def compliant(author: Participant, issued: str, lines: Sequence[Line]) -> bool:
    """Whether all goods were mined in the participant's zones that may export although it is suspended."""
    zones = author.zones_compliant_on(issued)
    return all(len(line.origin) == 1 and line.origin[0] in author.countries and line.zone in zones for line in lines)


def _check_dates(view: View, author: Participant, body: StatedBody) -> None:
    _check_order(body)
    days = units.day_number(body.expires) - units.day_number(body.validated)
    limit = view.register.validity_days(author, view.date)
    if days > limit:
        raise Refusal(Code.EXPIRY_OVER_LIMIT, "expires", given=days, limit=limit)


def _check_order(body: StatedBody) -> None:
    if body.validated < body.issued:
        raise Refusal(Code.VALIDATED_BEFORE_ISSUED, "validated", given=body.validated, limit=body.issued)
    if body.expires < body.validated:
        raise Refusal(Code.EXPIRES_BEFORE_VALIDATED, "expires", given=body.expires, limit=body.validated)


def check_origins(view: View, issued: str, lines: Sequence[Line]) -> None:
    """Whether goods of these origins may be traded on the day of issue; raises the first Refusal."""
    for place, line in enumerate(lines):
        _check_origin(view, issued, line, f"lines[{place}]")


def _check_origin(view: View, issued: str, line: Line, field: str) -> None:
    _check_countries(line, field)
    zone = line.zone if len(line.origin) == 1 else ""
    for place, country in enumerate(line.origin):
        home = view.register.participant_of(country)
        if home is not None and home.goods_suspended_on(issued, zone):
            raise Refusal(Code.ORIGIN_SUSPENDED, f"{field}.origin[{place}]", given=country, zone=zone, issued=issued)


def check_countries(lines: Sequence[Line]) -> None:
    """Whether the origins are known countries in their order; raises the first Refusal."""
    for place, line in enumerate(lines):
        _check_countries(line, f"lines[{place}]")


def _check_countries(line: Line, field: str) -> None:
    for place, country in enumerate(line.origin):
        if not is_country(country):
            raise Refusal(Code.UNKNOWN_ORIGIN, f"{field}.origin[{place}]", given=country)
        if place and country <= line.origin[place - 1]:
            raise Refusal(Code.ORIGIN_ORDER, f"{field}.origin[{place}]", given=country, limit=line.origin[place - 1])


def _check_sources(view: View, author: Participant, body: StatedBody) -> None:
    held = view.state.certificate(body.number)
    own = {} if held is None else dict(held.sources)
    for place, source in enumerate(body.sources):
        _check_named_once(body, place)
        _check_source(view, author, source, own.get(source.number, 0), f"sources[{place}]")
    _check_taken(body)


def _check_named_once(body: StatedBody, place: int) -> None:
    number = body.sources[place].number
    if any(source.number == number for source in body.sources[:place]):
        raise Refusal(Code.SOURCE_REPEATED, f"sources[{place}].number", given=number)
    if number == body.number:
        raise Refusal(Code.SOURCE_IS_SELF, f"sources[{place}].number", given=number)


def _check_taken(body: StatedBody) -> None:
    taken = sum(source.points for source in body.sources)
    if taken > body.points:
        raise Refusal(Code.SOURCES_EXCEED_CERTIFICATE, "sources", given=units.carats(taken), limit=units.carats(body.points))


def _check_source(view: View, author: Participant, source: Source, own: int, field: str) -> None:
    entry = view.state.certificate(source.number)
    if entry is None:
        raise Refusal(Code.SOURCE_UNKNOWN, f"{field}.number", given=source.number)
    if entry.destination != author.code or entry.state not in SOURCE_STATES:
        figures = {"given": source.number, "state": str(entry.state), "destination": entry.destination}
        raise Refusal(Code.SOURCE_NOT_CONFIRMED_HERE, f"{field}.number", **figures)
    free = entry.measured - entry.claimed + own
    if source.points > free:
        raise Refusal(
            Code.CARATS_EXCEED_SOURCE,
            f"{field}.carats",
            given=units.carats(source.points),
            limit=units.carats(free),
            confirmed=units.carats(entry.measured),
            certificate=source.number,
        )


def check_age(view: View, body: StatedBody) -> None:
    """Whether neither date lies in the future, nor the day of issue too far back."""
    if units.date_is_future(body.issued, view.now):
        raise Refusal(Code.ISSUED_IN_FUTURE, "issued", given=body.issued, limit=view.date)
    if units.date_is_future(body.validated, view.now):
        raise Refusal(Code.VALIDATED_IN_FUTURE, "validated", given=body.validated, limit=view.date)
    age = _age(view.date, body.issued)
    if age > ISSUE_TOO_LATE_DAYS:
        raise Refusal(Code.ISSUED_TOO_LATE, "issued", given=age, limit=ISSUE_TOO_LATE_DAYS)


def is_late(view: View, today: str, issued: str) -> bool:
    """Whether a certificate that reaches the ledger on a block's day was issued too many days before."""
    return _age(today, issued) > view.parameter("late-issue-days")


def _age(today: str, issued: str) -> int:
    """Days from `issued` to the block's day."""
    return units.day_number(today) - units.day_number(issued)
