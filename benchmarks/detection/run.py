"""Run the detection benchmark: ``python -m benchmarks.detection.run --quick``.

Barograph and its peers, each in an environment of its own, on the same streams. Alarms,
tables and plots are written to ``results``; README.md has the benchmark's own bias first.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer
from typing import Any

from benchmarks.detection.contenders import CONTENDERS, Contender
from benchmarks.detection.findings import Findings, machine
from benchmarks.detection.flights import save_flights
from benchmarks.detection.plots import plots
from benchmarks.detection.suite import SUITES
from benchmarks.detection.table import markdown

_ROOT = Path(__file__).resolve().parents[2]
_RESULTS = Path(__file__).parent / "results"
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def jobs(contender: Contender, profile: str, *, first_seed: int, most: int) -> list[dict[str, Any]]:
    """Return a contender's jobs, seed after seed, so that a stop costs all streams alike."""
    runs = min(contender.quick if profile == "quick" else contender.runs, most)
    return [
        {"suite": profile, "stream": at, "seed": first_seed + seed}
        for seed in range(runs)
        for at in range(len(SUITES[profile]))
    ]


def answers(
    contender: Contender, asked: Iterable[dict[str, Any]], *, minutes: float
) -> Iterator[dict[str, Any]]:
    """Yield what a contender's own process answers; what is not done in time is left out."""
    with subprocess.Popen(
        [str(contender.python()), "-m", "benchmarks.detection.work", contender.name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, **_ONE_THREAD},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        end = Timer(60 * minutes, process.kill)
        end.start()
        try:
            # A worker reads all of them before it starts, so that no pipe fills up.
            with process.stdin as stdin:
                stdin.write("".join(json.dumps(job) + "\n" for job in asked))
            yield from map(json.loads, process.stdout)
        finally:
            end.cancel()


def main(arguments: list[str]) -> None:
    """Run, print the tables, and write them with the figures and plots."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few short streams, a few minutes")
    parser.add_argument("--only", nargs="*", help="contenders", default=[])
    parser.add_argument("--minutes", type=float, default=90.0, help="for each contender at most")
    parser.add_argument("--runs", type=int, default=10**6, help="of each stream at most")
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run left")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=_RESULTS)
    given = parser.parse_args(arguments)
    profile = "quick" if given.quick else "full"
    chosen = [each for each in CONTENDERS if not given.only or each.name in given.only]
    save_flights()
    answered = given.output / f"{profile}-answers.jsonl"
    if given.fresh:
        answered.unlink(missing_ok=True)
    results = Findings(machine(chosen), profile, answered)

    def work(contender: Contender) -> None:
        asked = results.missing(
            contender.name, jobs(contender, profile, first_seed=given.first_seed, most=given.runs)
        )
        for answer in answers(contender, asked, minutes=given.minutes):
            results.take(contender.name, answer)
        print(f"{contender.name}: done", file=sys.stderr, flush=True)

    # The slow ones first.
    with ThreadPoolExecutor(given.workers) as pool:
        list(pool.map(work, reversed(chosen)))
    for contender in chosen:
        for detector in results.drift_detectors(contender.name):
            for answer in answers(contender, [{"cost": detector}], minutes=given.minutes):
                results.take_cost(contender.name, answer)
    given.output.mkdir(parents=True, exist_ok=True)
    text = markdown(results)
    print(text)
    (given.output / f"{profile}.md").write_text(text, encoding="utf-8")
    (given.output / f"{profile}.json").write_text(
        json.dumps(results.document(), indent=1), encoding="utf-8"
    )
    (given.output / f"{profile}.html").write_text(plots(results), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
