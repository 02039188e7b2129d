"""What one traitor does: two questions that each attack answers in its own way.

`says`: what becomes of a message that the real core, or the application, has for one receiver. `adds`: what the traitor says unasked,
after each event. Where a behaviour answers with the message itself, it is honest on this occasion.
"""

from collections import Counter
from collections.abc import Iterable

from consensus.messages import Message, VoteKind
from tests.simulation.application import GetRecords, Records
from tests.simulation.lies import Lies

NOTARIZE, NULLIFY, FINALIZE = VoteKind
Said = Message | Records | GetRecords


class Behaviour:
    """Honest by itself.

    Attributes:
        deeds: how often it did what it is for, as `leader` of the view that it was about and as `follower`.
    """

    leads = follows = True
    """In which roles it can act at all."""
    rate = 0.15
    """Chance that it says something unasked, whenever the real core says something."""

    def __init__(self, lies: Lies) -> None:
        self.lies = lies
        self.random = lies.random
        self.deeds: Counter[str] = Counter()

    def says(self, receiver: int, message: Said) -> Iterable[Said]:
        """What this receiver gets instead."""
        return (message,)

    def adds(self, view: int) -> Iterable[Said]:
        """What one receiver gets besides; `view` is the traitor's."""
        return ()

    def delay(self, message: Said) -> int:
        """How many ms a message is kept back."""
        return 0

    def censors(self, record: bytes) -> bool:
        """Whether it leaves this record out of its blocks."""
        return False

    def did(self, view: int) -> None:
        """Takes note of a deed."""
        self.deeds["leader" if self.lies.leads(view) else "follower"] += 1
