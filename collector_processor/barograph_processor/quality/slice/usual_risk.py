"""What was usual of each slice in the reference, and what may be expected of it now."""

from dataclasses import replace
from typing import Final

import numpy as np

from barograph_processor.quality.slice.counts import SliceCounts
from barograph_processor.quality.slice.places import SlicePlaces
from barograph_processor.quality.slice.rest import (
    design_effect,
    noise_of_rest,
    spare_dispersion,
    tolerated_risk,
)
from barograph_processor.sequential.confidence import wilson_interval
from barograph_processor.stats.array import Floats

__all__ = ["UsualRisk"]

_UNSURE: Final = 0.1


class UsualRisk:
    """The reference's risk of each place, and how much it swung.

    What is tolerated is that risk and the tolerance, or its upper bound where this is more.

    A slice of the layout has its own. A new level has none, so that of all is taken for it, and
    the least dispersion of its dimension. Of a proposal see ``KnownSlice``.

    State: none; it follows from its parts. Some 50 bytes a place. Not locked: one writer.

    Args:
        places: What is watched, ``M`` places.
        reference: Labels and losses of the ``K`` slices of the layout.
        dispersion: ``phi`` of these, at least 1, shape ``(K,)``.
    """

    def __init__(self, places: SlicePlaces, reference: SliceCounts, dispersion: Floats) -> None:
        none = np.zeros(places.size - len(reference.labels))
        self._places = places
        self.dispersion = dispersion
        self.counts = replace(
            reference,
            labels=np.append(reference.labels, none.astype(np.int64)),
            losses=np.append(reference.losses, none),
        )
        shares = [*zip(reference.losses.tolist(), reference.labels.tolist(), strict=True)]
        shares += [(reference.all_losses, reference.all_labels)] * len(none)
        self._likely = np.array([s / n if n else 1.0 for s, n in shares])
        self._bound = np.array([_bound(s, n, _UNSURE) for s, n in shares])
        self._correlation = np.zeros(places.size - places.proposed)
        self.most = np.full(places.size, np.inf)
        """What a bet on a place makes at most; see ``SearchedInputs.most``."""
        if places.proposals is not None:
            self.most[places.proposed :] = places.proposals.searched.most
        self.hold(range(places.proposed, places.size))

    def hold(self, proposed: range | list[int]) -> None:
        """Take what the reference had of the proposals that are in some places now."""
        proposals, first = self._places.proposals, self._places.proposed
        if proposals is None:
            return
        for k in proposed:
            known = proposals.known(k - first)
            self.counts.labels[k] = known.labels
            self.counts.losses[k] = known.losses
            self._correlation[k - first] = known.correlation
            self._likely[k] = known.risk if known.labels else 1.0
            self._bound[k] = known.bound

    def risk(self, k: int) -> float | None:
        """Return the risk of a place in the reference; None if that did not hold it."""
        labels = int(self.counts.labels[k])
        return float(self.counts.losses[k]) / labels if labels else None

    def tolerated(self, now: SliceCounts, tolerance: float) -> Floats:
        """Return the risk that is tolerated of each place as the rest does now, shape ``(M,)``."""
        return tolerated_risk(self._likely, self._bound, now, self.counts, tolerance=tolerance)

    def tolerated_once(self, k: int, tolerance: float) -> float:
        """Return the risk that is tolerated of a place while the rest does as it did."""
        return float(max(self._likely[k] + tolerance, self._bound[k]))

    def swings(self, now: SliceCounts) -> Floats:
        """Return the dispersion of each place beside the rest now, at least 1, ``(M,)``."""
        layout = self._places.layout
        spare = spare_dispersion(layout, self.dispersion, self._places.spare.keys)
        own = design_effect(now.labels[self._places.proposed :], self._correlation)
        phi = np.concatenate([self.dispersion, spare, own])
        return np.asarray(phi * noise_of_rest(now))


def _bound(losses: float, labels: float, alpha: float) -> float:
    return wilson_interval(min(losses, float(labels)), float(labels), alpha=alpha)[1]
