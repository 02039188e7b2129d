"""What an operator's monitoring sees at `/metrics` of the admin listener: counts, heights, sizes; no ids, no names of traders.

Of peers it names the participant: `kpledger_refusals_total{peer, reason}` counts what no correct node sends, whichever part of
this node noticed it, `kpledger_dropped_total{peer, queue}` what found no room (`node.refusals`).

Most figures are read when they are asked for, so that the main road carries no bookkeeping of its own.
"""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Reading = Callable[[], float]
Readings = Callable[[], Mapping[str, float]]
Table = Callable[[], Mapping[tuple[str, ...], float]]


class NodeCollector(Collector):
    """Reads figures from the parts of a running node."""

    def __init__(self) -> None:
        self._gauges: list[tuple[str, str, Reading]] = []
        self._levels: list[tuple[str, str, str, Readings]] = []
        self._tables: list[tuple[str, str, tuple[str, ...], Table]] = []

    def gauge(self, name: str, text: str, read: Reading) -> None:
        """A figure that goes up and down."""
        self._gauges.append((f"kpledger_{name}", text, read))

    def levels(self, name: str, text: str, label: str, read: Readings) -> None:
        """Figures that go up and down, by one label."""
        self._levels.append((f"kpledger_{name}", text, label, read))

    def counters(self, name: str, text: str, label: str, read: Readings) -> None:
        """Figures that only grow, by one label."""
        self.table(name, text, (label,), lambda: {(value,): count for value, count in read().items()})

    def table(self, name: str, text: str, labels: tuple[str, ...], read: Table) -> None:
        """Figures that only grow, by several labels in this order."""
        self._tables.append((f"kpledger_{name}", text, labels, read))

    def collect(self) -> Iterable[Metric]:
        """Reads everything now."""
        for name, text, read in self._gauges:
            yield GaugeMetricFamily(name, text, value=read())
        for name, text, label, levels in self._levels:
            gauges = GaugeMetricFamily(name, text, labels=(label,))
            for value, level in levels().items():
                gauges.add_metric((value,), level)
            yield gauges
        for name, text, labels, readings in self._tables:
            family = CounterMetricFamily(name, text, labels=labels)
            for values, count in readings().items():
                family.add_metric(values, count)
            yield family


def new_registry() -> tuple[CollectorRegistry, NodeCollector]:
    """A registry of its own (no global state) with the node's collector in it."""
    registry = CollectorRegistry(auto_describe=False)
    collector = NodeCollector()
    registry.register(collector)
    return registry, collector
