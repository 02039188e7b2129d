"""`kpledger`: puts the groups of verbs together and turns every error into an exit code (`node.errors.Exit`)."""

import sys
from importlib.metadata import version
from typing import NoReturn

from cyclopts import App, CycloptsError

from ledger.errors import ProofError, Refusal
from node.cli import certificates, devnet, imports, log, network, operate, receipts, tokens
from node.cli.output import fatal
from node.client import ProblemError
from node.errors import Exit, FatalError

app = App(
    name="kpledger",
    help="A ledger node for Kimberley Process certificates.",
    version=lambda: version("kpledger"),
)
app.register_install_completion_command()
for group in (devnet, operate, network, tokens, certificates, imports, receipts, log):
    group.register(app)


def main() -> NoReturn:
    """Runs one verb.

    Exit codes: 0 done, 1 failed, 2 usage, 65 bad data, 69 unreachable, 74 disk, 75 syncing, 77 refused, 78 bad configuration.
    """
    try:
        code = app(exit_on_error=False, result_action="return_value")
    except CycloptsError:
        sys.exit(Exit.USAGE)  # cyclopts has printed what is wrong
    except FatalError as error:
        fatal(error)
    except Refusal as refusal:
        fatal(FatalError(f"Refused: {refusal}.", "Nothing was recorded.", "Mend the named field and try again.", Exit.REFUSED))
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
        code = {401: Exit.REFUSED, 403: Exit.REFUSED, 503: Exit.UNREACHABLE}.get(error.status, Exit.FAILED)
        fatal(
            FatalError(f"The node says no: {error}.", "Nothing was done.", "See the named field; a token may be missing.", code)
        )
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else Exit.DONE)
