"""The definitions of RFC 6962 section 2.1 and of Merkle Tree Certificates section 4, word for word: slow, an oracle.

Subtrees `[start, end)` are those whose start is a multiple of the smallest power of two that is
at least `end - start`; an ordinary tree is the subtree that starts at 0.
"""

import hashlib


def sha(data):
    return hashlib.sha256(data).digest()


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(entries):
    if not entries:
        return sha(b"")
    if len(entries) == 1:
        return sha(b"\x00" + entries[0])
    k = split(len(entries))
    return sha(b"\x01" + mth(entries[:k]) + mth(entries[k:]))


def root_of(hashes):
    """The root over nodes of one height."""
    if len(hashes) < 2:
        return hashes[0] if hashes else sha(b"")
    k = split(len(hashes))
    return sha(b"\x01" + root_of(hashes[:k]) + root_of(hashes[k:]))


def path(m, entries):
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def proof(start, end, entries):
    """That `entries[start:end]` is a subtree of `entries`; with `start` 0 the consistency proof from `end` leaves."""
    return subproof(start, end, entries, True)


def subproof(start, end, entries, known):
    n = len(entries)
    if (start, end) == (0, n):
        return [] if known else [mth(entries)]
    k = split(n)
    if end <= k:
        return [*subproof(start, end, entries[:k], known), mth(entries[k:])]
    if k <= start:
        return [*subproof(start - k, end - k, entries[k:], known), mth(entries[:k])]
    return [*subproof(0, end - k, entries[k:], False), mth(entries[:k])]


def is_subtree(start, end):
    width = 1
    while width < end - start:
        width *= 2
    return start < end and start % width == 0
