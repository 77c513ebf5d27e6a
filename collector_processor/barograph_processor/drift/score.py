"""Scores: what of a window's counts is watched, each as the mean of a score over its rows."""

import re
from dataclasses import dataclass

import numpy as np

from barograph_processor.drift.binning import Binning, CategoricalBinning, NumericBinning
from barograph_processor.drift.layout import midrank_scores
from barograph_processor.stats.array import Floats, Ints

__all__ = ["Score", "categorical_scores", "numeric_scores"]

MIN_EXPECTED = 5.0
"""A level has a score of its own if a window is expected to hold at least so many rows of it."""
MAX_OWN_LEVELS = 20
"""At most so many levels of a column have a score of their own; the rest are pooled."""
TAIL = 0.1
_LEVELS, _ORDER, _TREND, _SHAPE, _SIDE = 0.31, 0.32, 0.2, 0.07, 0.05
"""Shares of the bets: all levels together, order, trend, shape; missing and new each."""
_ALIKE = 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """One score function on the slots of one stream.

    Attributes:
        name: ``location``, ``scale``, ``low tail``, ``high tail``, ``outside``, ``missing``,
            ``rare``, ``new``, ``level``, ``order``, ``shape``, ``trend`` or ``correlation``;
            the last three are no means of a score: see the modules of that name.
        slots: The slots with a value, shape ``(k,)``.
        values: Their scores, shape ``(k,)``; slots that are not listed score 0.
        base: Added for every row.
        weight: Share of the stream's bets; those of one stream sum to 1.
        level: The level that ``level`` is about, the input that ``correlation`` is about.
    """

    name: str
    slots: Ints
    values: Floats
    base: float
    weight: float
    level: str | None = None


def numeric_scores(binning: NumericBinning, counts: Ints) -> list[Score]:
    """Return the scores of a numeric stream: location, scale, both tails, missing.

    Each has mean 0 and variance 1 over the reference rows. Missing rows score 0 but in
    ``missing``. A stream whose reference is constant is watched by ``outside``: the share
    of rows that are neither missing nor that constant.

    Args:
        binning: Of the stream.
        counts: Of the reference, shape ``(slots,)``.
    """
    k, total = binning.value_slots, int(counts.sum())
    held = counts[:k].astype(np.float64)
    scores = []
    if held.sum() > 0:
        q = held / held.sum()
        share = held.sum() / max(total, 1)
        for name, h, weight in _ordinal(q):
            scores.append(Score(name, np.arange(k), h / np.sqrt(share), 0.0, weight))
    if not scores:
        outside = np.flatnonzero(held == 0)
        scores.append(_share("outside", outside, 0.0, total, weight=0.5))
    lost = np.arange(k, binning.slots)
    scores.append(_share("missing", lost, float(counts[lost].sum()), total, weight=0.1))
    return _normalised(scores)


def _ordinal(q: Floats) -> list[tuple[str, Floats, float]]:
    u = 2 * np.cumsum(q) - q - 1
    mid = (u + 1) / 2
    kept: list[tuple[str, Floats, float]] = []
    candidates = (
        ("location", midrank_scores(q), 0.55),
        ("scale", u * u, 0.17),
        ("low tail", (mid < TAIL) * 1.0, 0.09),
        ("high tail", (mid > 1 - TAIL) * 1.0, 0.09),
    )
    for name, raw, weight in candidates:
        h = raw - q @ raw
        sd = np.sqrt(q @ (h * h))
        if sd <= 1e-9:  # noqa: PLR2004 - rounding
            continue
        h = h / sd
        if all(abs(q @ (h * other)) < _ALIKE for _, other, _ in kept):
            kept.append((name, h, weight))
    return kept


def categorical_scores(
    binning: CategoricalBinning, counts: Ints, fresh: float, rows: float
) -> list[Score]:
    """Return the scores of a categorical stream: its levels, rare ones pooled, new, missing.

    With more than two of these there is also their order: names often have one (grades, sizes,
    binned numbers), and a shift along it is spread thinly over the levels. A column with more
    levels than are remembered (identifiers, free text) has no ``new``. The pool of rare levels
    holds those that the reference did not have as well: which rare levels a finite reference
    happens to hold is chance, and without that their share would fall in every later window.

    Args:
        binning: Of the stream.
        counts: Of the reference, shape ``(slots,)``.
        fresh: Reference rows whose level occurs in one window of the reference only: what
            ``new`` would have counted, had each window been seen after the others.
        rows: Harmonic mean of the rows of the reference's windows.
    """
    total = int(counts.sum())
    p = counts / max(total, 1)
    levels = np.arange(len(binning.levels))
    own = levels[p[levels] * rows >= MIN_EXPECTED][:MAX_OWN_LEVELS]
    rest = np.setdiff1d([*levels.tolist(), binning.other_slot, binning.new_slot], own)
    pooled = counts[rest].sum() > 0
    two = len(own) == 2 and not pooled  # noqa: PLR2004 - two shares, one score
    cells = [
        (np.array([slot]), binning.levels[slot]) for slot in (own[:1] if two else own).tolist()
    ]
    cells += [(rest, None)] * bool(pooled)
    many = len(cells) > 2  # noqa: PLR2004 - else the levels say it all
    each = (_LEVELS if many else 1 - 2 * _SIDE) / max(len(cells), 1)
    scores = [
        _share(
            "rare" if name is None else "level",
            slots,
            float(counts[slots].sum()),
            total,
            weight=each,
            level=name,
        )
        for slots, name in cells
    ]
    if many:
        nothing = np.empty(0, dtype=np.int64)
        scores.append(_order(binning, counts))
        scores.append(Score("shape", nothing, np.empty(0), 0.0, _SHAPE))
        scores.append(Score("trend", nothing, np.empty(0), 0.0, _TREND))
    new = np.array([binning.new_slot])
    missing = np.array([binning.missing_slot])
    if not binning.open:
        scores.append(_share("new", new, fresh, total, weight=_SIDE))
    scores.append(_share("missing", missing, float(counts[missing].sum()), total, weight=_SIDE))
    return _normalised(scores)


def _order(binning: CategoricalBinning, counts: Ints) -> Score:
    """Return the rank of each level in the order of the names, with variance 1 over all rows."""
    slots = np.array(sorted(range(len(binning.levels)), key=lambda s: _natural(binning.levels[s])))
    held = counts[slots].astype(np.float64)
    share = held.sum() / max(counts.sum(), 1)
    return Score("order", slots, midrank_scores(held / held.sum()) / np.sqrt(share), 0.0, _ORDER)


def _natural(name: str) -> list[tuple[int, float, str]]:
    """Return a key that sorts names as people do: ``size 9`` before ``size 10``."""
    parts = re.split(r"(\d+(?:\.\d+)?)", name)
    return [(0, float(p), "") if at % 2 else (1, 0.0, p) for at, p in enumerate(parts)]


def _share(
    name: str, slots: Ints, held: float, total: int, *, weight: float, level: str | None = None
) -> Score:
    """Return the standardised indicator of some slots; a share of 0 or 1 is moved by one row."""
    edge = 1 / max(total, 2)
    p = min(max(held / max(total, 1), edge), 1 - edge)
    sd = np.sqrt(p * (1 - p))
    return Score(name, slots, np.full(len(slots), 1 / sd), float(-p / sd), weight, level)


def _normalised(scores: list[Score]) -> list[Score]:
    total = sum(score.weight for score in scores)
    return [Score(s.name, s.slots, s.values, s.base, s.weight / total, s.level) for s in scores]


def scores_of(binning: Binning, counts: Ints, fresh: float, rows: float) -> list[Score]:
    """Return the scores of a stream of either kind."""
    if isinstance(binning, NumericBinning):
        return numeric_scores(binning, counts)
    return categorical_scores(binning, counts, fresh, rows)
