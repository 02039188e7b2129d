"""Operating one node: init, id, start, stop, status, config."""

import asyncio
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import uvloop
from cyclopts import Parameter

from ledger.network import of_genesis
from node.cli.options import HomeOption, JsonOption, RawKeysOption, passphrase_or_raw, read_file
from node.cli.output import print_fields, print_json, say
from node.client import Client
from node.config import config_file, describe, load_config
from node.errors import Exit, FatalError, command
from node.garbage import Garbage
from node.home import Home, init
from node.keys import NAMES, load_keys, passphrase
from node.lock import holder
from node.logs import get_logger
from node.opening import check_identity, is_registered
from node.process import NodeProcess
from node.tls import contexts

_STOP_SECONDS = 20.0


def init_home(
    *,
    home: HomeOption,
    participant: Annotated[
        str, Parameter(show_default=False, help="Code of the participant that operates this node; needed once.")
    ] = "",
    genesis: Annotated[Path | None, Parameter(help="The ledger's genesis.json; once there is one.")] = None,
    api: Annotated[str, Parameter(show_default=False, help="host:port of the HTTP interface; default: 127.0.0.1:8600.")] = "",
    peers: Annotated[
        str, Parameter(show_default=False, help="host:port on which the other nodes are heard; default: 127.0.0.1:8700.")
    ] = "",
    address: Annotated[
        str, Parameter(show_default=False, help="host:port at which the other nodes reach it; default: that of --peers.")
    ] = "",
    admin: Annotated[
        str, Parameter(show_default=False, help="host:port of metrics, loopback only; default: 127.0.0.1:8800.")
    ] = "",
    raw_keys: RawKeysOption = False,
) -> None:
    """Make what a node's home lacks: keys, settings and, with --genesis, its place on the ledger. May be repeated."""
    place = Home(home)
    if not participant and not config_file(place.path).exists():
        raise FatalError(
            f"There is no home at {place.path} yet, and --participant says not whose it is to be.",
            "A node belongs to one participant.",
            f"Say whose: {command('init', '--home', home, '--participant', 'CODE')}",
            Exit.USAGE,
        )
    sealed = all((place.keys / name).exists() for name in (*NAMES, place.tls_key.name))
    phrase = passphrase() if sealed else passphrase_or_raw(raw=raw_keys)
    settings: dict[tuple[str, str], str | int] = {
        ("node", "participant"): participant,
        ("api", "listen"): api,
        ("peers", "listen"): peers,
        ("peers", "address"): address,
        ("admin", "listen"): admin,
    }
    data = read_file(genesis) if genesis else None
    for item in init(place, phrase, {setting: value for setting, value in settings.items() if value}, data):
        say(f"{'generated' if item.generated else 'found':<10} {item.what:<16} {item.path}")


def identity(
    *,
    home: HomeOption,
    follower: Annotated[bool, Parameter(negative="", help="A node that follows without voting.")] = False,
) -> None:
    """Print this node's public keys as JSON: one entry of `nodes` in the genesis, and what `node set` files."""
    place = Home(home)
    settings, keys = load_config(place.path), load_keys(place.path, raw_allowed=True)
    print_json(
        {
            "participant": settings.participant,
            "address": settings.reached_at,
            "consensus": keys.newest.public.hex(),
            "log": keys.log.public.hex(),
            "cosign": keys.cosign.public.hex(),
            "tls": place.read_certificate().hex(),
            "validator": not follower,
        }
    )


def start(
    *,
    home: HomeOption,
    joining: Annotated[
        bool, Parameter(negative="", help="The ledger learnt this node's keys later than this home has followed it.")
    ] = False,
) -> None:
    """Run the node in the foreground until SIGINT or SIGTERM."""
    process = NodeProcess.open(Home(home), joining=joining)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(process))
    except FatalError as error:
        get_logger("process").error("fatal", happened=error.happened)
        raise
    finally:
        process.close()


async def _run(process: NodeProcess) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    garbage = asyncio.ensure_future(Garbage(lambda: process.service.finalizing).run())
    try:
        await process.run(stopping)
    finally:
        garbage.cancel()


def stop(*, home: HomeOption) -> int:
    """Stop the node that runs on this home, and wait until it has."""
    pid = holder(home)
    if pid is None:
        load_config(home)
        say(f"no node runs on {home}")
        return Exit.DONE
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while holder(home) == pid:
        if time.monotonic() > deadline:
            raise FatalError(
                f"The node (process {pid}) has not stopped within {_STOP_SECONDS:.0f} seconds.",
                "It may be waiting for a slow disk.",
                f"Look at its log; as the last resort: kill -9 {pid} (nothing acknowledged is lost).",
                Exit.FAILED,
            )
        time.sleep(0.05)
    say(f"stopped process {pid}")
    return Exit.DONE


def status(*, home: HomeOption, json: JsonOption = False) -> int:
    """Show where the node stands. Exit code 69 when it does not run, 75 while it catches up."""
    settings = load_config(home)
    pid = holder(home)
    if pid is None:
        raise FatalError(
            f"No node runs on {home}.",
            "It neither votes nor serves.",
            f"Start it: {command('start', '--home', home)}",
            Exit.UNREACHABLE,
        )
    answer = asyncio.run(_admin_status(f"http://{settings.admin_listen}"))
    if json:
        print_json({"pid": pid, **answer})
    else:
        peers = ", ".join(f"{peer['participant']}{'' if peer['connected'] else ' (down)'}" for peer in answer["peers"])
        checks = [check for check in answer["checks"] if not check["ok"]]
        print_fields(
            {
                "participant": answer["participant"] + ("" if answer["validator"] else " (follower)"),
                "process": pid,
                "ready": "yes"
                if answer["ready"]
                else "no: " + "; ".join(f"{item['name']}: {item['detail']}" for item in checks),
                "height": answer["height"],
                "log size": answer["tree_size"],
                "view": answer["view"],
                "pending": answer["pending"],
                "peers": peers or "none",
            }
        )
    return Exit.SYNCING if answer["syncing"] else Exit.DONE


async def _admin_status(url: str) -> dict[str, Any]:
    async with Client(url) as client:
        return await client.get_json("/admin/status")


def config_show(*, home: HomeOption, json: JsonOption = False) -> None:
    """Show the settings in force, environment included."""
    fields = describe(load_config(home))
    if json:
        print_json(fields)
    else:
        print_fields(fields)


def config_check(*, home: HomeOption) -> None:
    """Check settings, genesis, keys, guards and the node's place on the ledger, without starting it."""
    place = Home(home)
    settings = load_config(place.path)
    genesis = place.read_genesis()
    keys = load_keys(place.path, raw_allowed=genesis.network == "dev")
    certificate = place.read_certificate()
    network = of_genesis(genesis)
    check_identity(network, genesis, settings, keys, certificate)
    contexts(place.tls_key, place.tls_certificate, passphrase(), [node.tls for node in genesis.nodes])
    place.require_guards()
    place.read_tokens()
    say(f"settings, genesis, keys and guards are in order: {settings.participant} on {genesis.origin}")
    if not is_registered(network, settings.participant, keys, certificate):
        say("note: the genesis has other keys for this node; a later node.set must name these")
    elif (stated := network.nodes[settings.participant].address) != settings.reached_at:
        say(f"note: the genesis tells the other nodes {stated}, these settings say {settings.reached_at}")
