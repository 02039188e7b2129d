import base64
import hashlib
import json
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import merkle
from ledger.errors import MalformedProofError, OutOfRangeError, ProofError, ProofLengthError, RootMismatchError
from ledger.limits import MAX_TREE_SIZE
from ledger.merkle import CompactRange
from tests.conftest import shared
from tests.unit import naive_merkle

ENTRIES = [bytes([i]) for i in range(130)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]


def root_of(hashes):
    return CompactRange().extended(hashes).root()


def vectors(name):
    return json.loads(shared(f"data/tlog/{name}").read_text())


def unbase64(text):
    return base64.b64decode(text)


@cache
def hash_of(start, end):
    """The hash of a proof's range out of its complete subtrees."""
    parts = [root_of(LEAVES[i << h : (i + 1) << h]) for h, i in merkle.subtrees(start, end)]
    node = parts.pop()
    while parts:
        node = merkle.node_hash(parts.pop(), node)
    return node


def inclusion(index, size):
    return [hash_of(*part) for part in merkle.inclusion_ranges(index, size)]


def consistency(old, new):
    return [hash_of(*part) for part in merkle.consistency_ranges(old, new)]


@cache
def root_at(size):
    return root_of(LEAVES[:size])


class TestVectors:
    def test_hasher(self):
        for case in vectors("merkle_roots.json")["hasher"]:
            if "leaf_hex" in case:
                given_hash = merkle.leaf_hash(bytes.fromhex(case["leaf_hex"]))
            elif "left_hex" in case:
                given_hash = merkle.node_hash(bytes.fromhex(case["left_hex"]), bytes.fromhex(case["right_hex"]))
            else:
                given_hash = merkle.EMPTY_ROOT
            assert given_hash == (bytes.fromhex(case["hex"]) if "hex" in case else unbase64(case["b64"]))

    def test_roots_and_inner_nodes(self):
        data = vectors("merkle_roots.json")
        leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in data["leaf_inputs_hex"]]
        assert [root_of(leaves[:n]).hex() for n in range(9)] == data["root_by_size_hex"]
        for height, level in enumerate(data["node_hashes_by_level_hex"]):
            width = 1 << height
            assert [root_of(leaves[i : i + width]).hex() for i in range(0, 8, width)] == level

    def test_reference_proofs(self):
        leaves = [merkle.leaf_hash(bytes.fromhex(text)) for text in vectors("merkle_roots.json")["leaf_inputs_hex"]]
        data = vectors("merkle_reference_proofs.json")
        for case in data["inclusion"]:
            index, size, path = case["index"], case["size"], [bytes.fromhex(x) for x in case["proof_hex"]]
            assert [root_of(leaves[a:b]) for a, b in merkle.inclusion_ranges(index, size)] == path
            merkle.verify_inclusion(leaves[index], index, size, path, root_of(leaves[:size]))
        for case in data["consistency"]:
            old, new, path = case["size1"], case["size2"], [bytes.fromhex(x) for x in case["proof_hex"]]
            assert [root_of(leaves[a:b]) for a, b in merkle.consistency_ranges(old, new)] == path
            merkle.verify_consistency(old, new, root_of(leaves[:old]), root_of(leaves[:new]), path)

    def test_inclusion_probes(self):
        cases = vectors("merkle_probes.json")["inclusion"]
        verdicts = set()
        for case in cases:
            path = [unbase64(x) for x in case["proof"] or []]
            arguments = (unbase64(case["leafHash"]), case["leafIdx"], case["treeSize"], path, unbase64(case["root"]))
            verdicts.add(case["wantErr"])
            if case["wantErr"]:
                with pytest.raises(ProofError):
                    merkle.verify_inclusion(*arguments)
            else:
                merkle.verify_inclusion(*arguments)
        assert verdicts == {True, False}

    def test_consistency_probes(self):
        cases = vectors("merkle_probes.json")["consistency"]
        verdicts = set()
        for case in cases:
            path = [unbase64(x) for x in case["proof"] or []]
            arguments = (case["size1"], case["size2"], unbase64(case["root1"]), unbase64(case["root2"]), path)
            verdicts.add(case["wantErr"])
            if case["wantErr"]:
                with pytest.raises(ProofError):
                    merkle.verify_consistency(*arguments)
            else:
                merkle.verify_consistency(*arguments)
        assert verdicts == {True, False}

    def test_all_subtrees_of_130_leaves(self):
        wanted = vectors("merkle_roots.json")["accumulated_n130"]
        hashes, paths = hashlib.sha256(), hashlib.sha256()
        for end in range(131):
            for start in range(end + 1):
                if start == end:
                    hashes.update(f"[{start}, {end}) {root_of([]).hex()}\n".encode())
                elif naive_merkle.is_subtree(start, end):
                    hashes.update(f"[{start}, {end}) {hash_of(start, end).hex()}\n".encode())
                    for index in range(start, end):
                        ranges = merkle.inclusion_ranges(index - start, end - start)
                        path = "".join(" " + hash_of(a + start, b + start).hex() for a, b in ranges)
                        paths.update(f"{index} [{start}, {end}){path}\n".encode())
        assert hashes.hexdigest() == wanted["subtree_hash"]
        assert paths.hexdigest() == wanted["subtree_inclusion"]

    def test_all_consistency_proofs_up_to_130_leaves(self, monkeypatch):
        """Prefixes (start 0) by our own function, other subtrees by the oracle: so the oracle is checked as well."""
        plain = cache(lambda *entries: hash_by_definition(list(entries)))
        hash_by_definition = naive_merkle.mth
        monkeypatch.setattr(naive_merkle, "mth", lambda entries: plain(*entries))
        total = hashlib.sha256()
        for size in range(131):
            for end in range(size + 1):
                for start in range(end + 1):
                    if start == end:
                        path = []
                    elif start == 0:
                        path = consistency(end, size)
                    elif naive_merkle.is_subtree(start, end):
                        path = naive_merkle.proof(start, end, ENTRIES[:size])
                    else:
                        continue
                    total.update(f"[{start}, {end}) {size}{''.join(' ' + item.hex() for item in path)}\n".encode())
        assert total.hexdigest() == vectors("merkle_roots.json")["accumulated_n130"]["subtree_consistency"]


