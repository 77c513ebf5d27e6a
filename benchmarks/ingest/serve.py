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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ingest.counted import settled
from benchmarks.ingest.load import SHAPES
from benchmarks.ingest.usage import cpu_seconds, peak_mib
from components.collector import Collector
from components.process import Process
from components.processor import Processor

_CONFIG = Path(__file__).with_name("span_metrics.yaml")


@dataclass(frozen=True, slots=True)
class _Contender:
    """A program that takes a load.

    Attributes:
        process: Whose CPU and memory are measured.
        otlp_grpc: Where it takes it.
        finish: Waits until so many spans, acknowledged since its start, are worked off.
    """

    process: Process
    otlp_grpc: str
    finish: Callable[[int], None]


@contextmanager
def _processor(directory: Path) -> Iterator[_Contender]:
    with Processor(directory) as processor:

        def finish(acknowledged: int) -> None:
            counted = settled(processor, acknowledged)
            if counted < acknowledged:
                sys.exit(f"{acknowledged} spans acknowledged, {counted} counted")

        yield _Contender(processor, processor.otlp_grpc, finish)


@contextmanager
def _collector(directory: Path) -> Iterator[_Contender]:
    with Collector(directory, config=_CONFIG) as collector:
        # Without a queue and without batches, it acknowledges what span_metrics has counted.
        yield _Contender(collector, collector.otlp_grpc, lambda _: None)


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
            for name, start in contenders.items():
                with (
                    tempfile.TemporaryDirectory() as directory,
                    start(Path(directory)) as contender,
                ):
                    address, pid = contender.otlp_grpc, contender.process.pid
                    # References are learnt.
                    before = _send(address, shape, 3.0, options.connections)["spans"]
                    contender.finish(int(before))
                    cpu = cpu_seconds(pid)
                    sent = _send(address, shape, options.seconds, options.connections)
                    contender.finish(int(before + sent["spans"]))
                    cpu = cpu_seconds(pid) - cpu
                    peak = peak_mib(pid)
                print(
                    f"{name + ', ' + shape:28}{sent['spans'] / sent['seconds']:10,.0f}"
                    f"{sent['spans'] / cpu:14,.0f}{peak:10.0f}"
                    f"{sent['p50_ms']:9.1f}{sent['p99_ms']:9.1f}{sent['refused']:9.0f}"
                )


if __name__ == "__main__":
    main()
