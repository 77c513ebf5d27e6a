"""Drift in whatever direction it goes: each window against the direction of the windows before.

A chi-square distance spreads its power over all levels; a score must know beforehand what
to look for. The trend of a window is what its levels' deviates say along the average deviates
of the last few windows: while nothing drifts its mean is zero given the past, whatever the
direction; under drift that goes on, both point the same way. It is made of studentized
deviates, so seasons that were declared and windows of unequal size are allowed for already.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from barograph_processor.drift.score import Score
from barograph_processor.sequential.bets import CAP
from barograph_processor.sequential.regression import LAG
from barograph_processor.stats.array import Bools, Floats, Ints
from barograph_processor.stats.student import student_to_normal

__all__ = ["TrendState", "Trends"]

_FORGET = 0.9
_PRIOR_WINDOWS = 6.0
_PARTS = frozenset({"level", "rare"})


@dataclass(slots=True, eq=False)
class TrendState:
    """What changes: over ``P`` parts of ``C`` trends."""

    direction: Floats
    """Decaying sum of the parts' deviates, shape ``(P,)``."""
    last: Floats
    """Those of the window before, shape ``(P,)``."""
    pending: Floats
    """Those of live windows that do not count in the spread yet, the newest last, shape
    ``(LAG, P)``; NaN where they never shall."""
    spread: list[Floats]
    """Sums of products of past deviates of each trend's ``k`` parts, beside a prior of six
    windows, shape ``(k, k)``."""
    windows: Floats
    """How many were summed, with the prior, shape ``(C,)``."""
    products: Floats = field(init=False)
    """What ``spread`` holds, matrix after matrix, shape ``(Q,)``: its arrays are views of this."""

    def __post_init__(self) -> None:
        self.products = np.concatenate([np.empty(0), *(matrix.ravel() for matrix in self.spread)])
        stops = np.cumsum([matrix.size for matrix in self.spread], dtype=np.int64)
        self.spread = [
            self.products[stop - matrix.size : stop].reshape(matrix.shape)
            for matrix, stop in zip(self.spread, stops.tolist(), strict=True)
        ]

    def to_lists(self) -> list[Any]:
        """Return what `from_lists` takes, an independent copy."""
        arrays = [self.direction.copy(), self.last.copy(), self.pending.copy()]
        return [*arrays, [matrix.copy() for matrix in self.spread], self.windows.copy()]

    @classmethod
    def from_lists(cls, lists: list[Any]) -> "TrendState":
        """Return what `to_lists` wrote."""
        direction, last, pending, spread, windows = lists
        return cls(
            np.array(direction, dtype=np.float64),
            np.array(last, dtype=np.float64),
            np.array(pending, dtype=np.float64),
            [np.array(each, dtype=np.float64) for each in spread],
            np.array(windows, dtype=np.float64),
        )

    def copy_trend(self, other: "TrendState", at: int, parts: Bools, *, turn: bool) -> None:
        """Take one trend's spread from ``other``, and its direction if it shall ``turn`` too."""
        self.spread[at][:] = other.spread[at]
        self.windows[at] = other.windows[at]
        self.pending[:, parts] = np.nan
        if turn:
            self.direction[parts] = other.direction[parts]
            self.last[parts] = other.last[parts]


