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
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.ingest.counted import settled
from benchmarks.ingest.load import SHAPES
from benchmarks.ingest.usage import cpu_seconds, peak_mib
from benchmarks.machine import machine
from components.collector import Collector
from components.process import Process
from components.processor import Processor

_LINE: Final = "{:16}{:>22}{:>10}{:>14}{:>10}{:>9}{:>9}{:>9}"
_CONFIG: Final = Path(__file__).with_name("span_metrics.yaml")


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
def _processor(directory: Path, program: str = "barograph_processor") -> Iterator[_Contender]:
    with Processor(directory, program=program) as processor:

        def finish(acknowledged: int) -> None:
            counted = settled(processor, acknowledged)
            if counted < acknowledged:
                sys.exit(f"{acknowledged} spans acknowledged, {counted} counted")

        yield _Contender(processor, processor.otlp_grpc, finish)


@contextmanager
def _pinned(directory: Path) -> Iterator[_Contender]:
    """The processor with one core to itself, which the scheduler may give to others too."""
    with _processor(directory) as contender:
        core = {max(os.sched_getaffinity(0))}
        for thread in Path(f"/proc/{contender.process.pid}/task").iterdir():
            os.sched_setaffinity(int(thread.name), core)
        yield contender


@contextmanager
def _collector(directory: Path) -> Iterator[_Contender]:
    with Collector(directory, config=_CONFIG) as collector:
        # Without a queue and without batches, it acknowledges what span_metrics has counted.
        yield _Contender(collector, collector.otlp_grpc, lambda _: None)


_CONTENDERS: Final[Mapping[str, Callable[[Path], AbstractContextManager[_Contender]]]] = {
    "processor": _processor,
    "processor, no journal": partial(_processor, program="benchmarks.ingest.no_journal"),
    "processor, one core": _pinned,
    "Collector": _collector,
}


def _send(address: str, shape: str, seconds: float, connections: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.ingest.sender"]
    command += [address, shape, str(seconds), str(connections)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


@dataclass(frozen=True, slots=True)
class _Row:
    """What one contender made of one load."""

    shape: str
    contender: str
    spans_per_s: float
    spans_per_core: float
    peak_mib: float
    p50_ms: float
    p99_ms: float
    refused: float

    def cells(self) -> tuple[str, ...]:
        numbers = (self.spans_per_s, self.spans_per_core, self.peak_mib, self.p50_ms, self.p99_ms)
        return (self.shape, self.contender, *(f"{n:,.0f}" for n in numbers), f"{self.refused:.0f}")


_HEADS = (
    *("load", "contender", "spans/s", "spans/s/core", "peak MiB", "p50 ms", "p99 ms"),
    "refused",
)


def _measure(shape: str, name: str, seconds: float, connections: int) -> _Row:
    with (
        tempfile.TemporaryDirectory() as directory,
        _CONTENDERS[name](Path(directory)) as contender,
    ):
        address, pid = contender.otlp_grpc, contender.process.pid
        # References are learnt.
        before = _send(address, shape, 3.0, connections)["spans"]
        contender.finish(int(before))
        cpu = cpu_seconds(pid)
        sent = _send(address, shape, seconds, connections)
        contender.finish(int(before + sent["spans"]))
        cpu = cpu_seconds(pid) - cpu
        return _Row(
            shape=shape,
            contender=name,
            spans_per_s=sent["spans"] / sent["seconds"],
            spans_per_core=sent["spans"] / cpu,
            peak_mib=peak_mib(pid),
            p50_ms=sent["p50_ms"],
            p99_ms=sent["p99_ms"],
            refused=sent["refused"],
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of load, each")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="as Markdown, as in README.md")
    options = parser.parse_args()
    print(machine(), end="\n\n")
    line = "| {} |".format(" | ".join(["{}"] * len(_HEADS))) if options.table else _LINE
    print(line.format(*_HEADS))
    if options.table:
        print(line.format(*["---"] * len(_HEADS)))
    for _ in range(options.rounds):
        for shape in SHAPES:
            for name in _CONTENDERS:
                row = _measure(shape, name, options.seconds, options.connections)
                print(line.format(*row.cells()), flush=True)


if __name__ == "__main__":
    main()
