"""A damaged store is put aside and made anew from the other nodes: nothing in it is this node's alone.

What is found damaged while the node runs ends the process, which leaves a note in its home; what is found on opening needs
none. The next start moves `data/` to `data.damaged/` (only the newest is kept, for whoever wants to know what happened) and
begins at the genesis: what it then executes is what a quorum has agreed on, and catching up checks every signature of it.
The guards against signing twice are not in the store and stay as they are; until the store is where they are, nothing is
signed.

The only node of a genesis has nobody to ask: it does not start.
"""

import shutil
from pathlib import Path

from ledger.errors import StoreError
from ledger.genesis import Genesis
from ledger.state import Ledger
from ledger.store import Store
from node.errors import Exit, FatalError, command
from node.files import write_atomic
from node.home import Home
from node.logs import get_logger
from node.opening import open_ledger, open_store

log = get_logger("repair")


def note_damage(home: Home, error: BaseException | None) -> None:
    """Leaves a note for the next start when an error says that the store is damaged; others, and a full disk, leave none."""
    if isinstance(error, StoreError) and error.damaged:
        write_atomic(home.damage, f"{error}\n".encode())


def open_sound(home: Home, genesis: Genesis) -> tuple[Store, Ledger, bool]:
    """Store and ledger of the home; and whether they were begun anew, because what was there is damaged.

    Raises:
        FatalError: another ledger's, in use, or the disk fails; or damaged, and no other node has what it had.
    """
    reason = home.damage.read_text(errors="replace").strip() if home.damage.exists() else ""
    if not reason:
        try:
            return (*_open(home, genesis), False)
        except FatalError as error:
            cause = error.__cause__
            if not (isinstance(cause, StoreError) and cause.damaged):
                raise
            reason = str(cause)
    if len(genesis.nodes) < 2:
        raise FatalError(
            f"The store is damaged: {reason}.",
            "No other node has what it held: this is the only one of its genesis.",
            f"Restore a backup: {command('backup', '--help')}",
            Exit.DISK,
        )
    aside = _put_aside(home)
    log.error("the store is damaged and is made anew from the other nodes", reason=reason, aside=str(aside))
    return (*_open(home, genesis), True)


def _open(home: Home, genesis: Genesis) -> tuple[Store, Ledger]:
    store = open_store(home)
    try:
        return store, open_ledger(home, store, genesis)
    except BaseException:
        store.close()
        raise


def _put_aside(home: Home) -> Path:
    aside = home.data.with_name(home.data.name + ".damaged")
    if home.data.exists():
        shutil.rmtree(aside, ignore_errors=True)
        home.data.rename(aside)
    home.damage.unlink(missing_ok=True)
    return aside
