"""Change of the correlations between numeric inputs, which no single one of them shows."""

import numpy as np

from barograph_processor.stats.array import Floats

__all__ = ["correlation_distances", "correlation_noise", "rank_correlations"]

_ROUNDING = 1e-12


def rank_correlations(cross: Floats, sums: Floats, rows: float, unknown: Floats) -> Floats:
    """Return the correlations of rank scores, shape ``(d, d)``.

    Args:
        cross: Sums of products of each two scores, shape ``(d, d)``.
        sums: Sums of the scores, shape ``(d,)``.
        rows: How many rows were summed, at least 1.
        unknown: What is returned where a score was constant, shape ``(d, d)``.
    """
    mean = sums / rows
    covariance = cross / rows - mean[:, None] * mean
    sd = np.sqrt(np.maximum(covariance.diagonal(), 0.0))
    spread = sd[:, None] * sd
    known = spread > _ROUNDING
    return np.asarray(np.divide(covariance, spread, out=unknown.copy(), where=known))


def correlation_noise(reference: Floats) -> Floats:
    """Return how much correlations vary over independent rows, times ``sqrt(n)``, ``(d, d)``.

    Infinite for those of an input with itself, which say nothing.
    """
    noise = np.maximum(1 - reference * reference, 0.05)
    np.fill_diagonal(noise, np.inf)
    return noise


def correlation_distances(now: Floats, reference: Floats, noise: Floats, rows: float) -> Floats:
    """Return how far each feature's correlations are from the reference's, shape ``(d,)``.

    For feature ``i``, ``n sum_j (c_ij - r_ij)^2 / (1 - r_ij^2)^2`` is about chi-square with
    ``d - 1`` degrees of freedom for independent rows. What it misses: dependence that leaves
    rank correlations as they were.

    Args:
        now: Rank correlations of a window, shape ``(d, d)``.
        reference: Those of the reference.
        noise: From ``correlation_noise``.
        rows: Rows that the window is worth: fewer than its own, since the reference varies too.
    """
    return np.asarray((((now - reference) / noise) ** 2 * rows).sum(axis=1))
