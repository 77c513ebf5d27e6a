"""Run one peer on the benchmark's streams: ``python -m benchmarks.detection.peers river``.

Each peer is installed in an environment of its own, with nothing of Barograph in it:

    python3 -m venv v && v/bin/pip install river     # or frouros, evidently, nannyml
    v/bin/python -m benchmarks.detection.peers river --runs 3

All run with the defaults that their documentation shows first, window by window or row by
row as they are made for. A detector that alarms in every window counts every one of them.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.measure import HEAD, line, measure
from benchmarks.detection.streams import CATEGORICAL, FEATURES, Run, make_run
from benchmarks.detection.suite import SUITE

Detector = Callable[[Run], list[Alarm]]


def _by_row(make: Callable[[], Any]) -> Detector:
    """Feed every value of a feature to a streaming detector, the reference first."""

    def detect(run: Run) -> list[Alarm]:
        alarms = []
        for name in FEATURES:
            detector = make()
            for value, window in zip(run.columns[name].tolist(), run.window.tolist(), strict=True):
                detector.update(value)
                if detector.drift_detected and window >= run.reference:
                    live = window - run.reference
                    alarms.append(Alarm(live, name, "open", live))
        return alarms

    return detect


def river() -> dict[str, Detector]:
    """ADWIN and Page-Hinkley."""
    drift = import_module("river.drift")
    return {
        "river ADWIN": _by_row(drift.ADWIN),
        "river PageHinkley": _by_row(drift.PageHinkley),
    }


def frouros() -> dict[str, Detector]:
    """The batch KS and chi-square tests at p < 0.05."""
    batch = import_module("frouros.detectors.data_drift")

    def detect(run: Run) -> list[Alarm]:
        alarms = []
        for name in FEATURES:
            test = batch.ChiSquareTest() if name in CATEGORICAL else batch.KSTest()
            test.fit(X=run.columns[name][run.reference_rows])
            for live in range(run.windows - run.reference):
                rows = run.rows(run.reference + live)
                if rows.stop - rows.start < 2:
                    continue
                result, _ = test.compare(X=run.columns[name][rows])
                if result.p_value < 0.05:
                    alarms.append(Alarm(live, name, "open", live))
        return alarms

    return {"frouros KS/chi2": detect}


def _frame(run: Run, rows: slice) -> Any:
    pandas = import_module("pandas")
    frame = pandas.DataFrame({name: run.columns[name][rows] for name in FEATURES})
    return frame.astype(dict.fromkeys(CATEGORICAL, "str"))


def evidently() -> dict[str, Detector]:
    """The data drift preset, a report a window."""
    package, presets = import_module("evidently"), import_module("evidently.presets")

    def detect(run: Run) -> list[Alarm]:
        alarms = []
        reference = _frame(run, run.reference_rows)
        for live in range(run.windows - run.reference):
            rows = run.rows(run.reference + live)
            if rows.stop - rows.start < 2:
                continue
            report = package.Report([presets.DataDriftPreset()], include_tests=True)
            done = report.run(_frame(run, rows), reference).dict()
            for test in done["tests"]:
                column = test.get("metric_config", {}).get("params", {}).get("column")
                if column in FEATURES and test["status"] == "FAIL":
                    alarms.append(Alarm(live, column, "open", live))
        return alarms

    return {"evidently preset": detect}


def nannyml() -> dict[str, Detector]:
    """Univariate drift with its default methods, a chunk a window."""
    package = import_module("nannyml")

    def detect(run: Run) -> list[Alarm]:
        rows = len(run.window) // (run.windows)
        calculator = package.UnivariateDriftCalculator(
            column_names=list(FEATURES),
            treat_as_categorical=list(CATEGORICAL),
            continuous_methods=["jensen_shannon"],
            categorical_methods=["jensen_shannon"],
            chunk_size=rows,
        )
        calculator.fit(_frame(run, run.reference_rows))
        live = slice(run.reference_rows.stop, len(run.window))
        found = calculator.calculate(_frame(run, live)).to_df()
        alarms = []
        for name in FEATURES:
            flags = found[(name, "jensen_shannon", "alert")].to_numpy()
            alarms += [Alarm(w, name, "open", w) for w in np.flatnonzero(flags).tolist()]
        return alarms

    return {"nannyml univariate": detect}


PEERS: dict[str, Callable[[], dict[str, Detector]]] = {
    "river": river,
    "frouros": frouros,
    "evidently": evidently,
    "nannyml": nannyml,
}


def lines(peer: str, runs: int, first: int, only: str) -> Iterator[str]:
    """Yield the lines of the table, stream after stream."""
    detectors = PEERS[peer]()
    for stream in SUITE:
        if only not in stream.name or stream.rows is None:
            continue
        drawn = [make_run(stream, first + seed) for seed in range(runs)]
        for name, detect in detectors.items():
            start = time.perf_counter()
            figures = measure(stream, [detect(run) for run in drawn])
            rows = sum(len(run.window) for run in drawn)
            seconds = (time.perf_counter() - start) / rows * 1e5
            yield line(stream.name, f"{name}, {seconds:.1f} s per 100,000 rows", figures)


def main(arguments: list[str]) -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=sorted(PEERS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=1000)
    parser.add_argument("--only", default="")
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    print(f"{given.peer} {version(given.peer)}, {given.runs} runs a stream", *HEAD, sep="\n")
    for text in lines(given.peer, given.runs, given.first_seed, given.only):
        print(text, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
