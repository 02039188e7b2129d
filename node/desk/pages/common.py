"""What all modules of pages share."""

from quart import Response, g, redirect

from node.desk.session import Session


def session() -> Session:
    """Of this request; the guard has put it there."""
    found = g.session
    assert isinstance(found, Session), "the guard has looked"
    return found


def see(path: str, told: str = "", **values: str) -> Response:
    """The answer to a form: go and look there, where `told` is said."""
    if told:
        session().told = (told, values)
    answer = redirect(path, 303)
    assert isinstance(answer, Response), "Quart's own"
    return answer
