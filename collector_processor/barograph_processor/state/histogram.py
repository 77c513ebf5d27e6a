"""Histograms that are exported: they only grow, and each bucket has an example."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from barograph_processor.catalog import metric
from barograph_processor.observation import span_hex, trace_hex
from barograph_processor.signal import Exemplar, HistogramValue

__all__ = ["CumulativeHistogram", "Sources"]


class Sources(NamedTuple):
    """Where values are from.

    Attributes:
        ids: Trace and span of each, shape ``(n, 3)``.
        time_ns: Event time of each, shape ``(n,)``.
    """

    ids: npt.NDArray[np.uint64]
    time_ns: npt.NDArray[np.int64]


class CumulativeHistogram:
    """An explicit-bucket histogram that only grows; of each bucket the last row is its exemplar.

    As OpenTelemetry's AlignedHistogramBucketExemplarReservoir does it, so how the rows
    came in batches makes no difference, to the sum's last bit.

    State size: 64 bytes a bucket. ``update`` costs a ``searchsorted``. Not locked; its
    owner is.

    Args:
        name: The catalog's name, which fixes the bounds.
    """

    def __init__(self, name: str) -> None:
        self._bounds = metric(name).bounds
        buckets = len(self._bounds) + 1
        self._counts = np.zeros(buckets, dtype=np.int64)
        self._total = 0.0
        self._example = np.zeros(buckets)
        self._time_ns = np.zeros(buckets, dtype=np.int64)
        self._ids = np.zeros((buckets, 3), dtype=np.uint64)

    def update(self, values: npt.NDArray[np.float64], of: Sources | None = None) -> None:
        """Add values, shape ``(n,)``, of predictions if they are; none that is not finite."""
        places = np.flatnonzero(np.isfinite(values))
        if len(places) == 0:
            return
        finite = values[places]
        buckets = np.searchsorted(self._bounds, finite, side="left")
        self._counts += np.bincount(buckets, minlength=len(self._counts))
        # One after the other, as ``sum`` is not: it adds up in another order for another length.
        self._total = float(np.add.accumulate(np.append(self._total, finite))[-1])
        if of is not None:
            # Of several rows for one bucket the last one written stays.
            last = np.full(len(self._counts), -1)
            last[buckets] = places
            (held,) = np.nonzero(last >= 0)
            self._example[held] = values[last[held]]
            self._time_ns[held] = of.time_ns[last[held]]
            self._ids[held] = of.ids[last[held]]

    def value(self) -> HistogramValue:
        """Return the histogram so far."""
        return HistogramValue(self._bounds, tuple(self._counts.tolist()), self._total)

    def exemplars(self) -> tuple[Exemplar, ...]:
        """Return the last row of each bucket that has one with a trace."""
        return tuple(
            Exemplar(
                float(self._example[bucket]),
                int(self._time_ns[bucket]),
                trace_hex(self._ids, bucket),
                span_hex(self._ids, bucket),
            )
            for bucket in np.flatnonzero(self._ids.any(axis=1)).tolist()
        )

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "counts": self._counts,
            "total": self._total,
            "exemplars": [self._example, self._time_ns, self._ids],
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._counts = np.array(state["counts"], dtype=np.int64)
        self._total = float(state["total"])
        example, time_ns, ids = state["exemplars"]
        self._example = np.array(example, dtype=np.float64)
        self._time_ns = np.array(time_ns, dtype=np.int64)
        self._ids = np.array(ids, dtype=np.uint64).reshape(-1, 3)
