"""Conformal p-values: exactly uniform against a finite reference of any size, ties included."""

import numpy as np
import numpy.typing as npt

from barograph_processor.stats.array import Floats, Ints

__all__ = ["conformal_p_values", "sequential_p_values"]


def conformal_p_values(
    scores: npt.ArrayLike, reference: npt.ArrayLike, rng: np.random.Generator
) -> Floats:
    """Return the smoothed conformal p-value of each score against a fixed reference.

    Each one is uniform on ``(0, 1)`` if its score and the reference are exchangeable. They
    share the reference, so together they are not independent: for a stream of evidence use
    `sequential_p_values`.

    Args:
        scores: Shape ``(n,)``; larger is stranger. NaN is refused.
        reference: Shape ``(m,)``, may be empty.
        rng: Breaks ties; seed it by stream and window, so that a replay agrees.

    Raises:
        ValueError: A score is NaN.

    Examples:
        >>> rng = np.random.default_rng(1)
        >>> conformal_p_values([5.0], [1.0, 2.0, 3.0, 4.0], rng)[0] < 0.2
        np.True_

    References:
        Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World, section 2.2.
    """
    z, held = _checked(scores), np.sort(_checked(reference))
    m = len(held)
    greater = m - np.searchsorted(held, z, side="right")
    equal = m - greater - np.searchsorted(held, z, side="left") + 1
    return np.asarray((greater + rng.uniform(size=len(z)) * equal) / (m + 1), dtype=np.float64)


def sequential_p_values(bins: Ints, pool: Ints, rng: np.random.Generator) -> Floats:
    """Return p-values of binned records against the reference and all records before them.

    If reference and records are exchangeable, they are independent and uniform on ``(0, 1)``,
    exactly: bets on them need no estimate of anything. Counts of a window are enough: repeat
    each bin by its count and permute. Under dependence of records (sessions, hours) they are
    not uniform; there, judge whole windows.

    Args:
        bins: Bin of each record in order, shape ``(n,)``, in ``[0, K)``; larger is stranger.
        pool: Records before by bin, shape ``(K,)``. It is not changed: add the counts of
            ``bins`` to it before the next call.
        rng: Breaks ties; seed it by stream and window.

    Returns:
        Shape ``(n,)``. Takes ``O(n K)`` time and memory.

    References:
        Vovk, Nouretdinov and Gammerman (2003), Testing exchangeability on-line, ICML.
    """
    n, k = len(bins), len(pool)
    one_hot = np.zeros((n, k), dtype=np.int64)
    one_hot[np.arange(n), bins] = 1
    before = np.asarray(pool, dtype=np.int64) + np.cumsum(one_hot, axis=0) - one_hot
    at = np.arange(n)
    equal = before[at, bins] + 1
    greater = before.sum(axis=1) - np.cumsum(before, axis=1)[at, bins]
    total = before.sum(axis=1) + 1
    return np.asarray((greater + rng.uniform(size=n) * equal) / total, dtype=np.float64)


def _checked(values: npt.ArrayLike) -> Floats:
    array = np.asarray(values, dtype=np.float64).ravel()
    if np.isnan(array).any():
        raise ValueError("conformal scores must not be NaN")
    return array
