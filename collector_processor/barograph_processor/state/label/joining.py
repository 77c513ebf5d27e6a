"""Where the predictions of a model meet their labels."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import LimitsConfig, ModelConfig
from barograph_processor.observation import ObservationBatch
from barograph_processor.quality.loss import Judged
from barograph_processor.state.label.coverage import Traits, traits
from barograph_processor.state.label.judging import Judge
from barograph_processor.state.label.label_order import SOURCE_RANKS
from barograph_processor.state.label.labels import Correction, Labels
from barograph_processor.state.label.pending import PendingPredictions
from barograph_processor.state.label.row_judging import present
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

__all__ = ["Joined", "Joiner"]


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """What became of some late labels.

    Attributes:
        slots: Of the predictions that met their first label, shape ``(n,)``.
        labels: These labels with their predictions; None if there are none.
        in_reference: Whose predictions belong to the reference, shape ``(n,)``.
        delay_s: Time from prediction to label, s, shape ``(n,)``; NaN if it cannot be right.
        corrections: Labels that replace earlier ones.
        unused: How many could not be used, by reason.
        doubted: How many were used although something about them cannot be right, by reason.
    """

    slots: npt.NDArray[np.intp]
    labels: Labels | None
    in_reference: npt.NDArray[np.bool_]
    delay_s: npt.NDArray[np.float64]
    corrections: tuple[Correction, ...] = ()
    unused: Mapping[str, int] = field(default_factory=dict)
    doubted: Mapping[str, int] = field(default_factory=dict)


class Joiner:
    """Keeps predictions until their labels come, and judges them then.

    Not locked; its owner is.

    Args:
        config: How the model is watched.
        limits: Predictions held, and for how long.

    Attributes:
        judge: Compares predictions with labels.
        searches: Whether slices are searched in the inputs, which are kept then.
        pending: The predictions.
    """

    def __init__(self, config: ModelConfig, limits: LimitsConfig) -> None:
        self.judge = Judge(config)
        self.searches = config.alarm.propose_slices
        self._longest_s = limits.pending_seconds
        self.pending = PendingPredictions(
            capacity=limits.pending_labels, max_age_ns=round(limits.pending_seconds * 1e9)
        )

    def remember(
        self,
        batch: ObservationBatch,
        begin: int,
        numbers: npt.NDArray[np.int64] | None = None,
        *,
        slots: int = 0,
    ) -> int:
        """Keep predictions; return how many had to be evicted or thinned.

        Args:
            batch: The predictions, ``n``; those before row ``begin`` belong to the reference.
            begin: The first that does not.
            numbers: Which row of the reference each is, -1 for none, ``(n,)``; None for none.
            slots: Of the reference, to keep the batch's cells; 0 keeps none.
        """
        if not batch.prediction_ids:
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
                confidence=kept.confidence,
                weight=kept.weight,
                row=None if numbers is None else numbers[rows],
                cells=kept.cells if slots else None,
                reference_slots=slots,
                slices=kept.slices,
                responses=kept.response_ids,
                inputs=kept.inputs if self.searches else {},
            )
            self._note_truth(kept)
        return evicted

    def losses(self, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return the losses of predictions, as in ``Judged``; NaN where there is no label."""
        found = np.full(len(slots), np.nan)
        labelled = self.pending.column("labelled", slots)
        numbers = self.pending.column("truth_class", slots) < 0
        for kind in (numbers, ~numbers):
            rows = np.flatnonzero(labelled & kind)
            if len(rows):
                judged = self._judged(slots[rows], self.pending.labels.truth(slots[rows]))
                if judged is not None:
                    found[rows] = judged.loss
        return found

    def _note_truth(self, rows: ObservationBatch) -> None:
        """Note the labels that came with rows, for what comes later and asks for them."""
        if rows.truth is None:
            return
        slots = self.pending.find(rows.prediction_ids)
        known = np.intersect1d(present(rows.truth), np.flatnonzero(slots >= 0))
        self.pending.labels.mark(
            slots[known],
            rows.truth.take(known),
            source=np.full(len(known), SOURCE_RANKS[None], dtype=np.int8),
            time_ns=rows.event_time[known],
        )

    def join(
        self,
        slots: npt.NDArray[np.intp],
        truth: Column,
        time_ns: npt.NDArray[np.int64],
        source: npt.NDArray[np.int8],
    ) -> Joined:
        """Join labels with predictions that are pending.

        A prediction that has a label keeps it against one of a source that is less to be
        believed, and against an older one of an equal source; else the new one corrects it.

        Args:
            slots: Of the predictions, from ``pending.find``, all known, each once, ``(n,)``.
            truth: The labels, without missing rows, ``n`` of them.
            time_ns: When each label became true, shape ``(n,)``.
            source: Whom to believe, from ``source_ranks``, shape ``(n,)``.
        """
        unused: Counter[str] = Counter()
        delay_s, time_ns, doubted = self._delays(slots, time_ns)
        again = self.pending.column("labelled", slots)
        corrections = []
        if again.any():
            rows = np.flatnonzero(again)
            corrections = self._correct(
                slots[rows], truth.take(rows), time_ns[rows], source[rows], unused
            )
            rows = np.flatnonzero(~again)
            slots, truth, time_ns, source = (
                slots[rows],
                truth.take(rows),
                time_ns[rows],
                source[rows],
            )
            delay_s = delay_s[rows]
        judged = self._judged(slots, truth) if len(slots) else None
        if judged is None:
            unused["wrong_type"] += len(slots)
            none = np.zeros(0, dtype=np.intp)
            return Joined(none, None, none > 0, np.zeros(0), tuple(corrections), unused, doubted)
        usable = np.flatnonzero(~np.isnan(judged.loss))
        unused["wrong_type"] += len(slots) - len(usable)
        slots = slots[usable]
        self.pending.labels.mark(
            slots, truth.take(usable), source=source[usable], time_ns=time_ns[usable]
        )
        labels = self._labels(slots, judged.take(usable)) if len(usable) else None
        in_reference = self.pending.column("reference", slots)
        return Joined(
            slots, labels, in_reference, delay_s[usable], tuple(corrections), +unused, doubted
        )

    def traits_of(self, slots: npt.NDArray[np.intp]) -> Traits:
        """Return what predictions are told apart by when their labels are counted."""
        pending = self.pending
        classes = CategoricalColumn(pending.column("predicted", slots), pending.classes)
        value, confidence = pending.column("value", slots), pending.column("confidence", slots)
        return traits(classes, value, confidence, pending.slices(slots))

    def _delays(
        self, slots: npt.NDArray[np.intp], time_ns: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], Counter[str]]:
        """Return delays, times to judge the order of labels by, and what cannot be right."""
        predicted_at = self.pending.column("time", slots)
        delay_s = (time_ns - predicted_at) / 1e9
        early, late = delay_s < 0, delay_s > self._longest_s
        doubted = Counter(
            label_before_prediction=int(early.sum()), label_long_after_prediction=int(late.sum())
        )
        # A label from the far future must not outlast all that come after it.
        time_ns = np.where(late, predicted_at, time_ns)
        return np.where(late, np.nan, delay_s), time_ns, +doubted

    def _correct(
        self,
        slots: npt.NDArray[np.intp],
        truth: Column,
        time_ns: npt.NDArray[np.int64],
        source: npt.NDArray[np.int8],
        unused: Counter[str],
    ) -> list[Correction]:
        """Take labels of predictions that have one already."""
        rank = self.pending.column("source", slots)
        known_ns = self.pending.column("label_time", slots)
        believed = (source > rank) | ((source == rank) & (time_ns >= known_ns))
        if isinstance(truth, NumericColumn):
            same = truth.values == self.pending.column("truth_number", slots)
        else:
            known = self.pending.labels.names(slots).values()
            same = np.array([a == b for a, b in zip(truth.values(), known, strict=True)])
        unused["already_labelled"] += int(same.sum())
        unused["superseded"] += int((~same & ~believed).sum())
        found = []
        # Earlier labels that were numbers, and those that were names, apart.
        numbers = self.pending.column("truth_class", slots) < 0
        for kind in (numbers, ~numbers):
            rows = np.flatnonzero(believed & ~same & kind)
            if len(rows):
                found.append(
                    self._corrected(
                        slots[rows], truth.take(rows), time_ns[rows], source[rows], unused
                    )
                )
        return [correction for correction in found if correction is not None]

    def _corrected(
        self,
        slots: npt.NDArray[np.intp],
        truth: Column,
        time_ns: npt.NDArray[np.int64],
        source: npt.NDArray[np.int8],
        unused: Counter[str],
    ) -> Correction | None:
        after = self._judged(slots, truth)
        before = self._judged(slots, self.pending.labels.truth(slots))
        if after is None or before is None:
            unused["wrong_type"] += len(slots)
            return None
        rows = np.flatnonzero(~np.isnan(after.loss))
        unused["wrong_type"] += len(slots) - len(rows)
        if len(rows) == 0:
            return None
        kept = slots[rows]
        place = self.pending.column("place", kept)
        self.pending.labels.mark(kept, truth.take(rows), source=source[rows], time_ns=time_ns[rows])
        self.pending.labels.settle(kept, place)
        return Correction(
            self._labels(kept, before.take(rows)),
            self._labels(kept, after.take(rows)),
            self.pending.column("reference", kept),
            place,
        )

    def _judged(self, slots: npt.NDArray[np.intp], truth: Column) -> Judged | None:
        pending = self.pending
        known = pending.classes
        classes = CategoricalColumn(pending.column("predicted", slots), known)
        judged = self.judge.judge(
            classes if known else None,
            pending.column("value", slots),
            truth,
            confidence=pending.column("confidence", slots),
        )
        return None if judged is None else replace(judged, weight=pending.weights(slots))

    def _labels(self, slots: npt.NDArray[np.intp], judged: Judged) -> Labels:
        pending = self.pending
        time_ns = pending.column("time", slots)
        row = pending.column("row", slots).astype(np.int64)
        slices, inputs = pending.slices(slots), pending.inputs(slots)
        return Labels(judged, pending.ids(slots), time_ns, row, slices, inputs)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"judge": self.judge.state(), "pending": self.pending.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self.judge.load(state["judge"])
        self.pending.load(state["pending"])
