"""How far expected losses are off where inputs move: rehearsed within the reference."""

from collections.abc import Sequence

import numpy as np

from barograph_processor.drift.layout import Layout
from barograph_processor.quality.trees import LEAVES, LeafNumbers, Trees, count_leaves
from barograph_processor.stats.array import Bools, Floats, Ints
from barograph_processor.stats.chi_square import chi_square_quantile

__all__ = ["distance", "rehearse"]

_CHANCE = 0.001
_SEED = 1
_NEAREST = 0.2
"""Rehearsed rows are further apart, if the losses have anything to do with the inputs."""


def distance(shares: Floats, held: Ints, rows: int) -> float:
    """Return how far rows are from those of the reference, by the leaves that they are in.

    It is the square root of the chi-square divergence, of the tree that shows most of it, less
    what chance shows of ``rows`` rows in 99.9% of cases. By Cauchy and Schwarz the mean of any
    function of the inputs differs between both by at most this distance times its standard
    deviation in the reference; and where the reference is weighed by the ratio of both, ``n``
    rows of it tell as much as ``n / (1 + distance**2)``.

    Args:
        shares: Of the rows by leaf, shape ``(T, 8)``.
        held: Rows of the reference by leaf, shape ``(T, 8)``.
        rows: How many the first are, positive.

    References:
        Cortes, Mansour and Mohri (2010), Learning bounds for importance weighting, NeurIPS 23.
    """
    known = (held + 1) / (held.sum(axis=1, keepdims=True) + LEAVES)
    # Where not even one row was to be expected, a single one is no sign.
    apart = ((shares - known) ** 2 / np.maximum(known, 1 / rows)).sum(axis=1)
    chance = chi_square_quantile(1 - _CHANCE, LEAVES - 1.0) / rows
    return float(np.sqrt(max(apart.max(initial=0.0) - chance, 0.0)))


def rehearse(
    cells: Ints, loss: Floats, said: Floats, *, layout: Layout, columns: Sequence[int], trees: int
) -> Floats:
    """Return by how much the mean loss of rows at a distance of 1 is missed, shape ``(M,)``.

    The reference is parted: the larger the loss that is expected of a row, the likelier it is
    in the second part. Trees that learnt either part say what is to be expected of the other.
    Their bins are twice as wide, since rows that are parted by what is said of bins are not
    moved inside of them, as they are when inputs move. What they miss, by distance, and by how
    much larger the loss is than in the part that they learnt, is that of the worse direction.

    Args:
        cells: The slot of each row in each column, ``(S, n)``.
        loss: Shape ``(M, n)``.
        said: What is expected of the rows by trees that did not learn from them, ``(M, n)``.
        layout: The columns and their bins.
        columns: Those that may be asked about.
        trees: How many.

    References:
        Meyer and Pebesma (2021), Predicting into unknown space? Estimating the area of
        applicability of spatial prediction models, Methods Ecol. Evol. 12(9), for errors that
        are learnt by their distance from what was learnt from.
    """
    rng = np.random.default_rng(_SEED)
    offsets, ordered = layout.offsets, layout.ordered
    n = cells.shape[1]
    spread = said.std(axis=1, keepdims=True)
    order = (said / np.where(spread > 0, spread, 1.0)).sum(axis=0)
    rank = np.empty(n)
    rank[np.lexsort((rng.random(n), order))] = (np.arange(n) + 0.5) / n
    second = rng.random(n) < rank
    cells = _paired(offsets, ordered)[cells]
    found = np.zeros(len(loss))
    for far in (second, ~second):
        learnt = Trees.fit(
            cells[:, ~far],
            loss[:, ~far],
            offsets=offsets,
            ordered=ordered,
            columns=columns,
            trees=trees,
        )
        here, there = (learnt.leaves(cells[:, part], offsets) for part in (~far, far))
        rows = int(np.count_nonzero(far))
        apart = distance(count_leaves(there) / rows, count_leaves(here), rows)
        expected = _mean(learnt, there)
        missed = np.abs(loss[:, far].mean(axis=1) - expected) / max(apart, _NEAREST)
        larger = np.maximum(expected / np.maximum(loss[:, ~far].mean(axis=1), 1e-300), 1.0)
        found = np.maximum(found, missed / larger)
    return found


def _mean(trees: Trees, leaf: LeafNumbers) -> Floats:
    added = trees.values[np.arange(len(trees.column)), leaf]
    return np.asarray(trees.level + added.sum(axis=1).mean(axis=0))


def _paired(offsets: Ints, ordered: Bools) -> Ints:
    """Return for each slot the first of two neighbours, if they have an order, ``(B,)``.

    The first and the last slot of a column are what is beyond all rows.
    """
    within = np.arange(offsets[-1]) - np.repeat(offsets[:-1], np.diff(offsets))
    first = np.maximum((within + 1) // 2 * 2 - 1, 0)
    return np.where(ordered, np.arange(offsets[-1]) - within + first, np.arange(offsets[-1]))
