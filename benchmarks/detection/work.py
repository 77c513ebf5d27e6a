"""Run one contender in its own interpreter: jobs come on stdin, findings go to stdout.

Started by `run.py` with the contender's environment; ``python -m benchmarks.detection.work
river`` reads one JSON job a line:

    {"suite": "full", "stream": 3, "seed": 1000}     answers with alarms and seconds
    {"cost": "river ADWIN"}                          answers with seconds and memory
"""

import json
import sys
import time
import traceback
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.detection.detector import Detector
from benchmarks.detection.labelled import LabelledStream
from benchmarks.detection.streams import Run, Stream, make_run
from benchmarks.detection.suite import SUITES, AnyStream, draw

__all__ = ["fingerprint", "main"]


def _detectors(contender: str, stream: AnyStream) -> dict[str, Detector]:
    module = import_module(f"benchmarks.detection.peers.{contender}")
    found: dict[str, Detector]
    if isinstance(stream, LabelledStream):
        found = module.quality()
    elif contender == "barograph":
        found = module.drift(stream.season_declared)
    else:
        found = module.drift()
    return found


def fingerprint(run: Run) -> float:
    """Return a figure that differs if another numpy drew another run."""
    # Of real rows some lack a value, and no two NaN are equal.
    return round(float(sum(np.nanmean(values[:5000]) for values in run.columns.values())), 6)


def _found(contender: str, job: dict[str, Any]) -> list[dict[str, Any]]:
    stream = SUITES[job["suite"]][job["stream"]]
    run = draw(stream, job["seed"])
    answers = []
    for name, detect in _detectors(contender, stream).items():
        start = time.process_time()
        alarms = detect(run)
        answers.append(
            {
                **job,
                "detector": name,
                "seconds": time.process_time() - start,
                "fingerprint": fingerprint(run),
                "alarms": [[a.window, a.feature, a.state, a.since] for a in alarms],
            }
        )
    return answers


def _memory(field: str) -> float:
    """Return a field of this process's memory in MiB (Linux)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise LookupError(field)


def _cost(contender: str, name: str) -> dict[str, Any]:
    """Measure 100,000 independent rows of ten features after a reference of 10,000."""
    stream = Stream("cost", windows=100)
    detect = _detectors(contender, stream)[name]
    detect(make_run(Stream("warm", windows=2), 0))
    run = make_run(stream, 1)
    # Forget the peak of what was done so far.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _memory("VmRSS")
    cpu, wall = time.process_time(), time.perf_counter()
    detect(run)
    return {
        "detector": name,
        "cpu_seconds": time.process_time() - cpu,
        "seconds": time.perf_counter() - wall,
        "base_mib": before,
        "peak_extra_mib": max(_memory("VmHWM") - before, 0.0),
    }


def main(arguments: list[str]) -> None:
    """Answer every job."""
    (contender,) = arguments
    warnings.simplefilter("ignore")
    answers_to = sys.stdout
    # Some peers print.
    sys.stdout = sys.stderr
    for text in sys.stdin.readlines():
        job = json.loads(text)
        try:
            answers = [_cost(contender, job["cost"])] if "cost" in job else _found(contender, job)
        except Exception as error:  # noqa: BLE001 - a peer's failure is a finding
            traceback.print_exc()
            answers = [{**job, "failed": repr(error)[:200]}]
        for answer in answers:
            answers_to.write(json.dumps(answer) + "\n")
            answers_to.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
