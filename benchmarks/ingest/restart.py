"""What a crash at full rate costs: ``python -m benchmarks.ingest.restart``.

The processor takes a load as fast as it can and is killed (SIGKILL) in the middle of it,
shortly before the next checkpoint is due, so that as much as possible has to be replayed. Then
it is started again, with nobody sending, until it is ready and until all that was acknowledged
is counted. Exit code 1 if that is not so, or if more is counted than the requests that were
under way when it was killed: on disk, and not answered any more.

Bias: sender and processor share the machine before the crash and not after it, so the replay
has more of it than the receiving had. Time to the answer of ``/readyz`` includes the start of
the interpreter. Linux only; ends within three minutes and the load.
"""

import argparse
import shutil
import sqlite3
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.ingest.counted import settled
from benchmarks.ingest.load import SHAPES, SPANS, Shape
from benchmarks.ingest.sender import send
from benchmarks.ingest.usage import cpu_seconds, peak_mib
from benchmarks.machine import machine
from components.processor import Processor

__all__ = ["Result", "run"]

_CHECKPOINT_SECONDS = 30.0
# A checkpoint is made at the first of the two moments.
_EARLY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Result:
    """What a crash cost.

    Attributes:
        acknowledged: Spans that were acknowledged before it.
        under_way: Spans, at most, of requests that were not answered any more.
        counted: Spans that are counted after it.
        requests: That had to be replayed.
        mib: What they take in the journal.
        received_s: Time in which they had come.
        ready_s: Time from the start until it takes more.
        settled_s: Time from the start until all is counted.
        cpu_s: CPU time until then.
        peak_mib: Most memory until then.
    """

    acknowledged: int
    under_way: int
    counted: int
    requests: int
    mib: float
    received_s: float
    ready_s: float
    settled_s: float
    cpu_s: float
    peak_mib: float

    @property
    def holds(self) -> bool:
        """Whether nothing that was acknowledged is lost, and nothing counted twice."""
        return 0 <= self.counted - self.acknowledged <= self.under_way


def run(
    directory: Path,
    *,
    seconds: float,
    checkpoint_seconds: float = _CHECKPOINT_SECONDS,
    shape: Shape = "one_model",
    connections: int = 4,
) -> Result:
    """Load a processor for so long, kill it, and start it again."""
    config = directory / "barograph.toml"
    config.write_text(f"[limits]\ncheckpoint_seconds = {checkpoint_seconds}\n")
    processor = Processor(directory, config=config)
    processor.start()
    try:
        with ThreadPoolExecutor(1) as threads:
            sent = threads.submit(send, processor.otlp_grpc, shape, seconds + 1.0, connections)
            time.sleep(seconds)
            processor.kill()
            acknowledged = int(sent.result()["spans"])
        requests, mib, received_s = _behind_checkpoint(directory / "state")
        began = time.monotonic()
        processor.start()
        ready_s = time.monotonic() - began
        counted = settled(processor, acknowledged)
        return Result(
            acknowledged=acknowledged,
            under_way=connections * SPANS,
            counted=counted,
            requests=requests,
            mib=mib,
            received_s=received_s,
            ready_s=ready_s,
            settled_s=time.monotonic() - began,
            cpu_s=cpu_seconds(processor.pid),
            peak_mib=peak_mib(processor.pid),
        )
    finally:
        processor.stop()


def _behind_checkpoint(state: Path) -> tuple[int, float, float]:
    """Return requests to be replayed, MiB of them, and the seconds in which they had come."""
    # Of a copy: to open it folds the log into the file, which is the start's to do.
    with tempfile.TemporaryDirectory() as directory:
        for file in state.glob("journal.sqlite*"):
            shutil.copy(file, directory)
        database = sqlite3.connect(Path(directory) / "journal.sqlite")
        try:
            count, size, first, last = database.execute(
                "SELECT count(*), ifnull(sum(length(payload)), 0), min(time_ns), max(time_ns)"
                " FROM record WHERE seq > (SELECT seq FROM checkpoint)"
            ).fetchone()
        finally:
            database.close()
    return count, size / 2**20, ((last or 0) - (first or 0)) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=2 * _CHECKPOINT_SECONDS - _EARLY_SECONDS)
    parser.add_argument("--checkpoint-seconds", type=float, default=_CHECKPOINT_SECONDS)
    parser.add_argument("--shape", choices=SHAPES, default="one_model")
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as directory:
        result = run(
            Path(directory),
            seconds=options.seconds,
            checkpoint_seconds=options.checkpoint_seconds,
            shape=options.shape,
            connections=options.connections,
        )
    print(
        f"{result.acknowledged:,} spans acknowledged, {result.counted:,} counted after the crash\n"
        f"{result.requests:,} requests ({result.mib:,.0f} MiB) had come in "
        f"{result.received_s:.1f} s behind the checkpoint; ready in {result.ready_s:.1f} s, all "
        f"counted in {result.settled_s:.1f} s, {result.cpu_s:.1f} s of CPU, "
        f"{result.peak_mib:.0f} MiB at most"
    )
    sys.exit(0 if result.holds else 1)


if __name__ == "__main__":
    main()
