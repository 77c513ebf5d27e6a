"""The tables of a run, in Markdown."""

import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.sdk_overhead.contender import Contender

__all__ = ["report"]

BASE = "raw OpenTelemetry"
TIMES = ("wall", "median", "p99", "caller_cpu", "all_cpu")

Measures = Mapping[str, float]


def report(
    chosen: Sequence[Contender],
    pythons: Mapping[str, Path | None],
    medians: Mapping[str, Measures],
    rounds: int,
) -> None:
    """Print versions, hardware and the tables."""
    print(f"CPython {platform.python_version()}, {os.cpu_count()} cores of {_processor()}")
    print(f"load {os.getloadavg()[0]:.1f}, {rounds} rounds; microseconds a call over the bare call")
    print()
    heads = [*TIMES, "bytes queued"]
    print("| | " + " | ".join(f"{head} | ratio" for head in heads) + " | off | arrived, % | rate |")
    print("|---|" + "---|" * (2 * len(heads) + 3))
    for contender in chosen:
        python = pythons[contender.name]
        found = medians.get(contender.name)
        if python is None or not found:
            print(f"| {contender.name} | failed here |")
            continue
        cells = _row(found, medians.get("bare call", {}), medians.get(BASE, {}))
        print(f"| {_titled(contender, python)} | " + " | ".join(cells) + " |")


def _row(found: Measures, floor: Measures, base: Measures) -> list[str]:
    cells: list[str] = []
    for key in TIMES:
        cells += _pair(_over(found, floor, key), _over(base, floor, key), 1e6, 2)
    cells += _pair(found.get("bytes_queued"), base.get("bytes_queued"), 1, 0)
    cells.append(_text(_over(found, floor, "off"), 1e6, 2))
    cells.append(_text(found.get("arrived") or None, 100, 1))
    cells.append(_text(found.get("rate"), 1, 0))
    return cells


def _over(found: Measures, floor: Measures, key: str) -> float | None:
    """What it takes longer than the bare call."""
    return found[key] - floor.get(key, 0.0) if key in found else None


def _pair(value: float | None, unit: float | None, scale: float, digits: int) -> list[str]:
    ratio = "-" if value is None or not unit else f"{value / unit:.3f}"
    return [_text(value, scale, digits), ratio]


def _text(value: float | None, scale: float, digits: int) -> str:
    return "-" if value is None else f"{value * scale:.{digits}f}"


def _titled(contender: Contender, python: Path) -> str:
    """The contender's name and version, and that of the OpenTelemetry it has."""
    if contender.name == "bare call":
        return contender.name
    names = [contender.requirement.split()[0], "opentelemetry-sdk"] if contender.requirement else []
    if contender.name == BASE:
        names = ["opentelemetry-sdk"]
    code = "import sys, importlib.metadata as m; print(*map(m.version, sys.argv[1:]))"
    done = subprocess.run(
        [str(python), "-c", code, *names], capture_output=True, text=True, check=False
    )
    found = done.stdout.split()
    title = " ".join([contender.name, *found[:1]])
    return f"{title} (OpenTelemetry {found[1]})" if found[1:] else title


def _processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
