"""What a checkpoint takes while a million wait: ``python -m benchmarks.ingest.waiting``.

Sixteen models, each with a full table of predictions that wait for their labels, of 12
inputs each, and as many spans in mind to find duplicates among. Then checkpoints are
written, and in a process of its own the last of them is read. Memory is the resident one of
the whole process: at rest, with what nobody holds given back, and at its most during each.

Bias: rows go to the state directly, so the receiver's and decoder's memory is not in it,
and the disk is that of the temporary directory. Linux only.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from barograph_processor.config import Config
from barograph_processor.journal import Journal
from barograph_processor.memory import release
from barograph_processor.observation import ModelKey, span_keys, trace_keys
from barograph_processor.pipeline import Pipeline
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.telemetry import Telemetry
from benchmarks.ingest import usage
from benchmarks.ingest.memory import resident_mib, rows
from benchmarks.machine import machine

_MODELS = 16
_ROUNDS = 3
_ROOM = 1 << 40


def _measured(what: str, work: Callable[[], object]) -> None:
    """Do some work, and print what it took above what there was before."""
    release()
    before = resident_mib()
    usage.forget_peak()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = usage.peak_mib(os.getpid())
    print(
        f"{what:12}{before:8.0f} MiB before, {peak:5.0f} at most ({peak / before:.2f} times), "
        f"{cpu:5.2f} s of CPU, {wall:5.2f} s",
        flush=True,
    )


def _opened(path: Path) -> tuple[ModelRegistry, Journal, Pipeline]:
    telemetry = Telemetry()
    registry = ModelRegistry(Config(), telemetry, clock=time.time_ns)
    journal = Journal(path, max_bytes=_ROOM, telemetry=telemetry)
    return registry, journal, Pipeline(registry, journal, telemetry)


def _restore(path: Path) -> None:
    _, journal, pipeline = _opened(path)
    _measured("restart", pipeline.start)
    release()
    print(f"{'':12}{resident_mib():8.0f} MiB at rest then")
    pipeline.close()
    journal.close()


def _fill(registry: ModelRegistry, pipeline: Pipeline, waiting: int) -> None:
    rng = np.random.default_rng(7)
    for number in range(waiting // 1000):
        batch = rows(
            ModelKey(f"model-{number % _MODELS}", "1"),
            number // _MODELS * 1000,
            rng,
            features=12,
            waiting=True,
        )
        pipeline._spans.add(span_keys(trace_keys(batch.ids), batch.ids[:, 2]))
        registry.observe(batch)
        if number % 65 == 64:
            registry.settle()
    registry.drain()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--waiting", type=int, default=1_000_000)
    parser.add_argument("--restore", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.restore:
        _restore(options.restore)
        return
    print(machine("numpy"))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "journal.sqlite"
        registry, journal, pipeline = _opened(path)
        pipeline.start()
        _measured("a million", lambda: _fill(registry, pipeline, options.waiting))
        for _ in range(_ROUNDS):
            _measured("checkpoint", pipeline.checkpoint)
        _measured("making room", lambda: _settle(registry))
        pipeline.close()
        journal.close()
        print(f"{path.stat().st_size / 2**20:.0f} MiB on disk", flush=True)
        command = [sys.executable, "-m", "benchmarks.ingest.waiting", "--restore", str(path)]
        subprocess.run(command, check=True)


def _settle(registry: ModelRegistry) -> None:
    """Take what is beyond the bound, and make room."""
    rng = np.random.default_rng(8)
    for number in range(_MODELS * 4):
        key = ModelKey(f"model-{number % _MODELS}", "1")
        registry.observe(rows(key, 70_000, rng, features=12, waiting=True))
    registry.settle()


if __name__ == "__main__":
    main()
