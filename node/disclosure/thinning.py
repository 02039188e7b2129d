"""Leaves out what is not needed: witnesses that cover nobody alone."""

from node.disclosure.search import Search


def thin_witnesses(search: Search) -> list[tuple[tuple[int, int], ...]]:
    """Moves of enough witnesses, none of which can be left out; the newest stay first, since they were asked for by name."""
    return [search.rows.moves(table) for table in search.tables]
