"""What happened before the cases of tests/data/refusals: a few certificates in each state, on the ledger of `tests.support.world`.

| certificate | from, to | issued | what became of it |
|---|---|---|---|
| BW0000001 | BW, AE | 120.00 ct (90.00 of 710231, 30.00 of 710221), 2 parcels | confirmed |
| RU0000042 | RU, AE | the same | confirmed; AE0000001 took 20.00 ct of it |
| RU0000043 | RU, AE | the same | discrepancy: 100.00 ct (70.00 and 30.00) arrived |
| RU0000044 | RU, AE | the same | refused |
| RU0000045 | RU, AE | the same | open |
| RU0000046 | RU, EU | the same | confirmed |
| RU0000047 | RU, LR | the same | open; LR does not confirm here |
| RU0000048 | RU, GN | the same, issued 20 February | open; GN confirms here from 25 February |
| RU0000049 | RU, AE | the same, expires 28 February | open |
| RU0000050 | RU, VE | the same, issued 9 February | open; VE took part until 10 February |
| RU0000051 | RU, ZA | the same | open |
| AE0000001 | AE, EU | 100.00 ct | open |

The next block comes on 1 March 2026 a few seconds after noon UTC.

The second story, of nodes, is for tests of `node.set`, `node.ready` and `evidence.equivocation`. BW, RU, EU and AE vote in
epoch 0, as the genesis says. Then:

| participant | what became of its node |
|---|---|
| CF | joined, with another consensus key before epoch 1 began: `CF/consensus` is retired, `CF/consensus/2` votes in epoch 1 |
| RU | has another log key, `RU/log/2`; in epoch 0 it contradicted itself, and BW's node proved it |
| ZA | follows without voting |
| AO | joined in epoch 1 and wants to vote: its list is pending; BW is ready for it |
| BW | has a new consensus key, `BW/consensus/2`, and votes with the old one in epoch 1 |
"""

from ledger.bodies import ConfirmLine
from ledger.record import Record
from tests.support.world import VALIDATORS, World, certificate, public

Records = dict[str, Record]
"""The issue of each certificate by its number."""


def tell(world: World) -> Records:
    """Writes the story; the issues by number."""
    made: Records = {}

    def issue(number: str, **changes: object) -> Record:
        made[number] = world.issue(number=number, **changes)
        return made[number]

    world.accept(
        issue("BW0000001"),
        *(issue(f"RU00000{number}") for number in (42, 43, 44, 45)),
        issue("RU0000046", destination="EU"),
        issue("RU0000047", destination="LR"),
        issue("RU0000048", destination="GN", issued="2026-02-20", validated="2026-02-20"),
        issue("RU0000049", expires="2026-02-28"),
        issue("RU0000050", destination="VE", issued="2026-02-09"),
        issue("RU0000051", destination="ZA"),
    )
    fewer = tuple(ConfirmLine(world.commitment(), hs, points) for hs, points in (("710231", 7_000), ("710221", 3_000)))
    world.accept(
        world.confirm(made["BW0000001"]),
        world.confirm(made["RU0000042"]),
        world.confirm(made["RU0000043"], outcome="discrepancy", lines=fewer),
        world.confirm(made["RU0000044"], outcome="refused"),
        world.confirm(made["RU0000046"]),
    )
    made["AE0000001"] = world.reexport("AE0000001", {"RU0000042": 2_000})
    world.accept(made["AE0000001"])
    return made


def tell_of_nodes(world: World) -> Records:
    """Writes the second story; the evidence by `evidence`."""
    evidence = world.evidence("BW", VALIDATORS.index("RU"))
    world.accept(
        world.node_set("CF"),
        world.node_set("CF", "2", log=public("CF/log"), cosign=public("CF/cosign"), tls=certificate("CF/tls")),
        world.node_set("RU", log=public("RU/log/2")),
        world.node_set("ZA", validator=False),
        evidence,
    )
    world.accept(*(world.node_ready(code) for code in ("AE", "BW", "CF", "RU")))
    world.block(ends_for=world.ledger.scheduled)
    world.accept(world.node_set("AO"), world.node_set("BW", consensus=world.named("BW/consensus/2")))
    world.accept(world.node_ready("BW"))
    return {"evidence": evidence}
