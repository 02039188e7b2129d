"""An authority's signing desk: desk, desk officer add|list|remove, desk journal."""

import asyncio
import getpass
import signal
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from api.limits import ApiLimits
from api.server import listen, serve
from ledger.genesis import Genesis
from node.cli.options import JsonOption, read_file, read_genesis
from node.cli.output import print_json, print_table, say
from node.desk.app import Desk, create_app, now_ms
from node.desk.journal import Act, Journal
from node.desk.office import KeyStore
from node.desk.officers import Officers
from node.desk.settings import FILE, DeskLock, Settings, open_folder, open_settings
from node.errors import Exit, FatalError, command
from node.logs import configure

DeskOption = Annotated[Path, Parameter(name="--home", help="The desk's folder: settings, officers, drafts, journal.")]
PassphraseOption = Annotated[
    Path | None, Parameter(name="--passphrase-file", help="A file with the officer's passphrase; without it, it is asked for.")
]


def run(
    *,
    home: DeskOption = Path("desk"),
    keys: Annotated[
        Path | None, Parameter(help="Folder with the office's keys (issue, confirm, seal).", env_var="KPLEDGER_KEYS")
    ] = None,
    genesis: Annotated[Path | None, Parameter(help="The ledger's genesis.json.", env_var="KPLEDGER_GENESIS")] = None,
    url: Annotated[str | None, Parameter(help="The node to talk to.", env_var="KPLEDGER_URL")] = None,
    token: Annotated[str | None, Parameter(help="A reading token.", env_var="KPLEDGER_TOKEN")] = None,
    listen: Annotated[str | None, Parameter(help="Loopback address and port, such as 127.0.0.90:8590.")] = None,
) -> None:
    """Run the desk in the foreground until Ctrl-C; open the address that it prints, once, in a browser on this machine.

    A new folder gets a file of settings, desk.toml, with what is given here; later it is enough to name the folder.
    """
    given: dict[tuple[str, str], str | int] = {
        place: str(value)
        for place, value in (
            (("ledger", "keys"), keys and keys.absolute()),
            (("ledger", "genesis"), genesis and genesis.absolute()),
            (("ledger", "url"), url),
            (("ledger", "token"), token),
            (("desk", "listen"), listen),
        )
        if value
    }
    new = not (home / FILE).exists()
    settings = open_settings(home, given)
    lock = DeskLock(home)
    try:
        found, store = _opened(settings, home / FILE if new else None)
        asyncio.run(_serve(settings, found, store))
    finally:
        lock.release()


def _opened(settings: Settings, written: Path | None) -> tuple[Genesis, KeyStore]:
    """The ledger and the office's keys. Settings `written` just now with which no desk opens are not kept for the next run."""
    try:
        found = read_genesis(settings.genesis)
        return found, KeyStore.open(found, settings.keys, settings.url)
    except FatalError:
        if written is not None:
            written.unlink(missing_ok=True)
        raise


async def _serve(settings: Settings, found: Genesis, store: KeyStore) -> None:
    configure(participant=store.participant, level="info")
    try:
        sock = listen(settings.listen.host, settings.listen.port)
    except OSError as error:
        raise FatalError(
            f"The address {settings.listen} cannot be listened on: {error.strerror}.",
            "Another program has it; the desk was not started.",
            f"End that program, or choose another: {command('desk', '--home', settings.home, '--listen', '127.0.0.90:8591')}",
            Exit.FAILED,
        ) from error
    desk = Desk(settings, found, store, sock.getsockname()[1], lambda address: say(f"for another browser, once: {address}"))
    desk.journal.add(now_ms(), "", Act.STARTED, detail=", ".join(desk.officers.names))
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    courier = asyncio.create_task(desk.courier.run())
    courier.add_done_callback(lambda _: stop.set())
    say(f"the desk of {store.participant} is open, once: {desk.address}")
    if not desk.officers.names:
        say(f"it has no officers yet: {command('desk', 'officer', 'add', 'NAME', '--home', settings.home)}")
    try:
        await serve(create_app(desk), sock, ApiLimits(), stop.wait)
    finally:
        courier.cancel()
        (ended,) = await asyncio.gather(courier, return_exceptions=True)
        if isinstance(ended, Exception):  # its message may hold what goes sealed onto the ledger: the place alone is told
            frame = traceback.extract_tb(ended.__traceback__)[-1]
            raise FatalError(
                f"Sending stopped unexpectedly: {type(ended).__name__} at {Path(frame.filename).name}:{frame.lineno}.",
                "Drafts and what was released are kept; what was sent is found again.",
                f"Run it again: {command('desk', '--home', settings.home)}",
            ) from None


def add(
    name: Annotated[str, Parameter(help="The officer's name, as the journal will have it.")],
    /,
    *,
    home: DeskOption = Path("desk"),
    passphrase_file: PassphraseOption = None,
) -> None:
    """Add an officer, or give one another passphrase (the officer types it). Start the desk again afterwards."""
    open_folder(home)
    if passphrase_file is not None:
        phrase = read_file(passphrase_file).decode(errors="replace").rstrip("\r\n")
    else:
        phrase = getpass.getpass(f"Passphrase of {name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
        if sys.stdin.isatty() and getpass.getpass("The same again: ") != phrase:
            raise FatalError("The two passphrases differ.", "Nothing was changed.", "Run the command again.", Exit.BAD_DATA)
    Officers(home).set(name, phrase)
    say(f"{name} may sign in at the desk of {home} once it is started again")


def list_officers(*, home: DeskOption = Path("desk"), json: JsonOption = False) -> None:
    """List the officers."""
    names = Officers(home).names
    if json:
        print_json(list(names))
        return
    print_table(["officer"], [[name] for name in names])


def remove(name: Annotated[str, Parameter(help="The officer's name.")], /, *, home: DeskOption = Path("desk")) -> None:
    """Take an officer out; what they did stays in the journal. Start the desk again afterwards."""
    Officers(home).remove(name)
    say(f"{name} may not sign in any more once the desk of {home} is started again")


def journal(*, home: DeskOption = Path("desk"), json: JsonOption = False) -> None:
    """Check the desk's journal, line by line, and print it."""
    lines = Journal(home).lines
    if json:
        print_json([{name: getattr(line, name) for name in line.__slots__} for line in lines])
        return
    rows = [
        [line.n, f"{datetime.fromtimestamp(line.at // 1000, UTC):%Y-%m-%d %H:%M:%S}", line.officer, line.act, line.number]
        for line in lines
    ]
    print_table(["line", "UTC", "officer", "act", "certificate"], rows, right=(0,))


desk = App(name="desk", help="An authority's local signing desk: a web page on this machine alone.")
desk.default(run)
_officer = App(name="officer", help="Who may sign in at the desk.")
_officer.command(add)
_officer.command(list_officers, name="list")
_officer.command(remove)
desk.command(_officer)
desk.command(journal)
