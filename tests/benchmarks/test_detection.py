"""The detection benchmark measures what its tables say."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.detection.alarm import Alarm
from benchmarks.detection.findings import Findings
from benchmarks.detection.labelled import LabelledStream, make_labelled_run
from benchmarks.detection.measure import measure
from benchmarks.detection.streams import ONSET, Stream, make_run
from benchmarks.detection.table import markdown
from benchmarks.detection.work import fingerprint

QUIET = Stream("quiet", windows=100)
STEP = Stream("step", windows=100, drift=lambda _: 1.0)


def alarm(window: int, feature: str = "f1", state: str = "open") -> Alarm:
    return Alarm(window, feature, state, window)


def test_one_alarm_a_window_and_feature_counts() -> None:
    found = measure(QUIET, [[alarm(3), alarm(3), alarm(3, "f2"), alarm(9)], []])
    assert (found.false_alarms, found.runs_with_false, found.runs) == (1.5, 1, 2)


def test_the_run_length_counts_the_windows_of_quiet_runs_too() -> None:
    """Geometric times cut off at 100: windows watched over alarms that ended a run."""
    assert measure(QUIET, [[alarm(9)], []]).run_length == (10 + 100) / 1
    assert measure(QUIET, [[], []]).run_length is None
    assert measure(QUIET, [[], []]).windows == 200


def test_delay_begins_with_the_first_drifted_window() -> None:
    run = [alarm(ONSET - 1, "f0"), alarm(ONSET + 4, "f0"), alarm(ONSET, "c8"), alarm(ONSET, "f1")]
    found = measure(STEP, [run])
    assert (found.found, found.of) == (2, 3)
    assert found.delay == 5  # of 1, 5 and never
    assert found.false_alarms == 2  # f0 before it drifted, and f1, which never does


def test_a_drift_that_most_runs_miss_has_no_delay() -> None:
    assert measure(STEP, [[], []]).delay is None


@pytest.mark.parametrize(
    ("stream", "least", "most"),
    [
        (LabelledStream("same"), -0.01, 0.01),
        (LabelledStream("concept", concept=0.3), 0.04, 0.08),
        (LabelledStream("slice", flipped=0.35), 0.01, 0.03),
        (LabelledStream("overconfident", overconfidence=1.6), -0.01, 0.01),
    ],
)
def test_answers_get_worse_by_as_much_as_is_said(
    stream: LabelledStream, least: float, most: float
) -> None:
    run = make_labelled_run(stream, 1)
    assert run.outcome is not None
    wrong = run.outcome.predicted != run.outcome.label
    after = run.window >= run.reference + ONSET
    assert least < wrong[after].mean() - wrong[~after].mean() < most
    before = run.outcome.score[~after].mean() - run.outcome.label[~after].mean()
    assert abs(before) < 0.01


def test_answers_are_kept_for_a_run_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    jobs = [{"suite": "quick", "stream": at, "seed": 1} for at in (0, 1)]
    answer: dict[str, Any] = {
        **jobs[0],
        "detector": "d",
        "seconds": 1.0,
        "fingerprint": 0.5,
        "alarms": [],
    }
    Findings({}, "quick", file).take("scipy", answer)
    again = Findings({}, "quick", file)
    assert again.missing("scipy", jobs) == jobs[1:]
    assert again.missing("river", jobs) == jobs
    assert "| iid | d | 1 | 0.00 | 0/1 | > 60 |" in markdown(again)


def test_contenders_that_saw_other_rows_are_not_compared(tmp_path: Path) -> None:
    results = Findings({}, "quick", tmp_path / "answers.jsonl")
    answer: dict[str, Any] = {
        "suite": "quick",
        "stream": 0,
        "seed": 1,
        "seconds": 1.0,
        "alarms": [],
    }
    results.take("scipy", {**answer, "detector": "a", "fingerprint": 0.5})
    results.take("river", {**answer, "detector": "b", "fingerprint": 0.6})
    with pytest.raises(ValueError, match="b saw other rows"):
        results.measured()


def test_rows_with_gaps_are_told_apart_as_well() -> None:
    run = make_run(Stream("", windows=5), 1)
    other = make_run(Stream("", windows=5), 2)
    gap = {"f0": np.where(np.arange(len(run.columns["f0"])) % 3, run.columns["f0"], np.nan)}
    gappy = replace(run, columns={**run.columns, **gap})
    gappy_too = replace(other, columns={**other.columns, "f0": gap["f0"]})
    assert fingerprint(gappy) == fingerprint(replace(gappy, columns=dict(gappy.columns)))
    assert len({fingerprint(each) for each in (run, gappy, gappy_too)}) == 3


def test_a_cost_that_could_not_be_measured_is_told_and_not_tabulated(tmp_path: Path) -> None:
    results = Findings({}, "quick", tmp_path / "answers.jsonl")
    results.take_cost("river", {"cost": "river ADWIN", "failed": "MemoryError()"})
    results.take_cost(
        "river", {"detector": "river PageHinkley", "cpu_seconds": 0.9, "peak_extra_mib": 3.0}
    )
    text = markdown(results)
    assert "- river, cost of river ADWIN: MemoryError()" in text
    assert "| river PageHinkley | 0.90 | 3 |" in text
