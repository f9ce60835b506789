"""How many files and sockets this process may have open: two for each session, its peer's and its upstream's."""

from collections.abc import Callable
from typing import Protocol

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

PER_SESSION = 2
OTHERS = 64
"""The listener, the log, the store, recordings and whatever libraries keep open."""
_ENOUGH = 1 << 20


class Limits(Protocol):
    """What of the module `resource` is used here."""

    RLIMIT_NOFILE: int
    RLIM_INFINITY: int
    getrlimit: Callable[[int], tuple[int, int]]
    setrlimit: Callable[[int, tuple[int, int]], None]


def raise_limit(limits: Limits | None = resource) -> int | None:
    """Raise the process's own limit as far as the system lets it; children inherit it.

    Returns:
        How many descriptors there may be now; None where there is no limit.
    """
    if limits is None:
        return None
    soft, hard = limits.getrlimit(limits.RLIMIT_NOFILE)
    if soft == limits.RLIM_INFINITY:
        return None
    wanted = _ENOUGH if hard == limits.RLIM_INFINITY else hard
    if soft >= wanted:
        return soft
    try:
        limits.setrlimit(limits.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # some systems have a lower one that they do not tell
        return soft
    return wanted


def room_for(descriptors: int | None) -> int | None:
    """How many sessions so many descriptors are enough for; None for as many as one likes."""
    return None if descriptors is None else max(0, (descriptors - OTHERS) // PER_SESSION)
