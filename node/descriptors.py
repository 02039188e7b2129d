"""File descriptors: a node that has none left cannot write and must stop, so there are enough for all its bounds together.

The store opens up to 1,000 files, peers and strangers have some hundreds of connections; what is left is the two HTTP
listeners'. The system's soft limit is raised as far as it lets itself be raised.
"""

import resource

from node.errors import Exit, FatalError

NEEDED = 4_096
_WANTED = 16_384
_KEPT = 2_048
"""For the store, the peers, the logs."""


def raise_limit() -> int:
    """Raises this process's limit and says what it is now.

    Raises:
        FatalError: it stays too low.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    limit = _WANTED if soft == resource.RLIM_INFINITY else soft
    if limit < NEEDED:
        raise FatalError(
            f"The system lets this process open {limit} files.",
            f"A node needs {NEEDED}: whoever opens many connections could stop it otherwise.",
            f"Raise the limit: LimitNOFILE={NEEDED} in the unit, or ulimit -n {NEEDED} before the start.",
            Exit.BAD_CONFIGURATION,
        )
    return limit


def for_each_listener(limit: int) -> int:
    """Connections that one of the two HTTP listeners may have."""
    return (limit - _KEPT) // 2
