"""Everything that is known of one version of one model."""

import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import LimitsConfig, ModelConfig
from barograph_processor.exceptions import ConfigurationError
from barograph_processor.observation import ModelKey, ObservationBatch
from barograph_processor.quality.risk import RiskTransition
from barograph_processor.state.alarms import AlarmChange
from barograph_processor.state.baseline import Baseline
from barograph_processor.state.condition import Condition, Sight
from barograph_processor.state.counters import ModelCounters
from barograph_processor.state.joining import Joined, Joiner, present
from barograph_processor.state.judging import Judge
from barograph_processor.state.label_order import distinct_runs
from barograph_processor.state.labelled import LabelledQuality
from barograph_processor.state.labels import LabelledRows
from barograph_processor.state.learning import Learner
from barograph_processor.state.operations import OperationsWindow
from barograph_processor.state.pending import PendingPredictions
from barograph_processor.state.record import WindowRecord
from barograph_processor.state.reference import drift_columns
from barograph_processor.state.reviews import Reviews
from barograph_processor.state.standing import Standing
from barograph_processor.state.verdicts import Verdicts
from barograph_processor.state.watch import Watch
from barograph_processor.state.window_history import WindowHistory
from barograph_processor.state.windows import Slot, WindowClock
from barograph_processor.stats.column import Column
from barograph_processor.telemetry import Telemetry

__all__ = ["ModelState"]


