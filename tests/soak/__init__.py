"""The long run: hours of simulation and of everything else that has no end of its own. `parts.py` says what belongs to it."""
