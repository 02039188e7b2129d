"""`kpledger`: puts the groups of verbs together and turns every error into an exit code (`node.errors.Exit`)."""

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from cyclopts import CycloptsError

from ledger.errors import ProofError, Refusal
from node.cli.output import explain, fatal
from node.cli.verbs import command_line
from node.errors import Exit, FatalError, ProblemError

_BY_STATUS = {401: Exit.REFUSED, 403: Exit.REFUSED, 503: Exit.UNREACHABLE}


def main(words: Sequence[str] | None = None) -> NoReturn:
    """Runs one verb, that of the command line unless it is given, and ends the process with its exit code."""
    try:
        run, given, _ = command_line().parse_args(words, exit_on_error=False)
        gc.freeze()  # what has been read stays
        gc.enable()
        code = run(*given.args, **given.kwargs)
        sys.stdout.flush()
    except CycloptsError:
        sys.exit(Exit.USAGE)  # cyclopts has printed what is wrong
    except FatalError as error:
        fatal(error)
    except Refusal as refusal:
        fatal(
            FatalError(
                f"Refused: {explain(refusal.problem())}.",
                "Nothing was sent or recorded.",
                "Mend the named field and run the command again.",
                Exit.REFUSED,
            )
        )
    except ProofError as error:
        fatal(
            FatalError(
                f"Not verified: {type(error).__name__}: {error}.",
                "This file proves nothing.",
                "Get it again from its source; if it stays so, tell the secretariat.",
                Exit.BAD_DATA,
            )
        )
    except ProblemError as error:
        fatal(_said_no(error))
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who read the output has gone: the exit must not fail
        sys.exit(Exit.FAILED)
    except OSError as error:
        fatal(
            FatalError(
                f"{error.filename or 'A file or connection'}: {error.strerror or error}.",
                "The command could not be carried out to its end.",
                "See to the disk, the path and its owner, then run the command again.",
                Exit.DISK,
            )
        )
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else Exit.DONE)


def _said_no(error: ProblemError) -> FatalError:
    """What to tell of a node's answer that no verb expected."""
    steps = {
        401: "Give a token that is in force (--token, KPLEDGER_TOKEN); the node's operator makes it: kpledger token new --help",
        403: "Ask the node's operator for a token of the scope that this needs: kpledger token new --help",
        404: "Check what was asked for; a node that is catching up may not have it yet.",
        429: "Wait a moment and run the command again.",
        503: "The node is starting, catching up or overloaded: wait a moment and run the command again.",
    }
    return FatalError(
        f"The node says no: {explain({'error': f'status {error.status}', **error.problem})}.",
        "Nothing was done.",
        steps.get(error.status, "See the named field and run the command again."),
        _BY_STATUS.get(error.status, Exit.FAILED),
    )
