"""Predictions that wait for their label."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import names_at
from barograph_processor.state.label.cell_table import CellTable
from barograph_processor.state.label.input_table import InputTable
from barograph_processor.state.label.name_table import NameTable
from barograph_processor.state.label.pending_columns import PendingColumns
from barograph_processor.state.label.pending_labels import PendingLabels
from barograph_processor.state.label.pending_notes import PendingNotes
from barograph_processor.state.label.prediction_id import short_ids
from barograph_processor.state.label.prediction_names import AskedIds, PredictionNames
from barograph_processor.state.label.slice_table import SliceTable
from barograph_processor.state.label.span_table import SpanTable
from barograph_processor.state.label.thinning import Thinning
from barograph_processor.stats.column import CategoricalColumn, Column

__all__ = ["PendingPredictions"]

_NOTHING: Final[Mapping[str, Column]] = {}


class PendingPredictions:
    """A bounded table of predictions by id, in order of arrival.

    When it is full, those that have their label go first, then those past their
    age, and if that is not enough the rest is thinned by a hash of the id: the
    kept share of ids halves, and the same ids are kept whatever their labels
    are. The share doubles again, for what comes from then on, while what waits takes
    a quarter of the room or less. Each prediction weighs one over the least share that
    was kept since it came, so that estimates stay unbiased whichever way the share went.

    A prediction that is labelled stays, as long as there is room, so that a later
    label can correct the first.

    State size: about 150 bytes a prediction, 200 more with an id of its own, and 4 an input;
    of a regression one or two more for each stream. Not locked; its owner is.

    Args:
        capacity: Most predictions held. Positive.
        max_age_ns: Event time after which one no longer waits.

    Attributes:
        labels: Those that came.
        notes: What came of the predictions beside their labels.
        spans: Their child spans.
    """

    def __init__(self, *, capacity: int, max_age_ns: int) -> None:
        self._capacity = capacity
        self._max_age_ns = max_age_ns
        self._names = PredictionNames()
        self._columns = PendingColumns(capacity)
        self.notes = PendingNotes(self._columns)
        self.labels = PendingLabels(self._columns)
        self._classes = NameTable()
        self._slices = SliceTable()
        self._inputs = InputTable()
        self._cells = CellTable()
        self.spans = SpanTable()
        # Room is made for as many at once: each time costs the whole table.
        self._eighth = max(capacity // 8, 1)
        self._thinning = Thinning(self._eighth)

    def __len__(self) -> int:
        return len(self._names)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that the ``predicted`` codes refer to."""
        return self._classes.names

    @property
    def keep_rate(self) -> float:
        """Share of ids that are kept, in (0, 1]."""
        return self._thinning.rate

    def add(
        self,
        names: Sequence[str],
        *,
        ids: npt.NDArray[np.uint64],
        time: npt.NDArray[np.int64],
        reference: bool,
        predicted: CategoricalColumn | None,
        value: npt.NDArray[np.float64] | None,
        slices: Mapping[str, CategoricalColumn],
        inputs: Mapping[str, Column] = _NOTHING,
        confidence: npt.NDArray[np.float64] | None = None,
        weight: npt.NDArray[np.float64] | None = None,
        row: npt.NDArray[np.int64] | None = None,
        cells: npt.NDArray[np.int64] | None = None,
        reference_slots: int = 0,
        responses: Sequence[str | None] = (),
    ) -> int:
        """Add predictions, each column of ``n`` rows; return how many were evicted or thinned.

        ``reference`` says that all of them belong to the reference, and ``row`` which of the
        rows that it learns from they are, -1 for none. ``cells`` are kept if they are there, of
        a reference of so many slots. ``responses`` are the ids of the
        provider's responses; empty if there are none.
        """
        names = short_ids(names)
        columns: dict[str, npt.NDArray[Any] | None] = {
            "time": time,
            "value": value,
            "confidence": confidence,
            "weight": weight,
            "row": row,
        }
        evicted = start = 0
        while start < len(names):
            # So far and no further, so that the share changes at the same row always.
            end = min(len(names), start + self._thinning.left)
            keep = start + np.flatnonzero(self._thinning.keeps(names[start:end]))
            room = self._capacity - len(self._names)
            # As many as there is room for, so that clearing falls on the same row always.
            stop = int(keep[room]) if len(keep) > room else end
            rows = keep[:room]
            evicted += stop - start - len(rows)
            known = {name: column[rows] for name, column in columns.items() if column is not None}
            if predicted is not None:
                # Here and not before: clearing numbers the classes anew.
                known["predicted"] = self._classes.encode(predicted)[rows]
            slots = self._columns.append(
                ids[rows], {**known, "reference": reference, "kept": self._thinning.rate}
            )
            self._names.append(names_at(names, rows), names_at(responses, rows))
            self._slices.add(slices, rows, slots.start)
            self._inputs.add(inputs, rows, slots.start)
            self._cells.add(cells, rows, slots.start, slots=reference_slots)
            self.spans.reserve(slots.stop)
            if self._thinning.see(stop - start) and self._has_room(int(time[stop - 1])):
                self._thinning.double()
            start = stop
            if stop < end:
                evicted += self._reduce(self._capacity - self._eighth, int(time[stop]))
        return evicted

    def compact(self, most: int) -> int:
        """If there are more than so many, drop the labelled and the too old.

        The time is that of the newest row. Returns how many had been waiting.
        """
        return self._compact(self._newest_ns) if len(self._names) > most else 0

    def shrink(self, most: int) -> int:
        """Keep so many at most, as when the table is full; return how many had been waiting."""
        return self._reduce(most, self._newest_ns) if len(self._names) > most else 0

    def find(self, names: Sequence[str] | AskedIds) -> npt.NDArray[np.intp]:
        """Return the slot of each id, -1 where it is not known. Slots last until ``add``."""
        return self._names.find(names)

    def of_responses(self, names: Sequence[str]) -> npt.NDArray[np.intp]:
        """Return the slot of each response; see ``PredictionNames.of_responses``."""
        return self._names.of_responses(names)

    def of_trace(self, high: int, low: int) -> npt.NDArray[np.intp]:
        """Return the slots of a trace's predictions; a scan of the table.

        Args:
            high: The trace id's high 64 bits.
            low: Its low 64 bits.
        """
        ids = self._columns.ids
        return np.flatnonzero((ids[:, 0] == np.uint64(high)) & (ids[:, 1] == np.uint64(low)))

    def of_spans(
        self, keys: npt.NDArray[np.uint64], *, newest: int | None = None
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return the slots of given spans; see ``PendingColumns.of_spans``."""
        return self._columns.of_spans(keys, newest=newest)

    def names(self, slots: npt.NDArray[np.intp]) -> list[str]:
        """Return the ids of slots."""
        return list(self._names.at(slots))

    def thinned(self, name: str) -> bool:
        """Whether this id is among those that are not kept at the present rate."""
        return not self._thinning.keeps(short_ids((name,)))[0]

    def column(self, name: str, slots: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
        """Return a column of slots, by name.

        What a prediction has: ``time``, ``reference``, ``row``, ``predicted``, ``value``,
        ``confidence``. What its label has, once it is ``labelled``:
        ``truth_class`` or ``truth_number``, ``source``, ``label_time``, ``place``.
        ``reacted`` are the kinds of its reactions, as bits; ``outcome`` and
        ``outcome_unit`` what it was worth.
        """
        return self._columns[name][slots]

    def weights(self, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
        """Return how many predictions each of these stands for: as it came, and by what is kept."""
        columns = self._columns
        found: npt.NDArray[np.float64] = np.divide(columns["weight"][slots], columns["kept"][slots])
        return found

    def ids(self, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.uint64]:
        """Return the trace and span ids of slots, shape ``(k, 3)``."""
        return self._columns.ids[slots]

    def slices(self, slots: npt.NDArray[np.intp]) -> dict[str, CategoricalColumn]:
        """Return the levels of slots by dimension."""
        return self._slices.take(slots) | self.spans.take(slots)

    def inputs(self, slots: npt.NDArray[np.intp]) -> dict[str, Column]:
        """Return the inputs of slots by name, as far as they are kept."""
        return self._inputs.take(slots)

    def cells(self, slots: npt.NDArray[np.intp]) -> npt.NDArray[np.int64] | None:
        """Return the cells of slots, ``(S, k)``; see ``CellTable.take``."""
        return self._cells.take(slots)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        return {
            "names": self._names.state(),
            **self._columns.state(),
            "classes": self._classes.state(),
            "truths": self.labels.state(),
            "slices": self._slices.state(len(self._names)),
            "inputs": self._inputs.state(len(self._names)),
            "cells": self._cells.state(len(self._names)),
            "thinning": self._thinning.state(),
            "spans": self.spans.state(len(self._names)),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._names.load(state["names"])
        self._columns.load(state)
        self._classes.load(state["classes"])
        self.labels.load(state["truths"])
        self._slices.load(state["slices"])
        self._inputs.load(state["inputs"])
        self._cells.load(state["cells"])
        self._thinning.load(state["thinning"])
        self.spans.load(state["spans"], len(self._names))

    def _reduce(self, most: int, now_ns: int) -> int:
        evicted = self._compact(now_ns)
        while len(self._names) > most:
            self._thinning.halve()
            evicted += self._thin()
        return evicted

    @property
    def _newest_ns(self) -> int:
        return int(self._columns["time"][-1])

    def _has_room(self, now_ns: int) -> bool:
        return int(self._waiting(now_ns).sum()) <= self._capacity // 4

    def _waiting(self, now_ns: int) -> npt.NDArray[np.bool_]:
        """Slots without a label, of a prediction that is not too old for one."""
        waiting: npt.NDArray[np.bool_] = self._columns["time"] >= now_ns - self._max_age_ns
        waiting &= ~self._columns["labelled"]
        return waiting

    def _compact(self, now_ns: int) -> int:
        """Drop the labelled and the too old; return how many had been waiting."""
        waiting = self._waiting(now_ns)
        evicted = int((~waiting & ~self._columns["labelled"]).sum())
        self._retain(waiting & self._names.current())
        return evicted

    def _thin(self) -> int:
        before = len(self._names)
        self._retain(self._thinning.keeps(self._names.ids) & self._names.current())
        np.minimum(self._columns["kept"], self._thinning.rate, out=self._columns["kept"])
        return before - len(self._names)

    def _retain(self, mask: npt.NDArray[np.bool_]) -> None:
        if mask.all():
            return
        slots = np.flatnonzero(mask)
        self._columns.retain(slots)
        self._slices.retain(slots)
        self._inputs.retain(slots)
        self._cells.retain(slots)
        self.spans.retain(slots)
        self._names.retain(slots)
        # Names of classes that no prediction and no label refers to any more go as well.
        self._columns["predicted"][:] = self._classes.prune(self._columns["predicted"])
        self.labels.prune()
