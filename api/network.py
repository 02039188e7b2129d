"""`/v1/network`, `/v1/participants[/{code}]`: which ledger this is, who takes part."""

from bisect import bisect_right

from quart import Blueprint, Response, request

from api.access import require_reader
from api.answers import Cache, answer, decode_cursor, encode_cursor, parameters
from api.errors import ApiCode, Problem
from api.openapi import describe
from api.port import NodePort
from api.schemas.base import NoContent, PageQuery, ProblemAnswer
from api.schemas.network import (
    EvidenceAnswer,
    NetworkAnswer,
    NodeAnswer,
    NodesAnswer,
    OneParticipantAnswer,
    ParticipantAnswer,
    ParticipantsAnswer,
    SuspensionAnswer,
    ValidatorAnswer,
)
from ledger.parameters import PROTOCOL
from ledger.participants import Participant
from ledger.register import CHAIR
from ledger.state import Ledger
from ledger.units import Ms, block_date


def network_routes(port: NodePort) -> Blueprint:
    """The routes of this file."""
    routes = Blueprint("network", __name__)

    @routes.get("/v1/network")
    @describe("network", "network", {200: NetworkAnswer, 304: NoContent})
    async def network() -> Response:
        """The ledger and where it stands.

        `height`, `tree_size`, `root` and `state` are of the same block.
        """
        body = read_network(port)
        return answer(request, body, Cache.PUBLIC, height=body.read_at_height)

    @routes.get("/v1/nodes")
    @describe("nodes", "network", {200: NodesAnswer, 304: NoContent}, token=True)
    async def nodes() -> Response:
        """The participants' nodes: who votes in this epoch, who will, and who contradicted itself."""
        require_reader(port, request)
        body = read_nodes(port.ledger)
        return answer(request, body, Cache.PRIVATE, height=body.read_at_height)

    @routes.get("/v1/participants")
    @describe("participants", "network", {200: ParticipantsAnswer, 304: NoContent}, query=PageQuery)
    async def participants() -> Response:
        """The register of participants, by code."""
        page = parameters(request, PageQuery)
        head, register = port.ledger.head, port.ledger.register
        codes = sorted(register.participants)
        after = decode_cursor(page.cursor)
        start = 0 if after is None else bisect_right(codes, after.decode(errors="replace"))
        chosen = codes[start : start + page.limit]
        more = start + page.limit < len(codes)
        body = ParticipantsAnswer(
            read_at_height=head.height,
            items=[_participant(port.ledger, register.participants[code]) for code in chosen],
            next=encode_cursor(chosen[-1].encode()) if more else None,
        )
        return answer(request, body, Cache.PUBLIC, height=head.height)

    @routes.get("/v1/participants/<code>")
    @describe("participant", "network", {200: OneParticipantAnswer, 304: NoContent, 404: ProblemAnswer})
    async def participant(code: str) -> Response:
        """One participant of the register."""
        height, found = port.ledger.head.height, port.ledger.register.participant(code)
        if found is None:
            raise Problem(404, ApiCode.NOT_FOUND, "code", given=code[:100])
        body = OneParticipantAnswer(read_at_height=height, participant=_participant(port.ledger, found))
        return answer(request, body, Cache.PUBLIC, height=height)

    return routes


def read_network(port: NodePort) -> NetworkAnswer:
    """The answer of `/v1/network`."""
    ledger, status = port.ledger, port.status()
    genesis, head = ledger.genesis, ledger.head
    return NetworkAnswer(
        read_at_height=head.height,
        network=genesis.network,
        origin=genesis.origin,
        ledger_id=genesis.ledger_id.hex(),
        protocol=ledger.register.parameter(PROTOCOL, block_date(Ms(head.time))),
        height=head.height,
        time=head.time,
        tree_size=head.tree_size,
        root=head.root.hex(),
        state=head.state.hex(),
        epoch=status.epoch,
        quorum=port.quorum,
        validators=[
            ValidatorAnswer(participant=entry.participant, log_vkey=entry.log_vkey, witness_vkey=entry.witness_vkey)
            for entry in port.validators
        ],
        chair=ledger.register.appointed(CHAIR, block_date(Ms(head.time))),
        participant=status.participant,
    )


def read_nodes(ledger: Ledger) -> NodesAnswer:
    """The answer of `/v1/nodes`."""
    height, network = ledger.head.height, ledger.network
    return NodesAnswer(
        read_at_height=height,
        epoch=network.epoch.number,
        quorum=network.quorum,
        nodes=[
            NodeAnswer(
                participant=code,
                address=node.address,
                consensus=(network.votes_with(code) or node.consensus).hex(),
                votes=network.votes_with(code) is not None,
                validator=node.validator,
            )
            for code, node in network.nodes.items()
        ],
        pending=network.pending.hex(),
        ready=sorted(network.ready),
        scheduled=network.scheduled.hex(),
        evidence=[
            EvidenceAnswer(
                participant=one.participant, epoch=one.epoch, consensus=one.key.hex(), id=one.record.hex(), height=one.height
            )
            for one in ledger.evidence()
        ],
    )


def _participant(ledger: Ledger, entry: Participant) -> ParticipantAnswer:
    network, today = ledger.network, block_date(Ms(ledger.head.time))
    node = network.node(entry.code)
    return ParticipantAnswer(
        code=entry.code,
        name=entry.name,
        countries=list(entry.countries),
        counted=entry.counted,
        since=entry.since,
        until=entry.until,
        issues_from=entry.issues_from,
        confirms_from=entry.confirms_from,
        validity_days=ledger.register.validity_days(entry, today),
        suspensions=[SuspensionAnswer(since=span.since, until=span.until, zone=span.zone) for span in entry.suspensions],
        compliant_zones=list(entry.zones_compliant_on(today)),
        authorities=[office.name for office in entry.authorities if not office.until],
        node=node is not None,
        validator=network.votes_with(entry.code) is not None,
    )
