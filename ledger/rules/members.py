"""What a participant says of itself, without a Plenary: participation, numbers, authorities, keys (2-records.md, "Kinds").

Checks, kind by kind, in this order:

`participation.set` (root key): a day that is given lies in the future; what has begun is not moved; something changes.
`participant.withdraw` (role govern): the day is not past; the participant is not suspended as a whole on it already.
`range.commit` (role issue): first <= last; the year is not past; it overlaps no committed range; there is room.
`authority.set` (root key): it changes something; there is room. An authority that ends takes its keys with it, from that day.
`key.add` (root key, also the secretariat's): the roles, each once; a sealing key stands alone, has an epoch above the newest
    and neither authority nor days; any other has an authority that there is (the secretariat has none), begins on the block's
    day or later and ends after it; the key is a point of prime order and serves nothing else, anywhere, ever; there is room.
`key.revoke` (root key, also the secretariat's): the author holds the key, and it is not revoked yet.

A revoked key signs nothing from the block's day on. What it signed before stands: keys are judged at block time.
"""

from dataclasses import replace

from ledger import units
from ledger.bodies import (
    AuthoritySetBody,
    KeyAddBody,
    KeyRevokeBody,
    ParticipationSetBody,
    RangeCommitBody,
    WithdrawBody,
)
from ledger.errors import Code, Refusal
from ledger.limits import MAX_AUTHORITIES, MAX_KEYS, MAX_RANGES
from ledger.participants import (
    Authority,
    Holder,
    KeyUse,
    NumberRange,
    Participant,
    Role,
    RoleKey,
    SealKey,
    Secretariat,
    Suspension,
)
from ledger.participants_reader import is_sealing_key
from ledger.record import Record, valid_public_key
from ledger.rules.common import Place, View, check_use, participant
from ledger.rules.effects import Writer

_SEAL = "seal"


# --- participation ----------------------------------------------------------------------------------------------------


def check_participation(view: View, holder: Holder, record: Record) -> None:
    """Every check of `participation.set`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, ParticipationSetBody)
    for field, given, held in (("confirms", body.confirms, author.confirms_from), ("issues", body.issues, author.issues_from)):
        if not given:
            continue
        if not units.date_is_future(given, view.now):
            raise Refusal(Code.DATE_NOT_FUTURE, field, given=given, limit=view.date)
        if held and not units.date_is_future(held, view.now):
            raise Refusal(Code.PARTICIPATION_BEGUN, field, given=given, limit=held)
        if given < author.since:
            raise Refusal(Code.ISSUER_NOT_IN_FORCE, field, given=given, limit=author.since)
    if _participating(author, body) == author:
        raise Refusal(Code.NOTHING_CHANGES, participant=author.code)


def enact_participation(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Notes the days."""
    body = record.body
    assert isinstance(body, ParticipationSetBody)
    writer.set_holder(_participating(view.register.member(record.author), body))


def _participating(author: Participant, body: ParticipationSetBody) -> Participant:
    return replace(author, confirms_from=body.confirms or author.confirms_from, issues_from=body.issues or author.issues_from)


def check_withdraw(view: View, holder: Holder, record: Record) -> None:
    """Every check of `participant.withdraw`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, WithdrawBody)
    if body.effective < view.date:
        raise Refusal(Code.DATE_NOT_FUTURE, "effective", given=body.effective, limit=view.date)
    if author.suspended_on(body.effective):
        raise Refusal(Code.NOTHING_CHANGES, "effective", given=body.effective, participant=author.code)


def enact_withdraw(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Suspends the author's trade as a whole."""
    body, author = record.body, view.register.member(record.author)
    assert isinstance(body, WithdrawBody)
    writer.set_holder(replace(author, suspensions=(*author.suspensions, Suspension(body.effective, "", ""))))


def check_range(view: View, holder: Holder, record: Record) -> None:
    """Every check of `range.commit`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, RangeCommitBody)
    if body.last < body.first:
        raise Refusal(Code.RANGE_ORDER, "last", given=body.last, limit=body.first)
    if body.year < int(view.date[:4]):
        raise Refusal(Code.RANGE_YEAR, "year", given=body.year, limit=int(view.date[:4]))
    for held in author.range_of(body.year):
        if held.first <= body.last and body.first <= held.last:
            raise Refusal(Code.RANGE_OVERLAPS, "first", given=body.first, limit=f"{held.first}-{held.last}", year=body.year)
    _check_room(len(author.ranges), MAX_RANGES, "year")


def enact_range(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Commits the numbers."""
    body, author = record.body, view.register.member(record.author)
    assert isinstance(body, RangeCommitBody)
    writer.set_holder(replace(author, ranges=(*author.ranges, NumberRange(body.year, body.first, body.last))))


# --- authorities and keys ---------------------------------------------------------------------------------------------


def check_authority(view: View, holder: Holder, record: Record) -> None:  # no state but the author's
    """Every check of `authority.set`; raises the first Refusal."""
    author, body = participant(holder), record.body
    assert isinstance(body, AuthoritySetBody)
    known = any(office.name == body.name and not office.until for office in author.authorities)
    if body.ended and not known:
        raise Refusal(Code.AUTHORITY_UNKNOWN, "name", given=body.name)
    if not body.ended and known:
        raise Refusal(Code.NOTHING_CHANGES, "name", given=body.name)
    if not body.ended:
        _check_room(len(author.authorities), MAX_AUTHORITIES, "name")


