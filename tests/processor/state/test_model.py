"""A model's reference, windows and alarms: the same rows give the same figures."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from barograph_processor.catalog import metric
from barograph_processor.config import Config
from barograph_processor.exceptions import ConfigurationError, StateError
from barograph_processor.observation import ModelKey, ObservationBatch
from barograph_processor.state.registry import ModelRegistry
from barograph_processor.stats.column import CategoricalColumn, NumericColumn
from tests.processor.state.rows import (
    KEY,
    SECOND,
    START,
    Bench,
    close_to,
    joined,
    labels_of,
    pieces,
    plain,
    rows,
    snapshot,
    unlabelled,
)

_SMALL: dict[str, Any] = {
    "reference": {"rows": 2000},
    "window": {"rows": 200},
    "alarm": {"windows_between_false_alarms": 200},
}


def _harmful() -> ObservationBatch:
    """2,000 rows of reference, 2,000 good ones, 1,500 drifted and mostly wrong, 1,200 good,
    and 1,200 that are wrong in one region alone."""
    last = rows(1200, start=6700)
    assert last.label is not None
    region = last.slices["region"].codes == 2
    last.label.codes[region] = 1 - last.label.codes[region]
    return joined(
        rows(4000), rows(1500, start=4000, shift=0.5, wrong=0.5), rows(1200, start=5500), last
    )


def _fed(batches: Sequence[ObservationBatch], tables: dict[str, Any]) -> list[Any]:
    bench = Bench.of(tables)
    for batch in batches:
        bench.registry.observe(batch)
    bench.registry.flush()
    return plain(bench.registry.drain())


class TestReference:
    def test_rows_count_in_order_of_arrival(self) -> None:
        """Exactly the first N rows, whatever their times; the next begins window 0."""
        bench = Bench.of(_SMALL)
        shuffled = rows(2400, seconds=np.random.default_rng(0).permutation(2400).astype(float))
        bench.registry.observe(shuffled.take(np.arange(1999)))
        assert bench.learning
        bench.registry.observe(shuffled.take(np.arange(1999, 2400)))
        assert bench.model.reference is not None
        assert bench.model.reference.rows == 2000
        assert [record["window"] for record in bench.records()] == [0, 1]
        assert bench.model.reference.end_ns == shuffled.event_time[:2000].max()

    def test_one_batch_may_hold_the_reference_and_windows(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(2450))
        assert [(r["window"], r["rows"]) for r in bench.records()] == [(0, 200), (1, 200)]

    def test_until_is_exclusive(self) -> None:
        """The row at that very time is the first after the reference."""
        bench = Bench.of({**_SMALL, "reference": {"until": START + 1500}})
        bench.registry.observe(rows(1700))
        assert bench.model.reference is not None
        assert bench.model.reference.rows == 1500
        assert [r["start_ns"] for r in bench.records()] == [(START + 1500) * SECOND]

    def test_reference_until_a_time_needs_rows_before_it(self) -> None:
        """Without any the model stays blind, and says that it learns."""
        bench = Bench.of({**_SMALL, "reference": {"until": START - 1}})
        bench.registry.observe(rows(500))
        assert bench.learning
        assert bench.model.condition.state == "blind"
        early = rows(300, seconds=np.linspace(-3000.0, -2.0, 300))
        bench.registry.observe(early)
        bench.registry.observe(rows(300, start=1000))
        assert bench.model.reference is not None
        assert bench.model.reference.rows > 0

    def test_failed_calls_do_not_use_it_up(self) -> None:
        """A model that fails at first is watched once it works; errors are learnt all the same."""
        bench = Bench.of(_SMALL)
        batch = rows(2500)
        bench.registry.observe(replace(batch, failed=np.ones(2500, dtype=np.bool_)))
        assert bench.learning
        bench.registry.observe(rows(2600, start=2500))
        assert bench.model.reference is not None
        assert bench.model.reference.rows == 2000
        assert bench.model.reference.operations.error_rate == pytest.approx(2500 / 4500)
        assert bench.model.counters.windows == 3

    def test_progress_is_told_while_it_is_learnt(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(700))
        assert bench.model.condition.state == "blind"
        assert "700 of 2,000 rows" in bench.model.condition.reasons[0]
        assert bench.model.condition_since_ns == START * SECOND

    def test_season_it_cannot_support_is_a_warning_or_an_error(self) -> None:
        """A warning for the service, which goes on without; an error where it is strict."""
        tables = {**_SMALL, "reference": {"rows": 2000, "season": "day_of_week"}}
        bench = Bench.of(tables)
        bench.registry.observe(rows(2400))
        assert any("day_of_week" in warning for warning in bench.model.warnings)
        assert bench.model.counters.windows == 2
        assert bench.restarted().model.warnings == bench.model.warnings
        with pytest.raises(ConfigurationError, match="season"):
            Bench.of(tables, strict=True).registry.observe(rows(2400))

    def test_late_rows_do_not_belong(self) -> None:
        """And which labels belong to the reference does not shift by them."""
        bench = Bench.of({**_SMALL, "window": {"rows": 200, "lateness": 60}})
        seconds = np.arange(2100.0)
        seconds[500:600] = 0.0
        batch = unlabelled(rows(2100, seconds=seconds))
        bench.registry.observe(batch)
        assert bench.model.counters.late == 100
        assert bench.model.reference is not None
        slots = bench.model.pending.find(batch.prediction_ids)
        assert bench.model.pending.column("reference", slots).all()


class TestWrongClocks:
    def test_predictions_behind_one_from_the_future_are_blindness(self) -> None:
        """Until one is punctual again, or event time steps back; also after a restart."""
        bench = Bench.of({**_SMALL, "window": {"rows": 200}})
        bench.registry.observe(unlabelled(rows(2400)))
        before = bench.model.standing.condition.reasons
        bench.registry.observe(unlabelled(rows(1, start=2400, seconds=np.array([1e6]))))
        bench.registry.observe(unlabelled(rows(99, start=2401)))
        assert bench.model.standing.condition.reasons == before
        bench.registry.observe(unlabelled(rows(200, start=2500)))
        bench = bench.restarted()
        condition = bench.model.standing.condition
        assert condition.state == "blind"
        assert condition.reasons[0].startswith("predictions are in no window: one came of ")
        bench.registry.observe(unlabelled(rows(200, start=2700)))
        assert bench.model.standing.condition == condition
        bench.registry.observe(unlabelled(rows(1, start=2900, seconds=np.array([1e6 + 1]))))
        assert bench.model.standing.condition.reasons == before

    def test_one_of_two_clocks_that_is_ahead_is_a_warning(self) -> None:
        bench = Bench.of({**_SMALL, "window": {"rows": 200}})
        seconds = np.arange(4000.0)
        seconds[::2] += 7200
        bench.registry.observe(unlabelled(rows(4000, seconds=seconds)))
        assert bench.model.standing.condition.state == "blind"
        assert any("50% of its predictions came too late" in w for w in bench.model.warnings)


class TestChunks:
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(sizes=st.lists(st.integers(30, 1700), min_size=1, max_size=6))
    @pytest.mark.parametrize(
        "window", [{"rows": 200}, {"seconds": 250, "lateness": 60}, {"rows": 150, "seconds": 400}]
    )
    def test_any_chunking_gives_the_same_windows_and_alarms(
        self, window: dict[str, Any], sizes: list[int]
    ) -> None:
        tables = {**_SMALL, "window": window}
        batch = _harmful()
        jitter = np.random.default_rng(5).integers(-40, 40, len(batch))
        batch = replace(batch, event_time=batch.event_time + jitter * SECOND)
        expected = _fed([batch], tables)
        assert any("alarm" in event for event in expected)
        assert close_to(_fed(pieces(batch, sizes), tables), expected)

    def test_row_by_row(self) -> None:
        """Single rows, the smallest batches there are."""
        tables = {**_SMALL, "reference": {"rows": 400}, "window": {"rows": 100}}
        batch = rows(800)
        expected = _fed([batch], tables)
        assert len(expected) >= 4
        assert close_to(_fed(pieces(batch, [1]), tables), expected)

    def test_empty_batch_changes_nothing(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(2100))
        before = snapshot(bench.registry)
        bench.registry.observe(rows(2100).take(np.zeros(0, dtype=np.intp)))
        assert snapshot(bench.registry) == before


class TestRestart:
    @pytest.mark.parametrize("cut", [1, 450, 1999, 2000, 2050, 3000, 4100, 4900, 6400])
    @pytest.mark.parametrize("late", [False, True])
    def test_continuing_from_a_snapshot_equals_never_stopping(self, cut: int, late: bool) -> None:
        """At any point: in the reference, in a window, under an alarm, with labels on their way.
        State, records and alarms are equal to the byte."""
        whole = _harmful()
        batches = pieces(whole, [cut, 97, 200])

        def feed(bench: Bench, some: Sequence[ObservationBatch]) -> list[Any]:
            for batch in some:
                bench.registry.observe(unlabelled(batch) if late else batch)
                if late:
                    bench.registry.attach(labels_of(batch))
            return plain(bench.registry.drain())

        steady = Bench.of(_SMALL)
        told = [feed(steady, batches[:1]), feed(steady, batches[1:])]
        first = Bench.of(_SMALL)
        told_before = feed(first, batches[:1])
        second = first.restarted()
        assert snapshot(second.registry) == snapshot(first.registry)
        told_after = feed(second, batches[1:])
        assert [told_before, told_after] == told
        assert any("alarm" in event for part in told for event in part)
        assert snapshot(second.registry) == snapshot(steady.registry)

    def test_what_was_not_drained_is_still_there(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(_harmful())
        other = bench.restarted()
        told = plain(bench.registry.drain())
        assert len(told) > 20
        assert plain(other.registry.drain()) == told

    def test_start_times_are_restored(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(10))
        starts = {s.start_ns for s in bench.restarted().registry.signals() if s.start_ns}
        assert starts == {7}

    @pytest.mark.parametrize(
        "trees", [[], [1], [{}], [{"early": [], "relations": {}}, {"name": 1}]]
    )
    def test_unreadable_snapshot_is_a_state_error(self, trees: list[Any]) -> None:
        with pytest.raises(StateError):
            Bench.of().registry.restore(iter(trees))


class TestTask:
    @pytest.mark.parametrize(
        ("tables", "counted"), [({}, 30), ({"models": {"m": {"task": "regression"}}}, 0)]
    )
    def test_the_first_stays_and_another_is_counted(
        self, tables: dict[str, Any], counted: int
    ) -> None:
        """Unless the configuration says which it is: then nobody has to be told."""
        bench = Bench.of(_SMALL | tables)
        bench.registry.observe(replace(rows(10), task=None))
        bench.registry.observe(rows(20, start=10))
        bench = bench.restarted()
        bench.registry.observe(replace(rows(30, start=30), task="multiclass"))
        bench.registry.observe(replace(rows(10, start=60), task=None))
        assert bench.model.judge.task == ("regression" if tables else "binary")
        assert bench.counted("barograph.monitor.warnings", reason="another_task") == counted


class TestFeatures:
    def test_nan_inf_and_nothing_are_values_like_others(self) -> None:
        """They are counted as missing or out of range, and stop nothing."""
        bench = Bench.of(_SMALL)
        batch = rows(3000)
        values = batch.inputs["a"]
        assert isinstance(values, NumericColumn)
        values.values[::7] = np.nan
        values.values[3::50] = np.inf
        words = batch.inputs["c"]
        assert isinstance(words, CategoricalColumn)
        words.codes[::5] = -1
        bench.registry.observe(batch)
        figures = bench.records()[-1]["signals"]["input.drift"]
        assert figures["a"]["missing"] == pytest.approx(1 / 7, abs=0.02)
        assert figures["c"]["missing"] == pytest.approx(1 / 5, abs=0.02)

    def test_feature_that_vanishes_is_missing_and_raises_an_alarm(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(2400))
        gone = rows(1600, start=2400)
        bench.registry.observe(replace(gone, inputs={"c": gone.inputs["c"]}))
        told = plain(bench.registry.drain())
        alarms = [event["alarm"]["feature"] for event in told if "alarm" in event]
        assert "a" in alarms
        assert told[-1]["signals"]["input.drift"]["a"]["missing"] == 1.0

    def test_feature_that_appears_later_is_not_watched(self) -> None:
        """It has no reference: a warning says so, and the others are watched on."""
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(2400))
        more = rows(400, start=2400)
        new = {**more.inputs, "new": NumericColumn(np.arange(400.0))}
        bench.registry.observe(replace(more, inputs=new))
        assert set(bench.records()[-1]["signals"]["input.drift"]) == {"a", "c"}
        assert "'new'" in bench.model.warnings[-1]
        assert bench.restarted().model.warnings == bench.model.warnings

    def test_feature_that_changes_type_is_not_silently_well(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(2400))
        more = rows(1600, start=2400)
        names = CategoricalColumn.of(["oops"] * 1600)
        bench.registry.observe(replace(more, inputs={**more.inputs, "a": names}))
        told = plain(bench.registry.drain())
        assert "a" in [event["alarm"]["feature"] for event in told if "alarm" in event]

    def test_feature_of_two_types_in_the_reference_is_what_it_is_most(self) -> None:
        bench = Bench.of(_SMALL)
        batch = rows(2000)
        names = replace(batch, inputs={**batch.inputs, "a": CategoricalColumn.of(["o"] * 2000)})
        bench.registry.observe(batch.take(np.arange(600)))
        bench = bench.restarted()
        bench.registry.observe(names.take(np.arange(600, 1200)))
        bench = bench.restarted()
        bench.registry.observe(batch.take(np.arange(1200, 2000)))
        bench.registry.observe(rows(200, start=2000))
        assert bench.records()[-1]["signals"]["input.drift"]["a"]["missing"] == 0.0

    def test_too_many_features_are_left_out_and_counted(self) -> None:
        bench = Bench.of({**_SMALL, "limits": {"features": 1}})
        bench.registry.observe(rows(2200))
        assert set(bench.records()[-1]["signals"]["input.drift"]) == {"a"}
        assert bench.counted("barograph.monitor.evicted", what="features") > 0

    def test_models_beyond_the_limit_are_dropped_and_counted(self) -> None:
        bench = Bench.of({"limits": {"models": 1}})
        bench.registry.observe(rows(10))
        bench.registry.observe(rows(20, model=ModelKey("m", "2")))
        assert set(bench.registry.models) == {KEY}
        assert bench.counted("barograph.monitor.evicted", what="models") == 20

    def test_event_times_decades_away(self) -> None:
        """History of 1970 and a far future are accepted, and written in figures."""
        bench = Bench.of({"reference": {"rows": 200}, "window": {"rows": 100}})
        times = np.concatenate([np.linspace(-START, -START + 3600, 300), [4e9 - START] * 100])
        bench.registry.observe(rows(400, seconds=times))
        assert [record["rows"] for record in bench.records()] == [100, 100]
        assert bench.model.counters.late == 0

    def test_row_from_the_far_future_is_survived(self) -> None:
        """Those after it are late for a while, counted, and then watched again."""
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(2400))
        bench.registry.observe(rows(1, start=2400, seconds=np.array([2e9])))
        bench.registry.observe(rows(10_600, start=2401))
        assert bench.model.counters.late == 10_000
        assert bench.model.counters.windows == 5
        warned = bench.counted("barograph.monitor.warnings", reason="event_time_stepped_back")
        assert warned == 1
        assert snapshot(bench.restarted().registry) == snapshot(bench.registry)


class TestOperations:
    def test_bounds_are_learnt_by_window(self) -> None:
        """Traffic is bounded by the rates of the reference's windows, not of its batches."""
        bench = Bench.of(_SMALL)
        gaps = np.where(np.arange(2000) < 1000, 1.0, 0.1)
        bench.registry.observe(rows(2000, seconds=np.cumsum(gaps)))
        assert bench.model.reference is not None
        traffic = bench.model.reference.operations.traffic
        assert traffic == pytest.approx((1.0, 10.0), rel=0.01)

    def test_rows_of_one_call_share_its_latency(self) -> None:
        """NaN in all but the first row: calls are counted, not rows."""
        bench = Bench.of(_SMALL)
        latency = np.full(2400, np.nan)
        latency[::100] = 0.5
        bench.registry.observe(replace(rows(2400), latency=latency))
        histograms = {
            s.metric: s.value for s in bench.registry.signals() if s.metric == "barograph.latency"
        }
        assert histograms["barograph.latency"].count == 24  # type: ignore[union-attr] # a histogram
        assert bench.records()[-1]["signals"]["latency"]["p95_s"] == pytest.approx(0.5, rel=0.1)

    @pytest.mark.parametrize(
        ("latency", "state"), [(0.01, "silent_degradation"), (0.5, "degraded")]
    )
    def test_harm_is_silent_only_while_operations_are_normal(
        self, latency: float, state: str
    ) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(4000))
        bad = rows(1500, start=4000, wrong=0.6)
        bench.registry.observe(replace(bad, latency=np.full(1500, latency)))
        assert bench.model.condition.state == state

    def test_objectives_outrank_what_was_learnt(self) -> None:
        tables = {**_SMALL, "operations": {"latency_p95_s": 0.001}}
        bench = Bench.of(tables)
        bench.registry.observe(rows(2400))
        assert bench.model.operations["latency"] == "high"
        assert bench.model.condition.state == "watch"

    def test_failed_calls_are_errors_and_no_predictions(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(2200))
        failing = rows(200, start=2200)
        bench.registry.observe(replace(failing, failed=np.arange(200) < 60))
        record = bench.records()[-1]
        assert record["rows"] == 200
        assert record["signals"]["errors"] == {"rate": 0.3, "count": 60}
        assert record["signals"]["performance"]["labels"] == 140
        assert bench.model.operations["errors"] == "high"

    def test_window_in_which_all_failed_is_a_window(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(2200))
        failing = rows(200, start=2200)
        bench.registry.observe(replace(failing, failed=np.ones(200, dtype=np.bool_)))
        bench.registry.observe(rows(200, start=2400))
        assert [r["window"] for r in bench.records()] == [0, 1, 2]
        assert snapshot(bench.restarted().registry) == snapshot(bench.registry)


