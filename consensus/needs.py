"""What this node lacks and should ask others for: certificates, blocks above the delivered one, final blocks (R3-R5, R12)."""

from consensus.ancestry import Blocks, Entry
from consensus.engine import Engine
from consensus.fetch import Need
from consensus.limits import CATCH_UP_BACKLOG, MAX_CERTIFICATE_VIEWS
from consensus.messages import GetBlock, GetCertificates, GetHeaders
from consensus.rounds import Parent


def needs(engine: Engine) -> list[Need]:
    """Everything to ask others for now."""
    if engine.ended:
        return []
    found = _certificates(engine) + _blocks(engine)
    height = engine.blocks.delivered.height
    behind = engine.rounds.floor_view > engine.blocks.delivered.view or engine.hearing.ahead(height)
    if behind and height - engine.applied <= CATCH_UP_BACKLOG:
        found.append(Need(GetHeaders(engine.config.epoch, height + 1)))
    return found


def _certificates(engine: Engine) -> list[Need]:
    """R3, R4: certificates that decide about a parent; a proposal's, its leader has (P10)."""
    if not engine.votes or engine.journal.voted(engine.view):
        return []
    round_ = engine.current
    if round_.proposal is not None:
        choice = engine.parent_of_proposal(round_)
    elif round_.leader == engine.committee.me and engine.pace.armed_at is not None:
        choice = engine.rounds.choices(engine.view)[-1]
    else:
        return []
    if choice.answer is not Parent.MISSING:
        return []
    last = min(choice.last, choice.first + MAX_CERTIFICATE_VIEWS - 1)
    return [Need(GetCertificates(engine.config.epoch, choice.first, last), engine.committee.keys[round_.leader])]


def _blocks(engine: Engine) -> list[Need]:
    """R4, R5, R8: blocks named by certificates, and their ancestors down to the delivered one."""
    wanted: dict[bytes, int] = {}
    rounds, blocks, committee = engine.rounds, engine.blocks, engine.committee
    named = [(view, notarization.digest) for view, notarization in rounds.notarized.items()]
    if rounds.floor_view > blocks.delivered.view:
        named.append((rounds.floor_view, rounds.floor_digest))
    for view, digest in named:
        missing = _gap(blocks, digest)
        if missing is not None:
            wanted.setdefault(missing, view)
    return [
        Need(GetBlock(engine.config.epoch, digest), committee.keys[committee.leader(view)]) for digest, view in wanted.items()
    ]


def _gap(blocks: Blocks, digest: bytes) -> bytes | None:
    """The nearest ancestor, or the block itself, that is not here though it must be above the delivered one."""
    path: list[Entry] = []
    while digest != blocks.delivered.digest:
        entry = blocks.get(digest)
        if entry is None:
            return digest
        if entry.linked or entry.block.height <= blocks.delivered.height:
            break
        path.append(entry)
        digest = entry.block.parent
    for entry in path:
        entry.linked = True
    return None
