"""A chain of custody, as a node answers it, drawn as a tree and as a graph in DOT.

A chain is a graph: a certificate that is reached by two ways is drawn in full once, where it comes first, and named after that.
Nothing recurses and no line is broken, however deep it is.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from rich.text import Text

from ledger.units import carats, parse_carats

_STYLES: Final = {"open": "yellow", "confirmed": "green"}
_OTHER_STYLE: Final = "red"
_GUIDES: Final = ("├── ", "└── ", "│   ")
_ASCII_GUIDES: Final = ("|-- ", "`-- ", "|   ")
_INDENT: Final = "    "

_Branch = tuple[str, str] | Text
"""Carats and the certificate's number, or a remark."""


def plain(text: object) -> str:
    """What a record says, without characters that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "?" for letter in str(text))


def tree(chain: Mapping[str, Any], *, up: bool, ascii_only: bool = False) -> Iterator[Text]:
    """The lines of a chain, upstream or downstream.

    Args:
        chain: `up` or `down` of the node's answer.
        up: whether it is the upstream one.
        ascii_only: for terminals that know no lines.
    """
    links = {link["number"]: link for link in chain["certificates"]}
    nexts: dict[str, list[tuple[str, str]]] = {}
    for taking in chain["takings"]:
        here, other = (taking["number"], taking["source"]) if up else (taking["source"], taking["number"])
        nexts.setdefault(here, []).append((taking["carats"], other))
    fork, end, line = _ASCII_GUIDES if ascii_only else _GUIDES
    first = chain["certificates"][0]
    drawn = {first["number"]}
    yield Text.assemble(_named(first), _without_source(first, nexts) if up else "")
    coming = _branches(first, nexts, "", up=up)
    while coming:
        indent, last, branch = coming.pop()
        text = Text(indent + (end if last else fork))
        if isinstance(branch, Text):
            yield text.append(branch)
            continue
        amount, number = branch
        link = links[number]
        text.append(f"{plain(amount)} ct {'of' if up else 'to'} ").append(_named(link))
        if number in drawn:
            yield text.append("  (see above)", "dim")
            continue
        drawn.add(number)
        yield text.append(_without_source(link, nexts) if up else "")
        coming += _branches(link, nexts, indent + (_INDENT if last else line), up=up)


def dot(answer: Mapping[str, Any]) -> str:
    """The chains of an answer as one directed graph, from sources to takers, for Graphviz."""
    lines = ["digraph custody {", "  rankdir=LR;", '  node [shape=box, fontname="sans-serif"];']
    links = {link["number"]: link for side in ("up", "down") if answer[side] for link in answer[side]["certificates"]}
    edges = {
        (taking["source"], taking["number"]): taking["carats"]
        for side in ("up", "down")
        if answer[side]
        for taking in answer[side]["takings"]
    }
    for number, link in links.items():
        label = f"{number}\n{link['issuer']} to {link['destination']}\n{link['carats']} ct, {link['state']}"
        style = ", penwidth=3" if number == answer["number"] else ""
        lines.append(f"  {_quoted(number)} [label={_quoted(label)}{style}];")
    lines += [
        f"  {_quoted(source)} -> {_quoted(number)} [label={_quoted(f'{amount} ct')}];"
        for (source, number), amount in edges.items()
    ]
    return "\n".join([*lines, "}"])


def _branches(
    link: Mapping[str, Any], nexts: Mapping[str, list[tuple[str, str]]], indent: str, *, up: bool
) -> list[tuple[str, bool, _Branch]]:
    """What hangs on a certificate, the last first: it is taken from the end."""
    branches: list[_Branch] = [*nexts.get(link["number"], ())]
    beyond = parse_carats(link["beyond"])
    if beyond:
        branches.append(Text(f"{carats(beyond)} ct {'of' if up else 'to'} others that are not followed", "bold red"))
    rest = 0
    if up and branches:
        rest = parse_carats(link["unattributed"])
    elif not up and link["measured"] is not None:
        rest = parse_carats(link["measured"]) - parse_carats(link["claimed"])
    if rest > 0:
        branches.append(Text(f"{carats(rest)} ct {'without a source' if up else 'not passed on'}", "dim"))
    return [(indent, place == 0, branch) for place, branch in enumerate(reversed(branches))]


def _named(link: Mapping[str, Any]) -> Text:
    state = plain(link["state"])
    return Text.assemble(
        (plain(link["number"]), "bold"),
        f"  {plain(link['issuer'])} to {plain(link['destination'])}  {plain(link['carats'])} ct  ",
        (state, _STYLES.get(state, _OTHER_STYLE)),
        f"  {plain(link['issued'])}",
    )


def _without_source(link: Mapping[str, Any], nexts: Mapping[str, object]) -> Text:
    if link["number"] in nexts or parse_carats(link["beyond"]):
        return Text()
    return Text("  production" if link["type"] == "export" else "  no source named", "dim")


def _quoted(text: object) -> str:
    return json.dumps(str(text), ensure_ascii=False)
