"""A run as a file: what arrived when, what clients handed in, what broke. JSON, one line each, made to be read, cut and replayed.

The first line holds the options and how the run ended. Of the messages sent before the network healed exactly those with a
`deliver` line arrive; all others are lost. A message is known by sender, receiver, what it is (`label`) and how many such were
sent before it on this link; so most lines keep their meaning when others are taken away. Timers, disks and applications need no
lines: they follow from the options and from what arrives. `note` lines say what came of it and are not read back.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from consensus.messages import Certificate, GetBlock, GetCertificates, GotBlock, Headers, Proposal, Vote, decode_record
from tests.simulation.options import Fault, Options


class Run(Struct, frozen=True, tag_field="do", tag="run"):
    """The head of a script.

    Attributes:
        options: of the run; their faults and clients are replaced by the script's lines.
        end: when the script is over, virtual ms.
        heals: whether the run goes on after that, with everything healed, to its proper end.
        failure: the rule that was violated, empty: none.
        text: what the violation said.
        trace: hash over all events, to tell an exact replay.
        mutant: name of the defect that was planted (`mutants`), empty: none.
    """

    options: Options
    end: int = 0
    heals: bool = True
    failure: str = ""
    text: str = ""
    trace: str = ""
    mutant: str = ""


class Deliver(Struct, frozen=True, tag_field="do", tag="deliver", omit_defaults=True):
    """A message sent at `at` arrives after `delay` ms; two lines of one message: it arrives twice."""

    at: int
    sender: int
    receiver: int
    label: str
    delay: int
    before: int = 0


class Submit(Struct, frozen=True, tag_field="do", tag="submit"):
    """A client hands record number `record` to `node`, and later to others until it is executed somewhere."""

    at: int
    record: int
    node: int


class Break(Struct, frozen=True, tag_field="do", tag="break"):
    """A fault begins."""

    at: int
    fault: Fault


class Note(Struct, frozen=True, tag_field="do", tag="note"):
    """What a node made of it."""

    at: int
    node: int
    text: str


Line = Deliver | Submit | Break
_Any = Run | Deliver | Submit | Break | Note


class Script(Struct, frozen=True):
    """A head and its lines in order of time."""

    run: Run
    lines: tuple[Line, ...]
    notes: tuple[Note, ...] = ()

    def but(self, lines: Sequence[Line]) -> "Script":
        """The same run with other lines."""
        return Script(self.run, tuple(lines))

    def faults(self) -> tuple[Fault, ...]:
        """What breaks."""
        return tuple(line.fault for line in self.lines if isinstance(line, Break))

    def submits(self) -> list[Submit]:
        """What clients do."""
        return sorted((line for line in self.lines if isinstance(line, Submit)), key=lambda line: (line.at, line.record))

    def fates(self) -> dict[tuple[int, int, str, int], list[int]]:
        """Delays of the copies of each message that arrives."""
        found: dict[tuple[int, int, str, int], list[int]] = {}
        for line in self.lines:
            if isinstance(line, Deliver):
                found.setdefault((line.sender, line.receiver, line.label, line.before), []).append(line.delay)
        return found

    def text(self) -> list[str]:
        """The lines of the file, notes among them."""
        both: Iterable[Line | Note] = sorted((*self.lines, *self.notes), key=lambda line: line.at)
        return [msgspec.json.encode(line).decode() for line in (self.run, *both)]

    def write(self, path: Path) -> None:
        """Writes the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(self.text()) + "\n", encoding="utf-8")


def read(path: Path) -> Script:
    """Reads a file.

    Raises:
        msgspec.MsgspecError: it is no script.
    """
    decoder = msgspec.json.Decoder(_Any)
    head, *rest = (decoder.decode(line) for line in path.read_text(encoding="utf-8").splitlines())
    if not isinstance(head, Run):
        raise msgspec.ValidationError("the first line is not the run's")
    lines = [line for line in rest if isinstance(line, Line)]
    return Script(head, tuple(lines), tuple(line for line in rest if isinstance(line, Note)))


def label(message: object) -> str:
    """What a message is, without what changes when something before it does."""
    match message:
        case Vote() | Certificate():
            return f"{type(message).__name__.lower()} {message.kind.name.lower()} {message.view}"
        case Proposal():
            return f"proposal {message.vote.view}"
        case GotBlock():
            return f"block {message.block.view}"
        case Headers():
            return f"headers to {message.final.view}"
        case GetCertificates():
            return f"get-certificates from {message.first}"
        case GetBlock():
            return "get-block"
        case _:
            return type(message).__name__.lower()


def record_label(record: bytes) -> str:
    """What a record of a write-ahead log is."""
    return label(decode_record(record))