class ModelState:
    """One model's way: a reference is learnt, then windows are held against it.

    Every row goes through ``observe`` once, every label through ``attach``; what
    came of it is taken with ``drain``. Nothing here reads a clock, and it makes no
    difference how the rows came in batches, so the same rows in the same order give
    the same figures.

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
        self._joiner = Joiner(config, limits)
        self.reviews = Reviews(config.review, self._joiner.judge, seed=_seed(key))
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
        sight = self._sight(patience=0)
        self._standing = Standing(key, config, kept=limits.history_windows, sight=sight)
        if baseline is not None:
            self._begin(baseline)

    # What comes in.

    def observe(self, batch: ObservationBatch) -> None:
        """Take rows in order of arrival."""
        if len(batch) == 0:
            return
        self.judge.learn(batch)
        self.counters.observe(batch)
        before = self._clock.steps_back
        punctual, newest_ns = self._clock.admit(batch.event_time)
        if self._clock.steps_back > before:
            self._telemetry.add(
                "barograph.monitor.warnings",
                self._clock.steps_back - before,
                reason="event_time_stepped_back",
            )
        self.counters.late += len(batch) - int(punctual.sum())
        batch = self.reviews.observe(batch, newest_ns)
        if self.condition_since_ns is None:
            # Since its first row, however many came with it.
            self._reassess(int(newest_ns[0]))
        begin = 0
        self._standing.aftermath.usage.see(batch.event_time[punctual])
        windows = self.counters.windows
        if self._standing.hear(newest_ns, received_ns=batch.received_ns, window=windows):
            self._reassess(int(newest_ns[0]))
        if self._learner is not None:
            begin = self._learn(self._learner, batch, punctual)
        else:
            self._remember(batch, 0)
        if self._watch is None:
            self._reassess(int(newest_ns[-1]))
            return
        punctual[:begin] = False
        if punctual.all():
            self._deal(self._watch, batch, newest_ns)
        elif punctual.any():
            rows = np.flatnonzero(punctual)
            self._deal(self._watch, batch.take(rows), newest_ns[rows])

    def attach(
        self,
        slots: npt.NDArray[np.intp],
        truth: Column,
        time_ns: npt.NDArray[np.int64],
        source: npt.NDArray[np.int8],
    ) -> Mapping[str, int]:
        """Join labels with predictions that are pending.

        Args:
            slots: Of the predictions, from ``pending.find``, all known, shape ``(n,)``.
            truth: The labels, without missing rows, ``n`` of them.
            time_ns: When each label became true, shape ``(n,)``.
            source: Whom to believe, from ``source_ranks``, shape ``(n,)``.

        Returns:
            How many labels could not be used, by reason.
        """
        self._standing.aftermath.loops.sources(source)
        unused: Counter[str] = Counter()
        for run in distinct_runs(slots):
            rows = np.arange(run.start, run.stop)
            joined = self._joiner.join(slots[run], truth.take(rows), time_ns[run], source[run])
            self._take_labels(joined)
            unused.update(joined.unused)
        return unused

    def react(
        self, slots: npt.NDArray[np.intp], kinds: Sequence[str], magnitudes: Sequence[float]
    ) -> int:
        """Take reactions to predictions that are pending, in order of arrival.

        Args:
            slots: Of the predictions, from ``pending.find``, all known, shape ``(n,)``.
            kinds: What each reaction was, of ``REACTION_KINDS``.
            magnitudes: How much an edit changed, in [0, 1]; NaN if unknown.

        Returns:
            How many a prediction had already, and which therefore do not count.
        """
        reactions = self._standing.aftermath.reactions
        counted = reactions.take(self.pending, slots, kinds, magnitudes)
        for kind in counted:
            self.counters.react(kind)
        return len(slots) - len(counted)

    def realize(
        self,
        slots: npt.NDArray[np.intp],
        units: Sequence[str],
        values: npt.NDArray[np.float64],
    ) -> None:
        """Take outcomes of predictions that are pending, in order of arrival.

        Args:
            slots: Of the predictions, from ``pending.find``, all known, shape ``(n,)``.
            units: Of each.
            values: Finite, shape ``(n,)``.
        """
        for unit, value in zip(units, values.tolist(), strict=True):
            self.counters.outcome(unit, value)
        losses = self._bounded(self._joiner.losses(slots))
        self._standing.aftermath.outcomes.take(self.pending, slots, units, values, losses)

    def evaluate(
        self,
        slots: npt.NDArray[np.intp],
        names: Sequence[str],
        scores: npt.NDArray[np.float64],
    ) -> None:
        """Take the scores of evaluations of predictions that are pending, in order of arrival.

        Args:
            slots: Of the predictions, from ``pending.find``, all known, shape ``(n,)``.
            names: What each evaluates.
            scores: Finite, shape ``(n,)``.
        """
        for name, score in zip(names, scores.tolist(), strict=True):
            self.counters.evaluate(name, score)
        self._standing.aftermath.evaluations.take(self.pending, slots, names, scores)

    def look(self, now_ns: int, *, since_ns: int) -> None:
        """Look at the wall clock: no predictions for too long are an alarm.

        Args:
            now_ns: By the wall clock.
            since_ns: Since when anybody listened, by the same clock.
        """
        if self._watch is None:
            return
        if self._standing.look(now_ns, since_ns=since_ns, window=self.counters.windows):
            self._reassess(self._clock.watermark or 0)

    def deaf(self, now_ns: int, *, since_ns: int) -> bool:
        """Whether ``look`` would find something."""
        return self._watch is not None and self._standing.deaf(now_ns, since_ns=since_ns)

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
        return self._standing.drain()

    # What can be asked.

    @property
    def judge(self) -> Judge:
        """How predictions are compared with labels."""
        return self._joiner.judge

    @property
    def pending(self) -> PendingPredictions:
        """The predictions that wait for their label."""
        return self._joiner.pending

    @property
    def quality(self) -> LabelledQuality:
        """Quality by true labels."""
        return self._standing.quality

    @property
    def verdicts(self) -> Verdicts:
        """Alarms, open and resolved."""
        return self._standing.verdicts

    @property
    def history(self) -> WindowHistory:
        """The last closed windows, oldest first."""
        return self._standing.history

    @property
    def condition(self) -> Condition:
        """The word for how the model does, and why."""
        return self._standing.condition

    @property
    def condition_since_ns(self) -> int | None:
        """Event time since when it does so; None before any row."""
        return self._standing.condition_since_ns

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
    def watch(self) -> Watch | None:
        """What later windows are held against; None until the reference is complete."""
        return self._watch

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
        """What makes the figures less sure than the budget says, as sentences."""
        drift = () if self._watch is None else self._watch.warnings
        return (*drift, *self.judge.warnings, *self._standing.coverage.warnings)

    # Inside.

    def _sight(self, *, patience: int | None = None) -> Sight:
        if patience is None:
            patience = self._standing.aftermath.blindness.label_patience
        since = self._last_label_window
        return Sight(
            reference_rows=self.reference_rows,
            reference_wanted=None if self._learner is None else self._learner.wanted,
            learnt=self._watch is not None,
            labels=self.counters.labels,
            windows_since_label=None if since is None else self.counters.windows - since,
            windows=self.counters.windows,
            patience=patience,
        )

    def _reassess(self, now_ns: int) -> None:
        self._standing.reassess(now_ns, self.operations, self._sight())

    def _remember(self, batch: ObservationBatch, begin: int) -> None:
        """Keep predictions until their labels come; those before ``begin`` as the reference's."""
        evicted = self._joiner.remember(batch, begin)
        if evicted:
            self._telemetry.add("barograph.monitor.evicted", evicted, what="pending_labels")

    def _learn(
        self, learner: Learner, batch: ObservationBatch, punctual: npt.NDArray[np.bool_]
    ) -> int:
        """Add rows to the reference; return how many rows come before its end."""
        split = learner.split(batch.event_time, failed=batch.failed, punctual=punctual)
        self._remember(batch, split.end)
        if split.inside.any():
            rows = batch.take(np.flatnonzero(split.inside))
            self._standing.aftermath.learn(rows)
            usable, columns = self._summarize(rows)
            learner.add(columns, rows)
            labels = self._labels_of(usable)
            if labels is not None:
                self.quality.learn(labels)
        if split.complete:
            learnt = learner.finish()
            self._begin(learnt)
            self._harm(self._settle(more_to_come=True))
            self._reassess(learnt.end_ns)
        return split.end

    def _begin(self, learnt: Baseline) -> None:
        try:
            self._watch = Watch.begin(learnt, self._config, strict=self._strict)
        except ValueError as error:
            raise ConfigurationError(f"reference.season: {error}") from error
        self._learner = None
        seconds = self._config.window.seconds
        self._standing.coverage.begin(learnt.profile.time, seconds=seconds)
        if learnt.quality is not None:
            self.quality.adopt(learnt.quality, window_labels=float(learnt.profile.rows.mean()))

    def _summarize(self, batch: ObservationBatch) -> tuple[ObservationBatch, dict[Any, Column]]:
        """Return the rows that did not fail, and what is watched of them."""
        usable = batch.take(np.flatnonzero(~batch.failed)) if batch.failed.any() else batch
        columns, left_out = drift_columns(usable, max_features=self._limits.features)
        if left_out:
            self._telemetry.add("barograph.monitor.evicted", left_out, what="features")
        return usable, columns

    def _deal(
        self, watch: Watch, batch: ObservationBatch, newest_ns: npt.NDArray[np.int64]
    ) -> None:
        for slot, rows, closes in self._clock.deal(batch.event_time, newest_ns):
            if len(rows):
                part = batch if len(rows) == len(batch) else batch.take(rows)
                self._standing.aftermath.hold(slot, part)
                usable, columns = self._summarize(part)
                operations = OperationsWindow.of(part.latency, part.failed, part.event_time)
                scores = self._joiner.scores_of(usable) if self.quality.scores.known else None
                self._cover(slot, usable)
                watch.add(slot, columns, usable.ids, operations, self._labels_of(usable), scores)
            if closes:
                self._close(watch, slot, partial=False)

    def _cover(self, slot: Slot, batch: ObservationBatch) -> None:
        """Count rows, and the labels that came with them."""
        coverage = self._standing.coverage
        coverage.see(slot, batch.event_time, self._joiner.traits_of(batch))
        if batch.truth is not None:
            rows = batch.take(present(batch.truth))
            coverage.label(rows.event_time, self._joiner.traits_of(rows), slot=slot)

    def _labels_of(self, batch: ObservationBatch) -> LabelledRows | None:
        """Judge rows whose label came with them; None if none did."""
        labels, unusable = self._joiner.labels_of(batch)
        if unusable:
            self._telemetry.add(
                "barograph.monitor.unjoined", unusable, kind="label", reason="wrong_type"
            )
        if labels is not None:
            self.counters.label(np.zeros(len(labels)))
        return labels

    def _bounded(self, losses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return losses in [0, 1]; NaN stays, and is all while it is not known what is usual."""
        known = ~np.isnan(losses) & self.quality.frozen
        return np.where(known, self.quality.bounded(losses), np.nan)

    def _take_labels(self, joined: Joined) -> None:
        """Take labels that came later than their prediction."""
        for reason, count in joined.doubted.items():
            self._telemetry.add("barograph.monitor.warnings", count, reason=reason)
        for correction in joined.corrections:
            replaced = self.quality.correct(correction)
            self.counters.correct(len(correction.place), replaced=replaced)
        labels = joined.labels
        if labels is None:
            return
        self.counters.label(joined.delay_s)
        self._last_label_window = self.counters.windows
        losses = self._bounded(labels.judged.loss)
        self._standing.aftermath.outcomes.judge(self.pending, joined.slots, losses)
        early = np.flatnonzero(joined.in_reference)
        later = np.flatnonzero(~joined.in_reference)
        if len(early):
            first = self.quality.learn(labels.take(early).summed())
            if first is not None:
                self.pending.settle(joined.slots[early], first + np.arange(len(early)))
            self._harm(self._settle(more_to_come=True))
        if len(later):
            slots = joined.slots[later]
            traits = self._joiner.traits_of_slots(slots)
            self._standing.coverage.label(self.pending.column("time", slots), traits)
            if self.quality.frozen:
                place = np.full(len(later), self.counters.windows)
                self.pending.settle(joined.slots[later], place)
            self._harm(self._standing.label(labels.take(later).summed()))
            self._harm(self._settle(more_to_come=True))

    def _settle(self, *, more_to_come: bool) -> list[RiskTransition]:
        """Freeze the baseline of quality as soon as its labels are in."""
        if self._watch is None or self.quality.frozen:
            return []
        labelled, held = self.pending.reference_coverage()
        return self.quality.settle(
            complete=labelled == held or not more_to_come,
            window_labels=float(self._watch.learnt.profile.rows.mean()),
        )

    def _harm(self, onsets: list[RiskTransition]) -> None:
        """Raise the alarm for onsets of harm that late labels brought."""
        now_ns = self._clock.watermark or 0
        if self._watch is not None and self._standing.harm(onsets, self._watch, now_ns=now_ns):
            self._reassess(now_ns)

    def _close(self, watch: Watch, slot: Slot, *, partial: bool) -> None:
        """Judge a window, or only report it if it is partial."""
        self._standing.coverage.count_window(slot)
        self._standing.aftermath.settle(slot)
        closed = watch.close(slot, number=self.counters.windows, partial=partial)
        if closed is None:
            return
        onsets: list[RiskTransition] = []
        if not partial:
            self.counters.windows += 1
            if closed.labels is not None:
                self._last_label_window = closed.number
                onsets = self._standing.label(closed.labels) + self._settle(more_to_come=True)
        review = self.reviews.figures()
        self._standing.close(closed, onsets, watch, self._sight(), review=review)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "counters": self.counters.state(),
            "joiner": self._joiner.state(),
            "reviews": self.reviews.state(),
            "standing": self._standing.state(),
            "clock": self._clock.state(),
            "learner": None if self._learner is None else self._learner.state(),
            "watch": None if self._watch is None else self._watch.state(),
            "last_label_window": self._last_label_window,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.counters.load(state["counters"])
        self._joiner.load(state["joiner"])
        self.reviews.load(state["reviews"])
        self._standing.load(state["standing"])
        self._clock.load(state["clock"])
        self._learner = None
        if state["learner"] is not None:
            self._learner = Learner(self._config, max_levels=self._limits.categories)
            self._learner.load(state["learner"])
        self._watch = None
        if state["watch"] is not None:
            self._watch = Watch.restore(state["watch"], self._config.operations)
        self._last_label_window = state["last_label_window"]


def _seed(key: ModelKey) -> int:
    """Return a number of a model's own, the same on every machine."""
    return zlib.crc32(repr(key).encode("utf-8", "backslashreplace"))
