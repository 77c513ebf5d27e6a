"""The rows that "normal" is learnt from, until there are enough of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.stream import StreamKey
from barograph_processor.observation import ObservationBatch
from barograph_processor.stats.column import CategoricalColumn, Column, NumericColumn

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
        self._parts: list[tuple[dict[StreamKey, Column], npt.NDArray[np.int64]]] = []
        self.rows = 0

    def add(self, columns: dict[StreamKey, Column], time_ns: npt.NDArray[np.int64]) -> None:
        """Add rows: columns of ``n`` rows each, and their event times, shape ``(n,)``."""
        self._parts.append((columns, time_ns))
        self.rows += len(time_ns)

    def time(self) -> npt.NDArray[np.int64]:
        """Return the event times of all rows, ns."""
        return np.concatenate([time for _, time in self._parts] or [np.zeros(0, dtype=np.int64)])

    def columns(self) -> dict[StreamKey, Column]:
        """Return whole columns. One that some rows lack is missing there.

        A column that is a number in some rows and a category in others is
        whatever it is in most; the rest of it is missing.
        """
        keys = {key: None for columns, _ in self._parts for key in columns}
        return {key: self._column(key) for key in keys}

    def _column(self, key: StreamKey) -> Column:
        numbers = sum(
            len(time) for cols, time in self._parts if isinstance(cols.get(key), NumericColumn)
        )
        names = sum(
            len(time) for cols, time in self._parts if isinstance(cols.get(key), CategoricalColumn)
        )
        if numbers >= names:
            return NumericColumn(
                np.concatenate(
                    [
                        column.values
                        if isinstance(column := columns.get(key), NumericColumn)
                        else np.full(len(time), np.nan)
                        for columns, time in self._parts
                    ]
                )
            )
        levels: dict[str, int] = {}
        codes = []
        for columns, time in self._parts:
            column = columns.get(key)
            if isinstance(column, CategoricalColumn):
                table = [levels.setdefault(level, len(levels)) for level in column.levels]
                codes.append(np.array([*table, -1], dtype=np.int32)[column.codes])
            else:
                codes.append(np.full(len(time), -1, dtype=np.int32))
        return CategoricalColumn(np.concatenate(codes), tuple(levels))

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        columns = []
        for key, column in self.columns().items() if self._parts else ():
            plain: dict[str, Any] = {"signal": key.signal, "feature": key.feature}
            if isinstance(column, NumericColumn):
                plain["values"] = column.values
            else:
                plain["codes"] = column.codes
                plain["levels"] = list(column.levels)
            columns.append(plain)
        return {"columns": columns, "time": self.time()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        time = np.array(state["time"], dtype=np.int64)
        columns: dict[StreamKey, Column] = {}
        for plain in state["columns"]:
            key = StreamKey(plain["signal"], plain["feature"])
            columns[key] = (
                NumericColumn(np.array(plain["values"], dtype=np.float64))
                if "values" in plain
                else CategoricalColumn(
                    np.array(plain["codes"], dtype=np.int32), tuple(plain["levels"])
                )
            )
        self._parts = [(columns, time)] if len(time) else []
        self.rows = len(time)


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
