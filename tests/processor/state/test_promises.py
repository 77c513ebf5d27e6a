"""Quality beside what was promised: by the scores, by an evaluation offline; and calibration."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph_processor.observation import ObservationBatch
from barograph_processor.quality.calibration import ReliabilityBin
from barograph_processor.state.calibration_findings import _nearest
from barograph_processor.state.window.baseline import Baseline
from barograph_processor.stats.column import CategoricalColumn
from tests.processor.state.rows import Bench, labels_of, rows, unlabelled

_TABLES: dict[str, Any] = {"reference": {"rows": 4000}, "window": {"rows": 1000}}


def _scored(
    n: int, *, start: int, sharper: float = 1.0, shift: float = 0.0, concept: bool = False
) -> ObservationBatch:
    """Scores of a model that is calibrated, unless they are sharpened.

    Args:
        n: Rows.
        start: The first one's number.
        sharper: Factor on the logits of the scores; the outcomes do not know it.
        shift: Added to the logits of scores and outcomes alike.
        concept: A third of the outcomes is drawn anew, whatever the score.
    """
    rng = np.random.default_rng([7, start])
    logit = rng.normal(0, 2.5, n) + shift
    true = rng.random(n) < 1 / (1 + np.exp(-logit))
    if concept:
        true = np.where(rng.random(n) < 1 / 3, rng.random(n) < 0.5, true)
    score = 1 / (1 + np.exp(-logit * sharper))
    truth = CategoricalColumn(true.astype(np.int32), ("0", "1"))
    return replace(rows(n, start=start), label=None, value=score, confidence=score, truth=truth)


def _fed(
    bench: Bench, *, windows: int, start: int, late: bool = True, **how: Any
) -> list[Mapping[str, Any]]:
    for window in range(windows):
        batch = _scored(1000, start=start + 1000 * window, **how)
        bench.registry.observe(unlabelled(batch) if late else batch)
        if late:
            bench.registry.attach(labels_of(batch))
    return [record["signals"] for record in bench.records()]


def _alarms(bench: Bench) -> set[str]:
    return {alarm.signal for alarm in bench.model.verdicts.book.open}


@pytest.mark.parametrize("late", [False, True])
class TestEstimated:
    def test_covariate_shift_is_estimated_and_leaves_no_gap(self, late: bool) -> None:
        bench = Bench.of(_TABLES)
        _fed(bench, windows=4, start=0, late=late)
        signals = _fed(bench, windows=6, start=4000, shift=2.0, late=late)[-1]
        estimated = signals["estimated"]
        assert estimated["assumption"] == "covariate_shift"
        assert estimated["rows"] == 1000
        accuracy = estimated["accuracy"]
        assert accuracy["lower"] < signals["performance"]["accuracy"]["value"] < accuracy["upper"]
        gap = signals["gap"]["estimated"]["accuracy"]
        assert gap["lower"] < 0 < gap["upper"]
        assert not [r for r in bench.model.condition.reasons if "concept" in r]

    def test_the_gap_carries_what_is_not_known_of_the_reference(self, late: bool) -> None:
        bench = Bench.of(_TABLES)
        _fed(bench, windows=5, start=0, late=late)
        quality = bench.model.quality
        gap = quality.scores.gap(quality.recent.performance)
        _, low, high = quality.recent.estimates()["accuracy"]
        assert gap is not None
        assert gap[1] is not None
        assert gap[2] is not None
        assert low is not None
        assert high is not None
        assert gap[2] - gap[1] > 1.02 * (high - low)

    def test_concept_shift_is_a_gap_a_reason_and_harm(self, late: bool) -> None:
        bench = Bench.of(_TABLES)
        _fed(bench, windows=6, start=0, late=late)
        signals = _fed(bench, windows=4, start=6000, concept=True, late=late)[-1]
        gap = signals["gap"]["estimated"]["accuracy"]
        assert gap["upper"] < 0
        assert gap["value"] == pytest.approx(-0.11, abs=0.04)
        assert [reason for reason in bench.model.condition.reasons if "concept shift" in reason]
        assert "risk" in _alarms(bench)
        again = bench.restarted().model.condition
        assert again == bench.model.condition

    def test_estimates_never_raise_anything(self, late: bool) -> None:
        """Scores alone, near one half: little is to be expected of them, and nobody is paged."""
        bench = Bench.of(_TABLES)
        _fed(bench, windows=4, start=0, late=late)
        for window in range(4, 12):
            batch = _scored(1000, start=1000 * window, sharper=0.1)
            bench.registry.observe(unlabelled(batch))
        assert bench.records()[-1]["signals"]["estimated"]["accuracy"]["value"] < 0.7
        assert not _alarms(bench) & {"risk", "calibration", "slice"}


class TestCalibration:
    def test_overconfidence_is_an_alarm_of_its_own_and_over_when_it_is(self) -> None:
        """Scores move away from one half, classes and risk stay: nothing else would tell."""
        bench = Bench.of(_TABLES)
        _fed(bench, windows=10, start=0)
        assert _alarms(bench) == set()
        signals = _fed(bench, windows=10, start=10_000, sharper=3.0)[-1]
        assert signals["calibration"]["alarm"]
        (alarm,) = [a for a in bench.model.verdicts.book.open if a.signal == "calibration"]
        assert alarm.severity == "page"
        assert alarm.since_window in range(5, 8)
        assert "scores no longer mean what they say" in alarm.sentence
        assert alarm.trace_ids
        assert bench.model.condition.state in ("degraded", "silent_degradation")
        assert "risk" not in _alarms(bench)
        bench = bench.restarted()
        signals = _fed(bench, windows=10, start=20_000)[-1]
        assert "calibration" not in _alarms(bench)
        (over,) = [a for a in bench.model.verdicts.book.resolved if a.signal == "calibration"]
        assert "It was told last: m 1: scores no longer mean" in over.sentence
        assert not signals["calibration"]["alarm"]
        assert signals["calibration"]["error"] < 0.05

    def test_harm_is_one_alarm_not_two(self) -> None:
        bench = Bench.of(_TABLES)
        _fed(bench, windows=6, start=0)
        signals = _fed(bench, windows=8, start=6000, concept=True)[-1]
        assert "risk" in _alarms(bench)
        assert "calibration" not in _alarms(bench)
        monitor = bench.model.quality.scores.monitor
        assert monitor is not None
        assert monitor.broken
        assert not signals["calibration"]["alarm"]

    def test_a_calibrated_model_is_left_alone(self) -> None:
        bench = Bench.of(_TABLES)
        signals = _fed(bench, windows=40, start=0)[-1]
        assert bench.model.verdicts.book.resolved == ()
        assert _alarms(bench) == set()
        assert signals["calibration"]["reference"] < 0.03


class TestOffline:
    def _run(self, offline: Mapping[str, float]) -> Bench:
        bench = Bench.of({**_TABLES, "models": {"m": {"baseline": {"offline": offline}}}})
        _fed(bench, windows=8, start=0)
        return bench

    def test_an_accuracy_that_never_held_is_harm(self) -> None:
        bench = self._run({"accuracy": 0.95})
        assert _alarms(bench) == {"risk"}
        assert bench.model.quality.tolerated == pytest.approx(0.06)
        (reason,) = [r for r in bench.model.condition.reasons if "offline accuracy" in r]
        assert "never held" in reason
        signals = bench.model.history[-1].signals
        assert signals["gap"]["offline"]["accuracy"]["upper"] < 0

    def test_another_figure_that_does_not_hold_is_a_reason_to_watch(self) -> None:
        bench = self._run({"auc": 0.99, "brier": 0.01, "recall": 0.1})
        assert _alarms(bench) == set()
        assert bench.model.condition.state == "watch"
        assert {"auc" in r or "brier" in r for r in bench.model.condition.reasons} == {True}
        assert len(bench.model.condition.reasons) == 2

    def test_a_figure_that_holds_is_none(self) -> None:
        bench = self._run({"accuracy": 0.83})
        assert _alarms(bench) == set()
        assert bench.model.condition.reasons == ()


def test_gauges_carry_all_of_it() -> None:
    tables = {**_TABLES, "models": {"m": {"baseline": {"offline": {"accuracy": 0.9}}}}}
    bench = Bench.of(tables)
    _fed(bench, windows=8, start=0)
    found = {
        (
            s.metric.removeprefix("barograph."),
            s.attributes.get("metric"),
            s.attributes.get("against"),
        )
        for s in bench.registry.signals()
    }
    for bound in ("", ".lower", ".upper"):
        assert (f"performance.realized{bound}", "auc", None) in found
        assert (f"performance.estimated{bound}", "accuracy", None) in found
        assert (f"performance.gap{bound}", "accuracy", "estimated") in found
        assert (f"performance.gap{bound}", "accuracy", "offline") in found
    assert ("calibration.error", None, None) in found


def test_a_baseline_file_carries_what_scores_meant() -> None:

    bench = Bench.of(_TABLES)
    _fed(bench, windows=6, start=0)
    learnt = bench.model.reference
    assert learnt is not None
    again = Bench.of(_TABLES, baselines={"m": Baseline.from_json(learnt.to_json())})
    signals = _fed(again, windows=4, start=6000)[-1]
    assert signals["estimated"]["accuracy"]["value"] == pytest.approx(0.83, abs=0.05)
    assert again.model.quality.scores.monitor is not None


def test_a_score_that_the_reference_did_not_hold_is_held_against_none_of_it() -> None:
    """What tens of percent came to says nothing of a score of a few percent."""
    reference = [ReliabilityBin(score, score, 0.0, 1.0, 100.0) for score in (0.1, 0.4)]
    assert _nearest(reference, replace(reference[0], score=0.027)) is None
    assert _nearest(reference, replace(reference[0], score=0.42)) is reference[1]
    assert _nearest([], reference[0]) is None
