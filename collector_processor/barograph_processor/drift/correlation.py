"""Change of the correlations between numeric inputs, which no single one of them shows."""

import numpy as np

from barograph_processor.drift.counts import WindowCounts
from barograph_processor.stats.array import Floats
from barograph_processor.stats.chi_square import chi_square_to_normal

__all__ = ["correlation_deviations", "rank_correlations"]


_ROUNDING = 1e-12


def rank_correlations(cross: Floats, sums: Floats, rows: float) -> Floats:
    """Return the correlations of rank scores, shape ``(d, d)``; NaN where a score was constant.

    Args:
        cross: Sums of products of each two scores, shape ``(d, d)``.
        sums: Sums of the scores, shape ``(d,)``.
        rows: How many rows were summed, at least 1.
    """
    mean = sums / rows
    covariance = cross / rows - mean[:, None] * mean
    sd = np.sqrt(np.maximum(covariance.diagonal(), 0.0))
    spread = sd[:, None] * sd
    out = np.full_like(cross, np.nan)
    return np.asarray(np.divide(covariance, spread, out=out, where=spread > _ROUNDING))


def correlation_deviations(
    counts: WindowCounts, sums: Floats, reference: Floats, reference_rows: int, *, inside: bool
) -> Floats:
    """Return how far each feature's correlations are from the reference's, shape ``(d,)``.

    For feature ``i``, ``n sum_j (c_ij - r_ij)^2 / (1 - r_ij^2)^2`` is about chi-square with
    ``d - 1`` degrees of freedom for independent rows; it is returned as a normal deviate
    divided by ``sqrt(n)``, so that it behaves as the mean over the window of a score with
    variance 1. What it misses: dependence that leaves rank correlations as they were.

    Args:
        counts: Of the window, at least one row.
        sums: Sums of the rank scores over the window, shape ``(d,)``.
        reference: Rank correlations of the reference, shape ``(d, d)``.
        reference_rows: Rows behind them.
        inside: Whether the window is part of the reference.
    """
    rows = counts.rows
    now = rank_correlations(counts.cross, sums, rows)
    now = np.where(np.isnan(now), reference, now)
    scale = np.maximum(1 - reference * reference, 0.05)
    share = rows / max(reference_rows, 1)
    variance = max(1 - share, 0.1) if inside else 1 + share
    square = ((now - reference) / scale) ** 2 * (rows / variance)
    np.fill_diagonal(square, 0.0)
    deviates = chi_square_to_normal(square.sum(axis=1), max(len(reference) - 1, 1))
    return np.asarray(deviates / np.sqrt(rows), dtype=np.float64)
