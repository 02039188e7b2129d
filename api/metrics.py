"""What the interface counts: requests by route and status, and how long they took. Routes, not addresses, so it stays small."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)


class HttpMetrics:
    """Registered once in the node's registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "kpledger_http_requests", "Answers by route, method and status.", ("route", "method", "status"), registry=registry
        )
        self._seconds = Histogram(
            "kpledger_http_seconds", "Seconds from head to answer by route.", ("route",), buckets=_BUCKETS, registry=registry
        )

        self._held: dict[tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answer."""
        key = (route, method, status)
        held = self._held.get(key)  # finding a series by its labels costs more than counting
        if held is None:
            held = self._held[key] = (
                self._requests.labels(route, method, str(status)).inc,
                self._seconds.labels(route).observe,
            )
        count, observe = held
        count()
        observe(seconds)
