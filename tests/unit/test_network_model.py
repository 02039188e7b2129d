"""Epochs against a model of them: any sequence of nodes, readiness and ends of epochs leaves the same pending and scheduled lists.

The model knows who wants to vote with which key, and compares lists; it is written from 4-consensus.md and the table of kinds,
not from the code, and computes hashes and quorums with other means.
"""

import hashlib
import struct
from pathlib import Path
from tempfile import TemporaryDirectory

import msgpack
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import BlockOrderError
from tests.support.world import VALIDATORS, World, public

CODES = (*VALIDATORS, "CF", "ZA")

sets = st.tuples(st.just("set"), st.sampled_from(CODES), st.sampled_from((None, True, False)), st.booleans())
readiness = st.tuples(st.just("ready"), st.sampled_from(CODES), st.sampled_from((0, 0, 0, 0, 0, 0, 1)), st.just(None))
all_ready = st.tuples(st.just("all ready"), st.integers(0, 2), st.just(None), st.just(None))
ends = st.tuples(st.just("end"), st.sampled_from((0, 0, 0, 1, 2)), st.just(None), st.just(None))
histories = st.lists(st.one_of(sets, sets, readiness, all_ready, ends), max_size=25)

BEGINNING = [("set", "CF", True, False), ("all ready", 1, None, None)]
"""So that a list is scheduled."""


def hash_of(members):
    data = msgpack.packb([list(pair) for pair in members])
    return hashlib.blake2b(struct.pack(">I", len(data)) + data, digest_size=32, person=b"kpl/validators").digest()


class Model:
    """What 4-consensus.md says of `next`, in lists."""

    def __init__(self):
        self.number = 0
        self.voting = [(code, public(f"{code}/consensus")) for code in VALIDATORS]
        self.keys = dict(self.voting)
        self.wishes = set(VALIDATORS)
        self.versions = dict.fromkeys(CODES, 1)
        self.ready = set()
        self.scheduled_once = []

    @property
    def pending(self):
        wanted = [(code, self.keys[code]) for code in sorted(self.wishes)]
        return [] if wanted == sorted(self.voting) else wanted

    @property
    def scheduled(self):
        n = len(self.pending)
        return self.pending if n and 2 * len(self.ready) > n + (n - 1) // 3 else []

    def set(self, code, votes, key):
        if not (self.wishes | ({code} if votes else set())) - (set() if votes else {code}):
            return "no-validator-left"
        if self.keys.get(code) == key and (code in self.wishes) == votes:
            return "node-unchanged"
        before = self.pending
        self.keys[code] = key
        (self.wishes.add if votes else self.wishes.discard)(code)
        self.ready = self.ready if self.pending == before else set()
        return None

    def file(self, code, list_hash):
        if code not in self.keys:
            return "not-consensus-key"
        if not self.pending or list_hash != hash_of(self.pending):
            return "list-not-pending"
        if code not in self.wishes:
            return "not-in-list"
        if code in self.ready:
            return "ready-already"
        self.ready.add(code)
        if self.scheduled and self.scheduled not in self.scheduled_once:
            self.scheduled_once.append(self.scheduled)
        return None

    def end(self, members):
        self.number, self.voting, self.ready = self.number + 1, members, set()


def node_set(world, model, code, votes, rotates):
    """The record, and what the model says of it: a new key where the node is new or rotates, else the one it has."""
    votes = code in model.wishes if votes is None else votes
    name = f"{code}/consensus" if model.versions[code] == 1 else f"{code}/consensus/{model.versions[code]}"
    if rotates and code in model.keys:
        name = f"{code}/consensus/{model.versions[code] + 1}"
    record = world.node_set(code, consensus=world.named(name), validator=votes)
    refused = model.set(code, votes, public(name))
    if refused is None and rotates and name.endswith(f"/{model.versions[code] + 1}"):
        model.versions[code] += 1
    return record, refused


def node_ready(world, model, code, wrong):
    list_hash = hash_of(model.voting if wrong or not model.pending else model.pending)
    return world.node_ready(code, validators=list_hash), model.file(code, list_hash)


def step(world, model, action):
    """One block, judged as the model does."""
    kind, one, two, three = action
    if kind == "end":
        end(world, model, one)
        return
    if kind == "set":
        made = [node_set(world, model, one, two, three)]
    elif kind == "ready":
        made = [node_ready(world, model, one, two)]
    else:
        made = [node_ready(world, model, code, 0) for code in sorted(model.wishes)[one:]]
    judgements = world.block(*(record for record, _ in made)).judgements
    assert [judgement.refusal and str(judgement.refusal.code) for judgement in judgements] == [refused for _, refused in made]


def end(world, model, back):
    """The epoch ends for one of the lists that were ever scheduled, the newest or an older one; for no other one it can."""
    members = model.scheduled_once[-1 - back] if back < len(model.scheduled_once) else None
    if members is None:
        before = world.ledger.head
        for list_hash in (b"?" * 32, *([hash_of(model.pending)] if model.pending and not model.scheduled_once else [])):
            try:
                world.block(ends_for=list_hash)
            except BlockOrderError:
                continue
            raise AssertionError("ended for a list that was never scheduled")
        assert world.ledger.head == before
        return
    height = world.block(ends_for=hash_of(members)).head.height
    model.end(members)
    assert world.ledger.epoch(model.number - 1).last_height == height
    assert world.ledger.network.epoch.first_height == height + 1


def compare(world, model):
    network = world.ledger.network
    assert (network.epoch.number, list(network.epoch.validators)) == (model.number, model.voting)
    assert network.pending == (hash_of(model.pending) if model.pending else b"")
    assert network.scheduled == (hash_of(model.scheduled) if model.scheduled else b"")
    assert network.ready == model.ready
    assert {code: node.consensus for code, node in network.nodes.items()} == model.keys
    assert {code for code, node in network.nodes.items() if node.validator} == model.wishes


@given(histories)
def test_ledger_and_model_agree(history):
    with TemporaryDirectory() as folder:
        with World.make(Path(folder) / "db") as world:
            model = Model()
            for action in BEGINNING + history:
                step(world, model, action)
                compare(world, model)
        with World.make(Path(folder) / "db") as world:
            compare(world, model)
