"""A load test in the manner of the Collector's testbed: ``python -m benchmarks.ingest.testbed``.

The processor takes a load for some time. Then as many predictions have to be counted
as were acknowledged, and its memory has to be under its ceiling. ``--soak 3600`` is an
hour of it; ``--overload`` sends many times what can be worked off to a short queue.
Exit code 1 if something does not hold.

Bias: sender and processor share the machine; latency is that of a closed loop, in
which each connection waits for its answer. Linux only.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ingest.counted import settled
from benchmarks.ingest.load import SHAPES, SPANS, Shape
from benchmarks.ingest.sender import send
from benchmarks.ingest.usage import cpu_seconds, memory_watched, peak_mib
from benchmarks.machine import machine
from components.processor import Processor

__all__ = ["CEILING_MIB", "Result", "run"]

CEILING_MIB = 768
"""Memory of the processor under this load, a queue of 256 MiB that may fill included."""

# No labels come, so what waits for them would fill the memory that is watched here.
_WAITING = 10_000
# A dozen requests.
_SHORT_QUEUE = "queue_bytes = 4_000_000\n"


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a load.

    Attributes:
        acknowledged: Spans that were acknowledged.
        counted: Predictions that the processor counts.
        refused: Requests that were refused and may be sent again.
        failed: Requests that were refused otherwise, or not answered.
        seconds: How long was sent.
        cpu_s: CPU time of the processor.
        peak_mib: Most memory of the processor.
        early_mib: Its memory after a fifth of the time.
        late_mib: Its memory at the end.
        p99_ms: Time to the acknowledgement.
    """

    acknowledged: int
    counted: int
    refused: int
    failed: int
    seconds: float
    cpu_s: float
    peak_mib: float
    early_mib: float
    late_mib: float
    p99_ms: float

    def faults(self) -> list[str]:
        """Return what does not hold, as sentences."""
        found = []
        if self.counted != self.acknowledged:
            found.append(f"{self.acknowledged} spans acknowledged, {self.counted} counted")
        if self.failed:
            found.append(f"{self.failed} requests not answered as the protocol says")
        if self.peak_mib > CEILING_MIB:
            found.append(f"{self.peak_mib:.0f} MiB, {CEILING_MIB} are allowed")
        return found


def run(
    directory: Path,
    *,
    seconds: float,
    shape: Shape = "one_model",
    connections: int = 4,
    waiting: int = _WAITING,
    overload: bool = False,
) -> Result:
    """Load a processor, wait until it has worked all of it off, and ask what it counted."""
    config = directory / "barograph.toml"
    limits = f"[limits]\npending_labels = {waiting}\n"
    config.write_text(limits + (_SHORT_QUEUE if overload else ""))
    with Processor(directory, config=config) as processor:
        with memory_watched(processor.pid) as memory:
            sent = send(processor.otlp_grpc, shape, seconds, connections)
            counted = settled(processor, int(sent["spans"]))
        return Result(
            acknowledged=int(sent["spans"]),
            counted=counted,
            refused=int(sent["refused"]),
            failed=int(sent["failed"]),
            seconds=sent["seconds"],
            cpu_s=cpu_seconds(processor.pid),
            peak_mib=peak_mib(processor.pid),
            early_mib=memory.at(0.2),
            late_mib=memory.at(1.0),
            p99_ms=sent["p99_ms"],
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", "--soak", type=float, default=30.0, help="of load")
    parser.add_argument("--shape", choices=SHAPES, default="one_model")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--waiting", type=int, default=_WAITING, help="for a label, of a model")
    parser.add_argument("--overload", action="store_true", help="to a queue of 4 MB")
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as directory:
        result = run(
            Path(directory),
            seconds=options.seconds,
            shape=options.shape,
            connections=options.connections,
            waiting=options.waiting,
            overload=options.overload,
        )
    print(
        f"{result.acknowledged:,} spans acknowledged and {result.counted:,} counted in "
        f"{result.seconds:.0f} s, {result.acknowledged // SPANS:,} requests taken, "
        f"{result.refused:,} refused\n"
        f"{result.acknowledged / result.cpu_s:,.0f} spans/s/core, p99 {result.p99_ms:.0f} ms, "
        f"memory {result.early_mib:.0f} MiB early, {result.late_mib:.0f} late, "
        f"{result.peak_mib:.0f} at most"
    )
    faults = result.faults()
    print("\n".join(faults) or "all of it holds")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
