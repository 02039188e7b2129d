"""An office's keys: key new, key show. A node's consensus key: key rotate, key retire."""

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ledger.countries import is_country, is_participant_code
from ledger.errors import Refusal
from ledger.participants import SECRETARIAT
from ledger.units import Ms, block_date, day_number
from node import rekey
from node.cli.options import HomeOption, RawKeysOption, passphrase_or_raw
from node.cli.output import print_json, say
from node.errors import Exit, FatalError, command
from node.home import Home
from node.office_keys import make_keys, participant_entry, secretariat_entry

WhoArgument = Annotated[str, Parameter(help="Code of the participant (ISO 3166-1 alpha-2, or EU), or `secretariat`.")]
FolderOption = Annotated[
    Path, Parameter(name="--keys", help="The office's folder of keys; one folder an office.", env_var="KPLEDGER_KEYS")
]


def new(who: WhoArgument, /, *, keys: FolderOption, raw_keys: RawKeysOption = False) -> None:
    """Make the keys that an office lacks: root, one for each role, and one to seal to. May be repeated."""
    _check(who)
    phrase = passphrase_or_raw(raw=raw_keys)
    for item in make_keys(keys, who, phrase):
        say(f"{'generated' if item.generated else 'found':<10} {item.what:<12} {item.path}")


def show(
    who: WhoArgument,
    /,
    *,
    keys: FolderOption,
    name: Annotated[str, Parameter(show_default=False, help="The participant's name; default: its code.")] = "",
    countries: Annotated[str, Parameter(show_default=False, help="Countries it stands for, by comma; default: its code.")] = "",
    authority: Annotated[
        str, Parameter(show_default=False, help="Name of the authority that has these keys; default: the participant's.")
    ] = "",
    since: Annotated[
        str, Parameter(name="--from", show_default=False, help="First day, YYYY-MM-DD; default: today (UTC).")
    ] = "",
) -> None:
    """Print an office's public keys as JSON: its entry in the genesis, to be sent to whoever convenes the ledger.

    What else stands there (validity, suspensions, ranges of numbers) may be edited before.
    """
    _check(who)
    day = since or block_date(Ms(time.time_ns() // 1_000_000))
    try:
        day_number(day)
    except Refusal as error:
        raise _usage(f"--from {day} is no day of the calendar", "Write it as YYYY-MM-DD.") from error
    if who == SECRETARIAT:
        print_json(secretariat_entry(keys, day))
        return
    codes = sorted(set(countries.split(","))) if countries else [who]
    for code in codes:
        if not is_country(code):
            raise _usage(f"{code!r} is no country's ISO 3166-1 alpha-2 code", "Write --countries as codes by comma: BE,DE,FR")
    print_json(participant_entry(keys, who, name or who, codes, authority or name or who, day))


def rotate(*, home: HomeOption, raw_keys: RawKeysOption = False) -> None:
    """Make the successor of a stopped node's consensus key. The node votes with the old one until the epoch has the new one."""
    item = rekey.rotate(Home(home), passphrase_or_raw(raw=raw_keys))
    say(f"{'generated' if item.generated else 'found':<10} {item.what:<20} {item.path}")
    _tell_ledger(home, "start the node again, and ")


def retire(
    *,
    home: HomeOption,
    leaked: Annotated[
        bool, Parameter(negative="", help="Give the consensus key up although its guard is there: others may have it.")
    ] = False,
    raw_keys: RawKeysOption = False,
) -> None:
    """Replace the keys of a stopped node whose guard against signing twice is lost or older than what the key has signed."""
    for item in rekey.retire(Home(home), passphrase_or_raw(raw=raw_keys), leaked=leaked):
        say(f"{'generated':<10} {item.what:<20} {item.path}")
    _tell_ledger(home, "")
    say(f"Then: {command('start', '--home', home, '--joining')}; it follows until the next epoch.")


def _tell_ledger(home: Path, before: str) -> None:
    say(
        f"Now {before}tell the ledger: {command('id', '--home', home)} > node.json; where the root key is: "
        "kpledger node set node.json --root ROOT --genesis genesis.json --url NODE"
    )


def _check(who: str) -> None:
    if who != SECRETARIAT and not is_participant_code(who):
        raise _usage(f"{who!r} is no participant's code", "Codes are ISO 3166-1 alpha-2 in capitals (BW), EU, or secretariat.")


def _usage(happened: str, next_step: str) -> FatalError:
    return FatalError(f"{happened}.", "Nothing was done.", next_step, Exit.USAGE)
