"""Epochs that change under faults: real cores, one after the other, each with a real log of its own, on virtual time.

    .venv/bin/python -m tests.simulation.epochs --seeds 0-3999 --jobs 2

`run.py` is the way in; `simulation.py` the queue of events and the phases; `options.py` what a seed stands for: the lists of
validators to come, faults, liars; `machine.py` one machine with a log an epoch; `application.py` the model ledger that schedules a
list; `checker.py` what must hold in each epoch and from one to the next; `traitor.py` a validator that lies about epochs too;
`mutants.py` machines and cores broken on purpose.
"""

from tests.simulation.epochs.run import main

__all__ = ["main"]
