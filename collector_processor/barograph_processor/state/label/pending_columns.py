"""The columns of the table of predictions that wait for their label."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import span_keys, trace_keys
from barograph_processor.state.label.grown import grown

__all__ = ["KEPT_EVALUATIONS", "PendingColumns"]

KEPT_EVALUATIONS: Final = 4
"""Names of evaluations whose latest score is kept with the prediction: the first of a model."""

# Type of each column, and what a prediction has there until something is known.
_FIELDS: Final[dict[str, tuple[Any, Any]]] = {
    "time": (np.int64, 0),
    "reference": (np.bool_, False),
    "row": (np.int32, -1),
    "predicted": (np.int32, -1),
    "value": (np.float64, np.nan),
    "confidence": (np.float64, np.nan),
    "weight": (np.float64, 1.0),
    "kept": (np.float64, 1.0),
    "labelled": (np.bool_, False),
    "truth_class": (np.int32, -1),
    "truth_number": (np.float64, 0.0),
    "source": (np.int8, 0),
    "label_time": (np.int64, 0),
    "place": (np.int64, -1),
    "reacted": (np.uint8, 0),
    "outcome_unit": (np.int8, -1),
    "outcome": (np.float64, 0.0),
    **{f"evaluation.{place}": (np.float64, np.nan) for place in range(KEPT_EVALUATIONS)},
}


class PendingColumns:
    """Arrays by name that grow together up to a capacity, and the trace and span ids.

    State size: about 130 bytes a row, for at most twice the rows. Not locked; its owner is.

    Args:
        capacity: Most rows. Positive.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._rows = {name: np.zeros(0, dtype=kind) for name, (kind, _) in _FIELDS.items()}
        self._ids = np.zeros((0, 3), dtype=np.uint64)
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """Return a column, a view of shape ``(n,)`` that can be written to."""
        return self._rows[name][: self._size]

    @property
    def ids(self) -> npt.NDArray[np.uint64]:
        """Trace and span ids, shape ``(n, 3)``."""
        return self._ids[: self._size]

    def of_spans(
        self, keys: npt.NDArray[np.uint64], *, newest: int | None = None
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return the rows among the newest ones that are of given spans, and of which each.

        Args:
            keys: From ``span_keys``, distinct, shape ``(k,)``, at least one.
            newest: How many rows are looked at; None is all.
        """
        first = 0 if newest is None else max(self._size - newest, 0)
        ids = self.ids[first:]
        own = span_keys(trace_keys(ids), ids[:, 2])
        order = np.argsort(keys)
        at = order[np.minimum(np.searchsorted(keys[order], own), len(keys) - 1)]
        rows = np.flatnonzero(keys[at] == own)
        return rows + first, at[rows]

    def append(self, ids: npt.NDArray[np.uint64], known: Mapping[str, Any]) -> slice:
        """Add rows; return their slots.

        Args:
            ids: Their trace and span ids, shape ``(k, 3)``.
            known: What else is known of them by column, shape ``(k,)`` or one for all.
        """
        slots = slice(self._size, self._size + len(ids))
        self._size = slots.stop
        if slots.stop > len(self._ids):
            self._ids = grown(self._ids, slots.stop, self._capacity)
            for name, column in self._rows.items():
                self._rows[name] = grown(column, slots.stop, self._capacity)
        self._ids[slots] = ids
        for name, (_, unknown) in _FIELDS.items():
            self._rows[name][slots] = known.get(name, unknown)
        return slots

    def retain(self, slots: npt.NDArray[np.intp]) -> None:
        """Keep only these rows, in this order."""
        for name, column in self._rows.items():
            self._rows[name] = column[slots]
        self._ids = self._ids[slots]
        self._size = len(slots)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {"rows": {name: self[name] for name in _FIELDS}, "ids": self.ids}

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._rows = {
            name: np.array(state["rows"][name], dtype=kind) for name, (kind, _) in _FIELDS.items()
        }
        self._ids = np.array(state["ids"], dtype=np.uint64).reshape(-1, 3)
        self._size = len(self._ids)