def enact_authority(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Adds the authority, or ends it: its keys are in force no longer, and it gets no new ones until it begins anew."""
    body, author = record.body, view.register.member(record.author)
    assert isinstance(body, AuthoritySetBody)
    held = next((office for office in author.authorities if office.name == body.name), Authority(body.name, ()))
    office = _ended(held, place.date) if body.ended else replace(held, until="")
    offices = tuple(office if other.name == body.name else other for other in author.authorities)
    if office.name not in [other.name for other in offices]:
        offices = (*offices, office)
    writer.set_holder(replace(author, authorities=offices))


def _ended(office: Authority, date: str) -> Authority:
    return Authority(office.name, tuple(key if _over(key, date) else replace(key, until=date) for key in office.keys), date)


def check_key_add(view: View, holder: Holder, record: Record) -> None:
    """Every check of `key.add`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, KeyAddBody)
    if len(set(body.roles)) != len(body.roles) or (_SEAL in body.roles and len(body.roles) > 1):
        raise Refusal(Code.ROLES, "roles", given=" ".join(body.roles), limit="each once; seal alone")
    if _SEAL in body.roles:
        _check_seal(holder, body)
    else:
        _check_role_key(view, holder, body)
    purpose = _SEAL if _SEAL in body.roles else "role"
    check_use(view, KeyUse(holder.code, purpose), body.key, "key")
    if body.key in holder.keys or any(seal.key == body.key for seal in holder.seals):
        raise Refusal(Code.NOTHING_CHANGES, "key", given=body.key.hex())
    _check_room(len(holder.keys) + len(holder.seals), MAX_KEYS, "key")


def _check_seal(holder: Holder, body: KeyAddBody) -> None:
    for field, given in (("authority", body.authority), ("since", body.since), ("until", body.until)):
        if given:
            raise Refusal(Code.ROLES, field, given=given, limit="nothing: a sealing key is the author's, from now on")
    newest = max((seal.epoch for seal in holder.seals), default=0)
    if body.epoch <= newest:
        raise Refusal(Code.SEAL_EPOCH, "epoch", given=body.epoch, limit=newest + 1)
    if not is_sealing_key(body.key):
        raise Refusal(Code.KEY_FORM, "key", given=body.key.hex(), limit="an X25519 public key of prime order")


def _check_role_key(view: View, holder: Holder, body: KeyAddBody) -> None:
    if body.epoch:
        raise Refusal(Code.ROLES, "epoch", given=body.epoch, limit="nothing: only sealing keys have epochs")
    offices = [""]
    if isinstance(holder, Participant):
        offices = [office.name for office in holder.authorities if not office.until]
    if body.authority not in offices:
        raise Refusal(Code.AUTHORITY_UNKNOWN, "authority", given=body.authority)
    since = body.since or view.date
    if since < view.date:
        raise Refusal(Code.KEY_SPAN, "since", given=since, limit=view.date)
    if body.until and body.until <= since:
        raise Refusal(Code.KEY_SPAN, "until", given=body.until, limit=since)
    if not valid_public_key(body.key):
        raise Refusal(Code.KEY_FORM, "key", given=body.key.hex(), limit="an Ed25519 public key of prime order")


def enact_key_add(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Registers the key."""
    body, holder = record.body, view.register.author(record.author)
    assert isinstance(body, KeyAddBody)
    if _SEAL in body.roles:
        writer.use_key(body.key, holder.code, _SEAL)
        writer.set_holder(replace(holder, seals=(*holder.seals, SealKey(body.epoch, body.key, place.date))))
        return
    key = RoleKey(body.key, tuple(Role(role) for role in body.roles), body.since or place.date, body.until)
    writer.use_key(body.key, holder.code, "role")
    if isinstance(holder, Secretariat):
        writer.set_holder(replace(holder, entries=(*holder.entries, key)))
        return
    offices = tuple(
        replace(office, keys=(*office.keys, key)) if office.name == body.authority else office for office in holder.authorities
    )
    writer.set_holder(replace(holder, authorities=offices))


def check_key_revoke(view: View, holder: Holder, record: Record) -> None:
    """Every check of `key.revoke`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, KeyRevokeBody)
    held = next((seal for seal in holder.seals if seal.key == body.key), None) or holder.keys.get(body.key)
    if held is None:
        raise Refusal(Code.KEY_NOT_HELD, "key", given=body.key.hex(), author=holder.code)
    if _over(held, view.date):
        raise Refusal(Code.KEY_REVOKED, "key", given=body.key.hex(), limit=held.until)


def enact_key_revoke(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Ends the key's days."""
    body, holder = record.body, view.register.author(record.author)
    assert isinstance(body, KeyRevokeBody)
    seals = tuple(replace(seal, until=place.date) if seal.key == body.key else seal for seal in holder.seals)
    if isinstance(holder, Secretariat):
        writer.set_holder(replace(holder, seals=seals, entries=_without(holder.entries, body.key, place.date)))
        return
    offices = tuple(replace(office, keys=_without(office.keys, body.key, place.date)) for office in holder.authorities)
    writer.set_holder(replace(holder, seals=seals, authorities=offices))


def _without(held: tuple[RoleKey, ...], key: bytes, date: str) -> tuple[RoleKey, ...]:
    return tuple(replace(entry, until=date) if entry.key == key else entry for entry in held)


def _over(held: RoleKey | SealKey, date: str) -> bool:
    """Whether a key's days are over on this day."""
    return held.until != "" and held.until <= date


def _check_room(held: int, most: int, field: str) -> None:
    if held >= most:
        raise Refusal(Code.TOO_MANY, field, given=held + 1, limit=most)
