"""One running node: every part made, wired and started in order, and stopped in the reverse order.

Start: lock, settings, keys, genesis, store, write-ahead log, core; then the listeners. A part that cannot start ends the start
with a three-line message. While running, the first task that fails ends the process: what a node cannot do rightly it must not
go on doing. Stop: no new requests, links closed, the commit under way finished, log and store closed, lock given back.
"""

import asyncio
import socket
import sys
from collections.abc import Awaitable
from contextlib import ExitStack

from api.admin import create_admin_app
from api.app import create_app
from api.limits import ApiLimits
from api.server import serve
from consensus.events import Alarm, AppCall, Applied, Archive, Build, Check, Deliver, Evidence, Outdated, Work
from consensus.messages import Block, encode
from ledger.errors import StoreError
from ledger.state import Applied as LedgerApplied
from node import selftest
from node.bodies import Bodies
from node.clock import Clock
from node.config import Config as Settings
from node.config import load_config
from node.cosigner import Cosigner
from node.descriptors import for_each_listener, raise_limit
from node.driver import Driver, Epoch
from node.duties import Duties
from node.errors import command
from node.execution import Execution
from node.feeder import Feeder
from node.finality import Finality
from node.handshake import Identity
from node.home import Home
from node.intake import Intake
from node.keys import load_keys, passphrase
from node.limits import BODY_REQUEST_IDS, HEARTBEAT_SECONDS, STATUS_SECONDS, TURN_SECONDS
from node.lock import HomeLock
from node.logs import configure, get_logger
from node.mempool import Mempool
from node.metrics import new_registry
from node.opening import (
    check_identity,
    fatal,
    in_use,
    listen_on,
    open_epoch,
    open_guard,
    require_registered,
)
from node.own import OwnRecords
from node.parts import Parts
from node.peers import Peers
from node.proposals import Proposals
from node.refusals import Refusals
from node.rekey import promote
from node.releases import Releases
from node.repair import note_damage, open_sound
from node.router import Router
from node.scrubbing import Scrubber
from node.service import Service
from node.tls import contexts
from node.verifier import Verifier
from node.wire import Consensus, GetRecords, Pending, Records, encode_item
from node.witness import Witness, read_outside

log = get_logger("process")


