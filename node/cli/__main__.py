"""`kpledger`, and `python -m node.cli`: an interruption ends it quietly, also while its parts are still being read."""

import sys
from contextlib import suppress
from importlib import import_module
from typing import NoReturn


def main() -> NoReturn:
    """Runs one verb."""
    with suppress(KeyboardInterrupt):
        import_module("node.cli.main").main()
    sys.exit(130)


if __name__ == "__main__":
    main()
