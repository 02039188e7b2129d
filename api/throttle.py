"""How often one asks: token buckets by address prefix and by reading token.

Own code of forty lines: it runs on every request, where a general rate limiter costs more than the look-up of a certificate.
A bucket holds a second's worth of requests and refills steadily. The longest idle bucket is forgotten first, which loses
nothing: after a second without requests a bucket is full anyway.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import lru_cache

from api.limits import MAX_BUCKETS


class Throttle:
    """Buckets by key. `clock` gives seconds that never run backwards."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, size: int = MAX_BUCKETS) -> None:
        self._clock = clock
        self._size = size
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, rate: float) -> float:
        """Take one request from the bucket of `rate` a second; 0 when it is admitted, else the seconds until one would be."""
        now = self._clock()
        burst = max(rate, 1.0)
        held = self._buckets.pop(key, None)
        level = burst if held is None else min(burst, held[0] + (now - held[1]) * rate)
        admitted = level >= 1.0
        self._buckets[key] = (level - 1.0 if admitted else level, now)
        if len(self._buckets) > self._size:
            self._buckets.popitem(last=False)
        return 0.0 if admitted else (1.0 - level) / rate

    def __len__(self) -> int:
        return len(self._buckets)


@lru_cache(maxsize=4096)
def prefix(address: str) -> tuple[str, bool]:
    """The prefix of one subscriber (IPv4 /32, IPv6 /64) and whether it is loopback; what is no address stands for itself."""
    try:
        parsed: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address, False
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is None:
            return f"{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64", parsed.is_loopback
        parsed = parsed.ipv4_mapped
    return str(parsed), parsed.is_loopback
