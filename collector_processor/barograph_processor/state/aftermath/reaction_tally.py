"""Reactions as counts: what a user's reaction adds to the window that it arrives in."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from barograph_processor.semconv import REACTION_KINDS

__all__ = ["DISTRUST", "MONITORED", "RATES", "WIDTH", "Place", "Tally", "tally"]

DISTRUST: Final = frozenset({"overridden", "rejected", "retried", "escalated"})
"""Kinds by which a user says that the prediction was of no use."""


class Place:
    """Where in a row of counts something stands; a kind's own place is ``KIND[kind]``."""

    PREDICTIONS: Final = 0
    HEARD: Final = 1
    BAD: Final = 2
    EDITED: Final = 3
    KIND: Final = {kind: 4 + place for place, kind in enumerate(REACTION_KINDS)}


WIDTH: Final = 4 + len(REACTION_KINDS)

MONITORED: Final = {
    "trust": ("trust", Place.BAD, Place.HEARD),
    "edited": ("trust.edited", Place.EDITED, Place.HEARD),
    "verified": ("adapting.verified", Place.KIND["verified"], Place.PREDICTIONS),
    "abandoned": ("adapting.abandoned", Place.KIND["abandoned"], Place.PREDICTIONS),
}
"""What is judged: share of the budget, places of successes and of trials."""

RATES: Final = {
    "trust": (Place.BAD, Place.HEARD),
    "coverage": (Place.HEARD, Place.PREDICTIONS),
    "edited.amount": (Place.EDITED, Place.HEARD),
    **{kind: (place, Place.PREDICTIONS) for kind, place in Place.KIND.items()},
    **{f"{kind}.share": (place, Place.HEARD) for kind, place in Place.KIND.items()},
}
"""What is shown: places of successes and of trials."""

_BIT: Final = {kind: 1 << place for place, kind in enumerate(REACTION_KINDS)}
_DISTRUST_BITS: Final = sum(_BIT[kind] for kind in DISTRUST)


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What some reactions come to.

    Attributes:
        counts: By place, shape ``(WIDTH,)``.
        counted: Their kinds, without those that the prediction had already.
        heard: Rows by which a prediction was heard, in order.
        losses: 1 where such a row shows distrust, else 0, shape ``(len(heard),)``.
        shown: Rows by what they are examples of.
        masks: Kinds that each slot has now, as bits.
    """

    counts: npt.NDArray[np.float64]
    counted: list[str]
    heard: list[int]
    losses: npt.NDArray[np.float64]
    shown: dict[str, list[int]]
    masks: dict[int, int]


def tally(
    slots: Sequence[int], known: Sequence[int], kinds: Sequence[str], magnitudes: Sequence[float]
) -> Tally:
    """Count reactions in order of arrival, ``n`` of them.

    Args:
        slots: Of the predictions.
        known: Kinds that each of them had before, as bits.
        kinds: What each reaction was, of ``REACTION_KINDS``.
        magnitudes: How much an edit changed, in ``[0, 1]``; anything else counts as all of it.
    """
    counts = np.zeros(WIDTH)
    masks: dict[int, int] = {}
    counted: list[str] = []
    heard: list[int] = []
    losses: list[float] = []
    shown: dict[str, list[int]] = {name: [] for name in MONITORED}
    for row, (slot, kind) in enumerate(zip(slots, kinds, strict=True)):
        mask = masks.get(slot, known[row])
        if mask & _BIT[kind]:
            continue
        masks[slot] = mask | _BIT[kind]
        counted.append(kind)
        counts[Place.KIND[kind]] += 1
        bad = kind in DISTRUST
        if not mask or (bad and not mask & _DISTRUST_BITS):
            heard.append(row)
            losses.append(float(bad))
        if kind == "edited":
            changed = magnitudes[row]
            counts[Place.EDITED] += changed if 0 <= changed <= 1 else 1.0
        if bad or kind in shown:
            shown["trust" if bad else kind].append(row)
    counts[Place.HEARD], counts[Place.BAD] = len(heard), sum(losses)
    return Tally(counts, counted, heard, np.array(losses), shown, masks)
