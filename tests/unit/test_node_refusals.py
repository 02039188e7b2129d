"""`node.refusals`: what peers were refused, under a bounded set of words."""

import re

from node import errors, refusals
from node.errors import PeerError
from node.refusals import Refusals


def _kinds(kind: type[PeerError]) -> list[type[PeerError]]:
    return [kind, *(found for below in kind.__subclasses__() for found in _kinds(below))]


def test_every_fault_of_a_peer_has_a_word_of_its_own() -> None:
    kinds = _kinds(PeerError)
    assert len(kinds) > 15
    assert all(kind.__module__ == errors.__name__ for kind in kinds)
    assert all("reason" in vars(kind) for kind in kinds)
    words = [kind.reason for kind in kinds]
    words += [value for name, value in vars(refusals).items() if name.isupper()]
    assert len(set(words)) == len(words)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*-?", word) for word in words)


def test_sums_by_peer_reason_and_altogether() -> None:
    book = Refusals()
    book.refuse("RU", "fork")
    book.refuse("RU", "websocket", "a reserved bit", 4)
    book.refuse("EU", "fork", times=2)
    book.drop("RU", "answers", 5)
    assert [book.refused.of("RU"), book.refused.of("RU", "fork"), book.refused.of("EU"), book.refused.of("AE")] == [5, 1, 2, 0]
    assert (book.refused.total(), book.dropped.total()) == (7, 5)
    assert book.refused.readings() == {("RU", "fork"): 1, ("RU", "websocket"): 4, ("EU", "fork"): 2}
    assert book.dropped.readings() == {("RU", "answers"): 5}
