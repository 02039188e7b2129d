"""A release with primary suppression alone, as a statistical office without disclosure control would make it. It shows that the attacker can attack."""

import json
from collections.abc import Container

from tests.attack.history import Release, history
from tests.attack.truth import Place, Secret, secrets
from tests.attack.worlds import World


def naive(world: World) -> list[bytes]:
    """All releases of a world; each shows what is not unsafe of itself, of the newest figures, held or not."""
    return [release_of(world, one) for one in newest(world)]


def newest(world: World) -> list[Release]:
    """The history without any block held."""
    return [one._replace(vintages=dict.fromkeys(one.vintages, one.stage), held=()) for one in history(world)]


def release_of(world: World, release: Release, hidden: Container[Place] = ()) -> bytes:
    """One release; without what is unsafe, or without these cells."""
    truth = sorted(secrets(world, release.period, release.vintages).items())
    rows = [_row(place, secret, place in hidden if hidden else secret.unsafe) for place, secret in truth]
    return json.dumps({"period": release.period, "revision": release.revision, "rows": rows}).encode()


def _row(place: Place, secret: Secret, hidden: bool) -> dict[str, str]:
    shown = {"carats": _decimal(secret.points), "value": _decimal(secret.cents), "status": ""}
    return place._asdict() | ({"carats": "", "value": "", "status": "c"} if hidden else shown)


def _decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"
