"""What a process and its children have used, from `/proc`."""

import os
from dataclasses import dataclass
from pathlib import Path

_NS_PER_TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """A reading, or the difference of two.

    Attributes:
        cpu_ns: processor time of all threads, to the nanosecond.
        user_ns: of it in user mode, as the kernel's ticks tell it; with `system_ns` it makes out `cpu_ns` roughly.
        rss_bytes: resident memory; pages that processes share are counted in each.
    """

    cpu_ns: int = 0
    user_ns: int = 0
    system_ns: int = 0
    rss_bytes: int = 0

    def __sub__(self, earlier: "Usage") -> "Usage":
        return Usage(
            self.cpu_ns - earlier.cpu_ns,
            self.user_ns - earlier.user_ns,
            self.system_ns - earlier.system_ns,
            self.rss_bytes - earlier.rss_bytes,
        )

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.cpu_ns + other.cpu_ns,
            self.user_ns + other.user_ns,
            self.system_ns + other.system_ns,
            self.rss_bytes + other.rss_bytes,
        )

    @property
    def system_share(self) -> float:
        """How much of the processor time was spent in the kernel, from 0 to 1."""
        ticks = self.user_ns + self.system_ns
        return self.system_ns / ticks if ticks else 0.0


def read_usage(pid: int) -> Usage:
    """Read what the process and all its descendants have used.

    Raises:
        FileNotFoundError: the process is gone.
    """
    return sum((_read_one(each) for each in process_tree(pid)), Usage())


def process_tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    tree = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            tree += process_tree(int(child))
    return tree


def _read_one(pid: int) -> Usage:
    process = Path(f"/proc/{pid}")
    cpu_ns = sum(int((task / "schedstat").read_text().split()[0]) for task in (process / "task").iterdir())
    fields = (process / "stat").read_text().rpartition(")")[2].split()  # the name before it may hold spaces
    user_ns, system_ns = (int(ticks) * _NS_PER_TICK for ticks in fields[11:13])
    rss_bytes = int((process / "statm").read_text().split()[1]) * _PAGE_BYTES
    return Usage(cpu_ns, user_ns, system_ns, rss_bytes)