class TestAlarms:
    def test_raised_once_latched_and_resolved(self) -> None:
        """One alarm for one stretch of harm, dated within it, and over when it is over."""
        told = _fed([_harmful().take(np.arange(6700))], _SMALL)
        risk = [event for event in told if "alarm" in event and event["alarm"]["signal"] == "risk"]
        assert [event["change"] for event in risk] == ["open", "resolved"]
        opened, resolved = risk
        assert 10 <= opened["window"] <= 12
        assert 9 <= opened["alarm"]["since_window"] <= opened["window"]
        assert 17 <= resolved["window"] <= 20
        assert resolved["alarm"]["state"] == "resolved"
        assert resolved["alarm"]["id"] == opened["alarm"]["id"]
        assert opened["alarm"]["trace_ids"]

    def test_raised_again_by_a_bad_window_and_not_by_noise(self) -> None:
        """A good window ends the alarm, the next bad one raises it again, and then it is over."""
        bad, good = rows(1200, start=4000, wrong=0.5), rows(200, start=5200, wrong=0.1)
        again, after = rows(400, start=5400, wrong=0.5), rows(2000, start=5800)
        told = _fed([joined(rows(4000), bad, good, again, after)], _SMALL)
        risk = [e for e in told if "alarm" in e and e["alarm"]["signal"] == "risk"]
        steps = [(e["change"], e["window"]) for e in risk if e["change"] != "updated"]
        assert steps[:4] == [("open", 10), ("resolved", 16), ("open", 17), ("resolved", 19)]
        assert steps[4:] == [("settled", 24)]

    def test_slice_that_fails_is_named(self) -> None:
        """And no other slice is."""
        told = _fed([_harmful()], _SMALL)
        named = [e for e in told if "alarm" in e and e["alarm"]["signal"] == "slice"]
        assert {tuple(e["alarm"]["slice"].items()) for e in named} == {(("region", "s"),)}
        assert named[0]["window"] >= 22

    def test_not_dated_before_its_window_by_the_lateness(self) -> None:
        """Windows by time close an hour late; their labels still belong to them."""
        tables = {**_SMALL, "window": {"seconds": 200, "lateness": 3600}}
        told = _fed([joined(rows(4000), rows(7000, start=4000, wrong=0.5))], tables)
        opened = next(e for e in told if "alarm" in e and e["alarm"]["signal"] == "risk")
        onset = next(e for e in told if "signals" in e and e["start_ns"] >= (START + 4000) * SECOND)
        assert opened["window"] >= onset["window"]
        assert opened["alarm"]["since_window"] >= onset["window"] - 1
        record = next(e for e in told if "signals" in e and e["window"] == onset["window"])
        assert record["signals"]["performance"]["labels"] == record["rows"]

    def test_record_of_a_window_comes_before_its_alarms(self) -> None:
        told = _fed([_harmful()], _SMALL)
        seen = -1
        for event in told:
            if "signals" in event:
                assert event["window"] == seen + 1
                seen = event["window"]
            else:
                assert event["window"] == seen

    def test_ids_are_the_same_in_a_replay(self) -> None:
        first = [e["alarm"]["id"] for e in _fed([_harmful()], _SMALL) if "alarm" in e]
        second = [e["alarm"]["id"] for e in _fed([_harmful()], _SMALL) if "alarm" in e]
        assert first == second
        assert len(set(first)) > 1

    def test_partial_window_raises_nothing(self) -> None:
        told = _fed([joined(rows(4000), rows(199, start=4000, shift=3.0, wrong=1.0))], _SMALL)
        assert told[-1]["partial"]
        assert told[-1]["rows"] == 199
        assert not any("alarm" in event for event in told)
        assert told[-1]["signals"]["performance"]["labels"] == 199

    def test_healthy_model_is_healthy(self) -> None:
        bench = Bench.of(_SMALL)
        bench.registry.observe(rows(6000))
        assert bench.model.condition.state == "healthy"
        assert bench.model.condition.reasons == ()
        assert not any("alarm" in event for event in plain(bench.registry.drain()))


def test_signals_are_those_of_the_catalog() -> None:
    """Every point names a metric that exists, with the attributes that it may carry."""
    bench = Bench.of(_SMALL)
    bench.registry.observe(_harmful())
    found = list(bench.registry.signals())
    assert len(found) > 30
    for signal in found:
        known = {"barograph.model.name", "barograph.model.version"}
        assert set(signal.attributes) - known <= set(metric(signal.metric).attributes)
        assert (signal.start_ns > 0) == (metric(signal.metric).kind != "gauge")


def test_state_is_kept_per_version() -> None:
    registry: ModelRegistry = Bench.of(_SMALL).registry
    registry.observe(rows(100))
    registry.observe(rows(50, model=ModelKey("m", "2")))
    counts = {key.version: model.counters.predictions for key, model in registry.models.items()}
    assert counts == {"1": 100, "2": 50}


def test_model_of_its_own_configuration() -> None:
    config = msgspec.convert({"models": {"m": {"reference": {"rows": 300}}}}, Config)
    assert config.model("m").reference.rows == 300
    assert config.model("other").reference.rows == 10_000
