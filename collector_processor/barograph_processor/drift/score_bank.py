"""All scores of all streams in flat arrays: one multiplication gives a window's means."""

import math
from dataclasses import dataclass, replace

import numpy as np

from barograph_processor.drift.correlation import (
    correlation_distances,
    correlation_noise,
    rank_correlations,
)
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.pooled import Pooled
from barograph_processor.drift.score import Score, scores_of
from barograph_processor.drift.shape import Shapes
from barograph_processor.drift.stream import StreamKey
from barograph_processor.drift.trend import Trends
from barograph_processor.sequential.bets import TILT_WEIGHTS, TILTS
from barograph_processor.stats.array import Floats, Ints
from barograph_processor.stats.chi_square import chi_square_to_normal

__all__ = ["ScoreBank"]

_STEADY = frozenset(
    {
        "location",
        "order",
        "scale",
        "low tail",
        "high tail",
        "level",
        "shape",
        "trend",
        "correlation",
    }
)

_ONE_SIDED = frozenset({"shape", "trend", "correlation"})
_SHARES = frozenset({"level", "rare", "new", "missing", "outside"})
# One of each for all scores of all models: an array takes more than most scores have in it.
_NO_SLOTS: Ints = np.empty(0, dtype=np.int64)
_NO_VALUES: Floats = np.empty(0)
_KINDS = {
    "low tail": "tail",
    "high tail": "tail",
    "rare": "level",
    "outside": "missing",
    "order": "location",
}


@dataclass(frozen=True, slots=True, eq=False)
class ScoreBank:
    """The series that are watched: ``J`` of them, each owned by one of ``S`` streams.

    Attributes:
        keys: The streams; the last one is the inputs together, if at least two numeric
            inputs vary.
        scores: What each series is, shape ``(J,)``, stream after stream.
        owner: The stream of each series, shape ``(J,)``, sorted.
        bets: Weights of its bets, shape ``(J, L)``; those of one stream sum to 1.
        rank_scores: Rank score of every slot, shape ``(B,)``.
        reference: Rank correlations in the reference, shape ``(d, d)``.
        trends: Which series are made of the deviates of others; they score 0 here.
    """

    keys: tuple[StreamKey, ...]
    scores: tuple[Score, ...]
    owner: Ints
    bets: Floats
    rank_scores: Floats
    reference: Floats
    trends: Trends
    _layout: Layout
    _reference_rows: int
    _slots: Ints
    _values: Floats
    _starts: Ints
    _base: Floats
    _shapes: Shapes
    _noise: Floats
    _df: Floats
    _linear: Ints
    _squared: Ints

    @property
    def groups(self) -> Ints:
        """Series of the same kind share a number from 0, shape ``(J,)``."""
        kinds = [_KINDS.get(score.name, score.name) for score in self.scores]
        return np.unique(kinds, return_inverse=True)[1].astype(np.int64)

    @property
    def floor(self) -> Floats:
        """Least variance of a mean score relative to independent rows, shape ``(J,)``.

        Series of what hardly occurs in the reference cannot be believed to be less variable
        than independent rows are; for the others the floor only catches degenerate windows.
        """
        return np.array([0.5 if s.name in _STEADY else 1.0 for s in self.scores])

    @classmethod
    def build(cls, layout: Layout, total: WindowCounts, fresh: Floats, rows: float) -> "ScoreBank":
        """Build the scores that the reference's counts define.

        Args:
            layout: The streams.
            total: Counts of all reference rows.
            fresh: Shape ``(S,)``, see `barograph_processor.drift.score.categorical_scores`.
            rows: Harmonic mean of the rows of its windows.
        """
        every = [
            (s, score)
            for s, binning in enumerate(layout.binnings)
            for score in scores_of(binning, total.slots[layout.of(s)], float(fresh[s]), rows)
        ]
        linear = [(s, score) for s, score in every if len(score.slots)]
        shapes = [(s, score) for s, score in every if score.name == "shape"]
        trends = [(s, score) for s, score in every if score.name == "trend"]
        together = _together(layout)
        series = [*linear, *shapes, *trends, *together]
        order = np.argsort([s for s, _ in series], kind="stable")
        ordered = [series[j] for j in order.tolist()]
        place = np.argsort(order)
        of_trends = slice(len(linear) + len(shapes), len(series) - len(together))
        rank_scores = layout.rank_scores(total.slots)
        offsets = layout.offsets.tolist()
        owner = np.array([s for s, _ in ordered], dtype=np.int64)
        reference = _reference(layout, rank_scores, total)
        held = Shapes.build(layout, total.slots, [s for s, _ in shapes], rows, max(total.rows, 1))
        scores = tuple(_slim(score) for _, score in ordered)
        return cls(
            keys=(*layout.keys, *([StreamKey("input.drift", None)] if together else [])),
            scores=scores,
            owner=owner,
            bets=np.array([_bets(score) for score in scores]),
            rank_scores=rank_scores,
            reference=reference,
            trends=Trends.build(scores, owner),
            _layout=layout,
            _reference_rows=total.rows,
            _slots=np.concatenate([score.slots + offsets[s] for s, score in linear]),
            _values=np.concatenate([score.values for _, score in linear]),
            _starts=np.cumsum([0, *(len(score.slots) for _, score in linear)])[:-1],
            _base=np.array([score.base for _, score in linear]),
            _shapes=held,
            _noise=correlation_noise(reference),
            _df=np.append(held.df, np.full(len(together), len(together) - 1.0)),
            _linear=place[: len(linear)],
            _squared=np.delete(place, of_trends)[len(linear) :],
        )

    def correlations(self, window: WindowCounts | Pooled) -> Floats:
        """Return a window's rank correlations, those of the reference where unknown, ``(d, d)``."""
        sums = _rank_sums(self._layout, self.rank_scores, window)
        return rank_correlations(window.cross, sums, max(window.rows, 1), self.reference)

    def means(self, counts: WindowCounts, correlations: Floats, *, inside: bool = False) -> Floats:
        """Return the mean scores of a window, shape ``(J,)``; NaN for a window without rows.

        What is about chi-square is turned into a normal deviate and divided by the root of
        the rows, so that it behaves as the mean of a score with variance 1.

        Args:
            counts: Of the window.
            correlations: From ``correlations``.
            inside: Whether the window is part of the reference.
        """
        rows = counts.rows
        if rows == 0:
            return np.full(len(self.scores), np.nan)
        means = np.zeros(len(self.scores))
        linear = np.add.reduceat(counts.slots.take(self._slots) * self._values, self._starts)
        means[self._linear] = linear / rows + self._base
        share = rows / max(self._reference_rows, 1)
        variance = max(1 - share, 0.1) if inside else 1 + share
        shapes = self._shapes.distances(counts.slots, rows) / variance
        together = correlation_distances(correlations, self.reference, self._noise, rows / variance)
        squares = np.concatenate([shapes, together])
        means[self._squared] = chi_square_to_normal(squares, self._df) / math.sqrt(rows)
        return means

    def replace_new(self, means: Floats, fresh: Floats, rows: Floats) -> None:
        """Write into ``means`` of reference windows what ``new`` would have scored there.

        Args:
            means: Shape ``(T, J)``, changed in place.
            fresh: Shape ``(S, T)``: rows of levels that occur in that window only.
            rows: Shape ``(T,)``.
        """
        for j, score in enumerate(self.scores):
            if score.name == "new":
                share = fresh[self.owner[j]] / rows
                means[:, j] = share * score.values[0] + score.base


