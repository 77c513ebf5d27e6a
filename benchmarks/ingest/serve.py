"""The processor and the real Collector under one load: ``python -m benchmarks.ingest.serve``.

Both take gzipped OTLP/gRPC from the same sender, in turn, and are measured from
outside: CPU of the process and peak of its memory, from /proc, so Linux only.

Bias: the Collector computes latency, errors and calls by span_metrics, and keeps
nothing on disk; the processor syncs every request to its journal, drops
duplicates, and runs its windows and detectors. The sender is on the same machine
and takes its share of the caches. The Collector may use all cores, the processor
has one interpreter lock: compare spans per core, not spans per second.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ingest.load import SHAPES
from benchmarks.ingest.usage import cpu_seconds, idle, peak_mib
from components.collector import Collector
from components.process import Process
from components.processor import Processor

_CONFIG = Path(__file__).with_name("span_metrics.yaml")


@contextmanager
def _processor(directory: Path) -> Iterator[tuple[Process, str]]:
    with Processor(directory) as process:
        yield process, process.otlp_grpc


@contextmanager
def _collector(directory: Path) -> Iterator[tuple[Process, str]]:
    with Collector(directory, config=_CONFIG) as process:
        yield process, process.otlp_grpc


def _send(address: str, shape: str, seconds: float, connections: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ingest.sender"]
    command += [address, shape, str(seconds), str(connections)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of load, each")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    print(
        f"CPython {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}, "
        f"load average {os.getloadavg()[0]:.1f}"
    )
    print(
        f"{'':28}{'spans/s':>10}{'spans/s/core':>14}{'peak MiB':>10}"
        f"{'p50 ms':>9}{'p99 ms':>9}{'refused':>9}"
    )
    contenders = {"processor": _processor, "collector": _collector}
    for _ in range(options.rounds):
        for shape in SHAPES:
            for name, contender in contenders.items():
                with (
                    tempfile.TemporaryDirectory() as directory,
                    contender(Path(directory)) as (
                        process,
                        address,
                    ),
                ):
                    _send(address, shape, 3.0, options.connections)  # references are learnt
                    idle(process.pid)
                    cpu = cpu_seconds(process.pid)
                    sent = _send(address, shape, options.seconds, options.connections)
                    idle(process.pid)
                    cpu = cpu_seconds(process.pid) - cpu
                    peak = peak_mib(process.pid)
                print(
                    f"{name + ', ' + shape:28}{sent['spans'] / sent['seconds']:10,.0f}"
                    f"{sent['spans'] / cpu:14,.0f}{peak:10.0f}"
                    f"{sent['p50_ms']:9.1f}{sent['p99_ms']:9.1f}{sent['refused']:9.0f}"
                )


if __name__ == "__main__":
    main()
