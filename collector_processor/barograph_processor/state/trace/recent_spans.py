"""The latest spans of all traces, and which of them are below a prediction."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from barograph_processor.observation import ModelKey, SpanBatch, span_keys, trace_keys
from barograph_processor.state.trace.common_keys import common, near_keys

__all__ = ["Placed", "RecentSpans"]

# Owners of spans that are no predictions, and of predictions of models without state.
_NO_PREDICTION: Final = -1
_UNWATCHED: Final = -2
_LEVELS: Final = 8
_MOST_AT_ONCE: Final = 32_768

_COLUMNS: Final[dict[str, Any]] = {
    "key": np.uint64,
    "trace": np.uint64,
    "parent": np.uint64,
    "owner": np.int32,
    "rows": np.int32,
    "micros": np.int32,
    "failed": np.bool_,
    "joined": np.bool_,
    "name": np.object_,
}


class Placed(NamedTuple):
    """Spans that turned out to be below a prediction, in the order in which that was known.

    Attributes:
        owner: Of the prediction, shape ``(n,)``.
        key: Of the prediction, from ``span_keys``, shape ``(n,)``.
        place: How many spans had come before the prediction, shape ``(n,)``.
        name: Of the span, shape ``(n,)``, of str.
        micros: Of the span, shape ``(n,)``.
        failed: Of the span, shape ``(n,)``.
    """

    owner: npt.NDArray[np.int32]
    key: npt.NDArray[np.uint64]
    place: npt.NDArray[np.int64]
    name: npt.NDArray[np.object_]
    micros: npt.NDArray[np.int32]
    failed: npt.NDArray[np.bool_]


class RecentSpans:
    """Finds for each span the nearest prediction above it, whichever of the two comes first.

    Spans between the two may be missing for a while. What is found depends on the order of
    the spans alone, not on how they came in batches: spans are joined if fewer than
    ``capacity`` came between the first and the last of a chain, and a span that comes again
    is left out as long as it could be joined twice.

    State size: 46 bytes a span for at most three times ``capacity``, and the names. An
    update costs some 1.5 ms for 4,096 spans among 100,000. Not locked; its owner is.

    Args:
        capacity: Spans over which one is joined. Positive.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._columns = {name: np.zeros(0, kind) for name, kind in _COLUMNS.items()}
        self._first = 0
        self._size = 0
        self.passed = 0

    @property
    def count(self) -> int:
        """How many spans have come, those left out not counted."""
        return self._first + self._size

    def add(
        self, batches: Sequence[SpanBatch], numbers: Mapping[ModelKey, int]
    ) -> Iterator[Placed]:
        """Take spans in order of arrival; yield those now known to be below a prediction.

        Args:
            batches: The spans.
            numbers: Owner of the predictions of each model that is watched, at least 0.
        """
        columns = _columns(batches, numbers)
        start, stop = 0, len(columns["key"])
        while start < stop:
            # Never over a multiple of the capacity, so that old ones go at the same span always.
            room = self._capacity - self.count % self._capacity
            part = slice(start, start + min(room, _MOST_AT_ONCE))
            yield self._take({name: column[part] for name, column in columns.items()})
            start = part.stop

    def rows_since(self, owner: int, place: int) -> int:
        """Return how many rows the predictions of an owner have from a place on."""
        since = slice(max(place - self._first, 0), self._size)
        mine = self._columns["owner"][since] == owner
        return int(self._columns["rows"][since][mine].sum())

    def _take(self, columns: dict[str, npt.NDArray[Any]]) -> Placed:
        fresh = self._fresh(columns["key"])
        if not fresh.all():
            columns = {name: column[fresh] for name, column in columns.items()}
        before = self.count
        self._append(columns)
        placed = self._place(columns["trace"])
        self._pass(before - self._capacity, self.count - self._capacity)
        if self.count % self._capacity == 0 and self.count > before:
            self._forget()
        return placed

    def _fresh(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Return which spans are new; of equal ones the first is."""
        ordered = np.sort(keys)
        known = common(self._columns["key"][: self._size], ordered)
        if not len(known) and not (ordered[1:] == ordered[:-1]).any():
            # As nearly always, and quickly seen.
            return np.ones(len(keys), np.bool_)
        fresh = np.zeros(len(keys), np.bool_)
        fresh[np.unique(keys, return_index=True)[1]] = True
        return fresh & ~np.isin(keys, known)

    def _append(self, columns: dict[str, npt.NDArray[Any]]) -> None:
        size = self._size + len(columns["key"])
        for name, new in columns.items():
            column = self._columns[name]
            if size > len(column):
                room = max(size, min(2 * len(column), 3 * self._capacity))
                grown = np.zeros(room, column.dtype)
                grown[: self._size] = column[: self._size]
                self._columns[name] = column = grown
            column[self._size : size] = new
        self._size = size

    def _place(self, traces: npt.NDArray[np.uint64]) -> Placed:
        """Join what can be joined now that these traces have new spans."""
        columns = self._columns
        start = max(self._size - self._capacity - len(traces), 0)
        loose = columns["owner"][start : self._size] == _NO_PREDICTION
        loose &= ~columns["joined"][start : self._size]
        near = np.zeros(0, np.intp)
        if loose.any():
            near = start + near_keys(columns["trace"][start : self._size], traces)
        owner = columns["owner"][near]
        children = np.flatnonzero(loose[near - start])
        above, low, high = self._above(near, owner, children)
        # A chain that is longer than what is kept would be found only in large batches.
        joined = (above >= 0) & (near[high] - near[low] < self._capacity)
        children, above, high = children[joined], above[joined], high[joined]
        order = np.lexsort((children, high))
        children, above = near[children[order]], near[above[order]]
        columns["joined"][children] = True
        told = columns["rows"][above] > 0
        children, above = children[told], above[told]
        return Placed(
            owner=columns["owner"][above],
            key=columns["key"][above],
            place=self._first + above,
            name=columns["name"][children],
            micros=columns["micros"][children],
            failed=columns["failed"][children],
        )

    def _above(
        self,
        near: npt.NDArray[np.intp],
        owner: npt.NDArray[np.int32],
        children: npt.NDArray[np.intp],
    ) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Return the prediction above each child, -1 for none, and the chain's first and last."""
        keys, parent = self._columns["key"][near], self._columns["parent"][near]
        above = np.full(len(children), -1)
        low, high = children, children
        if len(children) == 0:
            return above, low, high
        order = np.argsort(keys)
        at = order[np.minimum(np.searchsorted(keys[order], parent), len(keys) - 1)]
        up = np.where(keys[at] == parent, at, -1)
        current = up[children]
        for _ in range(_LEVELS):
            live = current >= 0
            if not live.any():
                break
            low = np.where(live, np.minimum(low, current), low)
            high = np.where(live, np.maximum(high, current), high)
            arrived = live & (owner[current] != _NO_PREDICTION)
            above = np.where(arrived, current, above)
            current = np.where(live & ~arrived, up[current], -1)
        return above, low, high

    def _pass(self, start: int, stop: int) -> None:
        """Count the spans that can no longer be joined and were not."""
        part = slice(max(start - self._first, 0), max(stop - self._first, 0))
        lost = (self._columns["owner"][part] == _NO_PREDICTION) & ~self._columns["joined"][part]
        self.passed += int(lost.sum())

    def _forget(self) -> None:
        """Keep the last spans, twice as many as are joined: for so long one may come again."""
        drop = self._size - 2 * self._capacity
        if drop > 0:
            for name, column in self._columns.items():
                self._columns[name] = column[drop : self._size].copy()
            self._first += drop
            self._size -= drop

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        # Of those that cannot be joined any more only the key is needed.
        start = max(self._size - self._capacity, 0)
        names: dict[str, int] = {}
        codes = [names.setdefault(n, len(names)) for n in self._columns["name"][start : self._size]]
        columns = {
            name: self._columns[name][start : self._size]
            for name in _COLUMNS
            if name not in ("key", "name")
        }
        return {
            "first": self._first,
            "key": self._columns["key"][: self._size],
            "columns": columns,
            "names": list(names),
            "codes": np.array(codes, np.int32),
            "passed": self.passed,
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        keys = np.array(state["key"], np.uint64)
        columns = {name: np.zeros(len(keys), kind) for name, kind in _COLUMNS.items()}
        columns["key"] = keys
        start = len(keys) - len(state["codes"])
        for name, column in state["columns"].items():
            columns[name][start:] = column
        names = np.array([*state["names"], ""], dtype=np.object_)
        columns["name"][start:] = names[np.array(state["codes"], np.int32)]
        self._columns = columns
        self._first, self._size = int(state["first"]), len(keys)
        self.passed = int(state["passed"])


def _columns(
    batches: Sequence[SpanBatch], numbers: Mapping[ModelKey, int]
) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of all batches together."""
    if not batches:
        return {name: np.zeros(0, kind) for name, kind in _COLUMNS.items()}
    ids = np.concatenate([spans.ids for spans in batches])
    parent = np.concatenate([spans.parent for spans in batches])
    trace = trace_keys(ids)
    return {
        "key": span_keys(trace, ids[:, 2]),
        "trace": trace,
        "parent": _parents(trace, parent),
        "owner": np.concatenate([_owners(spans, numbers) for spans in batches]),
        "rows": np.concatenate([spans.rows for spans in batches]),
        "micros": np.concatenate([spans.micros for spans in batches]),
        "failed": np.concatenate([spans.failed for spans in batches]),
        "joined": np.zeros(len(ids), np.bool_),
        "name": np.concatenate([_names(spans) for spans in batches]),
    }


def _parents(
    traces: npt.NDArray[np.uint64], parent: npt.NDArray[np.uint64]
) -> npt.NDArray[np.uint64]:
    """Return the key of each span's parent, 0 where it has none."""
    keys = np.zeros_like(parent)
    below = np.flatnonzero(parent)
    keys[below] = span_keys(traces[below], parent[below])
    return keys


def _owners(spans: SpanBatch, numbers: Mapping[ModelKey, int]) -> npt.NDArray[np.int32]:
    owners = [*(numbers.get(key, _UNWATCHED) for key in spans.models), _NO_PREDICTION]
    return np.array(owners, np.int32)[spans.model]


def _names(spans: SpanBatch) -> npt.NDArray[np.object_]:
    return np.array([*spans.name.levels, ""], np.object_)[spans.name.codes]
