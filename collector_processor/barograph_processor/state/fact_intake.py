"""Where late facts come into a model: labels, reactions, outcomes, evaluations."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from barograph_processor.state.histogram import Sources
from barograph_processor.state.label.joining import Joined, Joiner
from barograph_processor.state.label.label_order import distinct_runs
from barograph_processor.state.progress import Progress
from barograph_processor.stats.column import Column
from barograph_processor.telemetry import Telemetry

__all__ = ["FactIntake"]


class FactIntake:
    """Takes facts about predictions that are pending, in order of arrival.

    Has no state of its own. Not locked; its owner is.

    Args:
        progress: Of the model.
        joiner: Where its predictions wait.
        telemetry: Where doubtful labels are counted.
    """

    def __init__(self, progress: Progress, joiner: Joiner, telemetry: Telemetry) -> None:
        self._progress = progress
        self._counters = progress.counters
        self._standing = progress.standing
        self._aftermath = progress.standing.aftermath
        self._coverage = progress.standing.coverage
        self._quality = progress.standing.quality
        self._joiner = joiner
        self._pending = joiner.pending
        self._telemetry = telemetry

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
        self._aftermath.loops.sources(source)
        unused: Counter[str] = Counter()
        for run in distinct_runs(slots):
            rows = np.arange(run.start, run.stop)
            joined = self._joiner.join(slots[run], truth.take(rows), time_ns[run], source[run])
            self._take_labels(joined)
            unused.update(joined.unused)
        self._reassess()
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
        reactions = self._aftermath.reactions
        counted = reactions.take(self._pending, slots, kinds, magnitudes)
        for kind in counted:
            self._counters.react(kind)
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
            self._counters.outcome(unit, value)
        losses = self._bounded(self._joiner.losses(slots))
        self._aftermath.outcomes.take(self._pending, slots, units, values, losses)

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
        ids, time_ns = self._pending.ids(slots), self._pending.column("time", slots)
        for name in dict.fromkeys(names):
            rows = [row for row, each in enumerate(names) if each == name]
            self._counters.evaluate(name, scores[rows], Sources(ids[rows], time_ns[rows]))
        self._progress.note_evaluation(self._counters.windows)
        self._reassess()
        self._aftermath.evaluations.take(self._pending, slots, names, scores)

    def _reassess(self) -> None:
        """What quality was not known may be now, whether or not a further window closes."""
        self._progress.reassess(self._progress.clock.watermark or 0)

    def _bounded(self, losses: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return losses in [0, 1]; NaN stays, and is all while it is not known what is usual."""
        known = ~np.isnan(losses) & self._quality.frozen
        return np.where(known, self._quality.bounded(losses), np.nan)

    def _take_labels(self, joined: Joined) -> None:
        """Take labels that came later than their prediction."""
        for reason, count in joined.doubted.items():
            self._telemetry.add("barograph.monitor.warnings", count, reason=reason)
        for correction in joined.corrections:
            replaced = self._quality.correct(correction)
            self._counters.correct(len(correction.place), replaced=replaced)
        labels = joined.labels
        if labels is None:
            return
        self._counters.label(joined.delay_s)
        self._progress.note_label(self._counters.windows)
        losses = self._bounded(labels.judged.loss)
        self._aftermath.outcomes.judge(self._pending, joined.slots, losses)
        early = np.flatnonzero(joined.in_reference)
        later = np.flatnonzero(~joined.in_reference)
        if len(early):
            first = self._quality.learn(labels.take(early).summed())
            if first is not None:
                self._pending.labels.settle(joined.slots[early], first + np.arange(len(early)))
            self._progress.harm(self._progress.settle(more_to_come=True))
        if len(later):
            slots = joined.slots[later]
            traits = self._joiner.traits_of(slots)
            self._coverage.label(self._pending.column("time", slots), traits)
            if self._quality.frozen:
                place = np.full(len(later), self._counters.windows)
                self._pending.labels.settle(joined.slots[later], place)
            promised = self._quality.errors.expect(self._pending.cells(slots))
            told = labels.take(later)
            told = replace(told, judged=replace(told.judged, promised=promised))
            self._progress.harm(self._standing.label(told.summed()))
            self._progress.harm(self._progress.settle(more_to_come=True))