def _rank_sums(layout: Layout, rank_scores: Floats, window: WindowCounts | Pooled) -> Floats:
    """Return the sums of the rank scores of the inputs watched together, shape ``(d,)``."""
    return layout.sums(window.slots * rank_scores)[layout.correlated]


def _bets(score: Score) -> Floats:
    """Return the weights of a score's bets, shape ``(L,)``; none on less deviation than usual."""
    if score.name in _ONE_SIDED:
        return np.asarray(np.where(TILTS > 0, 2 * TILT_WEIGHTS, 0.0) * score.weight)
    return TILT_WEIGHTS * score.weight


def _slim(score: Score) -> Score:
    """Drop what the flat arrays hold already: only shares are asked for their slots later."""
    if score.name in _SHARES:
        return replace(score, values=score.values[:1].copy())
    return replace(score, slots=_NO_SLOTS, values=_NO_VALUES)


def _together(layout: Layout) -> list[tuple[int, Score]]:
    """Return the series of the inputs together, owned by the stream after all others."""
    d = len(layout.correlated)
    names = [layout.keys[s].feature for s in layout.correlated.tolist()]
    return [
        (len(layout.keys), Score("correlation", _NO_SLOTS, _NO_VALUES, 0.0, 1 / d, name))
        for name in names
    ]


def _reference(layout: Layout, rank_scores: Floats, total: WindowCounts) -> Floats:
    """Return the rank correlations of the reference, 0 where an input is constant."""
    if not len(layout.correlated):
        return np.zeros((0, 0))
    sums = _rank_sums(layout, rank_scores, total)
    return rank_correlations(total.cross, sums, max(total.rows, 1), np.zeros_like(total.cross))
