"""A slice beside the rest of the traffic: what its risk would be if it moved with the rest."""

from collections.abc import Sequence
from functools import reduce

import numpy as np

from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.evidence import MOST_RISK
from barograph_processor.quality.slice.layout import SliceKey, SliceLayout
from barograph_processor.stats.array import Bools, Floats, Ints

__all__ = [
    "MIN_BLOCKS",
    "design_effect",
    "noise_of_rest",
    "slice_dispersion",
    "spare_dispersion",
    "squared_swings",
    "tolerated_risk",
]

MIN_BLOCKS = 4
"""Blocks of the reference that tell how much slices swing; fewer tell too little."""

_EDGE = 1e-4
_LEAST_VARIANCE = 0.5
"""Of a sum of losses: where fewer are to be expected, its distance from that says nothing."""


def _moved_risk(risk: Floats, now: SliceCounts, reference: SliceCounts) -> Floats:
    """Move risks of slices on the logit scale as the rest of the traffic has moved.

    Args:
        risk: Of each slice in the reference, in ``[0, 1]``, shape ``(K,)``.
        now: Labels and losses now.
        reference: The same in the reference.

    Returns:
        Shape ``(K,)``, in ``(0, 1)``.
    """
    # A few labels' worth of prior keeps the rest's risk off 0 and 1.
    rest = (now.all_losses - now.losses + 1) / (now.all_labels - now.labels + 5)
    before = (reference.all_losses - reference.losses + 1) / (
        reference.all_labels - reference.labels + 5
    )
    moved = _logit(risk) + _logit(rest) - _logit(before)
    return np.asarray(1 / (1 + np.exp(-moved)))


def tolerated_risk(
    likely: Floats, bound: Floats, now: SliceCounts, reference: SliceCounts, *, tolerance: float
) -> Floats:
    """Return the risk that is tolerated of slices as the rest does now.

    While the rest does better than it did, it is a slice's own risk as it was.

    Args:
        likely: Risk of each slice in the reference, shape ``(K,)``.
        bound: Its upper bound.
        now: Labels and losses now.
        reference: The same in the reference.
        tolerance: What is tolerated beyond the risk, if the bound is not more.

    Returns:
        In ``(0, 0.95]``, shape ``(K,)``.
    """
    usual, most = (np.maximum(_moved_risk(r, now, reference), r) for r in (likely, bound))
    return np.asarray(np.minimum(np.maximum(usual + tolerance, most), MOST_RISK))


def design_effect(labels: Ints | Floats, correlation: Floats) -> Floats:
    """Return how many times the variance of independent losses those of a window have.

    Args:
        labels: Of each slice in a window.
        correlation: Of its losses there, the same shape.

    Returns:
        At least 1, the same shape.

    References:
        Kish (1965), Survey Sampling, for the name.
    """
    return np.asarray(1 + np.maximum(labels - 1, 0) * correlation)


def noise_of_rest(now: SliceCounts) -> Floats:
    """Return how much noisier the distance of slices from the rest is than they are alone.

    The rest is taken as known, though it has labels of its own only: with ``r`` of them
    beside ``n`` of a slice, the distance between both has ``1 + n / r`` times the variance of
    the slice alone. A slice that all traffic has moved to is held against nothing.

    Args:
        now: Labels and losses now.

    Returns:
        At least 1, shape ``(K,)``.
    """
    return np.asarray(1 + now.labels / (now.all_labels - now.labels + 1))


def slice_dispersion(layout: SliceLayout, blocks: Sequence[SliceCounts]) -> Floats:
    """Return how much more slices swing from block to block than independent labels do.

    The mean square of each slice's standardized distance from where the rest would
    have moved it, pooled over the slices of the same dimensions: about 1 for independent
    labels, however large the slice, more where whole blocks go well or badly together.

    Args:
        layout: The ``K`` slices.
        blocks: Labels of the reference, cut into blocks about as long as a window.

    Returns:
        At least 1, shape ``(K,)``; 1 with fewer than 4 blocks, which tell too little.
    """
    names = [tuple(name for name, _ in key) for key in layout.slices]
    k = len(names)
    if len(blocks) < MIN_BLOCKS or not k:
        return np.ones(k)
    group = {own: place for place, own in enumerate(dict.fromkeys(names))}
    owner = np.array([group[own] for own in names], dtype=np.int64)
    whole = reduce(SliceCounts.merge, blocks)
    squares, count = np.zeros(k), np.zeros(k)
    for block in blocks:
        z2, usable = squared_swings(block, whole)
        squares += np.where(usable, z2, 0.0)
        count += usable
    pooled = np.bincount(owner, squares) / np.maximum(np.bincount(owner, count), 1)
    # One of B degrees of freedom went into the slice's own risk.
    own = np.where(count >= 2 * MIN_BLOCKS, squares / np.maximum(count, 1), 0.0)
    freedom = len(blocks) / (len(blocks) - 1)
    return np.asarray(np.maximum(np.maximum(pooled[owner], own / 2) * freedom, 1.0))


def squared_swings(block: SliceCounts, whole: SliceCounts) -> tuple[Floats, Bools]:
    """Return squares of slices' standardized distance from where the rest would have moved them.

    Args:
        block: Labels and losses of a block.
        whole: Those of all blocks.

    Returns:
        The squares, and which of them can be used, as they say nothing where few losses are
        to be expected. Both of the shape of the counts.
    """
    expected = _moved_risk(whole.losses / np.maximum(whole.labels, 1), block, whole)
    variance = block.labels * expected * (1 - expected) * noise_of_rest(block)
    squares = (block.losses - block.labels * expected) ** 2 / np.maximum(variance, _EDGE)
    return np.asarray(squares), np.asarray(variance > _LEAST_VARIANCE)


def spare_dispersion(layout: SliceLayout, known: Floats, keys: Sequence[SliceKey]) -> Floats:
    """Return the dispersion of one-way slices that the reference did not hold.

    The least of their dimension, since what single slices swing beyond that is their own; of
    a dimension without slices the median of the others.

    Args:
        layout: The slices that it held.
        known: Their dispersion, from ``slice_dispersion``, shape ``(K,)``.
        keys: The others, ``S`` of them; an empty one has 1.

    Returns:
        Shape ``(S,)``.
    """
    least: dict[str, float] = {}
    for key, phi in zip(layout.slices, known.tolist(), strict=True):
        if len(key) == 1:
            least[key[0][0]] = min(phi, least.get(key[0][0], phi))
    usual = float(np.median([*least.values()])) if least else 1.0
    return np.array([least.get(key[0][0], usual) if key else 1.0 for key in keys])


def _logit(p: Floats) -> Floats:
    p = np.clip(p, _EDGE, 1 - _EDGE)
    return np.asarray(np.log(p / (1 - p)))
