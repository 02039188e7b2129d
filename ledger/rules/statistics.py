"""`statistics.attach`, `statistics.publish`, `statistics.verdict`: releases of public statistics (2-records.md, "Kinds").

Whether a release is right no rule can check in a block's time: each node makes it anew beside the commit path and files its
verdict. Rules see to it that all nodes judge the same thing, one release of a year after the other. Checks, in this order:

`statistics.attach` (role audit): the author is the secretariat, or the statistics chair of the day.
`statistics.publish` (role audit):
1. the author is the secretariat, or the statistics chair of the day;
2. the period has closed; the chair's turn comes only 30 days later, and for a period of which nothing is released;
3. the height is not before the closing, nor before that of an earlier release of the year, and it is executed;
4. the revision is the next one of the period;
5. nothing of the year is being judged, or it has been for 30 days; the year has room;
6. the parts are there, of this author, of one attachment, all in order, and of this length.
`statistics.verdict` (the author's node): there is such a release, it is undecided, the author votes in the epoch in force, and
    has not said a word on it.

*Released* is what a quorum of the validators of the epoch in force agrees with, *withdrawn* what so many object to that no
quorum can; a new epoch counts anew. What replaces a release that nobody has decided for 30 days withdraws it.
"""

from msgspec.structs import replace

from ledger.bodies import AttachBody, PublishBody, VerdictBody
from ledger.errors import Code, Refusal
from ledger.limits import CHAIR_AFTER_DAYS, MAX_RELEASES_A_YEAR, MAX_UNDECIDED_DAYS
from ledger.participants import SECRETARIAT, Holder
from ledger.record import Record
from ledger.release_entries import PartEntry, ReleaseEntry, ReleaseState, Verdict, YearEntry
from ledger.rules.common import Place, View
from ledger.rules.decisions import office
from ledger.rules.effects import Writer
from ledger.statistics.closing import closes_at, moment
from ledger.units import DAY_MS

CHAIR = "statistics-chair"


def check_attach(view: View, holder: Holder, record: Record) -> None:  # a part alone says nothing
    """Every check of `statistics.attach`; raises the first Refusal."""
    _check_author(view, holder)


def enact_attach(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Notes what the part is; its bytes stand in the record."""
    body = record.body
    assert isinstance(body, AttachBody)
    writer.put_part(record.id, PartEntry(record.author, body.digest, body.place, len(body.part)))


def check_publish(view: View, holder: Holder, record: Record) -> None:
    """Every check of `statistics.publish`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, PublishBody)
    _check_author(view, holder)
    year = view.state.release_year(body.period[:4])
    _check_closed(view, holder, body, year)
    _check_height(view, body, year)
    following = year.revisions(body.period)
    if body.revision != following:
        raise Refusal(Code.REVISION_NOT_NEXT, "revision", given=body.revision, limit=following)
    if (before := _undecided(view, year)) is not None and view.now < before.opened + MAX_UNDECIDED_DAYS * DAY_MS:
        raise Refusal(Code.RELEASE_UNDECIDED, "period", given=body.period, record=year.undecided.hex(), limit=before.period)
    if len(year.released) >= MAX_RELEASES_A_YEAR:
        raise Refusal(Code.TOO_MANY, "period", given=len(year.released) + 1, limit=MAX_RELEASES_A_YEAR)
    _check_attachment(view, holder, body)


def enact_publish(view: View, writer: Writer, record: Record, place: Place) -> None:
    """The release waits for verdicts; what has waited for too long is withdrawn."""
    body = record.body
    assert isinstance(body, PublishBody)
    year = view.state.release_year(body.period[:4])
    if (before := _undecided(view, year)) is not None:
        writer.put_release(year.undecided, replace(before, state=ReleaseState.WITHDRAWN, decided=place.height))
    entry = ReleaseEntry(
        ReleaseState.UNDECIDED,
        record.author,
        body.period,
        body.revision,
        body.height,
        body.digest,
        view.now,
        place.index,
    )
    writer.put_release(record.id, entry)


