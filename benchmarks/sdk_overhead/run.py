"""Compares what watching a call costs, all contenders in one run.

    python -m benchmarks.sdk_overhead.run [--rounds 5] [--cache DIR] [--only NAME ...]

Each contender gets an environment of its own under the cache, made at its first run.
Rounds go over all contenders in turn, so that a busy machine disturbs them alike; the tables
show medians over the rounds, and ratios to raw OpenTelemetry in the same run. One that cannot
be installed or fails is listed as such.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections import defaultdict
from pathlib import Path

from benchmarks.sdk_overhead.contender import Contender
from benchmarks.sdk_overhead.contenders import CONTENDERS
from benchmarks.sdk_overhead.report import report

ROOT = Path(__file__).parents[2]
EXPORTER = "opentelemetry-exporter-otlp-proto-http"
MODES = ("busy", "off", "memory", "paced")


def python_of(contender: Contender, cache: Path) -> Path | None:
    """Return the interpreter of a contender's environment, made if need be; None if that fails.

    It is made by uv: pip takes half an hour to choose among the versions of some of them.
    """
    if contender.requirement is None:
        return Path(sys.executable)
    wanted = contender.requirement.split()
    root = cache / wanted[0]
    python = root / "bin" / "python"
    if (root / "installed").exists():
        return python
    venv.create(root)
    command = [str(_uv(cache)), "pip", "install", "--quiet", "--python", str(python)]
    if subprocess.run([*command, *wanted, EXPORTER], check=False).returncode:
        return None
    (root / "installed").touch()
    return python


def _uv(cache: Path) -> Path:
    uv = cache / "uv" / "bin" / "uv"
    if not uv.exists():
        venv.create(cache / "uv", with_pip=True)
        python = uv.with_name("python")
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "uv"], check=True)
    return uv


def measure(contender: Contender, python: Path, mode: str, endpoint: str) -> dict[str, float]:
    """Return what one process measured; nothing if it failed."""
    try:
        done = subprocess.run(
            [str(python), "-m", "benchmarks.sdk_overhead.measure", contender.name, mode],
            cwd=ROOT,
            env={
                **os.environ,
                "BENCHMARK_SINK": endpoint,
                "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    except subprocess.TimeoutExpired:
        print(f"{contender.name}, {mode}: more than 300 s", file=sys.stderr)
        return {}
    lines = [line for line in done.stdout.splitlines() if line.startswith("@@")]
    if not lines:
        last = done.stderr.strip().splitlines()[-1:]
        print(f"{contender.name}, {mode}: {last}", file=sys.stderr)
        return {}
    found: dict[str, float] = json.loads(lines[-1][2:])
    return found


def compare(options: argparse.Namespace, endpoint: str) -> None:
    """Measure in rounds, and print the tables."""
    chosen = [c for c in CONTENDERS if not options.only or c.name in options.only]
    pythons = {c.name: python_of(c, options.cache) for c in chosen}
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for at in range(options.rounds):
        for mode in MODES:
            for contender in chosen:
                if (python := pythons[contender.name]) is None:
                    continue
                for key, value in measure(contender, python, mode, endpoint).items():
                    samples[contender.name][key].append(value)
        print(f"round {at + 1}, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
        if options.json:
            options.json.write_text(json.dumps(samples, indent=1))
    medians = {
        name: {key: statistics.median(values) for key, values in measures.items()}
        for name, measures in samples.items()
    }
    report(chosen, pythons, medians, options.rounds)


def main() -> None:
    """Start the sink, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "barograph-peers"
    )
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--json", type=Path, help="write every round's figures there")
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sink = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sdk_overhead.sink", str(port)], cwd=ROOT
    )
    time.sleep(1.0)
    try:
        compare(options, f"http://127.0.0.1:{port}")
    finally:
        sink.terminate()


if __name__ == "__main__":
    main()
