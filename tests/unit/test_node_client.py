"""node/client.py: many submissions at once, asked again until each has its answer."""

import asyncio

import pytest

from node.client import Client, ProblemError, Taken
from node.client import connection as module
from node.errors import Exit, FatalError

FINAL = Taken("ab" * 32, 1, 1, "receipt")
PENDING = Taken("ab" * 32)
REFUSED = ProblemError(422, {"error": "number-used"})
BUSY = ProblemError(503, {"error": "overloaded"})
GONE = FatalError("gone", "", "", Exit.UNREACHABLE)


class Scripted(Client):
    """Answers each round by what stands in the script; says which were asked."""

    def __init__(self, *rounds):
        super().__init__("http://node.test")
        self.rounds, self.asked = list(rounds), []

    async def submit_many(self, raws, *, wait):
        assert wait
        self.asked.append([raw.decode() for raw in raws])
        answers = self.rounds.pop(0)
        if isinstance(answers, Exception):
            raise answers
        return answers


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0)


def run(node, seconds=60.0):
    return asyncio.run(node.submit_many_until_final([b"a", b"b", b"c"], seconds))


def test_only_what_has_no_answer_yet_is_asked_again():
    node = Scripted([FINAL, PENDING, BUSY], [REFUSED, BUSY], GONE, BUSY, [FINAL])
    assert run(node) == [FINAL, REFUSED, FINAL]
    assert node.asked == [["a", "b", "c"], ["b", "c"], ["c"], ["c"], ["c"]]


def test_a_refusal_of_the_whole_is_one_of_the_node():
    with pytest.raises(ProblemError) as caught:
        run(Scripted(ProblemError(401, {"error": "unauthorized"})))
    assert caught.value.status == 401


@pytest.mark.parametrize("answers", [[PENDING, FINAL, BUSY], GONE])
def test_what_is_not_final_in_time_has_no_answer(answers):
    outcomes = run(Scripted(answers), seconds=-1.0)
    assert outcomes == ([None, FINAL, None] if answers is not GONE else [None] * 3)


def test_nothing_to_submit_asks_nobody():
    node = Scripted()
    assert asyncio.run(node.submit_many_until_final([], 1.0)) == []
    assert node.asked == []