class TestAgainstDefinition:
    @given(st.lists(st.binary(max_size=5), max_size=70), st.data())
    def test_roots_and_proofs(self, entries, data):
        leaves = [merkle.leaf_hash(entry) for entry in entries]
        size = data.draw(st.integers(0, len(entries)))
        assert CompactRange().extended(leaves[:size]).extended(leaves[size:]).root() == naive_merkle.mth(entries)
        if size:
            index = data.draw(st.integers(0, size - 1))
            path = naive_merkle.path(index, entries[:size])
            assert [root_of(leaves[a:b]) for a, b in merkle.inclusion_ranges(index, size)] == path
            merkle.verify_inclusion(leaves[index], index, size, path, naive_merkle.mth(entries[:size]))
            proof = naive_merkle.proof(0, size, entries)
            assert [root_of(leaves[a:b]) for a, b in merkle.consistency_ranges(size, len(entries))] == proof
            merkle.verify_consistency(size, len(entries), naive_merkle.mth(entries[:size]), naive_merkle.mth(entries), proof)

    @given(st.integers(1, 130), st.data())
    def test_no_other_index_size_leaf_or_hash_passes(self, size, data):
        index = data.draw(st.integers(0, size - 1))
        path, root = inclusion(index, size), root_at(size)
        other = data.draw(st.integers(0, 129).filter(lambda n: n != index))
        with pytest.raises(ProofError):
            merkle.verify_inclusion(LEAVES[index], other, size, path, root)
        with pytest.raises(RootMismatchError):
            merkle.verify_inclusion(LEAVES[other], index, size, path, root)
        with pytest.raises(ProofLengthError):
            merkle.verify_inclusion(LEAVES[index], index, size, [*path, root], root)
        if path:
            with pytest.raises(ProofLengthError):
                merkle.verify_inclusion(LEAVES[index], index, size, path[:-1], root)
            where = data.draw(st.integers(0, len(path) - 1))
            for wrong, error in ((merkle.EMPTY_ROOT, RootMismatchError), (path[where][:-1], MalformedProofError)):
                with pytest.raises(error):
                    merkle.verify_inclusion(LEAVES[index], index, size, [*path[:where], wrong, *path[where + 1 :]], root)

    @given(st.integers(0, 130), st.integers(0, 130), st.data())
    def test_no_other_history_passes(self, one, other, data):
        old, new = sorted((one, other))
        path = consistency(old, new)
        merkle.verify_consistency(old, new, root_at(old), root_at(new), path)
        with pytest.raises(ProofLengthError):
            merkle.verify_consistency(old, new, root_at(old), root_at(new), [*path, root_at(new)])
        with pytest.raises(RootMismatchError):
            merkle.verify_consistency(old, new, merkle.leaf_hash(b"other"), root_at(new), path)
        if old or not new:  # anything follows an empty tree
            with pytest.raises(RootMismatchError):
                merkle.verify_consistency(old, new, root_at(old), merkle.leaf_hash(b"other"), path)
        if path:
            where = data.draw(st.integers(0, len(path) - 1))
            with pytest.raises(RootMismatchError):
                merkle.verify_consistency(
                    old, new, root_at(old), root_at(new), [*path[:where], merkle.EMPTY_ROOT, *path[where + 1 :]]
                )
            with pytest.raises(ProofLengthError):
                merkle.verify_consistency(old, new, root_at(old), root_at(new), path[:-1])

    @given(st.integers(0, 2**40), st.integers(1, 2**40))
    def test_ranges_of_large_trees_lie_side_by_side(self, index, extra):
        size = index + extra
        covered = sorted([*merkle.inclusion_ranges(index, size), (index, index + 1)])
        assert covered[0][0] == 0
        assert covered[-1][1] == size
        assert all(a[1] == b[0] for a, b in pairwise(covered))