@dataclass(frozen=True, slots=True, eq=False)
class Trends:
    """Which series are trends, and of which other series they are made.

    Attributes:
        series: The trends among all series, shape ``(C,)``.
        parts: The level series of their streams, trend after trend, shape ``(P,)``.
        starts: First part of each trend, shape ``(C,)``.
        owner: The trend of each part, shape ``(P,)``.
        scale: Roots of one minus each part's share in the reference, shape ``(P,)``: scaled
            by them, deviates of multinomial counts have no correlation that favours one level.
    """

    series: Ints
    parts: Ints
    starts: Ints
    owner: Ints
    scale: Floats
    _row: npt.NDArray[np.unsignedinteger[Any]] = field(init=False)
    _column: npt.NDArray[np.unsignedinteger[Any]] = field(init=False)
    _first: Ints = field(init=False)

    def __post_init__(self) -> None:
        """Find the parts of each product, ``Q`` in all, and the first product of each trend."""
        sizes = np.bincount(self.owner, minlength=len(self.series))
        of_row = sizes[self.owner]
        row = np.repeat(np.arange(len(self.owner)), of_row)
        begins = self.starts[self.owner] - (np.cumsum(of_row) - of_row)
        kind = np.min_scalar_type(len(row))
        object.__setattr__(self, "_row", row.astype(kind))
        object.__setattr__(self, "_column", (np.arange(len(row)) + begins[row]).astype(kind))
        object.__setattr__(self, "_first", np.cumsum(sizes**2) - sizes**2)

    @classmethod
    def build(cls, scores: tuple[Score, ...], owner: Ints) -> "Trends":
        """Find them among the series.

        Args:
            scores: Of all series, shape ``(J,)``.
            owner: The stream of each, shape ``(J,)``.
        """
        series = [j for j, score in enumerate(scores) if score.name == "trend"]
        parts = [
            [j for j in np.flatnonzero(owner == owner[trend]).tolist() if scores[j].name in _PARTS]
            for trend in series
        ]
        flat = [j for each in parts for j in each]
        counts = np.array([len(each) for each in parts], dtype=np.int64)
        # The base of an indicator score is -sqrt(p / (1 - p)).
        odds = np.array([scores[j].base ** 2 for j in flat])
        return cls(
            np.array(series, dtype=np.int64),
            np.array(flat, dtype=np.int64),
            np.cumsum(counts) - counts,
            np.repeat(np.arange(len(series)), counts),
            1 / np.sqrt(1 + odds),
        )

    def start(self) -> TrendState:
        """Return the state before the first window."""
        sizes = np.bincount(self.owner, minlength=len(self.series)).tolist()
        return TrendState(
            np.zeros(len(self.parts)),
            np.zeros(len(self.parts)),
            np.full((LAG, len(self.parts)), np.nan),
            [_PRIOR_WINDOWS * np.eye(k) for k in sizes],
            np.full(len(sizes), _PRIOR_WINDOWS),
        )

    def step(
        self, state: TrendState, nu: Floats, persistence: Floats, learn: Bools, *, live: bool
    ) -> Floats:
        """Return the trends of a window as about normal deviates, and take it into the state.

        Windows that go on like the ones before them would point along any direction: what
        their persistence lets expect after the last window is subtracted. What moves all
        levels of a stream in one way from window to window is seen in their covariance, and
        is no surprise along that way.

        Args:
            state: Changed in place.
            nu: Deviates of all series, shape ``(J,)``.
            persistence: Of the windows of each trend's parts, shape ``(C,)``.
            learn: Of which trends the spread is learnt, shape ``(C,)``.
            live: Whether the window comes after the reference.

        Returns:
            Shape ``(C,)``; 0 where there is no direction yet.
        """
        deviates = np.minimum(np.maximum(nu[self.parts], -CAP), CAP) * self.scale
        surprise = deviates - state.last * persistence[self.owner]
        along = state.direction
        square = along[self._row] * state.products * along[self._column]
        sd = np.sqrt(np.maximum(np.add.reduceat(square, self._first) / state.windows, 0.0))
        trend = np.add.reduceat(along * surprise, self.starts)
        trend = np.divide(trend, sd, out=np.zeros(len(sd)), where=sd > 0)
        judged = student_to_normal(trend, state.windows)
        state.direction = _FORGET * state.direction + deviates
        state.last = deviates
        kept = np.where(learn[self.owner], deviates, np.nan)
        oldest = state.pending[0].copy()
        if live:
            state.pending[:-1] = state.pending[1:]
            state.pending[-1] = kept
        self._learn(state, oldest if live else kept)
        return judged

    def persistence(self, inflation: Floats) -> Floats:
        """Return the mean correlation with the last window of each trend's parts, shape ``(C,)``.

        The mean, because a single level of many looks persistent by chance.

        Args:
            inflation: ``(1 + r) / (1 - r)`` of the persistence ``r`` of all series, shape ``(J,)``.
        """
        if not len(self.series):
            return np.empty(0)
        worth = inflation[self.parts]
        return np.asarray(
            np.bincount(self.owner, (worth - 1) / (worth + 1)) / np.bincount(self.owner)
        )

    def _learn(self, state: TrendState, deviates: Floats) -> None:
        """Take deviates of all trends, shape ``(P,)``; all or none of a trend's are NaN."""
        known = ~np.isnan(deviates)
        learnt = np.where(known, deviates, 0.0)
        state.products += learnt[self._row] * learnt[self._column]
        state.windows += known[self.starts]
