"""CPU and memory of another process, from /proc: Linux only."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = [
    "MemoryWatch",
    "cpu_seconds",
    "forget_peak",
    "memory_watched",
    "peak_mib",
    "resident_mib",
]

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PERIOD_S: Final = 0.5


def cpu_seconds(pid: int) -> float:
    """Return user and system time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mib(pid: int) -> float:
    """Return the most resident memory so far."""
    return _status(pid, "VmHWM")


def forget_peak() -> None:
    """Let this process's peak begin at what is resident now."""
    Path("/proc/self/clear_refs").write_text("5")


def resident_mib(pid: int) -> float:
    """Return the resident memory now."""
    return _status(pid, "VmRSS")


class MemoryWatch:
    """Resident memory over time.

    Attributes:
        mib: One number each half second, in order.
    """

    def __init__(self) -> None:
        self.mib: list[float] = []

    def at(self, share: float) -> float:
        """Return what it was after a share of the time."""
        return self.mib[min(int(share * len(self.mib)), len(self.mib) - 1)]


@contextmanager
def memory_watched(pid: int) -> Iterator[MemoryWatch]:
    """Watch the memory of a process for the length of the context."""
    watch, over = MemoryWatch(), threading.Event()

    def look() -> None:
        while True:
            watch.mib.append(resident_mib(pid))
            if over.wait(_PERIOD_S):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        over.set()
        thread.join()


def _status(pid: int, key: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    return float("nan")
