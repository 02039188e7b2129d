"""Leaves out what is not needed: witnesses that cover nothing alone."""

from node.disclosure.search import Search


def thin_witnesses(search: Search) -> list[tuple[tuple[int, int], ...]]:
    """Moves of enough witnesses, none of which can be left out; the longest are tried first."""
    coverage = search.coverage
    moves = [search.rows.moves(table) for table in search.tables]
    serves: list[list[int]] = [[] for _ in moves]
    for place in range(len(coverage.question.targets)):
        for one in coverage.found(place):
            serves[one.number].append(place)
    dropped: set[int] = set()
    for number in sorted(range(len(moves)), key=lambda number: (-len(moves[number]), number)):
        if not any(coverage.gaps(place, dropped | {number}) for place in serves[number]):
            dropped.add(number)
    return [moves[number] for number in range(len(moves)) if number not in dropped]
