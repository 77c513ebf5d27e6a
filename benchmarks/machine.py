"""On what a benchmark runs."""

import os
import platform
from importlib.metadata import version

__all__ = ["machine"]


def machine(*packages: str) -> str:
    """Return versions, of these packages too, hardware and load, in a line to print first."""
    parts = [f"CPython {platform.python_version()}"]
    parts += [f"{name} {version(name)}" for name in packages]
    parts += [f"{os.cpu_count()} cores", platform.machine()]
    return ", ".join([*parts, f"load average {os.getloadavg()[0]:.1f}"])