def check_verdict(view: View, holder: Holder, record: Record) -> None:
    """Every check of `statistics.verdict`; raises the first Refusal."""
    body = record.body
    assert isinstance(body, VerdictBody)
    entry = view.state.release(body.release)
    if entry is None:
        raise Refusal(Code.RELEASE_UNKNOWN, "release", given=body.release.hex())
    if entry.state != ReleaseState.UNDECIDED:
        raise Refusal(Code.RELEASE_DECIDED, "release", given=body.release.hex(), state=str(entry.state))
    if view.state.network.votes_with(holder.code) is None:
        raise Refusal(Code.NOT_VALIDATOR, "author", given=holder.code, epoch=view.state.network.epoch.number)
    given = next((verdict for verdict in entry.verdicts if verdict.participant == holder.code), None)
    if given is not None:
        raise Refusal(Code.VERDICT_GIVEN, "author", given=holder.code, record=given.record.hex())


def enact_verdict(view: View, writer: Writer, record: Record, place: Place) -> None:
    """Adds the verdict; it may be the one that decides."""
    body = record.body
    assert isinstance(body, VerdictBody)
    entry = view.state.release(body.release)
    assert entry is not None, "the checks have found it"
    verdicts = (*entry.verdicts, Verdict(record.author, body.agree, record.id))
    writer.put_release(body.release, settled(view, replace(entry, verdicts=verdicts), place.height))


def settle_all(view: View, writer: Writer, height: int) -> None:
    """Counts the verdicts on all that is being judged anew: other participants vote."""
    for release in view.state.undecided():
        entry = view.state.release(release)
        assert entry is not None, "it is on the list"
        after = settled(view, entry, height)
        if after is not entry:
            writer.put_release(release, after)


def settled(view: View, entry: ReleaseEntry, height: int) -> ReleaseEntry:
    """A release after the verdicts of those who vote in the epoch in force."""
    epoch = view.state.network.epoch
    votes = [verdict.agree for verdict in entry.verdicts if view.state.network.votes_with(verdict.participant) is not None]
    if votes.count(True) >= epoch.quorum:
        return replace(entry, state=ReleaseState.RELEASED, decided=height)
    if votes.count(False) > len(epoch.validators) - epoch.quorum:
        return replace(entry, state=ReleaseState.WITHDRAWN, decided=height)
    return entry


# --- checks -----------------------------------------------------------------------------------------------------------


def _check_author(view: View, holder: Holder) -> None:
    chair = view.register.appointed(office(CHAIR), view.date)
    if holder.code not in (SECRETARIAT, chair):
        limit = " ".join(filter(None, (SECRETARIAT, chair)))
        raise Refusal(Code.NOT_STATISTICS_CHAIR, "author", given=holder.code, limit=limit)


def _check_closed(view: View, holder: Holder, body: PublishBody, year: YearEntry) -> None:
    closes = closes_at(view.register, body.period)
    if moment(view.state, view.height).time < closes:
        raise Refusal(Code.PERIOD_NOT_CLOSED, "period", given=body.period, limit=closes)
    opens = closes + CHAIR_AFTER_DAYS * DAY_MS
    if holder.code != SECRETARIAT and (view.now < opens or year.revisions(body.period)):
        raise Refusal(Code.CHAIR_TOO_SOON, "author", given=holder.code, limit=opens)


def _check_height(view: View, body: PublishBody, year: YearEntry) -> None:
    closes = closes_at(view.register, body.period)
    executed = body.height <= view.height
    if not executed or body.height < year.height or moment(view.state, body.height).time < closes:
        raise Refusal(Code.HEIGHT_OUTSIDE, "height", given=body.height, limit=view.height, least=year.height, closes=closes)


def _undecided(view: View, year: YearEntry) -> ReleaseEntry | None:
    return view.state.release(year.undecided) if year.undecided else None


def _check_attachment(view: View, holder: Holder, body: PublishBody) -> None:
    length, digest = 0, b""
    for place, part in enumerate(body.attachment):
        field, entry = f"attachment[{place}]", view.state.part(part)
        if entry is None:
            raise Refusal(Code.ATTACHMENT_UNKNOWN, field, given=part.hex())
        if entry.author != holder.code:
            raise Refusal(Code.ATTACHMENT_OF_ANOTHER, field, given=holder.code, limit=entry.author)
        digest = digest or entry.digest
        if entry.place != place or entry.digest != digest:
            raise Refusal(Code.ATTACHMENT_ORDER, field, given=entry.place, limit=place, attachment=digest.hex())
        length += entry.length
    if length != body.length:
        raise Refusal(Code.ATTACHMENT_LENGTH, "length", given=body.length, limit=length)
