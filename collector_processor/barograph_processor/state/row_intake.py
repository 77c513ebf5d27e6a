"""Where predictions come into a model: into its reference, then into windows."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ObservationBatch
from barograph_processor.quality.risk import RiskTransition
from barograph_processor.state.label.joining import Joiner
from barograph_processor.state.label.labels import LabelledRows
from barograph_processor.state.label.row_judging import RowJudge, present
from barograph_processor.state.progress import Progress
from barograph_processor.state.review.reviews import Reviews
from barograph_processor.state.watch.open_window import WindowRows
from barograph_processor.state.watch.watch import Watch
from barograph_processor.state.window.learning import Learner
from barograph_processor.state.window.operations import OperationsWindow
from barograph_processor.state.window.reference import drift_columns
from barograph_processor.state.window.windows import Slot
from barograph_processor.stats.column import Column
from barograph_processor.telemetry import Telemetry

__all__ = ["RowIntake"]


class RowIntake:
    """Takes rows in order of arrival, learns from them or deals them to windows.

    Has no state of its own. Not locked; its owner is.

    Args:
        progress: Of the model.
        joiner: Where predictions wait for labels.
        reviews: What people are asked.
        max_features: Features that are watched at most.
        telemetry: Where what is dropped is counted.
    """

    def __init__(
        self,
        progress: Progress,
        joiner: Joiner,
        reviews: Reviews,
        *,
        max_features: int,
        telemetry: Telemetry,
    ) -> None:
        self._progress = progress
        self._counters = progress.counters
        self._clock = progress.clock
        self._standing = progress.standing
        self._aftermath = progress.standing.aftermath
        self._coverage = progress.standing.coverage
        self._quality = progress.standing.quality
        self._joiner = joiner
        self._judge = RowJudge(joiner.judge, searches=joiner.searches)
        self._reviews = reviews
        self._max_features = max_features
        self._telemetry = telemetry

    def observe(self, batch: ObservationBatch) -> None:
        """Take rows in order of arrival."""
        if len(batch) == 0:
            return
        self._joiner.judge.learn(batch)
        if self._joiner.judge.contradicts(batch):
            self._warn("another_task", len(batch))
        self._counters.observe(batch)
        punctual, newest_ns = self._admit(batch)
        batch = self._reviews.observe(batch, newest_ns)
        if self._standing.condition_since_ns is None:
            # Since its first row, however many came with it.
            self._progress.reassess(int(newest_ns[0]))
        self._aftermath.usage.see(batch.event_time[punctual])
        windows = self._counters.windows
        if self._standing.hear(newest_ns, received_ns=batch.received_ns, window=windows):
            self._progress.reassess(int(newest_ns[0]))
        if self._progress.learner is not None:
            rest = slice(self._learn(self._progress.learner, batch, punctual), None)
            last_ns = int(newest_ns[-1])
            batch, punctual, newest_ns = batch.take(rest), punctual[rest], newest_ns[rest]
            if self._progress.watch is None:
                self._progress.reassess(last_ns)
        if self._progress.watch is None or len(batch) == 0:
            return
        columns, _ = drift_columns(batch, max_features=self._max_features)
        batch = replace(batch, cells=self._quality.errors.cells(columns, len(batch)))
        self._remember(batch, 0)
        # Windows have no use for ids, and to cut them up costs more than any other column.
        batch = replace(batch, prediction_ids=())
        if punctual.all():
            self._deal(self._progress.watch, batch, newest_ns)
        elif punctual.any():
            rows = np.flatnonzero(punctual)
            self._deal(self._progress.watch, batch.take(rows), newest_ns[rows])

    def flush(self) -> None:
        """Close what is still open, for want of further rows: the end of a history."""
        if self._progress.watch is not None:
            for slot, complete in self._clock.remaining():
                self._close(self._progress.watch, slot, partial=not complete)

    def _warn(self, reason: str, count: int) -> None:
        if count:
            self._telemetry.add("barograph.monitor.warnings", count, reason=reason)

    def _remember(
        self, batch: ObservationBatch, begin: int, numbers: npt.NDArray[np.int64] | None = None
    ) -> None:
        """Keep predictions until their labels come; those before ``begin`` as the reference's."""
        slots = self._quality.errors.slots
        evicted = self._joiner.remember(batch, begin, numbers, slots=slots)
        if evicted:
            self._telemetry.add("barograph.monitor.evicted", evicted, what="pending_labels")

    def _admit(
        self, batch: ObservationBatch
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
        """Advance event time; see ``WindowClock.admit``."""
        before, behind = self._clock.steps_back, self._clock.ahead_ns is not None
        punctual, newest_ns = self._clock.admit(batch.event_time)
        self._warn("event_time_stepped_back", self._clock.steps_back - before)
        self._counters.late += len(batch) - int(punctual.sum())
        if behind != (self._clock.ahead_ns is not None):
            # Behind, event time rests; it is over with the first row that is punctual.
            self._progress.reassess(int(newest_ns[punctual.argmax() if behind else -1]))
        return punctual, newest_ns

    def _learn(
        self, learner: Learner, batch: ObservationBatch, punctual: npt.NDArray[np.bool_]
    ) -> int:
        """Add rows to the reference; return how many rows come before its end."""
        split = learner.split(batch.event_time, failed=batch.failed, punctual=punctual)
        numbers = learner.number(split, failed=batch.failed)
        self._remember(batch.take(slice(split.end)), split.end, numbers)
        if split.inside.any():
            rows = batch.take(np.flatnonzero(split.inside))
            self._aftermath.learn(rows)
            usable, columns = self._summarize(rows)
            labels = self._labels_of(usable, numbers[numbers >= 0])
            learner.add(columns, rows)
            if labels is not None:
                self._progress.note_label(self._counters.windows)
                self._quality.learn(labels)
        if split.complete:
            learnt, cells = learner.finish()
            regression = self._joiner.judge.may_be_regression
            self._progress.begin(learnt, cells if regression else None)
            self._progress.harm(self._progress.settle(more_to_come=True))
            self._progress.reassess(learnt.end_ns)
        return split.end

    def _summarize(self, batch: ObservationBatch) -> tuple[ObservationBatch, dict[Any, Column]]:
        """Return the rows that did not fail, and what is watched of them."""
        usable = batch.take(np.flatnonzero(~batch.failed)) if batch.failed.any() else batch
        columns, left_out = drift_columns(usable, max_features=self._max_features)
        if left_out:
            self._telemetry.add("barograph.monitor.evicted", left_out, what="features")
        return usable, columns

    def _deal(
        self, watch: Watch, batch: ObservationBatch, newest_ns: npt.NDArray[np.int64]
    ) -> None:
        for slot, rows, closes in self._clock.deal(batch.event_time, newest_ns):
            if len(rows):
                part = batch if len(rows) == len(batch) else batch.take(_stretch(rows))
                self._aftermath.hold(slot, part)
                usable, columns = self._summarize(part)
                self._cover(slot, usable)
                watch.add(
                    slot,
                    WindowRows(
                        columns,
                        usable.ids,
                        OperationsWindow.of(part.latency, part.failed, part.event_time),
                        self._labels_of(usable),
                        self._judge.scores(usable) if self._quality.scores.known else None,
                        self._quality.errors.count(usable.cells),
                    ),
                )
            if closes:
                self._close(watch, slot, partial=False)

    def _cover(self, slot: Slot, batch: ObservationBatch) -> None:
        """Count rows, and the labels that came with them."""
        coverage = self._coverage
        coverage.see(slot, batch.event_time, self._judge.traits(batch))
        if batch.truth is not None:
            rows = batch.take(present(batch.truth))
            coverage.label(rows.event_time, self._judge.traits(rows), slot=slot)

    def _labels_of(
        self, batch: ObservationBatch, numbers: npt.NDArray[np.int64] | None = None
    ) -> LabelledRows | None:
        """Judge rows whose label came with them; None if none did.

        ``numbers`` are those of the reference's rows that they are.
        """
        labels, unusable = self._judge.labels(batch, numbers, errors=self._quality.errors)
        if unusable:
            self._telemetry.add(
                "barograph.monitor.unjoined", unusable, kind="label", reason="wrong_type"
            )
        if labels is not None:
            self._counters.label(np.zeros(len(labels)))
        return labels

    def _close(self, watch: Watch, slot: Slot, *, partial: bool) -> None:
        """Judge a window, or only report it if it is partial."""
        self._coverage.count_window(slot)
        self._aftermath.settle(slot)
        closed = watch.close(slot, number=self._counters.windows, partial=partial)
        if closed is None:
            return
        onsets: list[RiskTransition] = []
        if not partial:
            self._counters.windows += 1
            if closed.labels is not None:
                self._progress.note_label(closed.number)
                onsets = self._standing.label(closed.labels) + self._progress.settle(
                    more_to_come=True
                )
        review = self._reviews.answers.figures()
        self._standing.close(closed, onsets, watch, self._progress.sight(), review=review)


def _stretch(rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp] | slice:
    """Return rows in order, at least one, as a slice if none is missing between them."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows
