"""All scores of all streams in flat arrays: one multiplication gives a window's means."""

from dataclasses import dataclass

import numpy as np

from barograph_processor.drift.correlation import correlation_deviations, rank_correlations
from barograph_processor.drift.counts import WindowCounts
from barograph_processor.drift.layout import Layout
from barograph_processor.drift.score import Score, scores_of
from barograph_processor.drift.stream import StreamKey
from barograph_processor.stats.array import Floats, Ints

__all__ = ["ScoreBank"]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreBank:
    """The series that are watched: ``J`` of them, each owned by one of ``S`` streams.

    Attributes:
        keys: The streams; the last one is the inputs together, if at least two numeric
            inputs vary.
        scores: What each series is, shape ``(J,)``; those of the inputs together come last.
        owner: The stream of each series, shape ``(J,)``, sorted.
        weight: Its share of the stream's bets, shape ``(J,)``.
        rank_scores: Rank score of every slot, shape ``(B,)``.
        reference: Rank correlations in the reference, shape ``(d, d)``.
    """

    keys: tuple[StreamKey, ...]
    scores: tuple[Score, ...]
    owner: Ints
    weight: Floats
    rank_scores: Floats
    reference: Floats
    _layout: Layout
    _reference_rows: int
    _slots: Ints
    _values: Floats
    _starts: Ints
    _base: Floats

    @classmethod
    def build(cls, layout: Layout, total: WindowCounts, fresh: Floats, rows: float) -> "ScoreBank":
        """Build the scores that the reference's counts define.

        Args:
            layout: The streams.
            total: Counts of all reference rows.
            fresh: Shape ``(S,)``, see `barograph_processor.drift.score.categorical_scores`.
            rows: Harmonic mean of the rows of its windows.
        """
        per_stream = [
            scores_of(binning, total.slots[layout.of(s)], float(fresh[s]), rows)
            for s, binning in enumerate(layout.binnings)
        ]
        scores = [score for own in per_stream for score in own]
        owner = [s for s, own in enumerate(per_stream) for _ in own]
        offsets = layout.offsets[owner].tolist()
        rank_scores = layout.rank_scores(total.slots)
        keys, d = layout.keys, len(layout.correlated)
        reference = np.zeros((d, d))
        if d:
            sums = _rank_sums(layout, rank_scores, total)
            reference = np.nan_to_num(rank_correlations(total.cross, sums, max(total.rows, 1)))
            keys = (*keys, StreamKey("input.drift", None))
            owner += [len(layout.keys)] * d
        names = [layout.keys[s].feature for s in layout.correlated.tolist()]
        nothing = np.empty(0, dtype=np.int64)
        together = [Score("correlation", nothing, np.empty(0), 0.0, 1 / d, f) for f in names]
        return cls(
            keys=keys,
            scores=(*scores, *together),
            owner=np.array(owner, dtype=np.int64),
            weight=np.array([score.weight for score in (*scores, *together)]),
            rank_scores=rank_scores,
            reference=reference,
            _layout=layout,
            _reference_rows=total.rows,
            _slots=_joined([s.slots + o for s, o in zip(scores, offsets, strict=True)]),
            _values=_joined([score.values for score in scores]),
            _starts=np.cumsum([0, *(len(score.slots) for score in scores)])[:-1],
            _base=np.array([score.base for score in scores]),
        )

    def means(self, counts: WindowCounts, *, inside: bool = False) -> Floats:
        """Return the mean scores of a window, shape ``(J,)``; NaN for a window without rows.

        Args:
            counts: Of the window.
            inside: Whether the window is part of the reference.
        """
        if counts.rows == 0:
            return np.full(len(self.scores), np.nan)
        linear = np.add.reduceat(counts.slots[self._slots] * self._values, self._starts)
        linear = linear / counts.rows + self._base
        if not len(self.reference):
            return np.asarray(linear)
        together = correlation_deviations(
            counts,
            _rank_sums(self._layout, self.rank_scores, counts),
            self.reference,
            self._reference_rows,
            inside=inside,
        )
        return np.concatenate([linear, together])

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


def _rank_sums(layout: Layout, rank_scores: Floats, counts: WindowCounts) -> Floats:
    """Return the sums of the rank scores of the inputs watched together, shape ``(d,)``."""
    return np.array(
        [
            float(counts.slots[layout.of(s)] @ rank_scores[layout.of(s)])
            for s in layout.correlated.tolist()
        ]
    )


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts)
