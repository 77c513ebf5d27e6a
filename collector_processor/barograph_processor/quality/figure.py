"""One figure a window against those of the reference: has it moved, in the way that matters?"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from barograph_processor.quality.latch import DatedLatch
from barograph_processor.sequential.bets import (
    CAP,
    TILT_WEIGHTS,
    TILTS,
    clipped_normal_log_mgf,
)
from barograph_processor.stats.array import Floats
from barograph_processor.stats.chi_square import chi_square_quantile
from barograph_processor.stats.student import student_quantile

__all__ = ["MIN_WINDOWS", "FigureMonitor", "FigureReference"]

MIN_WINDOWS = 7
"""Windows, or days, that a reference of a figure must have."""

_UP = TILTS > 0
_TILTS = TILTS[_UP]
_WEIGHTS = TILT_WEIGHTS[_UP] / TILT_WEIGHTS[_UP].sum()
_COST = clipped_normal_log_mgf(_TILTS)
_SIGNIFICANT = 1.64
_UNKNOWN = 5
_SCHEMA = 2


@dataclass(frozen=True, slots=True)
class FigureReference:
    """A figure of the reference's windows.

    Attributes:
        mean: Its mean.
        error: Half the width of the one-sided 95% interval of that mean.
        spread: Its standard deviation from window to window, at its upper 90% bound.
        size: Rows that a window rests on, typically.
        windows: How many windows.
    """

    mean: float
    error: float
    spread: float
    size: float
    windows: int

    @classmethod
    def learn(cls, figures: Floats, sizes: Floats) -> "FigureReference":
        """Learn from at least 7 windows.

        What was never seen to vary is taken to vary by 1% of its size. Windows that go on
        like the ones before them widen both the error and the spread.

        Args:
            figures: Finite, shape ``(m,)``, in order.
            sizes: Rows that each rests on, positive, shape ``(m,)``.

        Raises:
            ValueError: There are too few windows.
        """
        m = len(figures)
        if m < MIN_WINDOWS:
            raise ValueError(f"a figure needs {MIN_WINDOWS} windows, got {m}")
        mean = float(figures.mean())
        floor = 0.01 * abs(mean) + 1e-9
        spread = max(float(figures.std(ddof=1)), floor)
        # Persistence makes sums of deviations larger, as if they varied more.
        swing = math.sqrt(_inflation((figures - mean) / spread))
        wide = math.sqrt((m - 1) / float(chi_square_quantile(0.1, float(m - 1))))
        error = student_quantile(0.95, m - 1) * spread * swing / math.sqrt(m)
        return cls(mean, error, spread * wide * swing, float(m / (1 / sizes).sum()), m)


class FigureMonitor(DatedLatch):
    """Latches a figure that has moved in one direction, and its return.

    A window's deviation from the reference's mean, beyond that mean's own uncertainty and
    the tolerance, is divided by the spread from window to window, which carries whatever
    dependence there is inside windows. Bets on such deviates, clipped at 3, are summed by
    Shiryaev and Roberts. Like the bets on drift it is an approximation, checked by simulation.

    State: a few hundred bytes. An update costs some 10 us. Not locked: one writer.

    Args:
        reference: The figure in the reference.
        upwards: Whether it matters that it rises, else that it falls.
        tolerance: How far it may move, in its own unit, not negative.
        budget: Windows between false onsets, at least 1.
        recovery: Windows between false recoveries, at least 1.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        reference: FigureReference,
        *,
        upwards: bool,
        tolerance: float,
        budget: float,
        recovery: float = 20.0,
    ) -> None:
        if not tolerance >= 0:
            raise ValueError(f"tolerance must not be negative, got {tolerance!r}")
        super().__init__(len(_TILTS), budget=budget, recovery=recovery, weights=_WEIGHTS)
        self.reference = reference
        self._settings = upwards, tolerance, budget, recovery
        self.now: float | None = None
        self._depth = 0.0

    @property
    def interval(self) -> tuple[float, float] | None:
        """The figure now, give or take two standard deviations of a window; None before any."""
        if self.now is None:
            return None
        half = 2 * self.reference.spread
        return self.now - half, self.now + half

    def update(self, figure: float, size: float, *, window: int) -> None:
        """Take a window; ``harmed`` and ``since_window`` are then up to date.

        Args:
            figure: Of the window, finite.
            size: Rows that it rests on, positive.
            window: Its number.
        """
        upwards, tolerance, _, _ = self._settings
        reference = self.reference
        moved = (figure - reference.mean) * (1.0 if upwards else -1.0)
        self.now = figure
        small = math.sqrt(min(size / reference.size, 1.0))
        beyond = moved - tolerance - reference.error
        if self.harmed:
            # Less than half as far away as it was when it was told.
            beyond = self._depth / 2 - moved
        deviate = min(max(beyond / reference.spread * small, -CAP), CAP)
        if self._take(_TILTS * deviate - _COST, window) and self.harmed:
            self._depth = moved

    def state(self) -> dict[str, Any]:
        """Return plain JSON types for ``restore``."""
        return {
            "schema": _SCHEMA,
            "reference": asdict(self.reference),
            "settings": list(self._settings),
            "now": self.now,
            "depth": self._depth,
            **self._latched(),
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> "FigureMonitor":
        """Continue exactly where ``state`` was taken.

        Raises:
            ValueError: The state is of an unknown version.
        """
        if state.get("schema") != _SCHEMA:
            raise ValueError(f"a figure monitor's state of unknown schema {state.get('schema')!r}")
        upwards, tolerance, budget, recovery = state["settings"]
        monitor = cls(
            FigureReference(**state["reference"]),
            upwards=bool(upwards),
            tolerance=tolerance,
            budget=budget,
            recovery=recovery,
        )
        monitor.now, monitor._depth = state["now"], state["depth"]
        monitor._latch(state)
        return monitor


def _inflation(deviates: Floats) -> float:
    """Return by how much sums of deviates vary more than if each were on its own."""
    m = len(deviates)
    lag = float((deviates[1:] * deviates[:-1]).sum()) / max(float((deviates**2).sum()), 1e-12)
    if lag * math.sqrt(m) < _SIGNIFICANT:
        # What few windows cannot tell is taken for a little persistence.
        return 1 + _UNKNOWN / m
    r = min(max((lag + 1 / m) / max(1 - 3 / m, 0.1), 0.0), 0.9)
    return (1 + r) / (1 - r)
