"""The rows that "normal" is learnt from, until there are enough of them."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.stream import StreamKey
from barograph_processor.observation import ObservationBatch
from barograph_processor.state.window.row_columns import (
    RowColumns,
    columns_state,
    joined_columns,
    restored_columns,
)
from barograph_processor.stats.column import Column, NumericColumn

__all__ = ["ReferenceRows", "drift_columns", "reference_windows"]


def drift_columns(
    batch: ObservationBatch, *, max_features: int
) -> tuple[dict[StreamKey, Column], int]:
    """Return the columns of a batch that are watched for drift, and how many were left out.

    A value that is the confidence itself is watched once, as confidence.
    """
    columns: dict[StreamKey, Column] = {}
    for name, column in list(batch.inputs.items())[:max_features]:
        columns[StreamKey("input.drift", name)] = column
    prediction = StreamKey("prediction.drift", None)
    if batch.label is not None:
        columns[prediction] = batch.label
    elif batch.value is not None and batch.value is not batch.confidence:
        columns[prediction] = NumericColumn(batch.value)
    for name, column in list(batch.outputs.items())[:max_features]:
        columns[StreamKey("prediction.drift", name)] = column
    if batch.confidence is not None:
        columns[StreamKey("confidence.drift", None)] = NumericColumn(batch.confidence)
    left_out = max(len(batch.inputs) - max_features, 0) + max(len(batch.outputs) - max_features, 0)
    return columns, left_out


class ReferenceRows:
    """Raw columns of the reference, gathered row by row.

    State size: the reference itself, 8 bytes a number, 4 a category; freed once learnt.
    Not locked; its owner is.
    """

    def __init__(self) -> None:
        self._parts: list[tuple[RowColumns, npt.NDArray[np.int64]]] = []
        self.rows = 0

    def add(self, columns: RowColumns, time_ns: npt.NDArray[np.int64]) -> None:
        """Add rows: columns of ``n`` rows each, and their event times, shape ``(n,)``."""
        self._parts.append((columns, time_ns))
        self.rows += len(time_ns)

    def time(self) -> npt.NDArray[np.int64]:
        """Return the event times of all rows, ns."""
        return np.concatenate([time for _, time in self._parts] or [np.zeros(0, dtype=np.int64)])

    def columns(self) -> dict[StreamKey, Column]:
        """Return whole columns, as ``joined_columns`` makes them."""
        return joined_columns([(columns, len(time)) for columns, time in self._parts])

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        parts = []
        # Rows of one layout are stored together; what a column is most often stays known.
        for _, group in groupby(self._parts, key=lambda part: _layout(part[0])):
            held = list(group)
            columns = joined_columns([(columns, len(time)) for columns, time in held])
            time = np.concatenate([time for _, time in held])
            parts.append({"columns": columns_state(columns), "time": time})
        return {"parts": parts}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._parts = [
            (restored_columns(part["columns"]), np.array(part["time"], dtype=np.int64))
            for part in state["parts"]
        ]
        self.rows = sum(len(time) for _, time in self._parts)


def reference_windows(
    time_ns: npt.NDArray[np.int64], *, max_rows: int | None, seconds: float | None
) -> npt.NDArray[np.intp]:
    """Say in which window of the reference each row lies, by the rule that closes live windows.

    Args:
        time_ns: Event time of each row in order of arrival, shape ``(n,)``.
        max_rows: Rows of a window, or None.
        seconds: Length of a window, or None.

    Returns:
        Shape ``(n,)``, numbered from 0 without gaps, in order of time.
    """
    n = len(time_ns)
    if seconds is None:
        if max_rows is None:
            raise ValueError("a window needs rows or seconds")
        number = np.arange(n) // max_rows
        return np.minimum(number, max(n // max_rows - 1, 0)).astype(np.intp)
    period = time_ns // round(seconds * 1e9)
    if max_rows is not None:
        order = np.argsort(period, kind="stable")
        ranked = period[order]
        place = np.arange(n) - np.searchsorted(ranked, ranked, side="left")
        part = np.empty(n, dtype=np.int64)
        part[order] = place // max_rows
        period = period * (part.max(initial=0) + 1) + part
    return np.unique(period, return_inverse=True)[1].astype(np.intp)


def _layout(columns: RowColumns) -> tuple[tuple[StreamKey, type[Column]], ...]:
    return tuple((key, type(column)) for key, column in columns.items())
