"""Which kind of simulation a run's options stand for."""

from tests.simulation.options import Options
from tests.simulation.script import Script
from tests.simulation.simulation import Simulation
from tests.simulation.twins import Twins


def simulation(options: Options, plan: Script | None = None, record: bool = False) -> Simulation:
    """The run, ready to begin; by the script if there is one."""
    kind = Twins if options.twin >= 0 else Simulation
    return kind(options, plan, record)
