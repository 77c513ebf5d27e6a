"""What rows say by themselves: the labels that came with them, their scores, their traits."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ObservationBatch
from barograph_processor.quality.loss import Judged, is_class
from barograph_processor.quality.score_histogram import ScoreCounts
from barograph_processor.state.label.coverage import Traits, traits
from barograph_processor.state.label.expected_errors import ExpectedErrors
from barograph_processor.state.label.input_columns import first_inputs
from barograph_processor.state.label.judging import Judge
from barograph_processor.state.label.labels import LabelledRows, Labels
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["RowJudge", "present"]


class RowJudge:
    """Judges rows as they come, without what is known of other rows. Has no state of its own.

    Args:
        judge: Compares predictions with labels.
        searches: Whether slices are searched in the inputs, which are kept then.
    """

    def __init__(self, judge: Judge, *, searches: bool) -> None:
        self._judge = judge
        self._searches = searches

    def labels(
        self,
        batch: ObservationBatch,
        numbers: npt.NDArray[np.int64] | None = None,
        *,
        errors: ExpectedErrors | None = None,
    ) -> tuple[LabelledRows | None, int]:
        """Judge rows whose label came with them.

        Args:
            batch: The rows, ``n`` of them.
            numbers: Which of the rows that the reference learns from each is, shape ``(n,)``;
                None if none is any.
            errors: What was to be expected of rows whose cells are known.

        Returns:
            What is kept of them, None if no row had a label; and how many labels
            could not be compared with their prediction.
        """
        if batch.truth is None:
            return None, 0
        known = present(batch.truth)
        rows = batch if len(known) == len(batch) else batch.take(known)
        if len(rows) == 0:
            return None, 0
        judged = self._judged(rows)
        if judged is None:
            return None, len(rows)
        inputs = first_inputs(rows.inputs) if self._searches else {}
        promised = None if errors is None else errors.expect(rows.cells)
        judged = replace(judged, weight=rows.weight, promised=promised)
        row = np.full(len(rows), -1) if numbers is None else numbers[known]
        labels = Labels(judged, rows.ids, rows.event_time, row, rows.slices, inputs)
        usable = np.flatnonzero(~np.isnan(judged.loss))
        kept = labels.take(usable).summed() if len(usable) else None
        return kept, len(rows) - len(usable)

    def _judged(self, rows: ObservationBatch) -> Judged | None:
        """Compare rows, all with a label, with it; None if they cannot be compared."""
        if rows.truth is None:
            return None
        classes, value = self._judge.predicted(rows)
        value = np.full(len(rows), np.nan) if value is None else value
        return self._judge.judge(classes, value, rows.truth, confidence=rows.confidence)

    def traits(self, batch: ObservationBatch) -> Traits:
        """Return what rows are told apart by when their labels are counted."""
        classes, value = self._judge.predicted(batch)
        return traits(classes, value, batch.confidence, batch.slices)

    def scores(self, batch: ObservationBatch) -> ScoreCounts | None:
        """Return the scores of rows, labelled or not; None if they have none that can be told."""
        classes, value = self._judge.predicted(batch)
        if classes is not None and self._judge.task != "binary":
            if batch.confidence is None:
                return None
            said = np.ones(len(batch), dtype=np.bool_)
            return ScoreCounts.of(batch.confidence, said, batch.weight)
        if value is None or self._judge.task == "regression":
            return None
        said = value >= self._judge.threshold
        if classes is not None:
            named = classes.codes >= 0
            said = np.where(named, is_class(classes, self._judge.positive), said)
        return ScoreCounts.of(value, said, batch.weight)


def present(column: Column) -> npt.NDArray[np.intp]:
    """Return the rows of a column that have a value."""
    if isinstance(column, CategoricalColumn):
        return np.flatnonzero(column.codes >= 0)
    return np.flatnonzero(~np.isnan(column.values))
