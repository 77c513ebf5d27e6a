"""Where the predictions of a model meet their labels."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import LimitsConfig, ModelConfig
from barograph_processor.observation import ObservationBatch
from barograph_processor.state.judging import Judge
from barograph_processor.state.labels import LabelledRows, Labels
from barograph_processor.state.pending import PendingPredictions
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["Joined", "Joiner"]


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """What became of some late labels.

    Attributes:
        labels: With their predictions; None if none could be used.
        in_reference: Whose predictions belong to the reference, of those labels.
        delay_s: Time from prediction to label, s, of those labels.
        unused: How many could not be used, by reason.
    """

    labels: Labels | None
    in_reference: npt.NDArray[np.bool_]
    delay_s: npt.NDArray[np.float64]
    unused: Mapping[str, int] = field(default_factory=dict)


class Joiner:
    """Keeps predictions until their labels come, and judges them then.

    Not locked; its owner is.

    Args:
        config: How the model is watched.
        limits: Predictions held, and for how long.
    """

    def __init__(self, config: ModelConfig, limits: LimitsConfig) -> None:
        self.judge = Judge(config)
        self.pending = PendingPredictions(
            capacity=limits.pending_labels, max_age_ns=round(limits.pending_seconds * 1e9)
        )

    def remember(self, batch: ObservationBatch, begin: int) -> int:
        """Keep predictions; those before row ``begin`` belong to the reference.

        Returns:
            How many had to be evicted or thinned.
        """
        if batch.truth is not None or not batch.prediction_ids:
            return 0
        evicted = 0
        usable = np.flatnonzero(~batch.failed)
        for rows, reference in ((usable[usable < begin], True), (usable[usable >= begin], False)):
            if len(rows) == 0:
                continue
            kept = batch if len(rows) == len(batch) else batch.take(rows)
            classes, value = self.judge.predicted(kept)
            evicted += self.pending.add(
                kept.prediction_ids,
                ids=kept.ids,
                time=kept.event_time,
                reference=reference,
                predicted=classes,
                value=value,
                slices=kept.slices,
            )
        return evicted

    def join(
        self, slots: npt.NDArray[np.intp], truth: Column, time_ns: npt.NDArray[np.int64]
    ) -> Joined:
        """Join labels with predictions that are pending. The first label of each counts.

        Args:
            slots: Of the predictions, from ``pending.find``, all known, shape ``(n,)``.
            truth: The labels, without missing rows, ``n`` of them.
            time_ns: When each label became true, shape ``(n,)``.
        """
        unused: Counter[str] = Counter()
        first = np.unique(slots, return_index=True)[1]
        fresh = np.sort(first[~self.pending.column("labelled", slots[first])])
        if len(fresh) < len(slots):
            unused["already_labelled"] = len(slots) - len(fresh)
            slots, truth, time_ns = slots[fresh], truth.take(fresh), time_ns[fresh]
        in_reference = self.pending.column("reference", slots)
        predicted_at = self.pending.column("time", slots)
        delay_s = (time_ns - predicted_at) / 1e9
        labels = None
        if len(slots):
            known = self.pending.classes
            classes = CategoricalColumn(self.pending.column("predicted", slots), known)
            value = self.pending.column("value", slots)
            judged = self.judge.judge(classes if known else None, value, truth)
            if judged is None:
                unused["wrong_type"] = len(slots)
            else:
                self.pending.mark_labelled(slots)
                slices = self.pending.slices(slots)
                labels = Labels(judged, self.pending.ids(slots), predicted_at, slices)
        return Joined(labels, in_reference, delay_s, unused)

    def labels_of(self, batch: ObservationBatch) -> tuple[LabelledRows | None, int]:
        """Judge rows whose label came with them.

        Returns:
            What is kept of them, None if no row had a label; and how many labels
            could not be compared with their prediction.
        """
        if batch.truth is None:
            return None, 0
        known = _present(batch.truth)
        rows = batch if len(known) == len(batch) else batch.take(known)
        if len(rows) == 0 or rows.truth is None:
            return None, 0
        classes, value = self.judge.predicted(rows)
        value = np.full(len(rows), np.nan) if value is None else value
        judged = self.judge.judge(classes, value, rows.truth)
        if judged is None:
            return None, len(rows)
        return Labels(judged, rows.ids, rows.event_time, rows.slices).summed(), 0

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"judge": self.judge.state(), "pending": self.pending.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.judge.load(state["judge"])
        self.pending.load(state["pending"])


def _present(column: Column) -> npt.NDArray[np.intp]:
    """Rows of a column that have a value."""
    if isinstance(column, CategoricalColumn):
        return np.flatnonzero(column.codes >= 0)
    return np.flatnonzero(~np.isnan(column.values))
