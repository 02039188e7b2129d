"""`python -m tests.simulation.epochs`; see `run.py`."""

import sys

from tests.simulation.epochs.run import main

sys.exit(main(sys.argv[1:]))
