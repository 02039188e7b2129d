"""The node as its HTTP interface sees it: implements `api.port.NodePort`."""

import asyncio
from collections.abc import Callable, Generator, Sequence

from prometheus_client import CollectorRegistry

from api.auth import TokenBook
from api.errors import NotReady, Outcome
from api.growth import Growth
from api.limits import ApiLimits
from api.port import NodeStatus, PeerStatus, ReadyCheck, Submitted, Validator
from api.reading.workbook import WorkBook
from ledger.errors import Refusal, StoreError
from ledger.genesis import Genesis
from ledger.receipt import make_receipt
from ledger.state import Ledger
from ledger.status import Status, sign_status
from node.audit import serving
from node.errors import WalFailedError
from node.keyring import log_key, policy, witness_key
from node.metrics import NodeCollector
from node.parts import Parts
from node.refusals import CONSENSUS, STRANGER
from node.tasks import Tasks

_SYNC_BLOCKS = 5
"""A node this many blocks behind is syncing."""

_UNKNOWN = "at this height the ledger has another key for this node: node.set is missing, or not yet executed here"


class Service:
    """What a running node offers.

    Attributes:
        alarm: why this node stopped voting; empty while it votes.
        growth: told of every block that added records, for open streams.
        tasks: no tasks, but what a submission failed with where this node's store did: the process must end.
    """

    def __init__(
        self,
        parts: Parts,
        genesis: Genesis,
        limits: ApiLimits,
        tokens: TokenBook,
        workbook: WorkBook,
        registry: CollectorRegistry,
        now_ms: Callable[[], int],
    ) -> None:
        self.alarm = ""
        self.tasks = Tasks()
        self.growth = Growth()
        self._parts = parts
        self._genesis = genesis
        self._limits = limits
        self._tokens = tokens
        self._workbook = workbook
        self._registry = registry
        self._now_ms = now_ms
        self._started = now_ms()

    @property
    def ledger(self) -> Ledger:
        """The executed state."""
        return self._parts.ledger

    @property
    def limits(self) -> ApiLimits:
        """The operator's limits."""
        return self._limits

    @property
    def tokens(self) -> TokenBook:
        """Who may read what."""
        return self._tokens

    @property
    def workbook(self) -> WorkBook:
        """What this node's readers note for themselves."""
        return self._workbook

    @property
    def registry(self) -> CollectorRegistry:
        """The node's metrics."""
        return self._registry

    @property
    def public_url(self) -> str:
        """Scheme and authority, no trailing slash."""
        return self._parts.settings.public_url

    @property
    def finalizing(self) -> bool:
        """Whether records wait to be final: for a block, or for the checkpoint that covers it."""
        return len(self._parts.mempool) > 0 or len(self._parts.finality) > 0

    @property
    def validators(self) -> tuple[Validator, ...]:
        """The validators of the current epoch, in voting order."""
        network, origin = self.ledger.network, self._genesis.origin
        nodes = [network.nodes[code] for code, _ in network.epoch.validators]
        return tuple(
            Validator(node.participant, str(log_key(origin, node.log)), str(witness_key(node.participant, node.cosign)))
            for node in nodes
        )

    @property
    def quorum(self) -> int:
        """How many validators must cosign."""
        return self.ledger.network.quorum

    def now_ms(self) -> int:
        """The node's clock, ms since 1970 UTC."""
        return self._now_ms()

    async def release_basis(self, period: str, height: int) -> bytes:
        """See the port."""
        return await self._parts.releases.basis(period, height)

    async def submit(self, raw: bytes, wait: bool) -> Submitted:
        """Takes one submission; see `NodePort.submit`.

        Raises:
            Refusal: it may not enter.
            Overloaded: no room now.
            NotReady: this node is behind.
        """
        answer = (await self.submit_many([raw], wait))[0]
        if isinstance(answer, Submitted):
            return answer
        raise answer

    async def submit_many(self, raws: Sequence[bytes], wait: bool) -> list[Submitted | Outcome]:
        """Takes many; see `NodePort.submit_many`.

        Raises:
            NotReady: this node is behind; none was looked at.
        """
        if self._behind():
            raise NotReady(2.0, "this node is catching up")
        try:
            return await self._submit_many(raws, wait)
        except StoreError as error:
            self.tasks.fail(error)
            raise

    async def _submit_many(self, raws: Sequence[bytes], wait: bool) -> list[Submitted | Outcome]:
        taken = await self._parts.intake.submit(raws)
        ids = dict.fromkeys(answer for answer in taken if isinstance(answer, bytes)) if wait else {}
        futures = {record_id: self._watch(record_id) for record_id in ids}
        try:
            if pending := [future for future in futures.values() if not future.done()]:
                await asyncio.wait(pending, timeout=self._limits.final_wait_s)
            note = self._parts.cosigner.quorum_checkpoint()
            return [
                self._result(answer, futures.get(answer), note) if isinstance(answer, bytes) else answer for answer in taken
            ]
        finally:
            for record_id, future in futures.items():
                self._parts.finality.forget(record_id, future)

    def _watch(self, record_id: bytes) -> "asyncio.Future[None]":
        """A future that is done when the record is final; already done when it is."""
        finality = self._parts.finality
        judgement = self.ledger.judgement(record_id)
        if judgement is not None and judgement.index is not None:
            if judgement.index < self._parts.cosigner.quorum_size:
                done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                done.set_result(None)
                return done
            future = finality.watch(record_id)
            finality.accepted(record_id, judgement.index)
            return future
        return finality.watch(record_id)

    def _result(self, record_id: bytes, future: "asyncio.Future[None] | None", note: str | None) -> Submitted | Outcome:
        if future is not None and future.done():
            error = future.exception()
            if isinstance(error, Refusal):
                return error
        found = self.ledger.record(record_id)
        if found is None:
            return Submitted(record_id)
        return Submitted(record_id, found[1], found[2], self._receipt(found[0], found[1], note))

    def receipt(self, record_id: bytes) -> str | None:
        """The record's receipt under the newest quorum checkpoint, None as long as there is none."""
        found = self.ledger.record(record_id)
        return None if found is None else self._receipt(found[0], found[1], self._parts.cosigner.quorum_checkpoint())

    def _receipt(self, raw: bytes, index: int, note: str | None) -> str | None:
        """The receipt of a record in the log under this quorum checkpoint, None where it does not cover the record."""
        size = self._parts.cosigner.quorum_size
        if note is None or index >= size:
            return None
        return make_receipt(raw, index, self.ledger.inclusion_proof(index, size), note.encode())

    def quorum_checkpoint(self, size: int | None = None) -> str | None:
        """The newest quorum checkpoint, or the one of exactly this size."""
        return self._parts.cosigner.quorum_checkpoint(size)

    def policy(self) -> str:
        """The C2SP policy file of this ledger, as this node prints it."""
        own = self._parts.settings.participant
        return policy(self._genesis.origin, self.ledger.network, {own: f"{self.public_url}/log"}).format()

    def final_blocks(self, first: int) -> Generator[None, None, bytes | None]:
        """Final blocks from a height on, as frames of an export; see `NodePort.final_blocks`."""
        return serving.final_blocks(self.ledger, first)

    def findings(self, after: str) -> bytes:
        """Findings whose names follow this one, as frames of an export."""
        return serving.findings(self.ledger, after)

    async def add_checkpoint(self, body: bytes) -> str:
        """Cosigns as a witness; see `NodePort.add_checkpoint`."""
        try:
            return await self._parts.witness.add_checkpoint(body)
        except (StoreError, WalFailedError) as error:
            self.tasks.fail(error)
            raise

    def witnessed(self, origin_hash: bytes) -> str | None:
        """The newest checkpoint that this node cosigned for a log."""
        return self._parts.witness.checkpoint(origin_hash)

    def sign_status(self, status: Status) -> bytes:
        """The status file of these lists, signed with the node's cosigning key."""
        key = self._parts.keys.cosign
        return sign_status(status, key.public, key.sign)

    def status(self) -> NodeStatus:
        """Where the node stands now."""
        parts, network = self._parts, self.ledger.network
        links, heights = parts.peers.links, parts.router.heights
        own = parts.settings.participant
        peers = tuple(
            PeerStatus(code, node.address, code in links, heights.get(code))
            for code, node in network.nodes.items()
            if code != own
        )
        return NodeStatus(
            participant=own,
            validator=self._votes(),
            view=parts.driver.core.view,
            epoch=network.epoch.number,
            syncing=self._behind(),
            pending=len(parts.mempool),
            started_ms=self._started,
            peers=peers,
            checks=self._checks(),
        )

    def _behind(self) -> bool:
        """Whether f+1 validators, so at least one honest one, told of a height well ahead of this node's."""
        voting = [code for code, _ in self.ledger.network.epoch.validators]
        f = (len(voting) - 1) // 3
        told = self._parts.router.heights
        heights = sorted((told[code] for code in voting if code in told), reverse=True)
        return len(heights) > f and heights[f] > self.ledger.head.height + _SYNC_BLOCKS

    def _votes(self) -> bool:
        """Whether this node's key is among the validators of the epoch in force."""
        return self._parts.driver.core.validator

    def _checks(self) -> tuple[ReadyCheck, ...]:
        parts, network, head = self._parts, self.ledger.network, self.ledger.head
        participant, quorum = parts.settings.participant, network.quorum
        connected = sum(code in parts.peers.links for code, _ in network.epoch.validators)
        own = any(code == participant for code, _ in network.epoch.validators)
        node = network.node(participant)
        known = node is not None and node.consensus in {key.public for key in parts.keys.all_consensus()}
        return (
            ReadyCheck("store", True, f"height {head.height}, size {head.tree_size}"),
            ReadyCheck("peers", connected + own >= quorum, f"{connected + own} validators reachable, quorum {quorum}"),
            ReadyCheck("synced", not self._behind(), "catching up" if self._behind() else "at the network's height"),
            ReadyCheck("checkpoint", parts.cosigner.quorum_size >= 0, f"quorum size {parts.cosigner.quorum_size}"),
            ReadyCheck("registered", known, "the ledger knows this node's key" if known else _UNKNOWN),
            ReadyCheck("voting", not self.alarm, self.alarm or "no alarm"),
        )

    def _refusals(self) -> dict[tuple[str, ...], float]:
        """What the parts refused, and what the core did."""
        found = dict(self._parts.refusals.refused.readings())
        for (key, reason), count in self._parts.driver.faults().items():
            owner = self.ledger.network.node_of_consensus(key)
            label = (owner.participant if owner else STRANGER, CONSENSUS + reason)
            found[label] = found.get(label, 0) + count
        return found

    def measure(self, collector: NodeCollector) -> None:
        """Adds the node's figures to its metrics."""
        parts = self._parts
        collector.gauge("height", "Height of the last executed block", lambda: parts.ledger.head.height)
        collector.gauge("tree_size", "Leaves in the log", lambda: parts.ledger.head.tree_size)
        collector.gauge("quorum_size", "Size of the newest quorum checkpoint", lambda: parts.cosigner.quorum_size)
        collector.gauge("epoch", "Epoch of validators in force", lambda: parts.ledger.network.epoch.number)
        collector.gauge("view", "Current view of consensus", lambda: parts.driver.core.view)
        collector.gauge("mempool_records", "Records that wait for a block", lambda: len(parts.mempool))
        collector.gauge("mempool_bytes", "Bytes of records that wait for a block", lambda: parts.mempool.size)
        collector.gauge("peers_connected", "Links that are up", lambda: len(parts.peers.links))
        collector.gauge("voting", "1 while this node votes, 0 after an alarm", lambda: float(not self.alarm))
        collector.counters("refused", "Submissions refused", "code", lambda: parts.intake.refused)
        collector.table("refusals", "What no correct peer sends", ("peer", "reason"), self._refusals)
        collector.table("dropped", "Items that found no room", ("peer", "queue"), parts.refusals.dropped.readings)
        collector.counters(
            "scrub_seconds", "Time spent reading the store", "clock", lambda: {"processor": parts.scrubber.spent}
        )
        releases = parts.releases
        collector.levels("releases", "Releases of statistics by where they stand", "state", releases.by_state)
        collector.levels("newest_release", "Block of the figures released last", "release", releases.newest)
        collector.gauge("release_objections", "Nodes that object to a release being judged", releases.objections)
        collector.gauge("releases_unmade", "Releases that stand and that this node has no files of", releases.unmade)
        collector.gauge("scrub_passes", "How often the whole store was read since the start", lambda: parts.scrubber.passes)
        collector.counters("fsyncs", "Syncs of the write-ahead log", "log", lambda: {"consensus": parts.driver.fsyncs})
