"""How much memory this process takes, and how much it may take."""

import ctypes
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from barograph_processor.telemetry import Telemetry

__all__ = ["AT_REST_BYTES", "MORE_MEMORY", "Memory", "release"]

AT_REST_BYTES: Final = 96 * 1024 * 1024
"""What a processor takes that has seen nothing yet, about: the interpreter and the libraries."""

MORE_MEMORY: Final = (
    "raise limits.memory_bytes or the limit of the control group, or let less wait for labels: "
    "limits.total_pending_labels"
)
"""What to do where memory is short from the start."""

_LOG: Final = logging.getLogger(__name__)
_MIB: Final = 1024 * 1024
_SHARE: Final = 0.8
_ROOT: Final = Path("/")
# A control group of the first version without a limit has one near 2**63.
_NO_LIMIT: Final = 1 << 60
_FILES: Final = ("memory.max", "memory.high", "memory.limit_in_bytes")


class Memory:
    """Resident memory of this process, beside the limit at which the kernel would end it.

    It is short from four fifths of the limit on. What may be held only for now keeps to
    ``allows`` then. Read by ``look`` alone, about 20 us; another thread may read what it found.

    Args:
        limit: Bytes; None is the least of what the machine has and what the control groups
            allow in which the process is, by either version of them.
        root: Of the file systems that say so.

    Attributes:
        limit: Bytes that the process may take.
        resident: Bytes that it took at the last look; 0 where the system does not say.
    """

    def __init__(self, limit: int | None = None, *, root: Path = _ROOT) -> None:
        self._resident = root / "proc/self/statm"
        self.limit = _allowed(root) if limit is None else limit
        self.resident = 0
        self.look()

    @property
    def short(self) -> bool:
        """Whether four fifths of the limit were taken."""
        return not self.enough_for(self.resident)

    def look(self) -> None:
        """Bring ``resident`` up to date."""
        try:
            pages = int(self._resident.read_bytes().split()[1])
        except (OSError, IndexError, ValueError):
            return
        self.resident = pages * os.sysconf("SC_PAGE_SIZE")

    def enough_for(self, size: int) -> bool:
        """Whether so many bytes leave it more than short."""
        return size <= _SHARE * self.limit

    def warn(self) -> None:
        """Say in the log if memory is short already, before anything has come."""
        self.look()
        if self.short:
            _LOG.warning(
                "memory is short from the start: %d MiB are taken of %d, and from %d on requests "
                "come in one by one; %s",
                *(self.resident // _MIB, self.limit // _MIB, int(_SHARE * self.limit) // _MIB),
                MORE_MEMORY,
            )

    def measure(self, telemetry: Telemetry) -> None:
        """Bring the gauges up to date."""
        self.look()
        telemetry.set("barograph.monitor.memory.bytes", self.resident)
        telemetry.set("barograph.monitor.memory.limit.bytes", self.limit)

    def allows(self, most: int, *, least: int) -> int:
        """Return how many bytes of ``most`` may be held now: all of them unless it is short.

        Never under ``least``: the memory may be short of what is kept, which refusing
        whatever comes would not mend.
        """
        return max(least, min(most, self.limit - self.resident)) if self.short else most


def release() -> None:
    """Give back to the system what the allocator keeps for later, where it is glibc's.

    Takes a hundredth of a second for 50 MiB; other threads go on.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _allowed(root: Path) -> int:
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *_group_limits(root)])


def _group_limits(root: Path) -> Iterator[int]:
    """Yield the limits of the process's control groups and of those that they are in.

    https://docs.kernel.org/admin-guide/cgroup-v2.html and cgroup-v1/memory.html.
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = root / "sys/fs/cgroup" / ("memory" if controllers else "")
        group = top / path.lstrip("/")
        # In a container the path may be one of outside: then its own group is the top.
        for each in (group, *group.parents[: len(group.parts) - len(top.parts)]):
            yield from _limits(each)


def _limits(group: Path) -> Iterator[int]:
    for name in _FILES:
        try:
            limit = int((group / name).read_text())
        except (OSError, ValueError):
            # Not there, or "max": none.
            continue
        if 0 < limit < _NO_LIMIT:
            yield limit
