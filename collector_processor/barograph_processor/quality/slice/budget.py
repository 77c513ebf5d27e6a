"""How slices share one budget of false alarms."""

from typing import Final

import numpy as np

from barograph_processor.quality.slice.layout import SliceLayout
from barograph_processor.stats.array import Floats

__all__ = ["slice_weights"]

_SPARE: Final = 0.1
_PROPOSED: Final = 0.1
_ALONE: Final = 0.3


def slice_weights(layout: SliceLayout, spare: int, proposed: int) -> Floats:
    """Return the share of the budget of each slice and place; their sum is at most 1.

    Args:
        layout: The slices, ``K`` of them.
        spare: Slots for levels that the reference did not hold, ``S`` of them.
        proposed: Places of slices that are found in the inputs, ``P`` of them.

    Returns:
        Shape ``(K + S + P,)``. A tenth is spread over the slots, used or not, and another
        over the places, if there are any; three tenths over slices of dimensions that stand
        alone, if there are such and others; of the rest half over the other levels of one
        dimension, which are fewer and fail as often, and half over those of two.
    """
    alone = np.array([key[0][0] in layout.alone for key in layout.slices], dtype=np.bool_)
    known = 1 - _SPARE - (_PROPOSED if proposed else 0)
    two = np.array([len(key) > 1 for key in layout.slices], dtype=np.bool_)
    of_alone = (_ALONE if not alone.all() else known) if alone.any() else 0.0
    of_two = (known - of_alone) / 2 if two.any() else 0.0
    weights = np.zeros(len(layout.slices))
    for members, share in (
        (alone, of_alone),
        (two, of_two),
        (~alone & ~two, known - of_alone - of_two),
    ):
        weights[members] = share / max(members.sum(), 1)
    places = np.full(proposed, _PROPOSED / max(proposed, 1))
    return np.concatenate([weights, np.full(spare, _SPARE / spare), places])
