"""Run the detection benchmark: ``python -m benchmarks.detection.run --runs 20``.

The benchmark's own bias, first: the streams were made by the people who made the detector,
its constants were chosen while looking at streams of these kinds (with other seeds), and
peers run with their defaults, since that is what their users run. Drift is the same shift
of a latent normal everywhere; all features of a stream share what happens to its windows.
Every figure is of this process on this machine; times are comparable within one run only.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.measure import HEAD, Measured, line, measure
from benchmarks.detection.ours import detect
from benchmarks.detection.peers_scipy import p_values, threshold_alarms
from benchmarks.detection.streams import make_run
from benchmarks.detection.suite import SUITE

RESULTS = Path(__file__).parent / "results"
Found = dict[str, list[Alarm]]


def one_run(job: tuple[int, int, bool]) -> tuple[Found, dict[str, float]]:
    """Run all detectors on one run of one stream; returns their alarms and seconds."""
    at, seed, peers = job
    stream = SUITE[at]
    run = make_run(stream, seed)
    found, seconds = {}, {}
    start = time.perf_counter()
    found["barograph"] = detect(run, season=stream.season_declared)
    seconds["barograph"] = time.perf_counter() - start
    if peers:
        start = time.perf_counter()
        p = p_values(run)
        seconds["scipy"] = time.perf_counter() - start
        for alpha in (0.05, 1e-5):
            found[f"KS/chi2 p<{alpha:g}"] = threshold_alarms(p, alpha)
    return found, seconds


def rows(
    runs: int, first: int, only: str, *, peers: bool, workers: int
) -> Iterator[tuple[str, str, Measured, dict[str, float]]]:
    """Yield stream, detector, figures and mean seconds a run, stream after stream."""
    with ProcessPoolExecutor(workers) as pool:
        for at, stream in enumerate(SUITE):
            if only not in stream.name:
                continue
            jobs = [(at, first + seed, peers) for seed in range(runs)]
            results = list(pool.map(one_run, jobs, chunksize=2))
            for name in results[0][0]:
                figures = measure(stream, [found[name] for found, _ in results])
                seconds = {k: sum(s[k] for _, s in results) / runs for k in results[0][1]}
                yield stream.name, name, figures, seconds


def main(arguments: list[str]) -> None:
    """Parse the command line, run, print the table and write it with the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--only", default="", help="streams whose name contains this")
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    given = parser.parse_args(arguments)
    versions = {name: version(name) for name in ("numpy", "scipy")}
    head = [
        (
            f"{given.runs} runs a stream from seed {given.first_seed}; Python "
            f"{platform.python_version()}, {versions}, {platform.machine()}."
        ),
        "",
        *HEAD,
    ]
    report: Callable[[str], None] = lambda text: print(text, flush=True)  # noqa: E731 - one place
    lines, records = list(head), []
    report("\n".join([str(__doc__), *head]))
    for stream, detector, figures, seconds in rows(
        given.runs, given.first_seed, given.only, peers=not given.no_peers, workers=given.workers
    ):
        lines.append(line(stream, detector, figures))
        records.append(
            {"stream": stream, "detector": detector, "seconds": seconds, **asdict(figures)}
        )
        report(lines[-1])
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "detection.md").write_text(
        "\n".join([str(__doc__), *lines]) + "\n", encoding="utf-8"
    )
    (given.output / "detection.json").write_text(
        json.dumps({"versions": versions, "rows": records}, indent=1), encoding="utf-8"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
