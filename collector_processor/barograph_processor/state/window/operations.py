"""What operational monitoring sees: latency, errors, traffic, and whether they look normal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.config import OperationsConfig

__all__ = ["OperationsReference", "OperationsWindow"]

_EDGES = np.exp(np.arange(0, 218) * np.log(1.1)) * 1e-6
"""Bucket edges of latencies in seconds: 1 us to about 960 s, 10% apart."""

_LATENCY_FACTOR = 2.0
# Calls of microseconds take several times as long on a busy machine, and nobody minds.
_LATENCY_ROOM_S = 1e-3
_ERROR_MARGIN = 0.01
_TRAFFIC_FACTOR = 2.0


@dataclass(slots=True, eq=False)
class OperationsWindow:
    """Calls of one window. Mergeable; state size is fixed (about 1.8 kB).

    Attributes:
        rows: Predictions.
        calls: Calls with a latency; a batch call is one.
        errors: Calls that failed.
        latency: Calls per latency bucket, shape ``(219,)``.
        first_ns: Event time of the earliest row; None while empty.
        last_ns: Event time of the latest row; None while empty.
    """

    rows: int
    calls: int
    errors: int
    latency: npt.NDArray[np.int64]
    first_ns: int | None = None
    last_ns: int | None = None

    @classmethod
    def empty(cls) -> "OperationsWindow":
        """Return the neutral element of ``merge``."""
        return cls(0, 0, 0, np.zeros(len(_EDGES) + 1, dtype=np.int64))

    @classmethod
    def of(
        cls,
        latency: npt.NDArray[np.float64],
        failed: npt.NDArray[np.bool_],
        time_ns: npt.NDArray[np.int64],
    ) -> "OperationsWindow":
        """Summarize rows: latency in s (NaN in all but the first of a call), shape ``(n,)``."""
        first = ~np.isnan(latency)
        calls = int(first.sum())
        # To sort them and look each edge up takes half the time of looking each of them up.
        # NaN is sorted behind all numbers.
        upto = np.sort(latency).searchsorted(_EDGES, side="right")
        bounds = np.concatenate([[0], upto, [calls]])
        return cls(
            rows=len(latency),
            calls=calls,
            errors=int((failed & first).sum()),
            latency=bounds[1:] - bounds[:-1],
            first_ns=int(time_ns.min()) if len(time_ns) else None,
            last_ns=int(time_ns.max()) if len(time_ns) else None,
        )

    def merge(self, other: "OperationsWindow") -> "OperationsWindow":
        """Return the summary of both."""
        firsts = [t for t in (self.first_ns, other.first_ns) if t is not None]
        lasts = [t for t in (self.last_ns, other.last_ns) if t is not None]
        return OperationsWindow(
            self.rows + other.rows,
            self.calls + other.calls,
            self.errors + other.errors,
            self.latency + other.latency,
            min(firsts, default=None),
            max(lasts, default=None),
        )

    def quantile(self, q: float) -> float | None:
        """Return the latency in s below which a share ``q`` of the calls took, or None.

        Right to within a bucket, that is 10%; interpolated geometrically inside it.
        """
        if self.calls == 0:
            return None
        cumulative = self.latency.cumsum()
        rank = q * self.calls
        bucket = int(cumulative.searchsorted(rank))
        if bucket == 0:
            return float(_EDGES[0])
        if bucket >= len(_EDGES):
            return float(_EDGES[-1])
        below = float(cumulative[bucket - 1])
        share = (rank - below) / float(self.latency[bucket])
        return float(_EDGES[bucket - 1] * (_EDGES[bucket] / _EDGES[bucket - 1]) ** share)

    @property
    def error_rate(self) -> float | None:
        """Share of the calls that failed; None without calls."""
        return self.errors / self.calls if self.calls else None

    @property
    def traffic(self) -> float | None:
        """Rows per second of event time; None with fewer than two instants."""
        if self.first_ns is None or self.last_ns is None or self.last_ns <= self.first_ns:
            return None
        return (self.rows - 1) / ((self.last_ns - self.first_ns) / 1e9)

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``restore`` continues."""
        return {
            "rows": self.rows,
            "calls": self.calls,
            "errors": self.errors,
            "latency": self.latency,
            "first_ns": self.first_ns,
            "last_ns": self.last_ns,
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "OperationsWindow":
        """Undo ``state``."""
        return cls(
            state["rows"],
            state["calls"],
            state["errors"],
            np.array(state["latency"], dtype=np.int64),
            state["first_ns"],
            state["last_ns"],
        )


@dataclass(frozen=True, slots=True)
class OperationsReference:
    """Bounds learnt from the reference.

    Attributes:
        p95: 95th percentile of the latency, s; None if there was none.
        error_rate: Share of calls that failed; None without calls.
        traffic: Lowest and highest rows per second of a reference window, or None.
    """

    p95: float | None
    error_rate: float | None
    traffic: tuple[float, float] | None

    @classmethod
    def learn(cls, windows: Sequence[OperationsWindow]) -> "OperationsReference":
        """Learn from the windows of the reference."""
        whole = OperationsWindow.empty()
        for window in windows:
            whole = whole.merge(window)
        rates = [rate for window in windows if (rate := window.traffic) is not None]
        return cls(
            whole.quantile(0.95), whole.error_rate, (min(rates), max(rates)) if rates else None
        )

    def judge(self, window: OperationsWindow, objectives: OperationsConfig) -> dict[str, str]:
        """Say of latency, errors and traffic whether each is ``normal``, out of bounds, or unknown.

        Where there is no objective, latency is normal while its p95 is at most
        twice the reference's or a millisecond above it, and errors while at most
        one point above it; traffic
        is within half the reference's lowest and twice its highest rate.
        """
        latency, errors = objectives.latency_p95_s, objectives.error_rate
        if latency is None and self.p95 is not None:
            latency = max(_LATENCY_FACTOR * self.p95, self.p95 + _LATENCY_ROOM_S)
        if errors is None and self.error_rate is not None:
            errors = self.error_rate + _ERROR_MARGIN
        return {
            "latency": _verdict(window.quantile(0.95), None if latency is None else (0.0, latency)),
            "errors": _verdict(window.error_rate, None if errors is None else (0.0, errors)),
            "traffic": _verdict(
                window.traffic,
                None
                if self.traffic is None
                else (self.traffic[0] / _TRAFFIC_FACTOR, self.traffic[1] * _TRAFFIC_FACTOR),
            ),
        }


def _verdict(now: float | None, bounds: tuple[float, float] | None) -> str:
    if now is None or bounds is None:
        return "unknown"
    if now < bounds[0]:
        return "low"
    return "high" if now > bounds[1] else "normal"
