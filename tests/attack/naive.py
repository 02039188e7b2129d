"""A release with primary suppression alone, as a statistical office without disclosure control would make it. It shows that the attacker can attack."""

import json

from tests.attack.history import Release, history
from tests.attack.truth import Place, Secret, secrets
from tests.attack.worlds import World


def naive(world: World) -> list[bytes]:
    """All releases of a world; each shows what is not unsafe of itself, of the newest figures, held or not."""
    return [release_of(world, one) for one in newest(world)]


def newest(world: World) -> list[Release]:
    """The history without any block held."""
    return [one._replace(vintages=dict.fromkeys(one.vintages, one.stage), held=()) for one in history(world)]


def release_of(world: World, release: Release) -> bytes:
    """One release."""
    rows = [_row(place, secret) for place, secret in sorted(secrets(world, release.period, release.vintages).items())]
    return json.dumps({"period": release.period, "revision": release.revision, "rows": rows}).encode()


def _row(place: Place, secret: Secret) -> dict[str, str]:
    shown = {"carats": _decimal(secret.points), "value": _decimal(secret.cents), "status": ""}
    return place._asdict() | ({"carats": "", "value": "", "status": "c"} if secret.unsafe else shown)


def _decimal(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02}"
