"""Everything that is known of one version of one model."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from barograph_processor.config import LimitsConfig, ModelConfig
from barograph_processor.drift.monitor import DriftMonitor
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.observation import ModelKey, ObservationBatch
from barograph_processor.quality.risk import RiskTransition
from barograph_processor.state.alarms import AlarmChange
from barograph_processor.state.baseline import Baseline
from barograph_processor.state.condition import Condition, Sight, assess
from barograph_processor.state.counters import ModelCounters
from barograph_processor.state.judging import Judge
from barograph_processor.state.labelled import LabelledQuality, Labels
from barograph_processor.state.learning import Learner
from barograph_processor.state.operations import OperationsWindow
from barograph_processor.state.pending import PendingPredictions
from barograph_processor.state.realized import RealizedPerformance
from barograph_processor.state.record import WindowRecord
from barograph_processor.state.reference import drift_columns
from barograph_processor.state.verdicts import Verdicts
from barograph_processor.state.watch import ClosedWindow, Watch
from barograph_processor.state.windows import Slot, WindowClock
from barograph_processor.stats.column import CategoricalColumn, Column
from barograph_processor.telemetry import Telemetry

__all__ = ["ModelState"]


class ModelState:
    """One model's way: a reference is learnt, then windows are held against it.

    Every row goes through ``observe`` once, every label through ``attach``; what
    came of it is taken with ``drain``. Nothing here reads a clock, so the same
    rows in the same order give the same figures.

    State size: bounded by the limits; about 150 KiB for 12 features, and the
    predictions that wait for labels. Not locked; the pipeline is.

    Args:
        key: Whose state this is.
        config: How it is watched.
        limits: Bounds of what can grow.
        telemetry: Where what is dropped is counted.
        start_ns: Since when is counted, ns since the epoch.
        baseline: A reference that was learnt earlier; else it is learnt from the first rows.
        strict: A season that the reference cannot support is an error; else it is
            left out, and ``warnings`` says so.
    """

    def __init__(
        self,
        key: ModelKey,
        *,
        config: ModelConfig,
        limits: LimitsConfig,
        telemetry: Telemetry,
        start_ns: int,
        baseline: Baseline | None = None,
        strict: bool = False,
    ) -> None:
        self.key = key
        self.counters = ModelCounters(start_ns)
        self.judge = Judge(config)
        self.pending = PendingPredictions(
            capacity=limits.pending_labels, max_age_ns=round(limits.pending_seconds * 1e9)
        )
        self.quality = LabelledQuality(
            config.alarm,
            # Of the share for harm, half is for the model's own risk, half for slices.
            budget_windows=2 * self._budget_of(config, config.alarm.harm_share),
        )
        self.verdicts = Verdicts(key)
        self.history: deque[WindowRecord] = deque(maxlen=limits.history_windows)
        self._strict = strict
        self._config = config
        self._limits = limits
        self._telemetry = telemetry
        self._clock = WindowClock(
            max_rows=config.window.max_rows,
            seconds=config.window.seconds,
            lateness=config.window.lateness,
        )
        self._learner: Learner | None = Learner(config, max_levels=limits.categories)
        self._watch: Watch | None = None
        self._last_label_window: int | None = None
        self._season_warning: str | None = None
        self._outbox: list[WindowRecord | AlarmChange] = []
        self.condition = Condition("blind", self._sight().blindness())
        self.condition_since_ns: int | None = None
        if baseline is not None:
            self._begin(baseline)

    # What comes in.

    def observe(self, batch: ObservationBatch) -> None:
        """Take rows in order of arrival."""
        self.judge.learn(batch)
        self.counters.observe(batch)
        punctual = self._clock.admit(batch.event_time)
        self._remember(batch)
        if not punctual.all():
            self.counters.late += len(batch) - int(punctual.sum())
            batch = batch.take(np.flatnonzero(punctual))
        if self._learner is not None:
            batch = self._learn(self._learner, batch)
        if self._watch is not None and len(batch):
            self._deal(self._watch, batch)

    def attach(
        self, slots: npt.NDArray[np.intp], truth: Column, time_ns: npt.NDArray[np.int64]
    ) -> int:
        """Join labels with predictions that are pending.

        Args:
            slots: Of the predictions, from ``pending.find``, all known, shape ``(n,)``.
            truth: The labels, without missing rows, ``n`` of them.
            time_ns: When each label became true, shape ``(n,)``.

        Returns:
            How many labels could not be used because they do not fit the task.
        """
        known = self.pending.classes
        classes = CategoricalColumn(self.pending.column("predicted", slots), known)
        value = self.pending.column("value", slots)
        judged = self.judge.judge(classes if known else None, value, truth)
        if judged is None:
            return len(slots)
        predicted_at = self.pending.column("time", slots)
        in_reference = self.pending.column("window", slots) < 0
        labels = Labels(judged, self.pending.ids(slots), predicted_at)
        self.pending.mark_labelled(slots)
        self.counters.label((time_ns - predicted_at) / 1e9)
        self._harm(self._judge_labels(labels, in_reference))
        return 0

    def flush(self) -> None:
        """Close what is still open, for want of further rows: the end of a history."""
        if self._watch is not None:
            for slot, complete in self._clock.remaining():
                self._close(self._watch, slot, partial=not complete)

    def complete_reference(self) -> None:
        """End the reference with the rows it has: of data that is all reference."""
        if self._learner is not None and self._learner.rows:
            self._begin(self._learner.finish())
            self._harm(self._settle(more_to_come=False))

    def drain(self) -> list[WindowRecord | AlarmChange]:
        """Return what happened since the last call, in order, and forget it."""
        happened, self._outbox = self._outbox, []
        return happened

    # What can be asked.

    @property
    def watermark_ns(self) -> int | None:
        """The newest event time; None before any row."""
        return self._clock.watermark

    @property
    def reference(self) -> Baseline | None:
        """The reference, once it is complete, with quality as far as it is known."""
        if self._watch is None:
            return None
        return replace(self._watch.learnt, quality=self.quality.as_baseline())

    @property
    def reference_rows(self) -> int:
        """Rows of the reference, so far or in all."""
        if self._watch is not None:
            return self._watch.learnt.rows
        return 0 if self._learner is None else self._learner.rows

    @property
    def operations(self) -> Mapping[str, str]:
        """Whether latency, errors and traffic of the last window look normal."""
        return {} if self._watch is None else self._watch.operations

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes the drift monitor less sure than its budget says."""
        own = () if self._season_warning is None else (self._season_warning,)
        return own if self._watch is None else (*own, *self._watch.monitor.warnings)

    # Inside.

    @staticmethod
    def _budget_of(config: ModelConfig, share: float) -> float:
        """Windows between false alarms for a share of the model's budget."""
        return config.alarm.windows_between_false_alarms / share

    def _sight(self) -> Sight:
        since = self._last_label_window
        return Sight(
            reference_rows=self.reference_rows,
            reference_wanted=None if self._learner is None else self._learner.wanted,
            learnt=self._watch is not None,
            labels=self.counters.labels,
            windows_since_label=None if since is None else self.counters.windows - since,
            windows=self.counters.windows,
        )

    def _remember(self, batch: ObservationBatch) -> None:
        """Keep predictions until their labels come."""
        if batch.truth is not None or not batch.prediction_ids or batch.failed.all():
            return
        kept = batch.take(np.flatnonzero(~batch.failed)) if batch.failed.any() else batch
        classes, value = self.judge.predicted(kept)
        inside = len(kept)
        if self._learner is not None:
            inside = len(self._learner.split(kept)[0])
        for rows, window in (
            (np.arange(inside), -1 if self._learner is not None else self.counters.windows),
            (np.arange(inside, len(kept)), self.counters.windows),
        ):
            if len(rows) == 0:
                continue
            evicted = self.pending.add(
                [kept.prediction_ids[row] for row in rows.tolist()],
                ids=kept.ids[rows],
                time=kept.event_time[rows],
                window=window,
                predicted=None if classes is None else classes.take(rows),
                value=None if value is None else value[rows],
            )
            if evicted:
                self._telemetry.add("barograph.monitor.evicted", evicted, what="pending_labels")

    def _learn(self, learner: Learner, batch: ObservationBatch) -> ObservationBatch:
        """Add rows to the reference; return those that come after it."""
        inside, after = learner.split(batch)
        if len(inside):
            rows = batch if len(inside) == len(batch) else batch.take(inside)
            usable, columns, operations = self._summarize(rows)
            learner.add(columns, usable.event_time, operations)
            if usable.truth is not None:
                self._judge_truth(usable, in_reference=True)
        if learner.complete(after):
            learnt = learner.finish()
            self._begin(learnt)
            self._harm(self._settle(more_to_come=True))
            self._reassess(learnt.end_ns)
        return batch if len(inside) == 0 else batch.take(after)

    def _begin(self, learnt: Baseline) -> None:
        season = self._config.reference.season
        try:
            monitor = self._monitor(learnt, season)
        except ValueError as error:
            if self._strict:
                raise ConfigurationError(f"reference.season: {error}") from error
            monitor = self._monitor(learnt, None)
            self._season_warning = f"the season {season} is left out: {error}"
        self._watch = Watch(learnt, monitor, self._config.operations)
        self._learner = None
        if learnt.quality is not None:
            self.quality.adopt(learnt.quality, window_labels=float(learnt.profile.rows.mean()))

    def _monitor(self, learnt: Baseline, season: str | None) -> DriftMonitor:
        alarm = self._config.alarm
        return DriftMonitor(
            learnt.profile,
            budget=self._budget_of(self._config, 1 - alarm.harm_share),
            season=season,
            tolerance=alarm.drift_tolerance,
        )

    def _summarize(
        self, batch: ObservationBatch
    ) -> tuple[ObservationBatch, dict[Any, Column], OperationsWindow]:
        """Return the rows that did not fail, what is watched of them, and all calls."""
        operations = OperationsWindow.of(batch.latency, batch.failed, batch.event_time)
        usable = batch.take(np.flatnonzero(~batch.failed)) if batch.failed.any() else batch
        columns, left_out = drift_columns(usable, max_features=self._limits.features)
        if left_out:
            self._telemetry.add("barograph.monitor.evicted", left_out, what="features")
        return usable, columns, operations

    def _deal(self, watch: Watch, batch: ObservationBatch) -> None:
        for slot, rows, full in self._clock.deal(batch.event_time):
            part = batch if len(rows) == len(batch) else batch.take(rows)
            usable, columns, operations = self._summarize(part)
            watch.add(slot, columns, usable.ids, operations)
            if usable.truth is not None:
                watch.due += self._judge_truth(usable, in_reference=False)
            if full:
                self._close(watch, slot, partial=False)
        for slot in self._clock.expired():
            self._close(watch, slot, partial=False)

    def _judge_truth(self, batch: ObservationBatch, *, in_reference: bool) -> list[RiskTransition]:
        """Judge rows whose label came with them."""
        assert batch.truth is not None
        known = _present(batch.truth)
        rows = batch if len(known) == len(batch) else batch.take(known)
        if len(rows) == 0 or rows.truth is None:
            return []
        classes, value = self.judge.predicted(rows)
        value = np.full(len(rows), np.nan) if value is None else value
        judged = self.judge.judge(classes, value, rows.truth)
        if judged is None:
            self._telemetry.add(
                "barograph.monitor.unjoined", len(rows), kind="label", reason="wrong_type"
            )
            return []
        self.counters.label(np.zeros(len(rows)))
        labels = Labels(judged, rows.ids, rows.event_time)
        return self._judge_labels(labels, np.full(len(rows), in_reference))

    def _judge_labels(
        self, labels: Labels, in_reference: npt.NDArray[np.bool_]
    ) -> list[RiskTransition]:
        self._last_label_window = self.counters.windows
        early, later = np.flatnonzero(in_reference), np.flatnonzero(~in_reference)
        if len(early):
            self.quality.learn(labels.take(early))
        steps = self._settle(more_to_come=True) if len(early) else []
        if len(later):
            steps += self.quality.observe(labels.take(later), window=self.counters.windows)
            steps += self._settle(more_to_come=True)
        return steps

    def _settle(self, *, more_to_come: bool) -> list[RiskTransition]:
        """Freeze the baseline of quality as soon as its labels are in."""
        if self._watch is None or self.quality.frozen:
            return []
        labelled, held = self.pending.coverage(-1, 0)
        complete = labelled == held or not more_to_come
        return self.quality.settle(
            complete=complete,
            window=self.counters.windows,
            window_labels=float(self._watch.learnt.profile.rows.mean()),
        )

    def _harm(self, steps: list[RiskTransition]) -> None:
        """Raise the alarm for onsets of harm that labels of earlier windows brought."""
        now = self._clock.watermark or 0
        for onset in steps:
            if onset.harmed:
                raised = self.verdicts.harm(
                    onset,
                    self.quality,
                    operations=self.operations,
                    now_ns=now,
                    window=self.counters.windows,
                )
                self._outbox += [] if raised is None else [raised]
                self._reassess(now)

    def _close(self, watch: Watch, slot: Slot, *, partial: bool) -> None:
        """Judge a window, or only report it if it is partial."""
        closed = watch.close(slot, number=self.counters.windows, partial=partial)
        if closed is None:
            return
        performance = self.quality.close_window()
        place = len(self._outbox)
        if not partial:
            self.counters.windows += 1
            self._judge_window(watch, closed, performance)
        self._reassess(closed.end_ns)
        record = closed.record(self.condition.state, performance, self.quality)
        self.history.append(record)
        self._outbox.insert(place, record)

    def _judge_window(
        self, watch: Watch, closed: ClosedWindow, performance: RealizedPerformance | None
    ) -> None:
        operations = watch.operations
        self._outbox += self.verdicts.drift(closed, operations=operations, watch=watch)
        due, watch.due = watch.due, []
        share = None if performance is None else performance.risk()
        tolerated = self.quality.tolerated
        for onset in due:
            # Of labels that came with the window's rows, the window itself must agree.
            calm = share is not None and tolerated is not None and share[0] <= tolerated
            if onset.harmed and not calm:
                raised = self.verdicts.harm(
                    onset,
                    self.quality,
                    operations=operations,
                    now_ns=closed.end_ns,
                    window=closed.number,
                )
                self._outbox += [] if raised is None else [raised]
        resolved = self.verdicts.review_harm(
            closed, performance, self.quality, operations=operations
        )
        self._outbox += [] if resolved is None else [resolved]

    def _reassess(self, now_ns: int) -> None:
        before = self.condition.state
        self.condition = assess(self.verdicts.book.open, self.operations, self._sight())
        if self.condition.state != before or self.condition_since_ns is None:
            self.condition_since_ns = now_ns

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "counters": self.counters.state(),
            "judge": self.judge.state(),
            "pending": self.pending.state(),
            "quality": self.quality.state(),
            "alarms": self.verdicts.book.state(),
            "history": [msgspec.to_builtins(record) for record in self.history],
            "clock": self._clock.state(),
            "learner": None if self._learner is None else self._learner.state(),
            "watch": None if self._watch is None else self._watch.state(),
            "last_label_window": self._last_label_window,
            "outbox": [
                [type(event).__name__, msgspec.to_builtins(event)] for event in self._outbox
            ],
            "season_warning": self._season_warning,
            "condition": [self.condition.state, list(self.condition.reasons)],
            "condition_since_ns": self.condition_since_ns,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.counters.load(state["counters"])
        self.judge.load(state["judge"])
        self.pending.load(state["pending"])
        self.quality.load(state["quality"])
        self.verdicts.book.load(state["alarms"])
        self.history.clear()
        self.history.extend(msgspec.convert(plain, WindowRecord) for plain in state["history"])
        self._clock.load(state["clock"])
        self._learner = None
        if state["learner"] is not None:
            self._learner = Learner(self._config, max_levels=self._limits.categories)
            self._learner.load(state["learner"])
        self._watch = None
        if state["watch"] is not None:
            self._watch = Watch.restore(state["watch"], self._config.operations)
        self._last_label_window = state["last_label_window"]
        kinds: dict[str, Any] = {"WindowRecord": WindowRecord, "AlarmChange": AlarmChange}
        self._outbox = [msgspec.convert(plain, kinds[name]) for name, plain in state["outbox"]]
        self._season_warning = state["season_warning"]
        self.condition = Condition(state["condition"][0], tuple(state["condition"][1]))
        self.condition_since_ns = state["condition_since_ns"]


def _present(column: Column) -> npt.NDArray[np.intp]:
    """Rows of a column that have a value."""
    if isinstance(column, CategoricalColumn):
        return np.flatnonzero(column.codes >= 0)
    return np.flatnonzero(~np.isnan(column.values))
