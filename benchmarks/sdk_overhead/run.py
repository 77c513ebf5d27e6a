"""Compares what watching a call costs, all contenders in one run.

    python -m benchmarks.sdk_overhead.run [--rounds 5] [--cache DIR] [--only NAME ...]

Each contender gets an environment of its own under the cache, made with pip at its first run.
Rounds go over all contenders in turn, so that a busy machine disturbs them alike; the table
shows medians over the rounds, and ratios to raw OpenTelemetry in the same run. One that cannot
be installed or fails is listed as such.
"""

import argparse
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections import defaultdict
from pathlib import Path

from benchmarks.sdk_overhead.contenders import CONTENDERS, Contender

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
EXPORTER = "opentelemetry-exporter-otlp-proto-http"


def python_of(contender: Contender, cache: Path) -> Path | None:
    """Return the interpreter of a contender's environment, made if need be; None if that fails."""
    if contender.requirement is None:
        return Path(sys.executable)
    root = cache / contender.requirement
    python = root / "bin" / "python"
    if (root / "installed").exists():
        return python
    venv.create(root, with_pip=True)
    done = subprocess.run(
        [str(python), "-m", "pip", "install", "-q", contender.requirement, EXPORTER], check=False
    )
    if done.returncode:
        return None
    (root / "installed").touch()
    return python


def measure(
    contender: Contender, python: Path, mode: str, endpoint: str
) -> dict[str, float] | None:
    environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    try:
        done = subprocess.run(
            [str(python), "-m", "benchmarks.sdk_overhead.measure", contender.name, mode],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    lines = [line for line in done.stdout.splitlines() if line.startswith("@@")]
    if not lines:
        print(f"{contender.name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    found: dict[str, float] = json.loads(lines[-1][2:])
    return found


def versions(python: Path, requirement: str | None) -> str:
    name = requirement or "opentelemetry-sdk"
    code = f"import importlib.metadata as m; print(m.version({name!r}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    return f"{name} {done.stdout.strip()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "barograph-peers"
    )
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path, help="write the medians there too")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = subprocess.Popen([sys.executable, str(HERE / "sink.py"), str(port)])
    time.sleep(0.5)
    try:
        compare(options, f"http://127.0.0.1:{port}")
    finally:
        sink.terminate()


def compare(options: argparse.Namespace, endpoint: str) -> None:
    chosen = [c for c in CONTENDERS if not options.only or c.name in options.only]
    pythons = {c.name: python_of(c, options.cache) for c in chosen}
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(options.rounds):
        for contender in chosen:
            python = pythons[contender.name]
            for mode in ("time", "memory"):
                found = measure(contender, python, mode, endpoint) if python else None
                for key, value in (found or {}).items():
                    samples[contender.name][key].append(value)
    medians = {
        name: {key: statistics.median(values) for key, values in measures.items()}
        for name, measures in samples.items()
    }
    report(chosen, pythons, medians, options.rounds)
    if options.json:
        options.json.write_text(json.dumps(medians, indent=1))


def report(
    chosen: list[Contender],
    pythons: dict[str, Path | None],
    medians: dict[str, dict[str, float]],
    rounds: int,
) -> None:
    print(f"CPython {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    print(f"load {os.getloadavg()[0]:.1f}, {rounds} rounds; microseconds a call over the bare call")
    for contender in chosen:
        python = pythons[contender.name]
        print(" ", versions(python, contender.requirement) if python else contender.requirement)
    floor = medians.get("bare call", {})
    base = medians.get("raw OpenTelemetry", {})
    columns = ("wall", "median", "p99", "caller_cpu", "all_cpu")
    print("| | " + " | ".join(f"{c} | ratio" for c in columns) + " | bytes queued | ratio |")
    print("|---|" + "---|" * (2 * len(columns) + 2))
    for contender in chosen:
        found = medians.get(contender.name)
        if not found:
            print(f"| {contender.name} | failed here |")
            continue
        cells: list[str] = []
        for column in columns:
            over = found[column] - floor.get(column, 0.0)
            unit = base.get(column, 0.0) - floor.get(column, 0.0)
            cells += [f"{over * 1e6:.2f}", f"{over / unit:.3f}" if unit > 0 else "-"]
        held = found.get("bytes_queued", 0.0)
        unit = base.get("bytes_queued", 0.0)
        cells += [f"{held:.0f}", f"{held / unit:.3f}" if unit > 0 else "-"]
        print(f"| {contender.name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
