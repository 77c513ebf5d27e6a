"""Business value in one unit: what is usual, whether it falls, and what a bad prediction costs."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from barograph_processor.quality.figure import MIN_WINDOWS, FigureMonitor, FigureReference
from barograph_processor.quality.rate import RecentRate
from barograph_processor.quality.value import ValueByQuality

__all__ = ["OutcomeUnit"]

_MIN_VALUES: Final = 200
_MOST_VALUES: Final = 100_000
_EDGES: Final = (0.01, 0.99)
_ENOUGH: Final = 4


class OutcomeUnit:
    """Values of one unit, by window of arrival.

    Values are clipped to the reference's 1% and 99% quantiles: one order of a million does
    not hide that all others fell. A window's mean is held against those of the reference.

    State size: some 2 KiB, and the values of the baseline until it is fixed. Not locked;
    its owner is.

    Args:
        tolerance: How far the mean may fall, as a share of the range between the quantiles.
        budget: Windows between false alarms.
    """

    def __init__(self, *, tolerance: float, budget: float) -> None:
        self._tolerance, self._budget = tolerance, budget
        self._blocks: list[npt.NDArray[np.float64]] = []
        self._block: list[npt.NDArray[np.float64]] = []
        self._held = 0
        self.range: tuple[float, float] | None = None
        self._window = [0.0, 0.0]
        self._last = (0.0, 0.0)
        self._raw = [0.0, 0.0]
        self._recent = RecentRate()
        self.monitor: FigureMonitor | None = None
        self.by_quality = ValueByQuality.empty()

    def add(self, values: npt.NDArray[np.float64]) -> None:
        """Take values that arrived, finite, shape ``(n,)``."""
        self._raw[0] += len(values)
        self._raw[1] += float(values.sum())
        if self.range is None:
            kept = values[: _MOST_VALUES - self._held]
            self._held += len(kept)
            self._block.append(kept)
        self._window[0] += len(values)
        self._window[1] += float(self._clipped(values).sum())

    def judge(self, values: npt.NDArray[np.float64], losses: npt.NDArray[np.float64]) -> None:
        """Take values of predictions whose quality is known: both of shape ``(n,)``."""
        known = np.isfinite(losses) & np.isfinite(values)
        found = ValueByQuality.of(self._clipped(values[known]), losses[known])
        self.by_quality = self.by_quality.merge(found)

    def end_block(self) -> None:
        """End a block of the baseline, about as long as a window."""
        if self.range is None and self._block:
            self._blocks.append(np.concatenate(self._block))
            self._block = []

    def close(self, window: int) -> None:
        """End a window after the reference."""
        (n, total), self._last, self._raw = self._window, (self._raw[0], self._raw[1]), [0.0, 0.0]
        if self.range is None:
            self._window = [0.0, 0.0]
            self._fix()
            return
        low, high = self.range
        if n and high > low:
            share = (total - n * low) / (high - low)
            self._recent.update(min(max(share, 0.0), n), n)
        # Few values wait for more.
        if self.monitor is None or n * _ENOUGH < self.monitor.reference.size:
            return
        self._window = [0.0, 0.0]
        self.monitor.update(total / n, n, window=window)

    def mean(self) -> tuple[float, float, float] | None:
        """Return the mean of clipped values lately, with an interval that holds at all times."""
        share = self._recent.estimate()
        if share is None or self.range is None:
            return None
        low, high = self.range
        mean, lower, upper = (low + each * (high - low) for each in share)
        return mean, lower, upper

    def figures(self) -> dict[str, Any]:
        """Return the figures of the last window, in plain values."""
        mean, apart = self.mean(), self.by_quality.difference()
        monitor = self.monitor
        return {
            "count": self._last[0],
            "sum": self._last[1],
            "mean": None if mean is None else mean[0],
            "lower": None if mean is None else mean[1],
            "upper": None if mean is None else mean[2],
            "reference": None if monitor is None else monitor.reference.mean,
            "good_minus_bad": None
            if apart is None
            else dict(zip(("value", "lower", "upper"), apart, strict=True)),
            "correlation": self.by_quality.correlation(),
            "evidence": None if monitor is None else monitor.log10_evidence,
            "threshold": None if monitor is None else monitor.log10_threshold,
            "alarm": monitor is not None and monitor.harmed,
        }

    def _clipped(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return values if self.range is None else np.clip(values, *self.range)

    def _fix(self) -> None:
        if self._held < _MIN_VALUES or len(self._blocks) <= MIN_WINDOWS:
            return
        low, high = np.quantile(np.concatenate(self._blocks), _EDGES).tolist()
        self.range = (low, high)
        means = np.array([self._clipped(block).mean() for block in self._blocks])
        sizes = np.array([float(len(block)) for block in self._blocks])
        self.monitor = FigureMonitor(
            FigureReference.learn(means, sizes),
            upwards=False,
            tolerance=self._tolerance * (high - low),
            budget=self._budget,
        )
        self._blocks, self._block = [], []

    def state(self) -> dict[str, Any]:
        """Return plain values from which ``load`` continues."""
        return {
            "blocks": [np.array(block) for block in self._blocks],
            "block": np.concatenate([*self._block, np.zeros(0)]),
            "held": self._held,
            "range": None if self.range is None else list(self.range),
            "window": list(self._window),
            "last": list(self._last),
            "raw": list(self._raw),
            "recent": self._recent.state(),
            "monitor": None if self.monitor is None else self.monitor.state(),
            "by_quality": self.by_quality.to_bytes(),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Undo ``state``."""
        self._blocks = [np.array(block, dtype=np.float64) for block in state["blocks"]]
        block = np.array(state["block"], dtype=np.float64)
        self._block = [block] if len(block) else []
        self._held = state["held"]
        self.range = None if state["range"] is None else (state["range"][0], state["range"][1])
        self._window = list(state["window"])
        self._last = (state["last"][0], state["last"][1])
        self._raw = list(state["raw"])
        self._recent.load(state["recent"])
        monitor = state["monitor"]
        self.monitor = None if monitor is None else FigureMonitor.restore(monitor)
        self.by_quality = ValueByQuality.from_bytes(bytes(state["by_quality"]))