class NodeProcess:
    """A node from its home directory; `open`, then `run` until told to stop, then `close`.

    Attributes:
        service: the node as its HTTP interface sees it.
    """

    def __init__(self, home: Home, settings: Settings, lock: HomeLock) -> None:
        """Use `open`."""
        self.home = home
        self.settings = settings
        self._lock = lock
        self._closers = ExitStack()
        self._closers.callback(lock.release)
        self._poked = False
        self._seen: set[bytes] = set()

    @classmethod
    def open(cls, home: Home, *, joining: bool = False) -> "NodeProcess":
        """Everything that can be refused before the node says a word to anybody.

        Args:
            home: where everything is.
            joining: the ledger need not know this home's keys yet, as far as the home has followed it.

        Raises:
            FatalError: what is missing, damaged or another's, and what to do.
        """
        settings = load_config(home.path)
        configure(participant=settings.participant, level=settings.log_level)
        selftest.run()
        descriptors = raise_limit()
        process = cls(home, settings, HomeLock(home.path))
        try:
            process._open(for_each_listener(descriptors), joining=joining)
        except BaseException as error:
            process.close()
            if isinstance(error, StoreError):
                note_damage(home, error)
                raise fatal(error, home) from error
            raise
        return process

    def _open(self, connections: int, *, joining: bool) -> None:
        home, settings = self.home, self.settings
        genesis = home.read_genesis()
        certificate = home.read_certificate()
        store, self.ledger, anew = open_sound(home, genesis)
        self._closers.callback(store.close)
        joining = joining or anew
        network = self.ledger.network
        promote(home, network, settings.participant, passphrase())
        keys = load_keys(home.path, raw_allowed=genesis.network == "dev")
        check_identity(network, genesis, settings, keys, certificate)
        if not joining:
            require_registered(home, network, settings, keys, certificate)
        guard = open_guard(home, genesis)
        self._closers.callback(guard.close)
        self._keys, self._logs = keys, home.logs(genesis.ledger_id)
        self._network = network
        clock = Clock(home.clock if genesis.network == "dev" and home.clock.exists() else None)
        self._closers.callback(clock.close)
        self._now_ms = now_ms = clock.now_ms

        identity = Identity(genesis.ledger_id, keys.voting(network.epoch.keys), certificate)
        in_force = {node.tls for node in network.nodes.values()}
        pinned = [node.tls for node in genesis.nodes if node.tls in in_force]  # the peers' part pins those that came later
        tls = contexts(home.tls_key, home.tls_certificate, passphrase(), pinned)

        self.refusals = Refusals()
        self.mempool = Mempool()
        self.verifier = Verifier(genesis.ledger_id)
        self._closers.callback(self.verifier.close)
        self.bodies = Bodies(self.ledger, self.mempool, self._ask_bodies, lambda: list(self.peers.links), self._arriving)
        self.intake = Intake(
            self.ledger, self.mempool, self.verifier, now_ms, self._spread, self.bodies.unusable, self.refusals
        )
        self.execution = Execution(self.ledger, self.bodies, self._prepare_epoch)
        self._closers.callback(self.execution.close)
        self.scrubber = Scrubber(self.ledger)
        self._closers.callback(self.scrubber.close)
        self.finality = Finality()
        self.cosigner = Cosigner(settings.participant, self.ledger, keys, guard, self._broadcast, self.refusals)
        self._closers.callback(self.cosigner.close)
        outside = read_outside(home.path, settings.witness_policy, genesis.origin)
        self.witness = Witness(settings.participant, self.ledger, keys, self.cosigner, outside.logs)
        self.feeder = Feeder(self.ledger, self.cosigner, outside.witnesses)
        self.proposals = Proposals(self.ledger, self.mempool, self.bodies, self.execution, now_ms)
        self.duties = Duties(settings.participant, self.ledger, keys, self.intake, now_ms)
        pen = OwnRecords(settings.participant, self.ledger, keys, self.intake, now_ms)
        self.releases = Releases(self.ledger, pen)
        self._closers.callback(self.releases.close)
        self.router = Router(self.ledger, self.mempool, self.bodies, self.intake, self.execution, self.refusals)
        self.driver = Driver(open_epoch(home, self.ledger, keys), self.ledger.sync, self._send, self._application)
        self._closers.callback(self.driver.close)
        self.peers = Peers(network, settings.participant, identity, tls, self.router, self.refusals)
        self.router.attach(self.driver, self.cosigner, self.poke)
        self.execution.listeners += [self._executed]
        self.cosigner.on_quorum = self._covered

        registry, collector = new_registry()
        limits = ApiLimits(
            requests_per_s=settings.requests_per_second,
            loopback_per_s=settings.loopback_per_second,
            connections=min(ApiLimits().connections, connections),
        )
        parts = Parts(
            settings,
            keys,
            self.ledger,
            self.mempool,
            self.intake,
            self.finality,
            self.cosigner,
            self.driver,
            self.peers,
            self.router,
            self.refusals,
            self.witness,
            self.scrubber,
            self.releases,
        )
        workbook = home.open_workbook()
        self._closers.callback(workbook.close)
        self.service = Service(parts, genesis, limits, home.read_tokens(), workbook, registry, now_ms)
        self.service.alarm = self._retirement()
        self.service.measure(collector)

    async def run(self, stop: asyncio.Event) -> None:
        """Runs until `stop` is set.

        Raises:
            FatalError: a part failed; the process must end.
        """
        sys.setswitchinterval(TURN_SECONDS)
        with ExitStack() as sockets:
            api = sockets.enter_context(listen_on(self.settings.api_listen))
            admin = sockets.enter_context(listen_on(self.settings.admin_listen))
            try:
                await self._listen_to_peers()
                await self._run(stop, api, admin)
            finally:
                await self.peers.stop()

    async def _listen_to_peers(self) -> None:
        address = self.settings.peers_listen
        try:
            await self.peers.start(address.host, address.port)
        except OSError as error:
            raise in_use(address, error) from error

    async def _run(self, stop: asyncio.Event, api: socket.socket, admin: socket.socket) -> None:
        """Runs every part until `stop` is set or one fails; a failure while stopping is told, too."""
        limits = self.service.limits
        servers = [
            asyncio.ensure_future(serve(create_app(self.service), api, limits, stop.wait)),
            asyncio.ensure_future(serve(create_admin_app(self.service), admin, limits, stop.wait)),
        ]
        works: list[Awaitable[None]] = [
            self.driver.run(),
            self.execution.run(),
            self.cosigner.run(),
            self.duties.run(),
            self.releases.run(),
            self.scrubber.run(),
            self.feeder.run(),
            self._tick(),
            self.peers.tasks.watch(),
            self.router.tasks.watch(),
            self.proposals.tasks.watch(),
            self.service.tasks.watch(),
        ]
        parts = [asyncio.ensure_future(work) for work in works] + servers
        stopping = asyncio.ensure_future(stop.wait())
        log.info("started", height=self.ledger.head.height, size=self.ledger.head.tree_size)
        ended_early: list[asyncio.Future[None]] = []
        try:
            await asyncio.wait([*parts, stopping], return_when=asyncio.FIRST_COMPLETED)
            ended_early = [part for part in parts if part.done() and not stop.is_set()]
            stop.set()
            self.service.growth.end()
            await asyncio.wait(servers)  # open requests end, answered or cut, before anything that they use is closed
        finally:
            await self.peers.stop()
            self.proposals.stop()
            for part in (*parts, stopping):
                part.cancel()
            outcomes = await asyncio.gather(*parts, return_exceptions=True)
            log.info("stopped", height=self.ledger.head.height)
        failures = [error for error in outcomes if isinstance(error, Exception)]
        if failures or ended_early:
            note_damage(self.home, failures[0] if failures else None)
            raise fatal(failures[0] if failures else None, self.home)

    def close(self) -> None:
        """Gives everything back, in the reverse order of opening, whatever fails meanwhile."""
        self._closers.close()

    def poke(self) -> None:
        """Tells the core what there is to do; many calls in one turn of the event loop are one."""
        if not self._poked:
            self._poked = True
            asyncio.get_running_loop().call_soon(self._tell_work)

    def _tell_work(self) -> None:
        self._poked = False
        waiting = self.execution.waiting_records()
        due = bool(self.ledger.scheduled) or self._now_ms() - self.ledger.head.time >= HEARTBEAT_SECONDS * 1000
        self.driver.post_now(Work(pending=len(self.mempool) > waiting, due=due))

    async def _tick(self) -> None:
        """What happens by the clock: announcing what waits, heartbeats falling due."""
        while True:
            self.poke()
            self._announce()
            await asyncio.sleep(STATUS_SECONDS)

    def _announce(self) -> None:
        """Names to all what has waited since the last time: what came since is most likely still on its way to them."""
        oldest = self.mempool.oldest(BODY_REQUEST_IDS)
        if waiting := [record_id for record_id in oldest if record_id in self._seen]:
            self._broadcast(encode_item(Pending(tuple(waiting))))
        self._seen = set(oldest)

    def _application(self, call: AppCall) -> None:
        """Carries out a call of the core."""
        match call:
            case Build():
                self.proposals.build(call, self.driver.post_now)
            case Check():
                self.proposals.check(call, self._participant(call.leader), self.driver.post_now)
            case Deliver():
                self.execution.deliver(call)
            case Archive(certificate=certificate):
                self.execution.archive(certificate)
            case Evidence():
                self.duties.convict(call)
            case Outdated(peer=peer, epoch=epoch):
                if (final := self.execution.end_of(epoch)) is not None:
                    self._send(peer, encode_item(Consensus(encode(final))))
            case Alarm(reason=reason, retired=retired):
                if retired:
                    self._logs.retire(self._voting_key())
                self.service.alarm = self._retirement() or reason
                log.error("this node stops voting", reason=reason)

    def _voting_key(self) -> bytes:
        """The key with which this node votes, or would, in the epoch in force."""
        return self._keys.voting(self.ledger.network.epoch.keys).public

    def _retirement(self) -> str:
        """What to tell of a key that never votes again; empty for others."""
        if not self._logs.retired(self._voting_key()):
            return ""
        return f"its key is retired, for it has voted where this home knows nothing of: {_retire(self.home)}"

    def _prepare_epoch(self, epoch: int) -> None:
        """Before the block that ends an epoch is committed: a home in an epoch without a log has lost it, so there is one."""
        for key in self._keys.all_consensus():
            self._logs.begin(epoch, key.public)

    def _epoch_began(self) -> Epoch:
        """The next core, made between two batches of the driver's events."""
        self.service.alarm = self._retirement() or self.service.alarm
        epoch = open_epoch(self.home, self.ledger, self._keys, alarmed=bool(self.service.alarm))
        log.info("epoch", number=epoch.core.epoch, validators=len(self.ledger.network.epoch.keys), votes=epoch.core.validator)
        self.router.epoch_began()
        return epoch

    def _executed(self, block: Block, applied: LedgerApplied) -> None:
        self.mempool.judged(block.payload.records)
        self.proposals.settled(block.height)
        self.driver.post_now(Applied(block.height))
        self.finality.judged(applied.judgements)
        self.cosigner.executed(applied.head)
        if applied.judgements:
            self.service.growth.tell()
        if self.ledger.network is not self._network:
            self._network = self.ledger.network
            self.peers.know(self._network)
            self.duties.network_changed()
        self.releases.executed()
        if block.payload.next:
            self.driver.succeed(self._epoch_began)
        self.poke()

    def _covered(self, size: int) -> None:
        """A quorum has cosigned this size."""
        self.finality.covered(size)
        self.feeder.grown()

    def _send(self, to: bytes | None, item: bytes) -> None:
        if to is None:
            self.peers.broadcast(item)
        elif (participant := self._participant(to)) is not None:
            self.peers.send(participant, item)

    def _participant(self, key: bytes) -> str | None:
        """Whose consensus key this is, in the epoch in force or from the next one on."""
        node = self.ledger.network.node_of_consensus(key)
        return None if node is None else node.participant

    def _broadcast(self, item: bytes) -> None:
        self.peers.broadcast(item)

    def _spread(self, submissions: list[bytes]) -> None:
        self.peers.broadcast_bulk(encode_item(Records(tuple(submissions))))
        self.poke()

    def _arriving(self, record_id: bytes) -> bool:
        return self.router.arriving(record_id)

    def _ask_bodies(self, peer: str, ids: list[bytes]) -> None:
        self.peers.send(peer, encode_item(GetRecords(tuple(ids))))


def _retire(home: Home) -> str:
    return command("key", "retire", "--home", home.path)