class TestBounds:
    @pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 1), (0, -1), (0, MAX_TREE_SIZE + 1)])
    def test_no_such_leaf(self, index, size):
        with pytest.raises(OutOfRangeError):
            merkle.inclusion_ranges(index, size)
        with pytest.raises(OutOfRangeError):
            merkle.verify_inclusion(LEAVES[0], index, size, [], LEAVES[0])

    @pytest.mark.parametrize(("old", "new"), [(1, 0), (-1, 1), (-1, -1), (1, MAX_TREE_SIZE + 1)])
    def test_no_such_history(self, old, new):
        with pytest.raises(OutOfRangeError):
            merkle.consistency_ranges(old, new)
        with pytest.raises(OutOfRangeError):
            merkle.verify_consistency(old, new, LEAVES[0], LEAVES[0], [])

    def test_the_empty_tree_has_one_root(self):
        merkle.verify_consistency(0, 0, merkle.EMPTY_ROOT, merkle.EMPTY_ROOT, [])
        with pytest.raises(RootMismatchError):
            merkle.verify_consistency(0, 0, LEAVES[0], LEAVES[0], [])

    def test_hashes_are_32_bytes(self):
        with pytest.raises(MalformedProofError):
            merkle.verify_inclusion(LEAVES[0][:-1], 0, 1, [], LEAVES[0][:-1])
        with pytest.raises(MalformedProofError):
            merkle.verify_consistency(1, 2, LEAVES[0], LEAVES[0], [b"short"])
        with pytest.raises(MalformedProofError):
            CompactRange().extended([b"short"])

    def test_largest_tree_has_a_path(self):
        path = [LEAVES[0]] * len(merkle.inclusion_ranges(0, MAX_TREE_SIZE))
        assert len(path) == 63
        merkle.root_from_path(LEAVES[0], 0, MAX_TREE_SIZE, path)
        proof = [LEAVES[0]] * len(merkle.consistency_ranges(1, MAX_TREE_SIZE))
        with pytest.raises(RootMismatchError):
            merkle.verify_consistency(1, MAX_TREE_SIZE, LEAVES[0], LEAVES[0], proof)
        with pytest.raises(MalformedProofError):
            CompactRange(MAX_TREE_SIZE, tuple(path)).extended([LEAVES[0]])

    def test_pyramid(self):
        for count in range(9):
            levels = merkle.pyramid(b"".join(LEAVES[:count]))
            wanted = [LEAVES[:count]]
            while len(wanted[-1]) > 1:
                height = len(wanted)
                wanted.append([hash_of(i << height, (i + 1) << height) for i in range(count >> height)])
            assert levels == wanted


class TestCompactRange:
    @pytest.mark.parametrize(
        ("size", "nodes"), [(1, ()), (2, (LEAVES[0], LEAVES[1])), (-1, ()), (1, (b"short",)), (2**63, (LEAVES[0],))]
    )
    def test_nodes_must_fit_size(self, size, nodes):
        with pytest.raises(MalformedProofError):
            CompactRange(size, nodes)

    def test_visits_what_tiles_store(self):
        leaves = [merkle.leaf_hash(n.to_bytes(4, "big")) for n in range(700)]
        seen = []
        edge = CompactRange().extended(leaves[:300]).extended(leaves[300:], lambda height, node: seen.append((height, node)))
        assert edge.root() == root_of(leaves)
        assert [node for height, node in seen if height == 0] == leaves[300:]
        assert [node for height, node in seen if height == 8] == [root_of(leaves[256:512])]
        assert {height for height, _ in seen} == {0, 8}

    def test_appending_leaves_the_old_edge_alone(self):
        edge = CompactRange().extended(LEAVES[:5])
        before = (edge.size, edge.nodes)
        edge.extended(LEAVES[5:9])
        assert (edge.size, edge.nodes) == before
