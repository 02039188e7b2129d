"""A damaged store is put aside and made anew from the other nodes: nothing in it is this node's alone.

Rules:

1. What looks like damage while the node runs ends the process, which leaves a note in its home. The next start then reads the
   whole store once (`ledger.scrub`): only what that finds is damage of the store. A fault of the program, which every node
   would meet at the same block, must not make all of them throw away what they have.
2. A store that is damaged, or does not open because it is, moves to `data.damaged`, and the node begins at the genesis: what it
   then executes is what a quorum has agreed on, and catching up checks every signature of it.
3. Once only: while an earlier `data.damaged` is there, somebody has to look at the disk first. Nothing is ever deleted here.
4. The guards against signing twice are not in the store and stay as they are; until the store is where they are, nothing is
   signed. The only node of a genesis has nobody to ask: it does not start.
"""

from ledger.errors import StoreError
from ledger.genesis import Genesis
from ledger.scrub import scrub
from ledger.state import Ledger
from ledger.store import Store
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.home import Home
from node.logs import get_logger
from node.opening import fatal, open_ledger, open_store

log = get_logger("repair")


def note_damage(home: Home, error: BaseException | None) -> None:
    """Leaves a note for the next start when an error looks like damage of the store; others, and a full disk, leave none."""
    if isinstance(error, StoreError) and error.damaged:
        write_atomic(home.damage, f"{error}\n".encode())


def open_sound(home: Home, genesis: Genesis) -> tuple[Store, Ledger, bool]:
    """Store and ledger of the home; and whether they were begun anew, because what was there is damaged.

    Raises:
        FatalError: another ledger's, in use, or the disk fails; or damaged, and no other node has what it had.
    """
    try:
        store, ledger = _open(home, genesis)
    except FatalError as error:
        cause = error.__cause__
        if not (isinstance(cause, StoreError) and cause.damaged):
            raise
        reason = str(cause)
    else:
        reason = _read_whole(home, store, ledger)
        if not reason:
            return store, ledger, False
        store.close()
    if len(genesis.nodes) < 2:
        raise FatalError(
            f"The store is damaged: {reason}.",
            "No other node has what it held: this is the only one of its genesis.",
            f"Restore a backup: {command('backup', '--help')}",
            Exit.DISK,
        )
    aside = home.data.with_name(home.data.name + ".damaged")
    if aside.exists():
        raise FatalError(
            f"The store is damaged again: {reason}.",
            f"{aside} is from the last time; a disk that damages stores will go on doing so.",
            f"Look at the disk, move {aside} away, then start again: {command('start', '--home', home.path)}",
            Exit.DISK,
        )
    home.data.rename(aside)
    home.damage.unlink(missing_ok=True)
    log.error("the store is damaged and is made anew from the other nodes", reason=reason, aside=str(aside))
    return (*_open(home, genesis), True)


def _open(home: Home, genesis: Genesis) -> tuple[Store, Ledger]:
    store = open_store(home)
    try:
        return store, open_ledger(home, store, genesis)
    except BaseException:
        store.close()
        raise


def _read_whole(home: Home, store: Store, ledger: Ledger) -> str:
    """What reading everything finds, when an earlier process has left a note; empty: the store is sound, and the note gone."""
    if not home.damage.exists():
        return ""
    log.warning("the whole store is read before the start", noted=home.damage.read_text(errors="replace").strip())
    try:
        for _ in scrub(store, ledger.head):
            pass
    except StoreError as error:
        if not error.damaged:
            store.close()
            raise fatal(error, home) from error
        return str(error)
    home.damage.unlink(missing_ok=True)
    return ""
